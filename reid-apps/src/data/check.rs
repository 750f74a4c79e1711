//! A look at every picture of a data set, before hours are spent on its features.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{DataError, DataSetKind, Folder, Label, ReidDataset};
use crate::imaging::{Decoder, ImageError, ImageProblem, RgbImage};

/// The version of the JSON form.
const FORMAT: u32 = 1;

/// Says what a data set holds, and what is wrong with it.
///
/// `Display` is a table and a list of what was found; the JSON form has a key per field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The form's version, 1.
    pub format: u32,
    /// The benchmark.
    pub dataset: String,
    /// The root as it was given.
    pub root: String,
    /// Query, gallery and, where there is one, the training part.
    pub sets: Vec<SetCheck>,
    /// Queries without the same person before another camera in the gallery; they do not count in
    /// an evaluation.
    pub queries_without_answer: Vec<String>,
    /// Pictures with the same bytes.
    pub duplicates: Vec<Duplicate>,
    /// People of the training part who are in the query, too.
    pub people_in_train_and_query: Vec<i32>,
    /// What is wrong, a sentence each; empty for a set that is as it should be.
    pub problems: Vec<String>,
}

/// Says what one part of a data set holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SetCheck {
    /// `query`, `gallery` or `train`.
    pub name: String,
    /// The folder of its pictures.
    pub folder: String,
    /// Pictures that count, distractors among them.
    pub images: usize,
    /// People, distractors not counted.
    pub identities: usize,
    /// How many pictures each camera took.
    pub cameras: BTreeMap<u32, usize>,
    /// Pictures that the set marks as unusable.
    pub junk: usize,
    /// Pictures of people nobody searches for.
    pub distractors: usize,
    /// Files that are no pictures.
    pub ignored: usize,
    /// Files with a name outside of the grammar.
    pub rejected: Vec<BadFile>,
    /// Pictures that are absent or that nothing can read.
    pub unreadable: Vec<BadFile>,
    /// Pictures that end before their time.
    pub cut: Vec<BadFile>,
}

/// Names a file and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadFile {
    /// The file.
    pub file: String,
    /// The reason, in one line.
    pub error: String,
}

/// Names two pictures with the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// The one that comes first.
    pub first: String,
    /// The other.
    pub second: String,
    /// Whether they are said to show different people or to be from different cameras, so that one
    /// of the names is wrong.
    pub contradicts: bool,
}

/// Opens and decodes every picture, on the threads of rayon's current pool.
///
/// `done` is told after each picture, from any thread. The result does not depend on the number of
/// threads.
///
/// # Errors
/// [`DataError`] for a training part that cannot be listed; whatever is wrong with a picture is in
/// the result.
pub fn check(
    data: &dyn ReidDataset,
    kind: DataSetKind,
    done: impl Fn() + Sync,
) -> Result<Check, DataError> {
    let train = data.train()?;
    let mut parts = vec![("query", data.query()), ("gallery", data.gallery())];
    parts.extend(train.as_ref().map(|train| ("train", train)));
    let mut sets = Vec::new();
    let mut seen = HashMap::new();
    let mut duplicates = Vec::new();
    for (name, folder) in &parts {
        let looks = look_at(folder, &done);
        let mut set = describe(name, folder, kind);
        for (item, look) in folder.items.iter().zip(looks) {
            match look {
                Ok(hash) => {
                    let part = *name;
                    let first = seen.entry(hash).or_insert((part, item));
                    if !std::ptr::eq(first.1, item) {
                        duplicates.push(Duplicate {
                            first: first.1.path.display().to_string(),
                            second: item.path.display().to_string(),
                            contradicts: contradicts(
                                kind,
                                (first.0, first.1.label),
                                (part, item.label),
                            ),
                        });
                    }
                }
                Err(Bad { file, is_cut: true }) => set.cut.push(file),
                Err(Bad { file, .. }) => set.unreadable.push(file),
            }
        }
        sets.push(set);
    }
    let mut found = Check {
        format: FORMAT,
        dataset: kind.name().to_owned(),
        root: data.root().display().to_string(),
        sets,
        queries_without_answer: without_answer(data),
        duplicates,
        people_in_train_and_query: shared_people(data, train.as_ref(), kind),
        problems: Vec::new(),
    };
    found.problems = problems(&found);
    Ok(found)
}

/// Training numbers of MSMT17 are people of their own, so only the pictures can be compared there.
fn contradicts(kind: DataSetKind, a: (&str, Label), b: (&str, Label)) -> bool {
    let comparable = kind.numbers_people_across_parts() || (a.0 == "train") == (b.0 == "train");
    comparable && a.1 != b.1
}

struct Bad {
    file: BadFile,
    is_cut: bool,
}

/// Decodes the pictures of a folder and returns the hash of each file, in the folder's order.
fn look_at(folder: &Folder, done: &(impl Fn() + Sync)) -> Vec<Result<[u8; 32], Bad>> {
    folder
        .items
        .par_iter()
        .map_init(
            || (Decoder::new(), RgbImage::new()),
            |(decoder, image), item| {
                let looked = look(&item.path, decoder, image);
                done();
                looked
            },
        )
        .collect()
}

