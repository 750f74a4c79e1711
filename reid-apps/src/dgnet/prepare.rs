//! Market-1501 into one folder for each person, as the guide's `prepare-market.py` sorts it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::DgnetError;

/// How a file comes to its second place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// A copy.
    #[default]
    Copy,
    /// Another name of the same file, on the same file system.
    Hard,
    /// A symbolic link to the file's absolute path.
    Symbolic,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Images of each split, by its name.
    pub images: BTreeMap<&'static str, usize>,
    /// Those of them that were made now; the others were there.
    pub made: usize,
    /// Files that an earlier run had put into `train` and that belong into `val`, or the reverse.
    pub moved: usize,
    /// Files left out because their names do not end in `jpg`.
    pub ignored: usize,
}

/// The folders of the data set, and those that their images go to. `gt_bbox` may be absent.
const SPLITS: [(&str, &str); 4] = [
    ("query", "query"),
    ("gt_bbox", "multi-query"),
    ("bounding_box_test", "gallery"),
    ("bounding_box_train", "train_all"),
];

/// Makes `query`, `multi-query`, `gallery`, `train_all`, `train` and `val` below `out`, each with a
/// folder for each person, named by the text before the first underscore.
///
/// Every file whose name ends in `jpg` counts, in this case only. Of each person of the training
/// set, the first image in the order of the names' bytes goes to `val`, the others to `train`.
/// **The reference** takes the first in the directory's own order, which differs from machine to
/// machine, and when it runs again it puts all of them into `train`; here a second run changes
/// nothing, and puts right what such a run of the reference has left.
///
/// # Errors
/// [`DgnetError::MissingFolder`], [`DgnetError::Read`], [`DgnetError::Write`].
pub fn prepare(data: &Path, out: &Path, link: Link) -> Result<Prepared, DgnetError> {
    for (folder, _) in SPLITS {
        let path = data.join(folder);
        if folder != "gt_bbox" && !path.is_dir() {
            return Err(DgnetError::MissingFolder { path });
        }
    }
    let mut done = Prepared::default();
    for (folder, split) in SPLITS {
        let from = data.join(folder);
        if !from.is_dir() {
            continue;
        }
        let names = images(&from, &mut done.ignored)?;
        let mut first_of = BTreeMap::new();
        for name in &names {
            let (person, source) = (person(name), from.join(name));
            place(&source, out, split, person, link, &mut done)?;
            if split != "train_all" {
                continue;
            }
            let (goes, leaves) = match *first_of.entry(person).or_insert(name) == name {
                true => ("val", "train"),
                false => ("train", "val"),
            };
            place(&source, out, goes, person, link, &mut done)?;
            let other = out.join(leaves).join(person).join(name);
            if other.symlink_metadata().is_ok() {
                fs::remove_file(&other).map_err(DgnetError::write(&other))?;
                done.moved += 1;
            }
        }
    }
    Ok(done)
}

fn person(name: &str) -> &str {
    name.split('_').next().unwrap_or(name)
}

/// The names of a folder that count, sorted.
fn images(folder: &Path, ignored: &mut usize) -> Result<Vec<String>, DgnetError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(DgnetError::read(folder))? {
        let name = entry.map_err(DgnetError::read(folder))?.file_name();
        match name.into_string() {
            Ok(name) if name.ends_with("jpg") => names.push(name),
            _ => *ignored += 1,
        }
    }
    names.sort();
    Ok(names)
}

fn place(
    source: &Path,
    out: &Path,
    split: &'static str,
    person: &str,
    link: Link,
    done: &mut Prepared,
) -> Result<(), DgnetError> {
    *done.images.entry(split).or_insert(0) += 1;
    let folder = out.join(split).join(person);
    let target = folder.join(source.file_name().unwrap_or_default());
    let size = |path: &Path| fs::metadata(path).map(|metadata| metadata.len()).ok();
    if size(&target).is_some() && size(&target) == size(source) {
        return Ok(());
    }
    fs::create_dir_all(&folder).map_err(DgnetError::write(&folder))?;
    let partial = partial(&target);
    // What a run that was cut short left behind.
    drop(fs::remove_file(&partial));
    let made = make(source, &partial, link).and_then(|()| fs::rename(&partial, &target));
    if made.is_err() {
        // The first failure is the one to report.
        drop(fs::remove_file(&partial));
    }
    made.map_err(DgnetError::write(&target))?;
    done.made += 1;
    Ok(())
}

fn partial(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.partial"))
}

fn make(source: &Path, target: &Path, link: Link) -> io::Result<()> {
    match link {
        Link::Copy => fs::copy(source, target).map(|_| ()),
        Link::Hard => fs::hard_link(source, target),
        Link::Symbolic => symbolic(&fs::canonicalize(source)?, target),
    }
}

#[cfg(unix)]
fn symbolic(source: &Path, target: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(source, target)
}

#[cfg(not(unix))]
fn symbolic(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this system has no symbolic links; use copies",
    ))
}
