//! What can be wrong with what a run is asked for.

use std::path::PathBuf;

/// Tells why files cannot go through a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}{}", .path.display(), hint(.path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A file's content does not fit.
    #[error("{}: {problem}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was found, what was wanted, what to do.
        problem: String,
    },
    /// What was asked for does not fit the model.
    #[error("{0}")]
    Misfit(String),
    /// AscendCL refused.
    #[error(transparent)]
    Acl(#[from] acl::Error),
}

impl InferError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        |source| Self::Io { path, source }
    }

    pub(crate) fn file(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        let (path, problem) = (path.into(), problem.into());
        Self::File { path, problem }
    }
}

/// A relative path that is not there is most often one of another folder.
fn hint(path: &std::path::Path) -> String {
    if path.is_absolute() || path.exists() {
        return String::new();
    }
    match std::env::current_dir() {
        Ok(here) => format!(
            " (the path is relative to {}; paths in lists are relative to this folder or to the \
             list's)",
            here.display()
        ),
        Err(_) => String::new(),
    }
}
