//! What a feature network wants to read, as a TOML file beside it tells.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FidError;

/// Chooses how a picture is brought to another size. The aspect ratio is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Pillow's bicubic on bytes, see [`crate::imaging::Resizer`]; only before other rules.
    PillowBicubic,
    /// Linear between two neighbours a side, in float32, the first pixels' corners on each other:
    /// place `i` reads at `i * from / to`. What TensorFlow 1 and the 2015 Inception graph do.
    Tf1Bilinear,
    /// Linear between two neighbours a side, in float32, pixels' middles on each other: place `i`
    /// reads at `(i + 0.5) * from / to - 0.5`. What torch does with `align_corners=False`.
    Bilinear,
}

/// One resize.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resize {
    /// Columns afterwards.
    pub width: usize,
    /// Rows afterwards.
    pub height: usize,
    /// How.
    pub rule: Rule,
}

/// Chooses the order of the tensor's axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Images, planes, rows, columns.
    #[default]
    Nchw,
    /// Images, rows, columns, channels.
    Nhwc,
}

/// Chooses the order of the colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colours {
    /// Red first.
    #[default]
    Rgb,
    /// Blue first.
    Bgr,
}

/// Describes what a feature network wants to read.
///
/// Byte `u` of a channel becomes `(range[0] + u / 255 * (range[1] - range[0]) - mean) / std`, in
/// float32, where `u` need not be whole after a bilinear resize.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureRecipe {
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Order of the axes.
    #[serde(default)]
    pub layout: Layout,
    /// Order of the colours.
    #[serde(default)]
    pub channels: Colours,
    /// What bytes 0 and 255 become before mean and std.
    #[serde(default = "unit")]
    pub range: [f32; 2],
    /// Subtracted, in the tensor's order of colours.
    #[serde(default)]
    pub mean: [f32; 3],
    /// Divided by, in the tensor's order of colours.
    #[serde(default = "ones")]
    pub std: [f32; 3],
    /// The output with the features; the first one if it is not named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The resizes, one after the other; without any, Pillow's bicubic to the input's size.
    #[serde(default)]
    pub resize: Vec<Resize>,
}

fn unit() -> [f32; 2] {
    [0.0, 1.0]
}

fn ones() -> [f32; 3] {
    [1.0; 3]
}

/// The longest side that a recipe may ask for.
const LARGEST: usize = 8192;

impl FeatureRecipe {
    /// Returns where the recipe of a model lies: beside it, `.toml` in place of `.om`.
    #[must_use]
    pub fn beside(model: &Path) -> PathBuf {
        model.with_extension("toml")
    }

    /// Reads a recipe.
    ///
    /// # Errors
    ///
    /// [`FidError::Io`]; [`FidError::File`], which says what is missing or unknown, and where.
    pub fn read(path: &Path) -> Result<Self, FidError> {
        let text = fs::read_to_string(path).map_err(|source| {
            FidError::file(path, format!("{source}; a feature model needs a recipe: a TOML file with height, width, range, mean, std and resize (or name one by --recipe)"))
        })?;
        let recipe: Self = toml::from_str(&text).map_err(|error| {
            FidError::file(path, format!("no recipe of a feature model: {error}"))
        })?;
        recipe
            .checked()
            .map_err(|problem| FidError::file(path, problem))
    }

    /// Fills in the resize that is meant where none is given, and checks the numbers.
    fn checked(mut self) -> Result<Self, String> {
        if self.resize.is_empty() {
            let (width, height) = (self.width, self.height);
            self.resize.push(Resize {
                width,
                height,
                rule: Rule::PillowBicubic,
            });
        }
        for (what, width, height) in std::iter::once(("the input", self.width, self.height)).chain(
            self.resize
                .iter()
                .map(|step| ("a resize", step.width, step.height)),
        ) {
            if width.min(height) == 0 || width.max(height) > LARGEST {
                return Err(format!(
                    "{what} of {width} x {height}, wanted sides from 1 to {LARGEST}"
                ));
            }
        }
        let last = self.resize[self.resize.len() - 1];
        if (last.width, last.height) != (self.width, self.height) {
            return Err(format!(
                "the last resize gives {} x {} (width x height), wanted the input's {} x {}",
                last.width, last.height, self.width, self.height
            ));
        }
        if !self
            .resize
            .is_sorted_by_key(|step| step.rule != Rule::PillowBicubic)
        {
            return Err(
                "pillow-bicubic after a bilinear resize, wanted it before: it works on bytes"
                    .to_owned(),
            );
        }
        let numbers = self.range.iter().chain(&self.mean).chain(&self.std);
        if numbers.clone().any(|number| !number.is_finite()) || self.std.contains(&0.0) {
            return Err(
                "range, mean or std is not finite, or std is 0; wanted numbers to normalise with"
                    .to_owned(),
            );
        }
        Ok(self)
    }

    /// Puts TTUR's first resize, Pillow's bicubic to 128 x 256, before the others.
    #[must_use]
    pub fn like_ttur(mut self) -> Self {
        let first = Resize {
            width: 128,
            height: 256,
            rule: Rule::PillowBicubic,
        };
        if self.resize.first() != Some(&first) {
            self.resize.insert(0, first);
        }
        self
    }

    /// Returns how many numbers one image becomes.
    #[must_use]
    pub fn len(&self) -> usize {
        3 * self.height * self.width
    }

    /// Tells whether an image becomes no numbers, which no recipe that was read does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::PillowBicubic => "pillow-bicubic",
            Self::Tf1Bilinear => "tf1-bilinear",
            Self::Bilinear => "bilinear",
        })
    }
}
