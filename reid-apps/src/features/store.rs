//! Reads and writes a whole features folder.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use ndarray::{Array2, ArrayView2};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::matrix_file;
use super::parts::{PART, Part, part_in};
use super::{FORMAT, FeatureError, Meta, Provenance, Row, SetMeta, Sets};
use crate::data::Label;
use crate::files;

pub(super) const META: &str = "meta.json";

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
        self.write_with(folder.as_ref(), META, |meta| meta)
    }

    /// Writes the folder with its truth in the file `name`, as `form` makes it.
    pub(super) fn write_with<T: Serialize>(
        &self,
        folder: &Path,
        name: &str,
        form: impl FnOnce(Meta) -> T,
    ) -> Result<(), FeatureError> {
        let dim = self.provenance.model.dim;
        for (set, [plain, flip]) in self.named_sets() {
            check_counts(&folder.join(plain), set.plain.dim(), set.rows.len(), dim)?;
            check_counts(&folder.join(flip), set.flip.dim(), set.rows.len(), dim)?;
        }
        fs::create_dir_all(folder).map_err(FeatureError::io(folder))?;
        for old in [META, PART].map(|name| folder.join(name)) {
            match fs::remove_file(&old) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(FeatureError::io(old)(error));
                }
                _ => {}
            }
        }
        let meta_path = folder.join(name);
        let [query, gallery] = self
            .named_sets()
            .map(|(set, files)| write_set(folder, set, files));
        let meta = form(Meta {
            format: FORMAT,
            provenance: self.provenance.clone(),
            sets: Sets {
                query: query?,
                gallery: gallery?,
            },
        });
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

pub(super) struct SetNames {
    pub(super) set: &'static str,
    pub(super) files: [&'static str; 2],
}

pub(super) const QUERY: SetNames = SetNames {
    set: "query",
    files: ["query.npy", "query_flip.npy"],
};
pub(super) const GALLERY: SetNames = SetNames {
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

pub(super) fn read_meta(folder: &Path) -> Result<Meta, FeatureError> {
    let path = folder.join(META);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() => {
            let folder = folder.to_path_buf();
            return Err(match part_in(&folder) {
                Some(Part { index, count, .. }) => FeatureError::Part {
                    folder,
                    index,
                    count,
                },
                None => FeatureError::Incomplete { folder },
            });
        }
        Err(error) => return Err(FeatureError::io(path)(error)),
    };
    parse_meta(&path, &text)
}

/// Reads what stands in `meta.json`, or in a file of its kind.
pub(super) fn parse_meta<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, FeatureError> {
    let not_meta = |error: serde_json::Error| FeatureError::Meta {
        path: path.to_path_buf(),
        problem: format!("not the meta.json of features ({error})"),
    };
    // The number of the layout is looked at first: another layout may lack fields of this one.
    let value: serde_json::Value = serde_json::from_slice(text).map_err(not_meta)?;
    if let Some(found) = value.get("format").and_then(serde_json::Value::as_u64)
        && found != u64::from(FORMAT)
    {
        return Err(FeatureError::Format {
            path: path.to_path_buf(),
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
    check_rows(folder, &names, &meta.rows)?;
    read_matrices(folder, &names, meta, dim)
}

pub(super) fn read_matrices(
    folder: &Path,
    names: &SetNames,
    meta: SetMeta,
    dim: usize,
) -> Result<SetFeatures, FeatureError> {
    let [plain, flip] = names.files;
    let plain = read_matrix(&folder.join(plain), &meta.rows, dim, &meta.plain_sha256)?;
    let flip = read_matrix(&folder.join(flip), &meta.rows, dim, &meta.flip_sha256)?;
    Ok(SetFeatures {
        rows: meta.rows,
        plain,
        flip,
    })
}

/// Refuses a set without rows and a name that stands twice.
pub(super) fn check_rows(
    folder: &Path,
    names: &SetNames,
    rows: &[Row],
) -> Result<(), FeatureError> {
    let set = names.set;
    let path = folder.join(META);
    if rows.is_empty() {
        return Err(FeatureError::Empty { path, set });
    }
    let mut seen = HashMap::new();
    for (second, row) in rows.iter().enumerate() {
        if let Some(first) = seen.insert(row.name.as_str(), second) {
            let name = row.name.clone();
            return Err(FeatureError::Duplicate {
                path,
                set,
                name,
                first,
                second,
            });
        }
    }
    Ok(())
}

fn read_matrix(
    path: &Path,
    rows: &[Row],
    dim: usize,
    hash: &str,
) -> Result<Array2<f32>, FeatureError> {
    let (matrix, found) = matrix_file::read(path)?;
    check_counts(path, matrix.dim(), rows.len(), dim)?;
    check_hash(path, found, hash)?;
    check_values(path, matrix.view(), rows, 0)?;
    Ok(matrix)
}

pub(super) fn check_hash(path: &Path, found: String, wanted: &str) -> Result<(), FeatureError> {
    if found == wanted {
        Ok(())
    } else {
        Err(mixed(path, "sha256", found, wanted.to_owned()))
    }
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

pub(super) fn check_counts(
    path: &Path,
    (found_rows, found_dim): (usize, usize),
    rows: usize,
    dim: usize,
) -> Result<(), FeatureError> {
    for (what, found, wanted) in [
        ("rows", found_rows, rows),
        ("numbers per row", found_dim, dim),
    ] {
        if found != wanted {
            return Err(mixed(path, what, found.to_string(), wanted.to_string()));
        }
    }
    Ok(())
}

/// Refuses rows that are not finite or zero throughout; the first of `rows` is row `first`.
pub(super) fn check_values(
    path: &Path,
    matrix: ArrayView2<'_, f32>,
    rows: &[Row],
    first: usize,
) -> Result<(), FeatureError> {
    for (row, (values, whom)) in (first..).zip(matrix.rows().into_iter().zip(rows)) {
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
