//! The only place that calls C.
//!
//! Each method is one C function: it takes what the function needs, turns the status into a
//! [`Result`] and reads the library's own text at once, on the same thread, because the next call
//! may overwrite it. Handles are opaque newtypes which only this module can make, so that a method
//! that takes a handle can be called safely: the handle came from the library, and whoever
//! destroys it gives it up. Methods that take addresses are `unsafe`, and are called by
//! [`crate::memory`] alone.

mod aipp;
pub(crate) mod memory;
pub(crate) mod model;
mod open;
mod stream;

use std::ffi::{CStr, CString, c_char};

use acl_sys::Api;

pub(crate) use model::{DataBufferHandle, DatasetHandle, DescHandle, ModelHandle, Side};
pub(crate) use stream::{ContextHandle, Current, EventHandle, StreamHandle};

use crate::tables;
use crate::{Error, Result, Status};

/// Copies a table entry out, or returns [`Error::Unsupported`] from the calling function.
macro_rules! entry {
    ($raw:expr, $name:ident) => {
        match $raw.api.$name {
            Some(function) => function,
            None => return Err($crate::raw::unsupported(stringify!($name))),
        }
    };
}
use entry;

/// The table, with one method per function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw {
    pub(crate) api: &'static Api,
}

#[cold]
fn unsupported(symbol: &'static str) -> Error {
    Error::Unsupported {
        symbol,
        since: tables::since(symbol),
    }
}

impl Raw {
    pub(crate) const fn new(api: &'static Api) -> Self {
        Self { api }
    }

    /// Identifies the library: two tables over one library give the same number.
    pub(crate) fn identity(self) -> usize {
        self.api.aclInit.map_or(0, |function| function as usize)
    }

    fn check(self, code: i32, call: &'static str, args: impl FnOnce() -> String) -> Result<()> {
        if code == acl_sys::ACL_SUCCESS {
            Ok(())
        } else {
            Err(self.failure(code, call, args()))
        }
    }

    #[cold]
    fn failure(self, code: i32, call: &'static str, args: String) -> Error {
        Error::Acl {
            code: Status(code),
            call,
            args: args.into_boxed_str(),
            detail: self.recent_error().map(String::into_boxed_str),
        }
    }

    /// Reads, and thereby clears, the text that the library keeps for this thread.
    fn recent_error(self) -> Option<String> {
        let function = self.api.aclGetRecentErrMsg?;
        // SAFETY: the function takes nothing and may be called at any time.
        let text = unsafe { function() };
        // SAFETY: the text belongs to this thread and stays until the next call of the function.
        unsafe { copy_text(text) }.filter(|text| !text.trim().is_empty())
    }

    pub(crate) fn init(self, config: Option<&CStr>) -> Result<()> {
        let function = entry!(self, aclInit);
        let path = config.map_or(std::ptr::null(), CStr::as_ptr);
        // SAFETY: the path is null or NUL-terminated, and outlives the call.
        let code = unsafe { function(path) };
        self.check(code, "aclInit", || format!("config {config:?}"))
    }

    pub(crate) fn finalize(self) -> Result<()> {
        let function = entry!(self, aclFinalize);
        // SAFETY: the caller, the count of runtimes, knows that no object of ours is left.
        let code = unsafe { function() };
        self.check(code, "aclFinalize", String::new)
    }

    pub(crate) fn version(self) -> Result<(i32, i32, i32)> {
        let function = entry!(self, aclrtGetVersion);
        let (mut major, mut minor, mut patch) = (0, 0, 0);
        // SAFETY: the three places are valid for the call.
        let code = unsafe { function(&raw mut major, &raw mut minor, &raw mut patch) };
        self.check(code, "aclrtGetVersion", String::new)?;
        Ok((major, minor, patch))
    }

    pub(crate) fn soc_name(self) -> Result<Option<String>> {
        let function = entry!(self, aclrtGetSocName);
        // SAFETY: the function takes nothing.
        let name = unsafe { function() };
        // SAFETY: the name is null or a constant of the library.
        Ok(unsafe { copy_text(name) })
    }

    pub(crate) fn device_count(self) -> Result<u32> {
        let function = entry!(self, aclrtGetDeviceCount);
        let mut count = 0;
        // SAFETY: the place is valid for the call.
        let code = unsafe { function(&raw mut count) };
        self.check(code, "aclrtGetDeviceCount", String::new)?;
        Ok(count)
    }

    pub(crate) fn set_device(self, id: i32) -> Result<()> {
        let function = entry!(self, aclrtSetDevice);
        // SAFETY: any number may be passed; the library checks it.
        let code = unsafe { function(id) };
        self.check(code, "aclrtSetDevice", || format!("device {id}"))
    }

    pub(crate) fn reset_device(self, id: i32) -> Result<()> {
        let function = entry!(self, aclrtResetDevice);
        // SAFETY: the caller, the end of the last runtime, knows that no object of ours is left.
        let code = unsafe { function(id) };
        self.check(code, "aclrtResetDevice", || format!("device {id}"))
    }

    pub(crate) fn synchronize_device(self) -> Result<()> {
        let function = entry!(self, aclrtSynchronizeDevice);
        // SAFETY: the function takes nothing.
        let code = unsafe { function() };
        self.check(code, "aclrtSynchronizeDevice", String::new)
    }

    pub(crate) fn run_mode(self) -> Result<acl_sys::aclrtRunMode> {
        let function = entry!(self, aclrtGetRunMode);
        let mut mode = acl_sys::aclrtRunMode::ACL_HOST;
        // SAFETY: the place is valid for the call.
        let code = unsafe { function(&raw mut mode) };
        self.check(code, "aclrtGetRunMode", String::new)?;
        Ok(mode)
    }

    pub(crate) fn memory_info(self, attribute: acl_sys::aclrtMemAttr) -> Result<(usize, usize)> {
        let function = entry!(self, aclrtGetMemInfo);
        let (mut free, mut total) = (0, 0);
        // SAFETY: both places are valid for the call.
        let code = unsafe { function(attribute, &raw mut free, &raw mut total) };
        self.check(code, "aclrtGetMemInfo", || {
            format!("attribute {}", attribute.0)
        })?;
        Ok((free, total))
    }
}

/// Copies a C string.
///
/// # Safety
///
/// `text` is null, or NUL-terminated and unchanged during the call.
unsafe fn copy_text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and the caller vouches for the rest.
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_string_lossy().into_owned())
}

/// Makes a C string of a path or name; `what` names it in the error.
pub(crate) fn c_string(what: &'static str, text: &[u8]) -> Result<CString> {
    CString::new(text).map_err(|_| Error::InvalidArgument {
        what: what.into(),
        got: String::from_utf8_lossy(text).into_owned(),
        want: "text without NUL bytes".to_owned(),
    })
}
