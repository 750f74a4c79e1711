//! Loaded models and their runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use acl_sys::{
    ACL_ERROR_GE_DYNAMIC_BATCH_SIZE_INVALID, ACL_ERROR_GE_DYNAMIC_INPUT_ADDR_INVALID,
    ACL_ERROR_GE_DYNAMIC_INPUT_LENGTH_INVALID, ACL_ERROR_GE_EXEC_MODEL_ID_INVALID,
    ACL_ERROR_GE_EXEC_NOT_INIT, ACL_ERROR_GE_PARAM_INVALID, ACL_ERROR_GE_SHAPE_INVALID,
    ACL_ERROR_INVALID_PARAM, aclDataType, aclFormat,
};

use super::calls::{self, Site};
use super::failure::{Result, fail};
use super::handle::Handle;
use super::memory::{self, Range};
use super::objects::{self, DataBuffer, Shared, TensorDesc, dtype_size};
use super::{faults, op_task, process, strict, surplus, timing};
use crate::exec::{Gears, ModelImage, ModelInfo, TensorInfo, aipp_plan};

/// A loaded model.
pub(crate) struct Loaded {
    pub(crate) id: u32,
    pub(crate) image: ModelImage,
    context: Handle,
    chip: usize,
    held: usize,
    /// Memory that the program brought; descriptions keep a model beyond its unloading, not this.
    brought: Mutex<Vec<Range>>,
    /// The call that loaded it.
    made: Option<Site>,
    /// The gear that was set last, for `aclmdlGetCurOutputDims`.
    gear: Mutex<Option<usize>>,
}

static MODELS: RwLock<BTreeMap<u32, Arc<Loaded>>> = RwLock::new(BTreeMap::new());
static NEXT: AtomicU32 = AtomicU32::new(1);

/// Fails unless the process is initialised, with the code that functions of models have for that.
pub(crate) fn require_init() -> Result<()> {
    process::require_init().map_err(|failure| fail!(ACL_ERROR_GE_EXEC_NOT_INIT, "{}", failure.text))
}

/// Loads a model into the current context. Memory that the program brought is not counted again,
/// and counts as used until the model is unloaded.
pub(crate) fn load(image: ModelImage, work: Option<Range>, weight: Option<Range>) -> Result<u32> {
    require_init()?;
    let context = process::current()?;
    let info = image.info();
    let own = |brought: &Option<Range>, size| if brought.is_some() { 0 } else { size };
    let held = own(&work, info.work_size).saturating_add(own(&weight, info.weight_size));
    memory::hold(context.chip, held)?;
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let loaded = Loaded {
        id,
        image,
        context: context.handle,
        chip: context.chip,
        held,
        brought: Mutex::new(work.into_iter().chain(weight).collect()),
        made: calls::site(),
        gear: Mutex::new(None),
    };
    MODELS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id, Arc::new(loaded));
    Ok(id)
}

/// Returns a loaded model.
pub(crate) fn get(id: u32) -> Result<Arc<Loaded>> {
    require_init()?;
    let models = MODELS.read().unwrap_or_else(PoisonError::into_inner);
    models.get(&id).map(Arc::clone).ok_or_else(|| {
        fail!(
            ACL_ERROR_GE_EXEC_MODEL_ID_INVALID,
            "no model {id} is loaded (unloaded, or never was)"
        )
    })
}

/// Tells whether a model is loaded still.
pub(crate) fn is_loaded(model: &Loaded) -> bool {
    let models = MODELS.read().unwrap_or_else(PoisonError::into_inner);
    models.contains_key(&model.id)
}

/// Unloads a model.
pub(crate) fn unload(id: u32) -> Result<()> {
    let model = get(id)?;
    model.check_context("unloaded");
    let removed = MODELS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&id);
    if removed.is_none() {
        return Err(fail!(
            ACL_ERROR_GE_EXEC_MODEL_ID_INVALID,
            "model {id} was unloaded by another thread meanwhile"
        ));
    }
    drop(removed);
    model.let_go();
    memory::release(model.chip, model.held);
    if Arc::strong_count(&model) > 1 && model.is_running() {
        strict::find(
            strict::Finding::FreedInUse,
            format!("model {id} was unloaded while queued runs use it"),
        );
    }
    Ok(())
}

