//! What every data set offers to the commands.

use std::path::Path;

use super::{DataError, Folder, Label};

/// Gives the two lists of a re-identification benchmark.
///
/// Extraction and evaluation see a data set through this trait only. Implementations are read once
/// and immutable afterwards, so that they can be shared between threads.
pub trait ReidDataset: Send + Sync {
    /// Returns the name under which features remember the set, such as `market1501`.
    fn protocol(&self) -> &'static str;

    /// Returns the root folder as it was given.
    fn root(&self) -> &Path;

    /// Returns the images that are searched for.
    fn query(&self) -> &Folder;

    /// Returns the images that are searched.
    fn gallery(&self) -> &Folder;

    /// Reads the images that a network is trained on, where the copy has them. No evaluation needs
    /// them; only a check of the whole set does.
    ///
    /// # Errors
    /// [`DataError`] for a folder that cannot be read.
    fn train(&self) -> Result<Option<Folder>, DataError>;

    /// Returns the labels of the query images, in row order.
    fn query_labels(&self) -> Vec<Label> {
        self.query().items.iter().map(|item| item.label).collect()
    }

    /// Returns the labels of the gallery images, in row order.
    fn gallery_labels(&self) -> Vec<Label> {
        self.gallery().items.iter().map(|item| item.label).collect()
    }
}