fn look(path: &Path, decoder: &mut Decoder, image: &mut RgbImage) -> Result<[u8; 32], Bad> {
    let name = path.display().to_string();
    let bad = |error: ImageError| Bad {
        is_cut: matches!(
            error.problem,
            ImageProblem::Truncated { .. } | ImageProblem::Empty
        ),
        file: BadFile {
            file: error.file.clone(),
            error: error.problem.to_string(),
        },
    };
    let bytes = fs::read(path).map_err(|error| {
        bad(ImageError {
            file: name.clone(),
            problem: ImageProblem::Read(error),
        })
    })?;
    decoder.decode_bytes(&bytes, &name, image).map_err(bad)?;
    Ok(Sha256::digest(&bytes).into())
}

fn describe(name: &str, folder: &Folder, kind: DataSetKind) -> SetCheck {
    let mut set = SetCheck {
        name: name.to_owned(),
        folder: folder.path.display().to_string(),
        images: folder.items.len(),
        junk: folder.junk,
        ignored: folder.ignored,
        ..SetCheck::default()
    };
    let mut people = BTreeSet::new();
    for item in &folder.items {
        *set.cameras.entry(item.label.camera.0).or_default() += 1;
        if kind.distractor() == Some(item.label.id) {
            set.distractors += 1;
        } else {
            people.insert(item.label.id);
        }
    }
    set.identities = people.len();
    let rejected = folder.rejected.iter().map(|rejected| BadFile {
        file: rejected.path.display().to_string(),
        error: rejected.error.to_string(),
    });
    set.rejected = rejected.collect();
    set
}

fn without_answer(data: &dyn ReidDataset) -> Vec<String> {
    let mut cameras: HashMap<_, BTreeSet<_>> = HashMap::new();
    for item in &data.gallery().items {
        let of = cameras.entry(item.label.id).or_default();
        of.insert(item.label.camera);
    }
    let answered = |label: Label| {
        let of = cameras.get(&label.id);
        of.is_some_and(|of| of.iter().any(|&camera| camera != label.camera))
    };
    let queries = data.query().items.iter();
    queries
        .filter(|item| !answered(item.label))
        .map(|item| item.name.clone())
        .collect()
}

fn shared_people(data: &dyn ReidDataset, train: Option<&Folder>, kind: DataSetKind) -> Vec<i32> {
    let Some(train) = train.filter(|_| kind.numbers_people_across_parts()) else {
        return Vec::new();
    };
    let people = |folder: &Folder| -> BTreeSet<i32> {
        folder.items.iter().map(|item| item.label.id.0).collect()
    };
    let query = people(data.query());
    people(train).intersection(&query).copied().collect()
}

/// Says what an evaluation would stumble over. A duplicate with the same label is none of it, and
/// neither is a query that cannot count: the published sets have both.
fn problems(found: &Check) -> Vec<String> {
    let mut problems = Vec::new();
    let mut count = |count: usize, what: String| {
        if count > 0 {
            problems.push(format!("{count} {what}"));
        }
    };
    for set in &found.sets {
        let name = &set.name;
        count(
            set.rejected.len(),
            format!("names of {name} are outside of the grammar; rename the files or remove them"),
        );
        count(
            set.unreadable.len(),
            format!("pictures of {name} cannot be read; copy them again from their source"),
        );
        count(
            set.cut.len(),
            format!("pictures of {name} are cut short; copy them again from their source"),
        );
    }
    let contradictions = found.duplicates.iter().filter(|one| one.contradicts);
    count(
        contradictions.count(),
        "pairs of pictures have the same bytes and different people or cameras; one name of each is wrong"
            .to_owned(),
    );
    count(
        found.people_in_train_and_query.len(),
        "people are in the training part and in the query; a network that knows them cannot be judged"
            .to_owned(),
    );
    let queries = found.sets.first().map_or(0, |query| query.images);
    if found.queries_without_answer.len() == queries {
        problems.push(
            "no query has its person before another camera in the gallery; are the folders of one set?"
                .to_owned(),
        );
    }
    problems
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in {}", self.dataset, self.root)?;
        writeln!(
            f,
            "{:<8} {:>7} {:>7} {:>7} {:>6} {:>11} {:>8} {:>10} {:>4} {:>7}",
            "set",
            "images",
            "people",
            "cameras",
            "junk",
            "distractors",
            "rejected",
            "unreadable",
            "cut",
            "ignored"
        )?;
        for set in &self.sets {
            writeln!(
                f,
                "{:<8} {:>7} {:>7} {:>7} {:>6} {:>11} {:>8} {:>10} {:>4} {:>7}",
                set.name,
                set.images,
                set.identities,
                set.cameras.len(),
                set.junk,
                set.distractors,
                set.rejected.len(),
                set.unreadable.len(),
                set.cut.len(),
                set.ignored
            )?;
        }
        for set in &self.sets {
            let cameras: Vec<_> = set
                .cameras
                .iter()
                .map(|(camera, images)| format!("{camera}: {images}"))
                .collect();
            writeln!(f, "{} by camera: {}", set.name, cameras.join(", "))?;
        }
        for set in &self.sets {
            for bad in &set.rejected {
                writeln!(f, "rejected: {}", bad.error)?;
            }
            for bad in set.unreadable.iter().chain(&set.cut) {
                writeln!(f, "bad: {}: {}", bad.file, bad.error)?;
            }
        }
        for same in &self.duplicates {
            let what = if same.contradicts {
                "same bytes, other label"
            } else {
                "same bytes"
            };
            writeln!(f, "{what}: {} and {}", same.first, same.second)?;
        }
        for name in &self.queries_without_answer {
            writeln!(f, "no right answer in the gallery: {name}")?;
        }
        match self.problems.is_empty() {
            true => write!(f, "nothing wrong"),
            false => write!(f, "wrong: {}", self.problems.join("; ")),
        }
    }
}
