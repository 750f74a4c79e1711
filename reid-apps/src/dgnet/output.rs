//! Output folders that are never emptied by mistake, and files that are whole or not there.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::DgnetError;

/// The file that says which run an output folder belongs to. Hidden, because other programs take
/// every file of such a folder for data.
pub const RECORD: &str = ".reid-run.json";

/// A folder that one run writes to.
#[derive(Debug, Clone)]
pub struct OutputFolder {
    root: PathBuf,
    resumed: bool,
}

impl OutputFolder {
    /// Opens `root` for the run that `record` describes.
    ///
    /// A new or empty folder is taken; one with the same record is gone on with; any other is
    /// refused, or with `force` emptied. Even then it is refused while one of `inputs` lies in it.
    ///
    /// # Errors
    /// [`DgnetError::Occupied`], [`DgnetError::Precious`], or [`DgnetError::Write`].
    pub fn open(
        root: &Path,
        record: &Value,
        inputs: &[&Path],
        force: bool,
    ) -> Result<OutputFolder, DgnetError> {
        let folder = |resumed| OutputFolder {
            root: root.to_owned(),
            resumed,
        };
        fs::create_dir_all(root).map_err(DgnetError::write(root))?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(root).map_err(DgnetError::read(root))? {
            entries.push(entry.map_err(DgnetError::read(root))?.path());
        }
        let path = root.join(RECORD);
        if !entries.is_empty() {
            let earlier = fs::read(&path).ok();
            let earlier = earlier.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
            if !force && earlier.as_ref() == Some(record) {
                return Ok(folder(true));
            }
            if !force {
                entries.sort();
                let found = occupation(earlier.as_ref(), record, &entries);
                return Err(DgnetError::Occupied {
                    path: root.to_owned(),
                    found,
                });
            }
            spare(root, inputs)?;
            for entry in &entries {
                let removed = match entry.is_dir() && !entry.is_symlink() {
                    true => fs::remove_dir_all(entry),
                    false => fs::remove_file(entry),
                };
                removed.map_err(DgnetError::write(entry))?;
            }
        }
        let text = format!("{record:#}\n");
        write_new(&path, text.as_bytes())?;
        Ok(folder(false))
    }

    /// Tells whether an earlier run of the same kind began here.
    #[must_use]
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// Returns the path of a file in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Tells whether a file is there, which it is only when it is whole.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.path(name).is_file()
    }

    /// Writes a file, making its folder.
    ///
    /// # Errors
    /// [`DgnetError::Write`]; nothing is left of the file then.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DgnetError> {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(DgnetError::write(parent))?;
        }
        write_new(&path, bytes)
    }
}

/// Says what is in a folder that is not this run's.
fn occupation(earlier: Option<&Value>, record: &Value, entries: &[PathBuf]) -> String {
    let Some(earlier) = earlier else {
        let first = entries.first().and_then(|path| path.file_name());
        let first = first.unwrap_or_default().to_string_lossy().into_owned();
        return format!("not empty ({} entries, the first {first})", entries.len());
    };
    let differing: Vec<String> = record
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, value)| earlier.get(key.as_str()) != Some(value))
        .map(|(key, value)| {
            let before = earlier.get(key.as_str()).unwrap_or(&Value::Null);
            format!("{key} {before}, now {value}")
        })
        .collect();
    format!("holds the output of another run ({})", differing.join("; "))
}

/// Refuses to empty a folder that holds what the run reads.
fn spare(root: &Path, inputs: &[&Path]) -> Result<(), DgnetError> {
    let root = fs::canonicalize(root).map_err(DgnetError::read(root))?;
    for input in inputs {
        let Ok(input) = fs::canonicalize(input) else {
            continue;
        };
        if input.starts_with(&root) {
            return Err(DgnetError::Precious {
                path: root,
                holds: input,
            });
        }
    }
    Ok(())
}

/// Writes a file under a hidden temporary name beside it and renames it when complete.
///
/// Not synchronised to the disk file by file: there are tens of thousands, and a run that was cut
/// short by the power writes its last ones again.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), DgnetError> {
    write_with(path, |file| file.write_all(bytes)).map_err(DgnetError::write(path))
}

fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.partial"));
    let written = File::create(&partial)
        .and_then(|mut file| fill(&mut file))
        .and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // The first failure is the one to report.
        drop(fs::remove_file(&partial));
    }
    written
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_folder_is_taken_when_empty_or_of_the_same_run_and_not_otherwise() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("out/deep");
        let (run, other) = (
            json!({"model": "a", "seed": 1}),
            json!({"model": "a", "seed": 2}),
        );
        let open = |record, force| OutputFolder::open(&root, record, &[], force);
        let folder = open(&run, false).unwrap();
        assert!(!folder.resumed());
        folder.write("000/a.jpg", b"picture").unwrap();
        assert!(open(&run, false).unwrap().resumed());
        let text = open(&other, false).unwrap_err().to_string();
        assert!(
            text.contains("seed 1, now 2") && text.contains("--force"),
            "{text}"
        );
        assert!(folder.has("000/a.jpg"), "a refused run removes nothing");
        assert!(!open(&other, true).unwrap().resumed());
        assert!(!folder.has("000/a.jpg"));

        fs::remove_file(root.join(RECORD)).unwrap();
        fs::write(root.join("thesis.tex"), b"x").unwrap();
        let text = open(&run, false).unwrap_err().to_string();
        assert!(text.contains("1 entries, the first thesis.tex"), "{text}");
        assert!(root.join("thesis.tex").is_file());
    }

    #[test]
    fn a_folder_with_the_inputs_in_it_is_not_emptied_even_by_force() {
        let temporary = tempfile::tempdir().unwrap();
        let input = temporary.path().join("market");
        fs::create_dir(&input).unwrap();
        let text = OutputFolder::open(temporary.path(), &json!({}), &[&input], true)
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("market") && text.contains("will not be emptied"),
            "{text}"
        );
        assert!(input.is_dir());
    }

    #[test]
    fn a_full_disk_leaves_nothing_of_the_file_and_keeps_the_others() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("b.jpg");
        fs::write(temporary.path().join("a.jpg"), b"done").unwrap();
        let error = write_with(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        })
        .map_err(DgnetError::write(&path))
        .unwrap_err();
        assert!(error.is_disk_full());
        assert!(error.to_string().contains("free space"), "{error}");
        let left: Vec<_> = fs::read_dir(temporary.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["a.jpg"]);
    }
}
