//! A feature network on a device.
//!
//! A thread of its own prepares the next batch, its images in parallel on all cores, while the
//! calling thread runs the last one; two buffers go round between them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use acl::{Bindings, Context, DataType, Gears, Model, Stream};
use half::f16;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::prepare::Preparer;
use super::recipe::{FeatureRecipe, Layout};
use super::{FidError, TakeRows};
use crate::files::hex;
use crate::imaging::ImageError;

/// Batches under way: one on the device, one being prepared.
const BUFFERS: usize = 2;

/// A loaded model that turns images into features.
///
/// Input: one, float32, shape and contents as the [`FeatureRecipe`] says. Output: `[N, dim]`, or
/// `[N, dim, 1, 1]`, float32 or float16. N is the model's batch.
#[derive(Debug)]
pub struct FeatureNetwork {
    model: Model,
    stream: Stream,
    recipe: FeatureRecipe,
    input: usize,
    output: usize,
    half: bool,
    batch: usize,
    dim: usize,
    sha256: String,
}

impl FeatureNetwork {
    /// Loads an `.om` and checks that it reads what the recipe makes and gives features.
    ///
    /// # Errors
    ///
    /// [`FidError::Io`], [`FidError::Device`] if the library does not take the file,
    /// [`FidError::File`] if the model and the recipe disagree.
    pub fn open(context: &Context, path: &Path, recipe: FeatureRecipe) -> Result<Self, FidError> {
        let bytes = std::fs::read(path).map_err(FidError::io(path))?;
        let device = |source| FidError::Device {
            path: path.to_owned(),
            source,
        };
        let model = Model::from_memory(context, &bytes).map_err(device)?;
        let sha256 = hex(&Sha256::digest(&bytes));
        drop(bytes);
        let (input, batch) =
            check_input(&model, &recipe).map_err(|problem| FidError::file(path, problem))?;
        let (output, dim) = check_output(&model, &recipe, batch)
            .map_err(|problem| FidError::file(path, problem))?;
        let half = model.desc().outputs[output].dtype == DataType::F16;
        let stream = Stream::new(context).map_err(device)?;
        Ok(Self {
            model,
            stream,
            recipe,
            input,
            output,
            half,
            batch,
            dim,
            sha256,
        })
    }

    /// Returns the numbers in a feature vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Returns the SHA-256 of the model file, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Returns what the images are made into.
    #[must_use]
    pub fn recipe(&self) -> &FeatureRecipe {
        &self.recipe
    }

    /// Computes the features of images and hands them on batch by batch, `[images, dim]` float32 in
    /// the order of `files`, with the number of images done.
    ///
    /// Images are not left out: one that cannot be read ends it, as a distance between other sets
    /// than those that were asked for compares with nothing.
    ///
    /// # Errors
    ///
    /// [`FidError::Image`], [`FidError::Device`], [`FidError::Interrupted`] once `interrupted` is
    /// set, and what `take` returns.
    pub fn run(
        &self,
        files: &[PathBuf],
        interrupted: &AtomicBool,
        take: &mut TakeRows<'_, f32>,
    ) -> Result<(), FidError> {
        let device = |source| FidError::Device {
            path: PathBuf::from("the model"),
            source,
        };
        let mut bindings = self
            .model
            .bindings()
            .and_then(Bindings::with_staging)
            .map_err(device)?;
        let (empty, empties) = crossbeam_channel::bounded::<Vec<f32>>(BUFFERS);
        for _ in 0..BUFFERS {
            let _ = empty.send(Vec::new());
        }
        let (full, fulls) = crossbeam_channel::bounded(BUFFERS);
        // The model itself stays on this thread.
        let (recipe, size) = (&self.recipe, self.batch);
        std::thread::scope(|scope| {
            // Each side owns its ends, so that the end of one closes the channels for the other.
            let (empty, fulls) = (empty, fulls);
            scope.spawn(move || {
                for batch in files.chunks(size) {
                    let Ok(buffer) = empties.recv() else { return };
                    if full
                        .send((batch.len(), prepare(recipe, size, batch, buffer)))
                        .is_err()
                    {
                        return;
                    }
                }
            });
            let (mut done, mut features) = (0, Vec::new());
            for (count, prepared) in fulls {
                if interrupted.load(Ordering::Relaxed) {
                    return Err(FidError::Interrupted { images: done });
                }
                let buffer = prepared.map_err(FidError::Image)?;
                features.clear();
                bindings = self
                    .batch(bindings, &buffer, count, &mut features)
                    .map_err(device)?;
                done += count;
                take(&features, done)?;
                let _ = empty.send(buffer);
            }
            Ok(())
        })
    }

