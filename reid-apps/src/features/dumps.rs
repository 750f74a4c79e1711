//! Result folders of other runners: one text file of numbers per image.

use std::fs;
use std::path::Path;

use ndarray::Array2;
use rayon::prelude::*;

use super::FeatureError;

/// Holds the features of one folder of text dumps.
#[derive(Clone, Debug, PartialEq)]
pub struct Dumps {
    /// The file names, ascending.
    pub names: Vec<String>,
    /// One row per file, `[files, dim]`.
    pub features: Array2<f32>,
}

/// Reads the first output of every image of a `dumpOutput_deviceN` folder.
///
/// Of all files those count whose name ends in `_1.txt`, in ascending order of their names; each
/// holds one row as decimals with any white space between them. Numbers are rounded to float32 by
/// way of float64, as the reference does. Files are read in parallel.
///
/// # Errors
/// [`FeatureError::Dump`] for a folder without such files, for text that is no number, and for a
/// file with another count of numbers than the first; [`FeatureError::Io`].
pub fn read_text_dumps(folder: impl AsRef<Path>) -> Result<Dumps, FeatureError> {
    let folder = folder.as_ref();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(FeatureError::io(folder))? {
        let name = entry
            .map_err(FeatureError::io(folder))?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name.rsplit('_').next() == Some("1.txt") {
            names.push(name);
        }
    }
    names.sort();
    // All results first, then the first failure by name: the same message on every run.
    let rows: Vec<_> = names
        .par_iter()
        .map(|name| read_row(&folder.join(name)))
        .collect();
    let rows = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
    let Some(first) = rows.first() else {
        let problem = "no file that ends in _1.txt, wanted one per image; give the dumpOutput_deviceN folder of a finished run".to_owned();
        return Err(FeatureError::Dump {
            path: folder.to_path_buf(),
            problem,
        });
    };
    let dim = first.len();
    if let Some(odd) = rows.iter().position(|row| row.len() != dim) {
        let problem = format!(
            "{} numbers, wanted {dim} as in {}; run the inference again, this file is cut or of another model",
            rows[odd].len(),
            names[0]
        );
        return Err(FeatureError::Dump {
            path: folder.join(&names[odd]),
            problem,
        });
    }
    let features = Array2::from_shape_vec((rows.len(), dim), rows.concat())
        .expect("every row was found to have the width of the first");
    Ok(Dumps { names, features })
}

pub(crate) fn read_row(path: &Path) -> Result<Vec<f32>, FeatureError> {
    let text = fs::read_to_string(path).map_err(FeatureError::io(path))?;
    let row = text.split_ascii_whitespace().map(|word| {
        word.parse::<f64>()
            .map(to_f32)
            .map_err(|_| FeatureError::Dump {
                path: path.to_path_buf(),
                problem: format!(
                    "{word:?} where a number is wanted; run the inference again with text output"
                ),
            })
    });
    let row = row.collect::<Result<Vec<_>, _>>()?;
    if row.is_empty() {
        let problem = "no numbers; run the inference again, this file is empty".to_owned();
        return Err(FeatureError::Dump {
            path: path.to_path_buf(),
            problem,
        });
    }
    Ok(row)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the nearest float32 is meant"
)]
fn to_f32(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_first_outputs_are_read_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("00001_1.txt", "3 4\n"),
            ("00000_1.txt", "1\n2.5"),
            ("00000_2.txt", "9"),
            ("00000_11.txt", "9"),
            ("1.txt.bak", "9"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let dumps = read_text_dumps(folder.path()).unwrap();
        assert_eq!(dumps.names, ["00000_1.txt", "00001_1.txt"]);
        assert_eq!(dumps.features, ndarray::array![[1.0, 2.5], [3.0, 4.0]]);
    }

    #[test]
    fn an_empty_folder_a_word_and_a_short_row_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let fails = || read_text_dumps(folder.path()).unwrap_err().to_string();
        assert!(fails().contains("no file that ends in _1.txt"));
        fs::write(folder.path().join("a_1.txt"), "1 2").unwrap();
        fs::write(folder.path().join("b_1.txt"), "1").unwrap();
        assert!(
            fails().contains("b_1.txt: 1 numbers, wanted 2 as in a_1.txt"),
            "{}",
            fails()
        );
        fs::write(folder.path().join("b_1.txt"), "1 two").unwrap();
        assert!(fails().contains("\"two\" where a number"), "{}", fails());
    }
}
