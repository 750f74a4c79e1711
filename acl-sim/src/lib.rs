//! A simulator of AscendCL on the CPU.
//!
//! The same functions come in two forms: as `libascendcl.so`, with the C interface of the vendor's
//! library, for programs in any language; and in this process, as the table that [`api`] returns.
//! Either way models run for real, and strictly: what a card would punish is an error here, and what
//! a card may only punish later is told on standard error (turn that off by `ACL_SIM_STRICT=0`).
//!
//! [`faults`] disturbs it, [`findings`] tells what it found, and the variables `ACL_SIM_*` of the
//! environment do the same for programs in any language (`docs/simulator.md`).
//!
//! [`atc`] converts an ONNX graph to the `.om` that the simulator runs; [`exec`] runs it.
//!
//! All functions of the interface are exported. Those that are not simulated answer 200001
//! (`ACL_ERROR_API_NOT_SUPPORT`) and name themselves in `aclGetRecentErrMsg`.

use std::ffi::{CStr, CString, c_char};
use std::sync::LazyLock;

pub mod atc;
mod capi;
pub mod exec;
mod machine;
pub mod toolkit;

pub use machine::strict::Found;

/// Returns the table of all functions, which run in this process.
///
/// The process has one simulated machine, however often the table is asked for.
#[must_use]
pub fn api() -> &'static acl_sys::Api {
    capi::api()
}

/// Chooses what is simulated: the name of a profile that comes with the simulator, or the path of a
/// TOML file, in place of the variable `ACL_SIM_PROFILE`.
///
/// The process has one machine and so one profile. Choosing the same again is fine.
///
/// # Errors
///
/// What is wrong with the profile, or which other one is in use already.
pub fn choose_profile(named: &std::ffi::OsStr) -> Result<(), String> {
    machine::profile::choose(named)
}

/// Faults on demand, for tests in the same process.
///
/// ```
/// use ascendcl::faults::{CallFault, Plan};
///
/// let mut plan = Plan::default();
/// plan.call.push(CallFault { name: "aclrtMalloc".into(), nth: Some(3), code: 207_001 });
/// ascendcl::faults::install(Some(plan)).unwrap();
/// // The third aclrtMalloc from here on answers 207001.
/// ascendcl::faults::install(None).unwrap();
/// ```
pub mod faults {
    pub use crate::machine::faults::{CallFault, CopyFault, ExecutionFault, Plan};

    /// Puts a plan in place of the one before, and counts anew; `None` ends all faults.
    ///
    /// The plan is the process's, whichever thread installs it.
    ///
    /// # Errors
    ///
    /// When the plan names a call that AscendCL does not have, with that name.
    pub fn install(plan: Option<Plan>) -> Result<(), String> {
        crate::machine::faults::install(plan).map_err(|failure| failure.text)
    }
}

/// Tells what the strict mode finds to a function, a line each, in place of standard error; `None` ends
/// that. For hosts that print nothing by themselves.
pub fn tell_findings(receiver: Option<fn(&str)>) {
    machine::strict::tell_to(receiver);
}

/// Returns what the strict mode found since the process began, in the order in which it was found.
#[must_use]
pub fn findings() -> Vec<Found> {
    machine::strict::all()
}

/// Says that this library simulates: its name and version.
///
/// A loader that finds this symbol marks every report of the run as simulated. With timing on the
/// text says so, and by which profile.
#[unsafe(no_mangle)]
pub extern "C" fn ascendcl_sim_version() -> *const c_char {
    version().as_ptr()
}

/// The simulator's name and version, and what was modelled.
fn version() -> &'static CStr {
    static VERSION: LazyLock<CString> = LazyLock::new(|| {
        let profile = machine::profile::profile();
        let timing = match profile.timing {
            Some(_) => format!(
                ", times modelled by profile {}",
                profile.name.replace('\0', " ")
            ),
            None => String::new(),
        };
        let text = format!("ascendcl-sim {}{timing}", env!("CARGO_PKG_VERSION"));
        CString::new(text).expect("its parts have no NUL")
    });
    &VERSION
}
