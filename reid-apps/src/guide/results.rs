//! Result folders of other runners.
//!
//! The vendor's `benchmark.x86_64` writes `dumpOutput_deviceN/NAME_K.txt`, K from 1; `ais_bench`
//! writes `NAME_K.bin`, `.txt` or `.npy`, K from 0, into a folder named by the time. NAME is that of
//! the input: NNNNN for preprocessed pictures, the picture's own name for pictures. Files are
//! matched by NAME and never by their position in a listing, so a missing or foreign file is told
//! and shifts nothing.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ndarray::Array2;
use rayon::prelude::*;

use super::numbers::read_row;
use super::{GuideError, row_name};
use crate::data::Item;

/// How the numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultFormat {
    /// Decimals with white space between them.
    Text,
    /// Raw little-endian float32.
    Bin,
    /// numpy's format, float32.
    Npy,
}

impl ResultFormat {
    const ALL: [Self; 3] = [Self::Text, Self::Bin, Self::Npy];

    /// Returns the extension of the files.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Bin => "bin",
            Self::Npy => "npy",
        }
    }
}

impl FromStr for ResultFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|one| one.extension() == text);
        known.ok_or_else(|| "no such format; wanted txt, bin or npy".to_owned())
    }
}

/// The four folders of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFolders {
    /// The query, plain.
    pub query: PathBuf,
    /// The gallery, plain.
    pub gallery: PathBuf,
    /// The query, mirrored.
    pub query_flip: PathBuf,
    /// The gallery, mirrored.
    pub gallery_flip: PathBuf,
}

impl ResultFolders {
    /// Names the four folders that the guide makes below `result`.
    #[must_use]
    pub fn below(result: &Path) -> Self {
        Self {
            query: result.join("q_bin"),
            gallery: result.join("g_bin"),
            query_flip: result.join("q_bin_flip"),
            gallery_flip: result.join("g_bin_flip"),
        }
    }
}

/// What to take of a folder, where it is not to be found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResultOptions {
    /// The K of the features' files. By default 0 where there are files of output 0, else 1.
    pub output: Option<u32>,
    /// The format. By default the only one that there is.
    pub format: Option<ResultFormat>,
}

/// The features of one folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// One row per picture, `[pictures, dim]`, in the order of the data set.
    pub features: Array2<f32>,
    /// The format that was found.
    pub format: ResultFormat,
    /// The output that was taken.
    pub output: u32,
}

/// A file `NAME_K.EXT`.
struct Found {
    name: String,
    output: u32,
    format: ResultFormat,
    path: PathBuf,
}

/// Reads the results for `items` from `folder`.
///
/// The files may lie in `folder` itself, in its `dumpOutput_device*` folders (of several devices,
/// too), or in its one folder, as `ais_bench` makes it. Other files are left alone. Files are read
/// in parallel.
///
/// # Errors
/// [`GuideError::File`], naming the file or folder: no results, two formats, a picture without a
/// result or with two, a result without a picture, a file with another count of numbers than the
/// first, text that is no number, numbers that are not finite or all zero. [`GuideError::Io`].
pub fn read_results(
    folder: &Path,
    items: &[Item],
    options: ResultOptions,
) -> Result<Results, GuideError> {
    let found = find(folder)?;
    let (output, format) = choose(folder, &found, options)?;
    let files: Vec<&Found> = found
        .iter()
        .filter(|file| file.output == output && file.format == format)
        .collect();
    let paths = place(folder, items, &files)?;
    let features = read_all(&paths, format)?;
    Ok(Results {
        features,
        format,
        output,
    })
}

