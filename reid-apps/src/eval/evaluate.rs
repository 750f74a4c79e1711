//! All queries against the gallery.

use super::score::score_query;
use super::tiles::for_each_row;
use super::{DistanceRows, EvalError, Options, Scores};
use crate::data::Label;

/// Evaluates rows of distances against the truth.
///
/// Tiles of queries are done in parallel on rayon's current pool; the result is the same for every
/// number of threads. Of `options`, metric and re-ranking are not looked at: they are in
/// `distances`.
///
/// # Errors
/// [`EvalError::Shape`] if labels and distances differ in number, [`EvalError::NotANumber`] for the
/// first NaN by row, [`EvalError::NoAnswer`] if every query would be skipped,
/// [`EvalError::Parameter`].
pub fn evaluate(
    distances: &dyn DistanceRows,
    query: &[Label],
    gallery: &[Label],
    options: &Options,
) -> Result<Scores, EvalError> {
    options.check()?;
    check_labels(distances, query, gallery)?;
    let outcomes = for_each_row(
        distances.queries(),
        distances.gallery(),
        options.memory,
        |rows, out| distances.fill(rows, out),
        |row, values| match values.iter().position(|value| value.is_nan()) {
            Some(column) => Err(EvalError::NotANumber {
                query: row,
                gallery: column,
            }),
            None => Ok(score_query(row, query[row], values, gallery)),
        },
    );
    let outcomes = outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
    if outcomes.iter().all(Option::is_none) {
        return Err(EvalError::NoAnswer {
            queries: outcomes.len(),
        });
    }
    Ok(Scores::gather(&outcomes, options.max_rank))
}

pub(super) fn check_labels(
    distances: &dyn DistanceRows,
    query: &[Label],
    gallery: &[Label],
) -> Result<(), EvalError> {
    for (what, found, wanted) in [
        ("labels of the query set", query.len(), distances.queries()),
        ("labels of the gallery", gallery.len(), distances.gallery()),
    ] {
        if found != wanted {
            return Err(EvalError::Shape {
                what,
                found,
                wanted,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
