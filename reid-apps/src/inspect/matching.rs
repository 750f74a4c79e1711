//! Whether an `.om` and an ONNX file are the same network: [`ascend_om::matching`] over files.

use std::path::{Path, PathBuf};

use ascend_om::matching;
use ascend_om::onnx::ModelProto;

use super::{InspectError, Opened};

pub use matching::{CLOSE, Comparison, LEAST, Missing, Surplus};

/// Tells why two files cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MatchError {
    /// One of the files cannot be read.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// What they hold cannot be compared.
    #[error("{} and {}: {source}", .om.display(), .onnx.display())]
    Contents {
        /// The `.om`.
        om: PathBuf,
        /// The ONNX.
        onnx: PathBuf,
        /// The reason.
        source: matching::MatchError,
    },
}

/// Compares an `.om` with an ONNX file.
///
/// # Errors
/// [`MatchError`] with the file that cannot be read.
pub fn compare(om: &Opened<'_>, onnx_path: &Path) -> Result<Comparison, MatchError> {
    let onnx =
        ModelProto::read(super::read(onnx_path)?.into()).map_err(InspectError::om(onnx_path))?;
    matching::compare(&om.model, om.weights(), &onnx).map_err(|source| MatchError::Contents {
        om: om.path.to_owned(),
        onnx: onnx_path.to_owned(),
        source,
    })
}
