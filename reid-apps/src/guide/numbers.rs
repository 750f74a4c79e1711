//! One result file: the numbers of one output for one picture.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use ndarray::ArrayD;
use ndarray_npy::ReadNpyExt as _;

use super::{GuideError, ResultFormat};
use crate::features::read_text_row;

/// Reads all numbers of a file, which must be finite and not all zero.
pub(super) fn read_row(path: &Path, format: ResultFormat) -> Result<Vec<f32>, GuideError> {
    let row = match format {
        ResultFormat::Text => read_text_row(path)
            .map_err(|error| GuideError::file(path, without_path(&error.to_string(), path)))?,
        ResultFormat::Bin => read_bin(path)?,
        ResultFormat::Npy => read_npy(path)?,
    };
    if let Some(at) = row.iter().position(|value| !value.is_finite()) {
        let problem = format!(
            "number {at} is {}, wanted a finite one; the network failed on this picture",
            row[at]
        );
        return Err(GuideError::file(path, problem));
    }
    if row.iter().all(|&value| value == 0.0) {
        let problem = "zero throughout, wanted features; is this the output that holds them?";
        return Err(GuideError::file(path, problem));
    }
    Ok(row)
}

/// Takes the path out of a message that begins with it, as the caller puts it there again.
fn without_path(message: &str, path: &Path) -> String {
    let prefix = format!("{}: ", path.display());
    message.strip_prefix(&prefix).unwrap_or(message).to_owned()
}

fn read_bin(path: &Path) -> Result<Vec<f32>, GuideError> {
    let bytes = fs::read(path).map_err(GuideError::io(path))?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() || numbers.is_empty() {
        let problem = format!(
            "{} bytes, wanted float32 numbers of four bytes each; the file is cut or of another type",
            bytes.len()
        );
        return Err(GuideError::file(path, problem));
    }
    Ok(numbers
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect())
}

/// The shape does not matter, as long as the file is one picture: `[dim]`, `[1, dim]` and
/// `[1, dim, 1, 1]` all occur.
fn read_npy(path: &Path) -> Result<Vec<f32>, GuideError> {
    let file = File::open(path).map_err(GuideError::io(path))?;
    let array = ArrayD::<f32>::read_npy(BufReader::new(file)).map_err(|error| {
        let problem =
            format!("{error}; wanted a whole .npy of dtype '<f4'; run the inference again");
        GuideError::file(path, problem)
    })?;
    let long = array.shape().iter().filter(|&&axis| axis != 1).count();
    if long > 1 || array.is_empty() {
        let problem = format!(
            "shape {:?}, wanted the features of one picture, as [1, dim]; is this the output that holds them?",
            array.shape()
        );
        return Err(GuideError::file(path, problem));
    }
    Ok(array.iter().copied().collect())
}
