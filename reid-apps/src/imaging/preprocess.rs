//! The whole way from a file to a network input.

use std::path::Path;

use super::fused::Fused;
use super::normalise::mirror;
use super::{
    Decoder, Flip, IMAGENET_MEAN, IMAGENET_STD, ImageError, ImageProblem, Normaliser, Pixels,
    Resizer, RgbImage,
};

/// Chooses the planes of the tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Channels {
    /// Three planes, R, G, B.
    Rgb,
    /// One plane, the mean of the three normalised ones.
    Grey,
}

/// Describes what a network wants to read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Planes.
    pub channels: Channels,
    /// Mean of R, G, B in units of 0..=1.
    pub mean: [f32; 3],
    /// Standard deviation of R, G, B in units of 0..=1.
    pub std: [f32; 3],
}

impl Recipe {
    /// MGN: `[3, 384, 128]`.
    pub const MGN: Recipe = Recipe {
        height: 384,
        width: 128,
        channels: Channels::Rgb,
        mean: IMAGENET_MEAN,
        std: IMAGENET_STD,
    };
    /// DG-Net, the image that gives the appearance: `[3, 256, 128]`.
    pub const DGNET_CONTENT: Recipe = Recipe {
        height: 256,
        ..Recipe::MGN
    };
    /// DG-Net, the image that gives the structure: `[1, 256, 128]`.
    pub const DGNET_STRUCTURE: Recipe = Recipe {
        channels: Channels::Grey,
        ..Recipe::DGNET_CONTENT
    };

    /// Returns how many numbers one image becomes.
    #[must_use]
    pub const fn output_len(&self) -> usize {
        let planes = match self.channels {
            Channels::Rgb => 3,
            Channels::Grey => 1,
        };
        planes * self.height * self.width
    }
}

/// Decodes, resizes and normalises, and keeps all scratch memory between images.
///
/// Where the processor has AVX2 and FMA, resize and normalise run fused, in vectors, with the same
/// bits; elsewhere, and for widths that are no multiple of 16, step by step.
///
/// One a thread. Images of the same size after the first allocate nothing here; the JPEG and PNG
/// decoders allocate their own small state.
#[derive(Debug)]
pub struct Preprocessor {
    recipe: Recipe,
    decoder: Decoder,
    resizer: Resizer,
    normaliser: Normaliser,
    fused: Option<Fused>,
    decoded: RgbImage,
    resized: RgbImage,
}

impl Preprocessor {
    /// Makes a preprocessor for a recipe.
    ///
    /// # Panics
    ///
    /// When a side of the recipe is 0.
    #[must_use]
    pub fn new(recipe: Recipe) -> Preprocessor {
        let mut preprocessor = Preprocessor::step_by_step(recipe);
        preprocessor.fused = Fused::new(recipe, &preprocessor.normaliser);
        preprocessor
    }

    /// Makes a preprocessor that never uses the fused path, for comparisons.
    ///
    /// # Panics
    ///
    /// When a side of the recipe is 0.
    #[must_use]
    pub fn step_by_step(recipe: Recipe) -> Preprocessor {
        assert!(
            recipe.output_len() > 0,
            "a recipe of {} x {}",
            recipe.height,
            recipe.width
        );
        Preprocessor {
            recipe,
            decoder: Decoder::new(),
            resizer: Resizer::new(),
            normaliser: Normaliser::new(recipe.mean, recipe.std),
            fused: None,
            decoded: RgbImage::new(),
            resized: RgbImage::new(),
        }
    }

    /// Makes a preprocessor for MGN, `[3, 384, 128]`.
    #[must_use]
    pub fn mgn() -> Preprocessor {
        Preprocessor::new(Recipe::MGN)
    }

