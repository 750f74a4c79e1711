//! Models: loaded, described and run on host memory.

use std::ffi::{CString, c_char, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acl::{Bindings, Context, Gears, Model, TensorDesc};

use super::Status;
use super::constants::Side;
use super::error::{Failure, Result, fail, guard};
use super::handle::{get, insert, remove};
use super::opaque::{DeviceHandle, ModelHandle};
use super::pointer::{Out, slice, slice_mut, text};
use super::run::{Worker, worker};

/// The most dims that a tensor can have.
pub const MAX_DIMS: usize = 16;

/// A model, the memory of its runs, and what C asks about.
pub(super) struct ModelState {
    /// `None` once an embedder has the model.
    running: Mutex<Option<Running>>,
    names: [Vec<CString>; 2],
    /// The places of the data inputs among all inputs.
    inputs: Vec<usize>,
    /// Runs that were submitted and are not done.
    flights: AtomicUsize,
    worker: Mutex<Option<Worker>>,
}

struct Running {
    model: Model,
    bindings: Bindings,
}

/// What an input or output of a model is.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TensorInfo {
    /// The name; valid until the model is freed or given to an embedder.
    pub name: *const c_char,
    /// The element type, as aclDataType numbers it: 0 float32, 1 float16, 2 int8, 3 int32, 4 uint8,
    /// 6 int16, 7 uint16, 8 uint32, 9 int64, 10 uint64, 11 float64, 12 bool.
    pub dtype: i32,
    /// How many of dims count.
    pub rank: u32,
    /// The dims for the gear that is set, outermost first.
    pub dims: [i64; MAX_DIMS],
    /// Bytes for the gear that is set: what areid_model_run wants.
    pub bytes: usize,
    /// Bytes for the largest gear.
    pub max_bytes: usize,
}

/// An input of a run.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Input {
    /// The elements, in C order.
    pub data: *const c_void,
    /// How many bytes.
    pub bytes: usize,
}

/// An output of a run.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Output {
    /// Where the elements go, in C order.
    pub data: *mut c_void,
    /// How many bytes.
    pub bytes: usize,
}

impl Running {
    /// Checks everything that a run can be refused for before it begins, so that one output that is
    /// wrong leaves all of them alone.
    ///
    /// # Safety
    /// As [`ModelState::run`].
    unsafe fn check(&self, places: &[usize], inputs: &[Input], outputs: &[Output]) -> Result<()> {
        let desc = self.bindings.desc();
        for (what, got, want) in [
            ("inputs", inputs.len(), places.len()),
            ("outputs", outputs.len(), desc.outputs.len()),
        ] {
            if got != want {
                let text = format!("{what}: got {got}, the model has {want}");
                return fail(Status::InvalidArgument, text);
            }
        }
        for (input, &place) in inputs.iter().zip(places) {
            // SAFETY: handed on from the caller.
            let data = unsafe { slice("an input's data", input.data.cast::<u8>(), input.bytes) }?;
            let want = self.bindings.input_size(place)?;
            check_size("input", &desc.inputs[place], data.len(), want)?;
        }
        for (index, output) in outputs.iter().enumerate() {
            let data = output.data.cast::<u8>();
            // SAFETY: handed on from the caller.
            let data = unsafe { slice_mut("an output's data", data, output.bytes) }?;
            let want = self.bindings.output_size(index)?;
            check_size("output", &desc.outputs[index], data.len(), want)?;
        }
        Ok(())
    }

    /// # Safety
    /// As [`ModelState::run`].
    unsafe fn run(&mut self, places: &[usize], inputs: &[Input], outputs: &[Output]) -> Result<()> {
        // SAFETY: handed on from the caller.
        unsafe { self.check(places, inputs, outputs) }?;
        let Self { model, bindings } = self;
        for (input, &place) in inputs.iter().zip(places) {
            // SAFETY: handed on from the caller.
            let data = unsafe { slice("an input's data", input.data.cast::<u8>(), input.bytes) }?;
            bindings.write_bytes(place, data)?;
        }
        model.execute(bindings)?;
        for (index, output) in outputs.iter().enumerate() {
            let data = output.data.cast::<u8>();
            // SAFETY: handed on from the caller.
            let data = unsafe { slice_mut("an output's data", data, output.bytes) }?;
            bindings.read_bytes(index, data)?;
        }
        Ok(())
    }
}

