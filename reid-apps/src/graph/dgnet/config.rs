use super::error::DgnetError;
use super::layers::{Layers, Need};
use super::weights::Weights;
use crate::graph::mgn::Parameter;
use crate::graph::onnx::Batch;

/// How wide the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    /// Channels after the structure encoder's first convolution; 16 published. The structure code
    /// has eight times as many, and so has the decoder at its start.
    pub dim: usize,
    /// Channels after the appearance encoder's first convolution; 64 in ResNet-50.
    pub stem: usize,
    /// Inner channels of its four layers of bottlenecks; 64, 128, 256, 512 in ResNet-50.
    pub planes: [usize; 4],
    /// Inner numbers of the eight small networks that turn appearance into scales and shifts; 512.
    pub mlp: usize,
    /// Numbers of each of the two embeddings; 512.
    pub embedding: usize,
    /// Identities that the training's classifiers tell apart; 751 for Market-1501.
    pub classes: usize,
}

impl Channels {
    /// The published network.
    pub const FULL: Channels = Channels {
        dim: 16,
        stem: 64,
        planes: [64, 128, 256, 512],
        mlp: 512,
        embedding: 512,
        classes: 751,
    };

    /// Output channels of a bottleneck for each inner channel.
    pub const EXPANSION: usize = 4;

    /// Horizontal parts whose maxima make the appearance code.
    pub const PARTS: usize = 4;

    /// Channels of the structure code; 128 published.
    #[must_use]
    pub fn structure(&self) -> usize {
        8 * self.dim
    }

    /// Channels of the appearance encoder's last map; 2048 published.
    #[must_use]
    pub fn identity(&self) -> usize {
        Channels::EXPANSION * self.planes[3]
    }

    /// Numbers of the appearance code; 8192 published.
    #[must_use]
    pub fn appearance(&self) -> usize {
        Channels::PARTS * self.identity()
    }
}

/// Which part of the network is built, and what goes in and comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// `image1` (N x 1 x H x W, structure) and `image2` (N x 3 x H x W, appearance) to `output`
    /// (N x 3 x H x W), as in the published export.
    Generator,
    /// As [`Form::Generator`], and the outputs `structure` (N x 8 dim x H/4 x W/4) and
    /// `appearance` (N x 4 identity) after it.
    GeneratorWithCodes,
    /// `structure` and `appearance` to `output`: for codes that were changed in between.
    Decoder,
    /// `image2` to `embedding` (N x 2 embedding): both linear layers of re-identification behind
    /// the maximum over the whole map, each with its batch norm.
    Embedding,
}

/// Which deviation the layer norm of the decoder divides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deviation {
    /// The biased one, root of the squares' sum over n, as in the published export for Ascend.
    #[default]
    Biased,
    /// The unbiased one, over n - 1, as in the training; n is half a million or more.
    Unbiased,
}

/// What is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// The widths.
    pub channels: Channels,
    /// The part.
    pub form: Form,
    /// The batch of the inputs.
    pub batch: Batch,
    /// Height of the images in pixels, a multiple of 64.
    pub height: usize,
    /// Width of the images in pixels, a multiple of 16 from 48 upwards.
    pub width: usize,
    /// The deviation of the decoder's layer norm.
    pub deviation: Deviation,
}

impl Default for Config {
    fn default() -> Config {
        Config::full()
    }
}

impl Config {
    /// Name of the structure image.
    pub const STRUCTURE_IMAGE: &'static str = "image1";
    /// Name of the appearance image.
    pub const CONTENT_IMAGE: &'static str = "image2";
    /// Name of the generated image.
    pub const OUTPUT: &'static str = "output";
    /// Name of the structure code.
    pub const STRUCTURE_CODE: &'static str = "structure";
    /// Name of the appearance code.
    pub const APPEARANCE_CODE: &'static str = "appearance";
    /// Name of the embedding.
    pub const EMBEDDING: &'static str = "embedding";

    /// The published network: full width, 256 x 128, any batch, images in and image out.
    #[must_use]
    pub fn full() -> Config {
        Config {
            channels: Channels::FULL,
            form: Form::Generator,
            batch: Batch::Dynamic,
            height: 256,
            width: 128,
            deviation: Deviation::Biased,
        }
    }

