//! Mean and covariance of a stream of features.
//!
//! Rows are taken in blocks of fixed size. Each block is centred on its own mean before anything is
//! squared, and joined to what came before by the rule for two samples, so nothing cancels however
//! far the features lie from zero; and the memory is that of one block and one covariance.
//!
//! **Source**: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing
//! sample variances", Stanford STAN-CS-79-773, 1979, equation 1.5, for vectors.

use faer::{Mat, MatRef};
use ndarray::Array2;

use super::linear::add_scatter;
use super::{FidError, Statistics};

/// Rows that are joined at a time.
const BLOCK: usize = 512;

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
    /// Sum of the outer products of centred rows, lower triangle.
    scatter: Mat<f64>,
    /// Up to [`BLOCK`] rows of `dim`.
    block: Vec<f64>,
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
            scatter: Mat::zeros(dim, dim),
            block: Vec::with_capacity((BLOCK + 1) * dim),
        }
    }

    /// Returns how many rows have come.
    #[must_use]
    pub fn count(&self) -> u64 {
        (self.joined + self.block.len() / self.dim) as u64
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
            let begin = self.block.len();
            self.block.extend(row.iter().map(|&value| value.into()));
            let added = &self.block[begin..];
            if let Some(column) = added.iter().position(|value| !value.is_finite()) {
                let value = added[column];
                self.block.truncate(begin);
                return Err(FidError::NotFinite {
                    set: self.set.clone(),
                    row: self.count(),
                    column,
                    value,
                });
            }
            if self.block.len() == BLOCK * self.dim {
                self.join();
            }
        }
        Ok(())
    }

    /// Joins the block to what came before.
    fn join(&mut self) {
        let rows = self.block.len() / self.dim;
        if rows == 0 {
            return;
        }
        let (before, now) = (self.joined as f64, rows as f64);
        let mut mean = vec![0.0; self.dim];
        for row in self.block.chunks_exact(self.dim) {
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += value;
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= now);
        for row in self.block.chunks_exact_mut(self.dim) {
            for (value, mean) in row.iter_mut().zip(&mean) {
                *value -= mean;
            }
        }
        // The gap between the two means adds one more outer product: one more row.
        let weight = (before * now / (before + now)).sqrt();
        for (mean, old) in mean.iter().zip(&mut self.mean) {
            let gap = mean - *old;
            self.block.push(weight * gap);
            *old += gap * (now / (before + now));
        }
        let rows_and_gap = MatRef::from_row_major_slice(&self.block, rows + 1, self.dim);
        add_scatter(&mut self.scatter, rows_and_gap);
        self.joined += rows;
        self.block.clear();
    }

    /// Returns mean and covariance, the latter divided by the number of rows less one.
    ///
    /// # Errors
    ///
    /// [`FidError::TooFew`] below two rows, [`FidError::NotFinite`] if the squares are too large
    /// for float64.
    pub fn finish(mut self) -> Result<Statistics, FidError> {
        self.join();
        if self.joined < 2 {
            return Err(FidError::TooFew {
                set: self.set,
                found: self.joined as u64,
                wanted: 2,
            });
        }
        let scale = (self.joined - 1) as f64;
        let scatter = &self.scatter;
        let sigma = Array2::from_shape_fn((self.dim, self.dim), |(row, column)| {
            scatter[(row.max(column), row.min(column))] / scale
        });
        Statistics::new(self.set, self.mean, sigma, Some(self.joined as u64))
    }
}
