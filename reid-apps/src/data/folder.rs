//! The walk over one folder of a data set.

use std::fs;
use std::path::{Path, PathBuf};

use super::{DataError, Item, NameError, NameRule, PersonId, Verdict};

/// Names a file that looks like an image and was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with its name.
    pub error: NameError,
}

/// Lists what one folder of a data set holds.
///
/// Every file below the folder is in exactly one of `items`, `junk`, `rejected` and `ignored`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// The folder, below the root as it was given.
    pub path: PathBuf,
    /// The images that count, in ascending order of the bytes of their full paths. This is the row
    /// order of features.
    pub items: Vec<Item>,
    /// Files that the set marks as junk.
    pub junk: usize,
    /// Files outside the grammar, in the order of their paths.
    pub rejected: Vec<Rejected>,
    /// Files that are no images.
    pub ignored: usize,
}

impl Folder {
    /// Counts the images whose person is never searched for.
    #[must_use]
    pub fn distractors(&self) -> usize {
        self.items
            .iter()
            .filter(|item| item.label.id == PersonId::DISTRACTOR)
            .count()
    }

    /// Reads a folder and everything below it; symbolic links to folders are not followed.
    ///
    /// # Errors
    /// [`DataError::NotAFolder`], [`DataError::EmptyFolder`] when no image counts, and
    /// [`DataError::Io`] for a folder that cannot be listed.
    pub fn scan(path: &Path, rule: &dyn NameRule) -> Result<Self, DataError> {
        if path.is_file() {
            return Err(DataError::NotAFolder {
                path: path.to_path_buf(),
            });
        }
        let mut files = Vec::new();
        collect_files(path, &mut files)?;
        // Not `Path`'s own order, which compares component by component: `a.d/x` sorts before `a/x`.
        files.sort_by(|a, b| path_bytes(a).cmp(path_bytes(b)));
        let mut folder = Self {
            path: path.to_path_buf(),
            ..Self::default()
        };
        for file in files {
            folder.place(file, rule);
        }
        if folder.items.is_empty() {
            return Err(DataError::EmptyFolder {
                folder: folder.path,
                junk: folder.junk,
                rejected: folder.rejected.len(),
                ignored: folder.ignored,
                example: rule.example(),
            });
        }
        Ok(folder)
    }

    fn place(&mut self, path: PathBuf, rule: &dyn NameRule) {
        let base_name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match rule.judge(&base_name) {
            Verdict::Keep(label) => {
                let name = name_below(&path, &self.path);
                self.items.push(Item { path, name, label });
            }
            Verdict::Junk => self.junk += 1,
            Verdict::Reject(error) => self.rejected.push(Rejected { path, error }),
            Verdict::Ignore => self.ignored += 1,
        }
    }
}

fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn name_below(path: &Path, folder: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
    let io = |source| DataError::Io {
        path: folder.to_path_buf(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let path = entry.path();
        if entry.file_type().map_err(io)?.is_dir() {
            collect_files(&path, files)?;
        } else if !path.is_dir() {
            files.push(path);
        }
    }
    Ok(())
}
