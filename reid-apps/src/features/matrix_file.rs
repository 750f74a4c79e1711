//! One `.npy` file of features: float32, C order, two axes.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use ndarray::{Array2, ArrayView2};
use ndarray_npy::{ReadNpyError, ReadNpyExt, WriteNpyExt};

use super::FeatureError;
use crate::files::{HashingReader, write_file};

/// Writes a matrix and returns the file's SHA-256.
pub(super) fn write(path: &Path, matrix: ArrayView2<'_, f32>) -> Result<String, FeatureError> {
    // A transposed view would be written in Fortran order, which readers of the folder refuse.
    let matrix = matrix.as_standard_layout();
    write_file(path, |writer| {
        matrix.write_npy(writer).map_err(io::Error::other)
    })
    .map_err(FeatureError::io(path))
}

/// Reads a matrix and the file's SHA-256.
pub(super) fn read(path: &Path) -> Result<(Array2<f32>, String), FeatureError> {
    let file = File::open(path).map_err(FeatureError::io(path))?;
    let mut reader = HashingReader::new(BufReader::with_capacity(1 << 20, file));
    let matrix = Array2::<f32>::read_npy(&mut reader).map_err(|error| explain(path, error))?;
    if !matrix.is_standard_layout() {
        let found = "Fortran order".to_owned();
        return Err(FeatureError::Layout {
            path: path.to_path_buf(),
            found,
        });
    }
    Ok((matrix, reader.finish()))
}

fn explain(path: &Path, error: ReadNpyError) -> FeatureError {
    let path = path.to_path_buf();
    let damaged = |problem: String, path| FeatureError::Damaged { path, problem };
    match error {
        ReadNpyError::WrongDescriptor(found) => FeatureError::Dtype {
            path,
            found: found.to_string(),
        },
        ReadNpyError::WrongNdim(_, found) => FeatureError::Layout {
            path,
            found: format!("{found} axes"),
        },
        ReadNpyError::MissingData => damaged("the file is cut".to_owned(), path),
        ReadNpyError::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
            damaged("the file is cut".to_owned(), path)
        }
        ReadNpyError::Io(source) => FeatureError::Io { path, source },
        ReadNpyError::ExtraBytes(count) => damaged(format!("{count} bytes too many"), path),
        other => damaged(other.to_string(), path),
    }
}
