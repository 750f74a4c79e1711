//! From a data set's files to features on disk.
//!
//! One thread fills batches (its images in parallel on all cores) while the calling thread runs
//! the batch before on the device and writes its rows to the journal. Batches travel between the
//! two in [`Slot`]s, of which there are as many as can be under way; no memory is allocated per
//! image, and an image is decoded once for both passes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use super::journal::{Failed, Fingerprint, Journal, JournalError, Set};
use super::{Embedder, EmbedderError, Slot};
use crate::data::{Item, ReidDataset};
use crate::files::hex;
use crate::imaging::{BatchPreprocessor, Recipe};

/// Batches under way: one on the device, one being filled.
const SLOTS: usize = 2;

/// What an extraction is asked for.
pub struct Extraction<'a> {
    /// The data set.
    pub data: &'a dyn ReidDataset,
    /// The folder for the features; progress is kept there.
    pub out: &'a Path,
    /// The library that runs the model, as it is written to the features.
    pub device: &'a str,
    /// Whether one bad image ends it.
    pub strict: bool,
    /// Set it from another thread to end after the batch under way.
    pub interrupted: &'a AtomicBool,
    /// Is told the set and how many of its images are done.
    pub progress: &'a dyn Fn(Set, usize),
}

/// What an extraction leaves: the journal with all rows, and how it went.
pub struct Outcome {
    /// All rows and failures.
    pub journal: Journal,
    /// Images that an earlier, interrupted run had done.
    pub resumed: usize,
    /// Images done in this run.
    pub images: usize,
    /// The time of this run, in seconds.
    pub seconds: f64,
}

/// Tells why an extraction ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The model or the device failed.
    #[error(transparent)]
    Embedder(#[from] EmbedderError),
    /// Progress could not be kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An image was bad, and the run is strict.
    #[error("{}: {error} (--strict ends the run at the first bad image)", .file.display())]
    Image {
        /// The file.
        file: PathBuf,
        /// The reason.
        error: String,
    },
    /// The user stopped it.
    #[error("stopped after {images} images; the same command goes on from there")]
    Interrupted {
        /// Images done, those of earlier runs included.
        images: usize,
    },
}

/// A batch: consecutive images of one set.
#[derive(Clone, Copy)]
struct Batch<'a> {
    set: Set,
    start: usize,
    items: &'a [Item],
}

/// A batch in its memory, with the images that failed.
struct Filled<'a> {
    batch: Batch<'a>,
    slot: Slot,
    failed: Vec<Failed>,
}

/// Extracts the features of both sets, going on where an earlier run with the same model, data and
/// device stopped.
///
/// An image that cannot be read is noted, has no row, and does not end the run unless it is strict.
///
/// # Errors
///
/// [`ExtractError`]; whatever was done before is kept.
pub fn extract(embedder: &Embedder, job: &Extraction<'_>) -> Result<Outcome, ExtractError> {
    let fingerprint = Fingerprint {
        format: 1,
        model: embedder.sha256().to_owned(),
        data: data_hash(job.data),
        device: job.device.to_owned(),
        dim: embedder.dim(),
    };
    let mut journal = Journal::open(job.out, &fingerprint)?;
    let done = |journal: &Journal| {
        Set::ALL
            .map(|set| journal.images(set))
            .iter()
            .sum::<usize>()
    };
    let resumed = done(&journal);
    let batches = plan(job.data, &journal, embedder.batch());
    let started = std::time::Instant::now();
    run(embedder, job, &batches, &mut journal)?;
    let images = done(&journal) - resumed;
    Ok(Outcome {
        journal,
        resumed,
        images,
        seconds: started.elapsed().as_secs_f64(),
    })
}

fn items(data: &dyn ReidDataset, set: Set) -> &[Item] {
    match set {
        Set::Query => &data.query().items,
        Set::Gallery => &data.gallery().items,
    }
}

/// Lists what is left to do.
fn plan<'a>(data: &'a dyn ReidDataset, journal: &Journal, size: usize) -> Vec<Batch<'a>> {
    let mut batches = Vec::new();
    for set in Set::ALL {
        let all = items(data, set);
        let first = journal.images(set).min(all.len());
        let mut start = first;
        for items in all[first..].chunks(size) {
            batches.push(Batch { set, start, items });
            start += items.len();
        }
    }
    batches
}

