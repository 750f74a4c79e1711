//! Distances that somebody else has computed.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, Axis, Slice, Zip};

use super::DistanceRows;

/// Gives the rows of a finished matrix, `[queries, gallery]`, of any number that fits float64.
#[derive(Clone, Copy, Debug)]
pub struct DistanceMatrix<'a, T>(pub ArrayView2<'a, T>);

impl<T: Copy + Into<f64> + Sync> DistanceRows for DistanceMatrix<'_, T> {
    fn queries(&self) -> usize {
        self.0.nrows()
    }

    fn gallery(&self) -> usize {
        self.0.ncols()
    }

    fn fill(&self, rows: Range<usize>, mut out: ArrayViewMut2<'_, f64>) {
        let from = self.0.slice_axis(Axis(0), Slice::from(rows));
        Zip::from(&mut out)
            .and(from)
            .for_each(|to, &value| *to = value.into());
    }
}
