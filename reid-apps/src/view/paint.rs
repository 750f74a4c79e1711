//! Rectangles, frames, marks and scaled pictures: the few strokes a sheet needs.

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Rgb};

use super::Picture;
use super::text::{self, Face};

pub(super) const PAPER: [u8; 3] = [250, 250, 248];
pub(super) const INK: [u8; 3] = [32, 36, 42];
pub(super) const SOFT_INK: [u8; 3] = [104, 110, 118];
pub(super) const RULE: [u8; 3] = [218, 220, 222];
pub(super) const EMPTY: [u8; 3] = [228, 230, 233];
pub(super) const NOTE_PAPER: [u8; 3] = [255, 236, 196];
pub(super) const NOTE_INK: [u8; 3] = [122, 72, 0];

/// A rectangle: left, top, width, height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Area {
    /// Grows by `edge` on all sides; what would be left of the picture or above it is cut.
    pub(super) fn grown(self, edge: usize) -> Self {
        Self {
            x: self.x.saturating_sub(edge),
            y: self.y.saturating_sub(edge),
            width: self.width + 2 * edge,
            height: self.height + 2 * edge,
        }
    }
}

impl Picture {
    /// Mixes `colour` into one picture element; `ink` 255 replaces it. Outside, nothing happens.
    pub(super) fn blend(&mut self, (x, y): (usize, usize), colour: [u8; 3], ink: u8) {
        if x >= self.width() || y >= self.height() {
            return;
        }
        let place = (y * self.width() + x) * 3;
        for (old, new) in self.rgb_mut()[place..place + 3].iter_mut().zip(colour) {
            let mixed =
                (u32::from(*old) * u32::from(255 - ink) + u32::from(new) * u32::from(ink) + 127)
                    / 255;
            *old = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
    }
}

/// Fills `area`; what lies outside is cut.
pub(super) fn fill(picture: &mut Picture, area: Area, colour: [u8; 3]) {
    for y in area.y..(area.y + area.height).min(picture.height()) {
        for x in area.x..(area.x + area.width).min(picture.width()) {
            picture.blend((x, y), colour, 255);
        }
    }
}

/// Copies `source` with its upper left corner at `(x, y)`.
fn copy(picture: &mut Picture, source: &Picture, (x, y): (usize, usize)) {
    for row in 0..source.height() {
        for column in 0..source.width() {
            if let Some(colour) = source.at(column, row) {
                picture.blend((x + column, y + row), colour, 255);
            }
        }
    }
}

impl Picture {
    /// Scales the picture to fit into `width` x `height` at its own shape, with a smooth kernel:
    /// enlarged crops are soft, not blocky.
    ///
    /// Returns `None` if a side of either is zero.
    #[must_use]
    pub fn fitted(&self, width: usize, height: usize) -> Option<Self> {
        let (w, h) = (self.width(), self.height());
        if w == 0 || h == 0 || width == 0 || height == 0 {
            return None;
        }
        // The smaller of the two scales, as a fraction, so that one side is exact.
        let (new_width, new_height) = if width * h <= height * w {
            (width, (h * width / w).max(1))
        } else {
            ((w * height / h).max(1), height)
        };
        if (new_width, new_height) == (w, h) {
            return Some(self.clone());
        }
        let side = |n: usize| u32::try_from(n).ok();
        let buffer: ImageBuffer<Rgb<u8>, Vec<u8>> =
            ImageBuffer::from_raw(side(w)?, side(h)?, self.rgb().to_vec())?;
        let scaled = resize(
            &buffer,
            side(new_width)?,
            side(new_height)?,
            FilterType::CatmullRom,
        );
        Self::new(new_width, new_height, scaled.into_raw()).ok()
    }
}

/// Puts a crop into `area`, centred; without a crop, a labelled empty cell.
pub(super) fn cell(picture: &mut Picture, area: Area, crop: Option<&Picture>) {
    fill(picture, area, EMPTY);
    if let Some(scaled) = crop.and_then(|crop| crop.fitted(area.width, area.height)) {
        let x = area.x + (area.width - scaled.width()) / 2;
        let y = area.y + (area.height - scaled.height()) / 2;
        copy(picture, &scaled, (x, y));
        return;
    }
    let bold = Face::SmallBold;
    let middle = area.y + area.height / 2;
    for (line, top) in [
        ("cannot", middle.saturating_sub(bold.height())),
        ("be read", middle),
    ] {
        let line = text::cut(line, bold, area.width);
        let x = area.x + (area.width - bold.width(&line)) / 2;
        text::draw(picture, (x, top), &line, bold, SOFT_INK);
    }
}

/// Draws a frame around `area`, outside of it.
pub(super) fn frame(picture: &mut Picture, area: Area, thickness: usize, colour: [u8; 3]) {
    let outer = area.grown(thickness);
    let sides = [
        Area {
            height: thickness,
            ..outer
        },
        Area {
            y: area.y + area.height,
            height: thickness,
            ..outer
        },
        Area {
            width: thickness,
            ..outer
        },
        Area {
            x: area.x + area.width,
            width: thickness,
            ..outer
        },
    ];
    for side in sides {
        fill(picture, side, colour);
    }
}

/// Side of a mark in picture elements.
pub(super) const MARK: usize = 20;

/// Draws a tick or a cross on a square, for those who do not tell green from red.
pub(super) fn mark(picture: &mut Picture, (x, y): (usize, usize), right: bool, colour: [u8; 3]) {
    fill(
        picture,
        Area {
            x,
            y,
            width: MARK,
            height: MARK,
        },
        colour,
    );
    let strokes: &[[f32; 4]] = if right {
        &[[4.5, 10.5, 8.5, 14.5], [8.5, 14.5, 15.5, 5.5]]
    } else {
        &[[5.5, 5.5, 14.5, 14.5], [14.5, 5.5, 5.5, 14.5]]
    };
    for row in 0..MARK {
        for column in 0..MARK {
            let (px, py) = (column as f32 + 0.5, row as f32 + 0.5);
            let distance = strokes
                .iter()
                .map(|&stroke| distance(px, py, stroke))
                .fold(f32::INFINITY, f32::min);
            picture.blend((x + column, y + row), [255; 3], coverage(1.9 - distance));
        }
    }
}

/// Distance of a point from a stroke.
fn distance(px: f32, py: f32, [ax, ay, bx, by]: [f32; 4]) -> f32 {
    let (dx, dy) = (bx - ax, by - ay);
    let t = (((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    let (ox, oy) = (px - ax - t * dx, py - ay - t * dy);
    (ox * ox + oy * oy).sqrt()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the share is clamped to a byte"
)]
fn coverage(share: f32) -> u8 {
    (share.clamp(0.0, 1.0) * 255.0) as u8
}

/// Draws `words` on a coloured strip and gives its width.
pub(super) fn note(
    picture: &mut Picture,
    (x, y): (usize, usize),
    words: &str,
    room: usize,
) -> usize {
    let face = Face::SmallBold;
    let words = text::cut(words, face, room.saturating_sub(20));
    let width = face.width(&words) + 20;
    let height = face.height() + 10;
    fill(
        picture,
        Area {
            x,
            y,
            width,
            height,
        },
        NOTE_PAPER,
    );
    fill(
        picture,
        Area {
            x,
            y,
            width: 4,
            height,
        },
        [230, 150, 20],
    );
    text::draw(picture, (x + 12, y + 5), &words, face, NOTE_INK);
    width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_lies_around_its_area_and_not_on_it() {
        let mut picture = Picture::filled(20, 20, PAPER);
        let area = Area {
            x: 5,
            y: 5,
            width: 10,
            height: 10,
        };
        frame(&mut picture, area, 2, [1, 2, 3]);
        for (x, y) in [(3, 3), (4, 10), (16, 16), (10, 3), (10, 16)] {
            assert_eq!(picture.at(x, y), Some([1, 2, 3]), "at {x}, {y}");
        }
        for (x, y) in [(5, 5), (14, 14), (2, 2), (17, 10)] {
            assert_eq!(picture.at(x, y), Some(PAPER), "at {x}, {y}");
        }
    }

    #[test]
    fn a_crop_keeps_its_shape_and_a_flat_one_its_colour() {
        let wide = Picture::filled(40, 20, [9, 90, 200]);
        let scaled = wide.fitted(128, 256).unwrap_or_else(|| wide.clone());
        assert_eq!((scaled.width(), scaled.height()), (128, 64));
        assert!(scaled.rgb().chunks(3).all(|p| p == [9, 90, 200]));
        assert!(Picture::filled(0, 5, [0; 3]).fitted(10, 10).is_none());
    }
}
