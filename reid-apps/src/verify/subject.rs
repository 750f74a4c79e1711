//! A model that is asked.

use std::path::{Path, PathBuf};

use acl::{Bindings, Context, DataType, Gears, Model, Role};
use half::f16;
use thiserror::Error;

use super::images::Rows;
use crate::imaging::ImageError;

/// Says why a model cannot be verified.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A file cannot be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The library does not take the model, or a run failed.
    #[error("{}: {source}", .path.display())]
    Device {
        /// The model.
        path: PathBuf,
        /// The reason.
        source: acl::Error,
    },
    /// An ONNX file cannot be made to run.
    #[error("{}: {detail}", .path.display())]
    Onnx {
        /// The file.
        path: PathBuf,
        /// The reason.
        detail: String,
    },
    /// An image cannot be prepared.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// An input takes no images.
    #[error(
        "input {input}: found dims {dims:?} behind the batch, wanted 3 or 1 planes of an image for --images; leave \
         --images out, and numbers are drawn"
    )]
    NoImage {
        /// Its name.
        input: String,
        /// Its dims behind the batch.
        dims: Vec<usize>,
    },
    /// A model of a form that is not verified.
    #[error("{}: found {found}, wanted {wanted}", .path.display())]
    Form {
        /// The model.
        path: PathBuf,
        /// What it has.
        found: String,
        /// What is verified.
        wanted: &'static str,
    },
}

/// An input or output: what one row of it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Dims behind the batch.
    pub row: Vec<usize>,
    /// Half precision instead of single.
    half: bool,
    index: usize,
}

impl Port {
    /// Counts the numbers of a row.
    #[must_use]
    pub fn numbers(&self) -> usize {
        self.row.iter().product()
    }
}

/// A loaded model.
#[derive(Debug)]
pub struct Subject {
    model: Model,
    path: PathBuf,
    batch: usize,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

impl Subject {
    /// Loads an `.om` from its file, so that what lies beside it is found.
    ///
    /// # Errors
    /// [`VerifyError`]
    pub fn open(context: &Context, path: &Path) -> Result<Self, VerifyError> {
        let model = Model::from_file(context, path).map_err(|source| device(path, source))?;
        Self::of(model, path)
    }

    /// Loads the bytes of an `.om`; `path` is what it is called.
    ///
    /// # Errors
    /// [`VerifyError`]
    pub fn of_bytes(context: &Context, om: &[u8], path: &Path) -> Result<Self, VerifyError> {
        let model = Model::from_memory(context, om).map_err(|source| device(path, source))?;
        Self::of(model, path)
    }

    fn of(model: Model, path: &Path) -> Result<Self, VerifyError> {
        let form = |found: String, wanted| VerifyError::Form {
            path: path.to_owned(),
            found,
            wanted,
        };
        let desc = model.desc();
        let batch = match &desc.gears {
            Gears::Static => None,
            Gears::Batch(sizes) => sizes.iter().max().copied(),
            other => {
                return Err(form(
                    format!("{other:?}"),
                    "fixed shapes or batch sizes; convert it with one of those",
                ));
            }
        };
        let data = desc
            .inputs
            .iter()
            .enumerate()
            .filter(|(_, input)| input.role == Role::Data);
        let mut first = batch.and_then(|b| usize::try_from(b).ok());
        let mut port = |index: usize, tensor: &acl::TensorDesc| {
            let half = match tensor.dtype {
                DataType::F32 => false,
                DataType::F16 => true,
                other => {
                    let found = format!("{} of type {other:?}", tensor.name);
                    return Err(form(found, "float32 or float16"));
                }
            };
            let dims: Option<Vec<usize>> = tensor
                .dims
                .iter()
                .skip(1)
                .map(|&d| usize::try_from(d).ok())
                .collect();
            let own = tensor.dims.first().and_then(|&d| usize::try_from(d).ok());
            let rows = *first.get_or_insert(own.unwrap_or(1));
            match dims {
                Some(row) if own.is_none_or(|own| own == rows) && !tensor.dims.is_empty() => {
                    Ok(Port {
                        name: tensor.name.clone(),
                        row,
                        half,
                        index,
                    })
                }
                _ => Err(form(
                    format!(
                        "{} of dims {:?} beside a batch of {rows}",
                        tensor.name, tensor.dims
                    ),
                    "the same batch in front of all inputs and outputs",
                )),
            }
        };
        let inputs: Vec<Port> = data.map(|(i, t)| port(i, t)).collect::<Result<_, _>>()?;
        let all = desc.outputs.iter().enumerate();
        let outputs: Vec<Port> = all.map(|(i, t)| port(i, t)).collect::<Result<_, _>>()?;
        Ok(Self {
            batch: first.unwrap_or(1).max(1),
            model,
            path: path.to_owned(),
            inputs,
            outputs,
        })
    }

