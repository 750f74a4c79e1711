//! The linear algebra below FID.
//!
//! Everything runs over fixed panels of columns, each computed by one thread from start to end: the
//! bits do not depend on how many threads there are.

use faer::diag::DiagMut;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt_pivoting::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Columns in one panel.
const PANEL: usize = 128;
/// Pieces that the reduction to tridiagonal form is cut into. Their sums are added in the order of
/// the pieces, so the number is fixed and not that of the machine's cores.
const PIECES: usize = 2;

/// Unused numbers below each column: columns a power of two apart would share a few places of the
/// caches.
pub(super) const GAP: usize = 8;

/// Rows that one product of matrices takes: more do not stay in the caches.
pub(super) const SLICE: usize = 256;

/// Adds `rowsᵀ · rows` to the lower triangle of `scatter`; the blocks on the diagonal are whole.
pub(super) fn add_scatter(scatter: MatMut<'_, f64>, rows: MatRef<'_, f64>) {
    let dim = scatter.nrows();
    scatter
        .par_col_chunks_mut(PANEL)
        .enumerate()
        .for_each(|(panel, target)| {
            let start = panel * PANEL;
            let width = target.ncols();
            let mut target = target.subrows_mut(start, dim - start);
            for begin in (0..rows.nrows()).step_by(SLICE) {
                let slice = rows.subrows(begin, SLICE.min(rows.nrows() - begin));
                let left = slice.subcols(start, dim - start).transpose();
                let right = slice.subcols(start, width);
                matmul(target.rb_mut(), Accum::Add, left, right, 1.0, Par::Seq);
            }
        });
}

/// A covariance as `lower · lowerᵀ`, rows in the order of `order`.
pub(super) struct Factor {
    /// `[dim, rank]`, zero above the diagonal.
    pub(super) lower: Mat<f64>,
    /// Row `i` of `lower` stands for dimension `order[i]`.
    pub(super) order: Vec<usize>,
    /// The least of what the factor leaves of the diagonal; far below zero for what is no
    /// covariance.
    pub(super) least_left: f64,
}

/// Factors a covariance by Cholesky's method with pivots, which ends at the rank.
///
/// Returns `None` if a diagonal element is negative or NaN.
pub(super) fn factor(sigma: MatRef<'_, f64>) -> Option<Factor> {
    let dim = sigma.nrows();
    if (0..dim).all(|at| sigma[(at, at)] == 0.0) {
        // All images have the same features; the factoring has no pivot to begin with.
        return Some(Factor {
            lower: Mat::zeros(dim, 0),
            order: (0..dim).collect(),
            least_left: 0.0,
        });
    }
    let mut padded = Mat::zeros(dim + GAP, dim);
    let mut lower = padded.as_mut().subrows_mut(0, dim);
    lower.copy_from_triangular_lower(sigma);
    let (mut order, mut inverse) = (vec![0_usize; dim], vec![0_usize; dim]);
    let scratch = cholesky_in_place_scratch::<usize, f64>(dim, Par::Seq, Default::default());
    let (info, _) = cholesky_in_place(
        lower.rb_mut(),
        &mut order,
        &mut inverse,
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .ok()?;
    let rank = info.rank;
    for (column, values) in lower.rb_mut().col_iter_mut().enumerate() {
        values.subrows_mut(0, column).fill(0.0);
    }
    padded.truncate(dim, rank);
    let lower = padded;
    let mut left: Vec<f64> = order.iter().map(|&at| sigma[(at, at)]).collect();
    for column in 0..rank {
        for (row, left) in left.iter_mut().enumerate().skip(column) {
            *left -= lower[(row, column)] * lower[(row, column)];
        }
    }
    let least_left = left.into_iter().fold(0.0, f64::min);
    Some(Factor {
        lower,
        order,
        least_left,
    })
}

/// Computes the eigenvalues of `lowerᵀ · sigma · lower`, ascending, which are those of
/// `sigma · lower · lowerᵀ` that need not be zero.
///
/// Returns `None` if they were not found.
pub(super) fn product_eigenvalues(sigma: MatRef<'_, f64>, factor: &Factor) -> Option<Vec<f64>> {
    let (dim, rank) = (factor.lower.nrows(), factor.lower.ncols());
    let order = &factor.order;
    // Sigma is symmetric and its rows lie in one piece, so a row serves for the column.
    let sigma = Mat::from_fn(dim + GAP, dim, |row, column| {
        let row = order.get(row).map_or(0, |&row| row);
        sigma[(order[column], row)]
    });
    let sigma = sigma.as_ref().subrows(0, dim);
    let lower = factor.lower.as_ref().subrows(0, dim);
    let mut half = Mat::<f64>::zeros(dim + GAP, rank);
    let mut product = Mat::<f64>::zeros(rank + GAP, rank);
    half.as_mut()
        .subrows_mut(0, dim)
        .par_col_chunks_mut(PANEL)
        .zip(
            product
                .as_mut()
                .subrows_mut(0, rank)
                .par_col_chunks_mut(PANEL),
        )
        .enumerate()
        .for_each(|(panel, (mut half, product))| {
            // The factor is zero above its diagonal, so nothing before `start` adds anything.
            let start = panel * PANEL;
            let width = half.ncols();
            matmul(
                half.rb_mut(),
                Accum::Replace,
                sigma.subcols(start, dim - start),
                lower.submatrix(start, start, dim - start, width),
                1.0,
                Par::Seq,
            );
            matmul(
                product.subrows_mut(start, rank - start),
                Accum::Replace,
                lower
                    .submatrix(start, start, dim - start, rank - start)
                    .transpose(),
                half.rb().subrows(start, dim - start),
                1.0,
                Par::Seq,
            );
        });
    drop(half);
    eigenvalues(product.as_ref().subrows(0, rank))
}

/// Computes the eigenvalues of a symmetric matrix from its lower triangle, ascending.
fn eigenvalues(matrix: MatRef<'_, f64>) -> Option<Vec<f64>> {
    let dim = matrix.nrows();
    let mut values = vec![0.0; dim];
    let par = Par::rayon(PIECES);
    let scratch =
        self_adjoint_evd_scratch::<f64>(dim, ComputeEigenvectors::No, par, Default::default());
    self_adjoint_evd(
        matrix,
        DiagMut::from_slice_mut(&mut values),
        None,
        par,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .ok()?;
    values.sort_by(f64::total_cmp);
    Some(values)
}
