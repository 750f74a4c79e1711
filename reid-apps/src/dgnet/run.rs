//! Pairs of image files through a generator: reading, running and writing at once.
//!
//! Batches go through the [pipeline](crate::runner); images within a batch are spread over all
//! cores. No tensor touches the disk.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use acl::Bindings;
use rayon::prelude::*;

use super::error::DgnetError;
use super::generator::{Generator, GeneratorError, Shape};
use super::picture::denormalise;
use crate::imaging::{Channels, Preprocessor, Recipe};
use crate::runner::{BatchError, Clock, Done, Lane, Options, Pipeline, PipelineError, Stage, Work};
use crate::view::Picture;

/// Batches under way: one runs, one is copied or waits for its turn, one is read or written.
const SLOTS: usize = 3;
/// One reads while another writes; images within a batch are spread over all cores by both.
const WORKERS: usize = 2;

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

/// Generates a picture for each task, on one device or several, each with its generator of the one
/// model ([`Generator::open_all`]); returns those that gave none, in order.
///
/// The last batch is filled up with zeros, whose pictures are dropped. A pair whose images cannot
/// be read, or whose picture is not finite, does not end the run.
///
/// # Errors
/// [`DgnetError::Model`], [`DgnetError::Interrupted`], or what `take` says. Pictures that were
/// taken before stay.
pub fn generate(
    generators: Vec<Generator>,
    tasks: &[Task<'_>],
    job: &Job<'_>,
) -> Result<Vec<Failed>, DgnetError> {
    let Some(generator) = generators.first() else {
        let none = "found no generator, wanted one for each device";
        return Err(GeneratorError::Generators(none.to_owned()).into());
    };
    if let Some(other) = generators.iter().find(|g| g.sha256() != generator.sha256()) {
        return Err(GeneratorError::Generators(format!(
            "found generators of the models {} and {}, wanted one model on all devices",
            generator.sha256(),
            other.sha256()
        ))
        .into());
    }
    let shape = generator.shape();
    let batches: Vec<Batch<'_>> = tasks
        .chunks(shape.batch)
        .enumerate()
        .map(|(i, tasks)| Batch {
            start: i * shape.batch,
            tasks,
            failed: Vec::new(),
        })
        .collect();
    if batches.is_empty() {
        return Ok(Vec::new());
    }
    let options = Options {
        slots: SLOTS.min(batches.len()),
        workers: WORKERS * generators.len(),
    };
    let lane = |generator: Generator| Lane::new(generator.into_model(), 1, false);
    let lanes = generators.into_iter().map(lane).collect();
    let prepare = Box::new(|model: &acl::Model| model.bindings()?.with_staging());
    let mut pipeline = Pipeline::new(lanes, options, prepare)?;
    let passage = Passage {
        shape,
        job,
        done: AtomicUsize::new(0),
        tasks: PhantomData,
    };
    let (mut failed, mut first) = (Vec::new(), None);
    let sink = |done: Done<Batch<'_>, (), DgnetError>| {
        failed.extend(done.batch.failed);
        let error = match done.result {
            Ok(()) => return ControlFlow::Continue(()),
            Err(BatchError::Work(error)) => error,
            Err(BatchError::Device { source, .. } | BatchError::Lost(source)) => {
                GeneratorError::Run(source).into()
            }
        };
        first.get_or_insert(error);
        ControlFlow::Break(())
    };
    let ended = pipeline.run(&passage, batches.into_iter(), job.interrupted, sink);
    if let Some(error) = first {
        return Err(error);
    }
    if ended?.interrupted {
        let done = passage.done.load(Ordering::Relaxed);
        return Err(DgnetError::Interrupted { done });
    }
    failed.sort_by_key(|failed| failed.task);
    Ok(failed)
}

impl From<PipelineError> for DgnetError {
    fn from(error: PipelineError) -> Self {
        let source = match error {
            PipelineError::Slot { source, .. } => source,
            other => acl::Error::InvalidArgument {
                what: "device".into(),
                got: other.to_string(),
                want: "a device that answers".to_owned(),
            },
        };
        GeneratorError::Run(source).into()
    }
}

/// Consecutive tasks, and those that gave no picture.
struct Batch<'a> {
    start: usize,
    tasks: &'a [Task<'a>],
    failed: Vec<Failed>,
}

/// What happens to a batch on the host.
struct Passage<'a, 'j> {
    shape: Shape,
    job: &'j Job<'j>,
    /// Tasks that are through.
    done: AtomicUsize,
    tasks: PhantomData<&'a Task<'a>>,
}

impl<'a> Work for Passage<'a, '_> {
    type Batch = Batch<'a>;
    type Output = ();
    type Error = DgnetError;

    fn fill(
        &self,
        batch: &mut Batch<'a>,
        passes: &mut [Bindings],
        clock: &mut Clock,
    ) -> Result<(), DgnetError> {
        clock.items(batch.tasks.len());
        let filled = clock.time(Stage::Preprocess, || {
            fill(batch, self.shape, &mut passes[0])
        });
        batch.failed = filled.map_err(GeneratorError::from)?;
        Ok(())
    }

    fn take(
        &self,
        batch: &mut Batch<'a>,
        passes: &[Bindings],
        clock: &mut Clock,
    ) -> Result<(), DgnetError> {
        let wild = clock.time(Stage::Postprocess, || self.pictures(batch, &passes[0]))?;
        batch.failed.extend(wild);
        let count = batch.tasks.len();
        let count = self.done.fetch_add(count, Ordering::Relaxed) + count;
        (self.job.progress)(count);
        Ok(())
    }
}

impl Passage<'_, '_> {
    /// Hands the pictures of a batch over; returns those that are none.
    fn pictures(&self, batch: &Batch<'_>, bindings: &Bindings) -> Result<Vec<Failed>, DgnetError> {
        let shape = self.shape;
        let pictures = shape.pictures(bindings).map_err(GeneratorError::from)?;
        let wild: Vec<Option<Failed>> = (0..batch.tasks.len())
            .into_par_iter()
            .map_init(Vec::new, |numbers, row| {
                let task = batch.start + row;
                if batch.failed.iter().any(|failed| failed.task == task) {
                    return Ok(None);
                }
                pictures.copy(row, numbers);
                match denormalise(numbers, shape.height, shape.width) {
                    Ok(picture) => (self.job.take)(task, picture).map(|()| None),
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
        Ok(wild.into_iter().flatten().collect())
    }
}

/// Decodes, resizes and normalises both images of each task into the batch's memory, in parallel;
/// returns the tasks whose images cannot be read.
fn fill(
    batch: &Batch<'_>,
    shape: Shape,
    bindings: &mut Bindings,
) -> Result<Vec<Failed>, acl::Error> {
    Shape::choose_batch(bindings, batch.tasks.len())?;
    let recipe = |channels| Recipe {
        height: shape.height,
        width: shape.width,
        channels,
        ..Recipe::DGNET_CONTENT
    };
    let structures = |task: &Task<'_>| task.structure.to_owned();
    let contents = |task: &Task<'_>| task.content.to_owned();
    let memory = shape.structure(bindings)?;
    let mut failed = stream(batch, memory, recipe(Channels::Grey), structures);
    let memory = shape.content(bindings)?;
    for other in stream(batch, memory, recipe(Channels::Rgb), contents) {
        if !failed.iter().any(|failed| failed.task == other.task) {
            failed.push(other);
        }
    }
    Ok(failed)
}

fn stream(
    batch: &Batch<'_>,
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
