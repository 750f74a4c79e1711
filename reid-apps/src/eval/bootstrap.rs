//! How far figures vary with the choice of queries.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

/// What one query adds to each mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sample {
    pub(super) average_precision: f64,
    pub(super) inverse_penalty: f64,
    /// The share of its draws with the right answer first.
    pub(super) first: f64,
}

/// Holds confidence intervals, each `[low, high]`, 0 to 1.
///
/// The queries that count are drawn anew with replacement, as many as there are, and the figures
/// computed once more; the interval leaves out an equal share of the results at either end, 95 %
/// being within. The gallery stays as it is: what is told is how much the choice of queries
/// matters. Results follow from the seed alone.
///
/// Source: Efron, Tibshirani: "An Introduction to the Bootstrap", 1993, section 13.3.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// The share of results within an interval.
    pub level: f64,
    /// How often the queries were drawn.
    pub resamples: usize,
    /// The seed.
    pub seed: u64,
    /// Mean average precision.
    #[serde(rename = "mAP")]
    pub mean_average_precision: [f64; 2],
    /// Mean inverse negative penalty.
    #[serde(rename = "mINP")]
    pub mean_inverse_negative_penalty: [f64; 2],
    /// The share of queries with a right answer first.
    pub rank1: [f64; 2],
}

impl Confidence {
    const LEVEL: f64 = 0.95;

    /// Draws `samples`, of which there must be some, `resamples` times.
    pub(super) fn of(samples: &[Sample], resamples: usize, seed: u64) -> Self {
        let mut random = Pcg64::seed_from_u64(seed);
        let count = samples.len() as f64;
        let mut results = [(); 3].map(|()| Vec::with_capacity(resamples));
        for _ in 0..resamples {
            let mut sums = [0.0; 3];
            for _ in samples {
                let one = samples[random.random_range(0..samples.len())];
                sums[0] += one.average_precision;
                sums[1] += one.inverse_penalty;
                sums[2] += one.first;
            }
            for (all, sum) in results.iter_mut().zip(sums) {
                all.push(sum / count);
            }
        }
        let [precision, penalty, first] = results.map(|all| interval(all, Self::LEVEL));
        Self {
            level: Self::LEVEL,
            resamples,
            seed,
            mean_average_precision: precision,
            mean_inverse_negative_penalty: penalty,
            rank1: first,
        }
    }
}

/// Returns the results that leave `(1 − level) / 2` of all below and as many above.
fn interval(mut results: Vec<f64>, level: f64) -> [f64; 2] {
    results.sort_by(f64::total_cmp);
    let last = results.len() - 1;
    let outside = (1.0 - level) / 2.0 * last as f64;
    let low = (0..=last)
        .take_while(|&index| index as f64 <= outside)
        .last()
        .unwrap_or(0);
    [results[low], results[last - low]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_leaves_out_equal_shares() {
        let results: Vec<f64> = (0..=1000).rev().map(f64::from).collect();
        assert_eq!(interval(results, 0.95), [25.0, 975.0]);
        assert_eq!(interval(vec![3.0], 0.95), [3.0, 3.0]);
    }

    #[test]
    fn the_width_is_that_of_the_mean_of_independent_queries() {
        // Half of 400 queries at 1: the mean's standard deviation is 0.5 / 20 = 0.025.
        let samples: Vec<Sample> = (0..400)
            .map(|query| Sample {
                average_precision: f64::from(query % 2),
                inverse_penalty: 0.25,
                first: f64::from(query % 2),
            })
            .collect();
        let found = Confidence::of(&samples, 2000, 1);
        let [low, high] = found.mean_average_precision;
        assert!((low - (0.5 - 1.96 * 0.025)).abs() < 0.005, "{low}");
        assert!((high - (0.5 + 1.96 * 0.025)).abs() < 0.005, "{high}");
        assert_eq!(found.mean_average_precision, found.rank1);
        assert_eq!(found.mean_inverse_negative_penalty, [0.25, 0.25]);
        assert_eq!(found, Confidence::of(&samples, 2000, 1));
        assert_ne!(found, Confidence::of(&samples, 2000, 2));
    }
}
