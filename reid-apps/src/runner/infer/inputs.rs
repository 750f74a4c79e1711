//! Which files go into which input, in which order.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::InferError;

/// The files of each data input, paired by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFiles {
    /// One list per data input, all of the same length.
    pub lists: Vec<Vec<PathBuf>>,
}

impl InputFiles {
    /// Reads what `--input` says: one folder or `.info` list per input, in the model's order; or
    /// files, first all of the first input, then all of the second, and so on.
    ///
    /// Of a folder those files count that end in `.bin` or `.npy`, in natural order: runs of digits
    /// are compared as numbers, and letters without case.
    ///
    /// # Errors
    ///
    /// [`InferError`]: what is not there, how many were found and how many are wanted.
    pub fn read(words: &[PathBuf], inputs: &[String]) -> Result<Self, InferError> {
        let names = inputs.join(", ");
        if words.is_empty() {
            return Err(InferError::Misfit("--input names no file".to_owned()));
        }
        for path in words {
            fs::metadata(path).map_err(InferError::io(path))?;
        }
        let is_list = |path: &PathBuf| path.is_dir() || has_extension(path, &["info"]);
        let (lists, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
            words.iter().partition(|path| is_list(path));
        if !lists.is_empty() && !files.is_empty() {
            return Err(InferError::Misfit(format!(
                "--input mixes folders or lists ({}) with files ({}); name one folder per input, or \
                 only files",
                lists[0].display(),
                files[0].display()
            )));
        }
        let lists: Vec<Vec<PathBuf>> = if files.is_empty() {
            if lists.len() != inputs.len() {
                return Err(InferError::Misfit(format!(
                    "--input names {} folders or lists, the model has {} inputs ({names}); name one \
                     per input, in this order, separated by commas",
                    lists.len(),
                    inputs.len()
                )));
            }
            lists
                .into_iter()
                .map(|path| {
                    if path.is_dir() {
                        folder(path)
                    } else {
                        list(path)
                    }
                })
                .collect::<Result<_, _>>()?
        } else {
            if !files.len().is_multiple_of(inputs.len()) {
                return Err(InferError::Misfit(format!(
                    "--input names {} files, the model has {} inputs ({names}); name a multiple of \
                     {}: first all files of {}, then those of the next input",
                    files.len(),
                    inputs.len(),
                    inputs.len(),
                    inputs[0]
                )));
            }
            let each = files.len() / inputs.len();
            files
                .chunks(each)
                .map(|chunk| chunk.iter().map(|path| (*path).clone()).collect())
                .collect()
        };
        let first = lists[0].len();
        if let Some(odd) = lists.iter().position(|list| list.len() != first) {
            return Err(InferError::Misfit(format!(
                "input {} has {first} files, input {} has {}; files are paired by position, so each \
                 input needs as many (first of each: {}, {})",
                inputs[0],
                inputs[odd],
                lists[odd].len(),
                name(&lists[0]),
                name(&lists[odd])
            )));
        }
        Ok(Self { lists })
    }

    /// Returns how many samples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lists.first().map_or(0, Vec::len)
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn name(list: &[PathBuf]) -> String {
    list.first()
        .map_or_else(|| "none".to_owned(), |path| path.display().to_string())
}

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    path.extension().is_some_and(|found| {
        wanted
            .iter()
            .any(|wanted| found.eq_ignore_ascii_case(wanted))
    })
}

fn folder(path: &Path) -> Result<Vec<PathBuf>, InferError> {
    let mut files = Vec::new();
    let mut others = 0;
    for entry in fs::read_dir(path).map_err(InferError::io(path))? {
        let file = entry.map_err(InferError::io(path))?.path();
        if has_extension(&file, &["bin", "npy"]) {
            files.push(file);
        } else {
            others += 1;
        }
    }
    if files.is_empty() {
        return Err(InferError::file(
            path,
            format!(
                "no .bin and no .npy file among {others} entries; name the folder that holds the \
                 preprocessed files, one folder per input"
            ),
        ));
    }
    files.sort_by(|a, b| natural(&file_name(a), &file_name(b)).then_with(|| a.cmp(b)));
    Ok(files)
}

/// How much of a line an error shows: a file of another kind may be a single one.
const SHOWN: usize = 80;

/// Reads a list: `INDEX PATH WIDTH HEIGHT` in each line.
fn list(path: &Path) -> Result<Vec<PathBuf>, InferError> {
    let text = fs::read_to_string(path).map_err(InferError::io(path))?;
    let beside = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else { continue };
        let file = words.next().filter(|_| first.parse::<u64>().is_ok());
        let Some(file) = file.map(Path::new) else {
            return Err(InferError::file(
                path,
                format!(
                    "line {} is {:?}{}, wanted INDEX PATH WIDTH HEIGHT",
                    number + 1,
                    line.chars().take(SHOWN).collect::<String>(),
                    if line.chars().nth(SHOWN).is_some() {
                        " and so on"
                    } else {
                        ""
                    }
                ),
            ));
        };
        let near = beside.join(file);
        files.push(if file.exists() || !near.exists() {
            file.to_owned()
        } else {
            near
        });
    }
    if files.is_empty() {
        return Err(InferError::file(
            path,
            "no line in it, wanted INDEX PATH WIDTH HEIGHT in each",
        ));
    }
    Ok(files)
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Compares as people count: `img2` before `img10`, letters without case.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.chars().peekable(), b.chars().peekable());
    loop {
        match (a.peek().copied(), b.peek().copied()) {
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let run = |letters: &mut std::iter::Peekable<std::str::Chars<'_>>| {
                    let mut digits = String::new();
                    while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                        digits.push(digit);
                    }
                    digits.trim_start_matches('0').to_owned()
                };
                let (x, y) = (run(&mut a), run(&mut b));
                // As numbers of any length: the longer one is larger.
                match x.len().cmp(&y.len()).then_with(|| x.cmp(&y)) {
                    Ordering::Equal => {}
                    other => return other,
                }
            }
            (Some(x), Some(y)) => {
                a.next();
                b.next();
                match x.to_lowercase().cmp(y.to_lowercase()) {
                    Ordering::Equal => {}
                    other => return other,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_people_count() {
        let mut names = ["b1", "a10", "A2", "a2b10", "a2b9", "a", "a02", "a1_x"];
        names.sort_by(|a, b| natural(a, b).then_with(|| a.cmp(b)));
        assert_eq!(
            names,
            ["a", "a1_x", "A2", "a02", "a2b9", "a2b10", "a10", "b1"]
        );
        let long = ["9".repeat(30), "1".repeat(31)];
        assert_eq!(natural(&long[0], &long[1]), Ordering::Less);
    }
}