fn check_size(side: &str, tensor: &TensorDesc, got: usize, want: usize) -> Result<()> {
    if got == want {
        return Ok(());
    }
    let name = &tensor.real_name;
    let text = format!("{side} {name}: got {got} bytes, want {want}");
    fail(Status::SizeMismatch, text)
}

fn given_away() -> Failure {
    Failure {
        status: Status::Busy,
        text: "the model was given to an embedder".to_owned(),
    }
}

impl ModelState {
    fn new(model: Model) -> Result<Self> {
        let bindings = model.bindings()?;
        let name = |tensor: &TensorDesc| CString::new(tensor.real_name.as_str());
        let inputs: Vec<_> = model.desc().data_inputs().map(|(index, _)| index).collect();
        let names = [
            model.desc().data_inputs().map(|(_, t)| name(t)).collect(),
            model.desc().outputs.iter().map(name).collect(),
        ];
        let [Ok(first), Ok(second)] = names else {
            return fail(Status::InvalidArgument, "a tensor's name has a zero byte");
        };
        Ok(Self {
            running: Mutex::new(Some(Running { model, bindings })),
            names: [first, second],
            inputs,
            flights: AtomicUsize::new(0),
            worker: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Running) -> Result<T>) -> Result<T> {
        self.lock().as_mut().map_or_else(|| Err(given_away()), work)
    }

    /// Sets a gear, unless runs that were submitted for another are under way.
    fn set_gear(&self, set: impl FnOnce(&mut Bindings) -> acl::Result<()>) -> Result<()> {
        self.with(|running| {
            self.require_idle()?;
            Ok(set(&mut running.bindings)?)
        })
    }

    pub(super) fn gears(&self) -> Result<Gears> {
        self.with(|running| Ok(running.model.desc().gears.clone()))
    }

    fn require_idle(&self) -> Result<()> {
        match self.flights.load(Ordering::Acquire) {
            0 => Ok(()),
            count => fail(
                Status::Busy,
                format!("runs that were submitted and are not done: {count}; wait for them first"),
            ),
        }
    }

    /// # Safety
    /// Each input is readable for its bytes, each output writable for its bytes, and the outputs
    /// overlap nothing else, until this returns.
    pub(super) unsafe fn run(&self, inputs: &[Input], outputs: &[Output]) -> Result<()> {
        // SAFETY: handed on from the caller.
        self.with(|running| unsafe { running.run(&self.inputs, inputs, outputs) })
    }

    /// Checks a run that is to be done later, and queues it by `send`.
    ///
    /// # Safety
    /// As [`ModelState::run`].
    pub(super) unsafe fn submit(
        &self,
        inputs: &[Input],
        outputs: &[Output],
        send: impl FnOnce(&Worker) -> Result<()>,
    ) -> Result<()> {
        self.with(|running| {
            // SAFETY: handed on from the caller.
            unsafe { running.check(&self.inputs, inputs, outputs) }?;
            let mut place = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
            let worker = match &mut *place {
                Some(worker) => worker,
                none => none.insert(worker()?),
            };
            self.flights.fetch_add(1, Ordering::AcqRel);
            send(worker).inspect_err(|_| self.landed())
        })
    }

    /// Notes that a run that was submitted is done.
    pub(super) fn landed(&self) {
        self.flights.fetch_sub(1, Ordering::AcqRel);
    }

    /// Gives the model to `to`, or keeps it if that refuses.
    pub(super) fn give<T>(
        &self,
        to: impl FnOnce(Model) -> std::result::Result<T, (Model, Failure)>,
    ) -> Result<T> {
        let mut place = self.lock();
        self.require_idle()?;
        let Running { model, bindings } = place.take().ok_or_else(given_away)?;
        match to(model) {
            Ok(made) => Ok(made),
            Err((model, failure)) => {
                *place = Some(Running { model, bindings });
                Err(failure)
            }
        }
    }
}

fn load(
    device: *const DeviceHandle,
    load: impl FnOnce(&Context) -> acl::Result<Model>,
) -> Result<*mut ModelHandle> {
    let context = get::<Context>(device)?;
    insert(Arc::new(ModelState::new(load(&context)?)?))
}

/// Loads any model from an .om file, with memory for one run of its largest gear.
///
/// Errors: AREID_ACL if the file is missing, damaged, or compiled for another chip or release;
/// AREID_INVALID_ARGUMENT if a shape of the model has no bounds; AREID_NOT_UTF8.
///
/// # Safety
/// path ends in a zero byte; model is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_load_file(
    device: *const DeviceHandle,
    path: *const c_char,
    model: *mut *mut ModelHandle,
) -> Status {
    guard("areid_model_load_file", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("model", model) }?;
        // SAFETY: handed on from the caller.
        let path = unsafe { text("path", path) }?;
        out.set(load(device, |context| Model::from_file(context, path))?);
        Ok(())
    })
}

