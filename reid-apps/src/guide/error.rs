//! Why a step of the guide could not be done.

use std::io;
use std::path::{Path, PathBuf};

use crate::imaging::ImageError;

/// Tells why a step of the guide could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuideError {
    /// Preprocessed pictures of something else are in the way.
    #[error("{}: {problem}; choose another --output, or replace them with --force", .folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
        /// What was found there.
        problem: String,
    },
    /// The user stopped it.
    #[error("stopped after {done} of {total} pictures; the same command goes on from there")]
    Interrupted {
        /// Pictures done, those of earlier runs included.
        done: usize,
        /// All pictures.
        total: usize,
    },
    /// A file or folder is not what it should be.
    #[error("{}: {problem}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was found, what was wanted, what to do.
        problem: String,
    },
    /// A picture cannot be read.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The file system refused.
    #[error("{}: {source}; check the path, its permissions and the free space", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl GuideError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(super) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}
