//! One image of a data set.

use std::path::PathBuf;

use super::Label;

/// Describes one image that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The file, below the root as it was given.
    pub path: PathBuf,
    /// The path below the set's folder with `/` between its parts; the bare file name in a flat
    /// folder. Unique within the set.
    pub name: String,
    /// Who is on it, and which camera took it.
    pub label: Label,
}
