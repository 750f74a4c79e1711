//! What statuses mean, what causes them, and what helps, in two languages.
//!
//! The texts are in `explain.tsv`, one line for each number; errors show the English cure as their hint, and the command
//! and the C library show all of it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The language of an [`Explanation`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

/// What a status means and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// What the status says, in a few words.
    pub meaning: &'static str,
    /// What usually causes it.
    pub causes: &'static str,
    /// What usually helps.
    pub cure: &'static str,
}

/// Meaning, causes and cure in English, then the same in Chinese.
type Row = [&'static str; 6];

static ROWS: LazyLock<BTreeMap<i32, Row>> = LazyLock::new(|| {
    let lines = include_str!("explain.tsv").lines().skip(1);
    let row = |line: &'static str| {
        let (code, texts) = line.split_once('\t')?;
        let texts: Vec<&'static str> = texts.split('\t').collect();
        Some((code.parse().ok()?, texts.try_into().ok()?))
    };
    lines.filter_map(row).collect()
});

pub(crate) fn find(code: i32, language: Language) -> Option<Explanation> {
    let row = ROWS.get(&code)?;
    let [meaning, causes, cure] = match language {
        Language::English => [row[0], row[1], row[2]],
        Language::Chinese => [row[3], row[4], row[5]],
    };
    Some(Explanation {
        meaning,
        causes,
        cure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;

    #[test]
    fn every_status_is_explained_in_both_languages_and_nothing_else_is() {
        let lines = include_str!("explain.tsv").lines().skip(1).count();
        assert_eq!(ROWS.len(), lines, "a line is broken or twice");
        for status in Status::all() {
            let row = ROWS.get(&status.0);
            assert!(
                row.is_some_and(|row| row.iter().all(|text| !text.is_empty())),
                "{status}"
            );
        }
        for code in ROWS.keys() {
            assert!(Status(*code).name().is_some(), "{code} is no status");
        }
        let latin = |text: &str| text.chars().all(|c| c.is_ascii() || c == '×');
        for (code, row) in ROWS.iter().filter(|(code, _)| **code != 0) {
            assert!(row[..3].iter().all(|text| latin(text)), "{code}");
            assert!(row[3..].iter().all(|text| !latin(text)), "{code}");
        }
    }
}
