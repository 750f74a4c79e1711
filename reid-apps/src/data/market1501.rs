//! Market-1501: its file names and its folders.
//!
//! A name reads `ID_cCsS_FRAME_BOX.jpg`: `0002_c1s1_000451_03.jpg` is person 2, camera 1,
//! sequence 1, frame 451, box 3. The reference program takes a looser view, and its view decides
//! the row order of features, so each difference is stated:
//!
//! | name | reference | here |
//! |---|---|---|
//! | word characters, a dot, then `jpg jpeg bmp png ppm` (case sensitive, anything may follow: `x.jpg.jpg`) | kept | kept if the fields fit |
//! | `-1_…` | dropped without a word | dropped and counted as junk |
//! | `0000_…` | kept as person 0, a wrong answer to every query | the same |
//! | `0002_c12s1_…` | camera 1: it reads one character | camera 12; such a set cannot be compared with the reference |
//! | `0002_c1_x.jpg`, `0002.jpg`, `….npy` | kept, or fails later | rejected and reported |
//! | `….JPG`, `0002-c1.jpg` | dropped without a word | rejected and reported |
//! | `Thumbs.db`, `….txt` | dropped without a word | the same |
//!
//! The reference also demands `bounding_box_train/`, even to evaluate; here it is not looked at.
//!
//! Source: Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015, and the
//! naming rules in the data set's own documentation.

use std::path::{Path, PathBuf};

use super::{
    Camera, DataError, Folder, Label, NameError, NamePart, NameRule, PersonId, ReidDataset, Verdict,
};

/// The name under which features remember the set.
pub const PROTOCOL: &str = "market1501";

const EXAMPLE: &str = "0002_c1s1_000451_03.jpg";
const FOLDERS: &str = "query/ and bounding_box_test/";
const EXTENSIONS: [&str; 5] = ["jpg", "jpeg", "bmp", "png", "ppm"];

/// Holds what a Market-1501 file name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The person; -1 for junk, 0 for a distractor.
    pub id: PersonId,
    /// The camera, from 1.
    pub camera: Camera,
    /// The video sequence, from 1.
    pub sequence: u32,
    /// The frame within the sequence.
    pub frame: u32,
    /// The box within the frame; 0 for one drawn by hand.
    pub bounding_box: u32,
}

impl Name {
    /// Reads a base name such as `0002_c1s1_000451_03.jpg`.
    ///
    /// # Errors
    /// [`NameError`] naming the first part that is outside the grammar.
    pub fn parse(base_name: &str) -> Result<Self, NameError> {
        let wrong = |part, found: &str, wanted| NameError {
            name: base_name.to_owned(),
            part,
            found: found.to_owned(),
            wanted,
            example: EXAMPLE,
        };
        let (stem, extension) = base_name.split_once('.').unwrap_or((base_name, ""));
        if !EXTENSIONS.iter().any(|known| extension.starts_with(known)) {
            return Err(wrong(
                NamePart::Extension,
                extension,
                "jpg, jpeg, bmp, png or ppm in lower case, after the first dot",
            ));
        }
        let fields: Vec<&str> = stem.split('_').collect();
        let [id, camera, frame, bounding_box] = fields[..] else {
            return Err(wrong(
                NamePart::Shape,
                stem,
                "four fields with _ between them",
            ));
        };
        let digits = |part, text: &str| number(text).ok_or_else(|| wrong(part, text, "digits"));
        let id = match id {
            "-1" => PersonId::JUNK,
            text => number(text)
                .and_then(|id| i32::try_from(id).ok())
                .map(PersonId)
                .ok_or_else(|| wrong(NamePart::Person, text, "digits, or -1 for junk"))?,
        };
        let (camera_digits, sequence) = camera
            .strip_prefix('c')
            .and_then(|rest| rest.split_once('s'))
            .ok_or_else(|| {
                wrong(
                    NamePart::Camera,
                    camera,
                    "c, the camera's number, s, the sequence's number",
                )
            })?;
        Ok(Self {
            id,
            camera: Camera(digits(NamePart::Camera, camera_digits)?),
            sequence: digits(NamePart::Sequence, sequence)?,
            frame: digits(NamePart::Frame, frame)?,
            bounding_box: digits(NamePart::Box, bounding_box)?,
        })
    }

