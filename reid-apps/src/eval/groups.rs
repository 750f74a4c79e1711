//! Figures by person and by camera.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::QueryScore;
use crate::features::Row;

/// Holds the figures of the queries of one person or of one camera.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupReport {
    /// The person's or the camera's number.
    pub group: i64,
    /// Its queries that have a right answer.
    pub queries: usize,
    /// Their mean average precision, 0 to 1.
    #[serde(rename = "mAP")]
    pub mean_average_precision: f64,
    /// The share of them with a right answer first, 0 to 1. With draws: first in some draw.
    pub rank1: f64,
    /// The mean rank of their first right answer.
    pub mean_first_right: f64,
}

/// Groups the queries that count by a number of their row; groups are in ascending order.
pub(super) fn group(
    queries: &[QueryScore],
    rows: &[Row],
    key: impl Fn(&Row) -> i64,
) -> Vec<GroupReport> {
    let mut groups = BTreeMap::<i64, Vec<&QueryScore>>::new();
    for score in queries {
        groups
            .entry(key(&rows[score.query]))
            .or_default()
            .push(score);
    }
    let report = |(group, scores): (i64, Vec<&QueryScore>)| {
        let mean = |figure: fn(&QueryScore) -> f64| {
            scores.iter().map(|&score| figure(score)).sum::<f64>() / scores.len() as f64
        };
        GroupReport {
            group,
            queries: scores.len(),
            mean_average_precision: mean(|score| score.average_precision),
            rank1: mean(|score| f64::from(u8::from(score.first_right == 1))),
            mean_first_right: mean(|score| score.first_right as f64),
        }
    };
    groups.into_iter().map(report).collect()
}

/// Returns the places in `queries` of the `count` worst: lowest precision first, equal ones by row.
pub(super) fn worst(queries: &[QueryScore], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..queries.len()).collect();
    let precision = |index: usize| queries[index].average_precision;
    order.sort_by(|&a, &b| precision(a).total_cmp(&precision(b)));
    order.truncate(count);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Camera, PersonId};

    fn scored(query: usize, average_precision: f64, first_right: usize) -> QueryScore {
        QueryScore {
            query,
            average_precision,
            first_right,
            last_right: 9,
            right: 1,
            counted: 9,
        }
    }

    #[test]
    fn groups_are_the_means_of_their_queries_and_the_worst_come_first() {
        let row = |id, camera| Row {
            name: String::new(),
            id: PersonId(id),
            camera: Camera(camera),
        };
        // Row 1 was skipped.
        let rows = [row(5, 1), row(5, 9), row(2, 1), row(5, 3)];
        let queries = [scored(0, 1.0, 1), scored(2, 0.25, 4), scored(3, 0.25, 3)];
        let people = group(&queries, &rows, |row| i64::from(row.id.0));
        let found: Vec<_> = people
            .iter()
            .map(|one| {
                (
                    one.group,
                    one.queries,
                    one.mean_average_precision,
                    one.rank1,
                )
            })
            .collect();
        assert_eq!(found, [(2, 1, 0.25, 0.0), (5, 2, 0.625, 0.5)]);
        assert_eq!(people[1].mean_first_right, 2.0);
        let cameras = group(&queries, &rows, |row| i64::from(row.camera.0));
        let cameras: Vec<_> = cameras.iter().map(|one| (one.group, one.queries)).collect();
        assert_eq!(cameras, [(1, 2), (3, 1)]);
        assert_eq!(worst(&queries, 2), [1, 2]);
        assert_eq!(worst(&queries, 9), [1, 2, 0]);
    }
}
