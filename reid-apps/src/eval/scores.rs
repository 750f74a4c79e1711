//! The figures of all queries together.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bootstrap::Sample;
use super::score::Outcome;
use super::{Confidence, Options, Protocol, QueryScore};

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
    /// How far the figures would vary with other queries, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// The queries that count, in row order.
    pub queries: Vec<QueryScore>,
    /// The rows of queries without any right answer; whether a figure counts them is the protocol's
    /// to say.
    pub skipped: Vec<usize>,
}

impl Scores {
    /// Gathers the outcomes of queries, `None` for one without a right answer; there must be one
    /// with.
    pub(super) fn gather(outcomes: &[Option<Outcome>], options: &Options) -> Self {
        let queries: Vec<QueryScore> = outcomes.iter().flatten().map(|one| one.score).collect();
        let skipped: Vec<usize> = outcomes
            .iter()
            .enumerate()
            .filter(|(_, one)| one.is_none())
            .map(|(row, _)| row)
            .collect();
        let counted = match options.protocol.counts_all() {
            true => outcomes.len(),
            false => queries.len(),
        };
        let count = counted as f64;
        let draws = outcomes
            .iter()
            .flatten()
            .next()
            .map_or(1, |one| one.ranks.len());
        let inverse_penalty = match options.protocol {
            // With one right answer per draw it is the precision.
            Protocol::Cuhk03 => |query: &QueryScore| query.average_precision,
            _ => |query: &QueryScore| query.right as f64 / query.last_right as f64,
        };
        // One after the other in row order: a parallel sum would differ in its last digits.
        let mean = |figure: fn(&QueryScore) -> f64| queries.iter().map(figure).sum::<f64>() / count;
        let mut hits = vec![0_usize; options.max_rank];
        for rank in outcomes.iter().flatten().flat_map(|one| &one.ranks) {
            if let Some(hit) = hits.get_mut(rank - 1) {
                *hit += 1;
            }
        }
        let cmc = hits
            .iter()
            .scan(0, |so_far, hit| {
                *so_far += hit;
                Some(*so_far as f64 / (counted * draws) as f64)
            })
            .collect();
        let samples = outcomes
            .iter()
            .filter(|one| one.is_some() || options.protocol.counts_all())
            .map(|one| {
                one.as_ref().map_or_else(Sample::default, |one| Sample {
                    average_precision: one.score.average_precision,
                    inverse_penalty: inverse_penalty(&one.score),
                    first: one.ranks.iter().filter(|&&rank| rank == 1).count() as f64
                        / one.ranks.len() as f64,
                })
            });
        let confidence = options
            .bootstrap
            .map(|resamples| Confidence::of(&samples.collect::<Vec<_>>(), resamples, options.seed));
        Self {
            mean_average_precision: mean(|query| query.average_precision),
            mean_inverse_negative_penalty: mean(inverse_penalty),
            cmc,
            confidence,
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