    /// Returns how many numbers one image becomes.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.recipe.output_len()
    }

    /// Turns a file into `out`, `[planes, height, width]` float32, and its mirror image into
    /// `flip_out`. The file is read and decoded once for both.
    ///
    /// # Errors
    ///
    /// [`ImageError`] with the path, what was found and what to do. The slices are then as they
    /// were.
    pub fn run_file(
        &mut self,
        path: &Path,
        out: &mut [f32],
        flip_out: Option<&mut [f32]>,
    ) -> Result<(), ImageError> {
        self.check(out, flip_out.as_deref())
            .map_err(|problem| problem.of(&path.display().to_string()))?;
        self.decoder.decode_file(path, &mut self.decoded)?;
        self.write_decoded(out, flip_out);
        Ok(())
    }

    /// Turns the bytes of a file into `out` and `flip_out`, as [`Preprocessor::run_file`] does.
    /// `name` stands in errors.
    ///
    /// # Errors
    ///
    /// As [`Preprocessor::run_file`].
    pub fn run_bytes(
        &mut self,
        bytes: &[u8],
        name: &str,
        out: &mut [f32],
        flip_out: Option<&mut [f32]>,
    ) -> Result<(), ImageError> {
        self.check(out, flip_out.as_deref())
            .map_err(|problem| problem.of(name))?;
        self.decoder.decode_bytes(bytes, name, &mut self.decoded)?;
        self.write_decoded(out, flip_out);
        Ok(())
    }

    /// Turns an image that is decoded already into `out` and `flip_out`.
    ///
    /// # Errors
    ///
    /// [`ImageProblem::OutputLength`].
    pub fn run_image(
        &mut self,
        image: &RgbImage,
        out: &mut [f32],
        flip_out: Option<&mut [f32]>,
    ) -> Result<(), ImageProblem> {
        self.check(out, flip_out.as_deref())?;
        self.write(image, out, flip_out);
        Ok(())
    }

    /// Turns pixels into `out` and `flip_out`.
    ///
    /// # Errors
    ///
    /// [`ImageProblem::OutputLength`], and as [`Pixels::copy_to`]. The slices are then as they were.
    pub fn run_pixels(
        &mut self,
        pixels: &Pixels<'_>,
        out: &mut [f32],
        flip_out: Option<&mut [f32]>,
    ) -> Result<(), ImageProblem> {
        self.check(out, flip_out.as_deref())?;
        pixels.copy_to(&mut self.decoded)?;
        self.write_decoded(out, flip_out);
        Ok(())
    }

    /// Returns the last image as it was decoded.
    #[must_use]
    pub fn decoded(&self) -> &RgbImage {
        &self.decoded
    }

    /// Resizes the last decoded image alone, as bytes. The tensors are made without this step where
    /// the fused path is.
    ///
    /// # Panics
    ///
    /// When nothing has been decoded yet.
    #[must_use]
    pub fn resized(&self) -> RgbImage {
        let mut resized = RgbImage::new();
        let (width, height) = (self.recipe.width, self.recipe.height);
        Resizer::new().resize(&self.decoded, width, height, &mut resized);
        resized
    }

    fn check(&self, out: &[f32], flip_out: Option<&[f32]>) -> Result<(), ImageProblem> {
        let wanted = self.output_len();
        for found in [Some(out.len()), flip_out.map(<[f32]>::len)]
            .into_iter()
            .flatten()
        {
            if found != wanted {
                return Err(ImageProblem::OutputLength { found, wanted });
            }
        }
        Ok(())
    }

    fn write_decoded(&mut self, out: &mut [f32], flip_out: Option<&mut [f32]>) {
        // Lent out, so that the scratch memory beside it can change.
        let decoded = std::mem::take(&mut self.decoded);
        self.write(&decoded, out, flip_out);
        self.decoded = decoded;
    }

    fn write(&mut self, image: &RgbImage, out: &mut [f32], flip_out: Option<&mut [f32]>) {
        if let Some(fused) = &mut self.fused {
            fused.write(image, out, flip_out);
            return;
        }
        let (width, height) = (self.recipe.width, self.recipe.height);
        self.resizer.resize(image, width, height, &mut self.resized);
        self.normalise(out, flip_out);
    }

    fn normalise(&self, out: &mut [f32], flip_out: Option<&mut [f32]>) {
        match self.recipe.channels {
            Channels::Rgb => self.normaliser.write(&self.resized, Flip::None, out),
            Channels::Grey => self.normaliser.write_grey(&self.resized, Flip::None, out),
        }
        if let Some(flip_out) = flip_out {
            mirror(out, self.recipe.width, flip_out);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const FILE: &[u8] = b"P6 2 1 255\n\x00\x00\x00\xff\xff\xff";

    #[test]
    fn the_flip_is_the_mirror_of_the_plain_tensor() {
        let mut preprocessor = Preprocessor::mgn();
        let mut plain = vec![0.0; preprocessor.output_len()];
        let mut flip = plain.clone();
        preprocessor
            .run_bytes(FILE, "two pixels", &mut plain, Some(&mut flip))
            .unwrap();
        assert!(plain[0] < 0.0 && plain[127] > 0.0);
        for (row, mirrored) in plain.chunks(128).zip(flip.chunks(128)) {
            assert!(row.iter().eq(mirrored.iter().rev()));
        }
    }

    #[test]
    fn a_slice_of_another_length_is_refused_and_left_alone() {
        let mut preprocessor = Preprocessor::new(Recipe::DGNET_STRUCTURE);
        let wanted = preprocessor.output_len();
        assert_eq!(wanted, 256 * 128);
        let (mut right, mut wrong) = (vec![7.0; wanted], vec![7.0; wanted - 1]);
        for text in [
            preprocessor
                .run_bytes(FILE, "x", &mut wrong, None)
                .unwrap_err()
                .to_string(),
            preprocessor
                .run_bytes(FILE, "x", &mut right, Some(&mut wrong))
                .unwrap_err()
                .to_string(),
        ] {
            assert!(
                text.contains("room for 32767") && text.contains("writes 32768"),
                "{text}"
            );
        }
        assert!(right.iter().chain(&wrong).all(|&value| value == 7.0));
    }

    #[test]
    fn an_image_that_fails_leaves_the_slices_alone() {
        let mut preprocessor = Preprocessor::mgn();
        let mut out = vec![7.0; preprocessor.output_len()];
        preprocessor
            .run_bytes(b"nothing", "x", &mut out, None)
            .unwrap_err();
        assert!(out.iter().all(|&value| value == 7.0));
    }
}
