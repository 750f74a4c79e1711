//! Finding people in an extracted gallery of any size.
//!
//! Evaluation loads both sets, as it needs every distance. A search needs the few nearest rows of
//! the gallery alone, so the gallery is read once from front to back, a piece at a time, and only
//! the best rows so far are kept: memory depends on the queries and on `--memory`, not on the
//! gallery. Not even the names of its rows are held; those of the answers are picked out of
//! `meta.json` at the end.
//!
//! The result is exact: the distances are those of [`crate::eval::FeatureDistances`] to the last
//! bit, and rows at equal distance stand in the order of the gallery, whatever the pieces and the
//! number of threads.

mod error;
mod gallery;
mod memory;
mod query;
mod scan;
mod top;

#[cfg(test)]
mod tests;

pub use error::SearchError;
pub use gallery::Gallery;
pub use memory::{MemoryGallery, MemoryGalleryError};
pub use query::{Queries, embed_images};
pub use scan::{Hit, SearchOptions, search};
