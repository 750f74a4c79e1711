//! Scores, trapezoidal precision, and a curve over all queries.

use ndarray::{Array1, ArrayView2};
use rayon::prelude::*;
use serde::Serialize;

use super::embed::half_of;
use super::{DgnetEvalError, Weighting};
use crate::data::{Label, PersonId};

/// Holds the figures of one evaluation by DG-Net's conventions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DgnetScores {
    /// Average precision per query, in order; `None` where the gallery has no right answer.
    pub average_precisions: Vec<Option<f64>>,
    /// Share of **all** queries with a right answer at rank `k + 1` or before; as long as the
    /// gallery.
    pub cmc: Vec<f64>,
    /// Sum of the average precisions over the number of **all** queries.
    pub mean_average_precision: f64,
}

impl DgnetScores {
    /// Returns the share of queries that are answered at `rank`, from 1, or before.
    #[must_use]
    pub fn rank(&self, rank: usize) -> f64 {
        let last = self.cmc.len().min(rank);
        last.checked_sub(1).map_or(0.0, |at| self.cmc[at])
    }
}

impl std::fmt::Display for DgnetScores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [one, five, ten] = [1, 5, 10].map(|rank| self.rank(rank));
        write!(
            f,
            "Rank@1:{one:.6} Rank@5:{five:.6} Rank@10:{ten:.6} mAP:{:.6}",
            self.mean_average_precision
        )
    }
}

/// What becomes of one query.
struct Outcome {
    average_precision: f64,
    /// Place of the first right answer among those that count, from 0.
    first: usize,
}

/// Ranks the gallery for every query by the weighted product of the features, and counts.
///
/// Features are `[rows, 2 * half]` float32, as [`super::embed_halves`] gives them; products and
/// sums are float64. Queries are independent and done in parallel.
///
/// # Errors
///
/// [`DgnetEvalError`]: sizes that differ, a set without rows, a feature that is not finite, an
/// alpha that is none.
pub fn evaluate(
    query: ArrayView2<'_, f32>,
    query_labels: &[Label],
    gallery: ArrayView2<'_, f32>,
    gallery_labels: &[Label],
    weighting: Weighting,
) -> Result<DgnetScores, DgnetEvalError> {
    let half = half_of("query features", query.ncols())?;
    for (what, found, wanted) in [
        (
            "width of the gallery features",
            gallery.ncols(),
            query.ncols(),
        ),
        ("query labels", query_labels.len(), query.nrows()),
        ("gallery labels", gallery_labels.len(), gallery.nrows()),
    ] {
        if found != wanted {
            return Err(DgnetEvalError::Shape {
                what,
                found,
                wanted,
            });
        }
    }
    for (set, features) in [("query", query), ("gallery", gallery)] {
        if features.nrows() == 0 {
            return Err(DgnetEvalError::Empty { set });
        }
        if let Some(((row, column), _)) = features
            .indexed_iter()
            .find(|(_, value)| !value.is_finite())
        {
            let (half, found) = (1 + column / half, "not finite");
            return Err(DgnetEvalError::Row {
                what: set,
                row,
                half,
                found,
            });
        }
    }
    let factors = weighting.factors()?;
    let outcomes: Vec<Option<Outcome>> = (0..query.nrows())
        .into_par_iter()
        .map(|row| {
            let mut weighted = query.row(row).mapv(f64::from);
            for (column, value) in weighted.iter_mut().enumerate() {
                *value *= factors[column / half];
            }
            rank(&weighted, query_labels[row], gallery, gallery_labels)
        })
        .collect();
    let queries = outcomes.len() as f64;
    let mut firsts = vec![0_usize; gallery.nrows()];
    for outcome in outcomes.iter().flatten() {
        firsts[outcome.first] += 1;
    }
    let mut answered = 0;
    let cmc = firsts
        .into_iter()
        .map(|first| {
            answered += first;
            answered as f64 / queries
        })
        .collect();
    let precisions = outcomes
        .iter()
        .flatten()
        .map(|outcome| outcome.average_precision);
    Ok(DgnetScores {
        mean_average_precision: precisions.sum::<f64>() / queries,
        cmc,
        average_precisions: outcomes
            .iter()
            .map(|outcome| outcome.as_ref().map(|outcome| outcome.average_precision))
            .collect(),
    })
}

