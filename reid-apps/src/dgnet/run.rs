//! Pairs of image files through a generator: reading, running and writing at once.
//!
//! Three stages, each on a thread of its own: one reads and prepares the next batch, the calling
//! thread runs one on the device, one takes the pictures of the batch before. Batches travel
//! between them in [`Slot`]s, of which there are as many as stages; images within a batch are
//! spread over all cores. No tensor touches the disk.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};
use rayon::prelude::*;

use super::error::DgnetError;
use super::generator::{Generator, GeneratorError, Shape, Slot};
use super::picture::denormalise;
use crate::imaging::{Channels, Preprocessor, Recipe};
use crate::view::Picture;

/// Batches under way: one being read, one on the device, one being written.
const SLOTS: usize = 3;

/// Two image files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task<'a> {
    /// The image whose pose and background are kept.
    pub structure: &'a Path,
    /// The image whose clothes are put on.
    pub content: &'a Path,
}

/// What a run needs besides its tasks.
pub struct Job<'a> {
    /// Takes the picture of the task with this position. Called from several threads, in no order.
    pub take: &'a (dyn Fn(usize, Picture) -> Result<(), DgnetError> + Sync),
    /// Is told how many tasks are done.
    pub progress: &'a (dyn Fn(usize) + Sync),
    /// Set it from another thread to end after the batches under way.
    pub interrupted: &'a AtomicBool,
}

/// A pair without a picture, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The position of its task.
    pub task: usize,
    /// The reason, in one line.
    pub error: String,
}

/// Generates a picture for each task; returns those that gave none, in order.
///
/// The last batch is filled up with zeros, whose pictures are dropped. A pair whose images cannot
/// be read, or whose picture is not finite, does not end the run.
///
/// # Errors
/// [`DgnetError::Model`], [`DgnetError::Interrupted`], or what `take` says. Pictures that were
/// taken before stay.
pub fn generate(
    generator: &Generator,
    tasks: &[Task<'_>],
    job: &Job<'_>,
) -> Result<Vec<Failed>, DgnetError> {
    let shape = generator.shape();
    let batches: Vec<Batch<'_>> = tasks
        .chunks(shape.batch)
        .enumerate()
        .map(|(i, tasks)| Batch {
            start: i * shape.batch,
            tasks,
        })
        .collect();
    let (empty, empties) = bounded::<Slot>(SLOTS);
    for _ in 0..SLOTS.min(batches.len()) {
        let _ = empty.send(generator.slot()?);
    }
    let (full, fulls) = bounded::<Result<Filled<'_>, acl::Error>>(SLOTS);
    let (ran, results) = bounded::<Filled<'_>>(SLOTS);
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        // Each thread owns its ends, so that the end of one closes the channels of the others.
        scope.spawn(move || read(&batches, shape, &empties, &full));
        let taken = &done;
        let writer = scope.spawn(move || write(shape, &results, &empty, job, taken));
        let run = run(generator, &fulls, &ran, job, &done);
        drop((fulls, ran));
        let written = writer
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // Where both failed, the device stopped because nobody took its pictures.
        let mut failed = written?;
        run?;
        failed.sort_by_key(|failed| failed.task);
        Ok(failed)
    })
}

/// Consecutive tasks.
#[derive(Clone, Copy)]
struct Batch<'a> {
    start: usize,
    tasks: &'a [Task<'a>],
}

/// A batch in its memory, with the pairs that could not be read.
struct Filled<'a> {
    batch: Batch<'a>,
    slot: Slot,
    failed: Vec<Failed>,
}

fn read<'a>(
    batches: &[Batch<'a>],
    shape: Shape,
    empties: &Receiver<Slot>,
    full: &Sender<Result<Filled<'a>, acl::Error>>,
) {
    for batch in batches {
        let Ok(slot) = empties.recv() else { return };
        if full.send(fill(*batch, shape, slot)).is_err() {
            return;
        }
    }
}

