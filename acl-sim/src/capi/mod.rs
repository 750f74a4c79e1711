//! The C interface: arguments become references and values, `machine` does the work, and what comes
//! back becomes a status.
//!
//! One function per function of the headers, by header. The compiler checks each against
//! `acl_sys::fns`, because the table of [`api`] is made of all of them; a function that is not
//! simulated stands in [`not_simulated`], and that list is the list of what is left to do.

mod aipp;
mod base;
mod blas;
mod callback;
mod device;
mod dvpp;
mod load;
mod memory;
mod model;
mod model_op;
mod not_simulated;
mod op;
mod op_attr;
mod op_compile;
mod prof;
mod profiling;
mod retrieval;
mod run;
mod runtime;
mod tdt;
mod tensor;
mod tensor_op;

use std::ffi::{CStr, c_char};

use acl_sys::{ACL_ERROR_INVALID_PARAM, Api, Source};

use crate::machine::failure::{Result, fail};

#[allow(clippy::wildcard_imports)] // the table needs every function, whichever file it is in
use {
    aipp::*, base::*, blas::*, callback::*, device::*, dvpp::*, load::*, memory::*, model::*,
    model_op::*, not_simulated::*, op::*, op_attr::*, op_compile::*, prof::*, profiling::*,
    retrieval::*, run::*, runtime::*, tdt::*, tensor::*, tensor_op::*,
};

/// Fills the table with the functions of this crate, each checked against its type.
macro_rules! table {
    ($($name:ident),* $(,)?) => {
        Api {
            source: Source { path: None, simulator: crate::version().to_str().ok() },
            $($name: Some({
                let function: acl_sys::fns::$name = $name;
                function
            }),)*
            // A user's own, newer headers may declare functions that are not known here.
            ..Api::default()
        }
    };
}

pub(crate) fn api() -> &'static Api {
    static API: std::sync::OnceLock<Api> = std::sync::OnceLock::new();
    #[allow(clippy::needless_update)]
    API.get_or_init(|| acl_sys::for_each_function!(table))
}

/// Checks that a pointer is not null.
fn require<T>(pointer: *const T, what: &str) -> Result<()> {
    if pointer.is_null() {
        return Err(fail!(ACL_ERROR_INVALID_PARAM, "{what} is null"));
    }
    Ok(())
}

/// Shows an argument or a result in the trace.
fn shown<T: std::any::Any + std::fmt::Debug>(value: &T) -> acl_trace::Value {
    // SAFETY: the C interface asks of its caller that a string be null or end with NUL, and what
    // this library returns as a string does.
    unsafe { acl_trace::show(value) }
}

/// Writes a value to where a C caller wants it.
macro_rules! put {
    ($pointer:expr, $value:expr) => {{
        let (pointer, value) = ($pointer, $value);
        $crate::capi::require(pointer, stringify!($pointer)).map(|()| {
            // SAFETY: the pointer is not null, and the C interface asks of its caller that such a
            // pointer be valid for a write of its type.
            unsafe { pointer.write(value) }
        })
    }};
}

/// Borrows a C string, which must not be null.
macro_rules! text {
    ($pointer:expr) => {{
        let pointer: *const ::std::ffi::c_char = $pointer;
        $crate::capi::require(pointer, stringify!($pointer)).map(|()| {
            // SAFETY: the pointer is not null, and the C interface asks of its caller that it be a
            // string that ends with NUL and does not change during the call.
            unsafe { ::std::ffi::CStr::from_ptr(pointer) }
        })
    }};
}

/// Borrows `count` values, which must not be null unless there are none.
macro_rules! slice {
    ($pointer:expr, $count:expr) => {{
        let (pointer, count) = ($pointer, $count);
        if count == 0 {
            Ok(&[][..])
        } else {
            $crate::capi::require(pointer, stringify!($pointer)).map(|()| {
                // SAFETY: the pointer is not null, and the C interface asks of its caller that it
                // be readable for `count` values which do not change during the call.
                unsafe { ::std::slice::from_raw_parts(pointer, count) }
            })
        }
    }};
}

/// Takes memory of the program by address and length.
macro_rules! host {
    ($pointer:expr, $len:expr) => {{
        let (pointer, len) = ($pointer, $len);
        // SAFETY: the C interface asks of its caller that memory named in a call be usable until
        // the call's work is done; whether it is the device's is checked before it is touched.
        unsafe { $crate::machine::device_memory::HostMemory::new(pointer.cast_mut().cast(), len) }
    }};
}

/// Defines functions that return a status; their bodies return `Result<()>`.
macro_rules! status {
    ($(fn $name:ident($($argument:ident: $type:ty),* $(,)?) $body:block)*) => {$(
        #[unsafe(no_mangle)]
        #[allow(non_snake_case, reason = "C's name")]
        pub(crate) unsafe extern "C" fn $name($($argument: $type),*) -> acl_sys::aclError {
            $crate::machine::calls::enter(
                stringify!($name),
                || vec![$((stringify!($argument), $crate::capi::shown(&$argument))),*],
                move || $body,
            )
        }
    )*};
}

/// Defines functions that return a value, and another when they fail; their bodies return `Result`.
macro_rules! getter {
    ($(fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $value:ty, or $otherwise:expr; $body:block)*) => {$(
        #[unsafe(no_mangle)]
        #[allow(non_snake_case, reason = "C's name")]
        pub(crate) unsafe extern "C" fn $name($($argument: $type),*) -> $value {
            $crate::machine::calls::enter_or(
                stringify!($name),
                $otherwise,
                || vec![$((stringify!($argument), $crate::capi::shown(&$argument))),*],
                $crate::capi::shown,
                move || $body,
            )
        }
    )*};
}

use {getter, host, put, slice, status, text};

/// Turns a C string into text; bytes that are no UTF-8 are replaced.
fn lossy(text: &CStr) -> String {
    text.to_string_lossy().into_owned()
}

/// An empty C string, for getters that must not return null.
const EMPTY: *const c_char = c"".as_ptr();
