//! Borders around pictures.
//!
//! # The simulator's own choices
//!
//! The output is larger than what it surrounds by exactly the borders. A picture whose pixels share
//! chroma has borders of even widths. A constant border takes one value for each byte of a packed
//! pixel, or one for luma and two for chroma in the order in which they are stored; values are
//! rounded and kept between 0 and 255. A mirrored border is no wider than what it mirrors.

use acl_sys::{ACL_ERROR_INVALID_PARAM, acldvppBorderType as Type};

use super::picture::{PicDesc, Plane, Rectangle, Roi, byte};
use crate::machine::failure::{Result, fail};

/// A border: its kind, its widths in pixels, and the values of a constant one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Border {
    pub(crate) kind: u32,
    pub(crate) top: u32,
    pub(crate) bottom: u32,
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) values: [f64; 4],
}

impl Default for Border {
    fn default() -> Self {
        Self {
            kind: Type::BORDER_CONSTANT.0,
            top: 0,
            bottom: 0,
            left: 0,
            right: 0,
            values: [0.0; 4],
        }
    }
}

impl Border {
    /// Checks the border against the picture that it is a part of, and returns the rectangle inside.
    pub(crate) fn inside(&self, picture: &PicDesc) -> Result<Roi> {
        let (across, down) = (
            u64::from(self.left) + u64::from(self.right),
            u64::from(self.top) + u64::from(self.bottom),
        );
        if u64::from(picture.width) <= across || u64::from(picture.height) <= down {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "borders of {across} pixels across and {down} down leave nothing of {}x{}",
                picture.width,
                picture.height
            ));
        }
        for plane in picture.planes()? {
            let odd = |width: u32, step: usize| !(width as usize).is_multiple_of(step);
            let across = odd(self.left, plane.across) || odd(self.right, plane.across);
            if across || odd(self.top, plane.down) || odd(self.bottom, plane.down) {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the borders are {} and {} across, {} and {} down, wanted multiples of {} and {} \
                     in the pixel format {}",
                    self.left,
                    self.right,
                    self.top,
                    self.bottom,
                    plane.across,
                    plane.down,
                    picture.format
                ));
            }
        }
        let inside = Roi {
            left: self.left,
            right: picture.width - self.right - 1,
            top: self.top,
            bottom: picture.height - self.bottom - 1,
        };
        let most = |low: u32, high: u32, size: u32| {
            let least = match Type(self.kind) {
                Type::BORDER_REFLECT => 0,
                Type::BORDER_REFLECT_101 => 1,
                _ => return true,
            };
            low.max(high) + least <= size
        };
        let (width, height) = (
            inside.right - inside.left + 1,
            inside.bottom - inside.top + 1,
        );
        if !most(self.left, self.right, width) || !most(self.top, self.bottom, height) {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "a mirrored border is wider than the {width}x{height} pixels inside"
            ));
        }
        Ok(inside)
    }

    /// Fills the border of a picture around what is inside already.
    pub(crate) fn fill(&self, picture: &PicDesc, inside: Roi, target: &mut [u8]) -> Result<()> {
        let mut values = self.values.iter();
        for plane in picture.planes()? {
            let constant: Vec<u8> = values
                .by_ref()
                .take(plane.bytes)
                .map(|v| rounded(*v))
                .collect();
            self.fill_plane(&plane, &constant, (inside, Roi::all(picture)), target);
        }
        Ok(())
    }

    fn fill_plane(
        &self,
        plane: &Plane,
        constant: &[u8],
        (inside, all): (Roi, Roi),
        target: &mut [u8],
    ) {
        let (inside, all): (Rectangle, Rectangle) = (plane.samples(inside), plane.samples(all));
        for y in 0..all.height {
            let source_y = self.source(y, inside.top, inside.height);
            for x in 0..all.width {
                let source_x = self.source(x, inside.left, inside.width);
                let out = plane.at(x, y);
                match source_x.zip(source_y) {
                    Some((a, b)) if (a, b) == (x, y) => {}
                    Some((a, b)) => {
                        let from = plane.at(a, b);
                        target.copy_within(from..from + plane.bytes, out);
                    }
                    None => target[out..][..plane.bytes].copy_from_slice(constant),
                }
            }
        }
    }

    /// The sample inside that stands for one of the whole; none for a constant one.
    fn source(&self, at: usize, first: usize, count: usize) -> Option<usize> {
        let last = first + count - 1;
        if (first..=last).contains(&at) {
            return Some(at);
        }
        let beyond = if at < first { first - at } else { at - last };
        let mirrored = |beyond: usize| {
            if at < first {
                first + beyond
            } else {
                last - beyond
            }
        };
        match Type(self.kind) {
            Type::BORDER_REPLICATE => Some(at.clamp(first, last)),
            Type::BORDER_REFLECT => Some(mirrored(beyond - 1)),
            Type::BORDER_REFLECT_101 => Some(mirrored(beyond)),
            _ => None,
        }
    }
}

#[allow(clippy::cast_possible_truncation)] // a float of 64 bits for a byte
fn rounded(value: f64) -> u8 {
    byte(value as f32)
}
