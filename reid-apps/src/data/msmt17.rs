//! MSMT17 by its list files.
//!
//! The root holds `list_query.txt`, `list_gallery.txt`, `list_train.txt`, `list_val.txt`, and the
//! pictures below `test/` and `train/` (in the second version `mask_test_v2/`, `mask_train_v2/`). A
//! line is `PATH ID`: the path below the folder, a blank, the person's number, from 0. A picture is
//! called `ID_INDEX_CAMERA_DAYTIME_FRAME_BOX.jpg`, in the second version with `_ex` behind it:
//! `0000_013_01_0303morning_0033_1_ex.jpg`; cameras are 1 to 15.
//!
//! The number in the list counts, and not the one in the name; one person in the names must be one
//! in the list. Rows are in the order of their paths, as everywhere here, not of the list.
//!
//! Source: Wei et al., "Person Transfer GAN to Bridge Domain Gap for Person Re-Identification",
//! CVPR 2018, and the lists as the set is distributed.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::benchmark::{Benchmark, check_root};
use super::market1501::number;
use super::{DataError, DataSetKind, Folder, Item, Label, NameError, NamePart, Rejected};

const EXAMPLE: &str = "0000_013_01_0303morning_0033_1.jpg";
const QUERY: &str = "list_query.txt";
const GALLERY: &str = "list_gallery.txt";

/// Tells whether the root has the two lists that an evaluation needs.
pub(super) fn has_lists(root: &Path) -> bool {
    [QUERY, GALLERY]
        .iter()
        .all(|list| root.join(list).is_file())
}

/// Returns the folder with the pictures of query and gallery.
pub(super) fn test_folder(root: &Path) -> PathBuf {
    first_folder(root, ["test", "mask_test_v2"])
}

fn first_folder(root: &Path, names: [&str; 2]) -> PathBuf {
    let first = root.join(names[0]);
    let second = root.join(names[1]);
    if !first.is_dir() && second.is_dir() {
        second
    } else {
        first
    }
}

/// Reads the lists. Pictures are not looked for.
///
/// # Errors
/// [`DataError::List`] for a line that is no path and number, a path that is listed twice, and one
/// person with two numbers; [`DataError`] for a list or folder that is absent. A picture's name
/// outside the grammar is no error: it is in [`Folder::rejected`].
pub(super) fn open_lists(root: &Path) -> Result<Benchmark, DataError> {
    check_root(root)?;
    let test = test_folder(root);
    if !test.is_dir() {
        return Err(DataError::MissingFolder {
            folder: test,
            root: root.to_path_buf(),
            wanted: "test/ (or mask_test_v2/), list_query.txt and list_gallery.txt",
        });
    }
    let train_folder = first_folder(root, ["train", "mask_train_v2"]);
    let train_lists: Vec<PathBuf> = ["list_train.txt", "list_val.txt"]
        .map(|list| root.join(list))
        .into_iter()
        .filter(|list| list.is_file())
        .collect();
    let train = if train_lists.is_empty() {
        None
    } else {
        Some(read(&train_lists, &train_folder)?)
    };
    Ok(Benchmark {
        kind: DataSetKind::Msmt17,
        root: root.to_path_buf(),
        query: read(&[root.join(QUERY)], &test)?,
        gallery: read(&[root.join(GALLERY)], &test)?,
        train,
    })
}

fn read(lists: &[PathBuf], folder: &Path) -> Result<Folder, DataError> {
    let mut found = Folder {
        path: folder.to_path_buf(),
        ..Folder::default()
    };
    let mut seen = HashMap::new();
    // Which number the list gives to a person of the names.
    let mut numbers: HashMap<u32, i32> = HashMap::new();
    for list in lists {
        let text = fs::read_to_string(list).map_err(|source| DataError::Io {
            path: list.clone(),
            source,
        })?;
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let wrong = |problem: String| DataError::List {
                path: list.clone(),
                line: index + 1,
                problem,
            };
            let (name, id) = split(line).ok_or_else(|| {
                wrong(format!(
                    "{line:?}, wanted a path and a number, as in \"0000/{EXAMPLE} 0\""
                ))
            })?;
            if let Some(first) = seen.insert(name.to_owned(), index + 1) {
                return Err(wrong(format!(
                    "{name} is listed twice, first in line {first}; remove one of the lines"
                )));
            }
            let path = folder.join(name);
            let base_name = name.rsplit('/').next().unwrap_or(name);
            match parse(base_name) {
                Ok((person, camera)) => {
                    let listed = *numbers.entry(person).or_insert(id);
                    if listed != id {
                        return Err(wrong(format!(
                            "{name} is person {id}, and other pictures of {person:04} are person {listed}; take the list as the set came with it"
                        )));
                    }
                    let label = Label::new(id, camera);
                    let name = name.to_owned();
                    found.items.push(Item { path, name, label });
                }
                Err(error) => found.rejected.push(Rejected { path, error }),
            }
        }
    }
    if found.items.is_empty() {
        return Err(DataError::EmptyFolder {
            folder: lists[0].clone(),
            junk: 0,
            rejected: found.rejected.len(),
            ignored: 0,
            example: EXAMPLE,
        });
    }
    found
        .items
        .sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    Ok(found)
}

/// Takes a line apart; a path that leaves the folder is none.
fn split(line: &str) -> Option<(&str, i32)> {
    let (name, id) = line.trim().rsplit_once([' ', '\t'])?;
    let name = name.trim_end();
    let inside = !name.starts_with('/') && name.split('/').all(|part| part != "..");
    let id = number(id).and_then(|id| i32::try_from(id).ok())?;
    (inside && !name.is_empty()).then_some((name, id))
}

/// Returns person and camera of a picture's name.
fn parse(base_name: &str) -> Result<(u32, u32), NameError> {
    let wrong = |part, found: &str, wanted| NameError {
        name: base_name.to_owned(),
        part,
        found: found.to_owned(),
        wanted,
        example: EXAMPLE,
    };
    let (stem, extension) = base_name.split_once('.').unwrap_or((base_name, ""));
    if !["jpg", "jpeg", "png"].contains(&extension) {
        let wanted = "jpg, jpeg or png in lower case, after the only dot";
        return Err(wrong(NamePart::Extension, extension, wanted));
    }
    let fields: Vec<&str> = stem
        .strip_suffix("_ex")
        .unwrap_or(stem)
        .split('_')
        .collect();
    let [person, index, camera, moment, frame, bounding_box] = fields[..] else {
        let wanted = "six fields with _ between them";
        return Err(wrong(NamePart::Shape, stem, wanted));
    };
    let digits = |part, text: &str| number(text).ok_or_else(|| wrong(part, text, "digits"));
    let person = digits(NamePart::Person, person)?;
    let camera = digits(NamePart::Camera, camera)?;
    digits(NamePart::Sequence, index)?;
    digits(NamePart::Frame, frame)?;
    digits(NamePart::Box, bounding_box)?;
    if moment.is_empty() {
        return Err(wrong(
            NamePart::Sequence,
            moment,
            "day and time, as in 0303morning",
        ));
    }
    Ok((person, camera))
}
