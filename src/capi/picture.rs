//! Pictures as C hands them over.

use std::ffi::{c_char, c_void};

use reid_apps::imaging::{PixelFormat, Pixels, Source};

use super::Status;
use super::error::{Failure, Result, fail};
use super::pointer::{slice, text};

/// A picture: a file, the bytes of one, or pixels.
///
/// Pictures of any size will do; they are scaled to what the model reads.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Picture {
    /// One of areid_picture_kind.
    pub kind: i32,
    /// Columns, for pixels.
    pub width: u32,
    /// Rows, for pixels.
    pub height: u32,
    /// 0.
    pub reserved: u32,
    /// Bytes from the beginning of a row to that of the next, for pixels; 0: rows without a gap.
    pub stride: usize,
    /// The path, the bytes or the pixels.
    pub data: *const c_void,
    /// How many bytes data has; for pixels at least up to the end of the last row.
    pub bytes: usize,
}

fn pixels<'a>(picture: &Picture, format: PixelFormat, bytes: &'a [u8]) -> Result<Source<'a>> {
    let side = |side: u32| usize::try_from(side).unwrap_or(usize::MAX);
    let pixels = Pixels {
        format,
        width: side(picture.width),
        height: side(picture.height),
        stride: picture.stride,
        bytes,
    };
    if pixels.bytes_wanted().is_none() && picture.height > 0 {
        let (height, stride) = (picture.height, picture.stride);
        let text = format!("{height} rows of stride {stride} are more than memory can hold");
        return fail(Status::Overflow, text);
    }
    Ok(Source::Pixels(pixels))
}

/// # Safety
/// `data` is readable as the kind says.
unsafe fn source<'a>(picture: &Picture) -> Result<Source<'a>> {
    let format = match picture.kind {
        0 => {
            // SAFETY: handed on from the caller.
            let path = unsafe { text("data", picture.data.cast::<c_char>()) }?;
            return Ok(Source::File(path.as_ref()));
        }
        1 => None,
        2 => Some(PixelFormat::Rgb),
        3 => Some(PixelFormat::Bgr),
        4 => Some(PixelFormat::Nv12),
        other => {
            let text = format!(
                "kind is {other}, want 0 (file), 1 (encoded), 2 (RGB), 3 (BGR) or 4 (NV12)"
            );
            return fail(Status::InvalidArgument, text);
        }
    };
    // SAFETY: handed on from the caller.
    let bytes = unsafe { slice("data", picture.data.cast::<u8>(), picture.bytes) }?;
    match format {
        Some(format) => pixels(picture, format, bytes),
        None => Ok(Source::Bytes(bytes)),
    }
}

/// Reads a list of pictures, which `what` names in errors.
///
/// # Safety
/// `pictures` is readable for `count`, and each as its kind says, for the length of the call.
pub(super) unsafe fn sources<'a>(
    what: &str,
    pictures: *const Picture,
    count: usize,
) -> Result<Vec<Source<'a>>> {
    // SAFETY: handed on from the caller.
    let pictures = unsafe { slice(what, pictures, count) }?;
    let each = pictures.iter().enumerate().map(|(index, picture)| {
        // SAFETY: handed on from the caller.
        unsafe { source(picture) }.map_err(|failure| Failure {
            text: format!("{what}[{index}]: {}", failure.text),
            ..failure
        })
    });
    each.collect()
}
