//! The tree, on this machine.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::Builder;

use crate::layout::{Content, Entry};
use crate::tarball::write;
use crate::{Error, Result};

/// Writes the entries below `destdir` and `prefix`, and returns the paths in their order.
///
/// Each file appears whole or not at all and replaces what was there: a program that runs with the
/// library of before keeps it.
///
/// # Errors
/// If a folder cannot be made or a file not be written; the error names it. What was installed before
/// it stays.
pub fn install(entries: &[Entry], destdir: Option<&Path>, prefix: &str) -> Result<Vec<PathBuf>> {
    let base = match destdir {
        Some(folder) => folder.join(prefix.trim_start_matches('/')),
        None => PathBuf::from(prefix),
    };
    let mut written = Vec::new();
    for entry in entries {
        let path = base.join(&entry.path);
        let folder = path.parent().unwrap_or(&base);
        std::fs::create_dir_all(folder).map_err(Error::file("make the folder", folder))?;
        match &entry.content {
            Content::Link(target) => link(target, &path, folder)?,
            content => write(&path, &content.bytes()?)?,
        }
        written.push(path);
    }
    Ok(written)
}

fn link(target: &str, path: &Path, folder: &Path) -> Result<()> {
    let made = Builder::new().make_in(folder, |name| symlink(target, name));
    let made = made.map_err(Error::file("make a link in", folder))?;
    let put = made.persist(path).map_err(|error| error.error);
    put.map_err(Error::file("install", path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::layout::Part;

    fn entry(path: &str, content: Content) -> Entry {
        Entry {
            path: path.to_owned(),
            content,
            part: Part::Runtime,
        }
    }

    #[test]
    fn files_and_links_are_replaced_and_land_below_the_staging_folder() {
        let stage = tempfile::tempdir().unwrap();
        let entries = [
            entry("lib/a", Content::Bytes(b"first".to_vec())),
            entry("lib/b", Content::Link("a".to_owned())),
        ];
        for text in ["first", "second"] {
            let mut entries = entries.clone();
            entries[0].content = Content::Bytes(text.as_bytes().to_vec());
            let paths = install(&entries, Some(stage.path()), "/usr/local").unwrap();
            assert_eq!(paths[1], stage.path().join("usr/local/lib/b"));
            assert_eq!(std::fs::read_to_string(&paths[1]).unwrap(), text);
        }
        let names = std::fs::read_dir(stage.path().join("usr/local/lib")).unwrap();
        assert_eq!(names.count(), 2, "nothing temporary stays");
    }

    #[test]
    fn a_folder_in_the_place_of_a_file_is_an_error_that_names_it() {
        let stage = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(stage.path().join("p/lib/a/full")).unwrap();
        let entries = [entry("lib/a", Content::Bytes(Vec::new()))];
        let error = install(&entries, Some(stage.path()), "/p").unwrap_err();
        assert!(
            error.to_string().contains("p/lib/a: cannot write"),
            "{error}"
        );
        let names = std::fs::read_dir(stage.path().join("p/lib")).unwrap();
        assert_eq!(names.count(), 1, "nothing temporary stays");
    }
}
