//! Pictures in memory, and rectangles taken from one and put into another.

use acl_sys::{ACL_ERROR_INVALID_PARAM, acldvppPixelFormat as Format};

use super::layout::{Chroma, Layout};
use crate::machine::failure::{Result, fail};

/// A picture as the program describes it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PicDesc {
    pub(crate) data: usize,
    pub(crate) size: u32,
    pub(crate) format: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) width_stride: u32,
    pub(crate) height_stride: u32,
    pub(crate) ret_code: u32,
    /// Made as a part of a batch: the program does not destroy it.
    pub(crate) in_batch: bool,
}

/// A rectangle; right and bottom belong to it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Roi {
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) top: u32,
    pub(crate) bottom: u32,
}

impl Roi {
    /// All of a picture.
    pub(crate) fn all(picture: &PicDesc) -> Self {
        Self {
            left: 0,
            right: picture.width.saturating_sub(1),
            top: 0,
            bottom: picture.height.saturating_sub(1),
        }
    }

    /// Checks a rectangle that the program gave: its edges on pairs of pixels, inside the picture.
    pub(crate) fn check(&self, picture: &PicDesc, which: &str) -> Result<()> {
        let even = self.left.is_multiple_of(2) && self.top.is_multiple_of(2);
        let odd = !self.right.is_multiple_of(2) && !self.bottom.is_multiple_of(2);
        let ordered = self.left < self.right && self.top < self.bottom;
        // A picture of an odd size is held in one of even strides.
        let (width, height) = (
            picture.width.next_multiple_of(2),
            picture.height.next_multiple_of(2),
        );
        if even && odd && ordered && self.right < width && self.bottom < height {
            return Ok(());
        }
        Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the {which} is {} to {} by {} to {}, wanted even left and top, odd right and bottom, \
             inside of {}x{}",
            self.left,
            self.right,
            self.top,
            self.bottom,
            picture.width,
            picture.height
        ))
    }
}

/// What a pixel format holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pixels {
    /// Luma in a plane, and chroma in a second one unless the picture is grey.
    Luma(Option<Chroma>),
    /// Bytes side by side: where red, green, blue and alpha are.
    Packed {
        colours: [usize; 3],
        alpha: Option<usize>,
    },
}

/// Says what a pixel format holds; fails on one that nothing here works on.
pub(crate) fn pixels(format: u32) -> Result<Pixels> {
    let packed = |colours, alpha| Ok(Pixels::Packed { colours, alpha });
    match Format(format) {
        Format::PIXEL_FORMAT_RGB_888 => packed([0, 1, 2], None),
        Format::PIXEL_FORMAT_BGR_888 => packed([2, 1, 0], None),
        Format::PIXEL_FORMAT_ARGB_8888 => packed([1, 2, 3], Some(0)),
        Format::PIXEL_FORMAT_ABGR_8888 => packed([3, 2, 1], Some(0)),
        Format::PIXEL_FORMAT_RGBA_8888 => packed([0, 1, 2], Some(3)),
        Format::PIXEL_FORMAT_BGRA_8888 => packed([2, 1, 0], Some(3)),
        _ => match Layout::of(format) {
            Ok(Layout::Luma(chroma)) => Ok(Pixels::Luma(chroma)),
            _ => Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the pixel format is {format}, simulated are 0 (grey), 1 to 6, 1000 and 1001 \
                 (semi-planar), 12 and 13 (RGB, BGR) and 14 to 17 (the same with alpha)"
            )),
        },
    }
}

/// A plane of a picture: where its samples lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane {
    pub(crate) start: usize,
    /// Bytes from row to row.
    pub(crate) row: usize,
    /// Bytes of a sample.
    pub(crate) bytes: usize,
    /// How many pixels share a sample, across and down.
    pub(crate) across: usize,
    pub(crate) down: usize,
    rows: usize,
}

impl Plane {
    /// Where a sample begins.
    pub(crate) fn at(&self, x: usize, y: usize) -> usize {
        self.start + y * self.row + x * self.bytes
    }

    /// The samples of a rectangle of pixels.
    pub(crate) fn samples(&self, roi: Roi) -> Rectangle {
        Rectangle {
            left: wide(roi.left) / self.across,
            top: wide(roi.top) / self.down,
            width: (wide(roi.right - roi.left) + 1).div_ceil(self.across),
            height: (wide(roi.bottom - roi.top) + 1).div_ceil(self.down),
        }
    }
}

fn wide(number: u32) -> usize {
    number as usize
}

