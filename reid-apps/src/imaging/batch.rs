//! Many images at once, straight into the memory of a batch.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::{ImageError, ImageProblem, Preprocessor, Recipe, Source};

/// Fills batches on all cores: each image goes from its file to its place in the caller's memory
/// without a copy between.
///
/// Scratch memory is kept, one [`Preprocessor`] for each image that is under way at once. The result
/// does not depend on the number of threads.
///
/// **Threads**: `Send` and `Sync`; runs on the calling thread's rayon pool.
#[derive(Debug)]
pub struct BatchPreprocessor {
    recipe: Recipe,
    idle: Mutex<Vec<Preprocessor>>,
}

impl BatchPreprocessor {
    /// Makes it for a recipe, without any scratch memory yet.
    ///
    /// # Panics
    ///
    /// When a side of the recipe is 0.
    #[must_use]
    pub fn new(recipe: Recipe) -> BatchPreprocessor {
        BatchPreprocessor {
            recipe,
            idle: Mutex::new(vec![Preprocessor::new(recipe)]),
        }
    }

    /// Returns how many numbers one image becomes.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.recipe.output_len()
    }

    /// Turns files into `out`, `[files, planes, height, width]` float32, and their mirror images
    /// into `flip_out`. Each file is read and decoded once. What lies behind the last image in a
    /// slice stays as it is.
    ///
    /// Returns what became of each file, in the files' order. The place of an image that failed is
    /// filled with zeros: it must not hold an image of an earlier batch.
    ///
    /// # Errors
    ///
    /// [`ImageProblem::OutputLength`] when a slice is too short; nothing is written then.
    pub fn run_files<P: AsRef<Path> + Sync>(
        &self,
        files: &[P],
        out: &mut [f32],
        flip_out: Option<&mut [f32]>,
    ) -> Result<Vec<Result<(), ImageError>>, ImageProblem> {
        self.run(files, out, flip_out, |preprocessor, file, out, flip| {
            preprocessor.run_file(file.as_ref(), out, flip)
        })
    }

    /// Turns the bytes of files, each with the name that stands in errors, into `out` and
    /// `flip_out`, as [`BatchPreprocessor::run_files`] does.
    ///
    /// # Errors
    ///
    /// As [`BatchPreprocessor::run_files`].
    pub fn run_bytes<N: AsRef<str> + Sync, B: AsRef<[u8]> + Sync>(
        &self,
        files: &[(N, B)],
        out: &mut [f32],
        flip_out: Option<&mut [f32]>,
    ) -> Result<Vec<Result<(), ImageError>>, ImageProblem> {
        self.run(files, out, flip_out, |preprocessor, file, out, flip| {
            preprocessor.run_bytes(file.1.as_ref(), file.0.as_ref(), out, flip)
        })
    }

    /// Turns pictures of any kind into `out` and `flip_out`, as [`BatchPreprocessor::run_files`]
    /// does.
    ///
    /// # Errors
    ///
    /// As [`BatchPreprocessor::run_files`].
    pub fn run_sources(
        &self,
        sources: &[Source<'_>],
        out: &mut [f32],
        flip_out: Option<&mut [f32]>,
    ) -> Result<Vec<Result<(), ImageError>>, ImageProblem> {
        self.run(sources, out, flip_out, |preprocessor, source, out, flip| {
            source.run(preprocessor, out, flip)
        })
    }

    fn run<T: Sync>(
        &self,
        images: &[T],
        out: &mut [f32],
        flip_out: Option<&mut [f32]>,
        one: impl Fn(&mut Preprocessor, &T, &mut [f32], Option<&mut [f32]>) -> Result<(), ImageError>
        + Sync,
    ) -> Result<Vec<Result<(), ImageError>>, ImageProblem> {
        let (length, wanted) = (self.output_len(), self.output_len() * images.len());
        let short = [Some(out.len()), flip_out.as_deref().map(<[f32]>::len)]
            .into_iter()
            .flatten()
            .find(|found| *found < wanted);
        if let Some(found) = short {
            return Err(ImageProblem::OutputLength { found, wanted });
        }
        let step = |image: &T, out: &mut [f32], mut flip: Option<&mut [f32]>| {
            let mut preprocessor = self.take();
            let done = one(&mut preprocessor, image, out, flip.as_deref_mut());
            self.give(preprocessor);
            if done.is_err() {
                out.fill(0.0);
                if let Some(flip) = flip {
                    flip.fill(0.0);
                }
            }
            done
        };
        let places = images.par_iter().zip(out.par_chunks_exact_mut(length));
        Ok(match flip_out {
            Some(flip_out) => places
                .zip(flip_out.par_chunks_exact_mut(length))
                .map(|((image, out), flip)| step(image, out, Some(flip)))
                .collect(),
            None => places.map(|(image, out)| step(image, out, None)).collect(),
        })
    }

    /// A poisoned lock means that a thread panicked between two list operations, which leaves the
    /// list whole.
    fn take(&self) -> Preprocessor {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle.pop();
        drop(idle);
        kept.unwrap_or_else(|| Preprocessor::new(self.recipe))
    }

    fn give(&self, preprocessor: Preprocessor) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(preprocessor);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Grey pictures, each of another level and size.
    fn files(count: u8) -> Vec<(String, Vec<u8>)> {
        (0..count)
            .map(|n| {
                let (width, height) = (3 + usize::from(n) % 5, 4 + usize::from(n) % 3);
                let mut bytes = format!("P5 {width} {height} 255\n").into_bytes();
                bytes.extend((0..width * height).map(|_| n * 3));
                (format!("picture {n}"), bytes)
            })
            .collect()
    }

    #[test]
    fn a_batch_has_the_bits_of_its_images_one_by_one_in_order_on_any_number_of_threads() {
        let files = files(23);
        let mut single = Preprocessor::new(Recipe::DGNET_CONTENT);
        let length = single.output_len();
        let mut wanted = vec![7.0; length * 25];
        let mut wanted_flip = wanted.clone();
        for (index, (name, bytes)) in files.iter().enumerate() {
            let range = index * length..(index + 1) * length;
            single
                .run_bytes(
                    bytes,
                    name,
                    &mut wanted[range.clone()],
                    Some(&mut wanted_flip[range]),
                )
                .unwrap();
        }
        let batch = BatchPreprocessor::new(Recipe::DGNET_CONTENT);
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let (mut out, mut flip) = (vec![7.0; length * 25], vec![7.0; length * 25]);
            let done = pool
                .build()
                .unwrap()
                .install(|| batch.run_bytes(&files, &mut out, Some(&mut flip)));
            assert!(done.unwrap().iter().all(Result::is_ok));
            assert!(out == wanted, "{threads} threads");
            assert!(flip == wanted_flip, "{threads} threads, mirrored");
            let mut alone = vec![7.0; length * 25];
            let _ = batch.run_bytes(&files, &mut alone, None).unwrap();
            assert!(alone == wanted, "{threads} threads, plain alone");
        }
    }

    #[test]
    fn a_file_that_fails_is_named_and_its_place_is_zero_and_the_others_are_done() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["good.pgm", "bad.pgm", "absent.pgm", "last.pgm"];
        let paths = names.map(|name| folder.path().join(name));
        for index in [0, 3] {
            std::fs::write(&paths[index], b"P5 1 1 255\n\xff").unwrap();
        }
        std::fs::write(&paths[1], b"no picture").unwrap();
        let batch = BatchPreprocessor::new(Recipe::DGNET_STRUCTURE);
        let length = batch.output_len();
        let (mut out, mut flip) = (vec![9.0; 4 * length], vec![9.0; 4 * length]);
        let done = batch.run_files(&paths, &mut out, Some(&mut flip)).unwrap();
        for (index, result) in done.iter().enumerate() {
            let range = index * length..(index + 1) * length;
            let zero = out[range.clone()].iter().chain(&flip[range]);
            let zeros = zero.filter(|value| **value == 0.0).count();
            if let Err(error) = result {
                assert!(error.to_string().contains(names[index]), "{error}");
                assert_eq!(zeros, 2 * length, "{}", names[index]);
            } else {
                assert_eq!(zeros, 0, "{}", names[index]);
            }
        }
        let failed: Vec<bool> = done.iter().map(Result::is_err).collect();
        assert_eq!(failed, [false, true, true, false]);
    }

    #[test]
    fn a_batch_without_room_is_refused_and_left_alone() {
        let batch = BatchPreprocessor::new(Recipe::DGNET_STRUCTURE);
        let (mut long, mut short) = (vec![9.0; 2 * 32768], vec![9.0; 2 * 32768 - 1]);
        let problem = batch.run_bytes(&files(2), &mut long, Some(&mut short));
        let text = problem.unwrap_err().to_string();
        assert!(
            text.contains("room for 65535") && text.contains("writes 65536"),
            "{text}"
        );
        assert!(batch.run_bytes(&files(2), &mut short, None).is_err());
        assert!(long.iter().chain(&short).all(|value| *value == 9.0));
    }

    #[test]
    fn an_empty_batch_is_done_at_once() {
        let batch = BatchPreprocessor::new(Recipe::MGN);
        let none: [&Path; 0] = [];
        assert!(
            batch
                .run_files(&none, &mut [], Some(&mut []))
                .unwrap()
                .is_empty()
        );
    }
}
