//! BMP: uncompressed and bit-field files here, run-length coded ones by the crate `image`.
//!
//! Why not all of them there: it rounds 5-bit fields and handles a short palette in its own way.
//!
//! **Source**: the layout of BITMAPFILEHEADER and BITMAPCOREHEADER .. BITMAPV5HEADER; the
//! conversions as Pillow 9.5 shows them.

use image::ImageFormat;

use super::{check_size, grey_ramp, packed};
use crate::imaging::{ImageProblem, RgbImage};

const FORMAT: &str = "BMP";
const FILE_HEADER: usize = 14;

struct Header {
    width: usize,
    height: usize,
    top_down: bool,
    bits: usize,
    compression: usize,
    /// Entries of the palette and where they are; each has `entry` bytes B, G, R.
    colours: usize,
    palette: usize,
    entry: usize,
    /// Where the masks are, when the compression is by bit fields.
    masks: usize,
    pixels: usize,
}

/// Decodes a BMP.
pub(super) fn decode(bytes: &[u8], image: &mut RgbImage) -> Result<(), ImageProblem> {
    let header = Header::read(bytes)?;
    let (width, height) = (header.width, header.height);
    check_size(width, height)?;
    if width == 0 || height == 0 {
        return Err(corrupt(format!("a size of {width} x {height}")));
    }
    if matches!(header.compression, 1 | 2) {
        return run_length(bytes, image);
    }
    let convert = Conversion::of(bytes, &header)?;
    let stride = (width * header.bits).div_ceil(32) * 4;
    // The padding after the very last pixel may be absent.
    let needed = (width * header.bits).div_ceil(8);
    let stored = bytes.get(header.pixels..).unwrap_or_default();
    let target = image.reshape(width, height);
    for index in 0..height {
        let row = stored
            .get(index * stride..)
            .and_then(|rest| rest.get(..needed));
        let row = row.ok_or_else(|| ImageProblem::Truncated {
            format: FORMAT,
            found: format!("{index} of {height} rows"),
        })?;
        let line = if header.top_down {
            index
        } else {
            height - 1 - index
        };
        convert.row(row, &mut target[line * width * 3..][..width * 3]);
    }
    Ok(())
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Header, ImageProblem> {
        let size = u32_at(bytes, FILE_HEADER)?;
        let mut pixels = u32_at(bytes, 10)?;
        let after = FILE_HEADER.saturating_add(size);
        let mut header = match size {
            12 => Header {
                width: u16_at(bytes, 18)?,
                height: u16_at(bytes, 20)?,
                top_down: false,
                bits: u16_at(bytes, 24)?,
                compression: 0,
                colours: 0,
                palette: after,
                entry: 3,
                masks: 0,
                pixels,
            },
            40 | 52 | 56 | 64 | 108 | 124 => {
                // Signed 32-bit; negative means that the first row is the top one.
                let raw = u32_at(bytes, 22)?;
                let top_down = raw >> 31 == 1;
                let compression = u32_at(bytes, 30)?;
                // After a 40-byte header the masks stand in front of the palette.
                let masks = if size == 40 && compression == 3 {
                    12
                } else {
                    0
                };
                Header {
                    width: u32_at(bytes, 18)?,
                    height: if top_down { (1 << 32) - raw } else { raw },
                    top_down,
                    bits: u16_at(bytes, 28)?,
                    compression,
                    colours: u32_at(bytes, 46)?,
                    palette: after + masks,
                    entry: 4,
                    masks: FILE_HEADER + 40,
                    pixels,
                }
            }
            other => return Err(corrupt(format!("a header of {other} bytes"))),
        };
        if header.bits <= 8 {
            if header.colours == 0 {
                header.colours = 1 << header.bits;
            }
            // Some writers give the end of the header as the place of the pixels.
            if pixels == after {
                pixels = after + header.entry * header.colours.min(256);
            }
        }
        header.pixels = pixels;
        Ok(header)
    }
}

/// How one row of stored pixels becomes RGB.
enum Conversion {
    Palette {
        bits: usize,
        colours: Box<[[u8; 3]; 256]>,
    },
    /// Two bytes; shift and largest value of R, G, B.
    Fields16([(u32, u32); 3]),
    /// Pixels of `step` bytes; R, G and B are the bytes at `places`.
    Bytes { step: usize, places: [usize; 3] },
}

