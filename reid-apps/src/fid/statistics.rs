//! What FID needs to know of a set.

use faer::MatRef;
use ndarray::Array2;

use super::FidError;

/// How far the two halves of sigma may differ, relative to the diagonal: files in float32 do.
const ASYMMETRY: f64 = 1e-5;

/// Mean and covariance of a set's features.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    set: String,
    mean: Vec<f64>,
    sigma: Array2<f64>,
    count: Option<u64>,
}

impl Statistics {
    /// Takes mean, `[dim]`, and covariance, `[dim, dim]`, after a check.
    ///
    /// `set` names the set in errors and reports; `count` is the number of images, where it is
    /// known. The two halves of sigma are averaged.
    ///
    /// # Errors
    ///
    /// [`FidError::NotCovariance`] if sigma is not square, not as wide as the mean, not symmetric,
    /// or has an element that no covariance has; [`FidError::NotFinite`].
    pub fn new(
        set: impl Into<String>,
        mean: Vec<f64>,
        sigma: Array2<f64>,
        count: Option<u64>,
    ) -> Result<Self, FidError> {
        let set = set.into();
        let dim = mean.len();
        let not = |problem| FidError::NotCovariance {
            set: set.clone(),
            problem,
        };
        let (rows, columns) = sigma.dim();
        if rows != columns {
            return Err(not(format!(
                "it is {rows} x {columns}, wanted as many rows as columns"
            )));
        }
        if rows != dim || dim == 0 {
            return Err(not(format!(
                "it is {rows} x {columns} and mu has {dim} numbers, wanted {dim} x {dim}, not empty"
            )));
        }
        if let Some(column) = mean.iter().position(|value| !value.is_finite()) {
            let value = mean[column];
            let set = format!("{set}: mu");
            return Err(FidError::NotFinite {
                set,
                row: 0,
                column,
                value,
            });
        }
        if !sigma
            .iter()
            .fold(true, |all, value| all & value.is_finite())
            && let Some(((row, column), &value)) =
                sigma.indexed_iter().find(|(_, value)| !value.is_finite())
        {
            let (set, row) = (format!("{set}: sigma"), row as u64);
            return Err(FidError::NotFinite {
                set,
                row,
                column,
                value,
            });
        }
        let mut sigma = if sigma.is_standard_layout() {
            sigma
        } else {
            sigma.as_standard_layout().into_owned()
        };
        let roots: Vec<f64> = sigma.diag().iter().map(|value| value.sqrt()).collect();
        if let Some(row) = sigma.diag().iter().position(|&value| value < 0.0) {
            return Err(not(format!(
                "element {row}, {row} is {:e}, wanted a variance, which is not negative",
                sigma[(row, row)]
            )));
        }
        each_below_the_diagonal(dim, |row, column| {
            let (a, b) = (sigma[(row, column)], sigma[(column, row)]);
            // No covariance is larger than this.
            let limit = roots[row] * roots[column];
            if (a - b).abs() > ASYMMETRY * limit.max(f64::MIN_POSITIVE) {
                return Err(not(format!(
                    "it is not symmetric: element {row}, {column} is {a:e}, its mirror {b:e}"
                )));
            }
            let mean = 0.5 * (a + b);
            if mean.abs() > limit * (1.0 + ASYMMETRY) {
                return Err(not(format!(
                    "element {row}, {column} is {mean:e}, wanted at most {limit:e}, the root of \
                     the product of its variances"
                )));
            }
            sigma[(row, column)] = mean;
            sigma[(column, row)] = mean;
            Ok(())
        })?;
        Ok(Self {
            set,
            mean,
            sigma,
            count,
        })
    }

    /// Returns the set's name.
    #[must_use]
    pub fn set(&self) -> &str {
        &self.set
    }

    /// Returns the length of a feature vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.mean.len()
    }

    /// Returns the mean, `[dim]`.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Returns the covariance, `[dim, dim]`, symmetric.
    #[must_use]
    pub fn sigma(&self) -> &Array2<f64> {
        &self.sigma
    }

    /// Returns the number of images, where it is known.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        self.count
    }

    pub(super) fn matrix(&self) -> MatRef<'_, f64> {
        let numbers = self
            .sigma
            .as_slice()
            .expect("sigma was brought into standard layout");
        MatRef::from_row_major_slice(numbers, self.dim(), self.dim())
    }
}

/// Visits every place below the diagonal once, `(row, column)`, tile by tile: so the mirrored
/// places, too, lie near one another in memory.
pub(super) fn each_below_the_diagonal<E>(
    dim: usize,
    mut visit: impl FnMut(usize, usize) -> Result<(), E>,
) -> Result<(), E> {
    const TILE: usize = 32;
    for top in (0..dim).step_by(TILE) {
        for left in (0..=top).step_by(TILE) {
            for row in top..dim.min(top + TILE) {
                for column in left..row.min(left + TILE) {
                    visit(row, column)?;
                }
            }
        }
    }
    Ok(())
}
