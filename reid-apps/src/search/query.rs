//! Where the features of queries come from.

use std::path::{Path, PathBuf};

use ndarray::Array2;
use rayon::prelude::*;

use super::{Gallery, SearchError};
use crate::eval::embed;
use crate::features::Features;
use crate::features::RowsFile;
use crate::imaging::{ImageError, Preprocessor};
use crate::mgn::{Embedder, EmbedderError, IMAGE};

/// What is searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct Queries {
    /// The name of each row.
    pub names: Vec<String>,
    /// The picture of each row, where there is one.
    pub pictures: Vec<Option<PathBuf>>,
    /// Features of length one, `[rows, dim]`.
    pub features: Array2<f32>,
}

impl Queries {
    /// Reads ready features: a folder that `reid mgn extract` wrote, of which the queries `names`
    /// are taken (all, where none is named), or a `.npy` of float32 `[rows, dim]` in which plain
    /// and mirrored pass are added already.
    ///
    /// # Errors
    /// [`SearchError::Model`] and [`SearchError::Dim`] if they do not fit the gallery,
    /// [`SearchError::NoSuchQuery`], [`SearchError::Features`], [`SearchError::Distances`] for a
    /// row without direction.
    pub fn read(path: &Path, names: &[String], gallery: &Gallery) -> Result<Self, SearchError> {
        if path.is_dir() {
            Self::of_folder(path, names, gallery)
        } else {
            Self::of_matrix(path, names, gallery)
        }
    }

    fn of_folder(path: &Path, names: &[String], gallery: &Gallery) -> Result<Self, SearchError> {
        let features = Features::read(path)?;
        let model = &features.provenance.model;
        check_model(gallery, path, &model.sha256)?;
        check_dim(gallery, path, model.dim)?;
        let set = &features.query;
        let rows: Vec<usize> = if names.is_empty() {
            (0..set.rows.len()).collect()
        } else {
            let find = |name: &String| {
                set.position(name).ok_or_else(|| {
                    let examples = set.rows.iter().take(3).map(|row| row.name.as_str());
                    SearchError::NoSuchQuery {
                        path: path.to_owned(),
                        name: name.clone(),
                        examples: examples.collect::<Vec<_>>().join(", "),
                    }
                })
            };
            names.iter().map(find).collect::<Result<_, _>>()?
        };
        let axis = ndarray::Axis(0);
        let (plain, flip) = (set.plain.select(axis, &rows), set.flip.select(axis, &rows));
        let root = Path::new(&features.provenance.data.root).join("query");
        Ok(Self {
            names: rows.iter().map(|&row| set.rows[row].name.clone()).collect(),
            pictures: rows
                .iter()
                .map(|&row| Some(root.join(&set.rows[row].name)))
                .collect(),
            features: unit(path, plain, flip)?,
        })
    }

    fn of_matrix(path: &Path, names: &[String], gallery: &Gallery) -> Result<Self, SearchError> {
        let mut rows = RowsFile::open(path)?;
        check_dim(gallery, path, rows.dim())?;
        let (count, dim) = (rows.rows(), rows.dim());
        if let Some(name) = names.first() {
            return Err(SearchError::NoSuchQuery {
                path: path.to_owned(),
                name: name.clone(),
                examples: "nothing: a .npy has no names, and all its rows are searched for"
                    .to_owned(),
            });
        }
        let mut numbers = Vec::new();
        rows.read(count, &mut numbers)?;
        let plain = Array2::from_shape_vec((count, dim), numbers).expect("whole rows were read");
        let flip = Array2::zeros((count, dim));
        Ok(Self {
            names: (0..count).map(|row| format!("row {row}")).collect(),
            pictures: vec![None; count],
            features: unit(path, plain, flip)?,
        })
    }
}

fn unit(path: &Path, plain: Array2<f32>, flip: Array2<f32>) -> Result<Array2<f32>, SearchError> {
    embed("query features", plain.view(), flip.view()).map_err(|source| SearchError::Distances {
        path: path.to_owned(),
        source,
    })
}

fn check_model(gallery: &Gallery, path: &Path, found: &str) -> Result<(), SearchError> {
    let model = &gallery.provenance().model;
    if found == model.sha256 {
        return Ok(());
    }
    Err(SearchError::Model {
        path: path.to_owned(),
        found: found.to_owned(),
        gallery: gallery.folder().to_owned(),
        name: model.file.clone(),
        wanted: model.sha256.clone(),
    })
}

fn check_dim(gallery: &Gallery, path: &Path, found: usize) -> Result<(), SearchError> {
    let wanted = gallery.provenance().model.dim;
    if found == wanted {
        return Ok(());
    }
    Err(SearchError::Dim {
        path: path.to_owned(),
        found,
        gallery: gallery.folder().to_owned(),
        wanted,
    })
}

/// Computes the features of images with the model that made the gallery.
///
/// Returns the queries, and what is wrong with each image that could not be read; those have no
/// row. `model` is the path of `embedder`, for errors.
///
/// # Errors
/// [`SearchError::Model`] and [`SearchError::Dim`] if the model is not the gallery's,
/// [`SearchError::Embedder`] if the device fails.
pub fn embed_images(
    embedder: &Embedder,
    model: &Path,
    images: &[PathBuf],
    gallery: &Gallery,
) -> Result<(Queries, Vec<ImageError>), SearchError> {
    check_model(gallery, model, embedder.sha256())?;
    check_dim(gallery, model, embedder.dim())?;
    let (mut names, mut pictures, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut plain, mut flip) = (Vec::new(), Vec::new());
    let mut slot = embedder.slot()?;
    for batch in images.chunks(embedder.batch()) {
        let (to_plain, to_flip) = slot.stage(batch.len()).map_err(EmbedderError::from)?;
        let outcomes: Vec<Result<(), ImageError>> = to_plain
            .par_chunks_exact_mut(IMAGE)
            .zip(to_flip.par_chunks_exact_mut(IMAGE))
            .zip(batch)
            .map_init(Preprocessor::mgn, |preprocessor, ((plain, flip), path)| {
                let done: Result<(), ImageError> =
                    preprocessor.run_file(path, plain, Some(&mut *flip));
                if done.is_err() {
                    plain.fill(0.0);
                    flip.fill(0.0);
                }
                done
            })
            .collect();
        slot = embedder.run(slot)?;
        let good = (0..batch.len()).filter(|&row| outcomes[row].is_ok());
        embedder.features(&slot, good, &mut plain, &mut flip)?;
        for (path, outcome) in batch.iter().zip(outcomes) {
            match outcome {
                Ok(()) => {
                    names.push(path.display().to_string());
                    pictures.push(Some(path.clone()));
                }
                Err(error) => failed.push(error),
            }
        }
    }
    let shape = (names.len(), embedder.dim());
    let matrix = |numbers| Array2::from_shape_vec(shape, numbers).expect("one row per image");
    let features = unit(model, matrix(plain), matrix(flip))?;
    let queries = Queries {
        names,
        pictures,
        features,
    };
    Ok((queries, failed))
}
