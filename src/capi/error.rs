//! Failures, the last one of each thread, and the guard that no panic passes.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Status;

/// Why a call failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: Status,
    pub(super) text: String,
}

pub(super) type Result<T> = std::result::Result<T, Failure>;

pub(super) fn fail<T>(status: Status, text: impl Into<String>) -> Result<T> {
    let text = text.into();
    Err(Failure { status, text })
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// Adds the sources of an error that its own line does not hold already.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let line = error.to_string();
        if !text.contains(&line) {
            text.push_str(": ");
            text.push_str(&line);
        }
        source = error.source();
    }
    text
}

impl From<acl::Error> for Failure {
    fn from(error: acl::Error) -> Self {
        let status = match &error {
            acl::Error::Acl { .. } => Status::Acl,
            acl::Error::Load(_) => Status::Library,
            acl::Error::Unsupported { .. } => Status::Unsupported,
            acl::Error::ShapeMismatch { .. } | acl::Error::SizeMismatch { .. } => {
                Status::SizeMismatch
            }
            acl::Error::UnknownGear { .. } => Status::UnknownGear,
            acl::Error::Busy { .. } | acl::Error::InUse { .. } => Status::Busy,
            _ => Status::InvalidArgument,
        };
        let text = chain(&error);
        Self { status, text }
    }
}

impl From<reid_apps::backend::BackendError> for Failure {
    fn from(error: reid_apps::backend::BackendError) -> Self {
        let status = Status::Library;
        let text = chain(&error);
        Self { status, text }
    }
}

/// Runs the body of a C function: a failure or a panic becomes a status and the thread's last text.
pub(super) fn guard(call: &'static str, body: impl FnOnce() -> Result<()>) -> i32 {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return Status::Ok as i32,
        Ok(Err(failure)) => failure,
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
            // Dropping what a panic carries may panic again.
            std::mem::forget(panic);
            Failure {
                status: Status::Internal,
                text: said.unwrap_or_else(|| "a panic without words".to_owned()),
            }
        }
    };
    let text = format!("{call}: {}", failure.text).replace('\0', " ");
    // At a thread's exit the place may be gone already: the status still tells.
    let _ = LAST.try_with(|last| last.replace(CString::new(text).unwrap_or_default()));
    failure.status as i32
}

/// Returns the thread's last text, valid until the next failure on this thread.
pub(super) fn last() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr())
        .unwrap_or(c"".as_ptr())
}
