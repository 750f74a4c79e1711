//! The nearest images of every image, over query and gallery together.

use rayon::prelude::*;

use super::candidates::Candidates;
use super::{Stacked, squared_distance};
use crate::eval::EvalError;
use crate::eval::distance::gemm::{products_of, rough_products, rounding};

/// Rows and columns of one piece of rough products: 512 kB.
const ROWS: usize = 256;
const COLUMNS: usize = 512;

/// Holds, for every image, its nearest `width` images in order and its largest distance.
pub(super) struct Neighbours {
    width: usize,
    nearest: Vec<u32>,
    scale: Vec<f64>,
}

impl Neighbours {
    /// Finds the `k1 + 1` nearest of every image, usually itself first.
    ///
    /// One pass over all pairs in pieces; what is kept is `k1 + 1` numbers per image.
    pub(super) fn find(images: &Stacked<'_>, k1: usize) -> Result<Self, EvalError> {
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
        for (image, (nearest, scale)) in nearest_of(images, width).into_iter().enumerate() {
            if !scale.is_finite() {
                let (what, row) = images.name(image);
                return Err(EvalError::NotFinite { what, row });
            }
            found.nearest.extend(nearest);
            found.scale.push(scale);
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

/// Finds the nearest of every image and its largest distance, in order.
///
/// Rough products tell who can be among them; the exact ones of those few decide.
fn nearest_of(images: &Stacked<'_>, width: usize) -> Vec<(Vec<u32>, f64)> {
    let height = images
        .len()
        .div_ceil(4 * rayon::current_num_threads())
        .clamp(1, ROWS);
    let arch = pulp::Arch::new();
    let tiles: Vec<_> = images.pieces(height).collect();
    let found: Vec<Vec<_>> = tiles
        .into_par_iter()
        .map_init(
            || vec![0.0; height * COLUMNS],
            |space, rows| {
                let mut lists: Vec<Candidates> = rows
                    .clone()
                    .map(|image| {
                        let slack = rounding(images.dim()) * images.length(image) * images.longest;
                        Candidates::new(width, slack)
                    })
                    .collect();
                for columns in images.pieces(COLUMNS) {
                    let space = &mut space[..rows.len() * columns.len()];
                    let (a, b) = (
                        images.numbers(rows.clone()),
                        images.numbers(columns.clone()),
                    );
                    rough_products(a, b, images.dim(), space);
                    for (list, values) in lists.iter_mut().zip(space.chunks_exact(columns.len())) {
                        arch.dispatch(|| list.offer(values, columns.start));
                    }
                }
                lists
                    .into_iter()
                    .zip(rows)
                    .map(|(list, image)| decide(images, image, list, width))
                    .collect()
            },
        )
        .collect();
    found.into_iter().flatten().collect()
}

/// Puts the candidates in order by their exact distances.
fn decide(images: &Stacked<'_>, image: usize, list: Candidates, width: usize) -> (Vec<u32>, f64) {
    let (near, far) = list.into_rows();
    let mut best: Vec<(f64, usize)> = Vec::with_capacity(near.len());
    products_of(
        images.row(image),
        &near,
        |other| images.row(other),
        |other, product| {
            best.push((squared_distance(product), other));
        },
    );
    let mut scale = f64::NEG_INFINITY;
    products_of(
        images.row(image),
        &far,
        |other| images.row(other),
        |_, product| {
            scale = scale.max(squared_distance(product));
        },
    );
    best.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    best.truncate(width);
    // If all images are one and the same, every distance is zero (or rounding), and any scale will do.
    let scale = if scale > 0.0 { scale } else { 1.0 };
    let rows = best
        .into_iter()
        .filter_map(|(_, row)| u32::try_from(row).ok());
    (rows.collect(), scale)
}
