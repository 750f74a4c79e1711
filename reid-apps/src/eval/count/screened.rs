//! Counting by rough distances, exact ones where they decide.

use std::ops::Range;

use rayon::prelude::*;

use super::{Places, Screen, Truth};
use crate::data::Label;
use crate::eval::EvalError;

/// Queries and gallery rows of one piece: its keys, 512 kB, stay in a core's cache.
const QUERIES: usize = 256;
const GALLERY: usize = 512;

/// Counts for all queries, over a gallery that may come in parts.
///
/// First the distances of the right answers are collected over all parts ([`Counts::collect`]), then
/// the wrong ones are counted over all parts once more ([`Counts::count`]). Rows of a part are given
/// as the screen counts them, from 0; `offset` is the number of the part's first row.
pub(in crate::eval) struct Counts<'a> {
    truth: &'a Truth<'a>,
    labels: &'a [Label],
    right: Vec<Vec<(f64, usize)>>,
}

impl<'a> Counts<'a> {
    pub(in crate::eval) fn new(truth: &'a Truth<'a>, labels: &'a [Label]) -> Self {
        Self {
            truth,
            labels,
            right: vec![Vec::new(); labels.len()],
        }
    }

    /// Collects the distances of the right answers in one part.
    ///
    /// # Errors
    /// [`EvalError::NotANumber`].
    pub(in crate::eval) fn collect(
        &mut self,
        screen: &dyn Screen,
        offset: usize,
        rows: usize,
    ) -> Result<(), EvalError> {
        let (truth, labels) = (self.truth, self.labels);
        let part = offset..offset + rows;
        self.right
            .par_iter_mut()
            .enumerate()
            .map(|(query, right)| {
                let inside = truth.right(labels[query]).filter(|row| part.contains(row));
                let inside: Vec<usize> = inside.map(|row| row - offset).collect();
                screen.exact(query, &inside, &mut |row, distance| {
                    right.push((distance, row + offset));
                });
                match right.iter().find(|one| one.0.is_nan()) {
                    Some(&(_, gallery)) => Err(EvalError::NotANumber { query, gallery }),
                    None => Ok(()),
                }
            })
            .collect::<Vec<_>>()
            .into_iter()
            .collect()
    }

    /// Ends the collection and makes the places, as yet without wrong answers.
    pub(in crate::eval) fn places(&mut self) -> Vec<Places> {
        let gallery = self.truth.gallery().len();
        let right = std::mem::take(&mut self.right).into_iter();
        right
            .zip(self.labels)
            .map(|(right, &label)| {
                let mut places = Places::of(right);
                places.wrong = gallery - self.truth.same_person(label).len();
                places
            })
            .collect()
    }

    /// Counts the wrong answers of one part.
    pub(in crate::eval) fn count(
        &self,
        screen: &dyn Screen,
        offset: usize,
        rows: usize,
        places: &mut [Places],
    ) {
        let threads = rayon::current_num_threads();
        let height = places.len().div_ceil(4 * threads).clamp(1, QUERIES);
        let arch = pulp::Arch::new();
        places.par_chunks_mut(height).enumerate().for_each_init(
            || vec![0.0_f32; height * GALLERY],
            |space, (tile, places)| {
                let first = tile * height;
                let mut keys = screen.tile(first..first + places.len());
                let mut queries: Vec<Windows> = places
                    .iter()
                    .enumerate()
                    .map(|(at, places)| Windows::new(screen, first + at, places))
                    .collect();
                for start in (0..rows).step_by(GALLERY) {
                    let part = start..rows.min(start + GALLERY);
                    let space = &mut space[..places.len() * part.len()];
                    keys.keys(part.clone(), space);
                    for (at, keys) in space.chunks_exact_mut(part.len()).enumerate() {
                        let same = self.truth.same_person(self.labels[first + at]);
                        set_aside(keys, same, offset + start);
                        arch.dispatch(|| queries[at].count(keys, start));
                    }
                }
                for (at, (windows, places)) in queries.into_iter().zip(places).enumerate() {
                    windows.finish(screen, first + at, offset, places);
                }
            },
        );
    }
}

