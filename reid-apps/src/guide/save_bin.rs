//! Preprocessed pictures as files, one picture each, plain and mirrored.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{GuideError, row_name};
use crate::data::{Item, ReidDataset};
use crate::files::write_file;
use crate::imaging::{BatchPreprocessor, Recipe};
use crate::mgn::data_hash;

/// Pictures in memory at once.
const CHUNK: usize = 32;
/// Beside the folders of the plain pictures: what the files were made from.
const RECORD: &str = "save_bin.json";
const FOLDERS: [&str; 2] = ["bin_data", "bin_data_flip"];

/// Says what to preprocess.
pub struct SaveBin<'a> {
    /// The data set.
    pub data: &'a dyn ReidDataset,
    /// The folder in which `bin_data/` and `bin_data_flip/` are made.
    pub output: &'a Path,
    /// Whether files of another run are replaced.
    pub force: bool,
    /// Set it from another thread to end after the pictures under way.
    pub interrupted: &'a AtomicBool,
    /// Is told how many pictures are done.
    pub progress: &'a dyn Fn(usize),
}

/// Says what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Pictures of the query.
    pub query: usize,
    /// Pictures of the gallery.
    pub gallery: usize,
    /// How many of both an earlier run had done.
    pub resumed: usize,
    /// Pictures without files, each with the reason.
    pub failed: Vec<String>,
}

/// What the files on disk were made from.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    format: u32,
    /// Of the names and sizes of all pictures, in order: another set numbers its rows otherwise.
    data_sha256: String,
    recipe: String,
}

/// Writes every picture of query and gallery as `bin_data/{q,g}/NNNNN.bin`, and mirrored as
/// `bin_data_flip/{q,g}/NNNNN.bin`: `[3, 384, 128]` float32, little-endian, 589,824 bytes, the bits
/// of [`Recipe::MGN`]. NNNNN is the row in the data set.
///
/// A picture is decoded once for both, on all cores. Files appear under their names when they are
/// whole, so an interrupted run goes on; `bin_data/save_bin.json` tells it from the run of another
/// data set. A picture that cannot be read has no files and does not end the run; the numbers of
/// the others stay theirs.
///
/// # Errors
/// [`GuideError::Occupied`] for files of another run, [`GuideError::Interrupted`],
/// [`GuideError::Io`].
pub fn save_bin(job: &SaveBin<'_>) -> Result<Saved, GuideError> {
    let record = Record {
        format: 1,
        data_sha256: data_hash(job.data),
        recipe: format!("{:?}", Recipe::MGN),
    };
    claim(job, &record)?;
    let sets = [
        ("q", job.data.query().items.as_slice()),
        ("g", job.data.gallery().items.as_slice()),
    ];
    let mut saved = Saved {
        query: sets[0].1.len(),
        gallery: sets[1].1.len(),
        ..Saved::default()
    };
    let preprocessor = BatchPreprocessor::new(Recipe::MGN);
    let mut buffers = Buffers::default();
    let mut passed = 0;
    for (set, items) in sets {
        let folders = FOLDERS.map(|folder| job.output.join(folder).join(set));
        let todo = missing(items, &folders);
        let before = items.len() - todo.len();
        saved.resumed += before;
        passed += before;
        (job.progress)(passed);
        for rows in todo.chunks(CHUNK) {
            if job.interrupted.load(Ordering::Relaxed) {
                return Err(GuideError::Interrupted {
                    done: passed - saved.failed.len(),
                    total: saved.query + saved.gallery,
                });
            }
            let failed = write_rows(rows, items, &folders, &preprocessor, &mut buffers)?;
            saved.failed.extend(failed);
            passed += rows.len();
            (job.progress)(passed);
        }
    }
    Ok(saved)
}

#[derive(Default)]
struct Buffers {
    plain: Vec<f32>,
    flip: Vec<f32>,
}

