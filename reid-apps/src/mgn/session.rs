//! A few pictures at a time, for programs that have them in their hands.

use super::{Embedder, EmbedderError, Slot};
use crate::imaging::{BatchPreprocessor, ImageError, Recipe, Source};

/// Tells why pictures gave no features.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A picture cannot be used.
    #[error("picture {index}: {source}")]
    Picture {
        /// Which one, from 0.
        index: usize,
        /// The reason.
        source: ImageError,
    },
    /// The model failed.
    #[error(transparent)]
    Embedder(#[from] EmbedderError),
}

/// An MGN with the memory of its batch and the scratch memory of its pictures.
///
/// **Threads**: `Send`; within a call the pictures of a batch are prepared on all cores.
#[derive(Debug)]
pub struct Session {
    embedder: Embedder,
    preprocessor: BatchPreprocessor,
    /// `None` after a run that failed and took it along.
    slot: Option<Slot>,
}

impl Session {
    /// Makes the memory for an embedder's batch.
    ///
    /// # Errors
    /// [`EmbedderError::Run`] when the device is full.
    pub fn new(embedder: Embedder) -> Result<Self, EmbedderError> {
        let slot = Some(embedder.slot()?);
        Ok(Self {
            embedder,
            preprocessor: BatchPreprocessor::new(Recipe::MGN),
            slot,
        })
    }

    /// Returns the embedder.
    #[must_use]
    pub fn embedder(&self) -> &Embedder {
        &self.embedder
    }

    /// Computes the features of pictures: of each as it is, and, if `mirrored`, of its mirror image.
    ///
    /// Returns both as rows of [`Embedder::dim`] numbers, in the order of the pictures; the second is
    /// empty unless `mirrored`. Any number of pictures will do: they go through the model batch by
    /// batch, the last one filled up with zeros.
    ///
    /// # Errors
    /// [`SessionError::Picture`] for the first picture that cannot be used: all or nothing.
    /// [`SessionError::Embedder`].
    pub fn features(
        &mut self,
        pictures: &[Source<'_>],
        mirrored: bool,
    ) -> Result<[Vec<f32>; 2], SessionError> {
        let (mut plain, mut flip) = (Vec::new(), Vec::new());
        let batch = self.embedder.batch();
        for (count, pictures) in pictures.chunks(batch).enumerate() {
            let mut slot = match self.slot.take() {
                Some(slot) => slot,
                None => self.embedder.slot()?,
            };
            let filled = self.fill(&mut slot, pictures, count * batch, mirrored);
            if let Err(error) = filled {
                self.slot = Some(slot);
                return Err(error);
            }
            let slot = match mirrored {
                true => self.embedder.run(slot)?,
                false => self.embedder.run_plain(slot)?,
            };
            let slot = self.slot.insert(slot);
            let rows = 0..pictures.len();
            self.embedder.features(slot, rows, &mut plain, &mut flip)?;
        }
        if !mirrored {
            // What the slot's second half holds is of another run.
            flip.clear();
        }
        Ok([plain, flip])
    }

    fn fill(
        &self,
        slot: &mut Slot,
        pictures: &[Source<'_>],
        first: usize,
        mirrored: bool,
    ) -> Result<(), SessionError> {
        let (plain, flip) = slot.stage(pictures.len()).map_err(EmbedderError::from)?;
        let flip = mirrored.then_some(flip);
        let picture = |index, source| SessionError::Picture { index, source };
        let outcomes = self
            .preprocessor
            .run_sources(pictures, plain, flip)
            .map_err(|problem| picture(first, problem.of("memory of the batch")))?;
        for (index, outcome) in outcomes.into_iter().enumerate() {
            outcome.map_err(|source| picture(first + index, source))?;
        }
        Ok(())
    }
}
