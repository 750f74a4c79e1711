//! MGN: features of people.

use std::ffi::{c_char, c_void};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use acl::Context;
use ndarray::ArrayView2;
use reid_apps::eval::embed;
use reid_apps::mgn::{Embedder, Session};

use super::Status;
use super::error::{Failure, Result, fail, guard};
use super::handle::{get, insert, remove};
use super::model::ModelState;
use super::opaque::{DeviceHandle, EmbedderHandle, ModelHandle};
use super::options::{self, Options, switch};
use super::picture::{Picture, sources};
use super::pointer::{Out, slice, slice_mut, text};

/// What an embedder can be told. Members that are zero have their defaults: the reference's features.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct EmbedderOptions {
    /// sizeof(areid_embedder_options).
    pub struct_size: usize,
    /// 0: the features of a picture and of its mirror image are added, which takes two runs of the
    /// model. 1: those of the picture alone.
    pub skip_flip: i32,
    /// 0: features are brought to length one. 1: they stay as the model gave them.
    pub skip_normalise: i32,
}

// SAFETY: numbers alone, the first of them a `usize`.
unsafe impl Options for EmbedderOptions {
    const LEAST: usize = 16;
}

/// An embedder, and what its caller wants.
pub(super) struct EmbedderState {
    session: Mutex<Session>,
    dim: usize,
    batch: usize,
    wishes: Wishes,
}

#[derive(Clone, Copy)]
struct Wishes {
    flip: bool,
    normalise: bool,
}

impl Wishes {
    /// # Safety
    /// As [`options::read`].
    unsafe fn read(options: *const EmbedderOptions) -> Result<Self> {
        // SAFETY: handed on from the caller.
        let options = unsafe { options::read("options", options) }?;
        Ok(Self {
            flip: !switch("options.skip_flip", options.skip_flip)?,
            normalise: !switch("options.skip_normalise", options.skip_normalise)?,
        })
    }
}

impl EmbedderState {
    fn new(embedder: Embedder, wishes: Wishes) -> Result<Self> {
        Ok(Self {
            dim: embedder.dim(),
            batch: embedder.batch(),
            session: Mutex::new(Session::new(embedder)?),
            wishes,
        })
    }

    fn run(&self, pictures: &[reid_apps::imaging::Source<'_>]) -> Result<Vec<f32>> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let [mut plain, flip] = session.features(pictures, self.wishes.flip)?;
        drop(session);
        let shape = (pictures.len(), self.dim);
        let view = |numbers| {
            ArrayView2::from_shape(shape, numbers).map_err(|error| Failure {
                status: Status::Internal,
                text: error.to_string(),
            })
        };
        if self.wishes.normalise {
            let zeros = ndarray::Array2::zeros(if self.wishes.flip { (0, 0) } else { shape });
            let flip = match self.wishes.flip {
                true => view(&flip)?,
                false => zeros.view(),
            };
            let unit = embed("features", view(&plain)?, flip)?;
            return Ok(unit.into_raw_vec_and_offset().0);
        }
        for (sum, flip) in plain.iter_mut().zip(flip) {
            *sum += flip;
        }
        Ok(plain)
    }
}

/// # Safety
/// As [`options::read`].
unsafe fn open(
    device: *const DeviceHandle,
    options: *const EmbedderOptions,
    load: impl FnOnce(&Context) -> Result<Embedder>,
) -> Result<*mut EmbedderHandle> {
    // SAFETY: handed on from the caller.
    let wishes = unsafe { Wishes::read(options) }?;
    let context = get::<Context>(device)?;
    insert(Arc::new(EmbedderState::new(load(&context)?, wishes)?))
}

/// Loads an MGN from an .om file.
///
/// The model has one input, float32 [N, 3, 384, 128], and gives features, float32 or float16 [N, D],
/// as its output of that name, else its first. options may be NULL.
///
/// Errors: AREID_FILE if the file cannot be read; AREID_ACL if AscendCL does not take it;
/// AREID_WRONG_MODEL if it is no MGN; AREID_INVALID_ARGUMENT, AREID_UNSUPPORTED for the options;
/// AREID_NOT_UTF8.
///
/// # Safety
/// path ends in a zero byte; options is NULL or readable for its struct_size; embedder is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_embedder_open(
    device: *const DeviceHandle,
    path: *const c_char,
    options: *const EmbedderOptions,
    embedder: *mut *mut EmbedderHandle,
) -> Status {
    guard("areid_embedder_open", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("embedder", embedder) }?;
        // SAFETY: handed on from the caller.
        let path = Path::new(unsafe { text("path", path) }?);
        let load = |context: &Context| Ok(Embedder::open(context, path)?);
        // SAFETY: handed on from the caller.
        out.set(unsafe { open(device, options, load) }?);
        Ok(())
    })
}

