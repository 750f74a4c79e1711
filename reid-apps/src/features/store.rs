//! Reads and writes a whole features folder.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use ndarray::{Array2, ArrayView2};

use super::matrix_file;
use super::{FORMAT, FeatureError, Meta, Provenance, Row, SetMeta, Sets};
use crate::data::Label;
use crate::files;

const META: &str = "meta.json";

/// Holds the features of one set.
#[derive(Clone, Debug, PartialEq)]
pub struct SetFeatures {
    /// Whom each row shows.
    pub rows: Vec<Row>,
    /// Features of the plain images, `[rows, dim]`, as the network gave them.
    pub plain: Array2<f32>,
    /// Features of the mirrored images, `[rows, dim]`, as the network gave them.
    pub flip: Array2<f32>,
}

impl SetFeatures {
    /// Returns persons and cameras, in row order.
    #[must_use]
    pub fn labels(&self) -> Vec<Label> {
        self.rows.iter().map(Row::label).collect()
    }

    /// Finds the row of an image by its name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.name == name)
    }
}

/// Holds a features folder in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Where the features come from.
    pub provenance: Provenance,
    /// The images that are searched for.
    pub query: SetFeatures,
    /// The images that are searched.
    pub gallery: SetFeatures,
}

impl Features {
    /// Writes the folder, making it if need be.
    ///
    /// An older `meta.json` goes first and the new one comes last, each file under a temporary name
    /// until it is whole: at any moment the folder is the old run, the new run, or says that it is
    /// not complete.
    ///
    /// # Errors
    /// [`FeatureError::Mixed`] if rows and matrices disagree in number or width,
    /// [`FeatureError::Io`] if the file system refuses. Values are not looked at: a network that
    /// answered with NaN is reported when the folder is read.
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<(), FeatureError> {
        let folder = folder.as_ref();
        let dim = self.provenance.model.dim;
        for (set, [plain, flip]) in self.named_sets() {
            check_shape(&folder.join(plain), set.plain.view(), set.rows.len(), dim)?;
            check_shape(&folder.join(flip), set.flip.view(), set.rows.len(), dim)?;
        }
        fs::create_dir_all(folder).map_err(FeatureError::io(folder))?;
        let meta_path = folder.join(META);
        match fs::remove_file(&meta_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(FeatureError::io(meta_path)(error));
            }
            _ => {}
        }
        let [query, gallery] = self
            .named_sets()
            .map(|(set, files)| write_set(folder, set, files));
        let meta = Meta {
            format: FORMAT,
            provenance: self.provenance.clone(),
            sets: Sets {
                query: query?,
                gallery: gallery?,
            },
        };
        files::write_file(&meta_path, |writer| {
            serde_json::to_writer_pretty(&mut *writer, &meta)?;
            writer.write_all(b"\n")
        })
        .map_err(FeatureError::io(meta_path))?;
        Ok(())
    }

    /// Reads the folder and checks it throughout.
    ///
    /// # Errors
    /// [`FeatureError`]: no or damaged `meta.json`, a `.npy` that is cut or of another dtype or
    /// order, rows, width or hash that disagree with `meta.json`, a name that stands twice in a
    /// set, a row that is not finite or zero throughout.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, FeatureError> {
        let folder = folder.as_ref();
        let meta = read_meta(folder)?;
        let dim = meta.provenance.model.dim;
        let query = read_set(folder, QUERY, meta.sets.query, dim)?;
        let gallery = read_set(folder, GALLERY, meta.sets.gallery, dim)?;
        Ok(Self {
            provenance: meta.provenance,
            query,
            gallery,
        })
    }

    fn named_sets(&self) -> [(&SetFeatures, [&'static str; 2]); 2] {
        [(&self.query, QUERY.files), (&self.gallery, GALLERY.files)]
    }
}

struct SetNames {
    set: &'static str,
    files: [&'static str; 2],
}

const QUERY: SetNames = SetNames {
    set: "query",
    files: ["query.npy", "query_flip.npy"],
};
const GALLERY: SetNames = SetNames {
    set: "gallery",
    files: ["gallery.npy", "gallery_flip.npy"],
};

fn write_set(
    folder: &Path,
    set: &SetFeatures,
    [plain, flip]: [&str; 2],
) -> Result<SetMeta, FeatureError> {
    Ok(SetMeta {
        rows: set.rows.clone(),
        plain_sha256: matrix_file::write(&folder.join(plain), set.plain.view())?,
        flip_sha256: matrix_file::write(&folder.join(flip), set.flip.view())?,
    })
}

fn read_meta(folder: &Path) -> Result<Meta, FeatureError> {
    let path = folder.join(META);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() => {
            return Err(FeatureError::Incomplete {
                folder: folder.to_path_buf(),
            });
        }
        Err(error) => return Err(FeatureError::io(path)(error)),
    };
    let not_meta = |error: serde_json::Error| FeatureError::Meta {
        path: path.clone(),
        problem: format!("not the meta.json of features ({error})"),
    };
    // The number of the layout is looked at first: another layout may lack fields of this one.
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(not_meta)?;
    if let Some(found) = value.get("format").and_then(serde_json::Value::as_u64)
        && found != u64::from(FORMAT)
    {
        return Err(FeatureError::Format {
            path,
            found,
            wanted: FORMAT,
        });
    }
    serde_json::from_value(value).map_err(not_meta)
}

fn read_set(
    folder: &Path,
    names: SetNames,
    meta: SetMeta,
    dim: usize,
) -> Result<SetFeatures, FeatureError> {
    let meta_path = folder.join(META);
    if meta.rows.is_empty() {
        return Err(FeatureError::Empty {
            path: meta_path,
            set: names.set,
        });
    }
    let mut seen = HashMap::new();
    for (second, row) in meta.rows.iter().enumerate() {
        if let Some(first) = seen.insert(row.name.as_str(), second) {
            let name = row.name.clone();
            return Err(FeatureError::Duplicate {
                path: meta_path,
                set: names.set,
                name,
                first,
                second,
            });
        }
    }
    let [plain, flip] = names.files;
    let plain = read_matrix(&folder.join(plain), &meta.rows, dim, &meta.plain_sha256)?;
    let flip = read_matrix(&folder.join(flip), &meta.rows, dim, &meta.flip_sha256)?;
    Ok(SetFeatures {
        rows: meta.rows,
        plain,
        flip,
    })
}

fn read_matrix(
    path: &Path,
    rows: &[Row],
    dim: usize,
    hash: &str,
) -> Result<Array2<f32>, FeatureError> {
    let (matrix, found) = matrix_file::read(path)?;
    check_shape(path, matrix.view(), rows.len(), dim)?;
    if found != hash {
        return Err(mixed(path, "sha256", found, hash.to_owned()));
    }
    check_values(path, matrix.view(), rows)?;
    Ok(matrix)
}

fn mixed(path: &Path, what: &'static str, found: String, wanted: String) -> FeatureError {
    FeatureError::Mixed {
        path: path.to_path_buf(),
        what,
        found,
        against: "meta.json says",
        wanted,
    }
}

fn check_shape(
    path: &Path,
    matrix: ArrayView2<'_, f32>,
    rows: usize,
    dim: usize,
) -> Result<(), FeatureError> {
    if matrix.nrows() != rows {
        return Err(mixed(
            path,
            "rows",
            matrix.nrows().to_string(),
            rows.to_string(),
        ));
    }
    if matrix.ncols() != dim {
        return Err(mixed(
            path,
            "numbers per row",
            matrix.ncols().to_string(),
            dim.to_string(),
        ));
    }
    Ok(())
}

fn check_values(
    path: &Path,
    matrix: ArrayView2<'_, f32>,
    rows: &[Row],
) -> Result<(), FeatureError> {
    for (row, (values, whom)) in matrix.rows().into_iter().zip(rows).enumerate() {
        if let Some((column, &value)) = values
            .iter()
            .enumerate()
            .find(|(_, value)| !value.is_finite())
        {
            let name = whom.name.clone();
            return Err(FeatureError::NotFinite {
                path: path.to_path_buf(),
                row,
                name,
                column,
                value,
            });
        }
        if values.iter().all(|&value| value == 0.0) {
            let name = whom.name.clone();
            return Err(FeatureError::AllZero {
                path: path.to_path_buf(),
                row,
                name,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