/// Returns the calls that loaded the models that are loaded.
pub(crate) fn live() -> Vec<Option<Site>> {
    let models = MODELS.read().unwrap_or_else(PoisonError::into_inner);
    models.values().map(|model| model.made).collect()
}

/// Unloads all.
pub(crate) fn clear() {
    let all = std::mem::take(&mut *MODELS.write().unwrap_or_else(PoisonError::into_inner));
    all.values().for_each(|model| model.let_go());
}

static RUNNING: Mutex<BTreeMap<u32, usize>> = Mutex::new(BTreeMap::new());

impl Loaded {
    pub(crate) fn info(&self) -> &ModelInfo {
        self.image.info()
    }

    /// Uses the memory no more that the program brought.
    fn let_go(&self) {
        self.brought
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn check_context(&self, what: &str) {
        let current = process::current().map_or(0, |context| context.handle.0);
        if current != self.context.0 {
            strict::find(
                strict::Finding::WrongContext,
                format!(
                    "model {} was loaded under context {:#x} and is {what} under {current:#x}",
                    self.id, self.context.0
                ),
            );
        }
    }

    fn is_running(&self) -> bool {
        RUNNING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(&self.id)
    }

    /// The hidden input that carries the gear, if the model has gears.
    fn gear_input(&self) -> Option<usize> {
        let info = self.info();
        (!info.gears.is_empty()).then(|| info.inputs.len() - 1)
    }

    /// Writes a gear into the dataset's hidden input, as the setters of the API do.
    pub(crate) fn set_gear(&self, dataset: Handle, index: usize, values: &[u64]) -> Result<()> {
        let info = self.info();
        let Some(hidden) = self.gear_input() else {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the model has fixed shapes; convert it with --dynamic_batch_size, \
                 --dynamic_image_size or --dynamic_dims"
            ));
        };
        if index != hidden {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "input {index} is no gear input; aclmdlGetInputIndexByName(\
                 \"ascend_mbatch_shape_data\") gives {hidden}"
            ));
        }
        let gears = &info.gears;
        let buffer = nth_buffer(dataset, index)?;
        if buffer.address == 0 {
            return Err(fail!(
                ACL_ERROR_GE_DYNAMIC_INPUT_ADDR_INVALID,
                "the gear input {index} has no device memory"
            ));
        }
        let bytes = encode(values, &info.inputs[hidden]);
        if buffer.size < bytes.len() {
            return Err(fail!(
                ACL_ERROR_GE_DYNAMIC_INPUT_LENGTH_INVALID,
                "the gear input {index} has {} bytes, wanted {}",
                buffer.size,
                bytes.len()
            ));
        }
        let Some(gear) = (0..gears.len()).find(|i| gears.values(*i).as_deref() == Some(values))
        else {
            return Err(fail!(
                ACL_ERROR_GE_DYNAMIC_BATCH_SIZE_INVALID,
                "{values:?} is none of the model's gears: {}",
                list(gears)
            ));
        };
        memory::resolve(buffer.address, bytes.len())?.write(|to| to.copy_from_slice(&bytes));
        *self.gear.lock().unwrap_or_else(PoisonError::into_inner) = Some(gear);
        Ok(())
    }

    /// The dims of an output for the gear that was set last; none while the program sets the shapes.
    pub(crate) fn current_output_dims(&self, index: usize) -> Option<Vec<i64>> {
        let gear = *self.gear.lock().unwrap_or_else(PoisonError::into_inner);
        let info = self.info();
        match (gear, info.gears.is_empty()) {
            (None, false) => info.outputs.get(index).map(|output| output.dims.clone()),
            (gear, _) => {
                let dims = self.image.output_dims(index, gear);
                dims.filter(|dims| !dims.contains(&-1))
            }
        }
    }
}

/// Lists gears for a message.
fn list(gears: &Gears) -> String {
    let all: Vec<_> = (0..gears.len()).filter_map(|i| gears.values(i)).collect();
    format!("{all:?}")
}

fn encode(values: &[u64], input: &TensorInfo) -> Vec<u8> {
    let wide = dtype_size(aclDataType(input.dtype)) == 8;
    values
        .iter()
        .flat_map(|value| {
            let bytes = value.to_le_bytes();
            if wide {
                bytes.to_vec()
            } else {
                bytes[..4].to_vec()
            }
        })
        .collect()
}

