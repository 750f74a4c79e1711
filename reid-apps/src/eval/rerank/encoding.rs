//! Sets of reciprocal neighbours with weights.

use rayon::prelude::*;

use super::{RerankParameters, Stacked, squared_distance};
use crate::eval::distance::gemm::product;

use super::neighbours::Neighbours;

/// A row of a sparse matrix: columns ascending, with their values.
pub(super) type SparseRow = Vec<(u32, f64)>;

/// Encodes the neighbourhood of every image; each row sums to one unless it is empty.
pub(super) fn encode(
    images: &Stacked<'_>,
    found: &Neighbours,
    parameters: RerankParameters,
) -> Vec<SparseRow> {
    let close: Vec<Vec<u32>> = (0..found.len())
        .into_par_iter()
        .map(|image| found.reciprocal(image, parameters.half_k1()))
        .collect();
    let weights: Vec<SparseRow> = (0..found.len())
        .into_par_iter()
        .map(|image| {
            let set = expand(found.reciprocal(image, parameters.k1), &close);
            weigh(images, found, image, &set)
        })
        .collect();
    if parameters.k2 == 1 {
        return weights;
    }
    (0..found.len())
        .into_par_iter()
        .map(|image| average(found.first(image, parameters.k2), &weights))
        .collect()
}

/// Adds the close reciprocal sets of members that lie for more than two thirds in the original set.
fn expand(original: Vec<u32>, close: &[Vec<u32>]) -> Vec<u32> {
    let mut expanded = original.clone();
    for &member in &original {
        let candidate = &close[member as usize];
        let shared = candidate
            .iter()
            .filter(|image| original.binary_search(image).is_ok())
            .count();
        if 3 * shared > 2 * candidate.len() {
            expanded.extend(candidate);
        }
    }
    expanded.sort_unstable();
    expanded.dedup();
    expanded
}

fn weigh(images: &Stacked<'_>, found: &Neighbours, image: usize, set: &[u32]) -> SparseRow {
    let (row, scale) = (images.row(image), found.scale(image));
    let mut weights: SparseRow = set
        .iter()
        .map(|&other| {
            let distance = squared_distance(product(row, images.row(other as usize)));
            (other, (-distance / scale).exp())
        })
        .collect();
    let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
    weights.iter_mut().for_each(|(_, weight)| *weight /= sum);
    weights
}

fn average(of: &[u32], weights: &[SparseRow]) -> SparseRow {
    let mut all: SparseRow = of
        .iter()
        .flat_map(|&image| weights[image as usize].iter().copied())
        .collect();
    // Stable: weights of one image are added in the order of the neighbours.
    all.sort_by_key(|&(other, _)| other);
    all.chunk_by(|a, b| a.0 == b.0)
        .map(|equal| {
            let sum: f64 = equal.iter().map(|(_, weight)| weight).sum();
            (equal[0].0, sum / of.len() as f64)
        })
        .collect()
}

/// Turns gallery rows into columns: for each of `count` images, the rows that have it.
pub(super) fn invert(count: usize, rows: &[SparseRow]) -> Vec<SparseRow> {
    let mut columns = vec![SparseRow::new(); count];
    for (row, entries) in (0_u32..).zip(rows) {
        for &(image, weight) in entries {
            columns[image as usize].push((row, weight));
        }
    }
    columns
}
