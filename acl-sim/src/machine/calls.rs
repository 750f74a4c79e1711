//! The one door through which every call of the C interface goes.
//!
//! It numbers the calls, keeps panics from crossing into C, and turns a failure into a code and a
//! text. What watches or disturbs calls (a trace, faults on demand) has its place here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use acl_sys::{ACL_ERROR_INTERNAL_ERROR, ACL_SUCCESS, aclError};

use super::codes;
use super::device_memory::forks;
use super::failure::{Failure, Result};
use super::message;

static SEQUENCE: AtomicU64 = AtomicU64::new(0);

/// Runs a call that returns a status.
pub(crate) fn enter(name: &'static str, call: impl FnOnce() -> Result<()>) -> aclError {
    match guarded(name, call) {
        Ok(()) => ACL_SUCCESS,
        Err(failure) => told(name, &failure),
    }
}

/// Runs a call that returns a value and has no way to report a failure but `otherwise`.
pub(crate) fn enter_or<T>(name: &'static str, otherwise: T, call: impl FnOnce() -> Result<T>) -> T {
    match guarded(name, call) {
        Ok(value) => value,
        Err(failure) => {
            told(name, &failure);
            otherwise
        }
    }
}

fn guarded<T>(name: &'static str, call: impl FnOnce() -> Result<T>) -> Result<T> {
    let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
    if forks::forked() {
        return Err(Failure::new(
            ACL_ERROR_INTERNAL_ERROR,
            "this process was forked after aclInit; fork first, or start a new program",
        ));
    }
    log::trace!("call {sequence}: {name}");
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(Failure::new(
            ACL_ERROR_INTERNAL_ERROR,
            format!("a mistake of the simulator: {text}; please report it"),
        ))
    })
}

fn told(name: &str, failure: &Failure) -> aclError {
    let Failure { code, text } = failure;
    message::push(format!("{name}: {} ({code}): {text}", codes::name(*code)));
    failure.code
}
