//! A loaded MGN, and the memory that its batches go through.

use std::path::{Path, PathBuf};

use acl::{Bindings, Context, DataType, Gears, Model, Stream, TensorDesc};
use half::f16;
use sha2::{Digest, Sha256};

use crate::files::hex;
use crate::imaging::{BatchPreprocessor, ImageError};

/// Height of the network's input, in pixels.
pub const HEIGHT: usize = 384;
/// Width of the network's input, in pixels.
pub const WIDTH: usize = 128;
/// Numbers of one image: 3 channels of [`HEIGHT`] × [`WIDTH`].
pub const IMAGE: usize = 3 * HEIGHT * WIDTH;

/// Tells why a model cannot serve as an MGN.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedderError {
    /// The file cannot be read.
    #[error("{}: {source}; --model wants an .om file", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The library does not take the file.
    #[error("{}: {source}", .path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// What AscendCL said.
        source: acl::Error,
    },
    /// The model is not an MGN.
    #[error(
        "{} is no MGN: {found}, wanted {wanted}; convert MGN with \
         --input_shape=image:N,3,384,128", .path.display()
    )]
    NotMgn {
        /// The file.
        path: PathBuf,
        /// What the model has.
        found: String,
        /// What an MGN has.
        wanted: &'static str,
    },
    /// A run failed.
    #[error("the model failed: {0}")]
    Run(#[from] acl::Error),
}

/// A loaded MGN.
///
/// Input: float32, N×3×384×128 (RGB planes, normalised). Output: the first one, float32 or float16,
/// N×D. N is the model's batch size; a model with dynamic batch runs the last images at the smallest
/// size that takes them.
///
/// **Threads**: `Send`, not `Sync`, as the model is; its [`Slot`]s may be filled on other threads.
#[derive(Debug)]
pub struct Embedder {
    model: Model,
    stream: Stream,
    ports: Ports,
    batch: usize,
    sha256: String,
    file: String,
}

