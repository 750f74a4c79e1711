//! All queries against the gallery.

use super::count::{Counts, Places, Truth, count_row};
use super::score::{Outcome, score_places};
use super::single_shot::{Draws, score_single_shot};
use super::tiles::for_each_row;
use super::{DistanceRows, EvalError, Options, Protocol, Scores};
use crate::data::Label;

/// Evaluates rows of distances against the truth.
///
/// Tiles of queries are done in parallel on rayon's current pool; the result is the same for every
/// number of threads and whether or not `distances` can be
/// screened, except that without screening the first NaN anywhere is found and with it the first
/// among the right answers. Of `options`, metric and re-ranking are not looked at: they are in
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
    let truth = Truth::new(gallery);
    // Draws need the places of wrong answers too, so only whole rows will do.
    let screen = match options.protocol {
        Protocol::Cuhk03 => None,
        _ => distances.screen(),
    };
    let outcomes = match screen {
        Some(screen) => {
            let mut counts = Counts::new(&truth, query);
            counts.collect(&*screen, 0, gallery.len())?;
            let mut places = counts.places();
            counts.count(&*screen, 0, gallery.len(), &mut places);
            score_all(&places, options.protocol)
        }
        None => exact_outcomes(distances, query, &truth, options)?,
    };
    gather(&outcomes, options)
}

pub(super) fn score_all(places: &[Places], protocol: Protocol) -> Vec<Option<Outcome>> {
    let scored = places.iter().enumerate();
    scored
        .map(|(query, places)| score_places(query, places, protocol))
        .collect()
}

pub(super) fn gather(outcomes: &[Option<Outcome>], options: &Options) -> Result<Scores, EvalError> {
    if outcomes.iter().all(Option::is_none) {
        return Err(EvalError::NoAnswer {
            queries: outcomes.len(),
        });
    }
    Ok(Scores::gather(outcomes, options))
}

/// Computes and looks at every distance.
fn exact_outcomes(
    distances: &dyn DistanceRows,
    query: &[Label],
    truth: &Truth<'_>,
    options: &Options,
) -> Result<Vec<Option<Outcome>>, EvalError> {
    let draws = Draws {
        seed: options.seed,
        repeats: options.repeats,
    };
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
            None => Ok(match options.protocol {
                Protocol::Cuhk03 => score_single_shot(row, query[row], values, truth, draws),
                protocol => score_places(row, &count_row(query[row], values, truth), protocol),
            }),
        },
    );
    outcomes.into_iter().collect()
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