fn run(
    embedder: &Embedder,
    job: &Extraction<'_>,
    batches: &[Batch<'_>],
    journal: &mut Journal,
) -> Result<(), ExtractError> {
    let (empty, empties) = crossbeam_channel::bounded::<Slot>(SLOTS);
    for _ in 0..SLOTS.min(batches.len()) {
        let _ = empty.send(embedder.slot()?);
    }
    let (full, fulls) = crossbeam_channel::bounded::<Result<Filled<'_>, acl::Error>>(SLOTS);
    std::thread::scope(|scope| {
        // Each side owns its ends, so that the end of one closes the channels for the other.
        let empty = empty;
        let producer = move || {
            let preprocessor = BatchPreprocessor::new(Recipe::MGN);
            for batch in batches {
                let Ok(slot) = empties.recv() else { return };
                if full.send(fill(*batch, slot, &preprocessor)).is_err() {
                    return;
                }
            }
        };
        scope.spawn(producer);
        let mut consumer = Consumer {
            embedder,
            job,
            journal,
            plain: Vec::new(),
            flip: Vec::new(),
        };
        for filled in fulls {
            let slot = consumer.take(filled.map_err(EmbedderError::from)?)?;
            let _ = empty.send(slot);
        }
        Ok(())
    })
}

struct Consumer<'a> {
    embedder: &'a Embedder,
    job: &'a Extraction<'a>,
    journal: &'a mut Journal,
    plain: Vec<f32>,
    flip: Vec<f32>,
}

impl Consumer<'_> {
    /// Runs a batch, writes its rows, and gives its memory back.
    fn take(&mut self, filled: Filled<'_>) -> Result<Slot, ExtractError> {
        if self.job.interrupted.load(Ordering::Relaxed) {
            let images = Set::ALL.map(|set| self.journal.images(set)).iter().sum();
            return Err(ExtractError::Interrupted { images });
        }
        let Filled {
            batch,
            slot,
            failed,
        } = filled;
        if self.job.strict
            && let Some(first) = failed.first()
        {
            let (file, error) = (first.file.clone(), first.error.clone());
            return Err(ExtractError::Image { file, error });
        }
        let slot = self.embedder.run(slot)?;
        let good = (0..batch.items.len()).filter(|row| {
            !failed
                .iter()
                .any(|failed| failed.position == batch.start + row)
        });
        self.plain.clear();
        self.flip.clear();
        self.embedder
            .features(&slot, good, &mut self.plain, &mut self.flip)?;
        self.journal.append(
            batch.set,
            batch.items.len(),
            &self.plain,
            &self.flip,
            failed,
        )?;
        (self.job.progress)(batch.set, self.journal.images(batch.set));
        Ok(slot)
    }
}

/// Decodes, resizes and normalises a batch into its memory, in parallel.
fn fill<'a>(
    batch: Batch<'a>,
    mut slot: Slot,
    preprocessor: &BatchPreprocessor,
) -> Result<Filled<'a>, acl::Error> {
    let files: Vec<&Path> = batch.items.iter().map(|item| item.path.as_path()).collect();
    let done = slot.fill(preprocessor, &files)?;
    // The row of a failed image runs with the others and is dropped.
    let failed = done
        .into_iter()
        .enumerate()
        .filter_map(|(row, done)| {
            let error = done.err()?.to_string();
            Some(Failed {
                position: batch.start + row,
                file: batch.items[row].path.clone(),
                error,
            })
        })
        .collect();
    Ok(Filled {
        batch,
        slot,
        failed,
    })
}

/// Hashes what the rows depend on besides the pixels: which files there are, and in which order.
///
/// A file that changes its content keeps its place if its size is the same; hashing all images
/// would cost as much as decoding them.
pub(crate) fn data_hash(data: &dyn ReidDataset) -> String {
    let mut hash = Sha256::new();
    for set in Set::ALL {
        hash.update(set.name());
        for item in items(data, set) {
            let size = std::fs::metadata(&item.path).map_or(0, |metadata| metadata.len());
            hash.update(item.name.as_bytes());
            hash.update([0]);
            hash.update(size.to_le_bytes());
        }
    }
    hex(&hash.finalize())
}
