//! From a checkpoint to the ONNX file that atc takes.
//!
//! The widths of the network are read from the shapes of the weights; then every name and shape is compared with the
//! architecture of those widths, and what differs is told as a list ([`crate::checkpoint::explain`]). The graphs come
//! from [`crate::graph`].

mod atc;
mod dgnet;
mod mgn;

use std::path::PathBuf;

use thiserror::Error;

use crate::checkpoint::{CheckpointError, explain};
use crate::graph::dgnet::DgnetError;
use crate::graph::mgn::{Differences, MgnError};

pub use atc::AtcLine;
pub use dgnet::{dgnet_of_checkpoints, dgnet_of_file};
pub use mgn::mgn_of_checkpoint;

/// What becomes of tensors that the network does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Surplus {
    /// They are a difference, like a missing tensor: the file may be of another network.
    #[default]
    Refused,
    /// They are left out.
    LeftOut,
}

/// Says why weights cannot be exported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A file cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The weights are not those of the network.
    #[error(
        "{files}: not the weights of {network}; give the checkpoint of such a network, or say --ignore-surplus if \
         surplus tensors are all that differs{}", explain(.differences)
    )]
    Differs {
        /// The files, as they were given.
        files: String,
        /// The network with the widths that were read from the weights.
        network: String,
        /// What is missing, surplus, or of another shape.
        differences: Box<Differences>,
    },
    /// MGN cannot be built.
    #[error("{}: {source}", .path.display())]
    Mgn {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: MgnError,
    },
    /// DG-Net cannot be built.
    #[error("{files}: {source}")]
    Dgnet {
        /// The files.
        files: String,
        /// The reason.
        source: DgnetError,
    },
}