/// Loads an MGN from the bytes of an .om, which are not needed afterwards. Else as
/// areid_embedder_open.
///
/// # Safety
/// om is readable for bytes; options is NULL or readable for its struct_size; embedder is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_embedder_open_memory(
    device: *const DeviceHandle,
    om: *const c_void,
    bytes: usize,
    options: *const EmbedderOptions,
    embedder: *mut *mut EmbedderHandle,
) -> Status {
    guard("areid_embedder_open_memory", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("embedder", embedder) }?;
        // SAFETY: handed on from the caller.
        let om = unsafe { slice("om", om.cast::<u8>(), bytes) }?;
        let name = Path::new("the model in memory");
        let load = |context: &Context| Ok(Embedder::load(context, name, om)?);
        // SAFETY: handed on from the caller.
        out.set(unsafe { open(device, options, load) }?);
        Ok(())
    })
}

/// Makes an embedder of a model that is loaded, and takes the model over.
///
/// On success the model's handle is freed. On failure it is as it was, unless the device has no memory
/// for the embedder's batch (AREID_ACL): then the model is gone, too. Else as areid_embedder_open.
///
/// Errors: AREID_BUSY while runs that were submitted to the model are under way; AREID_WRONG_MODEL.
///
/// # Safety
/// options is NULL or readable for its struct_size; embedder is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_embedder_from_model(
    model: *mut ModelHandle,
    options: *const EmbedderOptions,
    embedder: *mut *mut EmbedderHandle,
) -> Status {
    guard("areid_embedder_from_model", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("embedder", embedder) }?;
        // SAFETY: handed on from the caller.
        let wishes = unsafe { Wishes::read(options) }?;
        let state = get::<Arc<ModelState>>(model)?;
        let made = state.give(|model| {
            Embedder::from_model(model, Path::new("the model"))
                .map_err(|(model, error)| (model, error.into()))
        })?;
        // The model is ours: what fails from here on is a device that is full.
        let made = EmbedderState::new(made, wishes);
        remove::<Arc<ModelState>>(model)?;
        out.set(insert(Arc::new(made?))?);
        Ok(())
    })
}

/// Tells how many numbers the features of a picture have.
///
/// # Safety
/// dim is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_embedder_dim(
    embedder: *const EmbedderHandle,
    dim: *mut usize,
) -> Status {
    guard("areid_embedder_dim", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("dim", dim) }?;
        out.set(get::<Arc<EmbedderState>>(embedder)?.dim);
        Ok(())
    })
}

/// Tells how many pictures go through the model at once; calls with a multiple of it lose no time.
///
/// # Safety
/// batch is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_embedder_batch(
    embedder: *const EmbedderHandle,
    batch: *mut usize,
) -> Status {
    guard("areid_embedder_batch", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("batch", batch) }?;
        out.set(get::<Arc<EmbedderState>>(embedder)?.batch);
        Ok(())
    })
}

/// Computes the features of pictures: float32 [count, dim], in the order of the pictures.
///
/// Any number of pictures: they are decoded, scaled to 384 x 128 and normalised on all cores, as the
/// reference does bit by bit, and go through the model batch by batch, the last one filled up. numbers
/// is the room in features and must be count times dim.
///
/// Errors: AREID_PICTURE, or AREID_FILE for one that cannot be read, with the index of the first
/// picture that cannot be used; AREID_SIZE_MISMATCH for another room; AREID_INVALID_ARGUMENT for
/// features that cannot be brought to length one; AREID_OVERFLOW; AREID_ACL. features is then as it
/// was.
///
/// # Safety
/// pictures is readable for count, each as its kind says; features is writable for numbers and
/// overlaps nothing else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_embedder_run(
    embedder: *const EmbedderHandle,
    pictures: *const Picture,
    count: usize,
    features: *mut f32,
    numbers: usize,
) -> Status {
    guard("areid_embedder_run", || {
        let state = get::<Arc<EmbedderState>>(embedder)?;
        // SAFETY: handed on from the caller.
        let pictures = unsafe { sources("pictures", pictures, count) }?;
        // SAFETY: handed on from the caller.
        let features = unsafe { slice_mut("features", features, numbers) }?;
        if count.checked_mul(state.dim) != Some(numbers) {
            let dim = state.dim;
            let text =
                format!("numbers is {numbers}, want the {dim} of a feature times {count} pictures");
            return fail(Status::SizeMismatch, text);
        }
        features.copy_from_slice(&state.run(&pictures)?);
        Ok(())
    })
}

/// Frees an embedder, once calls under way on other threads are done. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn areid_embedder_free(embedder: *mut EmbedderHandle) -> Status {
    guard("areid_embedder_free", || {
        remove::<Arc<EmbedderState>>(embedder)
    })
}
