//! Rough re-ranked distances.

use std::ops::Range;

use super::{Reranked, jaccard};
use crate::eval::distance::gemm::{products_of, rough_products, rounding};
use crate::eval::{Screen, ScreenTile};

/// Gives re-ranked distances with the plain share in float32; keys are the distances themselves.
pub(super) struct Rough<'s, 'a> {
    of: &'s Reranked<'a>,
}

impl<'s, 'a> Rough<'s, 'a> {
    pub(super) fn new(of: &'s Reranked<'a>) -> Self {
        Self { of }
    }

    /// Returns the gallery rows that share a neighbour with a query, ascending, and by how much
    /// that lowers the first term of the distance.
    fn lowered(&self, query: usize, overlap: &mut [f64]) -> Vec<(usize, f32)> {
        let of = self.of;
        let mut rows = Vec::new();
        for &(image, weight) in &of.queries[query] {
            for &(row, other) in &of.inverted[image as usize] {
                if overlap[row as usize] == 0.0 {
                    rows.push(row as usize);
                }
                overlap[row as usize] += weight.min(other);
            }
        }
        rows.sort_unstable();
        // A weight that is zero may have listed its row twice.
        rows.dedup();
        rows.into_iter()
            .map(|row| {
                let shared = std::mem::take(&mut overlap[row]);
                (row, to_f32((1.0 - of.lambda) * (1.0 - jaccard(shared))))
            })
            .collect()
    }
}

impl Screen for Rough<'_, '_> {
    fn tile(&self, queries: Range<usize>) -> Box<dyn ScreenTile + '_> {
        let mut overlap = vec![0.0; self.of.images.gallery.nrows()];
        let lowered = queries
            .clone()
            .map(|query| self.lowered(query, &mut overlap))
            .collect();
        Box::new(RoughTile {
            of: self.of,
            queries,
            lowered,
        })
    }

    fn slack(&self, query: usize) -> f64 {
        let images = &self.of.images;
        let product = images.length(query) * images.longest;
        let factor = 2.0 * self.of.lambda / self.of.scale[query];
        let unit = f64::from(f32::EPSILON) / 2.0;
        // The product; then offset, factor, their product, the difference, what is subtracted for
        // the overlap and that difference, each rounded once and none larger than the sum of all.
        rounding(images.dim()) * factor * product
            + 8.0 * unit * (2.0 + factor + factor * product)
            + 1e-12
    }

    fn key(&self, _: usize, distance: f64) -> f64 {
        distance
    }

    fn exact(&self, query: usize, rows: &[usize], found: &mut dyn FnMut(usize, f64)) {
        let images = &self.of.images;
        let queries = images.query.nrows();
        products_of(
            images.row(query),
            rows,
            |row| images.row(queries + row),
            |row, product| {
                let shared = self.of.overlap(query, row);
                found(row, self.of.distance(query, product, shared));
            },
        );
    }
}

struct RoughTile<'s, 'a> {
    of: &'s Reranked<'a>,
    queries: Range<usize>,
    lowered: Vec<Vec<(usize, f32)>>,
}

impl ScreenTile for RoughTile<'_, '_> {
    fn keys(&mut self, gallery: Range<usize>, out: &mut [f32]) {
        let (of, images) = (self.of, &self.of.images);
        let queries = images.query.nrows();
        rough_products(
            images.numbers(self.queries.clone()),
            images.numbers(queries + gallery.start..queries + gallery.end),
            images.dim(),
            out,
        );
        let lambda = of.lambda;
        for ((query, lowered), keys) in self
            .queries
            .clone()
            .zip(&self.lowered)
            .zip(out.chunks_exact_mut(gallery.len()))
        {
            let factor = 2.0 * lambda / of.scale[query];
            let (offset, factor) = (to_f32(1.0 - lambda + factor), to_f32(factor));
            keys.iter_mut()
                .for_each(|key| *key = offset - factor * *key);
            let from = lowered.partition_point(|one| one.0 < gallery.start);
            for &(row, by) in lowered[from..].iter().take_while(|one| one.0 < gallery.end) {
                keys[row - gallery.start] -= by;
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the nearest float32 is meant"
)]
fn to_f32(value: f64) -> f32 {
    value as f32
}
