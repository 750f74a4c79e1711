//! DG-Net: people in other people's clothes.

use std::ffi::{c_char, c_void};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use acl::Context;
use reid_apps::dgnet::{Generator, Session, Shape};

use super::Status;
use super::error::{Result, fail, guard};
use super::handle::{get, insert, remove};
use super::opaque::{DeviceHandle, GeneratorHandle};
use super::picture::{Picture, sources};
use super::pointer::{Out, slice, slice_mut, text};

/// A generator with its memory.
pub(super) struct GeneratorState {
    session: Mutex<Session>,
    shape: Shape,
}

fn open(
    device: *const DeviceHandle,
    load: impl FnOnce(&Context) -> Result<Generator>,
) -> Result<*mut GeneratorHandle> {
    let generator = load(&get::<Context>(device)?)?;
    let shape = generator.shape();
    let session = Mutex::new(Session::new(generator)?);
    insert(Arc::new(GeneratorState { session, shape }))
}

/// Loads a DG-Net generator from an .om file.
///
/// The model has the inputs image1, float32 [N, 1, H, W], and image2, float32 [N, 3, H, W], and gives
/// pictures, float32 or float16 [N, 3, H, W].
///
/// Errors: AREID_FILE if the file cannot be read; AREID_ACL if AscendCL does not take it;
/// AREID_WRONG_MODEL if it is no generator; AREID_NOT_UTF8.
///
/// # Safety
/// path ends in a zero byte; generator is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_generator_open(
    device: *const DeviceHandle,
    path: *const c_char,
    generator: *mut *mut GeneratorHandle,
) -> Status {
    guard("areid_generator_open", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("generator", generator) }?;
        // SAFETY: handed on from the caller.
        let path = Path::new(unsafe { text("path", path) }?);
        out.set(open(device, |context| Ok(Generator::open(context, path)?))?);
        Ok(())
    })
}

/// Loads a generator from the bytes of an .om, which are not needed afterwards. Else as
/// areid_generator_open.
///
/// # Safety
/// om is readable for bytes; generator is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_generator_open_memory(
    device: *const DeviceHandle,
    om: *const c_void,
    bytes: usize,
    generator: *mut *mut GeneratorHandle,
) -> Status {
    guard("areid_generator_open_memory", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("generator", generator) }?;
        // SAFETY: handed on from the caller.
        let om = unsafe { slice("om", om.cast::<u8>(), bytes) }?;
        let name = Path::new("the model in memory");
        out.set(open(device, |context| {
            Ok(Generator::load(context, name, om)?)
        })?);
        Ok(())
    })
}

/// Tells the size of the pictures in pixels (256 x 128 for the published network), and how many pairs
/// go through the model at once.
///
/// # Safety
/// height, width and batch are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_generator_shape(
    generator: *const GeneratorHandle,
    height: *mut usize,
    width: *mut usize,
    batch: *mut usize,
) -> Status {
    guard("areid_generator_shape", || {
        // SAFETY: handed on from the caller.
        let height = unsafe { Out::new("height", height) }?;
        // SAFETY: handed on from the caller.
        let width = unsafe { Out::new("width", width) }?;
        // SAFETY: handed on from the caller.
        let batch = unsafe { Out::new("batch", batch) }?;
        let shape = get::<Arc<GeneratorState>>(generator)?.shape;
        height.set(shape.height);
        width.set(shape.width);
        batch.set(shape.batch);
        Ok(())
    })
}

/// Draws the person of each content in the pose of its structure: uint8 [count, height, width, 3],
/// R, G, B, in the order of the pairs.
///
/// structures give pose, hair, face and background; contents give the clothes. bytes is the room in
/// rgb and must be count times height times width times 3.
///
/// Errors: AREID_PICTURE, or AREID_FILE for one that cannot be read, with the index of the first
/// picture that cannot be used; AREID_SIZE_MISMATCH for another room; AREID_WRONG_MODEL if the model
/// gives numbers that are not finite; AREID_ACL. rgb is then as it was.
///
/// # Safety
/// structures and contents are readable for count, each as its kind says; rgb is writable for bytes
/// and overlaps nothing else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_generator_run(
    generator: *const GeneratorHandle,
    structures: *const Picture,
    contents: *const Picture,
    count: usize,
    rgb: *mut u8,
    bytes: usize,
) -> Status {
    guard("areid_generator_run", || {
        let state = get::<Arc<GeneratorState>>(generator)?;
        // SAFETY: handed on from the caller.
        let structures = unsafe { sources("structures", structures, count) }?;
        // SAFETY: handed on from the caller.
        let contents = unsafe { sources("contents", contents, count) }?;
        // SAFETY: handed on from the caller.
        let rgb = unsafe { slice_mut("rgb", rgb, bytes) }?;
        let one = 3 * state.shape.plane();
        if count.checked_mul(one) != Some(bytes) {
            let text = format!("bytes is {bytes}, want the {one} of a picture times {count} pairs");
            return fail(Status::SizeMismatch, text);
        }
        let mut session = state.session.lock().unwrap_or_else(PoisonError::into_inner);
        let pictures = session.draw(&structures, &contents)?;
        drop(session);
        for (picture, place) in pictures.iter().zip(rgb.chunks_exact_mut(one)) {
            place.copy_from_slice(picture.rgb());
        }
        Ok(())
    })
}

/// Frees a generator, once calls under way on other threads are done. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn areid_generator_free(generator: *mut GeneratorHandle) -> Status {
    guard("areid_generator_free", || {
        remove::<Arc<GeneratorState>>(generator)
    })
}
