//! Why there is no report.

use std::path::PathBuf;

use crate::eval::EvalError;

/// Tells why a report could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The lists of answers could not be computed.
    #[error("the lists of answers cannot be computed: {0}")]
    Eval(#[from] EvalError),
    /// The file could not be written.
    #[error("{}: cannot write the report: {source}; check the folder, its permissions and the free space", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
