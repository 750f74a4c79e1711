//! A model on its devices, ready for batches.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use acl::{Bindings, Context, Gear, Gears, Model, ModelDesc, Runtime, TensorDesc};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use super::error::InferError;
use super::inputs::InputFiles;
use super::open::{self, Rooms};
use super::shape::{Shape, in_order};
use super::summary::RunInfo;
use crate::files::HashingReader;
use crate::runner::{Lane, Options, Pipeline, Prepare};

/// What inputs hold when no files fill them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PureData {
    /// Zeros.
    #[default]
    Zero,
    /// Numbers from 0 to 1, or whole numbers from 0 to 100; the same in every run.
    Random,
}

/// What a job is made from.
pub struct JobOptions<'a> {
    /// The model.
    pub model: &'a Path,
    /// The devices.
    pub devices: &'a [i32],
    /// Slots and workers.
    pub pipeline: Options,
    /// Executions per batch.
    pub passes: usize,
    /// Whether device stages are timed.
    pub measure: bool,
    /// The sizes to run at.
    pub shape: Shape,
    /// The words of `--input`, for shapes that are taken from files.
    pub input: &'a [PathBuf],
    /// Bytes of each output of open shapes, as far as they are known.
    pub output_size: &'a [usize],
    /// What inputs hold at first.
    pub pure: PureData,
    /// The parameters of a dynamic AIPP.
    pub aipp: Option<acl::Aipp>,
}

/// A model that is loaded on its devices.
pub struct Job {
    /// The slots, and what runs them.
    pub pipeline: Pipeline,
    /// What the model says about itself.
    pub desc: ModelDesc,
    /// Samples in a batch, by the first input's shape or the gear.
    pub batch: usize,
    /// Bytes of each data input, for the gear that is set.
    pub input_bytes: Vec<usize>,
    /// Where it runs.
    pub info: RunInfo,
    /// The numbers of the devices.
    pub devices: Vec<i32>,
}

impl Job {
    /// Loads the model on all devices and makes the slots.
    ///
    /// # Errors
    ///
    /// [`InferError`]: the file or device and what is wrong with it.
    pub fn open(runtime: &Runtime, options: JobOptions<'_>) -> Result<Self, InferError> {
        let sha256 = hash(options.model)?;
        let mut lanes = Vec::with_capacity(options.devices.len());
        let mut soc = String::new();
        for id in options.devices {
            let device = runtime
                .device(*id)
                .map_err(|error| no_device(runtime, *id, &error))?;
            soc = device.soc_name()?;
            let context = Context::new(&device)?;
            let model = Model::from_file(&context, options.model)
                .map_err(|error| InferError::file(options.model, error.to_string()))?;
            lanes.push(Lane::new(model, options.passes, options.measure));
        }
        let Some(first) = lanes.first() else {
            return Err(InferError::Misfit("--device names no device".to_owned()));
        };
        let desc = first.with_model(|model| model.desc().clone());
        let dims = options.shape.check(&desc)?;
        let open = first.with_model(|model| rooms(model, &options))?;
        let dynamic = desc
            .inputs
            .iter()
            .any(|input| input.role == acl::Role::Aipp);
        match &options.aipp {
            None if dynamic => {
                return Err(InferError::Misfit(
                    "the model has a dynamic AIPP; give its parameters by --aipp_config".to_owned(),
                ));
            }
            Some(_) if !dynamic => {
                return Err(InferError::Misfit(
                    "--aipp_config is for models with a dynamic AIPP; this one has none".to_owned(),
                ));
            }
            _ => {}
        }
        let (shape, pure, aipp) = (options.shape, options.pure, options.aipp);
        let prepare: Prepare = Box::new(move |model| {
            let mut bindings = match &open {
                Some(rooms) => rooms.bindings(model)?,
                None => model.bindings()?.with_staging()?,
            };
            shape.apply(&mut bindings, dims.as_deref())?;
            if let Some(aipp) = &aipp {
                bindings.set_aipp(aipp)?;
            }
            if pure == PureData::Random {
                fill(&mut bindings)?;
            }
            Ok(bindings)
        });
        let mut probe = first.with_model(|model| prepare(model))?;
        let batch = batch(&probe);
        let indices: Vec<usize> = desc.data_inputs().map(|(index, _)| index).collect();
        let mut input_bytes = Vec::with_capacity(indices.len());
        for index in indices {
            input_bytes.push(probe.stage_bytes(index)?.len());
        }
        drop(probe);
        let pipeline = Pipeline::new(lanes, options.pipeline, prepare)
            .map_err(|error| InferError::Misfit(error.to_string()))?;
        Ok(Self {
            pipeline,
            batch,
            input_bytes,
            info: RunInfo::new(runtime, options.model, sha256, soc),
            devices: options.devices.to_vec(),
            desc,
        })
    }

