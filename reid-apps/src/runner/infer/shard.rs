//! Parts of a job: which samples a part does, and how it knows.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::inputs::{InputFiles, file_name};
use super::summary::ShardInfo;
use crate::files::hex;

/// One part of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// The part, from 0.
    pub index: usize,
    /// How many parts there are.
    pub count: usize,
}

impl Shard {
    /// Reads `I/N`, `auto` or `auto/N`. `auto` asks the environment: a Slurm array
    /// (`SLURM_ARRAY_TASK_ID`, `…_COUNT`, `…_MIN`), or a Kubernetes indexed job
    /// (`JOB_COMPLETION_INDEX`, with `N` or `JOB_COMPLETIONS` for the number of parts).
    ///
    /// # Errors
    ///
    /// What was found, and what is wanted.
    pub fn parse(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let number = |what: &str, text: &str| {
            text.trim()
                .parse::<usize>()
                .map_err(|_| format!("{what} is {text:?}, wanted a number"))
        };
        let variable = |name: &str| -> Result<Option<usize>, String> {
            environment(name)
                .map(|text| number(name, &text))
                .transpose()
        };
        let (index, count) = match text.split_once('/') {
            Some(("auto", count)) => (None, Some(number("the number of shards", count)?)),
            Some((index, count)) => (
                Some(number("the shard", index)?),
                Some(number("the number of shards", count)?),
            ),
            None if text == "auto" => (None, None),
            None => {
                return Err(format!(
                    "--shard is {text:?}, wanted I/N with I from 0 to N-1, or auto"
                ));
            }
        };
        let (index, found) = match index {
            Some(index) => (index, None),
            None => {
                if let Some(id) = variable("SLURM_ARRAY_TASK_ID")? {
                    let first = variable("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
                    let index = id.checked_sub(first).ok_or_else(|| {
                        format!("SLURM_ARRAY_TASK_ID is {id}, below SLURM_ARRAY_TASK_MIN {first}")
                    })?;
                    (index, variable("SLURM_ARRAY_TASK_COUNT")?)
                } else if let Some(index) = variable("JOB_COMPLETION_INDEX")? {
                    (index, variable("JOB_COMPLETIONS")?)
                } else {
                    return Err("--shard auto finds neither SLURM_ARRAY_TASK_ID nor \
                         JOB_COMPLETION_INDEX in the environment; write --shard I/N"
                        .to_owned());
                }
            }
        };
        let count = count
            .or(found)
            .ok_or("--shard auto does not find how many shards there are; write --shard auto/N")?;
        if index >= count {
            return Err(format!(
                "shard {index} of {count}: shards are counted from 0 to {}",
                count.saturating_sub(1)
            ));
        }
        Ok(Self { index, count })
    }

    /// Returns the samples of this part. Parts are runs of whole batches, so that each sample is in
    /// the same batch as in a job of one part, and their sizes differ by one batch at most.
    #[must_use]
    pub fn range(self, samples: usize, group: usize) -> Range<usize> {
        let group = group.max(1);
        let batches = samples.div_ceil(group) as u128;
        let cut = |part: usize| {
            let batch = batches * part as u128 / self.count as u128;
            usize::try_from(batch)
                .unwrap_or(usize::MAX)
                .saturating_mul(group)
                .min(samples)
        };
        cut(self.index)..cut(self.index + 1)
    }

    /// Describes this part of a list.
    #[must_use]
    pub fn info(self, files: &InputFiles, group: usize) -> ShardInfo {
        let range = self.range(files.len(), group);
        let mut hash = Sha256::new();
        for path in files.lists.iter().flatten() {
            // Names alone: nodes may see the data under other paths.
            hash.update(file_name(path).as_bytes());
            hash.update([0]);
        }
        ShardInfo {
            index: self.index,
            count: self.count,
            start: range.start,
            end: range.end,
            total: files.len(),
            inputs: hex(&hash.finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts_cover_all_samples_once_in_whole_batches() {
        for (samples, group, count) in [(0, 4, 3), (1, 4, 3), (17, 4, 3), (100, 8, 7), (5, 1, 9)] {
            let mut next = 0;
            for index in 0..count {
                let range = Shard { index, count }.range(samples, group);
                assert_eq!(range.start, next);
                assert!(range.start.is_multiple_of(group) || range.is_empty());
                next = range.end;
            }
            assert_eq!(next, samples);
        }
    }

    #[test]
    fn a_part_is_named_or_found_in_the_environment() {
        let none = |_: &str| None;
        assert_eq!(
            Shard::parse("2/5", none).unwrap(),
            Shard { index: 2, count: 5 }
        );
        for (bad, wanted) in [
            ("5/5", "0 to 4"),
            ("x/5", "number"),
            ("3", "I/N"),
            ("auto", "neither"),
            ("0/0", "shard 0 of 0"),
        ] {
            assert!(
                Shard::parse(bad, none).unwrap_err().contains(wanted),
                "{bad}"
            );
        }
        let slurm = |name: &str| match name {
            "SLURM_ARRAY_TASK_ID" => Some("7".to_owned()),
            "SLURM_ARRAY_TASK_MIN" => Some("5".to_owned()),
            "SLURM_ARRAY_TASK_COUNT" => Some("4".to_owned()),
            _ => None,
        };
        assert_eq!(
            Shard::parse("auto", slurm).unwrap(),
            Shard { index: 2, count: 4 }
        );
        let job = |name: &str| (name == "JOB_COMPLETION_INDEX").then(|| "1".to_owned());
        assert_eq!(
            Shard::parse("auto/3", job).unwrap(),
            Shard { index: 1, count: 3 }
        );
        assert!(Shard::parse("auto", job).unwrap_err().contains("auto/N"));
    }
}
