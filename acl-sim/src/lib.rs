//! A simulator of AscendCL on the CPU.
//!
//! The same functions come in two forms: as `libascendcl.so`, with the C interface of the vendor's
//! library, for programs in any language; and in this process, as the table that [`api`] returns.
//! Either way models run for real, and strictly: what a card would punish is an error here, and what
//! a card may only punish later is told on standard error (turn that off by `ACL_SIM_STRICT=0`).
//!
//! [`atc`] converts an ONNX graph to the `.om` that the simulator runs; [`exec`] runs it.
//!
//! All functions of the interface are exported. Those that are not simulated answer 200001
//! (`ACL_ERROR_API_NOT_SUPPORT`) and name themselves in `aclGetRecentErrMsg`.

use std::ffi::{CStr, c_char};

pub mod atc;
mod capi;
pub mod exec;
mod machine;
pub mod toolkit;

/// The simulator's name and version.
const VERSION: &CStr = {
    let text = concat!("ascendcl-sim ", env!("CARGO_PKG_VERSION"), "\0");
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("the text ends with its only NUL"),
    }
};

/// Returns the table of all functions, which run in this process.
///
/// The process has one simulated machine, however often the table is asked for.
#[must_use]
pub fn api() -> &'static acl_sys::Api {
    capi::api()
}

/// Says that this library simulates: its name and version.
///
/// A loader that finds this symbol marks every report of the run as simulated.
#[unsafe(no_mangle)]
pub extern "C" fn ascendcl_sim_version() -> *const c_char {
    VERSION.as_ptr()
}