/// Returns a buffer of a dataset.
pub(crate) fn nth_buffer(dataset: Handle, index: usize) -> Result<DataBuffer> {
    let dataset = objects::dataset(dataset)?;
    let handle = dataset.lock().buffers.get(index).copied();
    let handle = handle.ok_or_else(|| {
        fail!(
            ACL_ERROR_INVALID_PARAM,
            "the dataset has no buffer {index}; add it first"
        )
    })?;
    let buffer = *objects::buffer(handle)?.lock();
    Ok(buffer)
}

/// Fills the open dims of all data inputs with a gear's values.
pub(crate) fn gear_shapes(info: &ModelInfo, gear: usize) -> Vec<Vec<i64>> {
    let values = info.gears.values(gear).unwrap_or_default();
    let mut all = values.iter().cycle();
    data_inputs(info)
        .iter()
        .map(|input| {
            // A batch or an image size holds for each input; single dims are listed one by one.
            let mut own = values.iter();
            input
                .dims
                .iter()
                .map(|dim| {
                    if *dim >= 0 {
                        return *dim;
                    }
                    let value = match info.gears {
                        Gears::Dims(_) => all.next(),
                        Gears::Batch(_) => values.first(),
                        _ => own.next(),
                    };
                    value
                        .and_then(|value| i64::try_from(*value).ok())
                        .unwrap_or(-1)
                })
                .collect()
        })
        .collect()
}

/// The inputs that the program fills.
pub(crate) fn data_inputs(info: &ModelInfo) -> &[TensorInfo] {
    let hidden = usize::from(!info.gears.is_empty());
    let rest = &info.inputs[..info.inputs.len() - hidden];
    let parameters = |input: &&TensorInfo| input.name.starts_with(aipp_plan::INPUT);
    let hidden = rest.iter().rev().take_while(parameters).count();
    &rest[..rest.len() - hidden]
}

fn bytes(dims: &[i64], dtype: i32) -> usize {
    TensorDesc::new(aclDataType(dtype), aclFormat::ACL_FORMAT_ND, dims.to_vec()).size()
}

/// Where an output goes.
enum Output {
    /// Memory of the program, and its size.
    Given(Range, usize),
    /// The program gave none, so the run allocates it and puts it into this buffer.
    Wanted(Arc<Shared<DataBuffer>>),
}

/// A run that has been checked and can be carried out, now or on a stream.
pub(crate) struct Run {
    model: Arc<Loaded>,
    inputs: Vec<Range>,
    shapes: Vec<Vec<i64>>,
    outputs: Vec<Output>,
    results: Arc<Shared<objects::Dataset>>,
}

impl Run {
    /// Checks a run.
    pub(crate) fn prepare(id: u32, inputs: Handle, outputs: Handle, waits: bool) -> Result<Self> {
        let model = get(id)?;
        process::current()?;
        model.check_context("run");
        let given = buffers(inputs, "input", model.info().inputs.len())?;
        let shapes = model.shapes(inputs, &given)?;
        let info = model.info();
        let mut ranges = Vec::new();
        let gear_input = model.gear_input().unwrap_or(info.inputs.len());
        for (index, buffer) in given.iter().enumerate().take(gear_input) {
            let input = &info.inputs[index];
            let shape = shapes.get(index);
            let need = shape.map_or(input.size, |shape| model.image.input_bytes(index, shape));
            let buffer = *buffer.lock();
            ranges.push(place("input", input, buffer, need)?);
            surplus::check(info, "input", input, buffer, need);
        }
        let gear = (0..info.gears.len()).find(|gear| gear_shapes(info, *gear) == shapes);
        let wanted = buffers(outputs, "output", info.outputs.len())?;
        let mut places = Vec::new();
        for (index, (output, buffer)) in info.outputs.iter().zip(wanted).enumerate() {
            let known = *buffer.lock();
            if known.address == 0 && waits {
                places.push(Output::Wanted(buffer));
                continue;
            }
            let dims = model.image.output_dims(index, gear);
            // What an open dim comes to is known after the run.
            let dims = dims.filter(|dims| !dims.contains(&-1));
            let need = dims.map_or(known.size, |dims| bytes(&dims, output.dtype));
            let mut range = place("output", output, known, need)?;
            surplus::check(info, "output", output, known, need);
            if !waits {
                range.will_be_written();
            }
            places.push(Output::Given(range, known.size));
        }
        let results = objects::dataset(outputs)?;
        *RUNNING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(id)
            .or_default() += 1;
        Ok(Self {
            model,
            inputs: ranges,
            shapes,
            outputs: places,
            results,
        })
    }

