//! Why a step of DG-Net's pipeline could not be done.

use std::io;
use std::path::{Path, PathBuf};

use crate::imaging::ImageError;

/// Tells why a step of the pipeline ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DgnetError {
    /// A file or folder could not be read.
    #[error("{}: {source}; check the path and its permissions", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file could not be written. It was removed; what was written before it stays.
    #[error("{}: {source}; the file was removed and the finished ones are kept: {}", .path.display(), cure(.source))]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The training folder has no people in it.
    #[error(
        "{}: found {found}, wanted one folder for each person with images in it; \
         `reid dgnet prepare` makes it (pytorch/train_all)", .path.display()
    )]
    NoPeople {
        /// The folder.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// A data set lacks a folder that is needed.
    #[error(
        "{}: no such folder; --data wants the root of Market-1501, the folder that holds query, \
         bounding_box_test and bounding_box_train", .path.display()
    )]
    MissingFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A name does not fit the rule that the pictures are named by.
    #[error(
        "{name}: found {found}, wanted {wanted}; rename the file, e.g. \
         0872_c4s2_090259_02.jpg"
    )]
    Name {
        /// The name.
        name: String,
        /// What it has.
        found: String,
        /// What the rule needs.
        wanted: &'static str,
    },
    /// Two pairs would be written to the same file.
    #[error(
        "{first} and {second} would both be written as {name}: the names tell the structure's \
         person, not its image; pair each content with structures of different people"
    )]
    Collision {
        /// The first pair.
        first: String,
        /// The second pair.
        second: String,
        /// The name of both.
        name: String,
    },
    /// A line of a pairs file.
    #[error("{}, line {line}: found {found}, wanted {wanted}", .path.display())]
    Pairs {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        found: String,
        /// What should.
        wanted: String,
    },
    /// More structures for each content than there are people.
    #[error(
        "--structures {wanted}: the images are of {people} people, and each content takes \
         structures of different people; ask for {people} or fewer"
    )]
    TooManyStructures {
        /// Structures asked for.
        wanted: usize,
        /// People in the set.
        people: usize,
    },
    /// An output folder holds something else.
    #[error(
        "{}: {found}; give another folder, or --force to empty this one", .path.display()
    )]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What is in it.
        found: String,
    },
    /// Emptying the folder would remove what is read.
    #[error(
        "{}: will not be emptied, because {} lies in it; give another folder", .path.display(),
        .holds.display()
    )]
    Precious {
        /// The folder.
        path: PathBuf,
        /// What is needed from it.
        holds: PathBuf,
    },
    /// A picture could not be read.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A result that is no generated picture.
    #[error("{}: found {found}, wanted {wanted}", .path.display())]
    Result {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
        /// What it should hold.
        wanted: String,
    },
    /// The user stopped the run.
    #[error("stopped after {done} pairs; the same command goes on from there")]
    Interrupted {
        /// Pairs done, those of earlier runs included.
        done: usize,
    },
    /// The model or the device failed.
    #[error(transparent)]
    Model(#[from] super::generator::GeneratorError),
    /// A sheet could not be written.
    #[error(transparent)]
    View(#[from] crate::view::ViewError),
}

impl DgnetError {
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> DgnetError {
        let path = path.to_owned();
        move |source| DgnetError::Read { path, source }
    }

    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> DgnetError {
        let path = path.to_owned();
        move |source| DgnetError::Write { path, source }
    }

    /// Tells whether the disk had no room left.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            DgnetError::Write { source, .. } => is_full(source),
            DgnetError::View(crate::view::ViewError::Write { source, .. }) => is_full(source),
            _ => false,
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

fn cure(error: &io::Error) -> &'static str {
    if is_full(error) {
        "free space, and the same command goes on from there"
    } else {
        "check the folder and its permissions, and run the same command again"
    }
}
