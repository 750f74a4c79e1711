//! Files through a model: what is done with each batch on the host.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use acl::{Bindings, DataType, Gear, TensorDesc};

use super::error::InferError;
use super::inputs::InputFiles;
use super::npy::NpyHeader;
use super::open;
use super::outputs::Writer;
use super::shape::Shape;
use crate::runner::{Clock, Stage, Work};

/// A batch: consecutive samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileBatch {
    /// The samples, by their position in the lists.
    pub samples: Range<usize>,
    /// Whether its outputs are to be written: of several rounds the last one's are.
    pub write: bool,
}

/// Reads files into inputs and writes outputs.
#[derive(Clone, Debug)]
pub struct FileWork {
    /// The files; without any the staging memory is left as it is.
    pub files: Option<InputFiles>,
    /// How many samples make a batch.
    pub group: usize,
    /// The inputs that are filled, with their indices.
    pub inputs: Vec<(usize, TensorDesc)>,
    /// Where outputs go, if they go anywhere.
    pub writer: Option<Writer>,
    /// Whether each file's shape sets the gear.
    pub shape: Shape,
    /// Items of a batch that no files fill.
    pub pure_items: usize,
}

impl FileWork {
    /// Finds how many samples make a batch, by the first file's size.
    ///
    /// # Errors
    ///
    /// [`InferError::File`] with the arithmetic spelled out.
    pub fn find_group(files: &InputFiles, bindings: &mut Bindings) -> Result<usize, InferError> {
        let desc = bindings.desc().clone();
        let mut group = 0;
        for ((index, tensor), list) in desc.data_inputs().zip(&files.lists) {
            let Some(path) = list.first() else { continue };
            let size = payload(path)?.1;
            let whole = bindings.stage_bytes(index)?.len() as u64;
            let dims = bindings.input_dims(index)?;
            let parts = whole.checked_div(size).unwrap_or(0);
            // A part of a sample would fill a batch too, but be no batch of samples.
            let rows = dims.first().and_then(|dim| u64::try_from(*dim).ok());
            let divides = |parts: u64| rows.is_none_or(|rows| rows.is_multiple_of(parts));
            let fits = size > 0 && parts * size == whole && divides(parts.max(1));
            if !fits || (group > 0 && group != parts) {
                return Err(InferError::file(
                    path,
                    arithmetic(tensor, dims, whole, size, group),
                ));
            }
            group = parts;
        }
        Ok(usize::try_from(group).unwrap_or(usize::MAX).max(1))
    }

    /// Lists the batches of `rounds` rounds over the samples `range`.
    pub fn batches(
        &self,
        range: Range<usize>,
        rounds: usize,
    ) -> impl Iterator<Item = FileBatch> + Send + use<> {
        let (group, end) = (self.group, range.end);
        range.step_by(group.max(1)).flat_map(move |start| {
            (0..rounds).map(move |round| FileBatch {
                samples: start..(start + group).min(end),
                write: round + 1 == rounds,
            })
        })
    }

    /// Names the files of a batch, for messages.
    #[must_use]
    pub fn names(&self, batch: &FileBatch) -> Vec<String> {
        let Some(files) = &self.files else {
            return Vec::new();
        };
        batch
            .samples
            .clone()
            .flat_map(|sample| files.lists.iter().map(move |list| &list[sample]))
            .map(|path| path.display().to_string())
            .collect()
    }