fn run<'a>(
    generator: &Generator,
    fulls: &Receiver<Result<Filled<'a>, acl::Error>>,
    ran: &Sender<Filled<'a>>,
    job: &Job<'_>,
    done: &AtomicUsize,
) -> Result<(), DgnetError> {
    for filled in fulls {
        if job.interrupted.load(Ordering::Relaxed) {
            let done = done.load(Ordering::Relaxed);
            return Err(DgnetError::Interrupted { done });
        }
        let filled = filled.map_err(GeneratorError::from)?;
        let slot = generator.run(filled.slot)?;
        if ran.send(Filled { slot, ..filled }).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn write(
    shape: Shape,
    results: &Receiver<Filled<'_>>,
    empty: &Sender<Slot>,
    job: &Job<'_>,
    done: &AtomicUsize,
) -> Result<Vec<Failed>, DgnetError> {
    let mut all = Vec::new();
    for filled in results {
        let Filled {
            batch,
            slot,
            mut failed,
        } = filled;
        let pictures = slot.pictures().map_err(GeneratorError::from)?;
        let wild: Vec<Option<Failed>> = (0..batch.tasks.len())
            .into_par_iter()
            .map_init(Vec::new, |numbers, row| {
                let task = batch.start + row;
                if failed.iter().any(|failed| failed.task == task) {
                    return Ok(None);
                }
                pictures.copy(row, numbers);
                match denormalise(numbers, shape.height, shape.width) {
                    Ok(picture) => (job.take)(task, picture).map(|()| None),
                    Err(found) => Ok(Some(Failed {
                        task,
                        error: format!(
                            "{} on {}: the model gave {found}",
                            batch.tasks[row].content.display(),
                            batch.tasks[row].structure.display()
                        ),
                    })),
                }
            })
            .collect::<Result<_, DgnetError>>()?;
        failed.extend(wild.into_iter().flatten());
        all.append(&mut failed);
        let count = done.fetch_add(batch.tasks.len(), Ordering::Relaxed) + batch.tasks.len();
        (job.progress)(count);
        // The reader is gone after the last batch.
        let _ = empty.send(slot);
    }
    Ok(all)
}

/// Decodes, resizes and normalises both images of each task into the batch's memory, in parallel.
fn fill(batch: Batch<'_>, shape: Shape, mut slot: Slot) -> Result<Filled<'_>, acl::Error> {
    slot.choose_batch(batch.tasks.len())?;
    let recipe = |channels| Recipe {
        height: shape.height,
        width: shape.width,
        channels,
        ..Recipe::DGNET_CONTENT
    };
    let structures = |task: &Task<'_>| task.structure.to_owned();
    let contents = |task: &Task<'_>| task.content.to_owned();
    let mut failed = stream(batch, slot.structure()?, recipe(Channels::Grey), structures);
    for other in stream(batch, slot.content()?, recipe(Channels::Rgb), contents) {
        if !failed.iter().any(|failed| failed.task == other.task) {
            failed.push(other);
        }
    }
    Ok(Filled {
        batch,
        slot,
        failed,
    })
}

fn stream(
    batch: Batch<'_>,
    memory: &mut [f32],
    recipe: Recipe,
    file: impl Fn(&Task<'_>) -> std::path::PathBuf + Sync,
) -> Vec<Failed> {
    let length = recipe.output_len();
    // What an earlier batch left behind this one's images.
    if let Some(rest) = memory.get_mut(batch.tasks.len() * length..) {
        rest.fill(0.0);
    }
    memory
        .par_chunks_exact_mut(length)
        .zip(batch.tasks)
        .enumerate()
        .map_init(
            || Preprocessor::new(recipe),
            |preprocessor, (row, (numbers, task))| {
                let read = preprocessor.run_file(&file(task), numbers, None);
                read.err().map(|error| {
                    // The row runs with the others and is dropped; it must not hold an old image.
                    numbers.fill(0.0);
                    Failed {
                        task: batch.start + row,
                        error: error.to_string(),
                    }
                })
            },
        )
        .flatten()
        .collect()
}