    /// An eighth of the width for both encoders and the decoder: small enough for tests and for a
    /// first look on a CPU.
    #[must_use]
    pub fn reduced() -> Config {
        Config {
            channels: Channels {
                dim: 2,
                stem: 8,
                planes: [8, 16, 32, 64],
                mlp: 32,
                embedding: 64,
                classes: 32,
            },
            ..Config::full()
        }
    }

    /// Reads the widths from the shapes of `weights`, the rest as in [`Config::full`].
    ///
    /// Weights of one part alone leave the widths of the others as published.
    ///
    /// # Errors
    /// [`DgnetError::Weights`] if no tensor tells a width.
    pub fn of_weights(weights: &Weights) -> Result<Config, DgnetError> {
        let full = Channels::FULL;
        let first = "gen_a.enc_content.model.0.conv.weight";
        let rows = |name: &str, published| weights.rows(name).unwrap_or(published);
        let layer = |i: usize| {
            rows(
                &format!("id_a.model.layer{}.0.conv1.weight", i + 1),
                full.planes[i],
            )
        };
        let tail = weights.rows("gen_a.dec.model.7.conv.weight").map(|n| n / 2);
        let dim = weights.rows(first).or(tail);
        let stem = weights.rows("id_a.model.conv1.weight");
        if dim.is_none() && stem.is_none() {
            return Err(super::weights::missing(first));
        }
        let channels = Channels {
            dim: dim.unwrap_or(full.dim),
            stem: stem.unwrap_or(full.stem),
            planes: std::array::from_fn(layer),
            mlp: rows("gen_a.mlp_w1.model.0.fc.weight", full.mlp),
            embedding: rows("id_a.classifier1.add_block.0.weight", full.embedding),
            classes: rows("id_a.classifier1.classifier.0.weight", full.classes),
        };
        Ok(Config {
            channels,
            ..Config::full()
        })
    }

    /// Lists the state dict: the generator's checkpoint under `gen_a.`, then the appearance
    /// encoder's under `id_a.`, each in its own order, whatever [`Config::form`] says.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let all = Layers::new(&self.channels).parameters();
        all.into_iter().map(|(parameter, _)| parameter).collect()
    }

    /// Lists the part of the state dict that the form reads.
    #[must_use]
    pub fn needed(&self) -> Vec<Parameter> {
        let all = Layers::new(&self.channels).parameters();
        all.into_iter()
            .filter(|(_, need)| self.reads(*need))
            .map(|(parameter, _)| parameter)
            .collect()
    }

    pub(super) fn reads(&self, need: Need) -> bool {
        match need {
            Need::Structure => matches!(self.form, Form::Generator | Form::GeneratorWithCodes),
            Need::Appearance => self.form != Form::Decoder,
            Need::Decoder => self.form != Form::Embedding,
            Need::Embedding => self.form == Form::Embedding,
            Need::Never => false,
        }
    }

    /// Checks the sizes before anything is built.
    pub(super) fn check(&self) -> Result<(), DgnetError> {
        let c = &self.channels;
        let widths = [
            ("dim", c.dim),
            ("stem", c.stem),
            ("planes", c.planes.into_iter().min().unwrap_or(0)),
            ("mlp", c.mlp),
            ("embedding", c.embedding),
            ("classes", c.classes),
        ];
        for (field, found) in widths {
            if found == 0 {
                return Err(wrong(field, found, "one or more"));
            }
        }
        // The appearance map has a sixteenth of the rows, and those are cut in four.
        if self.height == 0 || !self.height.is_multiple_of(64) {
            return Err(wrong("height", self.height, "a multiple of 64"));
        }
        // The structure map has a quarter of the columns, and 9 of them are mirrored at each side.
        if self.width < 48 || !self.width.is_multiple_of(16) {
            return Err(wrong("width", self.width, "a multiple of 16, 48 or more"));
        }
        if self.batch == Batch::Fixed(0) {
            return Err(wrong("batch", 0, "one or more"));
        }
        Ok(())
    }
}

fn wrong(field: &'static str, found: usize, wanted: &str) -> DgnetError {
    DgnetError::Config {
        field,
        found: found.to_string(),
        wanted: wanted.to_owned(),
    }
}
