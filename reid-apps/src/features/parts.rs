//! Parts of an extraction, done by several processes, and how they become one folder.
//!
//! A part's folder has the same files as a whole one, but `part.json` in the place of `meta.json`:
//! whatever reads features finds that the folder is not complete, and never evaluates a part as if
//! it were the whole. A part may lack one of the sets.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use serde::{Deserialize, Serialize};

use super::store::{GALLERY, META, QUERY, check_rows, parse_meta, read_matrices};
use super::{FeatureError, Features, Meta, SetFeatures, new_run_id};
use crate::files::partial_of;

/// The file that takes the place of `meta.json` in the folder of a part.
pub(super) const PART: &str = "part.json";

/// Which part of an extraction a folder holds. Pairs of numbers are of query and gallery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The part, from 0.
    pub index: usize,
    /// How many parts there are.
    pub count: usize,
    /// SHA-256 over the names and sizes of all images of the data set, in order.
    pub data: String,
    /// The position of the part's first image in each set.
    pub first: [usize; 2],
    /// How many images of each set the part has, those without features included.
    pub images: [usize; 2],
    /// How many images each set has in all.
    pub total: [usize; 2],
}

/// Holds `part.json`.
#[derive(Serialize, Deserialize)]
pub(super) struct PartMeta {
    #[serde(flatten)]
    pub(super) meta: Meta,
    pub(super) part: Part,
}

/// Says which part lies in a folder, if one does.
pub(super) fn part_in(folder: &Path) -> Option<Part> {
    let text = fs::read(folder.join(PART)).ok()?;
    Some(serde_json::from_slice::<PartMeta>(&text).ok()?.part)
}

/// Tells whether a folder holds a part of an extraction, finished or not.
#[must_use]
pub fn is_part(folder: &Path) -> bool {
    folder.join(PART).exists() || folder.join("extract.partial").exists()
}

impl Features {
    /// Writes the folder of a part, as [`Features::write`] writes a whole one.
    ///
    /// # Errors
    /// As [`Features::write`].
    pub fn write_part(&self, folder: impl AsRef<Path>, part: &Part) -> Result<(), FeatureError> {
        let part = part.clone();
        self.write_with(folder.as_ref(), PART, |meta| PartMeta { meta, part })
    }

    /// Reads the folder of a part and checks it as [`Features::read`] checks a whole one.
    ///
    /// # Errors
    /// As [`Features::read`]; [`FeatureError::Parts`] if the folder holds no finished part.
    pub fn read_part(folder: impl AsRef<Path>) -> Result<(Self, Part), FeatureError> {
        let folder = folder.as_ref();
        let path = folder.join(PART);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_part(folder)),
            Err(error) => return Err(FeatureError::io(path)(error)),
        };
        let PartMeta { meta, part } = parse_meta(&path, &text)?;
        let dim = meta.provenance.model.dim;
        let set = |names, meta: super::SetMeta| {
            if !meta.rows.is_empty() {
                check_rows(folder, &names, &meta.rows)?;
            }
            read_matrices(folder, &names, meta, dim)
        };
        let features = Self {
            provenance: meta.provenance,
            query: set(QUERY, meta.sets.query)?,
            gallery: set(GALLERY, meta.sets.gallery)?,
        };
        Ok((features, part))
    }
}

fn no_part(folder: &Path) -> FeatureError {
    let name = folder.display();
    FeatureError::Parts(if folder.join("extract.partial").exists() {
        format!("{name} is not finished; run this part again, it goes on where it stopped")
    } else if folder.join(META).exists() {
        format!("{name} is a whole extraction, wanted a part (mgn extract --shard I/N)")
    } else {
        format!("{name} holds no part of an extraction; name what mgn extract --shard I/N wrote")
    })
}

/// Joins parts into one folder, which holds what one extraction would have written, but for the
/// name of the run; returns it.
///
/// Nothing is written unless all parts are there, and are of one model, one kind of chip and one
/// data set.
///
/// # Errors
/// [`FeatureError::Parts`], which names the part and what is wrong with it; what reading and
/// writing say.
pub fn merge_parts(folders: &[PathBuf], output: &Path) -> Result<Features, FeatureError> {
    if fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(FeatureError::Parts(format!(
            "{} exists and holds files; merge into a new folder",
            output.display()
        )));
    }
    let mut parts = Vec::with_capacity(folders.len());
    for folder in folders {
        let (features, part) = Features::read_part(folder)?;
        parts.push((folder.as_path(), features, part));
    }
    parts.sort_by_key(|(_, _, part)| part.index);
    check(&parts)?;
    let whole = join(parts)?;
    // Under another name until it is whole.
    let partial = partial_of(output);
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(FeatureError::io(&partial))?;
    }
    whole.write(&partial)?;
    // An empty folder may stand there already.
    let _ = fs::remove_dir(output);
    fs::rename(&partial, output).map_err(FeatureError::io(output))?;
    Ok(whole)
}

