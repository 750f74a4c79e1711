//! `acl.h` and the parts of `acl_base.h` that are no tensor descriptions: life, messages, log,
//! numbers, data buffers.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use acl_sys::{ACL_ERROR_INVALID_PARAM, aclDataBuffer, aclDataType, aclFloat16, aclLogLevel};
use half::f16;

use super::{getter, put, require, status, text};
use crate::machine::failure::fail;
use crate::machine::handle::Handle;
use crate::machine::objects::{self, DataBuffer};
use crate::machine::{message, process, profile::profile};

status! {
    fn aclInit(config: *const c_char) {
        let path = if config.is_null() { c"" } else { text!(config)? };
        let path = Path::new(std::ffi::OsStr::from_bytes(path.to_bytes()));
        process::init((!path.as_os_str().is_empty()).then_some(path))
    }

    fn aclFinalize() {
        process::finalize()
    }

    fn aclrtGetVersion(major: *mut i32, minor: *mut i32, patch: *mut i32) {
        require(minor, "minor")?;
        require(patch, "patch")?;
        put!(major, profile().version.0)?;
        put!(minor, profile().version.1)?;
        put!(patch, profile().version.2)
    }

    fn aclDestroyDataBuffer(buffer: *const aclDataBuffer) {
        objects::remove_buffer(Handle::from_ptr(buffer)).map(drop)
    }

    fn aclUpdateDataBuffer(buffer: *mut aclDataBuffer, data: *mut c_void, size: usize) {
        let buffer = objects::buffer(Handle::from_ptr(buffer))?;
        *buffer.lock() = new_buffer(data, size)?;
        Ok(())
    }
}

getter! {
    fn aclCreateDataBuffer(data: *mut c_void, size: usize) -> *mut aclDataBuffer,
    or std::ptr::null_mut(); {
        new_buffer(data, size).map(|buffer| objects::add_buffer(buffer).as_ptr())
    }

    fn aclGetDataBufferAddr(buffer: *const aclDataBuffer) -> *mut c_void,
    or std::ptr::null_mut(); {
        let address = objects::buffer(Handle::from_ptr(buffer))?.lock().address;
        Ok(std::ptr::with_exposed_provenance_mut(address))
    }

    fn aclGetDataBufferSize(buffer: *const aclDataBuffer) -> u32, or 0; {
        let size = objects::buffer(Handle::from_ptr(buffer))?.lock().size;
        u32::try_from(size).map_err(|_| {
            fail!(
                ACL_ERROR_INVALID_PARAM,
                "the buffer has {size} bytes, more than 32 bits hold: use aclGetDataBufferSizeV2"
            )
        })
    }

    fn aclGetDataBufferSizeV2(buffer: *const aclDataBuffer) -> usize, or 0; {
        Ok(objects::buffer(Handle::from_ptr(buffer))?.lock().size)
    }

    fn aclDataTypeSize(dtype: aclDataType) -> usize, or 0; {
        Ok(objects::dtype_size(dtype))
    }

    fn aclFloat16ToFloat(value: aclFloat16) -> f32, or 0.0; {
        Ok(f16::from_bits(value).to_f32())
    }

    fn aclFloatToFloat16(value: f32) -> aclFloat16, or 0; {
        Ok(f16::from_f32(value).to_bits())
    }

    fn aclrtGetSocName() -> *const c_char, or std::ptr::null(); {
        Ok(profile().soc.as_ptr())
    }
}

fn new_buffer(data: *mut c_void, size: usize) -> crate::machine::failure::Result<DataBuffer> {
    if data.is_null() && size != 0 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the memory is null and its size {size}: null memory has the size 0"
        ));
    }
    Ok(DataBuffer {
        address: data.expose_provenance(),
        size,
    })
}

/// Outside of the usual door: reading the messages must not add one.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "C's name")]
pub(crate) extern "C" fn aclGetRecentErrMsg() -> *const c_char {
    message::take()
}

unsafe extern "C" {
    /// In `app_log.c`.
    fn ascendcl_sim_app_log(
        level: c_int,
        func: *const c_char,
        file: *const c_char,
        line: u32,
        fmt: *const c_char,
        ...
    );

    /// Defined below, under this name and with these arguments.
    pub(crate) fn aclAppLog(
        level: aclLogLevel,
        func: *const c_char,
        file: *const c_char,
        line: u32,
        fmt: *const c_char,
        ...
    );
}

/// A function with a variable number of arguments cannot be written in Rust, and one that is written
/// in C would not be exported from a Rust library. So this one is a jump: the arguments stay where
/// the caller put them.
#[unsafe(export_name = "aclAppLog")]
#[unsafe(naked)]
unsafe extern "C" fn app_log_jump() {
    #[cfg(target_arch = "x86_64")]
    std::arch::naked_asm!("jmp {body}", body = sym ascendcl_sim_app_log);
    #[cfg(target_arch = "aarch64")]
    std::arch::naked_asm!("b {body}", body = sym ascendcl_sim_app_log);
}

/// Takes a finished line of `aclAppLog`; called from `app_log.c`.
#[unsafe(no_mangle)]
extern "C" fn ascendcl_sim_log(
    level: c_int,
    func: *const c_char,
    file: *const c_char,
    line: u32,
    text: *const c_char,
) {
    let show = |pointer: *const c_char| {
        if pointer.is_null() {
            return String::from("?");
        }
        // SAFETY: the program hands strings to aclAppLog, and `app_log.c` a buffer of its own.
        unsafe { CStr::from_ptr(pointer) }
            .to_string_lossy()
            .into_owned()
    };
    let level = match aclLogLevel(u32::try_from(level).unwrap_or(0)) {
        aclLogLevel::ACL_DEBUG => log::Level::Debug,
        aclLogLevel::ACL_INFO => log::Level::Info,
        aclLogLevel::ACL_WARNING => log::Level::Warn,
        _ => log::Level::Error,
    };
    let (func, file, text) = (show(func), show(file), show(text));
    log::log!(target: "aclAppLog", level, "{file}:{line} {func}: {text}");
}
