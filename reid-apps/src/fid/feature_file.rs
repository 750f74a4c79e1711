//! Features in `.npy` and `.npz` files, as a stream of rows.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::npy::NpyReader;
use super::statistics_file::{names, open};
use super::{FidError, Sampling};
use crate::files::HashingReader;

/// Rows that are handed on at a time.
const BLOCK: usize = 256;

/// Takes whole rows, one after the other, and a number that the caller of it states.
pub type TakeRows<'a, T> = dyn FnMut(&[T], usize) -> Result<(), FidError> + 'a;

/// Tells what a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A matrix of features, one image a row; in an `.npz` the array of this name.
    Features(Option<String>),
    /// Mean and covariance.
    Statistics,
}

/// Tells what a `.npy` or `.npz` file holds, by its extension and the names of its arrays.
///
/// An `.npz` with `mu` and `sigma` holds statistics. Of other arrays it must have one, or one that
/// is called `features`.
///
/// # Errors
///
/// [`FidError`] if the file is neither, or cannot be read.
pub fn file_kind(path: &Path) -> Result<FileKind, FidError> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("npy") => Ok(FileKind::Features(None)),
        Some("npz") => {
            let names = names(&open(path)?);
            let has = |name: &str| names.iter().any(|found| found == name);
            if has("mu") || has("sigma") {
                return Ok(FileKind::Statistics);
            }
            match names.as_slice() {
                _ if has("features") => Ok(FileKind::Features(Some("features".to_owned()))),
                [name] => Ok(FileKind::Features(Some(name.clone()))),
                _ => Err(FidError::file(
                    path,
                    format!(
                        "arrays [{}], wanted mu and sigma, or features, or one array alone",
                        names.join(", ")
                    ),
                )),
            }
        }
        _ => Err(FidError::file(
            path,
            "neither a folder nor .npy nor .npz; give a folder of images, features or statistics",
        )),
    }
}

/// Tells what was read from a features file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureRows {
    /// Rows in the file.
    pub found: usize,
    /// Rows that were handed on.
    pub used: usize,
    /// Numbers in a row.
    pub dim: usize,
    /// SHA-256 of the array as it is stored, header included, hexadecimal.
    pub sha256: String,
}

/// Reads a features file once and hands on the rows that `sampling` chooses, a block at a time, in
/// the file's order.
///
/// `take` gets rows of `dim` numbers one after the other, and `dim`. The memory does not depend on
/// the size of the file.
///
/// # Errors
///
/// [`FidError`] of the file, and what `take` returns.
pub fn read_features(
    path: &Path,
    array_name: Option<&str>,
    sampling: Sampling,
    take: &mut TakeRows<'_, f64>,
) -> Result<FeatureRows, FidError> {
    match array_name {
        None => {
            let file = File::open(path).map_err(FidError::io(path))?;
            stream(
                path,
                BufReader::with_capacity(1 << 20, file),
                sampling,
                take,
            )
        }
        Some(name) => {
            let mut archive = open(path)?;
            let entry = archive.by_name(&format!("{name}.npy")).map_err(|error| {
                FidError::file(
                    path,
                    format!("array {name} cannot be read ({error}); make the file again"),
                )
            })?;
            stream(path, entry, sampling, take)
        }
    }
}

fn stream(
    path: &Path,
    reader: impl Read,
    sampling: Sampling,
    take: &mut TakeRows<'_, f64>,
) -> Result<FeatureRows, FidError> {
    let mut hashing = HashingReader::new(reader);
    let mut array = NpyReader::new(path, &mut hashing)?;
    let (found, dim) = array.matrix_shape()?;
    let chosen = sampling.choose(found);
    let mut next = chosen.iter().copied().peekable();
    let mut block = Vec::new();
    let mut begin = 0;
    while begin < found {
        let rows = BLOCK.min(found - begin);
        for row in 0..rows {
            // Grown as the file proves to be as long as it says.
            block.resize(block.len().max((row + 1) * dim), 0.0);
            array.read(&mut block[row * dim..(row + 1) * dim], begin + row, found)?;
        }
        // The chosen rows move to the front; they are ascending, so none is overwritten.
        let mut kept = 0;
        while let Some(row) = next.next_if(|row| *row < begin + rows) {
            let from = (row - begin) * dim;
            block.copy_within(from..from + dim, kept * dim);
            kept += 1;
        }
        take(&block[..kept * dim], dim)?;
        begin += rows;
    }
    array.end()?;
    Ok(FeatureRows {
        found,
        used: chosen.len(),
        dim,
        sha256: hashing.finish(),
    })
}
