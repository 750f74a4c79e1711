//! The nearest images of every image, over query and gallery together.

use ndarray::{ArrayView2, Axis, Slice};

use super::{Stacked, squared_distance};
use crate::eval::EvalError;
use crate::eval::distance::gemm::products;
use crate::eval::tiles::for_each_row;

/// Holds, for every image, its nearest `width` images in order and its largest distance.
pub(super) struct Neighbours {
    width: usize,
    nearest: Vec<u32>,
    scale: Vec<f64>,
}

impl Neighbours {
    /// Finds the `k1 + 1` nearest of every image, usually itself first.
    ///
    /// One pass over all pairs in tiles; what is kept is `k1 + 1` numbers per image.
    pub(super) fn find(images: &Stacked<'_>, k1: usize, memory: usize) -> Result<Self, EvalError> {
        let count = images.len();
        if u32::try_from(count).is_err() {
            let found = count.to_string();
            return Err(EvalError::Parameter {
                name: "images",
                found,
                wanted: "fewer than 2^32",
            });
        }
        let width = k1 + 1;
        let mut found = Self {
            width,
            nearest: Vec::with_capacity(count * width),
            scale: Vec::with_capacity(count),
        };
        // Query and gallery rows in turn: no tile straddles the two matrices.
        for (what, rows) in [
            ("query features", images.query),
            ("gallery features", images.gallery),
        ] {
            for (row, (nearest, scale)) in nearest_of(images, rows, width, memory)
                .into_iter()
                .enumerate()
            {
                if !scale.is_finite() {
                    return Err(EvalError::NotFinite { what, row });
                }
                found.nearest.extend(nearest);
                found.scale.push(scale);
            }
        }
        Ok(found)
    }

    pub(super) fn len(&self) -> usize {
        self.scale.len()
    }

    /// Returns the first `count` neighbours of an image.
    pub(super) fn first(&self, image: usize, count: usize) -> &[u32] {
        &self.nearest[image * self.width..][..count]
    }

    /// Returns those of an image's first `k + 1` neighbours that have it among theirs, ascending.
    pub(super) fn reciprocal(&self, image: usize, k: usize) -> Vec<u32> {
        let mut both: Vec<u32> = self
            .first(image, k + 1)
            .iter()
            .copied()
            .filter(|&other| {
                self.first(other as usize, k + 1)
                    .iter()
                    .any(|&back| back as usize == image)
            })
            .collect();
        both.sort_unstable();
        both
    }

    /// Returns what the squared distances of an image are divided by.
    pub(super) fn scale(&self, image: usize) -> f64 {
        self.scale[image]
    }

    /// Keeps the scales of the first `count` images and lets the rest go.
    pub(super) fn into_scale(mut self, count: usize) -> Vec<f64> {
        self.scale.truncate(count);
        self.scale
    }
}

fn nearest_of(
    images: &Stacked<'_>,
    rows: ArrayView2<'_, f32>,
    width: usize,
    memory: usize,
) -> Vec<(Vec<u32>, f64)> {
    let queries = images.query.nrows();
    for_each_row(
        rows.nrows(),
        images.len(),
        memory,
        |range, mut out| {
            let tile = rows.slice_axis(Axis(0), Slice::from(range));
            let (to_query, to_gallery) = out.view_mut().split_at(Axis(1), queries);
            products(tile, images.query, to_query);
            products(tile, images.gallery, to_gallery);
        },
        |_, values| summarise(values, width),
    )
}

/// Picks the `width` largest products, equal ones in row order, and the largest distance.
fn summarise(values: &[f64], width: usize) -> (Vec<u32>, f64) {
    // A sorted list of `width`: almost every value is turned away by one comparison.
    let mut best: Vec<(f64, u32)> = Vec::with_capacity(width + 1);
    let mut scale = f64::NEG_INFINITY;
    for (row, &value) in (0_u32..).zip(values) {
        let distance = squared_distance(value);
        if distance.is_nan() {
            return (Vec::new(), f64::NAN);
        }
        scale = scale.max(distance);
        if best.len() == width && distance >= best[width - 1].0 {
            continue;
        }
        // Rows ascend, so behind its equals is the right place.
        let place = best.partition_point(|&(other, _)| other <= distance);
        best.insert(place, (distance, row));
        best.truncate(width);
    }
    // If all images are one and the same, every distance is zero (or rounding), and any scale will do.
    let scale = if scale > 0.0 { scale } else { 1.0 };
    (best.into_iter().map(|(_, row)| row).collect(), scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_products_are_kept_and_equal_ones_stand_by_row() {
        let (nearest, scale) = summarise(&[0.5, 0.25, 0.5, 0.5, 0.75, -1.0, 0.5], 3);
        assert_eq!(nearest, [4, 0, 2]);
        assert_eq!(scale, 4.0);
    }
}
