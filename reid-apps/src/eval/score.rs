//! One query: from its row of distances to its figures.

use serde::{Deserialize, Serialize};

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

/// Scores one query, or returns `None` if the gallery has no right answer.
///
/// The gallery is not sorted: the right answers are few, so it is enough to sort those and to count,
/// for each, the wrong ones that are nearer. `distances` must be free of NaN.
pub(super) fn score_query(
    query: usize,
    label: Label,
    distances: &[f64],
    gallery: &[Label],
) -> Option<QueryScore> {
    let mut right: Vec<(f64, usize)> = distances
        .iter()
        .zip(gallery)
        .enumerate()
        .filter(|(_, (_, other))| relation(label, **other) == Relation::Right)
        .map(|(row, (&distance, _))| (distance, row))
        .collect();
    right.sort_by(|a, b| a.partial_cmp(b).expect("distances were found free of NaN"));
    let (first, last) = (*right.first()?, *right.last()?);
    let steps = steps(&right);

    // wrong[i]: wrong answers beyond step i - 1 and not beyond step i.
    let mut wrong = vec![0_usize; steps.len()];
    let (mut wrong_total, mut before_first, mut before_last) = (0, 0, 0);
    for (row, (&distance, &other)) in distances.iter().zip(gallery).enumerate() {
        if relation(label, other) != Relation::Wrong {
            continue;
        }
        wrong_total += 1;
        if distance > last.0 {
            continue;
        }
        wrong[steps.partition_point(|step| step.distance < distance)] += 1;
        before_first += usize::from((distance, row) < first);
        before_last += usize::from((distance, row) < last);
    }
    Some(QueryScore {
        query,
        average_precision: average_precision(&steps, &wrong, right.len()),
        first_right: before_first + 1,
        last_right: before_last + right.len(),
        right: right.len(),
        counted: right.len() + wrong_total,
    })
}

struct Step {
    distance: f64,
    right: usize,
}

/// Groups sorted right answers by equal distance.
fn steps(right: &[(f64, usize)]) -> Vec<Step> {
    right
        .chunk_by(|a, b| a.0 == b.0)
        .map(|group| Step {
            distance: group[0].0,
            right: group.len(),
        })
        .collect()
}

fn average_precision(steps: &[Step], wrong: &[usize], right_total: usize) -> f64 {
    let (mut right_so_far, mut wrong_so_far, mut sum) = (0, 0, 0.0);
    for (step, wrong) in steps.iter().zip(wrong) {
        right_so_far += step.right;
        wrong_so_far += wrong;
        let precision = right_so_far as f64 / (right_so_far + wrong_so_far) as f64;
        sum += step.right as f64 / right_total as f64 * precision;
    }
    sum
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const QUERY: Label = Label::new(7, 1);
    const RIGHT: Label = Label::new(7, 2);
    const WRONG: Label = Label::new(8, 1);
    const SAME_CAMERA: Label = Label::new(7, 1);

    fn score(distances: &[f64], gallery: &[Label]) -> QueryScore {
        score_query(0, QUERY, distances, gallery).unwrap()
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
        assert_eq!(
            score_query(0, QUERY, &[0.0, 1.0], &[SAME_CAMERA, WRONG]),
            None
        );
        assert_eq!(score_query(0, QUERY, &[], &[]), None);
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
