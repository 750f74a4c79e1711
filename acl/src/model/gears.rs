//! Gears: the sizes that a model with dynamic inputs was compiled for.

use std::fmt;

/// All gears of a model.
///
/// A model compiled with `--dynamic_batch_size`, `--dynamic_image_size` or `--dynamic_dims` runs at
/// any of the listed sizes, and at no other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gears {
    /// The shapes are fixed.
    #[default]
    Static,
    /// Batch sizes.
    Batch(Vec<u64>),
    /// Image sizes: height, width.
    ImageSize(Vec<[u64; 2]>),
    /// All dims of all data inputs in a row.
    Dims(Vec<Vec<i64>>),
}

/// One gear of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gear<'a> {
    /// The shapes are fixed.
    Static,
    /// The batch size.
    Batch(u64),
    /// Height and width of the images.
    ImageSize([u64; 2]),
    /// All dims of all data inputs in a row.
    Dims(&'a [i64]),
}

impl Gears {
    /// Returns the number of gears; 0 if the shapes are fixed.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Static => 0,
            Self::Batch(list) => list.len(),
            Self::ImageSize(list) => list.len(),
            Self::Dims(list) => list.len(),
        }
    }

    /// Tells whether the shapes are fixed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a gear by its index; [`Gear::Static`] beyond the end.
    #[must_use]
    pub fn get(&self, index: usize) -> Gear<'_> {
        let found = match self {
            Self::Static => None,
            Self::Batch(list) => list.get(index).map(|batch| Gear::Batch(*batch)),
            Self::ImageSize(list) => list.get(index).map(|size| Gear::ImageSize(*size)),
            Self::Dims(list) => list.get(index).map(|dims| Gear::Dims(dims)),
        };
        found.unwrap_or(Gear::Static)
    }

    pub(crate) fn find(&self, gear: Gear<'_>) -> Option<usize> {
        (0..self.len()).find(|index| self.get(*index) == gear)
    }

    /// Returns the gear that needs the most memory.
    pub(crate) fn largest(&self) -> Option<usize> {
        (0..self.len()).max_by_key(|index| match self.get(*index) {
            Gear::Static => 0,
            Gear::Batch(batch) => u128::from(batch),
            Gear::ImageSize([height, width]) => u128::from(height) * u128::from(width),
            Gear::Dims(dims) => dims
                .iter()
                .map(|dim| u128::from(dim.unsigned_abs()))
                .fold(1, u128::saturating_mul),
        })
    }
}

impl fmt::Display for Gears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static => write!(f, "fixed shapes"),
            Self::Batch(list) => write!(f, "the batch sizes {list:?}"),
            Self::ImageSize(list) => write!(f, "the image sizes (height, width) {list:?}"),
            Self::Dims(list) => write!(f, "the dims {list:?}"),
        }
    }
}