/// Loads any model from the bytes of an .om, which are not needed afterwards. Else as
/// areid_model_load_file.
///
/// # Safety
/// om is readable for bytes; model is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_load_memory(
    device: *const DeviceHandle,
    om: *const c_void,
    bytes: usize,
    model: *mut *mut ModelHandle,
) -> Status {
    guard("areid_model_load_memory", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("model", model) }?;
        // SAFETY: handed on from the caller.
        let om = unsafe { slice("om", om.cast::<u8>(), bytes) }?;
        out.set(load(device, |context| Model::from_memory(context, om))?);
        Ok(())
    })
}

/// Counts the inputs that the caller fills, and the outputs.
///
/// # Safety
/// inputs and outputs are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_counts(
    model: *const ModelHandle,
    inputs: *mut usize,
    outputs: *mut usize,
) -> Status {
    guard("areid_model_counts", || {
        // SAFETY: handed on from the caller.
        let inputs = unsafe { Out::new("inputs", inputs) }?;
        // SAFETY: handed on from the caller.
        let outputs = unsafe { Out::new("outputs", outputs) }?;
        let state = get::<Arc<ModelState>>(model)?;
        inputs.set(state.names[0].len());
        outputs.set(state.names[1].len());
        Ok(())
    })
}

/// Describes an input or output, for the gear that is set.
///
/// side is one of areid_side; index counts from 0.
///
/// Errors: AREID_INVALID_ARGUMENT for another side or index; AREID_UNSUPPORTED for more than
/// AREID_MAX_DIMS dims; AREID_BUSY once the model was given to an embedder.
///
/// # Safety
/// info is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_describe(
    model: *const ModelHandle,
    side: i32,
    index: usize,
    info: *mut TensorInfo,
) -> Status {
    guard("areid_model_describe", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("info", info) }?;
        let state = get::<Arc<ModelState>>(model)?;
        let Some(names) = usize::try_from(side).ok().and_then(|s| state.names.get(s)) else {
            let text = format!("side is {side}, want 0 (inputs) or 1 (outputs)");
            return fail(Status::InvalidArgument, text);
        };
        let Some(name) = names.get(index) else {
            let text = format!("index is {index}, want one below {}", names.len());
            return fail(Status::InvalidArgument, text);
        };
        out.set(state.with(|running| {
            let bindings = &running.bindings;
            let desc = bindings.desc();
            let (tensor, shape, bytes) = if side == Side::Inputs as i32 {
                let place = state.inputs[index];
                let shape = bindings.input_dims(place)?;
                (&desc.inputs[place], shape, bindings.input_size(place)?)
            } else {
                let shape = bindings.output_dims(index)?;
                (&desc.outputs[index], shape, bindings.output_size(index)?)
            };
            let mut dims = [0; MAX_DIMS];
            let rank = shape.len();
            let (Some(places), Ok(count)) = (dims.get_mut(..rank), u32::try_from(rank)) else {
                let text = format!("the tensor has {rank} dims, want at most {MAX_DIMS}");
                return fail(Status::Unsupported, text);
            };
            places.copy_from_slice(shape);
            Ok(TensorInfo {
                name: name.as_ptr(),
                dtype: tensor.dtype.0,
                rank: count,
                dims,
                bytes,
                max_bytes: tensor.size,
            })
        })?);
        Ok(())
    })
}

