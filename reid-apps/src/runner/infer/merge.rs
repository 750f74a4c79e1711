//! The parts of a job become one.

use std::fs;
use std::path::{Path, PathBuf};

use super::inputs::file_name;
use super::summary::Summary;
use crate::files::{partial_of, write_file};

/// Tells why parts do not make a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The parts do not belong together, or some are missing.
    #[error("{0}")]
    Misfit(String),
}

/// What was merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Samples of all parts.
    pub samples: usize,
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> MergeError {
    let path = path.to_owned();
    |source| MergeError::Io { path, source }
}

/// Merges parts, each a folder and its summary, into the folder `output` and the summary beside it.
///
/// Outputs are hard links where the file system has them, unless `copy`. Nothing is written unless
/// all parts are there, complete, without failures, and of one model and one list of inputs.
///
/// # Errors
///
/// [`MergeError`], which names the part and what is wrong with it.
pub fn merge(
    parts: &[(PathBuf, PathBuf)],
    output: &Path,
    summary: &Path,
    copy: bool,
) -> Result<Merged, MergeError> {
    let mut read = Vec::new();
    for (folder, path) in parts {
        let bytes = fs::read(path).map_err(|source| {
            if source.kind() == std::io::ErrorKind::NotFound {
                return MergeError::Misfit(format!(
                    "{} is not there: the part {} is not finished, or is no part of a job",
                    path.display(),
                    folder.display()
                ));
            }
            io(path)(source)
        })?;
        let part: Summary = serde_json::from_slice(&bytes).map_err(|error| {
            MergeError::Misfit(format!(
                "{}: {error}; wanted a summary of reid infer",
                path.display()
            ))
        })?;
        read.push((folder.as_path(), part));
    }
    check(&read)?;
    read.sort_by_key(|(_, part)| part.reid.shard.as_ref().map(|shard| shard.index));
    if fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(MergeError::Misfit(format!(
            "{} exists and holds files; merge into a new folder",
            output.display()
        )));
    }
    // Under another name until it is whole.
    let partial = partial_of(output);
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(io(&partial))?;
    }
    fs::create_dir_all(&partial).map_err(io(&partial))?;
    let mut whole = Summary::default();
    for (_, part) in &read {
        for (number, files) in &part.filesinfo {
            let mut files = files.clone();
            for file in &mut files.outfiles {
                let from = PathBuf::from(&*file);
                let name = file_name(&from);
                let to = partial.join(&name);
                if copy || fs::hard_link(&from, &to).is_err() {
                    fs::copy(&from, &to).map_err(io(&from))?;
                }
                *file = output.join(name).display().to_string();
            }
            whole.filesinfo.insert(*number, files);
        }
    }
    if let Some((_, first)) = read.first() {
        whole.args = first.args.clone();
        whole.reid.format = first.reid.format;
        whole.reid.run = first.reid.run.clone();
        whole.reid.batch = first.reid.batch;
    }
    // Times of several machines do not add up to one's; rates do, if the parts ran at once.
    whole.reid.samples = read.iter().map(|(_, part)| part.reid.samples).sum();
    whole.reid.throughput.wall = read.iter().map(|(_, part)| part.reid.throughput.wall).sum();
    whole.reid.throughput.execute = read
        .iter()
        .map(|(_, part)| part.reid.throughput.execute)
        .sum();
    whole.throughput = whole.reid.throughput.execute;
    let text = serde_json::to_string_pretty(&whole)
        .map_err(|error| MergeError::Misfit(error.to_string()))?;
    // An empty folder may stand there already.
    let _ = fs::remove_dir(output);
    fs::rename(&partial, output).map_err(io(output))?;
    write_file(summary, |file| file.write_all(text.as_bytes())).map_err(io(summary))?;
    Ok(Merged {
        samples: whole.filesinfo.len(),
    })
}

/// Checks that the parts make a whole.
fn check(parts: &[(&Path, Summary)]) -> Result<(), MergeError> {
    let misfit = |text: String| Err(MergeError::Misfit(text));
    let mut first: Option<(&Path, &Summary)> = None;
    let mut seen: Vec<Option<&Path>> = Vec::new();
    for (folder, part) in parts {
        let name = folder.display();
        let Some(shard) = &part.reid.shard else {
            return misfit(format!(
                "{name} is no part of a job: it was run without --shard"
            ));
        };
        if part.reid.interrupted {
            return misfit(format!(
                "{name} was stopped before its end; run this part again"
            ));
        }
        if let Some(failed) = part.reid.failed.first() {
            return misfit(format!(
                "{name} has {} failed batches ({}: {}); run this part again",
                part.reid.failed.len(),
                failed.files.join(", "),
                failed.error
            ));
        }
        if part.filesinfo.len() != shard.end - shard.start {
            return misfit(format!(
                "{name} has {} samples, its part of the job has {}; run it again with --output",
                part.filesinfo.len(),
                shard.end - shard.start
            ));
        }
        let (other, known) = *first.get_or_insert((folder, part));
        let Some(known_shard) = &known.reid.shard else {
            continue;
        };
        let other = other.display();
        for (what, a, b) in [
            ("model", &known.reid.run.sha256, &part.reid.run.sha256),
            ("list of inputs", &known_shard.inputs, &shard.inputs),
        ] {
            if a != b {
                return misfit(format!(
                    "{name} and {other} are of different jobs: the {what} differs ({b} and {a})"
                ));
            }
        }
        if known_shard.count != shard.count {
            return misfit(format!(
                "{name} is part {} of {}, {other} is one of {}; parts of one division make a whole",
                shard.index, shard.count, known_shard.count
            ));
        }
        seen.resize(shard.count, None);
        let Some(place) = seen.get_mut(shard.index) else {
            return misfit(format!(
                "{name} says that it is part {} of {}",
                shard.index, shard.count
            ));
        };
        if let Some(twin) = place.replace(folder) {
            return misfit(format!(
                "{name} and {} are both part {}",
                twin.display(),
                shard.index
            ));
        }
    }
    let missing: Vec<String> = seen
        .iter()
        .enumerate()
        .filter(|(_, part)| part.is_none())
        .map(|(index, _)| index.to_string())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    misfit(format!(
        "of {} parts these are missing: {}; parts are counted from 0",
        seen.len(),
        missing.join(", ")
    ))
}
