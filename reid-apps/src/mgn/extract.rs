//! From a data set's files to features on disk.
//!
//! Batches go through the [pipeline](crate::runner) with two passes each, plain and mirrored; an
//! image is decoded once for both, straight into pinned memory, and rows reach the journal in the
//! data set's order.

use std::marker::PhantomData;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use acl::Bindings;
use sha2::{Digest, Sha256};

use super::embedder::Ports;
use super::journal::{Failed, Fingerprint, Journal, JournalError, Set};
use super::{Embedder, EmbedderError};
use crate::data::{Item, ReidDataset};
use crate::files::hex;
use crate::imaging::{BatchPreprocessor, Recipe};
use crate::runner::infer::Shard;
use crate::runner::{
    BatchError, Clock, Done, Figures, Lane, Options, Pipeline, PipelineError, Stage, Work,
};

/// Batches under way: one runs, one is copied or waits for its turn, one is filled.
const SLOTS: usize = 3;
/// One fills (its images in parallel on all cores) while another takes rows out.
const WORKERS: usize = 2;

/// What an extraction is asked for.
pub struct Extraction<'a> {
    /// The data set.
    pub data: &'a dyn ReidDataset,
    /// The folder for the features; progress is kept there.
    pub out: &'a Path,
    /// The library that runs the model, as it is written to the features.
    pub device: &'a str,
    /// Which part of it is to be done; everything without.
    pub shard: Option<Shard>,
    /// Whether one bad image ends it.
    pub strict: bool,
    /// Set it from another thread to end after the batch under way.
    pub interrupted: &'a AtomicBool,
    /// Is told the set and how many of its images are done.
    pub progress: &'a (dyn Fn(Set, usize) + Sync),
}

/// What an extraction leaves: the journal with all rows, and how it went.
pub struct Outcome {
    /// All rows and failures.
    pub journal: Journal,
    /// The images that were to be done, by their positions in query and gallery.
    pub ranges: [Range<usize>; 2],
    /// SHA-256 over the names and sizes of all images, in order.
    pub data: String,
    /// Images that an earlier, interrupted run had done.
    pub resumed: usize,
    /// Images done in this run.
    pub images: usize,
    /// The time of this run, in seconds.
    pub seconds: f64,
    /// How long the stages took.
    pub figures: Figures,
}

/// Tells why an extraction ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The model or the device failed.
    #[error(transparent)]
    Embedder(#[from] EmbedderError),
    /// There is nothing to run on, or there are two models.
    #[error("{0}")]
    Embedders(String),
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
    /// A pipeline could not be made, or lost its device.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The user stopped it.
    #[error("stopped after {images} images; the same command goes on from there")]
    Interrupted {
        /// Images done, those of earlier runs included.
        images: usize,
    },
}

/// A batch: consecutive images of one set, and those of them that failed.
struct Batch<'a> {
    set: Set,
    start: usize,
    items: &'a [Item],
    failed: Vec<Failed>,
}

/// Extracts the features of both sets on one device or several, each with its embedder of the one
/// model ([`Embedder::open_all`]), going on where an earlier run with the same model, data and
/// device stopped.
///
/// An image that cannot be read is noted, has no row, and does not end the run unless it is strict.
///
/// # Errors
///
/// [`ExtractError`]; whatever was done before is kept.
pub fn extract(embedders: Vec<Embedder>, job: &Extraction<'_>) -> Result<Outcome, ExtractError> {
    let Some(embedder) = embedders.first() else {
        let none = "found no embedder, wanted one for each device";
        return Err(ExtractError::Embedders(none.to_owned()));
    };
    if let Some(other) = embedders.iter().find(|e| e.sha256() != embedder.sha256()) {
        return Err(ExtractError::Embedders(format!(
            "found embedders of the models {} and {}, wanted one model on all devices",
            embedder.sha256(),
            other.sha256()
        )));
    }
    let data = data_hash(job.data);
    let fingerprint = Fingerprint {
        format: 1,
        model: embedder.sha256().to_owned(),
        data: match job.shard {
            None => data.clone(),
            // One part does not go on where another one stopped.
            Some(Shard { index, count }) => format!("{data}, part {index} of {count}"),
        },
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
    let ranges = ranges(job.data, embedder.batch(), job.shard);
    let batches = plan(job.data, &ranges, &journal, embedder.batch());
    let started = std::time::Instant::now();
    let figures = run(embedders, job, batches, &mut journal)?;
    let images = done(&journal) - resumed;
    Ok(Outcome {
        journal,
        ranges,
        data,
        resumed,
        images,
        seconds: started.elapsed().as_secs_f64(),
        figures,
    })
}

fn items(data: &dyn ReidDataset, set: Set) -> &[Item] {
    match set {
        Set::Query => &data.query().items,
        Set::Gallery => &data.gallery().items,
    }
}

/// Returns the images of a part, by their positions in query and gallery. Parts are runs of whole
/// batches, first of the query, then of the gallery, so that each image is in the same batch as in
/// an extraction in one go.
#[must_use]
pub fn ranges(data: &dyn ReidDataset, batch: usize, shard: Option<Shard>) -> [Range<usize>; 2] {
    let lengths = Set::ALL.map(|set| items(data, set).len());
    let Some(shard) = shard else {
        return lengths.map(|length| 0..length);
    };
    let [query, gallery] = lengths.map(|length| length.div_ceil(batch));
    let part = shard.range(query + gallery, 1);
    let cut = |batches: Range<usize>, length: usize| {
        (batches.start * batch).min(length)..(batches.end * batch).min(length)
    };
    let later = |batch: usize| batch.saturating_sub(query);
    [
        cut(part.clone(), lengths[0]),
        cut(later(part.start)..later(part.end), lengths[1]),
    ]
}

/// Lists what is left to do.
fn plan<'a>(
    data: &'a dyn ReidDataset,
    ranges: &[Range<usize>; 2],
    journal: &Journal,
    size: usize,
) -> Vec<Batch<'a>> {
    let mut batches = Vec::new();
    for (set, range) in Set::ALL.into_iter().zip(ranges) {
        let all = &items(data, set)[..range.end];
        let first = (range.start + journal.images(set)).min(range.end);
        let mut start = first;
        for items in all[first..].chunks(size) {
            batches.push(Batch {
                set,
                start,
                items,
                failed: Vec::new(),
            });
            start += items.len();
        }
    }
    batches
}

