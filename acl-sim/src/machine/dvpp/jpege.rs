//! JPEG files made from pictures.
//!
//! # The simulator's own choices
//!
//! The levels of quality are libjpeg's, with 0 as good as 100 (the oldest chips take it, newer ones
//! begin at 1). Files are baseline, with the luma and the chroma that were given, as JPEG has them
//! (full range), and with Huffman tables made for the picture. The predicted size is one that no
//! picture exceeds; a call that names less memory fails at synchronisation if the file needs more.

use acl_sys::{ACL_ERROR_INTERNAL_ERROR, ACL_ERROR_INVALID_PARAM, acldvppPixelFormat as Format};
use mozjpeg::CompInfoExt as _;

use super::picture::PicDesc;
use crate::machine::failure::{Failure, Result, fail};

/// The sides of a picture that can be encoded.
const SIDES: std::ops::RangeInclusive<u32> = 32..=8192;

/// The quality of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level(u32);

impl Default for Level {
    fn default() -> Self {
        Self(100)
    }
}

impl Level {
    pub(crate) fn new(level: u32) -> Result<Self> {
        if level <= 100 {
            return Ok(Self(level));
        }
        Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the level is {level}, wanted 0 to 100"
        ))
    }

    pub(crate) fn get(self) -> u32 {
        self.0
    }

    fn quality(self) -> f32 {
        match u8::try_from(self.0) {
            Ok(level @ 1..=100) => f32::from(level),
            _ => 100.0,
        }
    }
}

/// Where the samples of a picture lie.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// Luma, then a plane of chroma for 2x2 pixels; where in a pair the blue difference is.
    Semi { blue: usize },
    /// Two pixels in four bytes: where the first luma and the two chroma are.
    Packed {
        luma: usize,
        blue: usize,
        red: usize,
    },
}

impl Source {
    fn of(format: u32) -> Result<Self> {
        let packed = |luma, blue, red| Self::Packed { luma, blue, red };
        Ok(match Format(format) {
            Format::PIXEL_FORMAT_YUV_SEMIPLANAR_420 => Self::Semi { blue: 0 },
            Format::PIXEL_FORMAT_YVU_SEMIPLANAR_420 => Self::Semi { blue: 1 },
            Format::PIXEL_FORMAT_YUYV_PACKED_422 => packed(0, 1, 3),
            Format::PIXEL_FORMAT_UYVY_PACKED_422 => packed(1, 0, 2),
            Format::PIXEL_FORMAT_YVYU_PACKED_422 => packed(0, 3, 1),
            Format::PIXEL_FORMAT_VYUY_PACKED_422 => packed(1, 2, 0),
            _ => {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the pixel format {format} is not encoded; 1 and 2 (semi-planar 4:2:0) and 7 to \
                     10 (packed 4:2:2) are"
                ));
            }
        })
    }
}

/// Checks the rules of sizes and strides; returns the bytes of the picture.
fn check(picture: &PicDesc) -> Result<usize> {
    let source = Source::of(picture.format)?;
    let PicDesc {
        width,
        height,
        width_stride,
        height_stride,
        ..
    } = *picture;
    let (least, even_height) = match source {
        Source::Semi { .. } => (width, true),
        Source::Packed { .. } => (width.saturating_mul(2), false),
    };
    let sizes = SIDES.contains(&width)
        && SIDES.contains(&height)
        && width.is_multiple_of(2)
        && (height.is_multiple_of(2) || !even_height);
    if !sizes {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the picture to encode is {width}x{height}, wanted sides of 32 to 8192, the width even, \
             and for a semi-planar picture the height too"
        ));
    }
    let strides = width_stride.is_multiple_of(16)
        && width_stride >= least
        && (height_stride == height || height_stride == height.next_multiple_of(16));
    if !strides {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the picture to encode is {width}x{height} with strides {width_stride}x{height_stride}, \
             wanted a width stride of a multiple of 16 that is at least {least}, and a height \
             stride of {height} or {}",
            height.next_multiple_of(16)
        ));
    }
    let first = width_stride as usize * height_stride as usize;
    Ok(match source {
        Source::Semi { .. } => first + first / 2,
        Source::Packed { .. } => first,
    })
}

/// Checks a picture that is to be encoded; returns its bytes.
pub(crate) fn check_input(picture: &PicDesc) -> Result<usize> {
    let bytes = check(picture)?;
    if (picture.size as usize) < bytes {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the picture to encode has {} bytes of memory, wanted {bytes}",
            picture.size
        ));
    }
    Ok(bytes)
}

