//! Decoding by content: JPEG, PNG, BMP, PNM.

mod bmp;
mod jpeg;
#[cfg(target_arch = "x86_64")]
mod jpeg_planes;
mod png;
mod pnm;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod upsample;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{ImageError, ImageProblem, RgbImage};

/// The most pixels that are decoded: twice the count at which Pillow warns, which is where it
/// refuses.
///
/// **Source**: Pillow 9.5, `Image.MAX_IMAGE_PIXELS`: a quarter of a GiB for RGB, doubled.
pub const MAX_PIXELS: usize = 178_956_970;

/// Decodes images into RGB bytes, and keeps its scratch memory between them.
///
/// One a thread.
#[derive(Debug, Default)]
pub struct Decoder {
    file: Vec<u8>,
    scratch: Vec<u8>,
}

impl Decoder {
    /// Makes a decoder without any memory yet.
    #[must_use]
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Decodes a file into `image`, whose memory is reused.
    ///
    /// # Errors
    ///
    /// [`ImageError`] with the path, what was found and what to do. `image` then holds no
    /// meaningful picture.
    pub fn decode_file(&mut self, path: &Path, image: &mut RgbImage) -> Result<(), ImageError> {
        self.file.clear();
        let read = File::open(path).and_then(|mut file| file.read_to_end(&mut self.file));
        read.map_err(ImageProblem::Read)
            .and_then(|_| decode(&self.file, &mut self.scratch, image))
            .map_err(|problem| problem.of(&path.display().to_string()))
    }

    /// Decodes bytes into `image`, whose memory is reused. `name` stands in errors.
    ///
    /// # Errors
    ///
    /// [`ImageError`] with `name`, what was found and what to do. `image` then holds no meaningful
    /// picture.
    pub fn decode_bytes(
        &mut self,
        bytes: &[u8],
        name: &str,
        image: &mut RgbImage,
    ) -> Result<(), ImageError> {
        decode(bytes, &mut self.scratch, image).map_err(|problem| problem.of(name))
    }
}

/// Decodes one file. In a loop, a [`Decoder`] saves the allocations.
///
/// # Errors
///
/// As [`Decoder::decode_file`].
pub fn decode_file(path: &Path) -> Result<RgbImage, ImageError> {
    let mut image = RgbImage::new();
    Decoder::new().decode_file(path, &mut image)?;
    Ok(image)
}

/// Decodes one image in memory; errors call it `image in memory`.
///
/// # Errors
///
/// As [`Decoder::decode_bytes`].
pub fn decode_bytes(bytes: &[u8]) -> Result<RgbImage, ImageError> {
    let mut image = RgbImage::new();
    Decoder::new().decode_bytes(bytes, "image in memory", &mut image)?;
    Ok(image)
}

fn decode(bytes: &[u8], scratch: &mut Vec<u8>, image: &mut RgbImage) -> Result<(), ImageProblem> {
    match bytes {
        [] => Err(ImageProblem::Empty),
        [0xff, 0xd8, 0xff, ..] => jpeg::decode(bytes, scratch, image),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => {
            png::decode(bytes, scratch, image)
        }
        [b'B', b'M', ..] => bmp::decode(bytes, image),
        [b'P', b'1'..=b'6', next, ..] if next.is_ascii_whitespace() || *next == b'#' => {
            pnm::decode(bytes, image)
        }
        _ => Err(unknown(bytes)),
    }
}

/// Says what a file of no supported kind is, as far as its first bytes tell.
fn unknown(bytes: &[u8]) -> ImageProblem {
    let named = match bytes {
        [b'G', b'I', b'F', b'8', ..] => Some("GIF"),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some("TIFF"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("WebP"),
        [0, 0, 0, 0x0c, b'j', b'P', ..] => Some("JPEG 2000"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("HEIF or AVIF"),
        _ => None,
    };
    if let Some(format) = named {
        return ImageProblem::Unsupported {
            format,
            found: "this kind of coding".to_owned(),
        };
    }
    let head = &bytes[..bytes.len().min(4)];
    let hex: Vec<String> = head.iter().map(|byte| format!("{byte:02x}")).collect();
    ImageProblem::NotAnImage {
        found: format!(
            "{} bytes {} (\"{}\")",
            head.len(),
            hex.join(" "),
            head.escape_ascii()
        ),
    }
}

/// Refuses what no memory should be asked for.
fn check_size(width: usize, height: usize) -> Result<(), ImageProblem> {
    match width.checked_mul(height) {
        Some(pixels) if pixels <= MAX_PIXELS => Ok(()),
        _ => Err(ImageProblem::TooLarge { width, height }),
    }
}

/// Spreads grey bytes over three channels. `rgb` is three times as long as `grey`.
fn spread_grey(grey: &[u8], rgb: &mut [u8]) {
    for (pixel, &level) in rgb.chunks_exact_mut(3).zip(grey) {
        pixel.fill(level);
    }
}

/// Reads the number of `bits` (1, 2, 4 or 8) at place `index` of a packed row, highest bits first.
fn packed(row: &[u8], bits: usize, index: usize) -> u8 {
    if bits == 8 {
        return row[index];
    }
    let per_byte = 8 / bits;
    let shift = (per_byte - 1 - index % per_byte) * bits;
    (row[index / per_byte] >> shift) & ((1 << bits) - 1)
}

/// A palette in which every index without an entry is that grey level, as Pillow's is.
fn grey_ramp() -> [[u8; 3]; 256] {
    std::array::from_fn(|level| [u8::try_from(level).expect("an index below 256 is a byte"); 3])
}