    /// Returns person and camera.
    #[must_use]
    pub fn label(&self) -> Label {
        Label {
            id: self.id,
            camera: self.camera,
        }
    }
}

/// Reads a number made of ASCII digits alone; `str::parse` would also take `+3`.
pub(super) fn number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// Judges file names by the grammar of Market-1501.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rule;

impl NameRule for Rule {
    fn example(&self) -> &'static str {
        EXAMPLE
    }

    fn judge(&self, base_name: &str) -> Verdict {
        if !looks_like_image(base_name) {
            return Verdict::Ignore;
        }
        // By the first field alone: whatever follows, the set says that nobody is to use the box.
        if base_name.starts_with("-1_") {
            return Verdict::Junk;
        }
        match Name::parse(base_name) {
            Ok(name) => Verdict::Keep(name.label()),
            Err(error) => Verdict::Reject(error),
        }
    }
}

/// Tells whether a file either passes the reference's pattern or ends like an image in any case.
pub(super) fn looks_like_image(base_name: &str) -> bool {
    let is_known = |text: &str| EXTENSIONS.contains(&text) || text == "npy";
    let passes_pattern = base_name.split_once('.').is_some_and(|(stem, rest)| {
        !stem.is_empty()
            && stem.chars().all(|c| c.is_alphanumeric() || c == '_')
            && (rest.starts_with("npy") || EXTENSIONS.iter().any(|known| rest.starts_with(known)))
    });
    let ends_so = base_name
        .rsplit_once('.')
        .is_some_and(|(stem, last)| !stem.is_empty() && is_known(&last.to_ascii_lowercase()));
    passes_pattern || ends_so
}

/// Holds the query and gallery lists of a Market-1501 copy.
#[derive(Clone, Debug)]
pub struct Dataset {
    root: PathBuf,
    query: Folder,
    gallery: Folder,
}

impl Dataset {
    /// Reads `query/` and `bounding_box_test/` below `root`.
    ///
    /// Images are not opened; only names are looked at.
    ///
    /// # Errors
    /// [`DataError`] for a root or folder that is absent, unreadable or without any image that
    /// counts. A single odd name is no error: it is in [`Folder::rejected`].
    pub fn open(root: impl AsRef<Path>) -> Result<Self, DataError> {
        let root = root.as_ref();
        if !root.exists() {
            return Err(DataError::MissingRoot {
                root: root.to_path_buf(),
                wanted: FOLDERS,
            });
        }
        if !root.is_dir() {
            return Err(DataError::NotAFolder {
                path: root.to_path_buf(),
            });
        }
        let open = |name: &str| {
            let folder = root.join(name);
            if folder.exists() {
                Folder::scan(&folder, &Rule)
            } else {
                Err(DataError::MissingFolder {
                    folder,
                    root: root.to_path_buf(),
                    wanted: FOLDERS,
                })
            }
        };
        Ok(Self {
            query: open("query")?,
            gallery: open("bounding_box_test")?,
            root: root.to_path_buf(),
        })
    }
}

impl ReidDataset for Dataset {
    fn protocol(&self) -> &'static str {
        PROTOCOL
    }

    fn root(&self) -> &Path {
        &self.root
    }

    fn query(&self) -> &Folder {
        &self.query
    }

    fn gallery(&self) -> &Folder {
        &self.gallery
    }

    fn train(&self) -> Result<Option<Folder>, DataError> {
        super::benchmark::train(&self.root, &Rule)
    }
}

#[cfg(test)]
#[path = "market1501_tests.rs"]
mod tests;
