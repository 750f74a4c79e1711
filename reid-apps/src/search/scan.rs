//! One pass over the gallery.

use ndarray::{Array2, ArrayView2, Axis, Slice};
use rayon::prelude::*;

use super::top::Top;
use super::{Gallery, SearchError};
use crate::eval::{DistanceRows as _, EvalError, FeatureDistances, Metric, embed};
use crate::features::FeatureError;

/// Gallery rows that a thread compares at a time, and queries likewise.
const BLOCK: usize = 256;

/// What a search can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchOptions {
    /// The distance between features.
    pub metric: Metric,
    /// Answers per query.
    pub top: usize,
    /// Bytes that the pieces of the gallery may take; one row per thread is always taken.
    pub memory: usize,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            metric: Metric::Euclidean,
            top: 10,
            memory: 256 << 20,
        }
    }
}

/// Holds one answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The gallery row.
    pub row: usize,
    /// The distance to the query.
    pub distance: f64,
}

/// Finds the nearest gallery rows for every query, `[queries, dim]`, as [`embed`] gives them.
///
/// Returns for each query its nearest rows, nearest first, equal ones in row order; fewer than
/// `top` where the gallery is smaller.
///
/// # Errors
/// [`SearchError::Features`] for a gallery that is cut, mixed or holds unusable rows,
/// [`SearchError::Dim`], [`SearchError::Distances`].
pub fn search(
    gallery: &Gallery,
    query: ArrayView2<'_, f32>,
    options: &SearchOptions,
) -> Result<Vec<Vec<Hit>>, SearchError> {
    let dim = gallery.provenance().model.dim;
    if query.ncols() != dim {
        return Err(SearchError::Dim {
            path: "the queries".into(),
            found: query.ncols(),
            gallery: gallery.folder().to_owned(),
            wanted: dim,
        });
    }
    let mut matrices = gallery.matrices()?;
    let mut best = vec![Top::new(options.top); query.nrows()];
    let piece = piece_rows(options.memory, dim, query.nrows());
    let (mut plain, mut flip) = (Vec::new(), Vec::new());
    let mut start = 0;
    while start < gallery.rows() {
        let count = matrices[0].read(piece, &mut plain)?;
        matrices[1].read(piece, &mut flip)?;
        for (rows, numbers) in matrices.iter().zip([&plain, &flip]) {
            check_values(gallery, rows.path(), numbers, dim, start)?;
        }
        let view = |numbers| ArrayView2::from_shape((count, dim), numbers).expect("whole rows");
        let distances = |source| SearchError::Distances {
            path: matrices[0].path().to_owned(),
            source,
        };
        let (plain, flip) = (view(&plain), view(&flip));
        let blocks: Vec<Array2<f64>> = (0..count.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let rows = Slice::from(block * BLOCK..count.min((block + 1) * BLOCK));
                let (plain, flip) = (
                    plain.slice_axis(Axis(0), rows),
                    flip.slice_axis(Axis(0), rows),
                );
                compare(options.metric, query, plain, flip)
                    .map_err(|error| distances(from_row(error, start + block * BLOCK)))
            })
            .collect::<Result<_, _>>()?;
        best.par_iter_mut().enumerate().for_each(|(query, top)| {
            for (block, values) in blocks.iter().enumerate() {
                for (row, &distance) in values.row(query).iter().enumerate() {
                    top.offer(distance, start + block * BLOCK + row);
                }
            }
        });
        start += count;
    }
    gallery.check_hashes(matrices)?;
    let hits = best.into_iter().map(|top| {
        let sorted = top.into_sorted().into_iter();
        sorted
            .map(|(distance, row)| Hit { row, distance })
            .collect()
    });
    Ok(hits.collect())
}

/// Tells how many rows fit: bytes and numbers of both matrices, their sum, and the distances.
fn piece_rows(memory: usize, dim: usize, queries: usize) -> usize {
    let row = dim * 20 + queries * 8;
    (memory / row.max(1)).clamp(rayon::current_num_threads(), 64 * BLOCK)
}

/// Returns the distances of all queries to some gallery rows.
fn compare(
    metric: Metric,
    query: ArrayView2<'_, f32>,
    plain: ArrayView2<'_, f32>,
    flip: ArrayView2<'_, f32>,
) -> Result<Array2<f64>, EvalError> {
    let rows = embed("gallery features", plain, flip)?;
    let mut out = Array2::zeros((query.nrows(), rows.nrows()));
    for start in (0..query.nrows()).step_by(BLOCK) {
        let some = Slice::from(start..query.nrows().min(start + BLOCK));
        let query = query.slice_axis(Axis(0), some);
        let distances = FeatureDistances::new(metric, query, rows.view())?;
        distances.fill(0..query.nrows(), out.slice_axis_mut(Axis(0), some));
    }
    Ok(out)
}

/// Counts the row of an error from the gallery's beginning.
fn from_row(error: EvalError, start: usize) -> EvalError {
    match error {
        EvalError::ZeroFeature { what, row } => EvalError::ZeroFeature {
            what,
            row: start + row,
        },
        EvalError::NotFinite { what, row } => EvalError::NotFinite {
            what,
            row: start + row,
        },
        other => other,
    }
}

/// Refuses rows that a whole reading of the folder refuses, too.
fn check_values(
    gallery: &Gallery,
    path: &std::path::Path,
    numbers: &[f32],
    dim: usize,
    start: usize,
) -> Result<(), FeatureError> {
    let bad = |row: &[f32]| !row.iter().all(|x| x.is_finite()) || row.iter().all(|&x| x == 0.0);
    let Some((row, values)) = numbers
        .par_chunks_exact(dim.max(1))
        .enumerate()
        .find_first(|(_, row)| bad(row))
    else {
        return Ok(());
    };
    let row = start + row;
    let who = gallery.who(&[row].into())?;
    let name = who
        .get(&row)
        .map_or_else(String::new, |row| row.name.clone());
    let path = path.to_owned();
    Err(match values.iter().position(|value| !value.is_finite()) {
        Some(column) => FeatureError::NotFinite {
            path,
            row,
            name,
            column,
            value: values[column],
        },
        None => FeatureError::AllZero { path, row, name },
    })
}