fn read(path: &Path) -> Result<Vec<u8>, EmbedderError> {
    std::fs::read(path).map_err(|source| EmbedderError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Where an MGN takes images and gives features.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    input: usize,
    output: usize,
    half: bool,
    dim: usize,
}

/// The memory of one batch: device and pinned host memory for both passes.
///
/// **Threads**: `Send`.
#[derive(Debug)]
pub struct Slot {
    /// Plain and mirrored.
    passes: [Bindings; 2],
    ports: Ports,
}

impl Embedder {
    /// Loads an `.om` and checks that it is an MGN.
    ///
    /// # Errors
    ///
    /// [`EmbedderError`], which names the file, what it is, and what was wanted.
    pub fn open(context: &Context, path: &Path) -> Result<Self, EmbedderError> {
        Self::load(context, path, &read(path)?)
    }

    /// Loads an `.om` into several contexts, one after the other; the file is read once.
    ///
    /// # Errors
    ///
    /// As [`Embedder::open`].
    pub fn open_all(contexts: &[Context], path: &Path) -> Result<Vec<Self>, EmbedderError> {
        let bytes = read(path)?;
        let load = |context| Self::load(context, path, &bytes);
        contexts.iter().map(load).collect()
    }

    /// Loads the bytes of an `.om`, which errors call `path`.
    ///
    /// # Errors
    ///
    /// As [`Embedder::open`].
    pub fn load(context: &Context, path: &Path, bytes: &[u8]) -> Result<Self, EmbedderError> {
        let model = Model::from_memory(context, bytes).map_err(|source| EmbedderError::Load {
            path: path.to_owned(),
            source,
        })?;
        let sha256 = hex(&Sha256::digest(bytes));
        Self::of(model, path, sha256).map_err(|(_, error)| error)
    }

    /// Takes a model that is loaded already, which errors call `path`. Its hash is not known.
    ///
    /// # Errors
    ///
    /// The model, and [`EmbedderError::NotMgn`] or [`EmbedderError::Run`].
    pub fn from_model(model: Model, path: &Path) -> Result<Self, (Model, EmbedderError)> {
        Self::of(model, path, String::new())
    }

    fn of(model: Model, path: &Path, sha256: String) -> Result<Self, (Model, EmbedderError)> {
        let file = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        match Self::look(&model, path) {
            Ok((ports, batch, stream)) => Ok(Self {
                model,
                stream,
                ports,
                batch,
                sha256,
                file,
            }),
            Err(error) => Err((model, error)),
        }
    }

    fn look(model: &Model, path: &Path) -> Result<(Ports, usize, Stream), EmbedderError> {
        let not = |found, wanted| EmbedderError::NotMgn {
            path: path.to_owned(),
            found,
            wanted,
        };
        let (input, batch) = check_input(model).map_err(|(found, wanted)| not(found, wanted))?;
        let (output, dim) =
            check_output(model, batch).map_err(|(found, wanted)| not(found, wanted))?;
        let ports = Ports {
            input,
            output,
            half: model.desc().outputs[output].dtype == DataType::F16,
            dim,
        };
        let stream = Stream::new(model.context())?;
        Ok((ports, batch, stream))
    }

    /// Returns the largest number of images in a run.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Returns the numbers in a feature vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.ports.dim
    }

    /// Returns the SHA-256 of the model file, in hexadecimal; empty where it is not known.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Returns the model file's name.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the context that the model runs in.
    #[must_use]
    pub fn context(&self) -> &Context {
        self.model.context()
    }

    /// Makes the memory for one batch.
    ///
    /// # Errors
    ///
    /// [`EmbedderError::Run`] when the device is full.
    pub fn slot(&self) -> Result<Slot, EmbedderError> {
        let bindings = || self.model.bindings()?.with_staging();
        Ok(Slot {
            passes: [bindings()?, bindings()?],
            ports: self.ports,
        })
    }

    /// Runs both passes of a filled slot, and gives it back with the features in it.
    ///
    /// # Errors
    ///
    /// [`EmbedderError::Run`]; the slot is lost.
    pub fn run(&self, slot: Slot) -> Result<Slot, EmbedderError> {
        let Slot { passes, ports } = slot;
        let [plain, flip] = passes;
        let plain = self.queue(plain)?;
        let flip = self.queue(flip)?;
        let plain = plain.wait().map_err(|refused| refused.error)?;
        let flip = flip.wait().map_err(|refused| refused.error)?;
        Ok(Slot {
            passes: [plain, flip],
            ports,
        })
    }

    /// Runs the plain pass of a filled slot alone, and gives it back with the features in it.
    ///
    /// # Errors
    ///
    /// [`EmbedderError::Run`]; the slot is lost.
    pub fn run_plain(&self, slot: Slot) -> Result<Slot, EmbedderError> {
        let Slot { passes, ports } = slot;
        let [plain, flip] = passes;
        let plain = self.queue(plain)?.wait();
        Ok(Slot {
            passes: [plain.map_err(|refused| refused.error)?, flip],
            ports,
        })
    }

    /// Gives the model up for a pipeline, with what is needed to fill and read its memory.
    pub(super) fn into_parts(self) -> (Model, Ports) {
        (self.model, self.ports)
    }

    fn queue(&self, bindings: Bindings) -> Result<acl::Pending<Bindings>, acl::Error> {
        let stream = &self.stream;
        bindings
            .upload_async(stream)
            .and_then(|pending| pending.execute(&self.model, stream))
            .and_then(|pending| pending.download(stream))
            .map_err(|refused| refused.error)
    }

    /// Appends the features of the slot's images `rows` to `plain` and `flip`, row after row.
    ///
    /// # Errors
    ///
    /// [`EmbedderError::Run`] if the slot is of another model.
    pub fn features(
        &self,
        slot: &Slot,
        rows: impl Iterator<Item = usize> + Clone,
        plain: &mut Vec<f32>,
        flip: &mut Vec<f32>,
    ) -> Result<(), EmbedderError> {
        self.ports.features(&slot.passes, rows, plain, flip)?;
        Ok(())
    }
}

impl Ports {
    /// Appends the features of the images `rows` to `plain` and `flip`, row after row.
    pub(super) fn features(
        self,
        passes: &[Bindings],
        rows: impl Iterator<Item = usize> + Clone,
        plain: &mut Vec<f32>,
        flip: &mut Vec<f32>,
    ) -> Result<(), acl::Error> {
        for (bindings, into) in passes.iter().zip([plain, flip]) {
            let range = |row: usize| row * self.dim..(row + 1) * self.dim;
            if self.half {
                let all: &[f16] = bindings.staged(self.output)?;
                for row in rows.clone() {
                    into.extend(all[range(row)].iter().map(|half| half.to_f32()));
                }
            } else {
                let all: &[f32] = bindings.staged(self.output)?;
                for row in rows.clone() {
                    into.extend_from_slice(&all[range(row)]);
                }
            }
        }
        Ok(())
    }

    /// As [`Slot::fill`].
    pub(super) fn fill<P: AsRef<Path> + Sync>(
        self,
        passes: &mut [Bindings],
        preprocessor: &BatchPreprocessor,
        files: &[P],
    ) -> Result<Vec<Result<(), ImageError>>, acl::Error> {
        let invalid = |got: String, want: String| acl::Error::InvalidArgument {
            what: "numbers of an image".into(),
            got,
            want,
        };
        if preprocessor.output_len() != IMAGE {
            let got = preprocessor.output_len().to_string();
            return Err(invalid(got, IMAGE.to_string()));
        }
        let (plain, flip) = self.stage(passes, files.len())?;
        preprocessor
            .run_files(files, plain, Some(flip))
            .map_err(|problem| invalid(problem.to_string(), "room for the batch".to_owned()))
    }

