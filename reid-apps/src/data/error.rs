//! Why a data set could not be read.

use std::io;
use std::path::PathBuf;

/// Tells why a data set could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The root is not there.
    #[error("{}: no such folder; give the root of the data set, the folder that holds {wanted}", .root.display())]
    MissingRoot {
        /// The root as given.
        root: PathBuf,
        /// The folders that belong below it.
        wanted: &'static str,
    },
    /// The root has no folder of that name.
    #[error("{}: no such folder in {}; the data set needs {wanted}: give its root, not one of its folders", .folder.display(), .root.display())]
    MissingFolder {
        /// The folder that is absent.
        folder: PathBuf,
        /// The root as given.
        root: PathBuf,
        /// The folders that belong below it.
        wanted: &'static str,
    },
    /// A file stands where a folder should.
    #[error("{}: a file, wanted a folder", .path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Nothing in the folder counts.
    #[error("{}: no image that counts ({junk} junk, {rejected} with a name outside the grammar, {ignored} other files); wanted at least one like {example}", .folder.display())]
    EmptyFolder {
        /// The folder.
        folder: PathBuf,
        /// Files that the set marks as junk.
        junk: usize,
        /// Files that end like images and have other names.
        rejected: usize,
        /// Files that are no images.
        ignored: usize,
        /// A name that would do.
        example: &'static str,
    },
    /// It is not clear which benchmark the folder holds.
    #[error("{}: {problem}; say which with --dataset market1501, duke, msmt17 or cuhk03-np", .root.display())]
    UnknownKind {
        /// The root as given.
        root: PathBuf,
        /// What was found.
        problem: String,
    },
    /// A list of images says something impossible.
    #[error("{}: line {line}: {problem}", .path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was found, what was wanted, what to do.
        problem: String,
    },
    /// The file system refused.
    #[error("{}: {source}; check the path and its permissions", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}
