//! A loaded DG-Net generator, and the memory that its batches go through.

use std::path::{Path, PathBuf};

use acl::{Bindings, Context, DataType, Gears, Model, TensorDesc};
use half::f16;
use sha2::{Digest, Sha256};

use crate::files::hex;
use crate::graph::dgnet::Config;

/// Tells why a model cannot serve as a generator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeneratorError {
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
    /// The model is no generator.
    #[error(
        "{} is no DG-Net: {found}, wanted {wanted}; convert DG-Net with \
         --input_shape=\"image1:N,1,256,128;image2:N,3,256,128\"", .path.display()
    )]
    NotDgnet {
        /// The file.
        path: PathBuf,
        /// What the model has.
        found: String,
        /// What a DG-Net has.
        wanted: String,
    },
    /// There is nothing to run on, or there are two models.
    #[error("{0}")]
    Generators(String),
    /// A run failed.
    #[error("the model failed: {0}")]
    Run(#[from] acl::Error),
}

/// A loaded generator.
///
/// Inputs: `image1` (structure), float32, N×1×H×W, and `image2` (content), float32, N×3×H×W, both
/// normalised. Output: `output`, else the first, float32 or float16, N×3×H×W, normalised. Inputs
/// are bound by name; where the converter dropped the names, by their channels.
///
/// **Threads**: `Send`, not `Sync`, as the model is.
#[derive(Debug)]
pub struct Generator {
    model: Model,
    shape: Shape,
    sha256: String,
    file: String,
}

fn read(path: &Path) -> Result<Vec<u8>, GeneratorError> {
    std::fs::read(path).map_err(|source| GeneratorError::Read {
        path: path.to_owned(),
        source,
    })
}

/// What a generator's tensors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    structure: usize,
    content: usize,
    output: usize,
    half: bool,
    /// The largest number of pairs in a run.
    pub batch: usize,
    /// Height of the images.
    pub height: usize,
    /// Width of the images.
    pub width: usize,
}

impl Shape {
    /// Counts the numbers of a plane: one channel of one image.
    #[must_use]
    pub fn plane(&self) -> usize {
        self.height * self.width
    }
}

impl Generator {
    /// Loads an `.om` and checks that it is a generator.
    ///
    /// # Errors
    /// [`GeneratorError`], which names the file, what it is, and what was wanted; inputs in the
    /// wrong order are named as such.
    pub fn open(context: &Context, path: &Path) -> Result<Self, GeneratorError> {
        Self::load(context, path, &read(path)?)
    }

    /// Loads an `.om` into several contexts, one after the other; the file is read once.
    ///
    /// # Errors
    /// As [`Generator::open`].
    pub fn open_all(contexts: &[Context], path: &Path) -> Result<Vec<Self>, GeneratorError> {
        let bytes = read(path)?;
        let load = |context| Self::load(context, path, &bytes);
        contexts.iter().map(load).collect()
    }

    /// Loads the bytes of an `.om`, which errors call `path`.
    ///
    /// # Errors
    /// As [`Generator::open`].
    pub fn load(context: &Context, path: &Path, bytes: &[u8]) -> Result<Self, GeneratorError> {
        let model = Model::from_memory(context, bytes).map_err(|source| GeneratorError::Load {
            path: path.to_owned(),
            source,
        })?;
        let sha256 = hex(&Sha256::digest(bytes));
        let shape =
            shape_of(&model).map_err(|Misfit { found, wanted }| GeneratorError::NotDgnet {
                path: path.to_owned(),
                found,
                wanted,
            })?;
        let file = path.file_name().unwrap_or(path.as_os_str());
        Ok(Self {
            model,
            shape,
            sha256,
            file: file.to_string_lossy().into_owned(),
        })
    }

    /// Returns batch and size of the images.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Returns the SHA-256 of the model file, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Returns the model file's name.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Gives the model up for a pipeline.
    pub(super) fn into_model(self) -> Model {
        self.model
    }
}

/// How the memory of a batch is filled and read.
impl Shape {
    /// Chooses the smallest batch that takes `pairs`, where the model has several.
    pub(super) fn choose_batch(bindings: &mut Bindings, pairs: usize) -> Result<(), acl::Error> {
        let fits = match &bindings.desc().gears {
            Gears::Batch(sizes) => sizes.iter().copied().filter(|n| *n >= pairs as u64).min(),
            _ => None,
        };
        fits.map_or(Ok(()), |size| bindings.set_batch(size))
    }

    /// Returns where the structure images go, one plane each.
    pub(super) fn structure(self, bindings: &mut Bindings) -> Result<&mut [f32], acl::Error> {
        bindings.stage(self.structure)
    }

    /// Returns where the content images go, three planes each.
    pub(super) fn content(self, bindings: &mut Bindings) -> Result<&mut [f32], acl::Error> {
        bindings.stage(self.content)
    }

    /// Returns the pictures of the batch.
    pub(super) fn pictures(self, bindings: &Bindings) -> Result<Pictures<'_>, acl::Error> {
        Ok(Pictures {
            length: 3 * self.plane(),
            numbers: match self.half {
                true => Numbers::Half(bindings.staged(self.output)?),
                false => Numbers::Single(bindings.staged(self.output)?),
            },
        })
    }
}

/// The pictures of a batch: normalised numbers, three planes each.
#[derive(Debug, Clone, Copy)]
pub struct Pictures<'a> {
    numbers: Numbers<'a>,
    length: usize,
}

