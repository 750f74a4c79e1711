//! How a checkpoint differs from the network it should be, for people.

use std::fmt::Write as _;

use crate::graph::mgn::Differences;
use crate::inspect::shown;

/// Lines of each kind that are written out.
const LINES: usize = 12;

/// Names that are compared with a missing one; the first of more do.
const CANDIDATES: usize = 2048;

/// Writes differences as an indented list: what is missing with the name that comes nearest, what is
/// surplus, and what has another shape.
#[must_use]
pub fn explain(differences: &Differences) -> String {
    let mut text = String::new();
    let surplus: Vec<&str> = differences
        .surplus
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let missing = differences.missing.iter().map(|(name, shape)| {
        let near = nearest(name, &surplus).map_or_else(String::new, |near| {
            format!("   nearest in the file: {}", shown(near))
        });
        format!("{} {}{near}", shown(name), dims(shape))
    });
    section(&mut text, "missing", missing);
    let reshaped = differences.reshaped.iter().map(|(name, found, wanted)| {
        format!(
            "{}   found {}, wanted {}",
            shown(name),
            dims(found),
            dims(wanted)
        )
    });
    section(&mut text, "of another shape", reshaped);
    let extra = differences
        .surplus
        .iter()
        .map(|(name, shape)| format!("{} {}", shown(name), dims(shape)));
    section(&mut text, "surplus", extra);
    text
}

fn section(text: &mut String, title: &str, lines: impl ExactSizeIterator<Item = String>) {
    let count = lines.len();
    if count == 0 {
        return;
    }
    // Writing to a text cannot fail.
    let _ = write!(text, "\n  {title}: {count}");
    for line in lines.take(LINES) {
        let _ = write!(text, "\n    {line}");
    }
    if count > LINES {
        let _ = write!(text, "\n    … and {} more", count - LINES);
    }
}

fn dims(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "scalar".to_owned();
    }
    let parts: Vec<String> = shape.iter().map(ToString::to_string).collect();
    parts.join("x")
}

/// Finds the candidate with the fewest changed letters, if that is less than half of the name.
fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let measured = candidates
        .iter()
        .take(CANDIDATES)
        .map(|&candidate| (distance(name, candidate), candidate));
    let (changes, near) = measured.min()?;
    (2 * changes < name.len()).then_some(near)
}

/// Counts the letters to insert, delete or replace; of long names the first 96 bytes count.
///
/// **Source**: Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966.
fn distance(a: &str, b: &str) -> usize {
    let cut = |text: &str| text.bytes().take(96).collect::<Vec<u8>>();
    let (a, b) = (cut(a), cut(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_name_is_found_again() {
        let differences = Differences {
            missing: vec![("reduction.0.weight".into(), vec![256, 2048, 1, 1])],
            surplus: vec![
                ("fc.weight".into(), vec![10]),
                ("reductions.0.weight".into(), vec![256, 2048, 1, 1]),
            ],
            reshaped: vec![(
                "backbone.0.weight".into(),
                vec![64, 1, 7, 7],
                vec![64, 3, 7, 7],
            )],
        };
        let text = explain(&differences);
        assert!(
            text.contains("nearest in the file: reductions.0.weight"),
            "{text}"
        );
        assert!(text.contains("found 64x1x7x7, wanted 64x3x7x7"), "{text}");
        assert!(text.contains("surplus: 2"), "{text}");
    }

    #[test]
    fn distances_are_those_of_the_paper() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
