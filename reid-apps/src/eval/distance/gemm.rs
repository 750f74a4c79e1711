//! Products of many pairs of features at once: in float64 where they count, in float32 to find out
//! where that is.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};

/// Rows of the right-hand matrix that are converted to float64 at a time: 4 MB at 2048 numbers.
const BLOCK: usize = 256;

/// Numbers that are added up before the sum joins the sums before it, in both precisions. In
/// float64 this is the order of the matrix product, which [`product`] has to repeat; in float32 it
/// keeps the bound on rounding small.
const RUN: usize = 256;

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

/// Multiplies one pair in float64: the same bits as [`products`].
pub(in crate::eval) fn product(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    product_of_each([b], a)[0]
}

/// Multiplies `a` with several rows in float64: the same bits as [`products`].
///
/// One sum has to wait for each of its additions; `N` of them side by side do not.
fn product_of_each<const N: usize>(
    rows: [ArrayView1<'_, f32>; N],
    a: ArrayView1<'_, f32>,
) -> [f64; N] {
    let slices = rows.each_ref().map(|row| row.as_slice());
    let (Some(left), true) = (a.as_slice(), slices.iter().all(Option::is_some)) else {
        let row = |row: &ArrayView1<'_, f32>| row.to_vec();
        let (a, rows) = (row(&a), rows.each_ref().map(row));
        return runs(&a, rows.each_ref().map(Vec::as_slice));
    };
    runs(left, slices.map(Option::unwrap_or_default))
}

fn runs<const N: usize>(a: &[f32], rows: [&[f32]; N]) -> [f64; N] {
    let mut sums = [0.0; N];
    for start in (0..a.len()).step_by(RUN) {
        let part = start..a.len().min(start + RUN);
        let rows = rows.map(|row| &row[part.clone()]);
        let mut run = [0.0; N];
        for (k, &x) in a[part.clone()].iter().enumerate() {
            for (sum, row) in run.iter_mut().zip(&rows) {
                *sum += f64::from(x) * f64::from(row[k]);
            }
        }
        sums.iter_mut().zip(run).for_each(|(sum, run)| *sum += run);
    }
    sums
}

/// Calls `found` with the number and the product of each of `rows`: the same bits as [`products`].
pub(in crate::eval) fn products_of<'a>(
    a: ArrayView1<'_, f32>,
    rows: &[usize],
    row: impl Fn(usize) -> ArrayView1<'a, f32>,
    mut found: impl FnMut(usize, f64),
) {
    const TOGETHER: usize = 8;
    let (groups, rest) = rows.as_chunks::<TOGETHER>();
    for group in groups {
        let products = product_of_each(group.map(&row), a);
        group
            .iter()
            .zip(products)
            .for_each(|(&row, product)| found(row, product));
    }
    for &one in rest {
        found(one, product(a, row(one)));
    }
}

/// Returns the squared length of every row, in float64.
pub(in crate::eval) fn squared_lengths(rows: ArrayView2<'_, f32>) -> Vec<f64> {
    rows.rows()
        .into_iter()
        .map(|row| product(row, row))
        .collect()
}

/// Writes `a · bᵀ`, `[a rows, b rows]` in C order, in float32.
///
/// `a` and `b` are C order, `[rows, dim]`. Each product is within [`rounding`] of the true one. One
/// thread; the digits below that may depend on the processor.
pub(in crate::eval) fn rough_products(a: &[f32], b: &[f32], dim: usize, out: &mut [f32]) {
    let (rows, columns) = (a.len() / dim, b.len() / dim);
    let a = MatRef::from_row_major_slice(a, rows, dim);
    let b = MatRef::from_row_major_slice(b, columns, dim);
    let mut out = MatMut::from_row_major_slice_mut(out, rows, columns);
    for start in (0..dim).step_by(RUN) {
        let run = RUN.min(dim - start);
        let beta = if start == 0 {
            Accum::Replace
        } else {
            Accum::Add
        };
        let (a, b) = (a.subcols(start, run), b.subcols(start, run));
        matmul(out.as_mut(), beta, a, b.transpose(), 1.0, Par::Seq);
    }
}

/// Bounds what [`rough_products`] may be off by, as a share of the product of both lengths.
///
/// A sum of `n` products, in whatever order, is within `n u / (1 − n u)` of the true one, measured
/// on the sum of the products' absolute values, which the lengths bound (Higham, "Accuracy and
/// Stability of Numerical Algorithms", 2002, section 3.1); `u` is 2⁻²⁴.
pub(in crate::eval) fn rounding(dim: usize) -> f64 {
    let steps = dim.min(RUN) + dim.div_ceil(RUN) + 2;
    1.01 * steps as f64 * f64::from(f32::EPSILON) / 2.0
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    use super::*;

    fn drawn(rows: usize, dim: usize, seed: u64) -> Array2<f32> {
        let mut random = Pcg64::seed_from_u64(seed);
        Array2::from_shape_simple_fn((rows, dim), || random.random_range(-1.0_f32..1.0))
    }

    #[test]
    fn single_products_have_the_bits_of_the_matrix_product() {
        for dim in [1, 7, 255, 256, 257, 2048, 2051] {
            let (a, b) = (drawn(5, dim, 1), drawn(300, dim, 2));
            let mut whole = Array2::zeros((5, 300));
            products(a.view(), b.view(), whole.view_mut());
            let rows: Vec<usize> = (0..300).rev().collect();
            for query in 0..5 {
                let mut seen = 0;
                products_of(
                    a.row(query),
                    &rows,
                    |row| b.row(row),
                    |row, product| {
                        assert_eq!(product, whole[[query, row]], "{dim}: {query} {row}");
                        seen += 1;
                    },
                );
                assert_eq!(seen, 300);
            }
            // Columns that do not lie side by side go another way to the same bits.
            let turned = b.t().as_standard_layout().into_owned();
            assert_eq!(product(a.row(0), turned.column(9)), whole[[0, 9]]);
        }
    }

    #[test]
    fn rough_products_are_within_their_bound() {
        for dim in [3, 256, 700, 2048] {
            let (a, b) = (drawn(33, dim, 3), drawn(70, dim, 4).mapv(f32::abs));
            let mut exact = Array2::zeros((33, 70));
            products(a.view(), b.view(), exact.view_mut());
            let mut rough = vec![0.0; 33 * 70];
            rough_products(
                a.as_slice().expect("C order"),
                b.as_slice().expect("C order"),
                dim,
                &mut rough,
            );
            let (la, lb) = (squared_lengths(a.view()), squared_lengths(b.view()));
            for ((i, j), exact) in exact.indexed_iter() {
                let gap = (f64::from(rough[i * 70 + j]) - exact).abs();
                assert!(
                    gap <= rounding(dim) * (la[i] * lb[j]).sqrt(),
                    "{dim}: {gap:e}"
                );
            }
        }
    }
}
