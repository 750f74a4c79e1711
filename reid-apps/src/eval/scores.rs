//! The figures of all queries together.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::QueryScore;

/// Holds the figures of one ranking.
///
/// `Display` gives the reference's line without its head:
/// `mAP: 0.6408 rank1: 0.8511 rank3: 0.9787 rank5: 0.9787 rank10: 1.0000`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean of the queries' average precision, 0 to 1.
    #[serde(rename = "mAP")]
    pub mean_average_precision: f64,
    /// Mean over queries of right answers divided by the rank of the last of them, 0 to 1
    /// (mean inverse negative penalty; Ye et al., "Deep Learning for Person Re-identification: A
    /// Survey and Outlook", 2020, section 4).
    #[serde(rename = "mINP")]
    pub mean_inverse_negative_penalty: f64,
    /// Element `k` is the share of queries with a right answer among the first `k + 1`.
    pub cmc: Vec<f64>,
    /// The queries that count, in row order.
    pub queries: Vec<QueryScore>,
    /// The rows of queries without any right answer, which no figure counts.
    pub skipped: Vec<usize>,
}

impl Scores {
    /// Gathers the outcomes of queries, `None` for one without a right answer; there must be one
    /// with.
    pub(super) fn gather(outcomes: &[Option<QueryScore>], max_rank: usize) -> Self {
        let queries: Vec<QueryScore> = outcomes.iter().flatten().copied().collect();
        let skipped = outcomes
            .iter()
            .enumerate()
            .filter(|(_, one)| one.is_none())
            .map(|(row, _)| row)
            .collect();
        let count = queries.len() as f64;
        // One after the other in row order: a parallel sum would differ in its last digits.
        let mean = |figure: fn(&QueryScore) -> f64| queries.iter().map(figure).sum::<f64>() / count;
        let mut hits = vec![0_usize; max_rank];
        for query in &queries {
            if let Some(hit) = hits.get_mut(query.first_right - 1) {
                *hit += 1;
            }
        }
        let cmc = hits
            .iter()
            .scan(0, |so_far, hit| {
                *so_far += hit;
                Some(*so_far as f64 / count)
            })
            .collect();
        Self {
            mean_average_precision: mean(|query| query.average_precision),
            mean_inverse_negative_penalty: mean(|query| {
                query.right as f64 / query.last_right as f64
            }),
            cmc,
            skipped,
            queries,
        }
    }

    /// Returns the share of queries with a right answer among the first `rank`, counted from 1.
    ///
    /// Beyond the curve's end this is its last value, a lower bound; rank 0 is 0.
    #[must_use]
    pub fn rank(&self, rank: usize) -> f64 {
        rank_of(&self.cmc, rank)
    }
}

pub(super) fn rank_of(cmc: &[f64], rank: usize) -> f64 {
    match rank.min(cmc.len()) {
        0 => 0.0,
        rank => cmc[rank - 1],
    }
}

/// Writes the five figures of the reference's line.
pub(super) fn write_line(f: &mut fmt::Formatter<'_>, map: f64, cmc: &[f64]) -> fmt::Result {
    write!(f, "mAP: {map:.4}")?;
    for rank in [1, 3, 5, 10] {
        write!(f, " rank{rank}: {:.4}", rank_of(cmc, rank))?;
    }
    Ok(())
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_line(f, self.mean_average_precision, &self.cmc)
    }
}