/// Makes sure that what is in the folders is of this data set, or that nothing is.
fn claim(job: &SaveBin<'_>, record: &Record) -> Result<(), GuideError> {
    let path = job.output.join(FOLDERS[0]).join(RECORD);
    let found = fs::read(&path).ok();
    let found = found.and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
    let is_ours = found.as_ref() == Some(record);
    for folder in FOLDERS {
        for set in ["q", "g"] {
            let folder = job.output.join(folder).join(set);
            fs::create_dir_all(&folder).map_err(GuideError::io(&folder))?;
            let bins = bins(&folder)?;
            if is_ours || bins.is_empty() {
                continue;
            }
            if !job.force {
                let of = match found {
                    Some(_) => "of another data set",
                    None => "and no save_bin.json that says of which data set",
                };
                return Err(GuideError::Occupied {
                    problem: format!("{} files NNNNN.bin {of}", bins.len()),
                    folder,
                });
            }
        }
    }
    if is_ours && !job.force {
        return Ok(());
    }
    // Rows beyond the end of this set would be taken for its own.
    for folder in FOLDERS {
        for set in ["q", "g"] {
            for bin in bins(&job.output.join(folder).join(set))? {
                fs::remove_file(&bin).map_err(GuideError::io(&bin))?;
            }
        }
    }
    write_file(&path, |file| {
        serde_json::to_writer_pretty(&mut *file, record)?;
        file.write_all(b"\n")
    })
    .map_err(GuideError::io(&path))?;
    Ok(())
}

/// Lists the numbered `.bin` files of a folder.
fn bins(folder: &Path) -> Result<Vec<PathBuf>, GuideError> {
    let mut bins = Vec::new();
    for entry in fs::read_dir(folder).map_err(GuideError::io(folder))? {
        let path = entry.map_err(GuideError::io(folder))?.path();
        let is_numbered = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .is_some_and(|stem| stem.bytes().all(|byte| byte.is_ascii_digit()));
        if is_numbered && path.extension().is_some_and(|extension| extension == "bin") {
            bins.push(path);
        }
    }
    Ok(bins)
}

fn bin_path(folder: &Path, row: usize) -> PathBuf {
    folder.join(format!("{}.bin", row_name(row)))
}

/// Lists the rows of which a file is absent or not whole.
fn missing(items: &[Item], folders: &[PathBuf; 2]) -> Vec<usize> {
    let wanted = Recipe::MGN.output_len() * size_of::<f32>();
    let is_there = |path: &Path| {
        fs::metadata(path).is_ok_and(|file| usize::try_from(file.len()).is_ok_and(|n| n == wanted))
    };
    (0..items.len())
        .into_par_iter()
        .filter(|&row| {
            !folders
                .iter()
                .all(|folder| is_there(&bin_path(folder, row)))
        })
        .collect()
}

fn write_rows(
    rows: &[usize],
    items: &[Item],
    folders: &[PathBuf; 2],
    preprocessor: &BatchPreprocessor,
    buffers: &mut Buffers,
) -> Result<Vec<String>, GuideError> {
    let length = preprocessor.output_len();
    buffers.plain.resize(length * CHUNK, 0.0);
    buffers.flip.resize(length * CHUNK, 0.0);
    let files: Vec<&Path> = rows.iter().map(|&row| items[row].path.as_path()).collect();
    let done = preprocessor
        .run_files(&files, &mut buffers.plain, Some(&mut buffers.flip))
        .expect("the buffers have room for a chunk");
    let first_error = Mutex::new(None);
    let tensors = buffers
        .plain
        .par_chunks_exact_mut(length)
        .zip(buffers.flip.par_chunks_exact_mut(length));
    tensors
        .zip(rows)
        .zip(&done)
        .filter(|(_, done)| done.is_ok())
        .for_each(|(((plain, flip), &row), _)| {
            for (folder, tensor) in folders.iter().zip([plain, flip]) {
                if let Err(error) = write_tensor(&bin_path(folder, row), tensor) {
                    let mut first = first_error.lock().unwrap_or_else(|e| e.into_inner());
                    first.get_or_insert(error);
                }
            }
        });
    if let Some(error) = first_error.into_inner().unwrap_or_else(|e| e.into_inner()) {
        return Err(error);
    }
    Ok(done
        .into_iter()
        .filter_map(|done| Some(done.err()?.to_string()))
        .collect())
}

/// Writes under a temporary name first. Nothing is flushed to the disk for each of 40,000 files; a
/// machine that loses power may lose the last ones, and their sizes tell.
fn write_tensor(path: &Path, tensor: &mut [f32]) -> Result<(), GuideError> {
    if cfg!(target_endian = "big") {
        for value in tensor.iter_mut() {
            *value = f32::from_bits(value.to_bits().swap_bytes());
        }
    }
    let partial = path.with_extension("bin.partial");
    let written =
        fs::write(&partial, bytemuck::cast_slice(tensor)).and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        // The half file is of no use; the first error is the one to tell.
        drop(fs::remove_file(&partial));
        GuideError::io(path)(error)
    })
}
