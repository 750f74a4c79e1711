//! A description in JSON of files that know nothing of persons and cameras.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use serde::Deserialize;

use super::array::{Values, decode};
use super::{Draft, extension};
use crate::features::{FeatureError, matrix_file};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    query: Set,
    gallery: Set,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    features: PathBuf,
    flip: Option<PathBuf>,
    dtype: Option<String>,
    shape: Option<[usize; 2]>,
    ids: Vec<i64>,
    cameras: Vec<i64>,
    names: Option<Vec<String>>,
}

pub(super) fn read(path: &Path) -> Result<[Draft; 2], FeatureError> {
    let text = fs::read(path).map_err(FeatureError::io(path))?;
    let described: Description = serde_json::from_slice(&text).map_err(|error| {
        FeatureError::foreign(
            path,
            format!("{error}; wanted for query and gallery: features, ids, cameras, and as needed flip, names, dtype, shape"),
        )
    })?;
    let set = |set: Set| -> Result<Draft, FeatureError> {
        let beside = |file: &Path| path.parent().unwrap_or(Path::new("")).join(file);
        let load = |file: &Path| -> Result<_, FeatureError> {
            let file = beside(file);
            let matrix = matrix(path, &file, &set)?;
            Ok((file, matrix))
        };
        let (features, plain) = load(&set.features)?;
        Ok(Draft {
            path: features,
            plain,
            flip: set.flip.as_deref().map(load).transpose()?,
            truth_path: path.to_owned(),
            ids: set.ids,
            cameras: set.cameras,
            names: set.names,
        })
    };
    Ok([set(described.query)?, set(described.gallery)?])
}

fn matrix(description: &Path, file: &Path, set: &Set) -> Result<Array2<f32>, FeatureError> {
    let found = match extension(file).as_str() {
        "npy" => matrix_file::read(file)?.0,
        "txt" | "csv" | "tsv" => text(file)?,
        _ => return bare(description, file, set),
    };
    match set.shape {
        Some([rows, dim]) if found.dim() != (rows, dim) => Err(FeatureError::foreign(
            file,
            format!(
                "{} rows of {}, its description says {rows} of {dim}; correct one of them",
                found.nrows(),
                found.ncols()
            ),
        )),
        _ => Ok(found),
    }
}

/// Reads numbers without a header.
fn bare(description: &Path, file: &Path, set: &Set) -> Result<Array2<f32>, FeatureError> {
    let dtype = set.dtype.as_deref().unwrap_or("<f4");
    if dtype != "<f4" {
        return Err(FeatureError::Dtype {
            path: file.to_owned(),
            found: dtype.to_owned(),
        });
    }
    let Some([rows, dim]) = set.shape else {
        let problem = format!(
            "no shape for {}, wanted [rows, dim]; add it, bare numbers do not tell",
            file.display()
        );
        return Err(FeatureError::foreign(description, problem));
    };
    let bytes = fs::read(file).map_err(FeatureError::io(file))?;
    let wanted = rows.checked_mul(dim).and_then(|count| count.checked_mul(4));
    let numbers = match decode(dtype, &bytes) {
        Some(Values::F32(numbers)) if wanted == Some(bytes.len()) => numbers,
        _ => {
            let problem = format!(
                "{} bytes, wanted {} for {rows} rows of {dim} float32; the file is cut or its shape is another",
                bytes.len(),
                wanted.map_or_else(|| "more than any file has".to_owned(), |n| n.to_string())
            );
            return Err(FeatureError::foreign(file, problem));
        }
    };
    Array2::from_shape_vec((rows, dim), numbers)
        .map_err(|error| FeatureError::foreign(file, format!("{error}; write it again")))
}

/// Reads one row per line; empty lines and lines that begin with `#` are passed over.
fn text(file: &Path) -> Result<Array2<f32>, FeatureError> {
    let text = fs::read_to_string(file).map_err(FeatureError::io(file))?;
    let (mut numbers, mut rows, mut dim) = (Vec::new(), 0, None);
    for (line, row) in text.lines().enumerate() {
        let row = row.trim();
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        let before = numbers.len();
        let words = row
            .split([' ', '\t', ',', ';'])
            .filter(|word| !word.is_empty());
        for word in words {
            numbers.push(word.parse::<f32>().map_err(|_| {
                let problem = format!(
                    "line {}: {word:?} where a number is wanted; correct it",
                    line + 1
                );
                FeatureError::foreign(file, problem)
            })?);
        }
        let found = numbers.len() - before;
        let wanted = *dim.get_or_insert(found);
        if found != wanted {
            let problem = format!(
                "line {}: {found} numbers, wanted {wanted} as in the first row; the line is cut, or another row's",
                line + 1
            );
            return Err(FeatureError::foreign(file, problem));
        }
        rows += 1;
    }
    Array2::from_shape_vec((rows, dim.unwrap_or(0)), numbers)
        .map_err(|error| FeatureError::foreign(file, format!("{error}; write it again")))
}
