//! Re-ranking by k-reciprocal neighbours.
//!
//! Two images of one person tend to have the same neighbours and to be each other's. Every image
//! is therefore described by the weighted set of its reciprocal neighbours, two images are compared
//! by how far their sets overlap (Jaccard), and that is mixed with the plain distance.
//!
//! The reference holds all of this in dense matrices over query and gallery together, some 9 GB at
//! the size of Market-1501. Here the sets are sparse, plain distances are streamed in tiles twice
//! (once for the neighbours, once for the final rows), and what stays in memory grows with the
//! number of images and not with its square.
//!
//! Source: Zhong, Zheng, Cao, Li: "Re-ranking Person Re-identification with k-reciprocal Encoding",
//! CVPR 2017, equations 3 to 12, with the choices of its published program: distances divided by
//! the row's maximum, half of k1 rounded to even, expansion at more than two thirds, weights
//! `exp(−distance)`.

mod candidates;
mod encoding;
mod neighbours;
mod parameters;
mod rough;
mod stacked;

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, Axis, Slice};

use super::distance::gemm::products;
use super::{DistanceRows, EvalError, Screen};
use encoding::SparseRow;
use neighbours::Neighbours;
use rough::Rough;
use stacked::Stacked;

pub use parameters::RerankParameters;

/// Turns a product of unit features into their squared distance. Not clamped at zero: rounding may
/// leave an image at −1e-7 from itself, as in the reference.
fn squared_distance(product: f64) -> f64 {
    2.0 - 2.0 * product
}

/// Gives re-ranked distances from queries to the gallery.
///
/// Making it does the work that concerns all images; rows are then computed when asked for.
/// Deterministic for any number of threads; neighbours at equal distance stand in row order.
pub struct Reranked<'a> {
    images: Stacked<'a>,
    lambda: f64,
    /// The largest squared distance of each query to any image.
    scale: Vec<f64>,
    /// The encoded neighbourhood of each query.
    queries: Vec<SparseRow>,
    /// For each image, the gallery rows whose neighbourhood has it, ascending, with its weight.
    inverted: Vec<SparseRow>,
}

impl std::fmt::Debug for Reranked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reranked")
            .field("queries", &self.images.query.nrows())
            .field("gallery", &self.images.gallery.nrows())
            .field("lambda", &self.lambda)
            .finish_non_exhaustive()
    }
}

impl<'a> Reranked<'a> {
    /// Finds and encodes the neighbours of every image.
    ///
    /// `query` and `gallery` are `[rows, dim]`, C order, and of length one ([`super::embed`]).
    ///
    /// # Errors
    /// [`EvalError::Parameter`], [`EvalError::TooFewImages`], [`EvalError::Shape`],
    /// [`EvalError::Empty`], and [`EvalError::NotFinite`] also for a row whose length is beyond
    /// float32.
    pub fn new(
        query: ArrayView2<'a, f32>,
        gallery: ArrayView2<'a, f32>,
        parameters: RerankParameters,
    ) -> Result<Self, EvalError> {
        parameters.check()?;
        super::distance::check_pair(query, gallery)?;
        let images = Stacked::new(query, gallery)?;
        let wanted = parameters.k1 + 1;
        if images.len() < wanted {
            return Err(EvalError::TooFewImages {
                images: images.len(),
                wanted,
            });
        }
        let found = Neighbours::find(&images, parameters.k1)?;
        let mut queries = encoding::encode(&images, &found, parameters);
        let gallery_rows = queries.split_off(query.nrows());
        let count = images.len();
        Ok(Self {
            images,
            lambda: parameters.lambda,
            scale: found.into_scale(query.nrows()),
            queries,
            inverted: encoding::invert(count, &gallery_rows),
        })
    }

    fn finish_row(&self, query: usize, values: &mut [f64], overlap: &mut [f64]) {
        overlap.fill(0.0);
        for &(image, weight) in &self.queries[query] {
            for &(row, other) in &self.inverted[image as usize] {
                overlap[row as usize] += weight.min(other);
            }
        }
        for (value, &shared) in values.iter_mut().zip(&*overlap) {
            *value = self.distance(query, *value, shared);
        }
    }

    /// Mixes a product and an overlap to the final distance.
    fn distance(&self, query: usize, product: f64, shared: f64) -> f64 {
        let plain = squared_distance(product) / self.scale[query];
        (1.0 - self.lambda) * jaccard(shared) + self.lambda * plain
    }

    /// Returns how far the neighbourhoods of a query and a gallery row overlap: the bits that
    /// [`Reranked::finish_row`] adds up for it.
    fn overlap(&self, query: usize, row: usize) -> f64 {
        let mut shared = 0.0;
        for &(image, weight) in &self.queries[query] {
            let rows = &self.inverted[image as usize];
            if let Ok(at) = rows.binary_search_by_key(&row, |&(row, _)| row as usize) {
                shared += weight.min(rows[at].1);
            }
        }
        shared
    }
}

/// Turns an overlap of two sets that each sum to one into their distance.
fn jaccard(shared: f64) -> f64 {
    1.0 - shared / (2.0 - shared)
}

impl DistanceRows for Reranked<'_> {
    fn queries(&self) -> usize {
        self.images.query.nrows()
    }

    fn gallery(&self) -> usize {
        self.images.gallery.nrows()
    }

    fn fill(&self, rows: Range<usize>, mut out: ArrayViewMut2<'_, f64>) {
        let query = self
            .images
            .query
            .slice_axis(Axis(0), Slice::from(rows.clone()));
        products(query, self.images.gallery.view(), out.view_mut());
        let mut overlap = vec![0.0; self.gallery()];
        for (query, mut values) in rows.zip(out.rows_mut()) {
            let values = values.as_slice_mut().expect("out is in C order");
            self.finish_row(query, values, &mut overlap);
        }
    }

    fn screen(&self) -> Option<Box<dyn Screen + '_>> {
        Some(Box::new(Rough::new(self)))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
