//! Distances between two sets of features.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};

use super::gemm::{products, products_of, rough_products, rounding, squared_lengths};
use super::{DistanceRows, Metric};
use crate::eval::{EvalError, Screen, ScreenTile};

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
        for (row, value) in values.iter_mut().enumerate() {
            *value = self.distance(query, row, *value);
        }
    }

    /// Turns a product into the distance.
    fn distance(&self, query: usize, row: usize, product: f64) -> f64 {
        let (square, other) = (self.query_squares[query], self.gallery_squares[row]);
        match self.metric {
            Metric::Dot => -product,
            Metric::Cosine => 1.0 - product / (square * other).sqrt(),
            Metric::Euclidean => {
                let sum = square + other;
                let squared = sum - 2.0 * product;
                if squared < CANCELLATION * sum {
                    squared_difference(self.query.row(query), self.gallery.row(row)).sqrt()
                } else {
                    squared.sqrt()
                }
            }
        }
    }

    /// Tells whether float32 can hold every step of a rough distance.
    fn is_moderate(&self) -> bool {
        let mut squares = self.query_squares.iter().chain(&self.gallery_squares);
        squares.all(|square| (1e-12..1e24).contains(square))
            && self.query.is_standard_layout()
            && self.gallery.is_standard_layout()
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

    fn screen(&self) -> Option<Box<dyn Screen + '_>> {
        if !self.is_moderate() {
            return None;
        }
        Some(Box::new(Rough::new(self)))
    }
}

/// Rough distances: `key = offset − scale · product`, where both depend on the gallery row alone.
struct Rough<'s, 'a> {
    of: &'s FeatureDistances<'a>,
    offset: Vec<f32>,
    scale: Vec<f32>,
    /// The largest of each, and of the gallery's lengths.
    largest_offset: f64,
    largest_scaled: f64,
}

impl<'s, 'a> Rough<'s, 'a> {
    fn new(of: &'s FeatureDistances<'a>) -> Self {
        let squares = &of.gallery_squares;
        let each = |value: fn(f64) -> f64| squares.iter().map(move |&square| to_f32(value(square)));
        let (offset, scale): (Vec<f32>, Vec<f32>) = match of.metric {
            Metric::Euclidean => (
                each(|square| square / 2.0).collect(),
                each(|_| 1.0).collect(),
            ),
            Metric::Cosine => (
                each(|_| 0.0).collect(),
                each(|square| square.sqrt().recip()).collect(),
            ),
            Metric::Dot => (each(|_| 0.0).collect(), each(|_| 1.0).collect()),
        };
        let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        Self {
            of,
            largest_offset: largest(&mut offset.iter().map(|&value| f64::from(value))),
            largest_scaled: largest(
                &mut scale
                    .iter()
                    .zip(squares)
                    .map(|(&scale, square)| f64::from(scale) * square.sqrt()),
            ),
            offset,
            scale,
        }
    }
}

impl Screen for Rough<'_, '_> {
    fn tile(&self, queries: Range<usize>) -> Box<dyn ScreenTile + '_> {
        Box::new(RoughTile { of: self, queries })
    }

    fn slack(&self, query: usize) -> f64 {
        let product = self.of.query_squares[query].sqrt() * self.largest_scaled;
        let unit = f64::from(f32::EPSILON) / 2.0;
        // The product; offset, scale, their product with it and the difference, each rounded once;
        // and what separates the key of an exact distance from its product, float64 rounding
        // divided by the share at which Euclidean distances go over to differences.
        rounding(self.of.query.ncols()) * product
            + 5.0 * unit * (self.largest_offset + product)
            + 1e-10 * (self.of.query_squares[query] + 2.0 * self.largest_offset + product)
    }

    fn key(&self, query: usize, distance: f64) -> f64 {
        let square = self.of.query_squares[query];
        match self.of.metric {
            Metric::Euclidean => (distance * distance - square) / 2.0,
            Metric::Cosine => (distance - 1.0) * square.sqrt(),
            Metric::Dot => distance,
        }
    }

    fn exact(&self, query: usize, rows: &[usize], found: &mut dyn FnMut(usize, f64)) {
        let gallery = self.of.gallery;
        products_of(
            self.of.query.row(query),
            rows,
            |row| gallery.index_axis_move(Axis(0), row),
            |row, product| found(row, self.of.distance(query, row, product)),
        );
    }
}

struct RoughTile<'s, 't, 'a> {
    of: &'s Rough<'t, 'a>,
    queries: Range<usize>,
}

impl ScreenTile for RoughTile<'_, '_, '_> {
    fn keys(&mut self, gallery: Range<usize>, out: &mut [f32]) {
        let FeatureDistances {
            query,
            gallery: all,
            ..
        } = self.of.of;
        rough_products(
            rows_of(query, self.queries.clone()),
            rows_of(all, gallery.clone()),
            query.ncols(),
            out,
        );
        let (offset, scale) = (&self.of.offset[gallery.clone()], &self.of.scale[gallery]);
        for keys in out.chunks_exact_mut(offset.len()) {
            for ((key, offset), scale) in keys.iter_mut().zip(offset).zip(scale) {
                *key = offset - scale * *key;
            }
        }
    }
}

/// Returns the numbers of some rows of a matrix in C order.
fn rows_of<'a>(matrix: &'a ArrayView2<'_, f32>, rows: Range<usize>) -> &'a [f32] {
    let dim = matrix.ncols();
    let all = matrix.as_slice().expect("the layout was checked");
    &all[rows.start * dim..rows.end * dim]
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the nearest float32 is meant"
)]
fn to_f32(value: f64) -> f32 {
    value as f32
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
