//! Counting in a row of exact distances.

use super::{Places, Truth};
use crate::data::Label;

/// Counts over the whole gallery; `distances` must be free of NaN.
pub(in crate::eval) fn count_row(label: Label, distances: &[f64], truth: &Truth<'_>) -> Places {
    let right = truth
        .right(label)
        .map(|row| (distances[row], row))
        .collect();
    let mut places = Places::of(right);
    places.wrong = distances.len() - truth.same_person(label).len();
    let Some(&last) = places.right.last() else {
        return places;
    };
    for (row, (&distance, other)) in distances.iter().zip(truth.gallery()).enumerate() {
        if distance > last.0 || other.id == label.id {
            continue;
        }
        // Counted once at the first right answer concerned; the sums below carry it on.
        let within = places.right.partition_point(|one| one.0 < distance);
        places.within[within] += 1;
        let before = places.right.partition_point(|&one| one < (distance, row));
        if let Some(count) = places.before.get_mut(before) {
            *count += 1;
        }
    }
    for counts in [&mut places.before, &mut places.within] {
        let mut sum = 0;
        counts.iter_mut().for_each(|count| {
            sum += *count;
            *count = sum;
        });
    }
    places
}
