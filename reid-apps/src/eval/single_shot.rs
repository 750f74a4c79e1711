//! One gallery box per person, drawn.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::count::Truth;
use super::score::{Outcome, QueryScore, Relation, relation};
use crate::data::Label;

/// How boxes are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draws {
    pub(super) seed: u64,
    pub(super) repeats: usize,
}

/// Scores one query under [`super::Protocol::Cuhk03`], or returns `None` if it has no right answer.
///
/// `distances` must be free of NaN.
pub(super) fn score_single_shot(
    query: usize,
    label: Label,
    distances: &[f64],
    truth: &Truth<'_>,
    draws: Draws,
) -> Option<Outcome> {
    let right = truth.right(label).count();
    if right == 0 {
        return None;
    }
    let kept = |&row: &usize| relation(label, truth.gallery()[row]) != Relation::Removed;
    let people: Vec<(bool, Vec<usize>)> = truth
        .people()
        .map(|(id, rows)| (id == label.id, rows.iter().copied().filter(kept).collect()))
        .collect();
    // One generator for each query: what is drawn does not depend on who is drawn for before.
    let mut random = Pcg64::new(
        u128::from(draws.seed),
        u128::try_from(query).unwrap_or_default(),
    );
    // The first number of neighbouring streams is alike; a generator of its own is not.
    let mut random = Pcg64::seed_from_u64(random.random());
    let mut drawn: Vec<(f64, usize)> = Vec::with_capacity(people.len());
    let ranks: Vec<usize> = (0..draws.repeats)
        .map(|_| {
            drawn.clear();
            let mut own = (f64::INFINITY, usize::MAX);
            for (is_right, rows) in &people {
                let row = rows[random.random_range(0..rows.len())];
                if *is_right {
                    own = (distances[row], row);
                } else {
                    drawn.push((distances[row], row));
                }
            }
            1 + drawn.iter().filter(|&&one| one < own).count()
        })
        .collect();
    let mean = ranks.iter().map(|&rank| 1.0 / rank as f64).sum::<f64>() / ranks.len() as f64;
    Some(Outcome {
        score: QueryScore {
            query,
            average_precision: mean,
            first_right: ranks.iter().copied().min()?,
            last_right: ranks.iter().copied().max()?,
            right,
            counted: people.len(),
        },
        ranks,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const QUERY: Label = Label::new(7, 1);

    fn draws(seed: u64, repeats: usize) -> Draws {
        Draws { seed, repeats }
    }

    #[test]
    fn one_box_of_each_person_is_compared_however_many_there_are() {
        // Person 8 has three boxes, all nearer; person 9 none nearer; the removed box is nearest.
        let gallery = [
            Label::new(7, 1),
            Label::new(8, 1),
            Label::new(8, 2),
            Label::new(8, 3),
            Label::new(7, 2),
            Label::new(9, 2),
        ];
        let truth = Truth::new(&gallery);
        let distances = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let found = score_single_shot(3, QUERY, &distances, &truth, draws(1, 10)).unwrap();
        assert_eq!(found.ranks, [2; 10]);
        assert_eq!(found.score.average_precision, 0.5);
        assert_eq!((found.score.right, found.score.counted), (1, 3));
        let lonely = score_single_shot(0, Label::new(9, 2), &distances, &truth, draws(1, 10));
        assert_eq!(lonely, None);
    }

    #[test]
    fn draws_follow_the_seed_and_reach_every_box() {
        let gallery = [
            Label::new(7, 2),
            Label::new(8, 1),
            Label::new(8, 2),
            Label::new(7, 3),
        ];
        let truth = Truth::new(&gallery);
        let distances = [1.0, 0.5, 2.0, 3.0];
        let ranks = |seed| {
            let found = score_single_shot(0, QUERY, &distances, &truth, draws(seed, 4000));
            found.unwrap().ranks
        };
        assert_eq!(ranks(5), ranks(5));
        assert_ne!(ranks(5), ranks(6));
        // Rank 2 unless row 0 meets row 2: three of four pairs. 4000 draws stray by 1.4 % at most
        // in two cases of three; 4 % is far beyond.
        let second = ranks(5).iter().filter(|&&rank| rank == 2).count();
        assert!((2840..3160).contains(&second), "{second}");
    }
}
