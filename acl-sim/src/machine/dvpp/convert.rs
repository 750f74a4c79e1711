//! Pictures from one pixel format to another.
//!
//! # The simulator's own choices
//!
//! The matrix is the channel's: BT.601, BT.709 or BT.2020, full or narrow range, by the standards'
//! formulas in float32, rounded to the nearest value. Chroma that pixels share is the mean of
//! theirs, and is repeated for each where it is taken apart; grey has none (128). Alpha is kept, and
//! 255 where there was none.

use acl_sys::ACL_ERROR_INVALID_PARAM;

use super::picture::{PicDesc, Pixels, Roi, byte, pixels};
use crate::machine::failure::{Result, fail};

/// How colours become luma and chroma.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix {
    red: f32,
    blue: f32,
    narrow: bool,
}

impl Matrix {
    /// The matrix of a channel's number: 0 to 5.
    pub(crate) fn new(number: u32) -> Self {
        let (red, blue) = match number / 2 {
            0 => (0.299, 0.114),
            1 => (0.2126, 0.0722),
            _ => (0.2627, 0.0593),
        };
        Self {
            red,
            blue,
            narrow: number % 2 == 1,
        }
    }

    /// Where luma begins, and the widths of luma and chroma.
    fn range(self) -> (f32, f32, f32) {
        if self.narrow {
            (16.0, 219.0 / 255.0, 224.0 / 255.0)
        } else {
            (0.0, 1.0, 1.0)
        }
    }

    /// Turns red, green and blue into luma, blue difference and red difference.
    pub(crate) fn to_luma(self, rgb: [f32; 3]) -> [f32; 3] {
        let [r, g, b] = rgb;
        let luma = self.red * r + (1.0 - self.red - self.blue) * g + self.blue * b;
        let (zero, luma_width, chroma_width) = self.range();
        [
            zero + luma_width * luma,
            128.0 + chroma_width * (b - luma) / (2.0 * (1.0 - self.blue)),
            128.0 + chroma_width * (r - luma) / (2.0 * (1.0 - self.red)),
        ]
    }

    /// Turns luma, blue difference and red difference into red, green and blue.
    pub(crate) fn to_colours(self, [y, cb, cr]: [f32; 3]) -> [f32; 3] {
        let (zero, luma_width, chroma_width) = self.range();
        let luma = (y - zero) / luma_width;
        let r = luma + 2.0 * (1.0 - self.red) * (cr - 128.0) / chroma_width;
        let b = luma + 2.0 * (1.0 - self.blue) * (cb - 128.0) / chroma_width;
        let green = 1.0 - self.red - self.blue;
        [r, (luma - self.red * r - self.blue * b) / green, b]
    }
}

/// A pixel as it is between two formats: three parts, and alpha.
type Pixel = ([f32; 3], u8);

/// Checks that one picture can become the other.
pub(crate) fn check(from: &PicDesc, to: &PicDesc) -> Result<()> {
    if (from.width, from.height) == (to.width, to.height) {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "the input is {}x{}, the output {}x{}: conversion changes no sizes",
        from.width,
        from.height,
        to.width,
        to.height
    ))
}

fn read(desc: &PicDesc, source: &[u8]) -> Result<Vec<Pixel>> {
    let planes = desc.planes()?;
    let mut all = Vec::new();
    for y in 0..desc.height as usize {
        for x in 0..desc.width as usize {
            let first = &source[planes[0].at(x, y)..];
            all.push(match pixels(desc.format)? {
                Pixels::Packed { colours, alpha } => (
                    colours.map(|at| f32::from(first[at])),
                    alpha.map_or(255, |at| first[at]),
                ),
                Pixels::Luma(chroma) => {
                    let pair = planes.get(1).zip(chroma).map(|(plane, chroma)| {
                        let pair = &source[plane.at(x / plane.across, y / plane.down)..];
                        let pair = [f32::from(pair[0]), f32::from(pair[1])];
                        if chroma.swapped {
                            [pair[1], pair[0]]
                        } else {
                            pair
                        }
                    });
                    let [blue, red] = pair.unwrap_or([128.0; 2]);
                    ([f32::from(first[0]), blue, red], 255)
                }
            });
        }
    }
    Ok(all)
}

fn write(desc: &PicDesc, all: &[Pixel], target: &mut [u8]) -> Result<()> {
    let (width, height) = (desc.width as usize, desc.height as usize);
    let planes = desc.planes()?;
    let kind = pixels(desc.format)?;
    for (i, (parts, pixel_alpha)) in all.iter().enumerate() {
        let out = &mut target[planes[0].at(i % width, i / width)..];
        match kind {
            Pixels::Packed { colours, alpha } => {
                for (at, part) in colours.into_iter().zip(parts) {
                    out[at] = byte(*part);
                }
                if let Some(at) = alpha {
                    out[at] = *pixel_alpha;
                }
            }
            Pixels::Luma(_) => out[0] = byte(parts[0]),
        }
    }
    let (Pixels::Luma(Some(chroma)), Some(plane)) = (kind, planes.get(1)) else {
        return Ok(());
    };
    let grid = plane.samples(Roi::all(desc));
    for y in 0..grid.height {
        for x in 0..grid.width {
            let (mut sum, mut count) = ([0.0; 2], 0.0_f32);
            for row in (y * plane.down..height).take(plane.down) {
                for column in (x * plane.across..width).take(plane.across) {
                    let (parts, _) = all[row * width + column];
                    sum = [sum[0] + parts[1], sum[1] + parts[2]];
                    count += 1.0;
                }
            }
            let mut pair = sum.map(|part| byte(part / count));
            if chroma.swapped {
                pair.reverse();
            }
            target[plane.at(x, y)..][..2].copy_from_slice(&pair);
        }
    }
    Ok(())
}

/// Converts a picture; both descriptions were checked.
pub(crate) fn convert(
    (from, source): (&PicDesc, &[u8]),
    (to, target): (&PicDesc, &mut [u8]),
    matrix: Matrix,
) -> Result<()> {
    let mut all = read(from, source)?;
    let packed = |format| pixels(format).map(|kind| matches!(kind, Pixels::Packed { .. }));
    let (from_packed, to_packed) = (packed(from.format)?, packed(to.format)?);
    for (parts, _) in &mut all {
        *parts = match (from_packed, to_packed) {
            (true, false) => matrix.to_luma(*parts),
            (false, true) => matrix.to_colours(*parts),
            _ => *parts,
        };
    }
    write(to, &all, target)
}
