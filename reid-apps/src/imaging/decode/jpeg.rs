//! JPEG by libjpeg-turbo's decoder, as the crate `mozjpeg` carries it.
//!
//! Two things need care. libjpeg ends in a callback that must not return: it unwinds from there,
//! and the unwinding is caught here. And libjpeg *repairs*: at the end of the input it makes up an
//! end marker and leaves the rest of the picture grey, with no more than a warning. So the source
//! notes when it is asked for bytes it does not have, and the error manager counts warnings; both
//! end the decoding. The reference's source suspends instead of making up a marker, and so refuses
//! the same files.

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_int;
use std::io::{self, BufRead, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;

use mozjpeg::decompress::DecompressBuilder;
use mozjpeg::{ColorSpace, DctMethod, Decompress};
use mozjpeg_sys::{jpeg_common_struct, jpeg_error_mgr};

use super::{check_size, spread_grey};
use crate::imaging::{ImageProblem, RgbImage};

const FORMAT: &str = "JPEG";

thread_local! {
    /// Warnings of the image that this thread is decoding. The callback has no other safe place.
    pub(super) static WARNINGS: Cell<usize> = const { Cell::new(0) };
}

/// The payload of the unwinding out of libjpeg's fatal error.
struct Fatal;

/// The file's bytes, with a note of whether more were asked for than there are.
pub(super) struct Source<'a> {
    pub(super) rest: &'a [u8],
    pub(super) ended: &'a Cell<bool>,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.rest.read(buffer)
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.rest.is_empty() {
            self.ended.set(true);
        }
        Ok(self.rest)
    }

    fn consume(&mut self, count: usize) {
        self.rest = &self.rest[count..];
    }
}

/// Decodes a JPEG; `row` is scratch for rows that are not RGB.
pub(super) fn decode(
    bytes: &[u8],
    row: &mut Vec<u8>,
    image: &mut RgbImage,
) -> Result<(), ImageProblem> {
    #[cfg(target_arch = "x86_64")]
    if super::jpeg_planes::decode(bytes, row, image) {
        return Ok(());
    }
    decode_rows(bytes, row, image)
}

/// Decodes a JPEG of any kind by libjpeg alone, and says what is wrong with it.
pub(super) fn decode_rows(
    bytes: &[u8],
    row: &mut Vec<u8>,
    image: &mut RgbImage,
) -> Result<(), ImageProblem> {
    let ended = Cell::new(false);
    WARNINGS.set(0);
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        let builder = DecompressBuilder::new().with_err(counting_manager());
        rows(
            builder,
            Source {
                rest: bytes,
                ended: &ended,
            },
            row,
            image,
        )
    }));
    match attempt {
        Ok(result) => result,
        Err(_) if ended.get() => Err(truncated("ends inside a segment".to_owned())),
        Err(_) => Err(explain(bytes, row, image)),
    }
}

/// Reads all rows. Unwinds out of libjpeg's fatal errors.
fn rows(
    builder: DecompressBuilder<'_>,
    source: Source<'_>,
    row: &mut Vec<u8>,
    image: &mut RgbImage,
) -> Result<(), ImageProblem> {
    let ended = source.ended;
    let mut header = match builder.from_reader(source) {
        Ok(header) => header,
        Err(_) if ended.get() => {
            return Err(truncated("ends before the picture begins".to_owned()));
        }
        Err(error) => return Err(corrupt(error.to_string())),
    };
    if ended.get() {
        return Err(truncated("ends inside the header".to_owned()));
    }
    let (width, height) = header.size();
    check_size(width, height)?;
    // A warning about the header (an unknown JFIF version) says nothing about the pixels.
    WARNINGS.set(0);
    header.dct_method(DctMethod::IntegerSlow);
    header.do_fancy_upsampling(true);
    let (space, channels) = match header.components().len() {
        1 => (ColorSpace::JCS_GRAYSCALE, 1),
        3 => (ColorSpace::JCS_RGB, 3),
        4 => (ColorSpace::JCS_CMYK, 4),
        other => {
            let found = format!("{other} channels");
            return Err(ImageProblem::Unsupported {
                format: FORMAT,
                found,
            });
        }
    };
    // Of a progressive file this reads everything, so the checks begin here.
    let mut started = header
        .to_colorspace(space)
        .map_err(|error| corrupt(error.to_string()))?;
    check(ended, 0, height)?;
    let pixels = image.reshape(width, height);
    row.resize(width * channels, 0);
    for (index, target) in pixels.chunks_exact_mut(width * 3).enumerate() {
        let place = if channels == 3 {
            &mut *target
        } else {
            &mut row[..]
        };
        started
            .read_scanlines_into(place)
            .map_err(|error| corrupt(error.to_string()))?;
        check(ended, index, height)?;
        match channels {
            1 => spread_grey(row, target),
            4 => convert_cmyk(row, target),
            _ => {}
        }
    }
    // Reads on to the end marker. Damage that shortened the picture shows only here, as bytes left
    // over; a missing end marker does not matter once all rows are there.
    let _ = started.finish();
    if !ended.get() && WARNINGS.get() > 0 {
        return Err(corrupt("bytes left over after the last row".to_owned()));
    }
    Ok(())
}

