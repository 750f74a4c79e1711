use super::paint::{self, Area, INK, MARK, PAPER, RULE, SOFT_INK};
use super::text::{self, Face};
use super::{Picture, Style};

/// Frame around the query: blue.
pub const QUERY_COLOUR: [u8; 3] = [47, 111, 222];
/// Frame around a right answer: green.
pub const RIGHT_COLOUR: [u8; 3] = [38, 156, 78];
/// Frame around a wrong answer: red.
pub const WRONG_COLOUR: [u8; 3] = [214, 60, 52];

/// One answer of a ranked list.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The crop; `None` when it cannot be read.
    pub picture: Option<Picture>,
    /// Person and camera, such as `0002 c3`.
    pub label: String,
    /// Distance from the query; smaller is nearer.
    pub distance: f64,
    /// Whether it shows the person of the query.
    pub right: bool,
}

/// A query and its answers, nearest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// The crop of the query; `None` when it cannot be read.
    pub picture: Option<Picture>,
    /// File name of the query.
    pub name: String,
    /// Person and camera, such as `0002 c1`.
    pub label: String,
    /// Average precision from 0 to 1, if there are right answers.
    pub average_precision: Option<f64>,
    /// The answers; rank 1 is the first.
    pub answers: Vec<Answer>,
}

/// What stands above and below the rankings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caption {
    /// Title.
    pub title: String,
    /// Second line: metric, model, data.
    pub subtitle: String,
    /// A remark nobody should miss, such as `synthetic data · simulated device`.
    pub note: Option<String>,
}

/// Frame around an answer of which nobody knows whether it is right: grey.
const UNJUDGED_COLOUR: [u8; 3] = [104, 110, 118];

/// Space of the line above a ranking.
const LINE: usize = 30;
/// Space of the two lines below a crop.
const CAPTION: usize = 46;
/// Space between the query and its answers.
const ASIDE: usize = 26;
/// Space between one ranking and the next, with a rule in it.
const BETWEEN: usize = 30;
/// Fewest columns a sheet is wide, so that titles have room.
const FEWEST: usize = 4;

/// Draws rankings one below the other: the query at the left in a blue frame,
/// then its answers, green where right and red where wrong, with rank, label
/// and distance below, `style.columns` to a line. Too long names are cut.
///
/// Sheets are `margin * 2 + crops` wide; their height grows with the rankings.
#[must_use]
pub fn ranking_sheet(caption: &Caption, rankings: &[Ranking], style: &Style) -> Picture {
    let (_, cell_height) = style.cell();
    let longest = rankings.iter().map(|r| r.answers.len()).max().unwrap_or(0);
    let columns = longest.min(style.columns).max(FEWEST);
    let width = 2 * style.margin + (columns + 1) * style.pitch() - style.gap + ASIDE;
    let line = cell_height + 2 * style.frame + CAPTION;
    let heights: Vec<usize> = rankings
        .iter()
        .map(|ranking| {
            let lines = ranking.answers.len().div_ceil(style.columns.max(1));
            LINE + lines.max(1) * line
        })
        .collect();
    let top = head_height(caption, style);
    let foot = Face::Small.height() + style.margin;
    let above_foot = 12;
    let rows = heights.iter().sum::<usize>() + rankings.len().saturating_sub(1) * BETWEEN;
    let mut sheet = Picture::filled(width, top + rows + above_foot + foot, PAPER);
    head(&mut sheet, caption, style);
    let mut y = top;
    for (index, (ranking, height)) in rankings.iter().zip(heights).enumerate() {
        if index > 0 {
            let rule = Area {
                x: style.margin,
                y: y - BETWEEN / 2,
                width: width - 2 * style.margin,
                height: 1,
            };
            paint::fill(&mut sheet, rule, RULE);
        }
        draw_ranking(&mut sheet, y, height, ranking, style);
        y += height + BETWEEN;
    }
    let bottom = sheet.height() - foot;
    legend(&mut sheet, (style.margin, bottom), style);
    sheet
}

/// Gives the space title, second line and note take.
pub(super) fn head_height(caption: &Caption, style: &Style) -> usize {
    let subtitle = if caption.subtitle.is_empty() { 0 } else { 24 };
    let note = if caption.note.is_some() { 38 } else { 0 };
    style.margin + Face::Large.height() + 10 + subtitle + note + 8
}

