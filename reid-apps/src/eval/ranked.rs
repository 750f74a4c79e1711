//! The ranked list of one query, for pictures and for reading.

use ndarray::Array2;
use serde::Serialize;

use super::evaluate::check_labels;
use super::score::{Relation, relation};
use super::{DistanceRows, EvalError};
use crate::data::Label;

/// Tells what a box in a ranked list is to its query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The same person under another camera.
    Right,
    /// Another person.
    Wrong,
    /// The same person under the query's own camera: shown, not counted.
    Removed,
}

/// Holds one box of a ranked list.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ranked {
    /// The gallery row.
    pub row: usize,
    /// The distance to the query.
    pub distance: f64,
    /// What the box is to the query.
    pub standing: Standing,
    /// The rank among the boxes that count, from 1; `None` for a removed one.
    pub rank: Option<usize>,
}

/// Lists the nearest boxes of one query until `top` of them count.
///
/// Boxes at equal distance stand in the order of their rows. Removed boxes stand where they belong
/// and take no rank, so the list can be longer than `top`; it is shorter if the gallery is.
///
/// # Errors
/// [`EvalError::NoSuchQuery`], [`EvalError::Shape`] and [`EvalError::NotANumber`].
pub fn rank_query(
    distances: &dyn DistanceRows,
    query: usize,
    query_labels: &[Label],
    gallery_labels: &[Label],
    top: usize,
) -> Result<Vec<Ranked>, EvalError> {
    check_labels(distances, query_labels, gallery_labels)?;
    let rows = distances.queries();
    let label = *query_labels
        .get(query)
        .ok_or(EvalError::NoSuchQuery { row: query, rows })?;
    let mut values = Array2::zeros((1, distances.gallery()));
    distances.fill(query..query + 1, values.view_mut());
    let mut order: Vec<(f64, usize)> = values
        .iter()
        .copied()
        .enumerate()
        .map(|(row, distance)| (distance, row))
        .collect();
    if let Some(&(_, gallery)) = order.iter().find(|(distance, _)| distance.is_nan()) {
        return Err(EvalError::NotANumber { query, gallery });
    }
    order.sort_by(|a, b| a.partial_cmp(b).expect("NaN was excluded above"));

    let mut list = Vec::new();
    let mut counted = 0;
    for (distance, row) in order {
        if counted == top {
            break;
        }
        let standing = match relation(label, gallery_labels[row]) {
            Relation::Right => Standing::Right,
            Relation::Wrong => Standing::Wrong,
            Relation::Removed => Standing::Removed,
        };
        let rank = (standing != Standing::Removed).then(|| {
            counted += 1;
            counted
        });
        list.push(Ranked {
            row,
            distance,
            standing,
            rank,
        });
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ndarray::array;

    use super::*;
    use crate::eval::DistanceMatrix;

    #[test]
    fn a_list_shows_removed_boxes_without_counting_them_and_breaks_ties_by_row() {
        let matrix = array![[9.0, 9.0, 9.0, 9.0], [2.0, 1.0, 1.0, 3.0]];
        let query = [Label::new(1, 1), Label::new(7, 1)];
        let gallery = [
            Label::new(7, 2),
            Label::new(8, 1),
            Label::new(7, 1),
            Label::new(0, 3),
        ];
        let rank = |query_row, top| {
            rank_query(
                &DistanceMatrix(matrix.view()),
                query_row,
                &query,
                &gallery,
                top,
            )
        };
        let list: Vec<_> = rank(1, 2)
            .unwrap()
            .iter()
            .map(|one| (one.row, one.standing, one.rank))
            .collect();
        assert_eq!(
            list,
            [
                (1, Standing::Wrong, Some(1)),
                (2, Standing::Removed, None),
                (0, Standing::Right, Some(2))
            ]
        );
        assert_eq!(rank(1, 100).unwrap().len(), 4);
        assert_eq!(rank(2, 1), Err(EvalError::NoSuchQuery { row: 2, rows: 2 }));
    }
}
