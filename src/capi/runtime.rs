//! Runtimes and devices.

use std::ffi::{c_char, c_void};

use reid_apps::backend::Backend;

use super::Status;
use super::error::{Result, fail, guard};
use super::handle::{Object, get, insert, remove};
use super::pointer::{Out, put_text, slice, text};

/// `areid_runtime_options`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RuntimeOptions {
    /// `sizeof(areid_runtime_options)`.
    pub struct_size: usize,
    /// 0: find the library; 1: open `library`; 2: the simulator.
    pub backend: i32,
    /// Zero.
    pub reserved: i32,
    /// A path, for backend 1.
    pub library: *const c_char,
}

/// # Safety
/// As [`areid_runtime_new`].
unsafe fn backend(options: *const RuntimeOptions) -> Result<Backend> {
    if options.is_null() {
        return Ok(Backend::Auto);
    }
    // SAFETY: handed on from the caller; its first member is the size.
    let size = unsafe { slice("options", options.cast::<usize>(), 1) }?[0];
    let want = size_of::<RuntimeOptions>();
    if size < want {
        let text = format!("struct_size is {size}, want at least {want}");
        return fail(Status::InvalidArgument, text);
    }
    // SAFETY: the caller says by the size that all of it is there.
    let options = unsafe { slice("options", options, 1) }?[0];
    match options.backend {
        0 => Ok(Backend::Auto),
        1 => {
            // SAFETY: handed on from the caller.
            let path = unsafe { text("options.library", options.library) }?;
            Ok(Backend::Path(path.into()))
        }
        2 => Ok(Backend::Simulator),
        other => {
            let text = format!("backend is {other}, want 0 (auto), 1 (library) or 2 (simulator)");
            fail(Status::InvalidArgument, text)
        }
    }
}

/// Opens AscendCL and initialises it, unless the host did.
///
/// # Safety
/// `options` is null or readable for its `struct_size`; `runtime` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_runtime_new(
    options: *const RuntimeOptions,
    runtime: *mut *mut c_void,
) -> i32 {
    guard("areid_runtime_new", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("runtime", runtime) }?;
        // SAFETY: handed on from the caller.
        let backend = unsafe { backend(options) }?;
        let made = acl::Runtime::init(backend.open()?)?;
        out.set(insert(Object::Runtime(made))?);
        Ok(())
    })
}

/// Counts the devices.
///
/// # Safety
/// `count` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_runtime_device_count(
    runtime: *const c_void,
    count: *mut u32,
) -> i32 {
    guard("areid_runtime_device_count", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("count", count) }?;
        out.set(get::<acl::Runtime>(runtime)?.device_count()?);
        Ok(())
    })
}

/// Tells by 1 or 0 whether the simulator runs the models.
///
/// # Safety
/// `simulated` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_runtime_is_simulated(
    runtime: *const c_void,
    simulated: *mut i32,
) -> i32 {
    guard("areid_runtime_is_simulated", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("simulated", simulated) }?;
        out.set(get::<acl::Runtime>(runtime)?.is_simulated().into());
        Ok(())
    })
}

/// Frees a runtime; devices and models that came from it go on.
#[unsafe(no_mangle)]
pub extern "C" fn areid_runtime_free(runtime: *mut c_void) -> i32 {
    guard("areid_runtime_free", || remove::<acl::Runtime>(runtime))
}

/// Opens a device, with a context of its own.
///
/// # Safety
/// `device` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_device_open(
    runtime: *const c_void,
    id: i32,
    device: *mut *mut c_void,
) -> i32 {
    guard("areid_device_open", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("device", device) }?;
        let context = acl::Context::new(&get::<acl::Runtime>(runtime)?.device(id)?)?;
        out.set(insert(Object::Device(context))?);
        Ok(())
    })
}

/// Writes the name of the chip.
///
/// # Safety
/// `buffer` is writable for `capacity` bytes; `needed` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_device_soc_name(
    device: *const c_void,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> i32 {
    guard("areid_device_soc_name", || {
        let name = get::<acl::Context>(device)?.device().soc_name()?;
        // SAFETY: handed on from the caller.
        unsafe { put_text(&name, buffer, capacity, needed) }
    })
}

/// Frees a device; models that were loaded on it go on.
#[unsafe(no_mangle)]
pub extern "C" fn areid_device_free(device: *mut c_void) -> i32 {
    guard("areid_device_free", || remove::<acl::Context>(device))
}
