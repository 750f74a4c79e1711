//! Query and gallery as one list of images.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, Axis, CowArray, Ix2};

use crate::eval::EvalError;
use crate::eval::distance::gemm::squared_lengths;

/// Query and gallery as one list, queries first.
pub(super) struct Stacked<'a> {
    pub(super) query: CowArray<'a, f32, Ix2>,
    pub(super) gallery: CowArray<'a, f32, Ix2>,
    lengths: Vec<f64>,
    /// The largest length; at least a little above zero.
    pub(super) longest: f64,
}

impl<'a> Stacked<'a> {
    pub(super) fn new(
        query: ArrayView2<'a, f32>,
        gallery: ArrayView2<'a, f32>,
    ) -> Result<Self, EvalError> {
        let mut lengths = Vec::with_capacity(query.nrows() + gallery.nrows());
        for (what, rows) in [("query features", query), ("gallery features", gallery)] {
            for (row, square) in squared_lengths(rows).into_iter().enumerate() {
                // Far beyond length one, and still far from where float32 ends.
                if square.is_nan() || square >= 1e24 {
                    return Err(EvalError::NotFinite { what, row });
                }
                lengths.push(square.sqrt());
            }
        }
        Ok(Self {
            query: in_rows(query),
            gallery: in_rows(gallery),
            longest: lengths.iter().copied().fold(1e-6, f64::max),
            lengths,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    pub(super) fn dim(&self) -> usize {
        self.query.ncols()
    }

    pub(super) fn length(&self, index: usize) -> f64 {
        self.lengths[index]
    }

    pub(super) fn row(&self, index: usize) -> ArrayView1<'_, f32> {
        let queries = self.query.nrows();
        if index < queries {
            self.query.index_axis(Axis(0), index)
        } else {
            self.gallery.index_axis(Axis(0), index - queries)
        }
    }

    /// Names an image for errors: its matrix and its row there.
    pub(super) fn name(&self, index: usize) -> (&'static str, usize) {
        let queries = self.query.nrows();
        match index.checked_sub(queries) {
            None => ("query features", index),
            Some(row) => ("gallery features", row),
        }
    }

    /// Cuts the list into pieces of at most `rows`, none of which straddles the two matrices.
    pub(super) fn pieces(&self, rows: usize) -> impl Iterator<Item = Range<usize>> {
        let (queries, all) = (self.query.nrows(), self.len());
        let cut = move |range: Range<usize>| {
            let end = range.end;
            range
                .step_by(rows)
                .map(move |start| start..end.min(start + rows))
        };
        cut(0..queries).chain(cut(queries..all))
    }

    /// Returns the numbers of a piece, row after row.
    pub(super) fn numbers(&self, piece: Range<usize>) -> &[f32] {
        let queries = self.query.nrows();
        let (matrix, rows) = if piece.start < queries {
            (&self.query, piece)
        } else {
            (&self.gallery, piece.start - queries..piece.end - queries)
        };
        let all = matrix.as_slice().expect("rows were laid side by side");
        &all[rows.start * self.dim()..rows.end * self.dim()]
    }
}

/// Copies a matrix only if its rows do not already lie one after the other.
fn in_rows(matrix: ArrayView2<'_, f32>) -> CowArray<'_, f32, Ix2> {
    if matrix.is_standard_layout() {
        matrix.into()
    } else {
        matrix.as_standard_layout().into_owned().into()
    }
}
