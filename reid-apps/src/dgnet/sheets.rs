//! Sheets to look at: as one PNG, or as one HTML file that needs nothing beside it.

use std::fmt::Write as _;
use std::path::Path;

use super::error::DgnetError;
use super::output::write_new;
use super::picture::Format;
use crate::view::{Caption, Group, Picture, Style, contact_sheet};

/// Pictures in rows, with words.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// What it shows.
    pub title: String,
    /// More about it.
    pub subtitle: String,
    /// What must not be overlooked: a simulated device, drawn people.
    pub note: Option<String>,
    /// The rows.
    pub rows: Vec<SheetRow>,
}

/// One row of a [`Sheet`].
#[derive(Debug, Clone)]
pub struct SheetRow {
    /// Words above it.
    pub label: String,
    /// Each picture with the words below it.
    pub cells: Vec<(Cell, String)>,
}

/// One place in a row.
#[derive(Debug, Clone)]
pub enum Cell {
    /// A picture.
    Picture(Picture),
    /// A picture that could not be had.
    Missing,
    /// A place left free.
    Free,
}

/// The paper's colour on drawn sheets.
const PAPER: [u8; 3] = [250, 250, 248];

impl Sheet {
    /// Arranges a grid: contents across, structures down, the generated pictures where they meet.
    ///
    /// `pictures` stand row by row, as many as structures times contents; each given picture comes
    /// with its words.
    #[must_use]
    pub fn grid(
        contents: Vec<(Cell, String)>,
        structures: Vec<(Cell, String)>,
        pictures: Vec<Cell>,
    ) -> Vec<SheetRow> {
        let across = contents.len();
        let mut head = vec![(Cell::Free, String::new())];
        head.extend(contents);
        let mut rows = vec![SheetRow {
            label: "content: whose clothes".to_owned(),
            cells: head,
        }];
        let mut pictures = pictures.into_iter();
        for (index, structure) in structures.into_iter().enumerate() {
            let mut cells = vec![structure];
            cells.extend(
                pictures
                    .by_ref()
                    .take(across)
                    .map(|cell| (cell, String::new())),
            );
            let label = match index {
                0 => "structure: whose pose and background (left)".to_owned(),
                _ => String::new(),
            };
            rows.push(SheetRow { label, cells });
        }
        rows
    }

    /// Draws the sheet.
    #[must_use]
    pub fn draw(&self) -> Picture {
        let caption = Caption {
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            note: self.note.clone(),
        };
        let across = self
            .rows
            .iter()
            .map(|row| row.cells.len())
            .max()
            .unwrap_or(0);
        let style = Style {
            columns: across.max(1),
            ..Style::default()
        };
        let groups: Vec<Group> = self
            .rows
            .iter()
            .map(|row| Group {
                label: row.label.clone(),
                crops: row
                    .cells
                    .iter()
                    .map(|(cell, words)| match cell {
                        Cell::Picture(picture) => (Some(picture.clone()), words.clone()),
                        Cell::Missing => (None, words.clone()),
                        Cell::Free => {
                            let (width, height) = style.crop;
                            let blank = Picture::filled(width, height, PAPER);
                            (Some(blank), words.clone())
                        }
                    })
                    .collect(),
            })
            .collect();
        contact_sheet(&caption, &groups, &style)
    }

