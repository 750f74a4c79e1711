//! The gallery half of a features folder, without holding it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::features::RowsFile;
use crate::features::{FORMAT, FeatureError, Provenance, Row};

/// An extracted gallery: its provenance and where its rows are.
#[derive(Clone, Debug)]
pub struct Gallery {
    folder: PathBuf,
    provenance: Provenance,
    rows: usize,
    hashes: [String; 2],
}

#[derive(Deserialize)]
struct Layout {
    format: Option<u64>,
}

#[derive(Deserialize)]
struct LeanMeta {
    #[serde(flatten)]
    provenance: Provenance,
    sets: LeanSets,
}

#[derive(Deserialize)]
struct LeanSets {
    gallery: LeanSet,
}

#[derive(Deserialize)]
struct LeanSet {
    #[serde(deserialize_with = "count")]
    rows: usize,
    plain_sha256: String,
    flip_sha256: String,
}

impl Gallery {
    /// Opens the folder that `reid mgn extract` wrote.
    ///
    /// # Errors
    /// [`FeatureError`]: no folder, no or damaged `meta.json`, another layout, an empty gallery.
    pub fn open(folder: &Path) -> Result<Self, FeatureError> {
        let path = folder.join("meta.json");
        let layout: Layout = parse(folder, &path)?;
        if let Some(found) = layout.format
            && found != u64::from(FORMAT)
        {
            let wanted = FORMAT;
            return Err(FeatureError::Format {
                path,
                found,
                wanted,
            });
        }
        let meta: LeanMeta = parse(folder, &path)?;
        let set = meta.sets.gallery;
        if set.rows == 0 {
            let set = "gallery";
            return Err(FeatureError::Empty { path, set });
        }
        Ok(Self {
            folder: folder.to_owned(),
            provenance: meta.provenance,
            rows: set.rows,
            hashes: [set.plain_sha256, set.flip_sha256],
        })
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns where the features come from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Reads who is on some rows, going once through `meta.json`.
    ///
    /// # Errors
    /// [`FeatureError`] if the file can no longer be read.
    pub fn who(&self, rows: &BTreeSet<usize>) -> Result<HashMap<usize, Row>, FeatureError> {
        let path = self.folder.join("meta.json");
        let mut reader = serde_json::Deserializer::from_reader(open(&self.folder, &path)?);
        let within = Within {
            keys: &["sets", "gallery", "rows"],
            wanted: rows,
        };
        within
            .deserialize(&mut reader)
            .map_err(|error| not_meta(&path, error))
    }

    /// Opens the two matrices, plain and mirrored, and checks their shapes.
    pub(super) fn matrices(&self) -> Result<[RowsFile; 2], FeatureError> {
        let open = |name: &str| {
            let path = self.folder.join(name);
            let rows = RowsFile::open(&path)?;
            let (count, dim) = (rows.rows(), rows.dim());
            for (what, found, wanted) in [
                ("rows", count, self.rows),
                ("numbers per row", dim, self.provenance.model.dim),
            ] {
                if found != wanted {
                    return Err(mixed(&path, what, found.to_string(), wanted.to_string()));
                }
            }
            Ok(rows)
        };
        Ok([open("gallery.npy")?, open("gallery_flip.npy")?])
    }

    /// Compares the hashes of matrices that were read to the end.
    pub(super) fn check_hashes(&self, matrices: [RowsFile; 2]) -> Result<(), FeatureError> {
        for (rows, wanted) in matrices.into_iter().zip(&self.hashes) {
            let path = rows.path().to_owned();
            let found = rows.finish();
            if found != *wanted {
                return Err(mixed(&path, "sha256", found, wanted.clone()));
            }
        }
        Ok(())
    }
}

fn mixed(path: &Path, what: &'static str, found: String, wanted: String) -> FeatureError {
    FeatureError::Mixed {
        path: path.to_owned(),
        what,
        found,
        against: "meta.json says",
        wanted,
    }
}

fn open(folder: &Path, path: &Path) -> Result<BufReader<File>, FeatureError> {
    match File::open(path) {
        Ok(file) => Ok(BufReader::with_capacity(1 << 18, file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() => {
            Err(FeatureError::Incomplete {
                folder: folder.to_owned(),
            })
        }
        Err(source) => Err(FeatureError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

fn not_meta(path: &Path, error: serde_json::Error) -> FeatureError {
    FeatureError::Meta {
        path: path.to_owned(),
        problem: format!("not the meta.json of features ({error})"),
    }
}

fn parse<T: for<'de> Deserialize<'de>>(folder: &Path, path: &Path) -> Result<T, FeatureError> {
    serde_json::from_reader(open(folder, path)?).map_err(|error| not_meta(path, error))
}

/// Counts the elements of a list without keeping them.
fn count<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    struct Count;
    impl<'de> Visitor<'de> for Count {
        type Value = usize;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of rows")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
            let mut count = 0;
            while list.next_element::<IgnoredAny>()?.is_some() {
                count += 1;
            }
            Ok(count)
        }
    }
    from.deserialize_seq(Count)
}

/// Walks down `keys` and picks rows out of the list there, passing over everything else.
struct Within<'a> {
    keys: &'a [&'a str],
    wanted: &'a BTreeSet<usize>,
}

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = HashMap<usize, Row>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        if self.keys.is_empty() {
            from.deserialize_seq(self)
        } else {
            from.deserialize_map(self)
        }
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = HashMap<usize, Row>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rows of a gallery")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = HashMap::new();
        while let Some(key) = map.next_key::<String>()? {
            if self.keys.first().is_some_and(|wanted| *wanted == key) {
                found = map.next_value_seed(Within {
                    keys: &self.keys[1..],
                    wanted: self.wanted,
                })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut found = HashMap::new();
        let mut index = 0;
        loop {
            if self.wanted.contains(&index) {
                let Some(row) = list.next_element::<Row>()? else {
                    break;
                };
                found.insert(index, row);
            } else if list.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
            index += 1;
        }
        Ok(found)
    }
}
