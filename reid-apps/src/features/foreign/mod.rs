//! Features that other programs have written.
//!
//! | file | contents |
//! |---|---|
//! | `.npz` | arrays `query_f`, `gallery_f` (float32, `[rows, dim]`, C order), `query_label`, `query_cam`, `gallery_label`, `gallery_cam` (whole numbers, one per row); `query_flip` and `gallery_flip` as the features, if there are any |
//! | `.mat` | the same names, MATLAB's version 5 (`-v6`, `-v7`, scipy's `savemat`); float32, or float64, which is rounded to it |
//! | `.json` | a description: for `query` and `gallery` the file of the features (`.npy`, `.txt`, or bare numbers), `ids`, `cameras`, and if there are any `flip` and `names` |
//!
//! The names are those of the evaluators that grew from the first baselines for Market-1501, DG-Net's
//! among them. In a description paths are relative to it:
//!
//! ```json
//! {"query":   {"features": "q.bin", "dtype": "<f4", "shape": [2, 3], "ids": [1, 2], "cameras": [1, 1]},
//!  "gallery": {"features": "g.npy", "ids": [1, 2, 0], "cameras": [2, 2, 3], "names": ["a", "b", "c"]}}
//! ```
//!
//! Text has one row per line, numbers with white space or commas between them. Rows without a name
//! are called after their set and number, as `query[7]`, counted from 0.

mod array;
mod description;
mod mat;
mod npz;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ndarray::Array2;

use super::store::check_values;
use super::{
    DataInfo, DeviceInfo, FeatureError, Features, ModelInfo, Provenance, Row, SetFeatures,
};
use crate::data::{Camera, Label, PersonId};
use array::Array;

/// Holds features of another program, as it gave them.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignFeatures {
    /// The file.
    pub path: PathBuf,
    /// The images that are searched for.
    pub query: ForeignSet,
    /// The images that are searched.
    pub gallery: ForeignSet,
}

/// Holds one set of another program.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignSet {
    /// Whom each row shows.
    pub rows: Vec<Row>,
    /// The features, `[rows, dim]`.
    pub plain: Array2<f32>,
    /// Those of the mirrored images, if the program kept them apart.
    pub flip: Option<Array2<f32>>,
}

/// One set before its parts were compared; the paths are for errors.
struct Draft {
    path: PathBuf,
    plain: Array2<f32>,
    flip: Option<(PathBuf, Array2<f32>)>,
    truth_path: PathBuf,
    ids: Vec<i64>,
    cameras: Vec<i64>,
    names: Option<Vec<String>>,
}

impl ForeignFeatures {
    /// Tells whether a path is named like one of the files that [`ForeignFeatures::read`] reads.
    #[must_use]
    pub fn is_named_so(path: &Path) -> bool {
        matches!(extension(path).as_str(), "npz" | "mat" | "json")
    }

    /// Reads a `.npz`, a `.mat` or a description in JSON.
    ///
    /// # Errors
    /// [`FeatureError`]: [`Foreign`](FeatureError::Foreign) with the array and what is wrong with
    /// it, [`Dtype`](FeatureError::Dtype), [`Layout`](FeatureError::Layout),
    /// [`Damaged`](FeatureError::Damaged), [`NotFinite`](FeatureError::NotFinite),
    /// [`AllZero`](FeatureError::AllZero), [`Duplicate`](FeatureError::Duplicate),
    /// [`Empty`](FeatureError::Empty), [`Mixed`](FeatureError::Mixed), [`Io`](FeatureError::Io).
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FeatureError> {
        let path = path.as_ref();
        let [query, gallery] = match extension(path).as_str() {
            "npz" => from_arrays(path, npz::read(path, &is_wanted)?)?,
            "mat" => from_arrays(path, mat::read(path, &is_wanted)?)?,
            "json" => description::read(path)?,
            other => {
                return Err(FeatureError::foreign(
                    path,
                    format!("a name that ends in {other:?}, wanted .npz, .mat or .json; rename it"),
                ));
            }
        };
        let dim = query.plain.ncols();
        Ok(Self {
            path: path.to_owned(),
            query: query.finish("query", dim)?,
            gallery: gallery.finish("gallery", dim)?,
        })
    }
}

impl ForeignFeatures {
    /// Makes features as `reid mgn extract` would have left them, with what is not known about
    /// their making said to be so. Without mirrored features those are zeros, which add nothing.
    #[must_use]
    pub fn into_features(self) -> Features {
        let unknown = || "not recorded".to_owned();
        let provenance = Provenance {
            run: unknown(),
            device: DeviceInfo {
                soc: unknown(),
                library: unknown(),
                version: unknown(),
            },
            model: ModelInfo {
                file: unknown(),
                sha256: unknown(),
                dim: self.query.plain.ncols(),
                ..ModelInfo::default()
            },
            data: DataInfo {
                root: self.path.display().to_string(),
                ..DataInfo::default()
            },
            ..Provenance::default()
        };
        let whole = |set: ForeignSet| SetFeatures {
            flip: set.flip.unwrap_or_else(|| Array2::zeros(set.plain.dim())),
            rows: set.rows,
            plain: set.plain,
        };
        Features {
            provenance,
            query: whole(self.query),
            gallery: whole(self.gallery),
        }
    }
}

