//! Version, names of statuses, the last error, the log, and what AscendCL's codes mean.

use std::ffi::{c_char, c_int};

use super::error::{fail, guard, last};
use super::pointer::{Out, put_text};
use super::{Status, error};

fn version() -> error::Result<[c_int; 3]> {
    let mut parts = env!("CARGO_PKG_VERSION").split('.').map(str::parse);
    let mut next = || parts.next().and_then(Result::ok);
    match (next(), next(), next()) {
        (Some(major), Some(minor), Some(patch)) => Ok([major, minor, patch]),
        _ => fail(Status::Internal, "a version that is no triple"),
    }
}

/// Writes the library's version: major, minor, patch. Equal majors understand each other.
///
/// # Safety
/// The pointers are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_version(
    major: *mut c_int,
    minor: *mut c_int,
    patch: *mut c_int,
) -> Status {
    guard("areid_version", || {
        // SAFETY: handed on from the caller.
        let major = unsafe { Out::new("major", major) }?;
        // SAFETY: handed on from the caller.
        let minor = unsafe { Out::new("minor", minor) }?;
        // SAFETY: handed on from the caller.
        let patch = unsafe { Out::new("patch", patch) }?;
        let [x, y, z] = version()?;
        major.set(x);
        minor.set(y);
        patch.set(z);
        Ok(())
    })
}

/// Returns the constant's name of a status, for ever valid; NULL for a number that is none.
#[unsafe(no_mangle)]
pub extern "C" fn areid_status_name(status: i32) -> *const c_char {
    Status::name(status).map_or(std::ptr::null(), std::ffi::CStr::as_ptr)
}

/// Returns why the last call that failed on this thread did, with the whole chain of causes.
///
/// Never NULL; empty before the first failure. Valid until the next failure on this thread.
#[unsafe(no_mangle)]
pub extern "C" fn areid_last_error() -> *const c_char {
    last()
}

/// Writes what a code of AscendCL means: meaning, causes and cure, a line each, and a zero byte.
///
/// language is one of areid_language. needed (may be NULL) tells the bytes, also when capacity is 0 or
/// too small.
///
/// Errors: AREID_INVALID_ARGUMENT for another language or a code that is not documented;
/// AREID_SIZE_MISMATCH if capacity is neither 0 nor enough.
///
/// # Safety
/// buffer is writable for capacity bytes; needed is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_acl_explain(
    code: i32,
    language: i32,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> Status {
    guard("areid_acl_explain", || {
        let language = match language {
            0 => acl::Language::English,
            1 => acl::Language::Chinese,
            other => {
                let text = format!("language is {other}, want 0 (English) or 1 (Chinese)");
                return fail(Status::InvalidArgument, text);
            }
        };
        let Some(found) = acl::Status(code).explain(language) else {
            let text = format!("AscendCL documents no code {code}");
            return fail(Status::InvalidArgument, text);
        };
        let text = format!("{}\n{}\n{}", found.meaning, found.causes, found.cure);
        // SAFETY: handed on from the caller.
        unsafe { put_text(&text, buffer, capacity, needed) }
    })
}
