//! A few pairs at a time, for programs that have them in their hands.

use acl::{Bindings, Model};
use rayon::prelude::*;

use super::generator::{Generator, GeneratorError, Shape};
use super::picture::denormalise;
use crate::imaging::{BatchPreprocessor, Channels, ImageError, Recipe, Source};
use crate::view::Picture;

/// Tells why pairs gave no pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// There are not as many contents as structures.
    #[error("{structures} structures and {contents} contents, wanted as many of both")]
    Pairs {
        /// Structures.
        structures: usize,
        /// Contents.
        contents: usize,
    },
    /// A picture cannot be used.
    #[error("{what} {index}: {source}")]
    Picture {
        /// Which of the two lists.
        what: &'static str,
        /// Which one, from 0.
        index: usize,
        /// The reason.
        source: ImageError,
    },
    /// The model gave no picture.
    #[error("pair {index}: the model gave {found}, wanted finite numbers")]
    Wild {
        /// Which pair, from 0.
        index: usize,
        /// What came out.
        found: String,
    },
    /// The model failed.
    #[error(transparent)]
    Generator(#[from] GeneratorError),
}

/// A generator with the memory of its batch and the scratch memory of its pictures.
///
/// **Threads**: `Send`; within a call the pictures of a batch are prepared on all cores.
#[derive(Debug)]
pub struct Session {
    model: Model,
    shape: Shape,
    bindings: Bindings,
    structures: BatchPreprocessor,
    contents: BatchPreprocessor,
}

impl Session {
    /// Makes the memory for a generator's batch.
    ///
    /// # Errors
    /// [`GeneratorError::Run`] when the device is full.
    pub fn new(generator: Generator) -> Result<Self, GeneratorError> {
        let shape = generator.shape();
        let model = generator.into_model();
        let bindings = model.bindings()?.with_staging()?;
        let recipe = |channels| Recipe {
            height: shape.height,
            width: shape.width,
            channels,
            ..Recipe::DGNET_CONTENT
        };
        Ok(Self {
            model,
            shape,
            bindings,
            structures: BatchPreprocessor::new(recipe(Channels::Grey)),
            contents: BatchPreprocessor::new(recipe(Channels::Rgb)),
        })
    }

    /// Returns batch and size of the pictures.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Draws the person of each content in the pose of its structure; the pictures are as large as
    /// [`Session::shape`] says, in the order of the pairs.
    ///
    /// # Errors
    /// [`SessionError`] for the first pair that gives no picture: all or nothing.
    pub fn draw(
        &mut self,
        structures: &[Source<'_>],
        contents: &[Source<'_>],
    ) -> Result<Vec<Picture>, SessionError> {
        if structures.len() != contents.len() {
            return Err(SessionError::Pairs {
                structures: structures.len(),
                contents: contents.len(),
            });
        }
        let batch = self.shape.batch;
        let mut pictures = Vec::with_capacity(structures.len());
        let pairs = structures.chunks(batch).zip(contents.chunks(batch));
        for (structures, contents) in pairs {
            let first = pictures.len();
            self.fill(structures, contents, first)?;
            self.run().map_err(GeneratorError::from)?;
            let numbers = self.shape.pictures(&self.bindings);
            let numbers = numbers.map_err(GeneratorError::from)?;
            let Shape { height, width, .. } = self.shape;
            let drawn: Vec<Result<Picture, String>> = (0..structures.len())
                .into_par_iter()
                .map_init(Vec::new, |memory, row| {
                    numbers.copy(row, memory);
                    denormalise(memory, height, width)
                })
                .collect();
            for (row, picture) in drawn.into_iter().enumerate() {
                let index = first + row;
                pictures.push(picture.map_err(|found| SessionError::Wild { index, found })?);
            }
        }
        Ok(pictures)
    }

    fn run(&mut self) -> Result<(), acl::Error> {
        self.bindings.upload()?;
        self.model.execute(&mut self.bindings)?;
        self.bindings.download()
    }

    fn fill(
        &mut self,
        structures: &[Source<'_>],
        contents: &[Source<'_>],
        first: usize,
    ) -> Result<(), SessionError> {
        let (shape, bindings) = (self.shape, &mut self.bindings);
        Shape::choose_batch(bindings, structures.len()).map_err(GeneratorError::from)?;
        let memory = shape.structure(bindings).map_err(GeneratorError::from)?;
        prepare("structure", &self.structures, structures, memory, first)?;
        let memory = shape.content(bindings).map_err(GeneratorError::from)?;
        prepare("content", &self.contents, contents, memory, first)
    }
}

/// Turns pictures into the numbers of a batch, with zeros behind them.
fn prepare(
    what: &'static str,
    preprocessor: &BatchPreprocessor,
    sources: &[Source<'_>],
    memory: &mut [f32],
    first: usize,
) -> Result<(), SessionError> {
    let picture = |index, source| SessionError::Picture {
        what,
        index,
        source,
    };
    let used = sources.len() * preprocessor.output_len();
    if let Some(rest) = memory.get_mut(used..) {
        rest.fill(0.0);
    }
    let outcomes = preprocessor
        .run_sources(sources, memory, None)
        .map_err(|problem| picture(first, problem.of("memory of the batch")))?;
    for (index, outcome) in outcomes.into_iter().enumerate() {
        outcome.map_err(|source| picture(first + index, source))?;
    }
    Ok(())
}
