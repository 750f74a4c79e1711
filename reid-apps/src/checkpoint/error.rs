use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Says why a checkpoint cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be read at all.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file is damaged, hostile, or not what was wanted.
    #[error("{}: {problem}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What was found in a file, what was wanted, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    found: String,
    wanted: String,
    cure: &'static str,
}

/// What to do with a file whose bytes contradict each other.
pub(super) const DAMAGED: &str = "the file is damaged; copy it again";

/// What to do with a pickle that cannot be followed: it may be of another kind, or damaged.
pub(super) const NO_STATE_DICT: &str =
    "save the state_dict alone (torch.save), or copy the file again if it is one";

impl Problem {
    pub(super) fn new(
        found: impl Into<String>,
        wanted: impl Into<String>,
        cure: &'static str,
    ) -> Self {
        Self {
            found: found.into(),
            wanted: wanted.into(),
            cure,
        }
    }

    pub(super) fn damaged(found: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self::new(found, wanted, DAMAGED)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            found,
            wanted,
            cure,
        } = self;
        // Names come from the file, and the file from anywhere.
        write!(
            f,
            "found {}, wanted {}; {cure}",
            crate::inspect::shown(found),
            crate::inspect::shown(wanted)
        )
    }
}