fn check(ended: &Cell<bool>, rows: usize, height: usize) -> Result<(), ImageProblem> {
    if ended.get() {
        Err(truncated(format!("{rows} of {height} rows")))
    } else if WARNINGS.get() > 0 {
        Err(corrupt(format!(
            "damaged data after {rows} of {height} rows"
        )))
    } else {
        Ok(())
    }
}

/// Converts one row of CMYK as Adobe stores it, inverted.
///
/// **Source**: Pillow's `cmyk2rgb`, as the reference run shows it: with k = 255 - K, each of R, G,
/// B is `clamp(k - mul255(C, k))`, where `mul255(a, b)` is a * b / 255 rounded.
fn convert_cmyk(cmyk: &[u8], rgb: &mut [u8]) {
    for (target, stored) in rgb.chunks_exact_mut(3).zip(cmyk.chunks_exact(4)) {
        let k = i32::from(stored[3]);
        for (channel, &ink) in target.iter_mut().zip(stored) {
            let t = (255 - i32::from(ink)) * k + 128;
            let level = k - (((t >> 8) + t) >> 8);
            *channel = u8::try_from(level.clamp(0, 255)).expect("clamped to a byte");
        }
    }
}

/// Makes the error manager that counts warnings. It never formats: [`explain`] does, when needed.
pub(super) fn counting_manager() -> jpeg_error_mgr {
    jpeg_error_mgr {
        error_exit: Some(unwind),
        emit_message: Some(count),
        output_message: Some(ignore),
        format_message: Some(ignore_text),
        reset_error_mgr: Some(ignore),
        msg_code: 0,
        msg_parm: Default::default(),
        trace_level: 0,
        num_warnings: 0,
        jpeg_message_table: ptr::null(),
        last_jpeg_message: 0,
        addon_message_table: ptr::null(),
        first_addon_message: 0,
        last_addon_message: 0,
    }
}

extern "C-unwind" fn unwind(_: &mut jpeg_common_struct) {
    resume_unwind(Box::new(Fatal));
}

extern "C-unwind" fn count(_: &mut jpeg_common_struct, level: c_int) {
    // libjpeg's convention: -1 is a warning, 0 and above are traces.
    if level < 0 {
        WARNINGS.set(WARNINGS.get() + 1);
    }
}

extern "C-unwind" fn ignore(_: &mut jpeg_common_struct) {}

extern "C-unwind" fn ignore_text(_: &mut jpeg_common_struct, _: &[u8; 80]) {}

/// Decodes once more with mozjpeg's own error manager, which knows libjpeg's texts. Only after a
/// fatal error, so the second run costs nothing that matters.
fn explain(bytes: &[u8], row: &mut Vec<u8>, image: &mut RgbImage) -> ImageProblem {
    let ended = Cell::new(false);
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        rows(
            Decompress::builder(),
            Source {
                rest: bytes,
                ended: &ended,
            },
            row,
            image,
        )
    }));
    match attempt {
        Ok(Err(problem)) => problem,
        Ok(Ok(())) => corrupt("libjpeg gave up".to_owned()),
        Err(payload) => corrupt(text_of(payload.as_ref())),
    }
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = match (
        payload.downcast_ref::<String>(),
        payload.downcast_ref::<&str>(),
    ) {
        (Some(text), _) => text.as_str(),
        (None, Some(text)) => text,
        (None, None) => "libjpeg gave up",
    };
    text.trim_start_matches("libjpeg fatal error: ").to_owned()
}

fn truncated(found: String) -> ImageProblem {
    ImageProblem::Truncated {
        format: FORMAT,
        found,
    }
}

fn corrupt(found: String) -> ImageProblem {
    ImageProblem::Corrupt {
        format: FORMAT,
        found,
    }
}