/// Lists the result files, looking into folders where `folder` itself has none.
fn find(folder: &Path) -> Result<Vec<Found>, GuideError> {
    let (mut found, folders) = list(folder)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let name = |folder: &PathBuf| {
        let name = folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let (devices, others): (Vec<_>, Vec<_>) = folders
        .into_iter()
        .partition(|folder| name(folder).starts_with("dumpOutput_device"));
    let inside = match (devices.is_empty(), others.as_slice()) {
        (false, _) => devices,
        (true, [_]) => others,
        (true, []) => Vec::new(),
        (true, _) => {
            let names: Vec<_> = others.iter().map(name).collect();
            let problem = format!(
                "no results, and {} folders ({}); give the folder of one run",
                names.len(),
                some(&names)
            );
            return Err(GuideError::file(folder, problem));
        }
    };
    for folder in inside {
        found.extend(list(&folder)?.0);
    }
    if found.is_empty() {
        let problem = "no results, wanted NAME_K.txt, .bin or .npy for each picture, here or in dumpOutput_deviceN; give the result folder of a finished run";
        return Err(GuideError::file(folder, problem));
    }
    Ok(found)
}

/// Lists the result files and the folders of one folder, in the order of their names.
fn list(folder: &Path) -> Result<(Vec<Found>, Vec<PathBuf>), GuideError> {
    let (mut found, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(GuideError::io(folder))? {
        let path = entry.map_err(GuideError::io(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some((name, output, format)) = take_apart(&name) {
            found.push(Found {
                name,
                output,
                format,
                path: path.clone(),
            });
        } else if path.is_dir() {
            folders.push(path);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    folders.sort();
    Ok((found, folders))
}

/// Takes `NAME_K.EXT` apart. K has no leading zero: `…_03.txt` is a picture's own name.
fn take_apart(file: &str) -> Option<(String, u32, ResultFormat)> {
    let (stem, extension) = file.rsplit_once('.')?;
    let format = extension.parse().ok()?;
    let (name, output) = stem.rsplit_once('_')?;
    let is_number = output.bytes().all(|byte| byte.is_ascii_digit())
        && (output.len() == 1 || !output.starts_with('0'));
    let output = is_number.then(|| output.parse().ok()).flatten()?;
    (!name.is_empty()).then(|| (name.to_owned(), output, format))
}

/// Decides which output is the features, and in which format.
fn choose(
    folder: &Path,
    found: &[Found],
    options: ResultOptions,
) -> Result<(u32, ResultFormat), GuideError> {
    let of_format = |file: &&Found| options.format.is_none_or(|format| format == file.format);
    let kept: Vec<&Found> = found.iter().filter(of_format).collect();
    let output = options.output.unwrap_or_else(|| {
        // ais_bench counts outputs from 0, the vendor's benchmark from 1.
        let has_zero = kept.iter().any(|file| file.output == 0);
        u32::from(!has_zero)
    });
    let mut formats: BTreeMap<ResultFormat, usize> = BTreeMap::new();
    for file in kept.iter().filter(|file| file.output == output) {
        *formats.entry(file.format).or_default() += 1;
    }
    let outputs: BTreeMap<u32, ()> = found.iter().map(|file| (file.output, ())).collect();
    let outputs: Vec<String> = outputs.keys().map(u32::to_string).collect();
    match formats.keys().copied().collect::<Vec<_>>()[..] {
        [format] => Ok((output, format)),
        [] => Err(GuideError::file(
            folder,
            format!(
                "no file of output {output}, but of {}; choose one with --output-index, or another --format",
                some(&outputs)
            ),
        )),
        _ => {
            let counts: Vec<_> = formats
                .iter()
                .map(|(format, count)| format!("{count} .{}", format.extension()))
                .collect();
            let problem = format!(
                "output {output} in more than one format ({}); choose one with --format",
                counts.join(", ")
            );
            Err(GuideError::file(folder, problem))
        }
    }
}

/// Finds the file of every picture.
fn place<'a>(
    folder: &Path,
    items: &[Item],
    files: &[&'a Found],
) -> Result<Vec<&'a Path>, GuideError> {
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let by_row = files.iter().all(|file| is_number(&file.name));
    let names: Vec<String> = items
        .iter()
        .enumerate()
        .map(|(row, item)| match by_row {
            true => row_name(row),
            false => stem(&item.name).to_owned(),
        })
        .collect();
    let mut rows = HashMap::new();
    for (row, name) in names.iter().enumerate() {
        if rows.insert(name.as_str(), row).is_some() {
            let problem = format!(
                "two pictures are called {name}, so results by name cannot be told apart; run on the files of save-bin"
            );
            return Err(GuideError::file(folder, problem));
        }
    }
    let mut places: Vec<Option<&'a Path>> = vec![None; items.len()];
    for file in files {
        let row = if by_row {
            file.name
                .parse()
                .ok()
                .filter(|&row: &usize| row < items.len())
        } else {
            rows.get(file.name.as_str()).copied()
        };
        let Some(row) = row else {
            let problem = format!(
                "no picture for it: the set has {} pictures, {} to {}; is it of another set or run?",
                items.len(),
                names.first().map_or("", String::as_str),
                names.last().map_or("", String::as_str)
            );
            return Err(GuideError::file(&file.path, problem));
        };
        if let Some(first) = places[row].replace(&file.path) {
            let problem = format!(
                "a second result for {}, the first is {}; remove the one of the older run",
                names[row],
                first.display()
            );
            return Err(GuideError::file(&file.path, problem));
        }
    }
    let missing: Vec<String> = names
        .iter()
        .zip(&places)
        .filter(|(_, place)| place.is_none())
        .map(|(name, _)| name.clone())
        .collect();
    if !missing.is_empty() {
        let problem = format!(
            "{} results for {} pictures; without a result: {}; run the inference again for these",
            files.len(),
            items.len(),
            some(&missing)
        );
        return Err(GuideError::file(folder, problem));
    }
    Ok(places.into_iter().flatten().collect())
}

/// Returns a picture's name without folder and extension, as the runners use it.
fn stem(name: &str) -> &str {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.split('.').next().unwrap_or(base)
}

/// Spells the first of many names.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

fn read_all(paths: &[&Path], format: ResultFormat) -> Result<Array2<f32>, GuideError> {
    let Some(first) = paths.first() else {
        return Ok(Array2::zeros((0, 0)));
    };
    let dim = read_row(first, format)?.len();
    let mut features = Array2::zeros((paths.len(), dim));
    let rows = features
        .as_slice_mut()
        .expect("a new matrix is contiguous")
        .par_chunks_exact_mut(dim);
    // All of them, then the first failure by row: the same message on every run.
    let done: Vec<Result<(), GuideError>> = rows
        .zip(paths)
        .map(|(row, path)| {
            let numbers = read_row(path, format)?;
            if numbers.len() != dim {
                let problem = format!(
                    "{} numbers, wanted {dim} as in {}; the file is cut or of another output or model",
                    numbers.len(),
                    first.display()
                );
                return Err(GuideError::file(path, problem));
            }
            row.copy_from_slice(&numbers);
            Ok(())
        })
        .collect();
    done.into_iter().collect::<Result<(), _>>()?;
    Ok(features)
}