    /// As [`Slot::stage`].
    fn stage(
        self,
        passes: &mut [Bindings],
        images: usize,
    ) -> Result<(&mut [f32], &mut [f32]), acl::Error> {
        let [plain, flip] = passes else {
            return Err(acl::Error::InvalidArgument {
                what: "passes of an MGN".into(),
                got: passes.len().to_string(),
                want: "2, plain and mirrored".to_owned(),
            });
        };
        for bindings in [&mut *plain, &mut *flip] {
            if let Gears::Batch(sizes) = &bindings.desc().gears {
                let fits = sizes
                    .iter()
                    .copied()
                    .filter(|size| *size >= images as u64)
                    .min();
                if let Some(size) = fits {
                    bindings.set_batch(size)?;
                }
            }
        }
        let plain = plain.stage::<f32>(self.input)?;
        let flip = flip.stage::<f32>(self.input)?;
        if images * IMAGE > plain.len() {
            return Err(acl::Error::InvalidArgument {
                what: "images in a batch".into(),
                got: images.to_string(),
                want: format!("at most {}", plain.len() / IMAGE),
            });
        }
        plain[images * IMAGE..].fill(0.0);
        flip[images * IMAGE..].fill(0.0);
        Ok((plain, flip))
    }
}

impl Slot {
    /// Decodes, resizes and normalises files straight into the pinned memory of both passes, on all
    /// cores.
    ///
    /// Returns what became of each file, in order. The row of a file that failed is zero.
    ///
    /// # Errors
    ///
    /// [`acl::Error`] if the model's batch cannot take so many, or if `preprocessor` is not made for
    /// [`IMAGE`] numbers.
    pub fn fill<P: AsRef<Path> + Sync>(
        &mut self,
        preprocessor: &BatchPreprocessor,
        files: &[P],
    ) -> Result<Vec<Result<(), ImageError>>, acl::Error> {
        self.ports.fill(&mut self.passes, preprocessor, files)
    }

    /// Makes ready for `images` images and returns where they go: the pictures, and their mirrors.
    ///
    /// Each is as long as the run's batch, [`IMAGE`] numbers per image; what lies behind the images
    /// is zero.
    ///
    /// # Errors
    ///
    /// [`acl::Error`] if the model's batch cannot take so many.
    pub fn stage(&mut self, images: usize) -> Result<(&mut [f32], &mut [f32]), acl::Error> {
        self.ports.stage(&mut self.passes, images)
    }
}

/// What was found, and what was wanted.
type Misfit = (String, &'static str);

/// Returns the index of the image input, and the largest batch.
fn check_input(model: &Model) -> Result<(usize, usize), Misfit> {
    let desc = model.desc();
    let inputs: Vec<(usize, &TensorDesc)> = desc.data_inputs().collect();
    let [(index, input)] = inputs[..] else {
        let names: Vec<_> = inputs
            .iter()
            .map(|(_, input)| input.real_name.as_str())
            .collect();
        return Err((
            format!("it has {} inputs ({})", names.len(), names.join(", ")),
            "one",
        ));
    };
    let (name, dims) = (&input.real_name, &input.dims);
    if dims.len() != 4 || dims[1..] != [3, HEIGHT as i64, WIDTH as i64] {
        return Err((
            format!("its input {name} has shape {dims:?}"),
            "[N, 3, 384, 128]",
        ));
    }
    if input.dtype != DataType::F32 {
        return Err((format!("its input {name} takes {}", input.dtype), "f32"));
    }
    let batch = match &desc.gears {
        Gears::Batch(sizes) => sizes
            .iter()
            .copied()
            .max()
            .and_then(|n| usize::try_from(n).ok()),
        _ => usize::try_from(dims[0]).ok(),
    };
    match batch {
        Some(batch) if batch > 0 => Ok((index, batch)),
        _ => Err((
            format!("its input {name} has the open shape {dims:?}"),
            "a fixed batch, or gears made by --dynamic_batch_size",
        )),
    }
}

/// Returns the index of the output with the features, and their length.
fn check_output(model: &Model, batch: usize) -> Result<(usize, usize), Misfit> {
    let desc = model.desc();
    // The exporter names the features; atc may have renamed them, and they are the first output.
    let index = desc.output("features").unwrap_or(0);
    let wanted = "features of shape [N, D]";
    let Some(output) = desc.outputs.get(index) else {
        return Err(("it has no output".to_owned(), wanted));
    };
    let (name, dims) = (&output.real_name, &output.dims);
    let misfit = || (format!("its output {name} has shape {dims:?}"), wanted);
    let sizes: Vec<usize> = dims
        .iter()
        .map(|dim| usize::try_from(*dim))
        .collect::<Result<_, _>>()
        .map_err(|_| misfit())?;
    // Some exports keep the last two axes of the pooled features.
    let dim = match sizes[..] {
        [n, dim] | [n, dim, 1, 1] if n == batch && dim > 0 => dim,
        _ => return Err(misfit()),
    };
    if ![DataType::F32, DataType::F16].contains(&output.dtype) {
        return Err((
            format!("its output {name} gives {}", output.dtype),
            "f32 or f16",
        ));
    }
    Ok((index, dim))
}
