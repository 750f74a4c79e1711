//! The machine as the checks see it: files below a root, the environment, and who runs the program.
//!
//! A root other than `/` is a recreated tree: tests use one, and so does somebody who looks at another machine's files.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// A machine.
#[derive(Debug, Clone)]
pub struct Host {
    root: PathBuf,
    variables: BTreeMap<String, String>,
    user: u32,
    groups: Vec<u32>,
}

/// A file's rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) mode: u32,
    pub(super) owner: u32,
    pub(super) group: u32,
    /// Whether it is a device and no ordinary file.
    pub(super) is_device: bool,
}

impl Host {
    /// The machine that this program runs on.
    #[must_use]
    pub fn this() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let numbers = |label: &str| -> Vec<u32> {
            let line = status.lines().find_map(|line| line.strip_prefix(label));
            let words = line.unwrap_or_default().split_whitespace();
            words.filter_map(|word| word.parse().ok()).collect()
        };
        // Real, effective, saved, file system: the second decides.
        let effective = |label| numbers(label).get(1).copied();
        let mut groups = numbers("Groups:");
        groups.extend(effective("Gid:"));
        Self {
            root: PathBuf::from("/"),
            variables: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((
                        name.into_string().ok()?,
                        value.to_string_lossy().into_owned(),
                    ))
                })
                .collect(),
            user: effective("Uid:").unwrap_or(u32::MAX),
            groups,
        }
    }

    /// A recreated tree, with an environment and a user of its own.
    #[must_use]
    pub fn recreated(
        root: &Path,
        variables: BTreeMap<String, String>,
        user: u32,
        groups: Vec<u32>,
    ) -> Self {
        Self {
            root: root.to_owned(),
            variables,
            user,
            groups,
        }
    }

    /// Whether this is the running machine, whose libraries can be opened.
    #[must_use]
    pub fn is_this(&self) -> bool {
        self.root == Path::new("/")
    }

    /// A path of the machine as a path here.
    fn here(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.here(path).exists()
    }

    pub(super) fn text(&self, path: &str) -> Option<String> {
        // Version files have some lines; what is larger is something else.
        let bytes = fs::read(self.here(path))
            .ok()
            .filter(|bytes| bytes.len() < 1 << 16)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.here(folder))
            .into_iter()
            .flatten()
            .flatten();
        let mut names: Vec<String> = entries
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub(super) fn rights(&self, path: &str) -> Option<Rights> {
        let found = fs::metadata(self.here(path)).ok()?;
        Some(Rights {
            mode: found.mode() & 0o7777,
            owner: found.uid(),
            group: found.gid(),
            is_device: found.file_type().is_char_device(),
        })
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether the user may read and write a file.
    pub(super) fn may_use(&self, rights: Rights) -> bool {
        let wanted = if rights.owner == self.user {
            0o600
        } else if self.groups.contains(&rights.group) {
            0o060
        } else {
            0o006
        };
        self.user == 0 || rights.mode & wanted == wanted
    }

    pub(super) fn is_root(&self) -> bool {
        self.user == 0
    }

    /// The name of a number in `/etc/passwd` or `/etc/group`.
    pub(super) fn name_of(&self, list: &str, number: u32) -> String {
        let text = self.text(list).unwrap_or_default();
        let found = text.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
        });
        found.unwrap_or_else(|| number.to_string())
    }

    /// Whether the user is in a group of that name; `None` when there is none.
    pub(super) fn in_group(&self, name: &str) -> Option<bool> {
        let text = self.text("/etc/group")?;
        let line = text
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let number: u32 = line.split(':').nth(2)?.parse().ok()?;
        Some(self.groups.contains(&number))
    }
}