fn run(
    embedders: Vec<Embedder>,
    job: &Extraction<'_>,
    batches: Vec<Batch<'_>>,
    journal: &mut Journal,
) -> Result<Figures, ExtractError> {
    let mut figures = Figures::new(0);
    if batches.is_empty() {
        return Ok(figures);
    }
    let options = Options {
        slots: SLOTS.min(batches.len()),
        workers: WORKERS * embedders.len(),
    };
    // Of one model all ports are the same.
    let mut ports = None;
    let lane = |embedder: Embedder| {
        let (model, its) = embedder.into_parts();
        ports = Some(its);
        Lane::new(model, 2, true)
    };
    let lanes = embedders.into_iter().map(lane).collect();
    let Some(ports) = ports else {
        return Ok(figures);
    };
    let prepare = Box::new(|model: &acl::Model| model.bindings()?.with_staging());
    let mut pipeline = Pipeline::new(lanes, options, prepare)?;
    let passage = Passage {
        ports,
        preprocessor: BatchPreprocessor::new(Recipe::MGN),
        data: PhantomData,
    };
    let mut failure = None;
    let sink = |done: Done<Batch<'_>, Rows, EmbedderError>| {
        // What comes behind a batch that failed would leave a gap in the journal.
        if failure.is_some() {
            return ControlFlow::Break(());
        }
        figures.add(&done.trace);
        match append(job, journal, done.batch, done.result) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    let ended = pipeline.run(&passage, batches.into_iter(), job.interrupted, sink);
    if let Some(failure) = failure {
        return Err(failure);
    }
    if ended?.interrupted {
        let images = Set::ALL.map(|set| journal.images(set)).iter().sum();
        return Err(ExtractError::Interrupted { images });
    }
    Ok(figures)
}

/// Writes the rows of a batch to the journal.
fn append(
    job: &Extraction<'_>,
    journal: &mut Journal,
    batch: Batch<'_>,
    result: Result<Rows, BatchError<EmbedderError>>,
) -> Result<(), ExtractError> {
    if job.strict
        && let Some(first) = batch.failed.first()
    {
        let (file, error) = (first.file.clone(), first.error.clone());
        return Err(ExtractError::Image { file, error });
    }
    let rows = result.map_err(|error| match error {
        BatchError::Work(error) => error,
        BatchError::Device { source, .. } | BatchError::Lost(source) => EmbedderError::Run(source),
    })?;
    let Batch {
        set, items, failed, ..
    } = batch;
    journal.append(set, items.len(), &rows.plain, &rows.flip, failed)?;
    (job.progress)(set, journal.images(set));
    Ok(())
}

/// The features of a batch's good images, row after row.
struct Rows {
    plain: Vec<f32>,
    flip: Vec<f32>,
}

/// What happens to a batch on the host.
struct Passage<'a> {
    ports: Ports,
    preprocessor: BatchPreprocessor,
    /// The batches borrow from the data set.
    data: PhantomData<&'a Item>,
}

impl<'a> Work for Passage<'a> {
    type Batch = Batch<'a>;
    type Output = Rows;
    type Error = EmbedderError;

    /// Decodes, resizes and normalises the images in parallel. The row of one that failed runs with
    /// the others and is dropped.
    fn fill(
        &self,
        batch: &mut Batch<'a>,
        passes: &mut [Bindings],
        clock: &mut Clock,
    ) -> Result<(), EmbedderError> {
        clock.items(batch.items.len());
        let files: Vec<&Path> = batch.items.iter().map(|item| item.path.as_path()).collect();
        let done = clock.time(Stage::Preprocess, || {
            self.ports.fill(passes, &self.preprocessor, &files)
        })?;
        let failed = done.into_iter().enumerate().filter_map(|(row, done)| {
            let error = done.err()?.to_string();
            Some(Failed {
                position: batch.start + row,
                file: batch.items[row].path.clone(),
                error,
            })
        });
        batch.failed = failed.collect();
        Ok(())
    }

    fn take(
        &self,
        batch: &mut Batch<'a>,
        passes: &[Bindings],
        clock: &mut Clock,
    ) -> Result<Rows, EmbedderError> {
        let good = (0..batch.items.len()).filter(|row| {
            let position = batch.start + row;
            !batch
                .failed
                .iter()
                .any(|failed| failed.position == position)
        });
        let (mut plain, mut flip) = (Vec::new(), Vec::new());
        clock.time(Stage::Postprocess, || {
            self.ports.features(passes, good, &mut plain, &mut flip)
        })?;
        Ok(Rows { plain, flip })
    }
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
