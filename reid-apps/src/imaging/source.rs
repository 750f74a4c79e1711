//! Where a picture comes from.

use std::path::Path;

use super::{ImageError, Pixels, Preprocessor};

/// A picture: a file, the bytes of one, or pixels.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// An image file.
    File(&'a Path),
    /// The bytes of an image file.
    Bytes(&'a [u8]),
    /// Pixels.
    Pixels(Pixels<'a>),
}

impl Source<'_> {
    /// Turns the picture into `out` and `flip_out`, as [`Preprocessor::run_file`] does. In errors
    /// bytes are called `image in memory`, and pixels `pixels in memory`.
    ///
    /// # Errors
    /// [`ImageError`]. The slices are then as they were.
    pub fn run(
        &self,
        preprocessor: &mut Preprocessor,
        out: &mut [f32],
        flip_out: Option<&mut [f32]>,
    ) -> Result<(), ImageError> {
        match self {
            Self::File(path) => preprocessor.run_file(path, out, flip_out),
            Self::Bytes(bytes) => preprocessor.run_bytes(bytes, "image in memory", out, flip_out),
            Self::Pixels(pixels) => preprocessor
                .run_pixels(pixels, out, flip_out)
                .map_err(|problem| problem.of("pixels in memory")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::imaging::{BatchPreprocessor, PixelFormat, Recipe};

    #[test]
    fn a_picture_gives_the_same_numbers_as_file_as_bytes_and_as_pixels() {
        let pixels: Vec<u8> = (0..6 * 4 * 3).map(|n| n * 3).collect();
        let mut file = b"P6 6 4 255\n".to_vec();
        file.extend(&pixels);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ppm");
        std::fs::write(&path, &file).unwrap();
        let mut bgr = pixels.clone();
        bgr.chunks_exact_mut(3).for_each(|pixel| pixel.swap(0, 2));
        let of = |format, bytes| {
            Source::Pixels(Pixels {
                format,
                width: 6,
                height: 4,
                stride: 0,
                bytes,
            })
        };
        let sources = [
            Source::File(&path),
            Source::Bytes(&file),
            of(PixelFormat::Rgb, &pixels),
            of(PixelFormat::Bgr, &bgr),
            Source::Bytes(b"nothing"),
            of(PixelFormat::Rgb, &pixels[1..]),
        ];
        let batch = BatchPreprocessor::new(Recipe::DGNET_CONTENT);
        let length = batch.output_len();
        let (mut out, mut flip) = (vec![9.0; 6 * length], vec![9.0; 6 * length]);
        let done = batch
            .run_sources(&sources, &mut out, Some(&mut flip))
            .unwrap();
        for other in 1..4 {
            assert!(done[other].is_ok());
            for all in [&out, &flip] {
                assert!(all[..length] == all[other * length..][..length], "{other}");
            }
        }
        let names = [4, 5].map(|bad: usize| done[bad].as_ref().unwrap_err().to_string());
        assert!(names[0].starts_with("image in memory: "), "{}", names[0]);
        assert!(names[1].contains("found 71 bytes"), "{}", names[1]);
        assert!(out[4 * length..].iter().all(|value| *value == 0.0));
    }
}
