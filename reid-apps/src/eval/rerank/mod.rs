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

mod encoding;
mod neighbours;
mod parameters;

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};

use super::distance::gemm::products;
use super::{DistanceRows, EvalError};
use encoding::SparseRow;
use neighbours::Neighbours;

pub use parameters::RerankParameters;

/// Query and gallery as one list, queries first.
#[derive(Clone, Copy)]
struct Stacked<'a> {
    query: ArrayView2<'a, f32>,
    gallery: ArrayView2<'a, f32>,
}

impl<'a> Stacked<'a> {
    fn len(&self) -> usize {
        self.query.nrows() + self.gallery.nrows()
    }

    fn row(&self, index: usize) -> ArrayView1<'a, f32> {
        let queries = self.query.nrows();
        if index < queries {
            self.query.index_axis_move(Axis(0), index)
        } else {
            self.gallery.index_axis_move(Axis(0), index - queries)
        }
    }
}

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
    /// `query` and `gallery` are `[rows, dim]` and of length one ([`super::embed`]). Tiles of
    /// distances take up to `memory` bytes, as in [`super::Options`].
    ///
    /// # Errors
    /// [`EvalError::Parameter`], [`EvalError::TooFewImages`], [`EvalError::Shape`],
    /// [`EvalError::Empty`] and [`EvalError::NotFinite`].
    pub fn new(
        query: ArrayView2<'a, f32>,
        gallery: ArrayView2<'a, f32>,
        parameters: RerankParameters,
        memory: usize,
    ) -> Result<Self, EvalError> {
        parameters.check()?;
        super::distance::check_pair(query, gallery)?;
        let images = Stacked { query, gallery };
        let wanted = parameters.k1 + 1;
        if images.len() < wanted {
            return Err(EvalError::TooFewImages {
                images: images.len(),
                wanted,
            });
        }
        let found = Neighbours::find(&images, parameters.k1, memory)?;
        let mut queries = encoding::encode(&images, &found, parameters);
        let gallery_rows = queries.split_off(query.nrows());
        Ok(Self {
            images,
            lambda: parameters.lambda,
            scale: found.into_scale(query.nrows()),
            queries,
            inverted: encoding::invert(images.len(), &gallery_rows),
        })
    }

    fn finish_row(&self, query: usize, values: &mut [f64], overlap: &mut [f64]) {
        overlap.fill(0.0);
        for &(image, weight) in &self.queries[query] {
            for &(row, other) in &self.inverted[image as usize] {
                overlap[row as usize] += weight.min(other);
            }
        }
        let scale = self.scale[query];
        for (value, &shared) in values.iter_mut().zip(&*overlap) {
            let plain = squared_distance(*value) / scale;
            let jaccard = 1.0 - shared / (2.0 - shared);
            *value = (1.0 - self.lambda) * jaccard + self.lambda * plain;
        }
    }
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
        products(query, self.images.gallery, out.view_mut());
        let mut overlap = vec![0.0; self.gallery()];
        for (query, mut values) in rows.zip(out.rows_mut()) {
            let values = values.as_slice_mut().expect("out is in C order");
            self.finish_row(query, values, &mut overlap);
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
