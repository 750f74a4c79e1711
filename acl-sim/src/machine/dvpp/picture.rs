//! Pictures in memory, and rectangles taken from one and put into another.

use acl_sys::{ACL_ERROR_INVALID_PARAM, acldvppPixelFormat as Format};

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

/// A plane of a format: bytes of an element, and how many pixels across and down share one.
#[derive(Clone, Copy, Debug)]
struct Plane {
    bytes: usize,
    shared: usize,
}

fn planes(format: u32) -> Result<&'static [Plane]> {
    const GREY: &[Plane] = &[Plane {
        bytes: 1,
        shared: 1,
    }];
    const SEMI: &[Plane] = &[
        Plane {
            bytes: 1,
            shared: 1,
        },
        Plane {
            bytes: 2,
            shared: 2,
        },
    ];
    const PACKED: &[Plane] = &[Plane {
        bytes: 3,
        shared: 1,
    }];
    match Format(format) {
        Format::PIXEL_FORMAT_YUV_400 => Ok(GREY),
        Format::PIXEL_FORMAT_YUV_SEMIPLANAR_420 | Format::PIXEL_FORMAT_YVU_SEMIPLANAR_420 => {
            Ok(SEMI)
        }
        Format::PIXEL_FORMAT_RGB_888 | Format::PIXEL_FORMAT_BGR_888 => Ok(PACKED),
        _ => Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the pixel format is {format}, simulated are 0 (grey), 1 and 2 (semi-planar 4:2:0), 12 \
             and 13 (RGB, BGR)"
        )),
    }
}

fn wide(number: u32) -> usize {
    number as usize
}

impl PicDesc {
    /// Bytes of a row of the first plane.
    fn row(&self) -> usize {
        wide(self.width_stride)
    }

    /// Bytes of the whole picture.
    pub(crate) fn bytes(&self) -> Result<usize> {
        let first = self.row() * wide(self.height_stride);
        Ok(match planes(self.format)?.len() {
            1 => first,
            _ => first + first / 2,
        })
    }

    /// Checks the rules of sizes and strides, and that the memory is large enough.
    pub(crate) fn check(&self, which: &str) -> Result<()> {
        let planes = planes(self.format)?;
        let least = wide(self.width) * planes[0].bytes;
        let stride_rule = self.width_stride.is_multiple_of(16)
            && (32..=16_384).contains(&self.width_stride)
            && self.row() >= least;
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
    let (mut from_at, mut to_at) = (0, 0);
    for plane in planes(from.format)? {
        let samples = |roi: Roi| Rectangle {
            left: wide(roi.left) / plane.shared,
            top: wide(roi.top) / plane.shared,
            width: (wide(roi.right - roi.left) + 1).div_ceil(plane.shared),
            height: (wide(roi.bottom - roi.top) + 1).div_ceil(plane.shared),
        };
        let (a, b) = (samples(from_roi), samples(to_roi));
        let (columns, rows) = (
            taps(a.width, b.width, interpolation),
            taps(a.height, b.height, interpolation),
        );
        for (y, (y0, y1, fy)) in rows.iter().enumerate() {
            let line = |y: usize| from_at + (a.top + y) * from.row() + a.left * plane.bytes;
            let (upper, lower) = (line(*y0), line(*y1));
            let out = to_at + (b.top + y) * to.row() + b.left * plane.bytes;
            for (x, (x0, x1, fx)) in columns.iter().enumerate() {
                for c in 0..plane.bytes {
                    let at = |line: usize, x: usize| f32::from(source[line + x * plane.bytes + c]);
                    let top = at(upper, *x0) + (at(upper, *x1) - at(upper, *x0)) * fx;
                    let bottom = at(lower, *x0) + (at(lower, *x1) - at(lower, *x0)) * fx;
                    target[out + x * plane.bytes + c] = byte(top + (bottom - top) * fy);
                }
            }
        }
        from_at += from.row() * (wide(from.height_stride) / plane.shared);
        to_at += to.row() * (wide(to.height_stride) / plane.shared);
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Rectangle {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
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
