//! Where distances come from.

mod features;
pub(super) mod gemm;
mod matrix;
mod metric;

use std::ops::Range;

use ndarray::{Array2, ArrayViewMut2};

use super::Screen;

pub use features::FeatureDistances;
pub(super) use features::check_pair;
pub use matrix::DistanceMatrix;
pub use metric::Metric;

/// Gives distances from queries to the whole gallery, some queries at a time.
///
/// Smaller is nearer; any order-preserving scale will do. A row must be the same however it is
/// asked for, alone or with others, so that no result depends on tiles or threads.
pub trait DistanceRows: Sync {
    /// Returns the number of queries.
    fn queries(&self) -> usize;

    /// Returns the number of gallery rows.
    fn gallery(&self) -> usize;

    /// Writes the distances of the queries `rows` into `out`, `[rows.len(), gallery]`, C order.
    ///
    /// # Panics
    /// If `rows` reaches beyond the queries or `out` has another shape.
    fn fill(&self, rows: Range<usize>, out: ArrayViewMut2<'_, f64>);

    /// Returns rough distances to count by, where there are any: the same figures, sooner.
    fn screen(&self) -> Option<Box<dyn Screen + '_>> {
        None
    }
}

/// Computes the whole matrix, `[queries, gallery]`.
///
/// For small sets and for tests: 3368 by 15913 distances take 430 MB.
#[must_use]
pub fn full_matrix(distances: &dyn DistanceRows) -> Array2<f64> {
    let mut matrix = Array2::zeros((distances.queries(), distances.gallery()));
    distances.fill(0..distances.queries(), matrix.view_mut());
    matrix
}
