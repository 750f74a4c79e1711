//! Raw results of other runners to pictures.

use std::fs;
use std::path::{Path, PathBuf};

use half::f16;
use ndarray::ArrayD;
use rayon::prelude::*;
use serde_json::json;

use super::error::DgnetError;
use super::names::{Naming, PairName};
use super::output::OutputFolder;
use super::picture::{Format, denormalise};

/// Height and width of the network's pictures.
const SIZE: [usize; 2] = [256, 128];

/// What became of a folder of results.
#[derive(Debug, Default)]
pub struct Postprocessed {
    /// Pictures written now.
    pub pictures: usize,
    /// Pictures that an earlier run had written.
    pub before: usize,
    /// Files that are no results, or of other outputs than the first.
    pub ignored: Vec<PathBuf>,
    /// Results that gave no picture, and why.
    pub failed: Vec<DgnetError>,
}

/// Describes a run, so that another one does not mix its files with this one's.
#[must_use]
pub fn postprocess_record(results: &Path, naming: Naming, format: Format) -> serde_json::Value {
    let results = fs::canonicalize(results).unwrap_or_else(|_| results.to_owned());
    json!({
        "command": "dgnet postprocess",
        "format": 1,
        "results": results.display().to_string(),
        "names": format!("{naming:?}").to_lowercase(),
        "pictures": format.extension(),
    })
}

/// Writes a picture for each result in the folder `results`, as the reference does.
///
/// Results are `<pair>_0.bin` (raw float32 or float16), `.npy` or `.txt`, one picture each. The
/// runner's own `sumary.json` and `*_summary.json` are passed over, as are hidden files and the
/// files of further outputs (`_1`, `_2`, …). Each picture is written to both folders of the
/// naming.
///
/// A result that cannot be read, or of another size, does not end the run.
///
/// # Errors
/// [`DgnetError::Read`] for the folder, [`DgnetError::Result`] when there is no result in it,
/// [`DgnetError::Write`].
pub fn postprocess(
    results: &Path,
    out: &OutputFolder,
    naming: Naming,
    format: Format,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Postprocessed, DgnetError> {
    let mut done = Postprocessed::default();
    let mut files = Vec::new();
    for entry in fs::read_dir(results).map_err(DgnetError::read(results))? {
        let path = entry.map_err(DgnetError::read(results))?.path();
        match is_result(&path) {
            Some(true) => files.push(path),
            Some(false) => {}
            None => done.ignored.push(path),
        }
    }
    files.sort();
    done.ignored.sort();
    if files.is_empty() {
        return Err(DgnetError::Result {
            path: results.to_owned(),
            found: format!("no results ({} other files)", done.ignored.len()),
            wanted: "files such as 000_001_gan0872_c4s2_090259_02_0.bin; give the runner's \
                     output folder, the one with the date in its name"
                .into(),
        });
    }
    let counter = std::sync::atomic::AtomicUsize::new(0);
    let each: Vec<Result<bool, DgnetError>> = files
        .par_iter()
        .map(|file| {
            let written = one(file, out, naming, format);
            progress(counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
            written
        })
        .collect();
    for result in each {
        match result {
            Ok(true) => done.pictures += 1,
            Ok(false) => done.before += 1,
            Err(error @ DgnetError::Write { .. }) => return Err(error),
            Err(error) => done.failed.push(error),
        }
    }
    Ok(done)
}

/// Tells whether a file is a result, one of the runner's summaries, or (`None`) something else.
fn is_result(path: &Path) -> Option<bool> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name == "sumary.json" || name.ends_with("_summary.json") || name.starts_with('.') {
        return Some(false);
    }
    let (stem, extension) = name.split_once('.')?;
    let kind = ["bin", "npy", "txt"].contains(&extension) && path.is_file();
    let first_output = stem.ends_with("_0");
    let other_output = stem
        .rsplit_once('_')
        .is_some_and(|(_, number)| number.len() < 3 && number.parse::<u32>().is_ok());
    (kind && (first_output || !other_output)).then_some(true)
}

/// Writes the pictures of one result; `false` if they were there.
fn one(
    file: &Path,
    out: &OutputFolder,
    naming: Naming,
    format: Format,
) -> Result<bool, DgnetError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let pictures = PairName::parse(&name)?.pictures(naming, format.extension());
    if pictures.iter().all(|picture| out.has(picture)) {
        return Ok(false);
    }
    let numbers = read(file)?;
    let [height, width] = SIZE;
    let picture = denormalise(&numbers, height, width).map_err(|found| wrong(file, found))?;
    let bytes = format
        .encode(&picture)
        .map_err(DgnetError::write(&out.path(&pictures[0])))?;
    for picture in &pictures {
        out.write(picture, &bytes)?;
    }
    Ok(true)
}

fn wrong(file: &Path, found: String) -> DgnetError {
    let [height, width] = SIZE;
    DgnetError::Result {
        path: file.to_owned(),
        found,
        wanted: format!("one picture of 3 x {height} x {width} finite numbers"),
    }
}

fn read(file: &Path) -> Result<Vec<f32>, DgnetError> {
    let bytes = fs::read(file).map_err(DgnetError::read(file))?;
    let extension = file.extension().unwrap_or_default();
    if extension == "npy" {
        return npy(&bytes).map_err(|found| wrong(file, found));
    }
    if extension == "txt" {
        let text = String::from_utf8_lossy(&bytes);
        let numbers = text.split_whitespace().map(|word| {
            let number = word.parse::<f32>();
            number.map_err(|_| wrong(file, format!("{word:?} among the numbers")))
        });
        return numbers.collect();
    }
    let (singles, rest) = bytes.as_chunks::<4>();
    if bytes.len() == 2 * 3 * SIZE[0] * SIZE[1] {
        let (halves, _) = bytes.as_chunks::<2>();
        return Ok(halves
            .iter()
            .map(|half| f16::from_le_bytes(*half).to_f32())
            .collect());
    }
    if !rest.is_empty() {
        return Err(wrong(file, format!("{} bytes", bytes.len())));
    }
    Ok(singles
        .iter()
        .map(|single| f32::from_le_bytes(*single))
        .collect())
}

fn npy(bytes: &[u8]) -> Result<Vec<f32>, String> {
    use ndarray_npy::ReadNpyExt as _;
    match ArrayD::<f32>::read_npy(bytes) {
        Ok(array) => Ok(array.iter().copied().collect()),
        Err(error) => Err(format!("no float32 array ({error})")),
    }
}
