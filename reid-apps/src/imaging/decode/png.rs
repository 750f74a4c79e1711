//! PNG by the crate `png`, with the reference's own idea of the conversions.
//!
//! The crate is asked for the samples as stored: its expansions would composite or scale where
//! the reference drops and clamps.

use std::io::{Cursor, ErrorKind};

use png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Limits, Transformations};

use super::{check_size, grey_ramp, packed, spread_grey};
use crate::imaging::{ImageProblem, RgbImage};

const FORMAT: &str = "PNG";

/// Decodes a PNG; `scratch` takes the stored samples.
pub(super) fn decode(
    bytes: &[u8],
    scratch: &mut Vec<u8>,
    image: &mut RgbImage,
) -> Result<(), ImageProblem> {
    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    // The size is checked below, before anything of that size is allocated.
    decoder.set_limits(Limits { bytes: usize::MAX });
    decoder.set_transformations(Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(problem)?;
    let info = reader.info();
    let (width, height) = (side(info.width)?, side(info.height)?);
    check_size(width, height)?;
    let samples = Samples::of(info.color_type, info.bit_depth, info.palette.as_deref());
    let length = reader
        .output_buffer_size()
        .ok_or(ImageProblem::TooLarge { width, height })?;
    scratch.resize(length, 0);
    let frame = reader.next_frame(scratch).map_err(problem)?;
    let pixels = image.reshape(width, height);
    let stored = scratch.chunks_exact(frame.line_size);
    for (row, target) in stored.zip(pixels.chunks_exact_mut(width * 3)) {
        samples.convert(row, target);
    }
    Ok(())
}

fn side(pixels: u32) -> Result<usize, ImageProblem> {
    usize::try_from(pixels).map_err(|_| ImageProblem::Corrupt {
        format: FORMAT,
        found: format!("a side of {pixels} pixels"),
    })
}

/// How one row of stored samples becomes RGB.
enum Samples {
    /// 1, 2, 4 or 8 bits of grey, spread to 0..=255.
    Grey { bits: usize },
    /// Two bytes of grey, clamped to 255.
    Grey16,
    /// Indices of 1, 2, 4 or 8 bits.
    Palette {
        bits: usize,
        colours: Box<[[u8; 3]; 256]>,
    },
    /// Pixels of `step` bytes; R, G and B are the bytes at `places`.
    Bytes { step: usize, places: [usize; 3] },
}

impl Samples {
    fn of(colour: ColorType, depth: BitDepth, palette: Option<&[u8]>) -> Samples {
        let bits = usize::from(depth as u8);
        // The high byte of a sample comes first.
        let bytes = bits.div_ceil(8);
        match colour {
            ColorType::Grayscale if bits == 16 => Samples::Grey16,
            ColorType::Grayscale => Samples::Grey { bits },
            ColorType::GrayscaleAlpha => Samples::Bytes {
                step: 2 * bytes,
                places: [0; 3],
            },
            ColorType::Rgb => Samples::Bytes {
                step: 3 * bytes,
                places: [0, bytes, 2 * bytes],
            },
            ColorType::Rgba => Samples::Bytes {
                step: 4 * bytes,
                places: [0, bytes, 2 * bytes],
            },
            ColorType::Indexed => {
                let mut colours = Box::new(grey_ramp());
                let entries = palette.unwrap_or_default().chunks_exact(3);
                for (colour, entry) in colours.iter_mut().zip(entries) {
                    colour.copy_from_slice(entry);
                }
                Samples::Palette { bits, colours }
            }
        }
    }

    fn convert(&self, row: &[u8], target: &mut [u8]) {
        match self {
            Samples::Grey { bits: 8 } => spread_grey(row, target),
            Samples::Grey { bits } => {
                let scale = 255 / ((1_u16 << bits) - 1);
                let scale = u8::try_from(scale).expect("255 divided by at least 1 is a byte");
                for (index, pixel) in target.chunks_exact_mut(3).enumerate() {
                    pixel.fill(packed(row, *bits, index) * scale);
                }
            }
            Samples::Grey16 => {
                for (pixel, sample) in target.chunks_exact_mut(3).zip(row.chunks_exact(2)) {
                    pixel.fill(if sample[0] == 0 { sample[1] } else { 255 });
                }
            }
            Samples::Palette { bits, colours } => {
                for (index, pixel) in target.chunks_exact_mut(3).enumerate() {
                    pixel.copy_from_slice(&colours[usize::from(packed(row, *bits, index))]);
                }
            }
            Samples::Bytes { step, places } => {
                for (pixel, sample) in target.chunks_exact_mut(3).zip(row.chunks_exact(*step)) {
                    for (channel, &place) in pixel.iter_mut().zip(places) {
                        *channel = sample[place];
                    }
                }
            }
        }
    }
}

fn problem(error: DecodingError) -> ImageProblem {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            ImageProblem::Truncated {
                format: FORMAT,
                found: "ends before the last row".to_owned(),
            }
        }
        other => ImageProblem::Corrupt {
            format: FORMAT,
            found: other.to_string(),
        },
    }
}
