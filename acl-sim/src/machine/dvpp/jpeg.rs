//! JPEG files: what they hold, and their pictures.

use acl_sys::{ACL_ERROR_UNSUPPORTED_JPEG, acldvppPixelFormat as Format};

use super::picture::{PicDesc, byte};
use crate::machine::failure::{Result, fail};

/// What the head of a file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: i32,
    /// How chroma is sampled, in the numbers of the interface: 0 is 4:4:4, 1 4:2:2, 2 4:2:0, 3 grey,
    /// 4 4:4:0, 5 4:1:1, 1000 anything else.
    pub(crate) sampling: u32,
}

fn bad(why: &str) -> crate::machine::failure::Failure {
    fail!(
        ACL_ERROR_UNSUPPORTED_JPEG,
        "the file is no JPEG that can be decoded: {why}"
    )
}

/// Reads the head of a file.
pub(crate) fn info(file: &[u8]) -> Result<Info> {
    let cut = || bad("it ends in its head");
    if file.get(..2) != Some(&[0xff, 0xd8]) {
        return Err(bad("it does not begin with FF D8"));
    }
    let mut at = 2;
    loop {
        // Markers may be padded with FF.
        while file.get(at + 1) == Some(&0xff) {
            at += 1;
        }
        let (&[start, marker], rest) = file
            .get(at..)
            .and_then(<[u8]>::split_first_chunk)
            .ok_or_else(cut)?;
        if start != 0xff {
            return Err(bad("a marker is missing"));
        }
        let &[high, low] = rest.first_chunk().ok_or_else(cut)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(2..length).ok_or_else(cut)?;
        // All frame headers, but for the tables C4 and CC and the extension C8.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return frame(segment).ok_or_else(cut);
        }
        at += 2 + length;
    }
}

fn frame(segment: &[u8]) -> Option<Info> {
    let &[_, h1, h0, w1, w0, components] = segment.first_chunk()?;
    let factors: Vec<u8> = segment
        .get(6..)?
        .chunks_exact(3)
        .map(|component| component[1])
        .collect();
    let sampling = match (components, factors.as_slice()) {
        (1, _) => 3,
        (3, [0x11, 0x11, 0x11]) => 0,
        (3, [0x21, 0x11, 0x11]) => 1,
        (3, [0x22, 0x11, 0x11]) => 2,
        (3, [0x12, 0x11, 0x11]) => 4,
        (3, [0x41, 0x11, 0x11]) => 5,
        _ => 1000,
    };
    Some(Info {
        width: u32::from(u16::from_be_bytes([w1, w0])),
        height: u32::from(u16::from_be_bytes([h1, h0])),
        components: i32::from(components),
        sampling,
    })
}

/// The strides of a decoded picture where the program gives none.
pub(crate) fn strides(info: Info, format: u32) -> (u32, u32) {
    let bytes = match Format(format) {
        Format::PIXEL_FORMAT_RGB_888 | Format::PIXEL_FORMAT_BGR_888 => 3,
        _ => 1,
    };
    (
        (info.width * bytes).next_multiple_of(128),
        info.height.next_multiple_of(16),
    )
}

/// Decodes a file into a picture whose description was checked.
pub(crate) fn decode(file: &[u8], picture: &PicDesc, target: &mut [u8]) -> Result<()> {
    // The decoder unwinds when a file is damaged.
    let pixels = std::panic::catch_unwind(|| pixels(file))
        .unwrap_or_else(|_| Err(std::io::Error::other("its data are damaged")))
        .map_err(|error| bad(&error.to_string()))?;
    let (width, height) = (picture.width as usize, picture.height as usize);
    if pixels.len() != width * height {
        return Err(bad("its data are not those of its head"));
    }
    let row = picture.width_stride as usize;
    match Format(picture.format) {
        Format::PIXEL_FORMAT_RGB_888 | Format::PIXEL_FORMAT_BGR_888 => {
            let swap = Format(picture.format) == Format::PIXEL_FORMAT_BGR_888;
            for (y, line) in pixels.chunks_exact(width).enumerate() {
                for (x, &ycc) in line.iter().enumerate() {
                    let mut rgb = rgb(ycc);
                    if swap {
                        rgb.reverse();
                    }
                    target[y * row + x * 3..][..3].copy_from_slice(&rgb);
                }
            }
        }
        format => {
            for (y, line) in pixels.chunks_exact(width).enumerate() {
                for (x, ycc) in line.iter().enumerate() {
                    target[y * row + x] = ycc[0];
                }
            }
            if format != Format::PIXEL_FORMAT_YUV_400 {
                let swap = format == Format::PIXEL_FORMAT_YVU_SEMIPLANAR_420;
                let start = row * picture.height_stride as usize;
                chroma(&pixels, (width, height), &mut target[start..], row, swap);
            }
        }
    }
    Ok(())
}

/// Writes the means of the chroma of 2x2 pixels, at the edges of those that are there.
fn chroma(
    pixels: &[[u8; 3]],
    (width, height): (usize, usize),
    target: &mut [u8],
    row: usize,
    swap: bool,
) {
    for y in 0..height.div_ceil(2) {
        for x in 0..width.div_ceil(2) {
            let (mut sum, mut count) = ([0_u32; 2], 0);
            for yy in 2 * y..(2 * y + 2).min(height) {
                for pixel in &pixels[yy * width..][2 * x..(2 * x + 2).min(width)] {
                    sum[0] += u32::from(pixel[1]);
                    sum[1] += u32::from(pixel[2]);
                    count += 1;
                }
            }
            let mut pair =
                sum.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX));
            if swap {
                pair.reverse();
            }
            target[y * row + 2 * x..][..2].copy_from_slice(&pair);
        }
    }
}

/// The pixels of a file as luma and two chroma.
fn pixels(file: &[u8]) -> std::io::Result<Vec<[u8; 3]>> {
    let decoder = mozjpeg::Decompress::new_mem(file)?;
    if decoder.color_space() == mozjpeg::ColorSpace::JCS_GRAYSCALE {
        let mut started = decoder.grayscale()?;
        let grey: Vec<u8> = started.read_scanlines()?;
        started.finish()?;
        return Ok(grey.into_iter().map(|luma| [luma, 128, 128]).collect());
    }
    let mut started = decoder.to_colorspace(mozjpeg::ColorSpace::JCS_YCbCr)?;
    let pixels = started.read_scanlines()?;
    started.finish()?;
    Ok(pixels)
}

/// Turns luma and chroma into red, green and blue, as JPEG has them.
fn rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [
        byte(y + 1.402 * cr),
        byte(y - 0.344_136 * cb - 0.714_136 * cr),
        byte(y + 1.772 * cb),
    ]
}
