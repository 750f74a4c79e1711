use super::paint::{self, Area, INK, PAPER, RULE, SOFT_INK};
use super::ranking::{Caption, head, head_height};
use super::text::{self, Face};
use super::{Picture, Style};

/// Crops that belong together: one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name of the group, such as `0002`.
    pub label: String,
    /// Each crop with its caption, such as `c3`; `None` when it cannot be read.
    pub crops: Vec<(Option<Picture>, String)>,
}

/// Space of the line above a group.
const LINE: usize = 24;
/// Space of the line below a crop.
const CAPTION: usize = 22;

/// Draws groups of crops one below the other, `style.columns` crops to a line.
#[must_use]
pub fn contact_sheet(caption: &Caption, groups: &[Group], style: &Style) -> Picture {
    let (cell_width, cell_height) = style.cell();
    let columns = style.columns.max(1);
    let widest = groups.iter().map(|g| g.crops.len()).max().unwrap_or(0);
    let across = widest.clamp(4, columns.max(4));
    let pitch = cell_width + style.gap;
    let line = cell_height + CAPTION;
    let heights: Vec<usize> = groups
        .iter()
        .map(|group| LINE + group.crops.len().div_ceil(columns).max(1) * line + style.gap)
        .collect();
    let top = head_height(caption, style);
    let width = 2 * style.margin + across * pitch - style.gap;
    let height = top + heights.iter().sum::<usize>() + style.margin;
    let mut sheet = Picture::filled(width, height, PAPER);
    head(&mut sheet, caption, style);
    let mut y = top;
    for (group, height) in groups.iter().zip(heights) {
        let room = width - 2 * style.margin;
        let rule = Area {
            x: style.margin,
            y,
            width: room,
            height: 1,
        };
        paint::fill(&mut sheet, rule, RULE);
        let label = text::cut_middle(&group.label, Face::SmallBold, room);
        text::draw(
            &mut sheet,
            (style.margin, y + 4),
            &label,
            Face::SmallBold,
            INK,
        );
        for (index, (crop, words)) in group.crops.iter().enumerate() {
            let cell = Area {
                x: style.margin + index % columns * pitch,
                y: y + LINE + index / columns * line,
                width: cell_width,
                height: cell_height,
            };
            paint::cell(&mut sheet, cell, crop.as_ref());
            let words = text::cut(words, Face::Small, cell_width);
            let below = (cell.x, cell.y + cell_height + 2);
            text::draw(&mut sheet, below, &words, Face::Small, SOFT_INK);
        }
        y += height;
    }
    sheet
}
