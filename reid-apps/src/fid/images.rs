//! The images of a set, in a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{FidError, Sampling};
use crate::files::hex;

/// Kinds of files that are images, in lower case.
const EXTENSIONS: [&str; 7] = ["jpg", "jpeg", "png", "bmp", "ppm", "pgm", "pbm"];

/// A folder's images, and those of them that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    /// Images found.
    pub found: usize,
    /// Those that count, in order.
    pub files: Vec<PathBuf>,
    /// SHA-256 over names and contents of those that count, hexadecimal.
    pub sha256: String,
}

impl ImageSet {
    /// Lists a folder's images and reads those that count once, for their hash.
    ///
    /// [`Sampling::All`] takes images of any depth, sorted by path, a folder's own before those of
    /// the folders in it if the names say so. [`Sampling::Ttur`] takes `*/*.jpg`, then `*/*.png`:
    /// one folder deep, endings in small letters, nothing that begins with a dot. There the
    /// original takes each in the order of the directory; here each is sorted.
    ///
    /// # Errors
    ///
    /// [`FidError::Io`]; [`FidError::File`] if there are no images.
    pub fn open(folder: &Path, sampling: Sampling) -> Result<Self, FidError> {
        let all = match sampling {
            Sampling::All => {
                let mut files = Vec::new();
                walk(folder, &mut files)?;
                files
            }
            Sampling::Ttur => one_deep(folder)?,
        };
        if all.is_empty() {
            let wanted = match sampling {
                Sampling::All => "images (jpg, png, bmp, pnm) in it or in its folders",
                Sampling::Ttur => "*/*.jpg or */*.png in it, as --like ttur takes them",
            };
            return Err(FidError::file(
                folder,
                format!("no images, wanted {wanted}; give another folder"),
            ));
        }
        let chosen = sampling.choose(all.len());
        let files: Vec<PathBuf> = chosen.into_iter().map(|place| all[place].clone()).collect();
        let mut hash = Sha256::new();
        for file in &files {
            let name = file.strip_prefix(folder).unwrap_or(file);
            hash.update(name.to_string_lossy().as_bytes());
            let bytes = fs::read(file).map_err(FidError::io(file))?;
            hash.update([0]);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        Ok(Self {
            found: all.len(),
            files,
            sha256: hex(&hash.finalize()),
        })
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, FidError> {
    let mut paths = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<Vec<_>>>()
        })
        .map_err(FidError::io(folder))?;
    paths.sort();
    Ok(paths)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), FidError> {
    for path in entries(folder)? {
        if path.is_dir() {
            // A link to a folder above would never end.
            if !path.is_symlink() {
                walk(&path, files)?;
            }
            continue;
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|found| EXTENSIONS.contains(&found.to_ascii_lowercase().as_str()))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn one_deep(folder: &Path) -> Result<Vec<PathBuf>, FidError> {
    let shown = |path: &PathBuf| {
        !path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'))
    };
    let mut found = [Vec::new(), Vec::new()];
    for inner in entries(folder)?
        .into_iter()
        .filter(|path| path.is_dir())
        .filter(shown)
    {
        for path in entries(&inner)?.into_iter().filter(shown) {
            let extension = path.extension().and_then(|extension| extension.to_str());
            if let Some(kind) = ["jpg", "png"]
                .iter()
                .position(|kind| extension == Some(*kind))
            {
                found[kind].push(path);
            }
        }
    }
    Ok(found.concat())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(folder: &Path, set: &ImageSet) -> Vec<String> {
        set.files
            .iter()
            .map(|file| file.strip_prefix(folder).unwrap().display().to_string())
            .collect()
    }

    #[test]
    fn ttur_looks_one_folder_deep_for_jpg_then_png_and_all_takes_every_image() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in [
            "b/2.jpg",
            "a/1.png",
            "a/3.jpg",
            "a/4.JPG",
            "top.jpg",
            "a/deep/5.jpg",
            ".h/6.jpg",
            "a/.7.jpg",
            "a/8.txt",
        ] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let ttur = ImageSet::open(root, Sampling::Ttur).unwrap();
        assert_eq!(names(root, &ttur), ["a/3.jpg", "b/2.jpg", "a/1.png"]);
        let all = ImageSet::open(root, Sampling::All).unwrap();
        assert_eq!(all.found, 8);
        assert_ne!(all.sha256, ttur.sha256);
        fs::write(root.join("b/2.jpg"), "changed").unwrap();
        assert_ne!(
            ImageSet::open(root, Sampling::Ttur).unwrap().sha256,
            ttur.sha256
        );
        let error = ImageSet::open(&root.join("a/deep"), Sampling::Ttur)
            .unwrap_err()
            .to_string();
        assert!(error.contains("*/*.jpg"), "{error}");
    }
}
