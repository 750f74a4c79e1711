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
    /// Several processes with the same record may open one folder at once.
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
            let entry = entry.map_err(DgnetError::read(root))?;
            // Another process of the same run may be about to write its record.
            if !is_shared_partial(&entry.file_name().to_string_lossy()) {
                entries.push(entry.path());
            }
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
        let partial = shared_partial(root, text.as_bytes()).map_err(DgnetError::write(&path))?;
        let Err(refused) = partial.persist_noclobber(&path) else {
            return Ok(folder(false));
        };
        if refused.error.kind() != io::ErrorKind::AlreadyExists {
            return Err(DgnetError::write(&path)(refused.error));
        }
        // Another process was quicker.
        let bytes = fs::read(&path).map_err(DgnetError::read(&path))?;
        let other = serde_json::from_slice::<Value>(&bytes).ok();
        if other.as_ref() == Some(record) {
            return Ok(folder(true));
        }
        Err(DgnetError::Occupied {
            path: root.to_owned(),
            found: occupation(other.as_ref(), record, &[path]),
        })
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

    /// Writes a file of the folder itself that several processes may write at once, with the same
    /// bytes.
    ///
    /// # Errors
    /// [`DgnetError::Write`]; nothing is left of the file then.
    pub fn write_shared(&self, name: &str, bytes: &[u8]) -> Result<(), DgnetError> {
        let path = self.path(name);
        let partial = shared_partial(&self.root, bytes).map_err(DgnetError::write(&path))?;
        let kept = partial.persist(&path).map(drop);
        kept.map_err(|refused| DgnetError::write(&path)(refused.error))
    }
}

const SHARED: (&str, &str) = (".reid-", ".partial");

fn is_shared_partial(name: &str) -> bool {
    name.starts_with(SHARED.0) && name.ends_with(SHARED.1)
}

/// Writes bytes under a name that no other process has; gone again unless it gets a final one.
fn shared_partial(root: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(SHARED.0).suffix(SHARED.1);
    // As other files; without this the owner alone might read it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(root)?;
    file.write_all(bytes)?;
    Ok(file)
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

    /// Opens a folder for several runs at once, and says which got it.
    fn open_at_once(root: &Path, records: &[&Value]) -> Vec<bool> {
        std::thread::scope(|scope| {
            let open = |record: &Value| {
                let folder = OutputFolder::open(root, record, &[], false)?;
                folder.write_shared("pairs.tsv", record.to_string().as_bytes())
            };
            let threads: Vec<_> = records
                .iter()
                .map(|record| scope.spawn(move || open(record).is_ok()))
                .collect();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap());
            ended.collect()
        })
    }

    #[test]
    fn several_processes_take_one_folder_at_once_and_one_of_two_runs_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let (run, other) = (json!({"seed": 1}), json!({"seed": 2}));
        for round in 0..50 {
            let root = temporary.path().join(round.to_string());
            assert_eq!(open_at_once(&root, &[&run; 4]), [true; 4]);
            assert_eq!(open_at_once(&root, &[&other; 4]), [false; 4]);
            let left: Vec<_> = fs::read_dir(&root)
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            assert_eq!(left.len(), 2, "{left:?}");
            let text = fs::read_to_string(root.join("pairs.tsv")).unwrap();
            assert_eq!(text, run.to_string());

            let root = temporary.path().join(format!("{round} mixed"));
            let taken = open_at_once(&root, &[&run, &other]);
            assert_ne!(taken[0], taken[1]);
        }
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
