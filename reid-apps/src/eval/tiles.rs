//! Cutting rows of distances into tiles and working through them in parallel.

use std::ops::Range;

use ndarray::{Array2, ArrayViewMut2, Axis, Slice};
use rayon::prelude::*;

/// Rows that share one pass over the other matrix. More rows save little: at 64 the conversion of
/// the gallery to float64 is a small part of the multiplication.
const ROWS: usize = 64;

/// Tells how many rows of `width` distances one tile holds, if all threads together may take
/// `memory` bytes.
pub(super) fn tile_rows(memory: usize, width: usize) -> usize {
    let row_bytes = width.max(1) * size_of::<f64>() * rayon::current_num_threads();
    (memory / row_bytes).clamp(1, ROWS)
}

/// Fills and looks at all tiles of `rows` by `width` distances, and returns the answers in row order.
///
/// `fill` gets a range of rows and their space; `look` gets a row's number and its distances.
/// Every row is looked at exactly once, whatever the threads do.
pub(super) fn for_each_row<T, F, L>(
    rows: usize,
    width: usize,
    memory: usize,
    fill: F,
    look: L,
) -> Vec<T>
where
    T: Send,
    F: Fn(Range<usize>, ArrayViewMut2<'_, f64>) + Sync,
    L: Fn(usize, &[f64]) -> T + Sync,
{
    let height = tile_rows(memory, width);
    let tiles: Vec<Vec<T>> = (0..rows.div_ceil(height))
        .into_par_iter()
        .map_init(
            || Array2::<f64>::zeros((height, width)),
            |space, tile| {
                let range = tile * height..rows.min((tile + 1) * height);
                let mut space = space.slice_axis_mut(Axis(0), Slice::from(..range.len()));
                fill(range.clone(), space.view_mut());
                range
                    .zip(space.rows())
                    .map(|(row, values)| {
                        look(
                            row,
                            values
                                .to_slice()
                                .expect("rows of a C-order array are contiguous"),
                        )
                    })
                    .collect()
            },
        )
        .collect();
    tiles.into_iter().flatten().collect()
}