/// Moves the boxes that are no wrong answers beyond every window.
fn set_aside(keys: &mut [f32], same: &[usize], start: usize) {
    let from = same.partition_point(|&row| row < start);
    for &row in &same[from..] {
        match keys.get_mut(row - start) {
            Some(key) => *key = f32::INFINITY,
            None => break,
        }
    }
}

/// The stretches of keys around one query's right answers in which a key does not decide.
struct Windows {
    /// For each right answer, the lowest and the highest undecided key.
    ranges: Vec<(f32, f32)>,
    /// Keys below each window.
    below: Vec<usize>,
    /// Gallery rows of the part that are in some window.
    undecided: Vec<(f32, usize)>,
}

impl Windows {
    fn new(screen: &dyn Screen, query: usize, places: &Places) -> Self {
        let slack = screen.slack(query);
        let ranges: Vec<_> = places
            .right
            .iter()
            .map(|&(distance, _)| {
                let key = screen.key(query, distance);
                (
                    to_f32(key - slack).next_down(),
                    to_f32(key + slack).next_up(),
                )
            })
            .collect();
        Self {
            below: vec![0; ranges.len()],
            undecided: Vec::new(),
            ranges,
        }
    }

    /// Counts the keys of some rows, the first of which is `start`.
    #[inline(always)]
    fn count(&mut self, keys: &[f32], start: usize) {
        let nearest = least(keys);
        let mut open = false;
        for (&(low, high), below) in self.ranges.iter().zip(&mut self.below) {
            if nearest > high {
                continue;
            }
            let (mut sure, mut possible) = (0_u32, 0_u32);
            for &key in keys {
                sure += u32::from(key < low);
                possible += u32::from(key <= high);
            }
            *below += sure as usize;
            open |= sure != possible;
        }
        if open {
            self.collect(keys, start);
        }
    }

    #[cold]
    fn collect(&mut self, keys: &[f32], start: usize) {
        for (at, &key) in keys.iter().enumerate() {
            // Windows are in order and equally wide up to rounding, so the first that ends beyond
            // the key is the only one that need be asked.
            let window = self.ranges.partition_point(|range| range.1 < key);
            if self.ranges.get(window).is_some_and(|range| range.0 <= key) {
                self.undecided.push((key, start + at));
            }
        }
    }

    /// Decides what keys could not, and adds everything to the query's places.
    fn finish(self, screen: &dyn Screen, query: usize, offset: usize, places: &mut Places) {
        for (below, right) in self.below.iter().zip(0..) {
            places.before[right] += below;
            places.within[right] += below;
        }
        let rows: Vec<usize> = self.undecided.iter().map(|one| one.1).collect();
        let mut next = self.undecided.iter();
        screen.exact(query, &rows, &mut |row, distance| {
            let Some(&(key, _)) = next.next() else { return };
            let from = self.ranges.partition_point(|range| range.1 < key);
            let open = from..from + self.ranges[from..].partition_point(|range| range.0 <= key);
            decide(places, open, distance, row + offset);
        });
    }
}

/// Returns the least key, or infinity if there are none.
#[inline(always)]
fn least(keys: &[f32]) -> f32 {
    // Side by side, or each comparison would wait for the one before.
    let mut lanes = [f32::INFINITY; 16];
    let (groups, rest) = keys.as_chunks::<16>();
    for group in groups {
        for (least, &key) in lanes.iter_mut().zip(group) {
            *least = if key < *least { key } else { *least };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::INFINITY, f32::min)
}

fn decide(places: &mut Places, open: Range<usize>, distance: f64, row: usize) {
    for right in open {
        places.within[right] += usize::from(distance <= places.right[right].0);
        places.before[right] += usize::from((distance, row) < places.right[right]);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the nearest float32 is meant; the caller steps outwards"
)]
fn to_f32(value: f64) -> f32 {
    value as f32
}
