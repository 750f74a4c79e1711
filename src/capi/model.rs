//! Models: loaded, described and run on host memory.

use std::ffi::{CString, c_char, c_void};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acl::{Bindings, Context, Model, Role, TensorDesc};

use super::Status;
use super::error::{Result, fail, guard};
use super::handle::{Object, get, insert, remove};
use super::pointer::{Out, slice, slice_mut, text};

/// The most dims that a tensor can have.
pub const MAX_DIMS: usize = 16;

/// A model, the memory of its runs, and what C asks about.
pub(super) struct ModelState {
    running: Mutex<(Model, Bindings)>,
    names: [Vec<CString>; 2],
    /// The places of the data inputs among all inputs.
    inputs: Vec<usize>,
}

/// `areid_tensor_info`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TensorInfo {
    /// The name, valid until the model is freed.
    pub name: *const c_char,
    /// The element type, numbered as `aclDataType` is.
    pub dtype: i32,
    /// How many of `dims` count.
    pub rank: u32,
    /// The dims for the gear that is set.
    pub dims: [i64; MAX_DIMS],
    /// Bytes for the largest gear.
    pub bytes: usize,
}

/// `areid_input`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Input {
    /// The bytes.
    pub data: *const u8,
    /// How many.
    pub bytes: usize,
}

/// `areid_output`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Output {
    /// Where the bytes go.
    pub data: *mut u8,
    /// How many.
    pub bytes: usize,
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
            running: Mutex::new((model, bindings)),
            names: [first, second],
            inputs,
        })
    }

    fn lock(&self) -> MutexGuard<'_, (Model, Bindings)> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, inputs: &[&[u8]], outputs: &mut [&mut [u8]]) -> Result<()> {
        let mut running = self.lock();
        let (model, bindings) = &mut *running;
        for (what, got, want) in [
            ("inputs", inputs.len(), self.inputs.len()),
            ("outputs", outputs.len(), bindings.desc().outputs.len()),
        ] {
            if got != want {
                let text = format!("{what}: got {got}, the model has {want}");
                return fail(Status::InvalidArgument, text);
            }
        }
        // Outputs must stay as they are when a later one is of the wrong size.
        for (index, output) in outputs.iter().enumerate() {
            let tensor = &bindings.desc().outputs[index];
            let (got, want) = (output.len(), bytes(tensor, bindings.output_dims(index)?));
            if got != want {
                let name = &tensor.real_name;
                let text = format!("output {name}: got {got} bytes, want {want}");
                return fail(Status::SizeMismatch, text);
            }
        }
        for (index, bytes) in self.inputs.iter().zip(inputs) {
            bindings.write_bytes(*index, bytes)?;
        }
        model.execute(bindings)?;
        for (index, bytes) in outputs.iter_mut().enumerate() {
            bindings.read_bytes(index, bytes)?;
        }
        Ok(())
    }
}

/// The bytes of a tensor at a gear: those of its dims, at most those of the largest gear.
fn bytes(tensor: &TensorDesc, dims: &[i64]) -> usize {
    let mut product = tensor.dtype.size();
    for dim in dims {
        let dim = usize::try_from(*dim).ok();
        product = product.zip(dim).and_then(|(a, b)| a.checked_mul(b));
    }
    product.map_or(tensor.size, |bytes| bytes.min(tensor.size))
}

fn load(
    device: *const c_void,
    load: impl FnOnce(&Context) -> acl::Result<Model>,
) -> Result<*mut c_void> {
    let context = get::<Context>(device)?;
    let state = ModelState::new(load(&context)?)?;
    insert(Object::Model(Arc::new(state)))
}

/// Loads an `.om` from a file.
///
/// # Safety
/// `path` ends in a zero byte; `model` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_load_file(
    device: *const c_void,
    path: *const c_char,
    model: *mut *mut c_void,
) -> i32 {
    guard("areid_model_load_file", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("model", model) }?;
        // SAFETY: handed on from the caller.
        let path = unsafe { text("path", path) }?;
        out.set(load(device, |context| Model::from_file(context, path))?);
        Ok(())
    })
}

/// Loads an `.om` from memory, which is not needed afterwards.
///
/// # Safety
/// `om` is readable for `bytes`; `model` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_load_memory(
    device: *const c_void,
    om: *const u8,
    bytes: usize,
    model: *mut *mut c_void,
) -> i32 {
    guard("areid_model_load_memory", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("model", model) }?;
        // SAFETY: handed on from the caller.
        let om = unsafe { slice("om", om, bytes) }?;
        out.set(load(device, |context| Model::from_memory(context, om))?);
        Ok(())
    })
}