    /// Runs the model and writes its outputs.
    pub(crate) fn run(&self) -> Result<()> {
        self.attempt()
            .inspect_err(|_| op_task::fails(self.operator()))
    }

    /// The whole run as one operator, for who asks what failed.
    fn operator(&self) -> op_task::Operator {
        let info = self.model.info();
        let desc = |tensor: &TensorInfo, dims: &[i64], address| {
            let (dtype, format) = (aclDataType(tensor.dtype), aclFormat(tensor.format));
            let mut desc = TensorDesc::new(dtype, format, dims.to_vec());
            desc.address = address;
            desc
        };
        let inputs = data_inputs(info).iter().zip(&self.shapes).zip(&self.inputs);
        let outputs = info.outputs.iter().zip(&self.outputs);
        op_task::Operator {
            name: info.name.clone(),
            inputs: inputs
                .map(|((tensor, dims), range)| desc(tensor, dims, range.address()))
                .collect(),
            outputs: outputs
                .map(|(tensor, place)| match place {
                    Output::Given(range, _) => desc(tensor, &tensor.dims, range.address()),
                    Output::Wanted(_) => desc(tensor, &tensor.dims, 0),
                })
                .collect(),
        }
    }

    fn attempt(&self) -> Result<()> {
        faults::execution()?;
        let clock = timing::Clock::start();
        let tensors = memory::read_all(&self.inputs, |inputs| {
            self.model.image.run(inputs, &self.shapes)
        })
        .map_err(|error| fail!(error.code(), "{error}"))?;
        let mut descs = Vec::new();
        for (place, tensor) in self.outputs.iter().zip(&tensors) {
            match place {
                Output::Given(range, size) if tensor.bytes.len() <= *size => {
                    range.write(|to| to[..tensor.bytes.len()].copy_from_slice(&tensor.bytes));
                }
                Output::Given(_, size) => {
                    return Err(fail!(
                        ACL_ERROR_GE_PARAM_INVALID,
                        "an output of {} bytes was made, its buffer has {size}",
                        tensor.bytes.len()
                    ));
                }
                Output::Wanted(buffer) => {
                    let address = memory::alloc(self.model.chip, tensor.bytes.len().max(1))?;
                    memory::resolve(address, tensor.bytes.len())?
                        .write(|to| to.copy_from_slice(&tensor.bytes));
                    *buffer.lock() = DataBuffer {
                        address,
                        size: tensor.bytes.len(),
                    };
                }
            }
            descs.push(TensorDesc::new(
                aclDataType(tensor.dtype),
                aclFormat::ACL_FORMAT_ND,
                tensor.dims.clone(),
            ));
        }
        self.leave_shapes(descs);
        clock.model(&self.model.info().name, self.shapes.first());
        Ok(())
    }

    /// Leaves the shapes of the outputs in the dataset, for models whose shapes are open.
    fn leave_shapes(&self, descs: Vec<TensorDesc>) {
        let info = self.model.info();
        let open =
            info.gears.is_empty() && info.inputs.iter().any(|input| input.dims.contains(&-1));
        if !open {
            return;
        }
        let fresh = descs
            .into_iter()
            .map(|desc| Some(objects::add_internal_tensor(desc)))
            .collect();
        let old = std::mem::replace(&mut self.results.lock().descs, fresh);
        old.into_iter()
            .flatten()
            .for_each(|handle| drop(objects::remove_tensor(handle)));
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.model.id) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.model.id);
            }
        }
    }
}

/// Returns the buffers of a dataset, as many as the model wants.
fn buffers(dataset: Handle, side: &str, wanted: usize) -> Result<Vec<Arc<Shared<DataBuffer>>>> {
    let handles = objects::dataset(dataset)?.lock().buffers.clone();
    if handles.len() != wanted {
        return Err(fail!(
            ACL_ERROR_GE_PARAM_INVALID,
            "the {side} dataset has {} buffers, the model has {wanted} {side}s",
            handles.len()
        ));
    }
    handles.into_iter().map(objects::buffer).collect()
}

