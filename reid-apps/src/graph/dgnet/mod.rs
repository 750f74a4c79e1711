//! DG-Net as a graph, at any width.
//!
//! The network draws the person of one image with the pose and the background of another. The
//! structure image loses its colours and goes through a small encoder that keeps places; the
//! appearance image goes through a ResNet-50 that keeps, of each channel, only the maxima of four
//! horizontal parts. The decoder starts at the structure code, and eight small networks turn the
//! appearance code into the scales and shifts of its normalisations.
//!
//! | part | layers | output at 256 x 128, full width |
//! |---|---|---|
//! | `gen_a.enc_content` | four convolutions (two of stride 2), four residual blocks, four views at dilations 1, 3, 6, 9, a 1x1 convolution; instance norm behind each | 128x64x32 |
//! | `id_a` | ResNet-50 whose last layer has no stride, maxima of four parts | 8192 |
//! | `gen_a.mlp_w1..4`, `mlp_b1..4` | three linear layers each, on a quarter of the code | 8 x 256 |
//! | `gen_a.dec` | four residual blocks with adaptive instance norm, twice doubled with a 5x5 convolution and layer norm, two 3x3 convolutions, a 1x1 | 3x256x128 |
//! | `id_a.classifier1`, `2` | linear and batch norm, for re-identification ([`Form::Embedding`]) | 2 x 512 |
//!
//! 13,380,675 parameters in the generator and 28,427,782 in the appearance encoder, 11.3 G
//! multiply-accumulates a pair. Margins are mirrored, not zero, in the generator, and zero in the
//! appearance encoder.
//!
//! The deviation of the layer norm is the biased one, as in the export for Ascend; the network was
//! trained with the unbiased one, which differs by a millionth ([`Deviation`]).
//!
//! **Source**: Zheng et al., "Joint Discriminative and Generative Learning for Person
//! Re-identification", CVPR 2019; the normalisations from Huang et al., "Multimodal Unsupervised
//! Image-to-Image Translation", 2018; names and widths from the checkpoints of the repository
//! DG-Net.
mod appearance;
mod build;
mod config;
mod error;
mod layers;
mod seeded;
mod weights;

pub use build::{build, multiply_accumulates};
pub use config::{Channels, Config, Deviation, Form};
pub use error::DgnetError;
pub use weights::Weights;
