//! MGN (multiple granularity network) at any width, as an ONNX graph.
//!
//! The network is the one the published checkpoints belong to: ResNet-50
//! (v1.5) up to the first block of its third layer, then three branches with
//! their own weights, of which the second also looks at two and the third at
//! three horizontal stripes. It differs from the paper in one point that is
//! easy to get wrong: the 1x1 `reduction` is **one** module applied to all
//! eight pooled vectors. Its tensor names are those of the checkpoints, so
//! drawn and trained weights go through the same function.
//!
//! Shapes at full width, for one image of 3x384x128:
//!
//! | layer | what | output |
//! |---|---|---|
//! | `backbone.0` to `.2` | convolution 7x7, stride 2, padding 3; batch norm; ReLU | 64x192x64 |
//! | `backbone.3` | max pooling 3x3, stride 2, padding 1 | 64x96x32 |
//! | `backbone.4` | 3 bottlenecks | 256x96x32 |
//! | `backbone.5` | 4 bottlenecks, stride 2 | 512x48x16 |
//! | `backbone.6` | 1 bottleneck, stride 2 | 1024x24x8 |
//! | `p1.0`, `p2.0`, `p3.0` | 5 bottlenecks each | 1024x24x8 |
//! | `p1.1` | 3 bottlenecks, stride 2 | 2048x12x4 |
//! | `p2.1`, `p3.1` | 3 bottlenecks, stride 1 | 2048x24x8 |
//! | pooling (maximum) | p1, p2, p3 whole; p2 in 2 stripes; p3 in 3 stripes | 8 vectors of 2048 |
//! | `reduction` | convolution 1x1, batch norm, ReLU; shared by all eight | 8 vectors of 256 |
//! | `features` | p1, p2, p3, p2 stripes from the top, p3 stripes from the top | 2048 |
//! | `fc_id_*` | linear, one for each of the eight vectors | 8 x 751 |
//!
//! 66,678,200 parameters (and 129,408 numbers of batch-norm statistics),
//! 11.88 G multiply-accumulates an image.
//!
//! **Source**: Wang et al., "Learning Discriminative Features with Multiple
//! Granularities for Person Re-Identification", 2018; the shared `reduction`,
//! the names and the order of the outputs from the repository ReID-MGN; the
//! bottleneck from He et al., "Deep Residual Learning for Image Recognition",
//! 2015, with the stride in the 3x3 convolution as torchvision has it.
mod architecture;
mod build;
mod calibrate;
mod config;
mod error;
mod safetensors;
mod seeded;
mod weights;

pub use build::{build, multiply_accumulates};
pub use config::{Channels, Config, Outputs, Parameter, ParameterKind};
pub use error::{Differences, MgnError};
pub(super) use safetensors::numbers;
pub(super) use seeded::Stream;
pub use weights::{Tensor, Weights};
