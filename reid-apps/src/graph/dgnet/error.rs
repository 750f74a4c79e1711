use thiserror::Error;

use crate::graph::mgn::Differences;
use crate::graph::onnx::BuildError;

/// Says why a DG-Net cannot be built.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DgnetError {
    /// The configuration describes no network.
    #[error(
        "DG-Net configuration, {field}: found {found}, wanted {wanted}; change the configuration"
    )]
    Config {
        /// The field.
        field: &'static str,
        /// What it holds.
        found: String,
        /// What it may hold.
        wanted: String,
    },
    /// The weights are not those of this architecture.
    #[error(
        "DG-Net weights: {0}; give the tensors of both checkpoints, named gen_a.… and id_a.…, all \
         of one width"
    )]
    Weights(Differences),
    /// A tensor whose count of numbers is not that of its shape.
    #[error(
        "DG-Net weights, {name}: found {found} numbers, wanted {wanted}; the tensor is damaged"
    )]
    Count {
        /// The tensor.
        name: String,
        /// Numbers present.
        found: usize,
        /// Numbers its shape has.
        wanted: usize,
    },
    /// Bytes that are no weights.
    #[error("DG-Net weights: {detail}; give a safetensors file with F32 or F16 tensors")]
    Safetensors {
        /// What was found.
        detail: String,
    },
    /// The graph does not fit together.
    #[error(transparent)]
    Graph(#[from] BuildError),
}