    /// Returns the data inputs with their indices.
    #[must_use]
    pub fn inputs(&self) -> Vec<(usize, TensorDesc)> {
        self.desc
            .data_inputs()
            .map(|(index, tensor)| (index, tensor.clone()))
            .collect()
    }

    /// Makes bindings as the slots have them.
    ///
    /// # Errors
    ///
    /// [`InferError::Acl`] when the device is full.
    pub fn probe(&self) -> Result<Bindings, InferError> {
        Ok(self.pipeline.probe()?)
    }
}

/// Finds the memory of open shapes, where the options give some.
fn rooms(model: &Model, options: &JobOptions<'_>) -> Result<Option<Rooms>, InferError> {
    let desc = model.desc();
    let shapes = match &options.shape {
        Shape::Open(named) => vec![in_order(desc, "--dymShape", named)?],
        Shape::AutoOpen => {
            let names: Vec<String> = desc
                .data_inputs()
                .map(|(_, tensor)| tensor.real_name.clone())
                .collect();
            open::all_shapes(&InputFiles::read(options.input, &names)?)?
        }
        _ => {
            let open = desc.data_inputs().find(|(_, t)| t.dims.contains(&-1));
            if let (Some((_, tensor)), true) = (open, desc.gears.is_empty()) {
                return Err(InferError::Misfit(format!(
                    "the input {} has the open shape {:?}; say which by --dymShape, or take it \
                     from .npy files by --auto_set_dymshape_mode",
                    tensor.real_name, tensor.dims
                )));
            }
            return Ok(None);
        }
    };
    Rooms::find(model, &shapes, options.output_size).map(Some)
}

/// Says which devices there are.
pub(crate) fn no_device(runtime: &Runtime, id: i32, error: &acl::Error) -> InferError {
    let there = match runtime.device_count() {
        Ok(0) => "there is no device".to_owned(),
        Ok(1) => "there is one device, 0".to_owned(),
        Ok(count) => format!("there are devices 0 to {}", count - 1),
        Err(_) => "the devices cannot be counted".to_owned(),
    };
    InferError::Misfit(format!("--device {id}: {error}; {there}"))
}

fn hash(path: &Path) -> Result<String, InferError> {
    let file = File::open(path).map_err(InferError::io(path))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(InferError::file(path, "a folder, wanted an .om file"));
    }
    let mut reader = HashingReader::new(file);
    io::copy(&mut reader, &mut io::sink()).map_err(InferError::io(PathBuf::from(path)))?;
    Ok(reader.finish())
}

/// Returns the samples of a batch.
fn batch(bindings: &Bindings) -> usize {
    let first = match (bindings.gear(), &bindings.desc().gears) {
        (Gear::Batch(batch), Gears::Batch(_)) => i64::try_from(batch).ok(),
        _ => bindings
            .desc()
            .data_inputs()
            .next()
            .and_then(|(index, _)| bindings.input_dims(index).ok()?.first().copied()),
    };
    first
        .and_then(|batch| usize::try_from(batch).ok())
        .unwrap_or(1)
        .max(1)
}

/// Fills all data inputs with random numbers of their type.
fn fill(bindings: &mut Bindings) -> acl::Result<()> {
    use acl::DataType as T;
    let inputs: Vec<_> = bindings
        .desc()
        .data_inputs()
        .map(|(index, tensor)| (index, tensor.dtype))
        .collect();
    let mut random = Pcg64Mcg::seed_from_u64(1);
    for (index, dtype) in inputs {
        let bytes = bindings.stage_bytes(index)?;
        let size = dtype.size().unwrap_or(1);
        for element in bytes.chunks_exact_mut(size) {
            let whole: u8 = random.random_range(0..=100);
            match dtype {
                T::F32 => element.copy_from_slice(&random.random::<f32>().to_le_bytes()),
                T::F64 => element.copy_from_slice(&random.random::<f64>().to_le_bytes()),
                T::F16 => {
                    let value = half::f16::from_f32(random.random());
                    element.copy_from_slice(&value.to_le_bytes());
                }
                T::BF16 => {
                    let value = half::bf16::from_f32(random.random());
                    element.copy_from_slice(&value.to_le_bytes());
                }
                T::BOOL => element[0] = whole & 1,
                _ => element[0] = whole,
            }
        }
    }
    Ok(())
}