    fn set_gear(&self, batch: &FileBatch, passes: &mut [Bindings]) -> Result<(), InferError> {
        let Some(files) = &self.files else {
            return Ok(());
        };
        let paths = || {
            files
                .lists
                .iter()
                .map(|list| list[batch.samples.start].as_path())
        };
        match self.shape {
            Shape::AutoDims => {
                let dims = open::shapes_of(paths())?.concat();
                for bindings in passes {
                    bindings.set_gear(Gear::Dims(&dims))?;
                }
            }
            Shape::AutoOpen => {
                let shapes = open::shapes_of(paths())?;
                for bindings in passes {
                    bindings.set_shapes(&shapes)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn read(&self, batch: &FileBatch, bindings: &mut Bindings) -> Result<(), InferError> {
        let Some(files) = &self.files else {
            return Ok(());
        };
        for ((index, tensor), list) in self.inputs.iter().zip(&files.lists) {
            let dims = bindings.input_dims(*index)?.to_vec();
            let into = bindings.stage_bytes(*index)?;
            let part = into.len() / self.group.max(1);
            for (row, path) in list[batch.samples.clone()].iter().enumerate() {
                let place = &mut into[row * part..(row + 1) * part];
                read_into(path, tensor, &dims, self.group, place)?;
            }
            // What is behind the last sample repeats the first; its outputs are not kept.
            let (first, rest) = into.split_at_mut(part);
            for row in batch.samples.len()..self.group {
                rest[(row - 1) * part..row * part].copy_from_slice(first);
            }
        }
        Ok(())
    }
}

impl Work for FileWork {
    type Batch = FileBatch;
    type Output = ();
    type Error = InferError;

    fn fill(
        &self,
        batch: &mut FileBatch,
        passes: &mut [Bindings],
        clock: &mut Clock,
    ) -> Result<(), InferError> {
        if self.files.is_none() {
            clock.items(self.pure_items);
            return Ok(());
        }
        clock.items(batch.samples.len());
        self.set_gear(batch, passes)?;
        clock.time(Stage::Read, || {
            passes
                .iter_mut()
                .try_for_each(|bindings| self.read(batch, bindings))
        })
    }

    fn take(
        &self,
        batch: &mut FileBatch,
        passes: &[Bindings],
        clock: &mut Clock,
    ) -> Result<(), InferError> {
        let Some(writer) = self.writer.as_ref().filter(|_| batch.write) else {
            return Ok(());
        };
        let bindings = &passes[0];
        for (index, tensor) in bindings.desc().outputs.iter().enumerate() {
            let (dims, bytes) = (bindings.output_dims(index)?, bindings.staged_bytes(index)?);
            for (row, sample) in batch.samples.clone().enumerate() {
                let place = (row, self.group);
                let (shape, cut) = clock.time(Stage::Postprocess, || {
                    writer.sample(tensor, dims, place, bytes)
                })?;
                let path = writer.path(&self.stem(writer, sample), index);
                clock.time(Stage::Write, || {
                    writer.write(&path, tensor.dtype, &shape, &cut)
                })?;
            }
        }
        Ok(())
    }
}

impl FileWork {
    /// Checks that no two samples write the same files.
    ///
    /// # Errors
    ///
    /// [`InferError::File`], which names both.
    pub fn check_names(&self) -> Result<(), InferError> {
        let (Some(files), Some(writer)) = (&self.files, &self.writer) else {
            return Ok(());
        };
        let mut seen = std::collections::HashMap::new();
        for path in &files.lists[0] {
            let stem = writer.stem(path);
            let output = writer.path(&stem, 0);
            if let Some(other) = seen.insert(stem, path) {
                return Err(InferError::file(
                    path,
                    format!(
                        "its outputs would have the names of those of {} ({}); rename one",
                        other.display(),
                        super::inputs::file_name(&output)
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Returns what the names of a sample's outputs begin with.
    #[must_use]
    pub fn stem(&self, writer: &Writer, sample: usize) -> String {
        match &self.files {
            Some(files) => writer.stem(&files.lists[0][sample]),
            None => "pure_infer_data".to_owned(),
        }
    }
}

/// Opens a file at its first element; returns it with the bytes of its elements.
fn payload(path: &Path) -> Result<(File, u64, Option<NpyHeader>), InferError> {
    let mut file = File::open(path).map_err(InferError::io(path))?;
    let metadata = file.metadata().map_err(InferError::io(path))?;
    let npy = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("npy"));
    if !npy {
        return Ok((file, metadata.len(), None));
    }
    let header = NpyHeader::read(path, &mut file)?;
    file.seek(SeekFrom::Start(header.offset))
        .map_err(InferError::io(path))?;
    let size = metadata.len().saturating_sub(header.offset);
    Ok((file, size, Some(header)))
}

fn read_into(
    path: &Path,
    tensor: &TensorDesc,
    dims: &[i64],
    group: usize,
    place: &mut [u8],
) -> Result<(), InferError> {
    let (mut file, size, header) = payload(path)?;
    if let Some(header) = header {
        header.require(path, tensor.dtype)?;
    }
    if size != place.len() as u64 {
        let whole = (place.len() * group) as u64;
        let problem = arithmetic(tensor, dims, whole, size, group as u64);
        return Err(InferError::file(path, problem));
    }
    file.read_exact(place).map_err(InferError::io(path))
}

/// Spells out why a file's size does not fit an input.
fn arithmetic(tensor: &TensorDesc, dims: &[i64], whole: u64, size: u64, group: u64) -> String {
    let element = tensor.dtype.size().unwrap_or(1);
    let product: Vec<_> = dims.iter().map(i64::to_string).collect();
    let need = format!(
        "the input {} takes {} x {element} bytes ({}) = {whole} bytes",
        tensor.real_name,
        product.join("x"),
        tensor.dtype
    );
    let found = format!("{size} bytes of data, {need}");
    if group > 1 {
        return format!(
            "{found} for the {group} samples of a batch, so {} bytes a file; make this file again \
             as the others were made",
            whole / group
        );
    }
    let why = if size == 0 {
        "; the file is empty".to_owned()
    } else if size > whole {
        let times = if size.is_multiple_of(whole) {
            format!(", {} times as many", size / whole)
        } else {
            String::new()
        };
        format!("{times}; a file holds one sample or one whole batch")
    } else {
        let samples = whole as f64 / size as f64;
        let batch = dims.first().copied().unwrap_or(1);
        format!("; {whole} / {size} = {samples:.3} files, which do not make a batch of {batch}")
    };
    let halves = if element == 4 && size * 2 == whole {
        ". Half as many bytes: is the file float16 where the model takes float32?"
    } else if tensor.dtype == DataType::F32 && size * 4 == whole {
        ". A quarter: is the file uint8 where the model takes float32?"
    } else {
        ""
    };
    format!("{found}{why}{halves}")
}