/// Draws title, second line and note.
pub(super) fn head(sheet: &mut Picture, caption: &Caption, style: &Style) {
    let room = sheet.width().saturating_sub(2 * style.margin);
    let (x, mut y) = (style.margin, style.margin);
    let title = text::cut(&caption.title, Face::Large, room);
    text::draw(sheet, (x, y), &title, Face::Large, INK);
    y += Face::Large.height() + 10;
    if !caption.subtitle.is_empty() {
        let subtitle = text::cut(&caption.subtitle, Face::Small, room);
        text::draw(sheet, (x, y), &subtitle, Face::Small, SOFT_INK);
        y += 24;
    }
    if let Some(note) = &caption.note {
        paint::note(sheet, (x, y), note, room);
    }
}

fn draw_ranking(sheet: &mut Picture, top: usize, tall: usize, ranking: &Ranking, style: &Style) {
    let (width, height) = style.cell();
    let left = style.margin;
    let room = sheet.width() - 2 * style.margin;
    rank_line(sheet, (left, top), ranking, room, style);
    let cell = Area {
        x: left + style.frame,
        y: top + LINE + style.frame,
        width,
        height,
    };
    paint::cell(sheet, cell, ranking.picture.as_ref());
    paint::frame(sheet, cell, style.frame, QUERY_COLOUR);
    below(sheet, cell, "query", QUERY_COLOUR, &ranking.label);
    let start = cell.x + style.pitch() + ASIDE;
    let rule = Area {
        x: start - style.frame - (ASIDE + style.gap) / 2,
        y: top + LINE,
        width: 1,
        height: tall - LINE - CAPTION,
    };
    paint::fill(sheet, rule, RULE);
    if ranking.answers.is_empty() {
        let y = cell.y + height / 2;
        text::draw(sheet, (start, y), "no answers", Face::Small, SOFT_INK);
    }
    for (index, answer) in ranking.answers.iter().enumerate() {
        let columns = style.columns.max(1);
        let cell = Area {
            x: start + index % columns * style.pitch(),
            y: cell.y + index / columns * (height + 2 * style.frame + CAPTION),
            ..cell
        };
        let colour = if !style.judged {
            UNJUDGED_COLOUR
        } else if answer.right {
            RIGHT_COLOUR
        } else {
            WRONG_COLOUR
        };
        paint::cell(sheet, cell, answer.picture.as_ref());
        paint::frame(sheet, cell, style.frame, colour);
        if style.judged {
            paint::mark(sheet, (cell.x, cell.y), answer.right, colour);
        }
        let rank = format!("{}  {}", index + 1, distance(answer.distance));
        below(sheet, cell, &rank, colour, &answer.label);
    }
}

/// Draws name, average precision and the rank of the first right answer.
fn rank_line(
    sheet: &mut Picture,
    (x, y): (usize, usize),
    ranking: &Ranking,
    room: usize,
    style: &Style,
) {
    let quality = match ranking.average_precision {
        Some(ap) => format!("AP {ap:.3}"),
        None if !style.judged => String::new(),
        None => "no right answer in the gallery".to_owned(),
    };
    let face = Face::SmallBold;
    let spare = room.saturating_sub(face.width(&quality) + 3 * face.advance());
    let name = text::cut_middle(&ranking.name, face, spare);
    text::draw(sheet, (x, y), &name, face, INK);
    let after = x + face.width(&name) + 3 * face.advance();
    text::draw(sheet, (after, y), &quality, Face::Small, SOFT_INK);
}

/// Draws the two lines below a crop.
fn below(sheet: &mut Picture, cell: Area, first: &str, colour: [u8; 3], second: &str) {
    let y = cell.y + cell.height + 12;
    let first = text::cut(first, Face::SmallBold, cell.width);
    text::draw(sheet, (cell.x, y), &first, Face::SmallBold, colour);
    let second = text::cut(second, Face::Small, cell.width);
    text::draw(sheet, (cell.x, y + 18), &second, Face::Small, INK);
}

/// Writes a distance in few letters, whatever its size.
fn distance(value: f64) -> String {
    if value == 0.0 || (1e-3..1e4).contains(&value.abs()) {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

fn legend(sheet: &mut Picture, (mut x, y): (usize, usize), style: &Style) {
    let entries = [
        ("query", QUERY_COLOUR),
        ("same person", RIGHT_COLOUR),
        ("another person", WRONG_COLOUR),
    ];
    let judged = [true, style.judged, style.judged];
    for ((words, colour), _) in entries.into_iter().zip(judged).filter(|(_, shown)| *shown) {
        let side = MARK - 6;
        paint::fill(
            sheet,
            Area {
                x,
                y: y + 2,
                width: side,
                height: side,
            },
            colour,
        );
        text::draw(sheet, (x + side + 6, y), words, Face::Small, SOFT_INK);
        x += side + 6 + Face::Small.width(words) + 24;
    }
}