fn rank(
    query: &Array1<f64>,
    label: Label,
    gallery: ArrayView2<'_, f32>,
    gallery_labels: &[Label],
) -> Option<Outcome> {
    let mut order: Vec<(f64, usize)> = gallery_labels
        .iter()
        .enumerate()
        .filter(|(_, other)| other.id != PersonId::JUNK && **other != label)
        .map(|(row, _)| {
            let score = query
                .iter()
                .zip(gallery.row(row))
                .map(|(a, &b)| a * f64::from(b))
                .sum();
            (score, row)
        })
        .collect();
    order.sort_by(|(a, i), (b, j)| b.total_cmp(a).then(j.cmp(i)));
    let places: Vec<usize> = order
        .iter()
        .enumerate()
        .filter(|(_, (_, row))| gallery_labels[*row].id == label.id)
        .map(|(place, _)| place)
        .collect();
    let first = *places.first()?;
    let step = 1.0 / places.len() as f64;
    let mut sum = 0.0;
    for (before, &place) in places.iter().enumerate() {
        let precision_before = if place == 0 {
            1.0
        } else {
            before as f64 / place as f64
        };
        let precision = (before + 1) as f64 / (place + 1) as f64;
        sum += step * (precision_before + precision) / 2.0;
    }
    Some(Outcome {
        average_precision: sum,
        first,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ndarray::{Array2, array};

    use super::*;

    /// Gallery rows whose score with the query `[1, 0]` is what is given.
    fn by_scores(scores: &[f32]) -> Array2<f32> {
        Array2::from_shape_fn((scores.len(), 2), |(row, column)| {
            if column == 0 { scores[row] } else { 0.0 }
        })
    }

    #[test]
    fn precision_is_the_trapezoid_computed_by_hand_with_junk_removed() {
        let gallery = by_scores(&[0.9, 0.8, 0.7, 0.6, 0.5]);
        let labels = [
            Label::new(-1, 2), // junk
            Label::new(8, 2),  // wrong, place 0
            Label::new(7, 2),  // right, place 1: (0/1 + 1/2) / 2
            Label::new(7, 1),  // same camera
            Label::new(7, 3),  // right, place 2: (1/2 + 2/3) / 2
        ];
        let query = array![[1.0, 0.0], [1.0, 0.0]];
        // The second query has no answer, and counts.
        let found = evaluate(
            query.view(),
            &[Label::new(7, 1), Label::new(9, 1)],
            gallery.view(),
            &labels,
            Weighting::Alpha(0.0),
        )
        .unwrap();
        let precision = 0.5 * (0.25 + (0.5 + 2.0 / 3.0) / 2.0);
        assert!((found.average_precisions[0].unwrap() - precision).abs() < 1e-15);
        assert_eq!(found.average_precisions[1], None);
        assert!((found.mean_average_precision - precision / 2.0).abs() < 1e-15);
        assert_eq!(found.cmc, [0.0, 0.5, 0.5, 0.5, 0.5]);
        assert_eq!(
            (found.rank(1), found.rank(2), found.rank(99)),
            (0.0, 0.5, 0.5)
        );
    }

    #[test]
    fn alpha_decides_which_embedding_is_believed() {
        let query = array![[1.0, 1.0]];
        let gallery = array![[0.9, 0.0], [0.5, 0.7]];
        let labels = [Label::new(7, 2), Label::new(8, 2)];
        let first = |weighting| {
            let found = evaluate(
                query.view(),
                &[Label::new(7, 1)],
                gallery.view(),
                &labels,
                weighting,
            );
            found.unwrap().rank(1)
        };
        assert_eq!(first(Weighting::Alpha(0.0)), 1.0);
        assert_eq!(first(Weighting::Alpha(0.5)), 1.0);
        assert_eq!(first(Weighting::Alpha(1.0)), 0.0);
        assert_eq!(first(Weighting::SecondOnly), 0.0);
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let (query, label) = (array![[1.0, 1.0]], [Label::new(7, 1)]);
        let run = |gallery: Array2<f32>, labels: &[Label]| {
            evaluate(
                query.view(),
                &label,
                gallery.view(),
                labels,
                Weighting::SecondOnly,
            )
            .unwrap_err()
        };
        assert!(matches!(
            run(array![[1.0, 1.0]], &[]),
            DgnetEvalError::Shape {
                what: "gallery labels",
                ..
            }
        ));
        assert!(matches!(
            run(Array2::zeros((0, 2)), &[]),
            DgnetEvalError::Empty { set: "gallery" }
        ));
        assert!(matches!(
            run(array![[1.0]], &label),
            DgnetEvalError::Shape {
                found: 1,
                wanted: 2,
                ..
            }
        ));
        assert!(matches!(
            run(array![[1.0, f32::NAN]], &label),
            DgnetEvalError::Row {
                row: 0,
                half: 2,
                ..
            }
        ));
    }
}
