//! PNG files: what they hold, and their pictures.
//!
//! # The simulator's own choices
//!
//! A file with 16 bits a channel loses the low 8; a palette becomes its colours; a colour that a
//! file names as transparent stays what it is, because only files with an alpha channel have alpha.
//! The number of components is that of the file's colour type, 3 for a palette. A file that is
//! damaged is 100006.

use acl_sys::{ACL_ERROR_INVALID_PARAM, ACL_ERROR_PARSE_FILE, acldvppPixelFormat as Format};
use png::{ColorType, Transformations};

use super::channel::Channel;
use super::layout::Layout;
use super::picture::PicDesc;
use crate::machine::failure::{Failure, Result, fail};

/// The sides of a picture that can be decoded.
const SIDES: std::ops::RangeInclusive<u32> = 32..=4096;

/// What the head of a file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: i32,
    alpha: bool,
}

fn bad(why: &dyn std::fmt::Display) -> Failure {
    fail!(
        ACL_ERROR_PARSE_FILE,
        "the file is no PNG that can be decoded: {why}"
    )
}

type Reader<'a> = png::Reader<std::io::Cursor<&'a [u8]>>;

fn open(file: &[u8]) -> Result<(Reader<'_>, Info)> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let reader = decoder.read_info().map_err(|error| bad(&error))?;
    let head = reader.info();
    let (components, alpha) = match head.color_type {
        ColorType::Grayscale => (1, false),
        ColorType::GrayscaleAlpha => (2, true),
        ColorType::Rgb | ColorType::Indexed => (3, false),
        ColorType::Rgba => (4, true),
    };
    let info = Info {
        width: head.width,
        height: head.height,
        components,
        alpha,
    };
    Ok((reader, info))
}

/// Reads the head of a file.
pub(crate) fn info(file: &[u8]) -> Result<Info> {
    open(file).map(|(_, info)| info)
}

/// Checks that a file can be decoded to a format; returns the format itself where the program leaves
/// it to the file.
fn output(info: Info, format: u32) -> Result<u32> {
    if !SIDES.contains(&info.width) || !SIDES.contains(&info.height) {
        return Err(bad(&format_args!(
            "it is {}x{}, wanted sides of 32 to 4096",
            info.width, info.height
        )));
    }
    match (Format(format), info.alpha) {
        (Format::PIXEL_FORMAT_UNKNOWN, false) => Ok(Format::PIXEL_FORMAT_RGB_888.0),
        (Format::PIXEL_FORMAT_UNKNOWN, true) => Ok(Format::PIXEL_FORMAT_RGBA_8888.0),
        (Format::PIXEL_FORMAT_RGB_888, _) | (Format::PIXEL_FORMAT_RGBA_8888, true) => Ok(format),
        (Format::PIXEL_FORMAT_RGBA_8888, false) => Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the file has no alpha: ask for the pixel format 12 (RGB), or 10000 for the file's own"
        )),
        _ => Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "a PNG is not decoded to the pixel format {format}, but to 12 (RGB), 16 (RGBA) or 10000 \
             (the file's own)"
        )),
    }
}

/// Returns how many bytes the picture needs.
pub(crate) fn predict(file: &[u8], format: u32) -> Result<u32> {
    let info = info(file)?;
    Layout::of(output(info, format)?)?.predict(info.width, info.height)
}

/// Decodes a file into the memory of a description; returns the completed description.
pub(crate) fn decode(
    file: &[u8],
    given: &PicDesc,
    channel: &Channel,
    target: &mut [u8],
) -> Result<PicDesc> {
    let (mut reader, info) = open(file)?;
    let format = output(info, given.format)?;
    channel.check_size(info.width, info.height)?;
    let layout = Layout::of(format)?;
    let found = layout.describe(given, format, [info.width, info.height])?;
    let size = reader
        .output_buffer_size()
        .ok_or_else(|| bad(&"its picture is too large"))?;
    let mut pixels = vec![0; size];
    let frame = reader
        .next_frame(&mut pixels)
        .map_err(|error| bad(&error))?;
    reader.finish().map_err(|error| bad(&error))?;
    let (from, to) = (frame.color_type.samples(), layout.bytes_across() as usize);
    let (width, row) = (found.width as usize, found.width_stride as usize);
    let lines = pixels
        .chunks_exact(frame.line_size)
        .zip(target.chunks_mut(row));
    for (line, out) in lines {
        for (pixel, out) in line
            .chunks_exact(from)
            .zip(out.chunks_exact_mut(to))
            .take(width)
        {
            let rgba = match *pixel {
                [grey] => [grey, grey, grey, 255],
                [grey, alpha] => [grey, grey, grey, alpha],
                [r, g, b] => [r, g, b, 255],
                [r, g, b, alpha, ..] => [r, g, b, alpha],
                [] => continue,
            };
            out.copy_from_slice(&rgba[..to]);
        }
    }
    Ok(found)
}
