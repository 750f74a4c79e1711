//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};

/// Why a package could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: cannot {doing}: {source}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file is not the shared library that was expected.
    #[error("{}: found {found}, want {wanted}; build it with `cargo build --release -p ascend-reid`", path.display())]
    NotTheLibrary {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
        /// What it should be.
        wanted: String,
    },
    /// A program could not be started.
    #[error("{program} does not start: {source}; {hint}")]
    Absent {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
        /// How to come by it.
        hint: &'static str,
    },
    /// A program failed.
    #[error("{program} failed ({status}):\n{text}")]
    Tool {
        /// The program and its first words.
        program: String,
        /// How it ended.
        status: String,
        /// What it said.
        text: String,
    },
    /// A value that was given makes no sense.
    #[error("{what} is {found:?}, want {wanted}")]
    Value {
        /// What was given.
        what: &'static str,
        /// The value.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
}

impl Error {
    /// Names the file and what was tried with it.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }

    /// 3 when something is missing on the machine, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Absent { .. } | Self::NotTheLibrary { .. } => 3,
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => 3,
            Self::Value { .. } => 2,
            _ => 1,
        }
    }
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