    /// Runs a batch and appends the features of its first `count` images.
    fn batch(
        &self,
        mut bindings: Bindings,
        images: &[f32],
        count: usize,
        features: &mut Vec<f32>,
    ) -> Result<Bindings, acl::Error> {
        if let Gears::Batch(sizes) = &bindings.desc().gears {
            let fits = sizes
                .iter()
                .copied()
                .filter(|size| *size >= count as u64)
                .min();
            if let Some(size) = fits {
                bindings.set_batch(size)?;
            }
        }
        let staged = bindings.stage::<f32>(self.input)?;
        staged.copy_from_slice(&images[..staged.len()]);
        let bindings = bindings
            .upload_async(&self.stream)
            .and_then(|pending| pending.execute(&self.model, &self.stream))
            .and_then(|pending| pending.download(&self.stream))
            .map_err(|refused| refused.error)?
            .wait()
            .map_err(|refused| refused.error)?;
        let numbers = count * self.dim;
        if self.half {
            let all: &[f16] = bindings.staged(self.output)?;
            features.extend(all[..numbers].iter().map(|half| half.to_f32()));
        } else {
            let all: &[f32] = bindings.staged(self.output)?;
            features.extend_from_slice(&all[..numbers]);
        }
        Ok(bindings)
    }
}

/// Prepares a batch of at most `size` images; what lies behind them is zero.
fn prepare(
    recipe: &FeatureRecipe,
    size: usize,
    files: &[PathBuf],
    mut buffer: Vec<f32>,
) -> Result<Vec<f32>, ImageError> {
    buffer.clear();
    buffer.resize(size * recipe.len(), 0.0);
    buffer
        .par_chunks_exact_mut(recipe.len())
        .zip(files)
        .map_init(
            || Preparer::new(recipe),
            |preparer, (out, file)| preparer.run(file, out),
        )
        .collect::<Result<(), _>>()?;
    Ok(buffer)
}

/// Returns the index of the image input, and the largest batch.
fn check_input(model: &Model, recipe: &FeatureRecipe) -> Result<(usize, usize), String> {
    let desc = model.desc();
    let inputs: Vec<_> = desc.data_inputs().collect();
    let [(index, input)] = inputs[..] else {
        return Err(format!(
            "the model has {} inputs, wanted one for images; give a feature model",
            inputs.len()
        ));
    };
    let (name, dims) = (&input.real_name, &input.dims);
    let side = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let (height, width) = (side(recipe.height), side(recipe.width));
    let wanted = match recipe.layout {
        Layout::Nchw => [3, height, width],
        Layout::Nhwc => [height, width, 3],
    };
    if dims.len() != 4 || dims[1..] != wanted {
        return Err(format!(
            "the model's input {name} has shape {dims:?}, the recipe makes [N, {}, {}, {}]; correct \
             layout, height and width of the recipe",
            wanted[0], wanted[1], wanted[2]
        ));
    }
    if input.dtype != DataType::F32 {
        return Err(format!(
            "the model's input {name} takes {}, wanted f32; convert it again",
            input.dtype
        ));
    }
    let batch = match &desc.gears {
        Gears::Batch(sizes) => sizes
            .iter()
            .copied()
            .max()
            .and_then(|size| usize::try_from(size).ok()),
        _ => usize::try_from(dims[0]).ok(),
    };
    batch.filter(|batch| *batch > 0).map(|batch| (index, batch)).ok_or_else(|| {
        format!("the model's input {name} has the open shape {dims:?}, wanted a fixed batch, or gears made by --dynamic_batch_size")
    })
}

/// Returns the index of the output with the features, and their length.
fn check_output(
    model: &Model,
    recipe: &FeatureRecipe,
    batch: usize,
) -> Result<(usize, usize), String> {
    let desc = model.desc();
    let index = match &recipe.output {
        None => 0,
        Some(name) => desc
            .output(name.as_str())
            .map_err(|error| format!("the recipe's output: {error}"))?,
    };
    let output = desc
        .outputs
        .get(index)
        .ok_or("the model has no output, wanted features")?;
    let (name, dims) = (&output.real_name, &output.dims);
    let sizes: Vec<usize> = dims
        .iter()
        .map_while(|dim| usize::try_from(*dim).ok())
        .collect();
    let dim = match sizes[..] {
        [n, dim] | [n, dim, 1, 1] if n == batch && dim > 0 && sizes.len() == dims.len() => dim,
        _ => {
            return Err(format!(
                "the model's output {name} has shape {dims:?}, wanted features of shape [{batch}, \
                 numbers]; name the right output in the recipe"
            ));
        }
    };
    if ![DataType::F32, DataType::F16].contains(&output.dtype) {
        return Err(format!(
            "the model's output {name} gives {}, wanted f32 or f16; convert it again",
            output.dtype
        ));
    }
    Ok((index, dim))
}
