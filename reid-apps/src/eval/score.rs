//! One query: from its row of distances to its figures.

use serde::{Deserialize, Serialize};

use super::Protocol;
use super::count::Places;
use crate::data::Label;

/// Holds the figures of one query that has a right answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryScore {
    /// The query's row.
    pub query: usize,
    /// Its average precision, 0 to 1.
    pub average_precision: f64,
    /// The rank of the nearest right answer among the boxes that count, from 1.
    pub first_right: usize,
    /// The rank of the farthest right answer, from 1.
    pub last_right: usize,
    /// Right answers in the gallery.
    pub right: usize,
    /// Gallery boxes that count.
    pub counted: usize,
}

/// Tells how a gallery box relates to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Right,
    Wrong,
    Removed,
}

pub(super) fn relation(query: Label, gallery: Label) -> Relation {
    match (query.id == gallery.id, query.camera == gallery.camera) {
        (true, true) => Relation::Removed,
        (true, false) => Relation::Right,
        (false, _) => Relation::Wrong,
    }
}

/// What one query adds to the figures.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) score: QueryScore,
    /// The ranks of the first right answer that CMC counts: one, or one for each draw.
    pub(super) ranks: Vec<usize>,
}

/// Scores one query by the places of its right answers, or returns `None` if it has none.
pub(super) fn score_places(query: usize, places: &Places, protocol: Protocol) -> Option<Outcome> {
    let right = places.right.len();
    let last = right.checked_sub(1)?;
    let average_precision = match protocol {
        Protocol::DgNet => trapezoid(places),
        Protocol::Market1501 | Protocol::Cuhk03 => by_steps(places),
    };
    Some(Outcome {
        score: QueryScore {
            query,
            average_precision,
            first_right: places.rank(0),
            last_right: places.rank(last),
            right,
            counted: right + places.wrong,
        },
        ranks: vec![places.rank(0)],
    })
}

fn by_steps(places: &Places) -> f64 {
    let (mut before, mut sum) = (0, 0.0);
    for (right, wrong) in places.steps() {
        let precision = right as f64 / (right + wrong) as f64;
        sum += (right - before) as f64 / places.right.len() as f64 * precision;
        before = right;
    }
    sum
}

/// Adds up the mean of the precision just before each right answer and at it.
fn trapezoid(places: &Places) -> f64 {
    let share = 1.0 / places.right.len() as f64;
    let mut sum = 0.0;
    for index in 0..places.right.len() {
        let rank = places.rank(index);
        let at = (index + 1) as f64 / rank as f64;
        let before = match rank {
            1 => 1.0,
            _ => index as f64 / (rank - 1) as f64,
        };
        sum += share * (before + at) / 2.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::eval::count::{Truth, count_row};

    const QUERY: Label = Label::new(7, 1);
    const RIGHT: Label = Label::new(7, 2);
    const WRONG: Label = Label::new(8, 1);
    const SAME_CAMERA: Label = Label::new(7, 1);

    fn scored(distances: &[f64], gallery: &[Label], protocol: Protocol) -> Option<QueryScore> {
        let places = count_row(QUERY, distances, &Truth::new(gallery));
        score_places(0, &places, protocol).map(|outcome| outcome.score)
    }

    fn score(distances: &[f64], gallery: &[Label]) -> QueryScore {
        scored(distances, gallery, Protocol::Market1501).unwrap()
    }

    #[test]
    fn the_trapezoid_takes_the_mean_of_the_precision_before_and_at_each_answer() {
        // Order: wrong, right, right, wrong, right.
        let gallery = [WRONG, RIGHT, RIGHT, WRONG, RIGHT];
        let found = scored(&[1.0, 2.0, 3.0, 4.0, 5.0], &gallery, Protocol::DgNet).unwrap();
        let by_hand = ((0.0 + 1.0 / 2.0) + (1.0 / 2.0 + 2.0 / 3.0) + (2.0 / 4.0 + 3.0 / 5.0)) / 6.0;
        assert!((found.average_precision - by_hand).abs() < 1e-15);
        let certain = scored(&[1.0, 2.0], &[RIGHT, WRONG], Protocol::DgNet).unwrap();
        assert_eq!(certain.average_precision, 1.0);
    }

    #[test]
    fn average_precision_of_a_ranking_computed_by_hand() {
        // Order: right, wrong, right, wrong, right: (1 + 2/3 + 3/5) / 3.
        let found = score(
            &[5.0, 1.0, 4.0, 2.0, 3.0],
            &[RIGHT, RIGHT, WRONG, WRONG, RIGHT],
        );
        assert!((found.average_precision - (1.0 + 2.0 / 3.0 + 0.6) / 3.0).abs() < 1e-15);
        assert_eq!((found.first_right, found.last_right), (1, 5));
        assert_eq!((found.right, found.counted), (3, 5));
    }

    #[test]
    fn the_same_person_under_the_same_camera_is_set_aside() {
        let found = score(&[0.0, 1.0, 2.0], &[SAME_CAMERA, WRONG, RIGHT]);
        assert_eq!(found.average_precision, 0.5);
        assert_eq!((found.first_right, found.counted), (2, 2));
    }

    #[test]
    fn another_person_under_the_same_camera_and_distractors_count_as_wrong() {
        let found = score(&[0.0, 1.0, 2.0], &[WRONG, Label::new(0, 3), RIGHT]);
        assert_eq!(found.first_right, 3);
    }

    #[test]
    fn a_query_without_a_right_answer_has_no_score() {
        let gallery = [SAME_CAMERA, WRONG];
        assert_eq!(scored(&[0.0, 1.0], &gallery, Protocol::Market1501), None);
        assert_eq!(scored(&[], &[], Protocol::Market1501), None);
    }

    #[test]
    fn equal_distances_are_one_step_of_precision_and_stand_by_row_in_the_rank() {
        for (gallery, first, last) in [
            ([RIGHT, WRONG, RIGHT], 1, 3),
            ([WRONG, RIGHT, RIGHT], 2, 3),
            ([RIGHT, RIGHT, WRONG], 1, 2),
        ] {
            let found = score(&[1.0; 3], &gallery);
            assert_eq!(found.average_precision, 2.0 / 3.0, "{gallery:?}");
            assert_eq!(
                (found.first_right, found.last_right),
                (first, last),
                "{gallery:?}"
            );
        }
        // Zero of either sign is one distance.
        let found = score(&[0.0, -0.0], &[WRONG, RIGHT]);
        assert_eq!((found.average_precision, found.first_right), (0.5, 2));
    }
}