/// Sets the batch size of a model with dynamic batch, for descriptions and runs from now on.
///
/// After loading, the largest gear is set.
///
/// Errors: AREID_UNKNOWN_GEAR, with those that the model has; AREID_BUSY while runs that were submitted
/// are under way; AREID_ACL.
#[unsafe(no_mangle)]
pub extern "C" fn areid_model_set_batch(model: *const ModelHandle, batch: u64) -> Status {
    guard("areid_model_set_batch", || {
        let state = get::<Arc<ModelState>>(model)?;
        state.set_gear(|bindings| bindings.set_batch(batch))
    })
}

/// Sets height and width of a model with dynamic image size, for descriptions and runs from now on.
///
/// Errors: as areid_model_set_batch.
#[unsafe(no_mangle)]
pub extern "C" fn areid_model_set_image_size(
    model: *const ModelHandle,
    height: u64,
    width: u64,
) -> Status {
    guard("areid_model_set_image_size", || {
        let state = get::<Arc<ModelState>>(model)?;
        state.set_gear(|bindings| bindings.set_image_size(height, width))
    })
}

/// Sets all dims of all inputs in a row, of a model with dynamic dims, for descriptions and runs from
/// now on.
///
/// Errors: as areid_model_set_batch.
///
/// # Safety
/// dims is readable for count numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_set_dims(
    model: *const ModelHandle,
    dims: *const i64,
    count: usize,
) -> Status {
    guard("areid_model_set_dims", || {
        let state = get::<Arc<ModelState>>(model)?;
        // SAFETY: handed on from the caller.
        let dims = unsafe { slice("dims", dims, count) }?;
        state.set_gear(|bindings| bindings.set_dims(dims))
    })
}

/// Runs a model: host memory in, host memory out, each copied once, straight to and from the device.
///
/// inputs and outputs are in the model's order, each of exactly the bytes that areid_model_describe
/// tells for the gear that is set. Alignment does not matter. No memory is allocated.
///
/// Errors: AREID_INVALID_ARGUMENT for other counts; AREID_SIZE_MISMATCH for other bytes, with the
/// tensor's name; AREID_NULL_POINTER; AREID_OVERFLOW; AREID_BUSY once the model was given to an
/// embedder; AREID_ACL. Outputs are then as they were, unless a copy from the device failed, which may
/// leave them partly written.
///
/// # Safety
/// The lists are readable for their counts, each input for its bytes; each output is writable for
/// its bytes and overlaps nothing else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_run(
    model: *const ModelHandle,
    inputs: *const Input,
    input_count: usize,
    outputs: *const Output,
    output_count: usize,
) -> Status {
    guard("areid_model_run", || {
        let state = get::<Arc<ModelState>>(model)?;
        // SAFETY: handed on from the caller.
        let inputs = unsafe { slice("inputs", inputs, input_count) }?;
        // SAFETY: handed on from the caller.
        let outputs = unsafe { slice("outputs", outputs, output_count) }?;
        // SAFETY: handed on from the caller.
        unsafe { state.run(inputs, outputs) }
    })
}

/// Frees a model, once runs under way are done, for which it does not wait. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn areid_model_free(model: *mut ModelHandle) -> Status {
    guard("areid_model_free", || remove::<Arc<ModelState>>(model))
}
