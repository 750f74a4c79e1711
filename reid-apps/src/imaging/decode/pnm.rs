//! PBM, PGM and PPM, plain and raw.
//!
//! Why not by a crate: the reference rounds to even when the largest value is not 255, and turns
//! PGM of more than 8 bits into nearly white pictures. Both are what "the same bytes" means here.
//!
//! **Source**: the netpbm formats; the scaling as Pillow 9.5 shows it.

use super::{check_size, packed};
use crate::imaging::{ImageProblem, RgbImage};

const FORMAT: &str = "PNM";

/// Decodes P1 to P6.
pub(super) fn decode(bytes: &[u8], image: &mut RgbImage) -> Result<(), ImageProblem> {
    let kind = bytes[1] - b'0';
    let mut text = Text { bytes, at: 2 };
    let (width, height) = (text.header_number()?, text.header_number()?);
    let bitmap = matches!(kind, 1 | 4);
    let largest = if bitmap { 1 } else { text.header_number()? };
    check_size(width, height)?;
    if width == 0 || height == 0 {
        return Err(corrupt(format!("a size of {width} x {height}")));
    }
    if !(1..=65535).contains(&largest) {
        return Err(corrupt(format!(
            "a largest value of {largest}, not 1 to 65535"
        )));
    }
    // Exactly one white-space character ends the header.
    let data = bytes.get(text.at + 1..).unwrap_or_default();
    let channels = if matches!(kind, 3 | 6) { 3 } else { 1 };
    // Nothing is allocated for a picture that the file cannot hold.
    let least = match kind {
        1 => width * height,
        2 | 3 => 2 * width * height * channels - 1,
        4 => width.div_ceil(8) * height,
        _ => width * height * channels * if largest > 255 { 2 } else { 1 },
    };
    if data.len() < least {
        let found = format!("{} of at least {least} bytes of pixels", data.len());
        return Err(ImageProblem::Truncated {
            format: FORMAT,
            found,
        });
    }
    let target = image.reshape(width, height);
    match kind {
        1 => plain_bits(data, target),
        4 => {
            let rows = data.chunks_exact(width.div_ceil(8));
            for (row, line) in rows.zip(target.chunks_exact_mut(width * 3)) {
                for (index, pixel) in line.chunks_exact_mut(3).enumerate() {
                    pixel.fill(if packed(row, 1, index) == 1 { 0 } else { 255 });
                }
            }
            Ok(())
        }
        2 | 3 => {
            let mut numbers = Text { bytes: data, at: 0 };
            let scale = Scale {
                largest,
                clamp: channels == 1 && largest > 255,
            };
            fill(target, channels, || {
                let number = numbers.number()?;
                if number > largest {
                    return Err(corrupt(format!(
                        "a value of {number} above the largest, {largest}"
                    )));
                }
                Ok(scale.level(number))
            })
        }
        _ => {
            let width = if largest > 255 { 2 } else { 1 };
            let mut samples = data.chunks_exact(width);
            let scale = Scale {
                largest,
                clamp: channels == 1 && largest > 255,
            };
            fill(target, channels, || {
                let sample = samples.next().ok_or_else(ends)?;
                Ok(scale.level(
                    sample
                        .iter()
                        .fold(0, |high, &byte| high * 256 + usize::from(byte)),
                ))
            })
        }
    }
}

/// From samples of 0..=largest to bytes.
struct Scale {
    largest: usize,
    /// The grey of more than 8 bits: scaled to 16 bits, then cut at 255.
    clamp: bool,
}

impl Scale {
    fn level(&self, sample: usize) -> u8 {
        let top = if self.clamp { 65535_u16 } else { 255 };
        if self.largest == usize::from(top) {
            return u8::try_from(sample).unwrap_or(255);
        }
        // Two operations in float64, and ties to even: that is Python's round(value / largest * top).
        let largest = u32::try_from(self.largest).expect("at most 65535");
        let sample = u32::try_from(sample).expect("a sample has at most 16 bits");
        let scaled = (f64::from(sample) / f64::from(largest) * f64::from(top)).round_ties_even();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // `as` saturates: that is the clamp
        {
            scaled as u8
        }
    }
}

/// Writes all pixels from samples that come one by one.
fn fill(
    target: &mut [u8],
    channels: usize,
    mut next: impl FnMut() -> Result<u8, ImageProblem>,
) -> Result<(), ImageProblem> {
    for pixel in target.chunks_exact_mut(3) {
        if channels == 1 {
            pixel.fill(next()?);
        } else {
            for channel in pixel {
                *channel = next()?;
            }
        }
    }
    Ok(())
}

/// P1: digits with or without white space between them; 1 is black.
fn plain_bits(data: &[u8], target: &mut [u8]) -> Result<(), ImageProblem> {
    let mut text = Text { bytes: data, at: 0 };
    for pixel in target.chunks_exact_mut(3) {
        text.skip();
        match text.bytes.get(text.at) {
            Some(b'0') => pixel.fill(255),
            Some(b'1') => pixel.fill(0),
            Some(other) => return Err(corrupt(format!("the byte {other:#04x} among the bits"))),
            None => return Err(ends()),
        }
        text.at += 1;
    }
    Ok(())
}

/// Numbers between white space and `#` comments.
struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Text<'_> {
    fn skip(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'#' => {
                    let rest = &self.bytes[self.at..];
                    let line = rest.iter().position(|b| matches!(b, b'\n' | b'\r'));
                    self.at += line.unwrap_or(rest.len());
                }
                byte if byte.is_ascii_whitespace() || *byte == 0x0b => self.at += 1,
                _ => break,
            }
        }
    }

    fn number(&mut self) -> Result<usize, ImageProblem> {
        self.skip();
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(rest.len());
        if length == 0 {
            return match rest.first() {
                None => Err(ends()),
                Some(byte) => Err(corrupt(format!(
                    "the byte {byte:#04x} where a number should be"
                ))),
            };
        }
        self.at += length;
        rest[..length]
            .iter()
            .try_fold(0_usize, |high, digit| {
                high.checked_mul(10)?.checked_add(usize::from(digit - b'0'))
            })
            .ok_or_else(|| corrupt("a number that is too large".to_owned()))
    }

    /// A number of the header, which something must follow.
    fn header_number(&mut self) -> Result<usize, ImageProblem> {
        let number = self.number()?;
        if self.at >= self.bytes.len() {
            Err(ends())
        } else {
            Ok(number)
        }
    }
}

fn ends() -> ImageProblem {
    ImageProblem::Truncated {
        format: FORMAT,
        found: "ends before the last pixel".to_owned(),
    }
}

fn corrupt(found: String) -> ImageProblem {
    ImageProblem::Corrupt {
        format: FORMAT,
        found,
    }
}
