use super::architecture::Architecture;
use super::error::MgnError;
use super::weights::Weights;
use crate::graph::onnx::Batch;

/// How wide the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    /// Channels after the first convolution; 64 in ResNet-50.
    pub stem: usize,
    /// Inner channels of the bottlenecks of layers 1 to 4; 64, 128, 256, 512
    /// in ResNet-50. A bottleneck puts out four times as many.
    pub planes: [usize; 4],
    /// Numbers of each of the eight features; 256 in MGN.
    pub feature: usize,
    /// Identities the classifiers tell apart; 751 for Market-1501.
    pub classes: usize,
}

impl Channels {
    /// The published network: 64, 64 to 512, 256, and 751 identities.
    pub const FULL: Channels = Channels {
        stem: 64,
        planes: [64, 128, 256, 512],
        feature: 256,
        classes: 751,
    };

    /// Output channels of a bottleneck for each inner channel.
    pub const EXPANSION: usize = 4;

    /// Divides every width of [`Channels::FULL`] by `divisor`.
    ///
    /// # Errors
    /// [`MgnError::Config`] if `divisor` does not divide 64.
    pub fn divided(divisor: usize, classes: usize) -> Result<Channels, MgnError> {
        let full = Channels::FULL;
        if divisor == 0 || !full.stem.is_multiple_of(divisor) {
            return Err(MgnError::Config {
                field: "divisor",
                found: divisor.to_string(),
                wanted: format!("a divisor of {}", full.stem),
            });
        }
        Ok(Channels {
            stem: full.stem / divisor,
            planes: full.planes.map(|n| n / divisor),
            feature: full.feature / divisor,
            classes,
        })
    }
}

/// Which outputs the graph has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outputs {
    /// Only the features, which is all that retrieval needs.
    FeaturesOnly,
    /// Features, the three global features, and the eight identity scores, in
    /// the order of the published export.
    AllTwelve,
}

/// What is built: widths, sizes, names and form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The widths.
    pub channels: Channels,
    /// The outputs.
    pub outputs: Outputs,
    /// The batch of the input.
    pub batch: Batch,
    /// Height of the input image in pixels, a multiple of 96.
    pub height: usize,
    /// Width of the input image in pixels, a multiple of 32.
    pub width: usize,
    /// Name of the input.
    pub input_name: String,
    /// Name of the first output.
    pub output_name: String,
    /// Puts each batch norm into the convolution before it.
    pub fold_batch_norm: bool,
}

/// What a tensor of the state dict is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// Learned by gradient.
    Parameter,
    /// A running statistic of a batch norm.
    Statistic,
    /// `num_batches_tracked`, an int64 that inference never reads.
    Counter,
}

/// A tensor of the state dict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name in the state dict.
    pub name: String,
    /// Shape, C order; empty for a scalar.
    pub shape: Vec<usize>,
    /// Its use.
    pub kind: ParameterKind,
}

impl Parameter {
    /// Counts its numbers; one for a scalar.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::full()
    }
}

impl Config {
    /// The published network: full width, twelve outputs, any batch, batch
    /// norms folded, `image` to `features`.
    #[must_use]
    pub fn full() -> Config {
        Config {
            channels: Channels::FULL,
            outputs: Outputs::AllTwelve,
            batch: Batch::Dynamic,
            height: 384,
            width: 128,
            input_name: "image".to_owned(),
            output_name: "features".to_owned(),
            fold_batch_norm: true,
        }
    }

    /// The network of the demonstration: an eighth of the width (1.04 M parameters) for about eight
    /// milliseconds an image on one core, 32 identities, features only.
    #[must_use]
    pub fn reduced() -> Config {
        Config {
            channels: Channels::divided(8, 32).expect("8 divides 64"),
            outputs: Outputs::FeaturesOnly,
            ..Config::full()
        }
    }

    /// Reads the widths from the shapes of `weights`, the rest as in
    /// [`Config::full`]; without classifiers, features only.
    ///
    /// # Errors
    /// [`MgnError::Weights`] if a tensor that tells a width is absent or has
    /// no dimension.
    pub fn of_weights(weights: &Weights) -> Result<Config, MgnError> {
        // Two tensors tell each width, so that one with a wrong name is missed and not the width.
        let either = |a: &str, b: &str| {
            weights
                .rows(a)
                .or_else(|first| weights.rows(b).map_err(|_| first))
        };
        let planes = [
            either("backbone.4.0.conv1.weight", "backbone.4.1.conv1.weight")?,
            either("backbone.5.0.conv1.weight", "backbone.5.1.conv1.weight")?,
            either("backbone.6.conv1.weight", "p1.0.0.conv1.weight")?,
            either("p1.1.0.conv1.weight", "p2.1.0.conv1.weight")?,
        ];
        let classes = weights.rows("fc_id_2048_0.weight").ok();
        let channels = Channels {
            stem: either("backbone.0.weight", "backbone.1.weight")?,
            planes,
            feature: either("reduction.0.weight", "reduction.1.weight")?,
            classes: classes.unwrap_or(Channels::FULL.classes),
        };
        let outputs = if classes.is_some() {
            Outputs::AllTwelve
        } else {
            Outputs::FeaturesOnly
        };
        Ok(Config {
            channels,
            outputs,
            ..Config::full()
        })
    }

    /// Lists the state dict of this network in the checkpoints' own order.
    ///
    /// The classifiers are in it whatever [`Config::outputs`] says.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        Architecture::new(&self.channels).parameters()
    }

    /// Counts the learned numbers; 66,678,200 at full width.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.count(ParameterKind::Parameter)
    }

    /// Counts the numbers of batch-norm statistics; 129,408 at full width
    /// (and 104 counters besides, which inference does not read).
    #[must_use]
    pub fn statistic_count(&self) -> usize {
        self.count(ParameterKind::Statistic)
    }

    /// Returns the length of the features output; 2048 at full width.
    #[must_use]
    pub fn feature_length(&self) -> usize {
        8 * self.channels.feature
    }

    fn count(&self, kind: ParameterKind) -> usize {
        let all = self.parameters();
        all.iter()
            .filter(|p| p.kind == kind)
            .map(Parameter::count)
            .sum()
    }

    /// Checks sizes and names before anything is built.
    pub(super) fn check(&self) -> Result<(), MgnError> {
        let c = &self.channels;
        let widths = [
            ("stem", c.stem),
            ("planes", c.planes.into_iter().min().unwrap_or(0)),
            ("feature", c.feature),
            ("classes", c.classes),
        ];
        for (field, found) in widths {
            if found == 0 {
                return Err(wrong(field, found, "one or more"));
            }
        }
        // Sixteen pixels a row of the map, which is cut in two and in three.
        if self.height == 0 || !self.height.is_multiple_of(96) {
            return Err(wrong("height", self.height, "a multiple of 96"));
        }
        // The first branch has thirty-two pixels a column.
        if self.width == 0 || !self.width.is_multiple_of(32) {
            return Err(wrong("width", self.width, "a multiple of 32"));
        }
        if self.batch == Batch::Fixed(0) {
            return Err(wrong("batch", 0, "one or more"));
        }
        for (field, name) in [
            ("input_name", &self.input_name),
            ("output_name", &self.output_name),
        ] {
            if name.is_empty() {
                return Err(wrong(field, "an empty name", "a name"));
            }
        }
        Ok(())
    }
}

fn wrong(field: &'static str, found: impl ToString, wanted: &str) -> MgnError {
    MgnError::Config {
        field,
        found: found.to_string(),
        wanted: wanted.to_owned(),
    }
}
