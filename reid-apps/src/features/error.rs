//! Why features could not be read or written.

use std::io;
use std::path::{Path, PathBuf};

/// Tells why features could not be read or written. Rows count from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// The folder has no `meta.json`.
    #[error("{}: no meta.json here; give a folder written by `reid mgn extract`, and if this is one, run it again: it did not finish", .folder.display())]
    Incomplete {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds one part of several.
    #[error("{}: part {index} of {count} of an extraction, counted from 0; join all parts by `reid merge --output FOLDER PART …`", .folder.display())]
    Part {
        /// The folder.
        folder: PathBuf,
        /// The part, from 0.
        index: usize,
        /// How many parts there are.
        count: usize,
    },
    /// Parts do not make a whole.
    #[error("{0}")]
    Parts(String),
    /// `meta.json` is not what it should be.
    #[error("{}: {problem}; run `reid mgn extract` again", .path.display())]
    Meta {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The folder was written by another version of the program.
    #[error("{}: layout {found}, wanted {wanted}; read it with the program that wrote it, or run `reid mgn extract` again", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The layout's number.
        found: u64,
        /// The number this program knows.
        wanted: u32,
    },
    /// The files do not belong together.
    #[error("features of two runs mixed: {}: found {what} {found}, {against} {wanted}; run `reid mgn extract` again", .path.display())]
    Mixed {
        /// The file that disagrees.
        path: PathBuf,
        /// What was compared: `sha256`, `rows` or `numbers per row`.
        what: &'static str,
        /// What the file has.
        found: String,
        /// Where the other value comes from.
        against: &'static str,
        /// The other value.
        wanted: String,
    },
    /// The file is no `.npy`, or a part of it is missing.
    #[error("{}: {problem}, wanted a whole .npy file; run `reid mgn extract` again", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The file holds another kind of numbers.
    #[error("{}: dtype {found}, wanted '<f4' (little-endian float32); convert it with numpy's astype('<f4')", .path.display())]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The dtype as the file spells it.
        found: String,
    },
    /// The file holds columns where rows are wanted, or has not two axes.
    #[error("{}: {found}, wanted C order with the axes [rows, dim]; save it again with numpy's ascontiguousarray", .path.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// The layout.
        found: String,
    },
    /// A row holds a number that is not finite.
    #[error("{}: row {row} ({name}), column {column} is {value}, wanted a finite number; the network failed on this image: check it and run `reid mgn extract` again", .path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The row.
        row: usize,
        /// The image.
        name: String,
        /// The column.
        column: usize,
        /// The number.
        value: f32,
    },
    /// A row is zero throughout, so it has no direction and no distance means anything.
    #[error("{}: row {row} ({name}) is zero throughout, wanted features; the network gave nothing for this image: check it and run `reid mgn extract` again", .path.display())]
    AllZero {
        /// The file.
        path: PathBuf,
        /// The row.
        row: usize,
        /// The image.
        name: String,
    },
    /// A name stands for two rows.
    #[error("{}: {name} is both row {first} and row {second} of {set}, wanted each name once; remove one copy from the data set and run `reid mgn extract` again", .path.display())]
    Duplicate {
        /// `meta.json`.
        path: PathBuf,
        /// The set.
        set: &'static str,
        /// The name.
        name: String,
        /// The first row.
        first: usize,
        /// The second row.
        second: usize,
    },
    /// A set has no rows.
    #[error("{}: {set} has no rows, wanted at least one; run `reid mgn extract` again", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The set.
        set: &'static str,
    },
    /// A result file of another runner cannot be used.
    #[error("{}: {problem}", .path.display())]
    Dump {
        /// The file or folder.
        path: PathBuf,
        /// What was found, what was wanted, what to do.
        problem: String,
    },
    /// A file of another program cannot be used.
    #[error("{}: {problem}", .path.display())]
    Foreign {
        /// The file; for an array in it followed by the array's name.
        path: PathBuf,
        /// What was found, what was wanted, what to do.
        problem: String,
    },
    /// The file system refused.
    #[error("{}: {source}; check the path, its permissions and the free space", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl FeatureError {
    pub(super) fn foreign(path: &Path, problem: String) -> Self {
        Self::Foreign {
            path: path.to_owned(),
            problem,
        }
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
