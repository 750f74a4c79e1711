//! A folder of people: one folder for each person, images below.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::DgnetError;

/// What the reference takes for images, in any case.
const EXTENSIONS: [&str; 9] = [
    "jpg", "jpeg", "png", "ppm", "bmp", "pgm", "tif", "tiff", "webp",
];

/// One image of a [`People`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The file.
    pub path: PathBuf,
    /// The path below the folder, with `/` between its parts: `0872/0872_c4s2_090259_02.jpg`.
    pub name: String,
    /// Position of its person among the folders.
    pub class: usize,
}

impl Sample {
    /// Returns the file's name without its folders.
    #[must_use]
    pub fn base_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// The images of a training set, numbered as the reference numbers them.
///
/// A person's number is the position of the folder among the sorted folders, **not** the number in
/// the folder's name. Images stand folder by folder, inside a folder by the bytes of their paths.
///
/// **Source**: torchvision's `ImageFolder`, which the reference reads the set with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// The folder.
    pub root: PathBuf,
    /// Names of the persons' folders, sorted by their bytes.
    pub classes: Vec<String>,
    /// The images in order.
    pub samples: Vec<Sample>,
}

impl People {
    /// Reads a folder such as `pytorch/train_all`.
    ///
    /// Folders without images count as persons, as they do in the reference; files beside the
    /// folders do not count.
    ///
    /// # Errors
    /// [`DgnetError::Read`] for a folder that cannot be listed, [`DgnetError::NoPeople`] when there
    /// is no image.
    pub fn open(root: &Path) -> Result<People, DgnetError> {
        let mut classes = Vec::new();
        for entry in fs::read_dir(root).map_err(DgnetError::read(root))? {
            let path = entry.map_err(DgnetError::read(root))?.path();
            if path.is_dir() {
                classes.push(name_of(&path));
            }
        }
        classes.sort();
        let mut samples = Vec::new();
        for (class, folder) in classes.iter().enumerate() {
            let mut files = Vec::new();
            collect(&root.join(folder), &mut files)?;
            let mut names: Vec<(String, PathBuf)> = files
                .into_iter()
                .map(|path| {
                    let below = path.strip_prefix(root).unwrap_or(&path);
                    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
                    (parts.join("/"), path)
                })
                .collect();
            names.sort();
            samples.extend(
                names
                    .into_iter()
                    .map(|(name, path)| Sample { path, name, class }),
            );
        }
        if samples.is_empty() {
            let found = if classes.is_empty() {
                "no folders".to_owned()
            } else {
                format!("{} folders without images", classes.len())
            };
            let path = root.to_owned();
            return Err(DgnetError::NoPeople { path, found });
        }
        Ok(People {
            root: root.to_owned(),
            classes,
            samples,
        })
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), DgnetError> {
    for entry in fs::read_dir(folder).map_err(DgnetError::read(folder))? {
        let path = entry.map_err(DgnetError::read(folder))?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if is_image(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn touch(root: &Path, name: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }

    #[test]
    fn persons_are_numbered_by_folder_and_images_stand_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in [
            "1097/b.JPG",
            "1097/a.png",
            "0870/z.jpg",
            "0870/notes.txt",
            "-1/q.jpg",
            "loose.jpg",
            "0870/deep/a.jpg",
        ] {
            touch(root, name);
        }
        fs::create_dir(root.join("0999")).unwrap();
        let people = People::open(root).unwrap();
        assert_eq!(people.classes, ["-1", "0870", "0999", "1097"]);
        let found: Vec<(usize, &str)> = people
            .samples
            .iter()
            .map(|s| (s.class, s.name.as_str()))
            .collect();
        let wanted = [
            (0, "-1/q.jpg"),
            (1, "0870/deep/a.jpg"),
            (1, "0870/z.jpg"),
            (3, "1097/a.png"),
            (3, "1097/b.JPG"),
        ];
        assert_eq!(found, wanted);
        assert_eq!(people.samples[1].base_name(), "a.jpg");
    }

    #[test]
    fn a_folder_without_people_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let text = People::open(folder.path()).unwrap_err().to_string();
        assert!(
            text.contains("no folders") && text.contains("reid dgnet prepare"),
            "{text}"
        );
        touch(folder.path(), "0001/readme.txt");
        let text = People::open(folder.path()).unwrap_err().to_string();
        assert!(text.contains("1 folders without images"), "{text}");
        assert!(People::open(&folder.path().join("absent")).is_err());
    }
}
