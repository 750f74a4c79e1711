//! Mean and covariance of a stream of features.
//!
//! Rows are taken in blocks of fixed size. Each block is centred on its own mean before anything is
//! squared, and joined to what came before by the rule for two samples, so nothing cancels however
//! far the features lie from zero; and the memory is that of one block and one covariance.
//!
//! **Source**: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing
//! sample variances", Stanford STAN-CS-79-773, 1979, equation 1.5, for vectors.

use std::convert::Infallible;

use faer::{Mat, MatRef};
use ndarray::Array2;

use super::linear::{GAP, SLICE, add_scatter};
use super::statistics::each_below_the_diagonal;
use super::{FidError, Statistics};

/// Rows that are joined at a time; with one more, which stands for the gap between two means, they
/// are the rows that a product of matrices takes in one go.
const BLOCK: usize = SLICE - 1;
/// Rows in memory before their products are added: threads meet as seldom.
const GATHERED: usize = 4 * SLICE;
/// Gathers mean and covariance of rows that come one after the other.
///
/// Everything is added in float64. The result depends on the rows and their order, not on how they
/// were cut into calls, nor on the number of threads.
#[derive(Clone, Debug)]
pub struct Moments {
    set: String,
    dim: usize,
    /// Rows joined already; those in `block` are not.
    joined: usize,
    mean: Vec<f64>,
    /// Sum of the outer products of centred rows, lower triangle, above [`GAP`] rows of nothing.
    scatter: Mat<f64>,
    /// Up to [`GATHERED`] rows, each followed by [`GAP`] zeros: centred ones that `scatter` has not
    /// yet, then the open block.
    rows: Vec<f64>,
    /// Rows of the open block, at the end of `rows`; at most [`BLOCK`].
    open: usize,
}

impl Moments {
    /// Begins a set of rows of `dim` numbers; `set` names it in errors.
    ///
    /// # Panics
    ///
    /// When `dim` is 0.
    #[must_use]
    pub fn new(set: impl Into<String>, dim: usize) -> Self {
        assert!(dim > 0, "features of no dimension");
        Self {
            set: set.into(),
            dim,
            joined: 0,
            mean: vec![0.0; dim],
            scatter: Mat::zeros(dim + GAP, dim),
            rows: Vec::new(),
            open: 0,
        }
    }

    /// Returns how many rows have come.
    #[must_use]
    pub fn count(&self) -> u64 {
        (self.joined + self.open) as u64
    }

    /// Adds whole rows, one after the other in `rows`.
    ///
    /// # Errors
    ///
    /// [`FidError::Width`] if the last row is not whole, [`FidError::NotFinite`]; rows before the
    /// bad one were added.
    pub fn push<T: Copy + Into<f64>>(&mut self, rows: &[T]) -> Result<(), FidError> {
        if !rows.len().is_multiple_of(self.dim) {
            return Err(FidError::Width {
                set: self.set.clone(),
                found: rows.len(),
                wanted: self.dim,
            });
        }
        for row in rows.chunks_exact(self.dim) {
            let begin = self.rows.len();
            self.rows.extend(row.iter().map(|&value| value.into()));
            let added = &self.rows[begin..];
            // All of them at once, which is quick; then which one.
            if !added
                .iter()
                .fold(true, |all, value| all & value.is_finite())
                && let Some(column) = added.iter().position(|value| !value.is_finite())
            {
                let value = added[column];
                self.rows.truncate(begin);
                return Err(FidError::NotFinite {
                    set: self.set.clone(),
                    row: self.count(),
                    column,
                    value,
                });
            }
            self.rows.resize(begin + self.stride(), 0.0);
            self.open += 1;
            if self.open == BLOCK {
                self.join();
            }
        }
        Ok(())
    }

    fn stride(&self) -> usize {
        self.dim + GAP
    }

    /// Joins the open block to what came before.
    fn join(&mut self) {
        let (stride, rows) = (self.stride(), self.open);
        if rows == 0 {
            return;
        }
        let (before, now) = (self.joined as f64, rows as f64);
        let begin = self.rows.len() - rows * stride;
        let block = &mut self.rows[begin..];
        let mut mean = vec![0.0; stride];
        for row in block.chunks_exact(stride) {
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += value;
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= now);
        for row in block.chunks_exact_mut(stride) {
            for (value, mean) in row.iter_mut().zip(&mean) {
                *value -= mean;
            }
        }
        // The gap between the two means adds one more outer product: one more row.
        let weight = (before * now / (before + now)).sqrt();
        for (mean, old) in mean.iter().zip(&mut self.mean) {
            let gap = mean - *old;
            self.rows.push(weight * gap);
            *old += gap * (now / (before + now));
        }
        self.rows.resize(begin + (rows + 1) * stride, 0.0);
        self.joined += rows;
        self.open = 0;
        if self.rows.len() == GATHERED * stride {
            self.add();
        }
    }

    /// Adds the products of the rows that are joined.
    fn add(&mut self) {
        let stride = self.stride();
        let rows = MatRef::from_row_major_slice_with_stride(
            &self.rows,
            self.rows.len() / stride,
            self.dim,
            stride,
        );
        add_scatter(self.scatter.as_mut().subrows_mut(0, self.dim), rows);
        self.rows.clear();
    }

    /// Returns mean and covariance, the latter divided by the number of rows less one.
    ///
    /// # Errors
    ///
    /// [`FidError::TooFew`] below two rows, [`FidError::NotFinite`] if the squares are too large
    /// for float64.
    pub fn finish(mut self) -> Result<Statistics, FidError> {
        self.join();
        self.add();
        if self.joined < 2 {
            return Err(FidError::TooFew {
                set: self.set,
                found: self.joined as u64,
                wanted: 2,
            });
        }
        let scale = (self.joined - 1) as f64;
        // A column of the lower half lies in one piece, and so does a row of the upper.
        let mut sigma = Array2::zeros((self.dim, self.dim));
        for (column, mut line) in sigma.outer_iter_mut().enumerate() {
            let lower = &self.scatter.col_as_slice(column)[column..self.dim];
            for (to, from) in line.iter_mut().skip(column).zip(lower) {
                *to = from / scale;
            }
        }
        let Ok(()) = each_below_the_diagonal(self.dim, |row, column| {
            sigma[(row, column)] = sigma[(column, row)];
            Ok::<_, Infallible>(())
        });
        self.scatter = Mat::new();
        Statistics::new(self.set, self.mean, sigma, Some(self.joined as u64))
    }
}