/// Returns a size that the file will not exceed.
pub(crate) fn predict(picture: &PicDesc) -> Result<u32> {
    check(picture)?;
    let pixels = picture.width.next_multiple_of(16) * picture.height.next_multiple_of(16);
    // 4:2:2 has two samples a pixel, and a sample at the best quality takes some 11 bits at most.
    Ok(2 * 2 * pixels + 2048)
}

/// The three planes of a file, of whole units of 16x16 pixels: the last samples are repeated.
fn planes(picture: &PicDesc, bytes: &[u8]) -> Result<([Vec<u8>; 3], u8)> {
    let source = Source::of(picture.format)?;
    let row = picture.width_stride as usize;
    let (width, height) = (picture.width as usize, picture.height as usize);
    let (wide, high) = (width.next_multiple_of(16), height.next_multiple_of(16));
    let plane = |width: usize,
                 height: usize,
                 wide: usize,
                 high: usize,
                 at: &dyn Fn(usize, usize) -> usize| {
        let mut plane = Vec::with_capacity(wide * high);
        for y in 0..high {
            let y = y.min(height - 1);
            plane.extend((0..wide).map(|x| bytes[at(x.min(width - 1), y)]));
        }
        plane
    };
    let luma = |at: &dyn Fn(usize, usize) -> usize| plane(width, height, wide, high, at);
    Ok(match source {
        Source::Semi { blue } => {
            let start = row * picture.height_stride as usize;
            let chroma = |offset: usize| {
                plane(width / 2, height / 2, wide / 2, high / 2, &|x, y| {
                    start + y * row + 2 * x + offset
                })
            };
            (
                [luma(&|x, y| y * row + x), chroma(blue), chroma(1 - blue)],
                2,
            )
        }
        Source::Packed {
            luma: first,
            blue,
            red,
        } => {
            let chroma = |offset: usize| {
                plane(width / 2, height, wide / 2, high, &|x, y| {
                    y * row + 4 * x + offset
                })
            };
            (
                [
                    luma(&|x, y| y * row + 2 * x + first),
                    chroma(blue),
                    chroma(red),
                ],
                1,
            )
        }
    })
}

/// Makes a file of a picture that was checked.
pub(crate) fn encode(picture: &PicDesc, bytes: &[u8], level: Level) -> Result<Vec<u8>> {
    let (planes, down) = planes(picture, bytes)?;
    let size = (picture.width as usize, picture.height as usize);
    // The encoder unwinds when it fails.
    std::panic::catch_unwind(|| compress(&planes, down, size, level))
        .unwrap_or_else(|_| Err(std::io::Error::other("the encoder gave up")))
        .map_err(|error| failed(&error))
}

fn failed(error: &std::io::Error) -> Failure {
    fail!(
        ACL_ERROR_INTERNAL_ERROR,
        "the picture could not be encoded: {error}"
    )
}

fn compress(
    planes: &[Vec<u8>; 3],
    down: u8,
    (width, height): (usize, usize),
    level: Level,
) -> std::io::Result<Vec<u8>> {
    let mut encoder = mozjpeg::Compress::new(mozjpeg::ColorSpace::JCS_YCbCr);
    encoder.set_fastest_defaults();
    encoder.set_size(width, height);
    encoder.set_quality(level.quality());
    encoder.set_optimize_coding(true);
    encoder.set_chroma_sampling_pixel_sizes((2, down), (2, down));
    encoder.set_raw_data_in(true);
    let mut started = encoder.start_compress(Vec::new())?;
    // The encoder takes whole blocks, of which it may want fewer than whole units have.
    let rows: Vec<Vec<u8>> = started
        .components()
        .iter()
        .zip(planes)
        .enumerate()
        .map(|(index, (component, plane))| {
            let width = if index == 0 {
                width.next_multiple_of(16)
            } else {
                width.next_multiple_of(16) / 2
            };
            let wanted = component.row_stride();
            plane
                .chunks_exact(width)
                .flat_map(|row| row[..wanted].iter().copied())
                .collect()
        })
        .collect();
    let rows: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
    if !started.write_raw_data(&rows) {
        return Err(std::io::Error::other("the encoder took no data"));
    }
    started.finish()
}