impl PicDesc {
    /// The planes, the first one first.
    pub(crate) fn planes(&self) -> Result<Vec<Plane>> {
        let row = wide(self.width_stride);
        let first = |bytes| Plane {
            start: 0,
            row,
            bytes,
            across: 1,
            down: 1,
            rows: wide(self.height_stride),
        };
        Ok(match pixels(self.format)? {
            Pixels::Packed { alpha, .. } => vec![first(3 + usize::from(alpha.is_some()))],
            Pixels::Luma(None) => vec![first(1)],
            Pixels::Luma(Some(chroma)) => {
                let second = Plane {
                    start: row * wide(self.height_stride),
                    row: Layout::chroma_row(chroma, self.width_stride),
                    bytes: 2,
                    across: chroma.across,
                    down: chroma.down,
                    rows: wide(self.height_stride) / chroma.down,
                };
                vec![first(1), second]
            }
        })
    }

    /// Bytes of the whole picture.
    pub(crate) fn bytes(&self) -> Result<usize> {
        Ok(self
            .planes()?
            .iter()
            .map(|plane| plane.row * plane.rows)
            .sum())
    }

    /// Checks the rules of sizes and strides, and that the memory is large enough.
    pub(crate) fn check(&self, which: &str) -> Result<()> {
        let planes = self.planes()?;
        let least = wide(self.width) * planes[0].bytes;
        let stride_rule = self.width_stride.is_multiple_of(16)
            && (32..=16_384).contains(&self.width_stride)
            && wide(self.width_stride) >= least;
        let height_rule = self.height_stride.is_multiple_of(2)
            && (6..=4096).contains(&self.height_stride)
            && self.height_stride >= self.height;
        if self.width == 0 || self.height == 0 || !stride_rule || !height_rule {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the {which} is {}x{} with strides {}x{}, wanted a width stride of a multiple of 16 \
                 from 32 to 16384 and at least {least}, and an even height stride from 6 to 4096",
                self.width,
                self.height,
                self.width_stride,
                self.height_stride
            ));
        }
        let bytes = self.bytes()?;
        if wide(self.size) < bytes {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the {which} has {} bytes of memory, wanted {bytes}",
                self.size
            ));
        }
        Ok(())
    }
}

/// How samples between samples are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interpolation {
    Bilinear,
    Nearest,
}

/// Takes a rectangle of one picture and puts it, resized, into a rectangle of another of the same
/// format. Both descriptions and rectangles were checked.
pub(crate) fn transfer(
    (from, source, from_roi): (&PicDesc, &[u8], Roi),
    (to, target, to_roi): (&PicDesc, &mut [u8], Roi),
    interpolation: Interpolation,
) -> Result<()> {
    for (plane, goal) in from.planes()?.iter().zip(&to.planes()?) {
        let (a, b) = (plane.samples(from_roi), goal.samples(to_roi));
        let (columns, rows) = (
            taps(a.width, b.width, interpolation),
            taps(a.height, b.height, interpolation),
        );
        for (y, (y0, y1, fy)) in rows.iter().enumerate() {
            let (upper, lower) = (plane.at(a.left, a.top + y0), plane.at(a.left, a.top + y1));
            let out = goal.at(b.left, b.top + y);
            for (x, (x0, x1, fx)) in columns.iter().enumerate() {
                for c in 0..plane.bytes {
                    let at = |line: usize, x: usize| f32::from(source[line + x * plane.bytes + c]);
                    let top = at(upper, *x0) + (at(upper, *x1) - at(upper, *x0)) * fx;
                    let bottom = at(lower, *x0) + (at(lower, *x1) - at(lower, *x0)) * fx;
                    target[out + x * plane.bytes + c] = byte(top + (bottom - top) * fy);
                }
            }
        }
    }
    Ok(())
}

/// Samples of a plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rectangle {
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// Where each sample of a resized line comes from: two samples, and the part of the second.
#[allow(clippy::cast_precision_loss)] // lines have some thousand samples
fn taps(from: usize, to: usize, interpolation: Interpolation) -> Vec<(usize, usize, f32)> {
    let scale = from as f32 / to as f32;
    let last = from - 1;
    let tap = |i: usize| {
        if from == to {
            return (i, i, 0.0);
        }
        let centre = ((i as f32 + 0.5) * scale - 0.5).clamp(0.0, last as f32);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // clamped to the line above
        let first = centre as usize;
        let part = centre - first as f32;
        match interpolation {
            Interpolation::Bilinear => (first, (first + 1).min(last), part),
            Interpolation::Nearest if part < 0.5 => (first, first, 0.0),
            Interpolation::Nearest => ((first + 1).min(last), (first + 1).min(last), 0.0),
        }
    };
    (0..to).map(tap).collect()
}

/// Rounds to a byte.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped to a byte
pub(crate) fn byte(value: f32) -> u8 {
    (value + 0.5).clamp(0.0, 255.0) as u8
}
