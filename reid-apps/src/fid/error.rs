//! Why a distance between two sets could not be had.

use std::io;
use std::path::{Path, PathBuf};

/// Tells why a distance between two sets could not be had. Rows count from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FidError {
    /// The file system refused.
    #[error("{}: {source}; check the path, its permissions and the free space", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {problem}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was found, what was wanted, what to do.
        problem: String,
    },
    /// The file ends before its last row.
    #[error("{}: the file is cut: it ends in row {row} of {rows}; copy or make it again", .path.display())]
    Cut {
        /// The file.
        path: PathBuf,
        /// The row that is not whole.
        row: usize,
        /// Rows that the header promises.
        rows: usize,
    },
    /// A feature is NaN or infinite.
    #[error(
        "{set}: row {row}, column {column} is {value}, wanted a finite number; extract the features of this image again"
    )]
    NotFinite {
        /// The set.
        set: String,
        /// The row.
        row: u64,
        /// The column.
        column: usize,
        /// The number.
        value: f64,
    },
    /// A set is too small to have a covariance.
    #[error("{set}: {found} rows, wanted at least {wanted}; give more images")]
    TooFew {
        /// The set.
        set: String,
        /// Its rows.
        found: u64,
        /// The least number.
        wanted: u64,
    },
    /// A row is of another length than the set's others.
    #[error(
        "{set}: {found} numbers, wanted whole rows of {wanted}; the features come from another model"
    )]
    Width {
        /// The set.
        set: String,
        /// Numbers that came.
        found: usize,
        /// Numbers in a row.
        wanted: usize,
    },
    /// The two sets cannot be compared.
    #[error(
        "the sets differ in dimension: {first} has {found} numbers per row, {second} has {wanted}; take the features of both from the same model"
    )]
    Dimensions {
        /// The first set.
        first: String,
        /// Its dimension.
        found: usize,
        /// The second set.
        second: String,
        /// Its dimension.
        wanted: usize,
    },
    /// What is called a covariance is none.
    #[error(
        "{set}: sigma is no covariance: {problem}; make the statistics again from the features"
    )]
    NotCovariance {
        /// The set.
        set: String,
        /// What is wrong.
        problem: String,
    },
    /// The eigenvalues were not found.
    #[error(
        "the eigenvalues did not converge for {0} dimensions; check the features for numbers of absurd size"
    )]
    Eigenvalues(usize),
    /// An image cannot be used.
    #[error("{0}; the distance is taken over all images or not at all")]
    Image(crate::imaging::ImageError),
    /// The library refused the model, or a run of it failed.
    #[error("{}: {source}", .path.display())]
    Device {
        /// The model.
        path: PathBuf,
        /// What AscendCL said.
        source: acl::Error,
    },
    /// The user stopped it.
    #[error("stopped after {images} images; nothing was written")]
    Interrupted {
        /// Images done.
        images: usize,
    },
    /// A setting is out of its range.
    #[error("{name}: found {found}, wanted {wanted}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        found: String,
        /// Its range.
        wanted: &'static str,
    },
}

impl FidError {
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
