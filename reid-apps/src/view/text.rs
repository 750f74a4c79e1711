//! Letters: the glyphs of Noto Sans Mono (SIL Open Font License), drawn ahead
//! of time, so that a caption looks the same on every machine and no font file
//! is looked for.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use super::Picture;

/// Size and weight of a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// Captions.
    Small,
    /// Captions that stand out.
    SmallBold,
    /// Titles.
    Large,
}

impl Face {
    const fn parts(self) -> (FontWeight, RasterHeight) {
        match self {
            Self::Small => (FontWeight::Regular, RasterHeight::Size16),
            Self::SmallBold => (FontWeight::Bold, RasterHeight::Size16),
            Self::Large => (FontWeight::Bold, RasterHeight::Size24),
        }
    }

    /// Gives the height of a line.
    pub(super) const fn height(self) -> usize {
        self.parts().1.val()
    }

    /// Gives the width of one letter; all have the same.
    pub(super) const fn advance(self) -> usize {
        let (weight, height) = self.parts();
        get_raster_width(weight, height)
    }

    /// Gives the width of `text`.
    pub(super) fn width(self, text: &str) -> usize {
        text.chars().count() * self.advance()
    }
}

/// Cuts `text` to `room` picture elements; two dots stand for what is missing.
pub(super) fn cut(text: &str, face: Face, room: usize) -> String {
    let letters = room / face.advance();
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept = text.chars().take(letters.saturating_sub(2));
    kept.chain("..".chars()).take(letters).collect()
}

/// Cuts the middle out of `name` instead: beginning and end of a file name both tell.
pub(super) fn cut_middle(name: &str, face: Face, room: usize) -> String {
    let letters = room / face.advance();
    let count = name.chars().count();
    if count <= letters || letters < 8 {
        return cut(name, face, room);
    }
    let head = (letters - 2) / 2;
    let tail = letters - 2 - head;
    let start = name.chars().take(head);
    start
        .chain("..".chars())
        .chain(name.chars().skip(count - tail))
        .collect()
}

/// Draws one line with its upper left corner at `(x, y)`. Letters the font
/// lacks, and control characters, become question marks; what lies outside is cut.
pub(super) fn draw(
    picture: &mut Picture,
    (x, y): (usize, usize),
    text: &str,
    face: Face,
    colour: [u8; 3],
) {
    let (weight, height) = face.parts();
    for (index, letter) in text.chars().enumerate() {
        let glyph = get_raster(letter, weight, height).or_else(|| get_raster('?', weight, height));
        let Some(glyph) = glyph else { continue };
        let left = x + index * face.advance();
        for (row, line) in glyph.rows().enumerate() {
            for (column, &ink) in line.iter().enumerate() {
                if ink > 0 {
                    picture.blend((left + column, y + row), colour, ink);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_to_its_room() {
        let room = Face::Small.advance() * 10;
        assert_eq!(cut("0123456789", Face::Small, room), "0123456789");
        assert_eq!(cut("0123456789a", Face::Small, room), "01234567..");
        assert_eq!(
            cut_middle("0123456789abcdef", Face::Small, room),
            "0123..cdef"
        );
        assert_eq!(cut("abc", Face::Small, 0), "");
        assert_eq!(
            cut_middle("äöüäöüäöüäöüäöü", Face::Small, room)
                .chars()
                .count(),
            10
        );
    }

    #[test]
    fn text_leaves_ink_and_never_leaves_the_picture() {
        let mut picture = Picture::filled(40, 20, [255; 3]);
        draw(&mut picture, (2, 2), "A", Face::Small, [0; 3]);
        assert!(picture.rgb().iter().any(|&b| b < 64));
        draw(&mut picture, (38, 18), "\u{0}漢\n", Face::Large, [0; 3]);
        draw(&mut picture, (1000, 1000), "A", Face::SmallBold, [0; 3]);
    }
}