    /// Gets the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gets the batch that it runs with: of several the largest.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Lists the inputs.
    #[must_use]
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// Lists the outputs.
    #[must_use]
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Runs rows through the model, batch by batch; the last batch is filled up with its last row. Returns the rows
    /// of each output.
    ///
    /// # Errors
    /// [`VerifyError::Device`], or [`VerifyError::Form`] when the rows are not of this model's sizes.
    pub fn run(&self, rows: &Rows) -> Result<Vec<Vec<f32>>, VerifyError> {
        let fits =
            |(port, rows_of): (&Port, &Vec<f32>)| rows_of.len() == rows.count * port.numbers();
        if rows.inputs.len() != self.inputs.len() || !self.inputs.iter().zip(&rows.inputs).all(fits)
        {
            return Err(VerifyError::Form {
                path: self.path.clone(),
                found: format!(
                    "inputs {:?}",
                    self.inputs.iter().map(|p| &p.row).collect::<Vec<_>>()
                ),
                wanted: "the inputs of the first model",
            });
        }
        self.run_checked(rows)
            .map_err(|source| device(&self.path, source))
    }

    fn run_checked(&self, rows: &Rows) -> acl::Result<Vec<Vec<f32>>> {
        let mut bindings = self.model.bindings()?;
        if matches!(self.model.desc().gears, Gears::Batch(_)) {
            bindings.set_batch(self.batch as u64)?;
        }
        let mut made: Vec<Vec<f32>> = vec![Vec::new(); self.outputs.len()];
        for begin in (0..rows.count).step_by(self.batch) {
            let taken = self.batch.min(rows.count - begin);
            for (port, all) in self.inputs.iter().zip(&rows.inputs) {
                let size = port.numbers();
                let last = (begin + taken - 1) * size..(begin + taken) * size;
                let mut batch = all[begin * size..(begin + taken) * size].to_vec();
                for _ in taken..self.batch {
                    batch.extend_from_slice(&all[last.clone()]);
                }
                write(&mut bindings, port, &batch)?;
            }
            self.model.execute(&mut bindings)?;
            for (port, made) in self.outputs.iter().zip(&mut made) {
                let size = self.batch * port.numbers();
                let numbers = read(&bindings, port, size)?;
                made.extend_from_slice(&numbers[..taken * port.numbers()]);
            }
        }
        Ok(made)
    }
}

fn device(path: &Path, source: acl::Error) -> VerifyError {
    VerifyError::Device {
        path: path.to_owned(),
        source,
    }
}

fn write(bindings: &mut Bindings, port: &Port, batch: &[f32]) -> acl::Result<()> {
    if port.half {
        let half: Vec<f16> = batch.iter().map(|&v| f16::from_f32(v)).collect();
        return bindings.write_slice(port.index, &half);
    }
    bindings.write_slice(port.index, batch)
}

fn read(bindings: &Bindings, port: &Port, count: usize) -> acl::Result<Vec<f32>> {
    if port.half {
        let mut half = vec![f16::ZERO; count];
        bindings.read_slice(port.index, &mut half)?;
        return Ok(half.iter().map(|v| v.to_f32()).collect());
    }
    let mut numbers = vec![0.0; count];
    bindings.read_slice(port.index, &mut numbers)?;
    Ok(numbers)
}
