//! Why a search could not be done.

use std::path::PathBuf;

use crate::eval::EvalError;
use crate::features::FeatureError;
use crate::mgn::EmbedderError;

/// Tells why a search could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The gallery or ready features cannot be read.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// The distances cannot be computed.
    #[error("{}: {source}", .path.display())]
    Distances {
        /// The file with the row.
        path: PathBuf,
        /// The reason.
        source: EvalError,
    },
    /// Query and gallery have features of different length.
    #[error("{}: {found} numbers per row, but the gallery {} has {wanted}; make both with the same model", .path.display(), .gallery.display())]
    Dim {
        /// Where the queries come from.
        path: PathBuf,
        /// Their numbers per row.
        found: usize,
        /// The gallery's folder.
        gallery: PathBuf,
        /// The gallery's numbers per row.
        wanted: usize,
    },
    /// Query and gallery were made by different models.
    #[error("{}: sha256 of the model {found}, but the gallery {} was made by {name} with sha256 {wanted}; features of two models cannot be compared: take that model, or extract the gallery again", .path.display(), .gallery.display())]
    Model {
        /// The model or the query features.
        path: PathBuf,
        /// The hash of the queries' model.
        found: String,
        /// The gallery's folder.
        gallery: PathBuf,
        /// The file name of the gallery's model.
        name: String,
        /// The hash of the gallery's model.
        wanted: String,
    },
    /// There is no query of this name.
    #[error("{}: no query is called {name}; names look like {examples}", .path.display())]
    NoSuchQuery {
        /// The features folder.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// Some names that there are.
        examples: String,
    },
    /// The model failed.
    #[error(transparent)]
    Embedder(#[from] EmbedderError),
}
