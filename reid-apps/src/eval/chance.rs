//! What a ranking by lot would score.
//!
//! An mAP means little without the level that no knowledge at all reaches, and that level depends
//! on how many right answers each query has. It needs no drawing of lots: for `n` boxes that count,
//! `p` of them right, in random order without ties, a right answer stands at place `k` with
//! probability `p/n`, and of the `k − 1` places before it `(k − 1)(p − 1)/(n − 1)` are right on
//! average. So
//!
//! ```text
//! E[AP]            = (1/n) Σₖ (1/k) (1 + (k − 1)(p − 1)/(n − 1))
//!                  = (1/n) (Hₙ + (p − 1)/(n − 1) (n − Hₙ)),   Hₙ = 1 + 1/2 + … + 1/n
//! P(right among k) = 1 − Πᵢ₌₀ᵏ⁻¹ (n − p − i)/(n − i)
//! ```

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Protocol;
use super::scores::rank_of;
use crate::data::Label;

/// Holds the expected figures of a random ranking, for one composition of query and gallery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chance {
    /// The expected mean average precision, 0 to 1.
    #[serde(rename = "mAP")]
    pub mean_average_precision: f64,
    /// Element `k` is the expected share of queries with a right answer among the first `k + 1`.
    pub cmc: Vec<f64>,
}

impl Chance {
    /// Computes the chance level to `max_rank` under a protocol, or `None` if no query has a right
    /// answer.
    #[must_use]
    pub fn of(
        query: &[Label],
        gallery: &[Label],
        max_rank: usize,
        protocol: Protocol,
    ) -> Option<Self> {
        let mut of_person = HashMap::<_, usize>::new();
        let mut of_label = HashMap::<_, usize>::new();
        for label in gallery {
            *of_person.entry(label.id).or_default() += 1;
            *of_label.entry(*label).or_default() += 1;
        }
        let harmonic = harmonic_numbers(gallery.len());
        let (mut count, mut sum, mut cmc) = (0_usize, 0.0, vec![0.0; max_rank]);
        for label in query {
            let removed = of_label.get(label).copied().unwrap_or(0);
            let right = of_person.get(&label.id).copied().unwrap_or(0) - removed;
            if right == 0 {
                continue;
            }
            count += 1;
            // A draw is a gallery of one box per person, one of them right.
            let (kept, right) = match protocol {
                Protocol::Cuhk03 => (of_person.len(), 1),
                _ => (gallery.len() - removed, right),
            };
            let precision = expected_precision(kept, right, harmonic[kept]);
            sum += match protocol {
                // Before a right answer at place k > 1 the expected precision is that of any place
                // among the others, and at k = 1 it is 1: over all places that comes to p/n.
                Protocol::DgNet => (precision + right as f64 / kept as f64) / 2.0,
                _ => precision,
            };
            add_hit_probabilities(kept, right, &mut cmc);
        }
        if count == 0 {
            return None;
        }
        let counted = if protocol.counts_all() {
            query.len()
        } else {
            count
        };
        cmc.iter_mut().for_each(|share| *share /= counted as f64);
        Some(Self {
            mean_average_precision: sum / counted as f64,
            cmc,
        })
    }

    /// Returns the expected share of queries with a right answer among the first `rank`, from 1.
    #[must_use]
    pub fn rank(&self, rank: usize) -> f64 {
        rank_of(&self.cmc, rank)
    }
}

fn harmonic_numbers(last: usize) -> Vec<f64> {
    let sums = (1..=last).scan(0.0, |sum, k| {
        *sum += 1.0 / k as f64;
        Some(*sum)
    });
    std::iter::once(0.0).chain(sums).collect()
}

fn expected_precision(kept: usize, right: usize, harmonic: f64) -> f64 {
    let kept_f = kept as f64;
    let others = if kept > 1 {
        (right - 1) as f64 / (kept - 1) as f64
    } else {
        0.0
    };
    (harmonic + others * (kept_f - harmonic)) / kept_f
}

fn add_hit_probabilities(kept: usize, right: usize, cmc: &mut [f64]) {
    let mut miss = 1.0;
    for (drawn, share) in cmc.iter_mut().enumerate() {
        // After the last wrong answer the next is right for certain.
        let wrong_left = (kept - right).saturating_sub(drawn);
        if wrong_left == 0 {
            miss = 0.0;
        } else {
            miss *= wrong_left as f64 / (kept - drawn) as f64;
        }
        *share += 1.0 - miss;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::eval::count::{Truth, count_row};
    use crate::eval::score::score_places;

    /// Visits all orders of `items` (Heap's algorithm).
    fn permutations(items: &mut [f64], size: usize, visit: &mut dyn FnMut(&[f64])) {
        if size <= 1 {
            visit(items);
            return;
        }
        for i in 0..size {
            permutations(items, size - 1, visit);
            items.swap(if size.is_multiple_of(2) { i } else { 0 }, size - 1);
        }
    }

    #[test]
    fn the_closed_form_is_the_mean_over_all_orders() {
        let query = [Label::new(1, 1), Label::new(2, 1), Label::new(9, 9)];
        let gallery = [
            Label::new(1, 2),
            Label::new(1, 1),
            Label::new(1, 3),
            Label::new(2, 2),
            Label::new(0, 1),
            Label::new(3, 2),
        ];
        for (protocol, counted) in [(Protocol::Market1501, 2.0), (Protocol::DgNet, 3.0)] {
            let chance = Chance::of(&query, &gallery, 6, protocol).unwrap();
            let (mut sum, mut orders, mut hits) = (0.0, 0.0, [0.0; 6]);
            permutations(&mut [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 6, &mut |distances| {
                for (row, label) in query[..2].iter().enumerate() {
                    let places = count_row(*label, distances, &Truth::new(&gallery));
                    let outcome = score_places(row, &places, protocol).unwrap();
                    let score = outcome.score;
                    sum += score.average_precision;
                    orders += counted / 2.0;
                    hits[score.first_right - 1..]
                        .iter_mut()
                        .for_each(|hit| *hit += 1.0);
                }
            });
            assert_eq!(orders, 720.0 * counted);
            assert!((chance.mean_average_precision - sum / orders).abs() < 1e-12);
            for (k, hit) in hits.iter().enumerate() {
                assert!(
                    (chance.cmc[k] - hit / orders).abs() < 1e-12,
                    "rank {}",
                    k + 1
                );
            }
        }
    }

    #[test]
    fn a_gallery_of_one_right_answer_is_certain_and_none_is_no_chance() {
        let chance = Chance::of(
            &[Label::new(1, 1)],
            &[Label::new(1, 2)],
            3,
            Protocol::Market1501,
        )
        .unwrap();
        assert_eq!((chance.mean_average_precision, chance.rank(1)), (1.0, 1.0));
        assert_eq!(
            Chance::of(
                &[Label::new(1, 1)],
                &[Label::new(1, 1)],
                3,
                Protocol::Market1501
            ),
            None
        );
    }
}
