//! What the models are asked with: given images, or drawn ones.

use std::path::PathBuf;

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use super::subject::{Port, VerifyError};
use crate::imaging::{
    Channels, Flip, IMAGENET_MEAN, IMAGENET_STD, Normaliser, Preprocessor, Recipe, RgbImage,
};

/// Rows for each input, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// How many.
    pub count: usize,
    /// For each input `count` rows of its size.
    pub inputs: Vec<Vec<f32>>,
}

impl Rows {
    /// Prepares image files: inputs of three planes get the image, those of one plane the grey of the next image, so
    /// that two inputs never show the same.
    ///
    /// # Errors
    /// [`VerifyError`] for an image that cannot be read, and for inputs that are no images.
    pub fn of_files(ports: &[Port], files: &[PathBuf]) -> Result<Self, VerifyError> {
        let mut inputs = Vec::new();
        for (place, port) in ports.iter().enumerate() {
            let recipe = recipe(port).ok_or_else(|| VerifyError::NoImage {
                input: port.name.clone(),
                dims: port.row.clone(),
            })?;
            let mut preprocessor = Preprocessor::new(recipe);
            let size = recipe.output_len();
            let mut rows = vec![0.0; size * files.len()];
            for (i, row) in rows.chunks_mut(size).enumerate() {
                let file = &files[(i + shift(ports, place)) % files.len()];
                preprocessor.run_file(file, row, None)?;
            }
            inputs.push(rows);
        }
        Ok(Self {
            count: files.len(),
            inputs,
        })
    }

    /// Draws rows: images of blocks, slopes and grain for inputs that are images, noise for others.
    #[must_use]
    pub fn drawn(ports: &[Port], count: usize, seed: u64) -> Self {
        let mut inputs = Vec::new();
        for (place, port) in ports.iter().enumerate() {
            let size = port.numbers();
            let mut rows = vec![0.0; size * count];
            let recipe = recipe(port);
            for (i, row) in rows.chunks_mut(size.max(1)).enumerate() {
                let number = (i + shift(ports, place)) % count;
                let stream = seed.wrapping_mul(0x9e37_79b9).wrapping_add(number as u64);
                let mut random = Pcg64Mcg::seed_from_u64(stream);
                match recipe {
                    Some(recipe) => {
                        let picture = picture(recipe.height, recipe.width, &mut random);
                        let normaliser = Normaliser::new(recipe.mean, recipe.std);
                        match recipe.channels {
                            Channels::Rgb => normaliser.write(&picture, Flip::None, row),
                            Channels::Grey => normaliser.write_grey(&picture, Flip::None, row),
                        }
                    }
                    None => row
                        .iter_mut()
                        .for_each(|v| *v = random.random_range(-1.0..1.0)),
                }
            }
            inputs.push(rows);
        }
        Self { count, inputs }
    }

    /// The same rows in reverse order.
    pub(super) fn reversed(&self) -> Self {
        let inputs = self.inputs.iter().map(|rows| reversed(rows, self.count));
        Self {
            count: self.count,
            inputs: inputs.collect(),
        }
    }

    /// The same rows, those of one input moved on by one.
    pub(super) fn moved(&self, input: usize) -> Self {
        let mut moved = self.clone();
        if let Some(rows) = moved.inputs.get_mut(input) {
            let size = rows.len() / self.count.max(1);
            rows.rotate_left(size);
        }
        moved
    }

    /// Each image mirrored from left to right.
    pub(super) fn mirrored(&self, ports: &[Port]) -> Self {
        let mut mirrored = self.clone();
        for (rows, port) in mirrored.inputs.iter_mut().zip(ports) {
            if let Some(recipe) = recipe(port) {
                rows.chunks_mut(recipe.width).for_each(<[f32]>::reverse);
            }
        }
        mirrored
    }
}

/// Puts `count` rows in reverse order.
pub(super) fn reversed(rows: &[f32], count: usize) -> Vec<f32> {
    let size = (rows.len() / count.max(1)).max(1);
    rows.chunks(size).rev().flatten().copied().collect()
}

/// Inputs behind the first that are images show the next image.
fn shift(ports: &[Port], place: usize) -> usize {
    usize::from(ports.len() > 1 && place == 0)
}

/// How an input is prepared, if it is an image.
pub(super) fn recipe(port: &Port) -> Option<Recipe> {
    let (channels, &[height, width]) = match port.row.as_slice() {
        [3, size @ ..] => (Channels::Rgb, <&[usize; 2]>::try_from(size).ok()?),
        [1, size @ ..] => (Channels::Grey, <&[usize; 2]>::try_from(size).ok()?),
        _ => return None,
    };
    // Smaller ones are vectors that happen to have three dims.
    (height >= 8 && width >= 8).then_some(Recipe {
        height,
        width,
        channels,
        mean: IMAGENET_MEAN,
        std: IMAGENET_STD,
    })
}

/// Draws a background with a slope, a body of four blocks, and grain.
fn picture(height: usize, width: usize, random: &mut Pcg64Mcg) -> RgbImage {
    let colours: [[f32; 3]; 5] =
        std::array::from_fn(|_| std::array::from_fn(|_| random.random_range(20.0..235.0)));
    let slope: [f32; 2] = std::array::from_fn(|_| random.random_range(-60.0..60.0));
    let left = random.random_range(0..width / 3 + 1);
    let right = random.random_range(2 * width / 3..width + 1);
    let top = random.random_range(0..height / 6 + 1);
    let mut bytes = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        for x in 0..width {
            let (v, u) = (y as f32 / height as f32, x as f32 / width as f32);
            let body = (left..right).contains(&x) && y >= top;
            let colour = colours[if body { 1 + 4 * y / height.max(1) } else { 0 }];
            let light =
                slope[0] * (v - 0.5) + slope[1] * (u - 0.5) + random.random_range(-12.0..12.0);
            // Casts of floats to bytes saturate.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            bytes.extend(colour.map(|c| (c + light) as u8));
        }
    }
    RgbImage::from_bytes(width, height, bytes).unwrap_or_default()
}