type Read<'a> = (&'a Path, Features, Part);

/// Checks that the parts, by their numbers, make a whole.
fn check(parts: &[Read<'_>]) -> Result<(), FeatureError> {
    let misfit = |text| Err(FeatureError::Parts(text));
    let Some((other, known, first)) = parts.first() else {
        return misfit("no part is named; name the folders of all parts".to_owned());
    };
    let (other, known) = (other.display(), &known.provenance);
    for (folder, features, part) in parts {
        let (name, provenance) = (folder.display(), &features.provenance);
        let kind = |simulated: bool| if simulated { "simulated" } else { "real" };
        for (what, a, b) in [
            ("model", &known.model.sha256, &provenance.model.sha256),
            ("data set", &first.data, &part.data),
            ("protocol", &known.data.protocol, &provenance.data.protocol),
            ("chip", &known.device.soc, &provenance.device.soc),
            (
                "kind of device",
                &kind(known.simulated).to_owned(),
                &kind(provenance.simulated).to_owned(),
            ),
        ] {
            if a != b {
                return misfit(format!(
                    "{name} and {other} are of different extractions: the {what} differs ({b} and \
                     {a})"
                ));
            }
        }
        if part.count != first.count || part.total != first.total {
            return misfit(format!(
                "{name} is part {} of {}, {other} is one of {}; parts of one division make a whole",
                part.index, part.count, first.count
            ));
        }
        let rows = features.query.rows.len() + features.gallery.rows.len();
        let (failed, images) = (provenance.failed.len(), part.images[0] + part.images[1]);
        if rows + failed != images {
            return misfit(format!(
                "{name} has {rows} rows and {failed} images without, wanted {images} in all; run \
                 this part again"
            ));
        }
    }
    for pair in parts.windows(2) {
        if pair[0].2.index == pair[1].2.index {
            return misfit(format!(
                "{} and {} are both part {}",
                pair[0].0.display(),
                pair[1].0.display(),
                pair[0].2.index
            ));
        }
    }
    let there = |index: &usize| parts.iter().any(|(_, _, part)| part.index == *index);
    let missing: Vec<_> = (0..first.count).filter(|index| !there(index)).collect();
    if !missing.is_empty() {
        let missing: Vec<_> = missing.iter().map(usize::to_string).collect();
        return misfit(format!(
            "of {} parts these are missing: {}; parts are counted from 0",
            first.count,
            missing.join(", ")
        ));
    }
    // Models of several batch sizes divide a data set at other places.
    let mut next = [0, 0];
    for (folder, _, part) in parts {
        for ((next, first), images) in next.iter_mut().zip(part.first).zip(part.images) {
            if images > 0 && *next != first {
                return misfit(format!(
                    "{} begins at image {first}, wanted {next}; run all parts again with one model",
                    folder.display()
                ));
            }
            *next += images;
        }
    }
    if next == first.total {
        return Ok(());
    }
    misfit(format!(
        "the parts have {next:?} images (query, gallery), wanted {:?}; run them again",
        first.total
    ))
}

fn join(parts: Vec<Read<'_>>) -> Result<Features, FeatureError> {
    let mut provenance = None;
    let (mut query, mut gallery, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (_, mut features, _) in parts {
        // Queries come before the gallery, and so do the parts that have some.
        failed.append(&mut features.provenance.failed);
        provenance.get_or_insert(features.provenance);
        query.push(features.query);
        gallery.push(features.gallery);
    }
    let mut provenance = provenance.unwrap_or_default();
    provenance.run = new_run_id();
    provenance.failed = failed;
    Ok(Features {
        provenance,
        query: join_set(query)?,
        gallery: join_set(gallery)?,
    })
}

fn join_set(sets: Vec<SetFeatures>) -> Result<SetFeatures, FeatureError> {
    let stack = |pick: fn(&SetFeatures) -> &Array2<f32>| {
        let views: Vec<ArrayView2<'_, f32>> = sets.iter().map(|set| pick(set).view()).collect();
        concatenate(Axis(0), &views).map_err(|error| FeatureError::Parts(error.to_string()))
    };
    let (plain, flip) = (stack(|set| &set.plain)?, stack(|set| &set.flip)?);
    let rows = sets.into_iter().flat_map(|set| set.rows).collect();
    Ok(SetFeatures { rows, plain, flip })
}
