//! Products of many pairs of features at once, in float64.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};

/// Rows of the right-hand matrix that are converted to float64 at a time: 4 MB at 2048 numbers.
const BLOCK: usize = 256;

/// Writes `a · bᵀ`, `[a rows, b rows]`, products and sums in float64.
///
/// The products of float32 numbers are exact in float64, so only the additions round. Each sum runs
/// in an order that depends on the width alone: equal rows give equal products to the last bit,
/// wherever they stand and whatever else is in the tile.
pub(in crate::eval) fn products(
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    mut out: ArrayViewMut2<'_, f64>,
) {
    let a = a.mapv(f64::from);
    for start in (0..b.nrows()).step_by(BLOCK) {
        let rows = start..b.nrows().min(start + BLOCK);
        let block = b
            .slice_axis(Axis(0), Slice::from(rows.clone()))
            .mapv(f64::from);
        let mut columns = out.slice_axis_mut(Axis(1), Slice::from(rows));
        general_mat_mul(1.0, &a, &block.t(), 0.0, &mut columns);
    }
}

/// Multiplies one pair in float64.
pub(in crate::eval) fn product(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&x, &y)| f64::from(x) * f64::from(y))
        .sum()
}

/// Returns the squared length of every row, in float64.
pub(in crate::eval) fn squared_lengths(rows: ArrayView2<'_, f32>) -> Vec<f64> {
    rows.rows()
        .into_iter()
        .map(|row| product(row, row))
        .collect()
}
