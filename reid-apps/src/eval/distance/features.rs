//! Distances between two sets of features.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};

use super::gemm::{products, squared_lengths};
use super::{DistanceRows, Metric};
use crate::eval::EvalError;

/// Below this share of `‖q‖² + ‖g‖²` a squared distance is computed from the differences: the
/// identity `‖q‖² + ‖g‖² − 2 q·g` has lost five of its sixteen digits there.
const CANCELLATION: f64 = 1e-5;

/// Computes distances between float32 features in float64, tile by tile.
///
/// Euclidean distances come from a matrix product, and from the differences where the product
/// would cancel, so that equal features are at distance zero exactly.
#[derive(Clone, Debug)]
pub struct FeatureDistances<'a> {
    metric: Metric,
    query: ArrayView2<'a, f32>,
    gallery: ArrayView2<'a, f32>,
    query_squares: Vec<f64>,
    gallery_squares: Vec<f64>,
}

impl<'a> FeatureDistances<'a> {
    /// Makes the distances from `query`, `[queries, dim]`, to `gallery`, `[rows, dim]`.
    ///
    /// # Errors
    /// [`EvalError::Shape`] for different widths, [`EvalError::Empty`] for a set without rows,
    /// [`EvalError::NotFinite`], and with the cosine [`EvalError::ZeroFeature`].
    pub fn new(
        metric: Metric,
        query: ArrayView2<'a, f32>,
        gallery: ArrayView2<'a, f32>,
    ) -> Result<Self, EvalError> {
        check_pair(query, gallery)?;
        let squares = |what, rows| {
            let squares = squared_lengths(rows);
            if let Some(row) = squares.iter().position(|square| !square.is_finite()) {
                return Err(EvalError::NotFinite { what, row });
            }
            match squares.iter().position(|&square| square == 0.0) {
                Some(row) if metric == Metric::Cosine => Err(EvalError::ZeroFeature { what, row }),
                _ => Ok(squares),
            }
        };
        let query_squares = squares("query features", query)?;
        let gallery_squares = squares("gallery features", gallery)?;
        Ok(Self {
            metric,
            query,
            gallery,
            query_squares,
            gallery_squares,
        })
    }

    fn finish_row(&self, query: usize, values: &mut [f64]) {
        let square = self.query_squares[query];
        let pairs = values.iter_mut().zip(&self.gallery_squares);
        match self.metric {
            Metric::Dot => values.iter_mut().for_each(|value| *value = -*value),
            Metric::Cosine => {
                pairs.for_each(|(value, other)| *value = 1.0 - *value / (square * other).sqrt());
            }
            Metric::Euclidean => {
                for (row, (value, other)) in pairs.enumerate() {
                    let sum = square + other;
                    let mut squared = sum - 2.0 * *value;
                    if squared < CANCELLATION * sum {
                        squared = squared_difference(self.query.row(query), self.gallery.row(row));
                    }
                    *value = squared.sqrt();
                }
            }
        }
    }
}

impl DistanceRows for FeatureDistances<'_> {
    fn queries(&self) -> usize {
        self.query.nrows()
    }

    fn gallery(&self) -> usize {
        self.gallery.nrows()
    }

    fn fill(&self, rows: Range<usize>, mut out: ArrayViewMut2<'_, f64>) {
        let query = self.query.slice_axis(Axis(0), Slice::from(rows.clone()));
        products(query, self.gallery, out.view_mut());
        for (query, mut values) in rows.zip(out.rows_mut()) {
            self.finish_row(query, values.as_slice_mut().expect("out is in C order"));
        }
    }
}

/// Checks that two sets can be compared at all.
pub(in crate::eval) fn check_pair(
    query: ArrayView2<'_, f32>,
    gallery: ArrayView2<'_, f32>,
) -> Result<(), EvalError> {
    for (set, rows) in [("query features", query), ("gallery features", gallery)] {
        if rows.is_empty() {
            return Err(EvalError::Empty { set });
        }
    }
    if query.ncols() != gallery.ncols() {
        let what = "width of the gallery features";
        return Err(EvalError::Shape {
            what,
            found: gallery.ncols(),
            wanted: query.ncols(),
        });
    }
    Ok(())
}

fn squared_difference(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2))
        .sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ndarray::{Array2, array};

    use super::*;
    use crate::eval::full_matrix;

    #[test]
    fn the_three_metrics_of_a_hand_computed_pair() {
        let (query, gallery) = (array![[3.0_f32, 0.0]], array![[0.0_f32, 4.0], [6.0, 0.0]]);
        let of = |metric| {
            full_matrix(&FeatureDistances::new(metric, query.view(), gallery.view()).unwrap())
        };
        assert_eq!(of(Metric::Euclidean), array![[5.0, 3.0]]);
        assert_eq!(of(Metric::Cosine), array![[1.0, 0.0]]);
        assert_eq!(of(Metric::Dot), array![[0.0, -18.0]]);
    }

    #[test]
    fn equal_features_are_at_zero_and_near_ones_keep_their_digits() {
        let base = Array2::from_shape_fn((1, 999), |(_, i)| 1.0 + i as f32 / 7.0);
        let mut gallery = ndarray::concatenate![ndarray::Axis(0), base, base];
        gallery[[1, 500]] += 1.0 / 1024.0;
        let distances =
            FeatureDistances::new(Metric::Euclidean, base.view(), gallery.view()).unwrap();
        let exact = f64::from(gallery[[1, 500]]) - f64::from(base[[0, 500]]);
        assert_eq!(full_matrix(&distances), array![[0.0, exact]]);
    }

    #[test]
    fn sets_that_cannot_be_compared_are_refused() {
        let two = array![[1.0_f32, 2.0]];
        let check = |query: &Array2<f32>, gallery: &Array2<f32>, metric| {
            FeatureDistances::new(metric, query.view(), gallery.view())
                .map(|_| ())
                .unwrap_err()
        };
        assert!(matches!(
            check(&two, &array![[1.0, 2.0, 3.0]], Metric::Euclidean),
            EvalError::Shape {
                found: 3,
                wanted: 2,
                ..
            }
        ));
        assert!(matches!(
            check(&two, &Array2::zeros((0, 2)), Metric::Dot),
            EvalError::Empty { .. }
        ));
        assert!(matches!(
            check(
                &two,
                &array![[1.0, 2.0], [f32::NAN, 0.0]],
                Metric::Euclidean
            ),
            EvalError::NotFinite { row: 1, .. }
        ));
        assert!(matches!(
            check(&two, &array![[0.0, 0.0]], Metric::Cosine),
            EvalError::ZeroFeature { row: 0, .. }
        ));
    }
}