/// Resolves the memory of a tensor.
fn place(side: &str, tensor: &TensorInfo, buffer: DataBuffer, need: usize) -> Result<Range> {
    let name = &tensor.name;
    if buffer.address == 0 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the {side} {name} has no memory"
        ));
    }
    if buffer.size < need {
        return Err(fail!(
            ACL_ERROR_GE_PARAM_INVALID,
            "the buffer of {side} {name} has {} bytes, wanted {need}",
            buffer.size
        ));
    }
    if !memory::is_device(buffer.address) {
        return Err(fail!(
            ACL_ERROR_GE_PARAM_INVALID,
            "the {side} {name} is host memory; models read and write device memory: aclrtMalloc, \
             then aclrtMemcpy"
        ));
    }
    memory::resolve(buffer.address, need)
        .map_err(|failure| fail!(failure.code, "{side} {name}: {}", failure.text))
}

/// Tells whether a shape is one that an input may be given.
fn fits(dims: &[i64], input: &TensorInfo) -> bool {
    let dim = |(want, found): (&i64, &i64)| *found > 0 && (*want == -1 || want == found);
    let within =
        |([low, high], found): (&[i64; 2], &i64)| low <= found && (*high == -1 || found <= high);
    dims.len() == input.dims.len()
        && input.dims.iter().zip(dims).all(dim)
        && input.ranges.iter().zip(dims).all(within)
}

/// Says which shapes an input may be given.
fn wanted(input: &TensorInfo) -> String {
    let bounded = input.dims.iter().zip(&input.ranges);
    let ranges: Vec<_> = bounded
        .filter(|(dim, range)| **dim == -1 && **range != [1, -1])
        .map(|(_, [low, high])| format!("{low}~{high}"))
        .collect();
    if ranges.is_empty() {
        return format!("{:?}", input.dims);
    }
    format!("{:?} ({})", input.dims, ranges.join(", "))
}

impl Loaded {
    /// Returns the shapes of the data inputs for a run.
    fn shapes(&self, dataset: Handle, given: &[Arc<Shared<DataBuffer>>]) -> Result<Vec<Vec<i64>>> {
        let info = self.info();
        if let Some(hidden) = self.gear_input() {
            let buffer = *given[hidden].lock();
            let gear = self.gear_of(&info.inputs[hidden], buffer)?;
            return Ok(gear_shapes(info, gear));
        }
        let descs = objects::dataset(dataset)?.lock().descs.clone();
        data_inputs(info)
            .iter()
            .enumerate()
            .map(|(index, input)| {
                if !input.dims.contains(&-1) {
                    return Ok(input.dims.clone());
                }
                let Some(desc) = descs.get(index).copied().flatten() else {
                    return Err(fail!(
                        ACL_ERROR_GE_PARAM_INVALID,
                        "input {} has the open shape {:?}: aclmdlSetDatasetTensorDesc says which",
                        input.name,
                        input.dims
                    ));
                };
                let dims = objects::tensor(desc)?.lock().dims.clone();
                if !fits(&dims, input) {
                    return Err(fail!(
                        ACL_ERROR_GE_SHAPE_INVALID,
                        "input {} was given the shape {dims:?}, wanted {} with values for -1",
                        input.name,
                        wanted(input)
                    ));
                }
                Ok(dims)
            })
            .collect()
    }

    /// Reads which gear the program has set.
    fn gear_of(&self, input: &TensorInfo, buffer: DataBuffer) -> Result<usize> {
        let gears = &self.info().gears;
        let length = encode(&gears.values(0).unwrap_or_default(), input).len();
        if buffer.address == 0 {
            return Err(fail!(
                ACL_ERROR_GE_DYNAMIC_INPUT_ADDR_INVALID,
                "the gear input {} has no device memory",
                input.name
            ));
        }
        if buffer.size < length {
            return Err(fail!(
                ACL_ERROR_GE_DYNAMIC_INPUT_LENGTH_INVALID,
                "the gear input {} has {} bytes, wanted {length}",
                input.name,
                buffer.size
            ));
        }
        let set = memory::resolve(buffer.address, length)?.read(<[u8]>::to_vec);
        (0..gears.len())
            .find(|gear| encode(&gears.values(*gear).unwrap_or_default(), input) == set)
            .ok_or_else(|| {
                fail!(
                    ACL_ERROR_GE_DYNAMIC_BATCH_SIZE_INVALID,
                    "no gear was set for this run; the model has {}",
                    list(gears)
                )
            })
    }
}