impl Conversion {
    fn of(bytes: &[u8], header: &Header) -> Result<Conversion, ImageProblem> {
        match (header.bits, header.compression) {
            (bits @ (1 | 4 | 8), 0) => {
                let mut colours = Box::new(grey_ramp());
                for (index, colour) in colours.iter_mut().take(header.colours).enumerate() {
                    let place = header.palette + index * header.entry;
                    let Some(&[b, g, r]) = bytes.get(place..).and_then(|rest| rest.first_chunk())
                    else {
                        return Err(ImageProblem::Truncated {
                            format: FORMAT,
                            found: format!("{index} of {} palette entries", header.colours),
                        });
                    };
                    *colour = [r, g, b];
                }
                Ok(Conversion::Palette { bits, colours })
            }
            (16, 0) => Ok(Conversion::Fields16([(10, 31), (5, 31), (0, 31)])),
            (24, 0 | 3) => Ok(Conversion::Bytes {
                step: 3,
                places: [2, 1, 0],
            }),
            (32, 0) => Ok(Conversion::Bytes {
                step: 4,
                places: [2, 1, 0],
            }),
            (bits @ (16 | 32), 3) => {
                let mut masks = [0; 3];
                for (index, mask) in masks.iter_mut().enumerate() {
                    *mask = u32_at(bytes, header.masks + 4 * index)?;
                }
                Conversion::fields(bits, masks)
            }
            (bits, compression) => Err(ImageProblem::Unsupported {
                format: FORMAT,
                found: format!("{bits} bits and compression {compression}"),
            }),
        }
    }

    fn fields(bits: usize, masks: [usize; 3]) -> Result<Conversion, ImageProblem> {
        let place = |mask: usize| {
            [0xff, 0xff00, 0xff_0000, 0xff00_0000]
                .iter()
                .position(|&m| m == mask)
        };
        match (bits, masks, masks.map(place)) {
            (16, [0xf800, 0x7e0, 0x1f], _) => {
                Ok(Conversion::Fields16([(11, 31), (5, 63), (0, 31)]))
            }
            (16, [0x7c00, 0x3e0, 0x1f], _) => {
                Ok(Conversion::Fields16([(10, 31), (5, 31), (0, 31)]))
            }
            (32, [0, 0, 0], _) => Ok(Conversion::Bytes {
                step: 4,
                places: [2, 1, 0],
            }),
            (32, _, [Some(r), Some(g), Some(b)]) => Ok(Conversion::Bytes {
                step: 4,
                places: [r, g, b],
            }),
            _ => Err(ImageProblem::Unsupported {
                format: FORMAT,
                found: format!(
                    "{bits} bits and masks {:x} {:x} {:x}",
                    masks[0], masks[1], masks[2]
                ),
            }),
        }
    }

    fn row(&self, row: &[u8], target: &mut [u8]) {
        match self {
            Conversion::Palette { bits, colours } => {
                for (index, pixel) in target.chunks_exact_mut(3).enumerate() {
                    pixel.copy_from_slice(&colours[usize::from(packed(row, *bits, index))]);
                }
            }
            Conversion::Fields16(fields) => {
                for (pixel, stored) in target.chunks_exact_mut(3).zip(row.chunks_exact(2)) {
                    let stored = u32::from(u16::from_le_bytes([stored[0], stored[1]]));
                    for (channel, &(shift, largest)) in pixel.iter_mut().zip(fields) {
                        let level = ((stored >> shift) & largest) * 255 / largest;
                        *channel = u8::try_from(level).expect("at most 255");
                    }
                }
            }
            Conversion::Bytes { step, places } => {
                for (pixel, stored) in target.chunks_exact_mut(3).zip(row.chunks_exact(*step)) {
                    for (channel, &place) in pixel.iter_mut().zip(places) {
                        *channel = stored[place];
                    }
                }
            }
        }
    }
}

fn run_length(bytes: &[u8], image: &mut RgbImage) -> Result<(), ImageProblem> {
    let decoded = image::load_from_memory_with_format(bytes, ImageFormat::Bmp)
        .map_err(|error| corrupt(error.to_string()))?
        .into_rgb8();
    let side =
        |pixels| usize::try_from(pixels).map_err(|_| corrupt(format!("a side of {pixels} pixels")));
    let (width, height) = (side(decoded.width())?, side(decoded.height())?);
    image
        .reshape(width, height)
        .copy_from_slice(decoded.as_raw());
    Ok(())
}

fn u16_at(bytes: &[u8], place: usize) -> Result<usize, ImageProblem> {
    let found = bytes.get(place..).and_then(|rest| rest.first_chunk());
    found
        .map(|&two| usize::from(u16::from_le_bytes(two)))
        .ok_or_else(header_ends)
}

fn u32_at(bytes: &[u8], place: usize) -> Result<usize, ImageProblem> {
    let found = bytes.get(place..).and_then(|rest| rest.first_chunk());
    let number = u32::from_le_bytes(*found.ok_or_else(header_ends)?);
    usize::try_from(number).map_err(|_| corrupt(format!("the number {number} in the header")))
}

fn header_ends() -> ImageProblem {
    ImageProblem::Truncated {
        format: FORMAT,
        found: "ends inside the header".to_owned(),
    }
}

fn corrupt(found: String) -> ImageProblem {
    ImageProblem::Corrupt {
        format: FORMAT,
        found,
    }
}