    /// Writes the sheet: one PNG, or one HTML page if the name ends in `.html` or `.htm`.
    ///
    /// # Errors
    /// [`DgnetError::Write`] and [`DgnetError::View`].
    pub fn write(&self, path: &Path) -> Result<(), DgnetError> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        if ["html", "htm"].contains(&extension.to_lowercase().as_str()) {
            let page = self.html().map_err(DgnetError::write(path))?;
            return write_new(path, page.as_bytes());
        }
        Ok(self.draw().write_png(path)?)
    }

    fn html(&self) -> std::io::Result<String> {
        let mut page = String::from(HEAD);
        let _ = write!(
            page,
            "<title>{0}</title>\n<h1>{0}</h1>\n",
            escaped(&self.title)
        );
        let _ = writeln!(page, "<p>{}</p>", escaped(&self.subtitle));
        if let Some(note) = &self.note {
            let _ = writeln!(page, "<p class=\"note\">{}</p>", escaped(note));
        }
        for row in &self.rows {
            let _ = writeln!(
                page,
                "<h2>{}</h2>\n<div class=\"row\">",
                escaped(&row.label)
            );
            for (cell, words) in &row.cells {
                let words = escaped(words);
                let inside = match cell {
                    Cell::Picture(picture) => {
                        let png = base64(&Format::Png.encode(picture)?);
                        format!("<img alt=\"{words}\" src=\"data:image/png;base64,{png}\">")
                    }
                    Cell::Missing => "<div class=\"missing\">cannot be read</div>".to_owned(),
                    Cell::Free => "<div class=\"free\"></div>".to_owned(),
                };
                let _ = writeln!(
                    page,
                    "<figure>{inside}<figcaption>{words}</figcaption></figure>"
                );
            }
            page.push_str("</div>\n");
        }
        page.push_str("</html>\n");
        Ok(page)
    }
}

const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<style>\n\
    body{font:14px sans-serif;margin:2em;background:#fafaf8;color:#20242a}\n\
    h1{font-size:1.4em}h2{font-size:1em;margin:1em 0 .3em}\n\
    .row{display:flex;flex-wrap:wrap;gap:8px}\n\
    figure{margin:0;width:128px}figcaption{font-size:11px;overflow-wrap:anywhere;color:#686e76}\n\
    img,.missing,.free{width:128px;height:256px;object-fit:contain;display:block}\n\
    .missing{background:#e4e6e9;text-align:center;line-height:256px}\n\
    .note{background:#ffecc4;border-left:4px solid #e69614;padding:.5em;max-width:60em}\n\
    </style>\n";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit <= chunk.len() {
                let place = (word >> (18 - 6 * digit)) & 63;
                text.push(char::from(DIGITS[place as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    fn sheet() -> Sheet {
        let cell = |colour| Cell::Picture(Picture::filled(128, 256, colour));
        let named = |colour, name: &str| (cell(colour), name.to_owned());
        let contents = vec![named([200, 0, 0], "red"), named([0, 200, 0], "green <b>")];
        let structures = vec![named([9, 9, 9], "one"), named([99, 99, 99], "two")];
        let pictures = vec![
            cell([1, 2, 3]),
            cell([4, 5, 6]),
            Cell::Missing,
            cell([7, 8, 9]),
        ];
        Sheet {
            title: "Swap".to_owned(),
            subtitle: "test".to_owned(),
            note: Some("simulated".to_owned()),
            rows: Sheet::grid(contents, structures, pictures),
        }
    }

    #[test]
    fn a_grid_has_a_free_corner_and_its_pictures_row_by_row() {
        let sheet = sheet();
        assert_eq!(sheet.rows.len(), 3);
        assert!(sheet.rows.iter().all(|row| row.cells.len() == 3));
        assert!(matches!(sheet.rows[0].cells[0].0, Cell::Free));
        assert!(matches!(sheet.rows[2].cells[1].0, Cell::Missing));
        let drawn = sheet.draw();
        let has = |colour: [u8; 3]| drawn.rgb().chunks_exact(3).any(|pixel| pixel == colour);
        assert!(has([200, 0, 0]) && has([7, 8, 9]) && has([4, 5, 6]));
    }

    #[test]
    fn the_page_needs_no_other_file_and_shows_names_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheet.html");
        sheet().write(&path).unwrap();
        let page = std::fs::read_to_string(path).unwrap();
        assert_eq!(page.matches("data:image/png;base64,").count(), 7);
        assert!(page.contains("green &lt;b&gt;") && page.contains("simulated"));
        assert!(!page.contains("http") && !page.contains("src=\"/"));
        let path = folder.path().join("sheet.png");
        sheet().write(&path).unwrap();
        assert!(crate::imaging::decode_file(&path).is_ok());
    }
}