impl ForeignSet {
    /// Returns persons and cameras, in row order.
    #[must_use]
    pub fn labels(&self) -> Vec<Label> {
        self.rows.iter().map(Row::label).collect()
    }
}

fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default();
    extension.to_string_lossy().to_ascii_lowercase()
}

const SETS: [&str; 2] = ["query", "gallery"];

fn is_wanted(name: &str) -> bool {
    SETS.iter().any(|set| {
        name.strip_prefix(set)
            .is_some_and(|part| ["_f", "_flip", "_label", "_cam"].contains(&part))
    })
}

fn from_arrays(
    path: &Path,
    mut arrays: HashMap<String, Array>,
) -> Result<[Draft; 2], FeatureError> {
    let mut set = |set: &str| {
        let mut take = |part: &str, required: bool| {
            let name = format!("{set}_{part}");
            let array = arrays.remove(&name).map(|array| (name.clone(), array));
            match array {
                None if required => Err(FeatureError::foreign(
                    path,
                    format!(
                        "no array {name}, wanted {set}_f, {set}_label and {set}_cam; add it, under this name"
                    ),
                )),
                array => Ok(array),
            }
        };
        let plain = take("f", true)?;
        let flip = take("flip", false)?;
        let (ids, cameras) = (take("label", true)?, take("cam", true)?);
        let inside = |name: &str| path.join(name);
        let matrix = |(name, array): (String, Array)| -> Result<_, FeatureError> {
            let path = inside(&name);
            let matrix = array.into_matrix(&path)?;
            Ok((path, matrix))
        };
        let numbers = |entry: Option<(String, Array)>| match entry {
            Some((name, array)) => array.into_whole_numbers(&inside(&name)),
            None => Ok(Vec::new()),
        };
        let (plain_path, plain) = match plain {
            Some(entry) => matrix(entry)?,
            None => (path.to_owned(), Array2::zeros((0, 0))),
        };
        Ok(Draft {
            path: plain_path,
            plain,
            flip: flip.map(matrix).transpose()?,
            truth_path: path.to_owned(),
            ids: numbers(ids)?,
            cameras: numbers(cameras)?,
            names: None,
        })
    };
    Ok([set(SETS[0])?, set(SETS[1])?])
}

impl Draft {
    /// Compares the parts of a set with each other and its width with `dim`.
    fn finish(self, set: &'static str, dim: usize) -> Result<ForeignSet, FeatureError> {
        let count = self.plain.nrows();
        if count == 0 {
            let path = self.path;
            return Err(FeatureError::Empty { path, set });
        }
        let mixed = |path: &Path, what, found: usize, against, wanted: usize| {
            Err(FeatureError::Mixed {
                path: path.to_owned(),
                what,
                found: found.to_string(),
                against,
                wanted: wanted.to_string(),
            })
        };
        let against = "the query features have";
        if self.plain.ncols() != dim {
            let found = self.plain.ncols();
            return mixed(&self.path, "numbers per row", found, against, dim);
        }
        let against = "the plain features have";
        if let Some((path, flip)) = &self.flip {
            if flip.nrows() != count {
                return mixed(path, "rows", flip.nrows(), against, count);
            }
            if flip.ncols() != dim {
                return mixed(path, "numbers per row", flip.ncols(), against, dim);
            }
        }
        for (what, found) in [
            ("persons", self.ids.len()),
            ("cameras", self.cameras.len()),
            ("names", self.names.as_ref().map_or(count, Vec::len)),
        ] {
            if found != count {
                return mixed(&self.truth_path, what, found, against, count);
            }
        }
        let rows = self.rows(set)?;
        check_unique(&self.truth_path, set, &rows)?;
        check_values(&self.path, self.plain.view(), &rows, 0)?;
        if let Some((path, flip)) = &self.flip {
            check_values(path, flip.view(), &rows, 0)?;
        }
        Ok(ForeignSet {
            rows,
            plain: self.plain,
            flip: self.flip.map(|(_, flip)| flip),
        })
    }

    fn rows(&self, set: &str) -> Result<Vec<Row>, FeatureError> {
        let beyond = |what: &str, row: usize, found: i64, wanted: &str| {
            FeatureError::foreign(
                &self.truth_path,
                format!("{what} of {set} row {row} is {found}, wanted {wanted}; number them anew"),
            )
        };
        let truth = self.ids.iter().zip(&self.cameras).enumerate();
        truth
            .map(|(row, (&id, &camera))| {
                let names = self.names.as_ref();
                Ok(Row {
                    name: names.map_or_else(|| format!("{set}[{row}]"), |names| names[row].clone()),
                    id: PersonId(
                        i32::try_from(id)
                            .map_err(|_| beyond("person", row, id, "a number of 32 bits"))?,
                    ),
                    camera: Camera(
                        u32::try_from(camera)
                            .map_err(|_| beyond("camera", row, camera, "0 or more"))?,
                    ),
                })
            })
            .collect()
    }
}

fn check_unique(path: &Path, set: &'static str, rows: &[Row]) -> Result<(), FeatureError> {
    let mut seen = HashMap::new();
    for (second, row) in rows.iter().enumerate() {
        if let Some(first) = seen.insert(row.name.as_str(), second) {
            return Err(FeatureError::Duplicate {
                path: path.to_owned(),
                set,
                name: row.name.clone(),
                first,
                second,
            });
        }
    }
    Ok(())
}
