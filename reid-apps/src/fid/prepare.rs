//! From an image file to what a feature network reads.

use std::path::Path;

use super::recipe::{Colours, FeatureRecipe, Layout, Resize, Rule};
use crate::imaging::{Decoder, ImageError, Resizer, RgbImage};

/// Decodes, resizes and normalises by a recipe. One a thread.
#[derive(Debug)]
pub(super) struct Preparer<'a> {
    recipe: &'a FeatureRecipe,
    decoder: Decoder,
    resizer: Resizer,
    image: RgbImage,
    resized: RgbImage,
    /// Pixels in units of bytes, `[height, width, 3]`.
    floats: Vec<f32>,
    floats_resized: Vec<f32>,
}

impl<'a> Preparer<'a> {
    pub(super) fn new(recipe: &'a FeatureRecipe) -> Self {
        Self {
            recipe,
            decoder: Decoder::new(),
            resizer: Resizer::new(),
            image: RgbImage::new(),
            resized: RgbImage::new(),
            floats: Vec::new(),
            floats_resized: Vec::new(),
        }
    }

    /// Turns a file into `out`, as long as the recipe says.
    pub(super) fn run(&mut self, path: &Path, out: &mut [f32]) -> Result<(), ImageError> {
        self.decoder.decode_file(path, &mut self.image)?;
        self.write(out);
        Ok(())
    }

    fn write(&mut self, out: &mut [f32]) {
        let (bytes, floats): (Vec<Resize>, Vec<Resize>) = self
            .recipe
            .resize
            .iter()
            .copied()
            .partition(|step| step.rule == Rule::PillowBicubic);
        for step in bytes {
            self.resizer
                .resize(&self.image, step.width, step.height, &mut self.resized);
            std::mem::swap(&mut self.image, &mut self.resized);
        }
        let mut size = (self.image.width(), self.image.height());
        self.floats.clear();
        self.floats
            .extend(self.image.bytes().iter().map(|byte| f32::from(*byte)));
        for step in floats {
            let to = (step.width, step.height);
            let half = if step.rule == Rule::Bilinear {
                0.5
            } else {
                0.0
            };
            bilinear(&self.floats, size, to, half, &mut self.floats_resized);
            std::mem::swap(&mut self.floats, &mut self.floats_resized);
            size = to;
        }
        self.normalise(out);
    }

    fn normalise(&self, out: &mut [f32]) {
        let FeatureRecipe {
            range: [low, high],
            mean,
            std,
            ..
        } = *self.recipe;
        let plane = self.recipe.height * self.recipe.width;
        for (at, pixel) in self.floats.as_chunks::<3>().0.iter().enumerate() {
            for channel in 0..3 {
                let value = match self.recipe.channels {
                    Colours::Rgb => pixel[channel],
                    Colours::Bgr => pixel[2 - channel],
                };
                let place = match self.recipe.layout {
                    Layout::Nchw => channel * plane + at,
                    Layout::Nhwc => at * 3 + channel,
                };
                out[place] = (low + value / 255.0 * (high - low) - mean[channel]) / std[channel];
            }
        }
    }
}

/// Two neighbours of a place, and how far it lies from the first to the second.
fn neighbours(from: usize, to: usize, half: f32) -> Vec<(usize, usize, f32)> {
    // Sides are below 2^24, so float32 holds them.
    let scale = from as f32 / to as f32;
    (0..to)
        .map(|place| {
            let at = ((place as f32 + half) * scale - half).max(0.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is not negative and below `from`"
            )]
            let first = (at as usize).min(from - 1);
            (first, (first + 1).min(from - 1), at - first as f32)
        })
        .collect()
}

fn bilinear(
    image: &[f32],
    (width, height): (usize, usize),
    to: (usize, usize),
    half: f32,
    out: &mut Vec<f32>,
) {
    let (across, down) = (
        neighbours(width, to.0, half),
        neighbours(height, to.1, half),
    );
    out.clear();
    for (upper, lower, below) in down {
        for &(left, right, aside) in &across {
            for channel in 0..3 {
                let pixel = |row: usize, column: usize| image[(row * width + column) * 3 + channel];
                let top = pixel(upper, left) + (pixel(upper, right) - pixel(upper, left)) * aside;
                let bottom =
                    pixel(lower, left) + (pixel(lower, right) - pixel(lower, left)) * aside;
                out.push(top + (bottom - top) * below);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Red levels of one row after a resize of `[0, 90]` to four columns.
    fn row(half: f32) -> Vec<f32> {
        let mut out = Vec::new();
        bilinear(
            &[0.0, 0.0, 0.0, 90.0, 0.0, 0.0],
            (2, 1),
            (4, 1),
            half,
            &mut out,
        );
        out.chunks(3).map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn both_bilinear_rules_read_where_their_programs_do() {
        assert_eq!(row(0.0), [0.0, 45.0, 90.0, 90.0]);
        assert_eq!(row(0.5), [0.0, 22.5, 67.5, 90.0]);
    }

    #[test]
    fn colours_axes_range_mean_and_std_go_where_the_recipe_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("two.ppm");
        std::fs::write(&path, b"P6 2 1 255\n\x00\x33\xff\xff\x00\x66").unwrap();
        let run = |text: &str| {
            let toml = folder.path().join("r.toml");
            std::fs::write(&toml, text).unwrap();
            let recipe = FeatureRecipe::read(&toml).unwrap();
            let mut out = vec![f32::NAN; recipe.len()];
            Preparer::new(&recipe).run(&path, &mut out).unwrap();
            out
        };
        assert_eq!(run("height = 1\nwidth = 2"), [0.0, 1.0, 0.2, 0.0, 1.0, 0.4]);
        let text = "height = 1\nwidth = 2\nlayout = 'nhwc'\nchannels = 'bgr'\nrange = [0, 255]\nmean = [55, 1, 0]\nstd = [2, 1, 1]";
        assert_eq!(run(text), [100.0, 50.0, 0.0, 23.5, -1.0, 255.0]);
        // The second resize sees the first's result.
        let text = "height = 1\nwidth = 4\n[[resize]]\nwidth = 2\nheight = 1\nrule = 'pillow-bicubic'\n[[resize]]\nwidth = 4\nheight = 1\nrule = 'tf1-bilinear'";
        assert_eq!(run(text)[..4], [0.0, 0.5, 1.0, 1.0]);
    }

    #[test]
    fn a_recipe_that_contradicts_itself_is_refused_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.toml");
        for (text, wanted) in [
            ("height = 1", "missing field `width`"),
            ("height = 1\nwidth = 0", "sides from 1"),
            (
                "height = 1\nwidth = 2\ncolour = 1",
                "unknown field `colour`",
            ),
            ("height = 1\nwidth = 2\nstd = [1, 0, 1]", "std is 0"),
            (
                "height = 1\nwidth = 2\n[[resize]]\nwidth = 3\nheight = 1\nrule = 'bilinear'",
                "last resize gives 3 x 1",
            ),
            (
                "height = 1\nwidth = 2\n[[resize]]\nwidth = 3\nheight = 1\nrule = 'bilinear'\n[[resize]]\nwidth = 2\nheight = 1\nrule = 'pillow-bicubic'",
                "before",
            ),
            (
                "height = 1\nwidth = 2\n[[resize]]\nwidth = 2\nheight = 1\nrule = 'nearest'",
                "unknown variant `nearest`",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = FeatureRecipe::read(&path).unwrap_err().to_string();
            assert!(
                error.contains("r.toml") && error.contains(wanted),
                "{text}: {error}"
            );
        }
    }
}
