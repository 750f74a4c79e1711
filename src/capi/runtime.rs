//! Runtimes and devices.

use std::ffi::c_char;

use reid_apps::backend::{Backend, choose_profile, log_findings};

use super::Status;
use super::error::{Result, fail, guard};
use super::handle::{get, insert, remove};
use super::opaque::{DeviceHandle, RuntimeHandle};
use super::options::{self, Options};
use super::pointer::{Out, put_text, text};

/// What a runtime can be told. Members that are zero have their defaults.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RuntimeOptions {
    /// sizeof(areid_runtime_options).
    pub struct_size: usize,
    /// One of areid_backend.
    pub backend: i32,
    /// 0.
    pub reserved: i32,
    /// The path of libascendcl.so or of its folder, for AREID_BACKEND_LIBRARY; else not looked at.
    pub library: *const c_char,
    /// For AREID_BACKEND_SIMULATOR, what it simulates: the name of a profile that comes with it
    /// (310p3, 300i-duo, 310p3-mgn, 310p3-dgnet) or the path of a TOML file; NULL leaves it to the
    /// variable ACL_SIM_PROFILE. A process has one profile: another one later is refused.
    pub profile: *const c_char,
}

// SAFETY: numbers and pointers alone, the first of them a `usize`.
unsafe impl Options for RuntimeOptions {
    const LEAST: usize = 24;
}

/// # Safety
/// As [`areid_runtime_new`].
unsafe fn backend(options: *const RuntimeOptions) -> Result<Backend> {
    // SAFETY: handed on from the caller.
    let options = unsafe { options::read("options", options) }?;
    if options.reserved != 0 {
        let text = format!("options.reserved is {}, want 0", options.reserved);
        return fail(Status::InvalidArgument, text);
    }
    match options.backend {
        0 => Ok(Backend::Auto),
        1 => {
            // SAFETY: handed on from the caller.
            let path = unsafe { text("options.library", options.library) }?;
            Ok(Backend::Path(path.into()))
        }
        2 => {
            if !options.profile.is_null() {
                // SAFETY: handed on from the caller.
                let named = unsafe { text("options.profile", options.profile) }?;
                choose_profile(named)?;
            }
            // A library prints nothing.
            log_findings();
            Ok(Backend::Simulator)
        }
        other => {
            let text = format!("backend is {other}, want 0 (auto), 1 (library) or 2 (simulator)");
            fail(Status::InvalidArgument, text)
        }
    }
}

/// Opens AscendCL and initialises it, unless the host did, who then also finalizes it.
///
/// options may be NULL for AREID_BACKEND_AUTO. The last runtime, device or model to go finalizes
/// AscendCL, if this call had initialised it.
///
/// Errors: AREID_LIBRARY, with what was looked for and where; AREID_INVALID_ARGUMENT for another
/// backend, struct_size or profile; AREID_NOT_UTF8; AREID_ACL.
///
/// # Safety
/// options is NULL or readable for its struct_size, its strings end in a zero byte, and runtime is
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_runtime_new(
    options: *const RuntimeOptions,
    runtime: *mut *mut RuntimeHandle,
) -> Status {
    guard("areid_runtime_new", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("runtime", runtime) }?;
        // SAFETY: handed on from the caller.
        let backend = unsafe { backend(options) }?;
        out.set(insert(acl::Runtime::init(backend.open()?)?)?);
        Ok(())
    })
}

/// Counts the devices.
///
/// Errors: AREID_ACL, for example when no driver is installed.
///
/// # Safety
/// count is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_runtime_device_count(
    runtime: *const RuntimeHandle,
    count: *mut u32,
) -> Status {
    guard("areid_runtime_device_count", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("count", count) }?;
        out.set(get::<acl::Runtime>(runtime)?.device_count()?);
        Ok(())
    })
}

/// Tells by 1 or 0 whether a simulator runs the models; reports of results must say so.
///
/// # Safety
/// simulated is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_runtime_is_simulated(
    runtime: *const RuntimeHandle,
    simulated: *mut i32,
) -> Status {
    guard("areid_runtime_is_simulated", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("simulated", simulated) }?;
        out.set(get::<acl::Runtime>(runtime)?.is_simulated().into());
        Ok(())
    })
}

/// Frees a runtime; devices and models that came from it go on. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn areid_runtime_free(runtime: *mut RuntimeHandle) -> Status {
    guard("areid_runtime_free", || remove::<acl::Runtime>(runtime))
}

/// Opens device id, counted from 0, with a context of its own.
///
/// What is current on the calling thread stays current.
///
/// Errors: AREID_ACL, with code 107001 for an id that no device has.
///
/// # Safety
/// device is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_device_open(
    runtime: *const RuntimeHandle,
    id: i32,
    device: *mut *mut DeviceHandle,
) -> Status {
    guard("areid_device_open", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("device", device) }?;
        let context = acl::Context::new(&get::<acl::Runtime>(runtime)?.device(id)?)?;
        out.set(insert(context)?);
        Ok(())
    })
}

/// Writes the name of the chip, as aclrtGetSocName gives it, with a zero byte.
///
/// needed (may be NULL) tells the bytes, also when capacity is 0 or too small.
///
/// Errors: AREID_SIZE_MISMATCH if capacity is neither 0 nor enough; AREID_ACL.
///
/// # Safety
/// buffer is writable for capacity bytes; needed is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_device_soc_name(
    device: *const DeviceHandle,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> Status {
    guard("areid_device_soc_name", || {
        let name = get::<acl::Context>(device)?.device().soc_name()?;
        // SAFETY: handed on from the caller.
        unsafe { put_text(&name, buffer, capacity, needed) }
    })
}

/// Frees a device; models that were loaded on it go on. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn areid_device_free(device: *mut DeviceHandle) -> Status {
    guard("areid_device_free", || remove::<acl::Context>(device))
}