/// Counts the inputs that the caller fills, and the outputs.
///
/// # Safety
/// `inputs` and `outputs` are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_counts(
    model: *const c_void,
    inputs: *mut usize,
    outputs: *mut usize,
) -> i32 {
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

/// Describes an input (`side` 0) or output (1).
///
/// # Safety
/// `info` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_describe(
    model: *const c_void,
    side: i32,
    index: usize,
    info: *mut TensorInfo,
) -> i32 {
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
        let running = state.lock();
        let bindings = &running.1;
        let (tensor, shape) = if side == 0 {
            let place = state.inputs[index];
            (&bindings.desc().inputs[place], bindings.input_dims(place)?)
        } else {
            (
                &bindings.desc().outputs[index],
                bindings.output_dims(index)?,
            )
        };
        debug_assert_eq!(tensor.role, Role::Data);
        let mut dims = [0; MAX_DIMS];
        let rank = shape.len();
        let (Some(places), Ok(count)) = (dims.get_mut(..rank), u32::try_from(rank)) else {
            let text = format!("the tensor has {rank} dims, want at most {MAX_DIMS}");
            return fail(Status::Unsupported, text);
        };
        places.copy_from_slice(shape);
        out.set(TensorInfo {
            name: name.as_ptr(),
            dtype: tensor.dtype.0,
            rank: count,
            dims,
            bytes: tensor.size,
        });
        Ok(())
    })
}

/// Sets the batch size of a model with dynamic batch.
#[unsafe(no_mangle)]
pub extern "C" fn areid_model_set_batch(model: *const c_void, batch: u64) -> i32 {
    guard("areid_model_set_batch", || {
        let state = get::<Arc<ModelState>>(model)?;
        Ok(state.lock().1.set_batch(batch)?)
    })
}

/// Sets height and width of a model with dynamic image size.
#[unsafe(no_mangle)]
pub extern "C" fn areid_model_set_image_size(model: *const c_void, height: u64, width: u64) -> i32 {
    guard("areid_model_set_image_size", || {
        let state = get::<Arc<ModelState>>(model)?;
        Ok(state.lock().1.set_image_size(height, width)?)
    })
}

/// Sets all dims of all inputs in a row, of a model with dynamic dims.
///
/// # Safety
/// `dims` is readable for `count` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_set_dims(
    model: *const c_void,
    dims: *const i64,
    count: usize,
) -> i32 {
    guard("areid_model_set_dims", || {
        let state = get::<Arc<ModelState>>(model)?;
        // SAFETY: handed on from the caller.
        let dims = unsafe { slice("dims", dims, count) }?;
        Ok(state.lock().1.set_dims(dims)?)
    })
}

/// Runs a model: host memory in, host memory out, each copied once.
///
/// # Safety
/// The lists are readable for their counts, each input for its bytes; each output is writable for
/// its bytes and overlaps nothing else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_run(
    model: *const c_void,
    inputs: *const Input,
    input_count: usize,
    outputs: *const Output,
    output_count: usize,
) -> i32 {
    guard("areid_model_run", || {
        let state = get::<Arc<ModelState>>(model)?;
        // SAFETY: handed on from the caller.
        let inputs = unsafe { slice("inputs", inputs, input_count) }?;
        // SAFETY: handed on from the caller.
        let outputs = unsafe { slice("outputs", outputs, output_count) }?;
        let inputs: Vec<&[u8]> = inputs
            .iter()
            // SAFETY: handed on from the caller.
            .map(|input| unsafe { slice("an input's data", input.data, input.bytes) })
            .collect::<Result<_>>()?;
        let mut outputs: Vec<&mut [u8]> = outputs
            .iter()
            // SAFETY: handed on from the caller.
            .map(|output| unsafe { slice_mut("an output's data", output.data, output.bytes) })
            .collect::<Result<_>>()?;
        state.run(&inputs, &mut outputs)
    })
}

/// Frees a model, once runs under way on other threads are done.
#[unsafe(no_mangle)]
pub extern "C" fn areid_model_free(model: *mut c_void) -> i32 {
    guard("areid_model_free", || remove::<Arc<ModelState>>(model))
}