#[derive(Debug, Clone, Copy)]
enum Numbers<'a> {
    Single(&'a [f32]),
    Half(&'a [f16]),
}

impl Pictures<'_> {
    /// Copies the picture of one pair to `into`; half precision is widened.
    ///
    /// # Panics
    /// When the batch has no such row.
    pub fn copy(&self, row: usize, into: &mut Vec<f32>) {
        let range = row * self.length..(row + 1) * self.length;
        into.clear();
        match self.numbers {
            Numbers::Single(all) => into.extend_from_slice(&all[range]),
            Numbers::Half(all) => into.extend(all[range].iter().map(|half| half.to_f32())),
        }
    }
}

/// What was found, and what was wanted.
struct Misfit {
    found: String,
    wanted: String,
}

fn misfit(found: String, wanted: impl Into<String>) -> Misfit {
    let wanted = wanted.into();
    Misfit { found, wanted }
}

fn shape_of(model: &Model) -> Result<Shape, Misfit> {
    let desc = model.desc();
    let inputs: Vec<(usize, &TensorDesc)> = desc.data_inputs().collect();
    let &[first, second] = &inputs[..] else {
        let names: Vec<_> = inputs
            .iter()
            .map(|(_, input)| input.real_name.as_str())
            .collect();
        return Err(misfit(
            format!("it has {} inputs ({})", names.len(), names.join(", ")),
            "two, image1 and image2",
        ));
    };
    let named = |name: &str| {
        inputs
            .iter()
            .copied()
            .find(|(_, input)| input.real_name == name)
    };
    let by_name = named(Config::STRUCTURE_IMAGE).zip(named(Config::CONTENT_IMAGE));
    let (structure, content) = by_name.unwrap_or_else(|| {
        // Without names the channels tell which is which.
        if channels(first.1) == Some(3) {
            (second, first)
        } else {
            (first, second)
        }
    });
    let dims = [(structure, 1), (content, 3)]
        .map(|((_, input), wanted)| (&input.real_name, &input.dims, channels(input), wanted));
    if let [(name1, _, Some(3), _), (name2, _, Some(1), _)] = dims {
        return Err(misfit(
            format!("its inputs are swapped: {name1} has 3 channels and {name2} has 1"),
            "the structure (1 channel) as image1 and the content (3 channels) as image2; export \
             the network again with the inputs in that order",
        ));
    }
    for (name, dims, found, wanted) in dims {
        if dims.len() != 4 || found != Some(wanted) || dims[2] <= 0 || dims[3] <= 0 {
            return Err(misfit(
                format!("its input {name} has shape {dims:?}"),
                format!("[N, {wanted}, 256, 128]"),
            ));
        }
    }
    let (structure, content) = ((structure.0, structure.1), (content.0, content.1));
    if structure.1.dims[2..] != content.1.dims[2..] {
        return Err(misfit(
            format!(
                "its inputs have shapes {:?} and {:?}",
                structure.1.dims, content.1.dims
            ),
            "images of one size",
        ));
    }
    for (_, input) in [structure, content] {
        if input.dtype != DataType::F32 {
            let name = &input.real_name;
            return Err(misfit(
                format!("its input {name} takes {}", input.dtype),
                "f32",
            ));
        }
    }
    let batch = match &desc.gears {
        Gears::Batch(sizes) => sizes
            .iter()
            .copied()
            .max()
            .and_then(|n| usize::try_from(n).ok()),
        _ => usize::try_from(content.1.dims[0]).ok(),
    };
    let Some(batch) = batch.filter(|n| *n > 0) else {
        return Err(misfit(
            format!(
                "its input {} has the open shape {:?}",
                content.1.real_name, content.1.dims
            ),
            "a fixed batch, or gears made by --dynamic_batch_size",
        ));
    };
    let side = |axis: usize| usize::try_from(content.1.dims[axis]).unwrap_or(0);
    let (height, width) = (side(2), side(3));
    let (output, half) = output_of(model, [batch, 3, height, width])?;
    Ok(Shape {
        structure: structure.0,
        content: content.0,
        output,
        half,
        batch,
        height,
        width,
    })
}

/// The channels of an image input, if it has four dimensions.
fn channels(input: &TensorDesc) -> Option<i64> {
    <[i64; 4]>::try_from(input.dims.as_slice())
        .ok()
        .map(|dims| dims[1])
}

fn output_of(model: &Model, wanted: [usize; 4]) -> Result<(usize, bool), Misfit> {
    let desc = model.desc();
    // The converter may have renamed the outputs; the picture is the first.
    let index = desc.output(Config::OUTPUT).unwrap_or(0);
    let Some(output) = desc.outputs.get(index) else {
        return Err(misfit(
            "it has no output".to_owned(),
            format!("pictures of shape {wanted:?}"),
        ));
    };
    let (name, dims) = (&output.real_name, &output.dims);
    if !dims
        .iter()
        .map(|n| usize::try_from(*n).ok())
        .eq(wanted.map(Some))
    {
        return Err(misfit(
            format!("its output {name} has shape {dims:?}"),
            format!("pictures of shape {wanted:?}"),
        ));
    }
    match output.dtype {
        DataType::F32 => Ok((index, false)),
        DataType::F16 => Ok((index, true)),
        other => Err(misfit(
            format!("its output {name} gives {other}"),
            "f32 or f16",
        )),
    }
}
