//! Faults on demand: what goes wrong on a card once a month goes wrong here when it is asked to.
//!
//! `ACL_SIM_FAULTS` is a TOML file, or the TOML itself; tests in the same process use
//! [`crate::faults`]. Calls, executions and copies are counted from 1, from when the plan came.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use acl_sys::{
    ACL_ERROR_INVALID_FILE, ACL_ERROR_INVALID_PARAM, ACL_ERROR_PARSE_FILE,
    ACL_ERROR_RT_LOST_HEARTBEAT, Api, aclError,
};
use serde::Deserialize;

use super::failure::{Result, fail};

/// What goes wrong, and when.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// Calls that fail without being carried out.
    #[serde(default)]
    pub call: Vec<CallFault>,
    /// Executions of models that fail; queued ones at synchronisation.
    #[serde(default)]
    pub execution: Vec<ExecutionFault>,
    /// Copies that take longer.
    #[serde(default)]
    pub copy: Vec<CopyFault>,
    /// The device memory of each chip, in bytes, where it is less than the profile's.
    pub memory: Option<usize>,
    /// The device is lost when this many calls have been made: from then on each call that needs it
    /// answers 507010, until `aclFinalize`.
    pub lose_device_after: Option<u64>,
}

/// A call that fails.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallFault {
    /// The C function.
    pub name: String,
    /// Which call of it, from 1; each one where it is left out.
    pub nth: Option<u64>,
    /// What it answers.
    pub code: i32,
}

/// An execution that fails.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecutionFault {
    /// Which execution, from 1; each one where it is left out.
    pub nth: Option<u64>,
    /// The code of the failure.
    pub code: i32,
}

/// A copy that takes longer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyFault {
    /// Which copy, from 1; each one where it is left out.
    pub nth: Option<u64>,
    /// By how much, in milliseconds.
    pub delay_ms: u64,
}

struct State {
    plan: Plan,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    by_call: HashMap<&'static str, u64>,
    calls: u64,
    executions: u64,
    copies: u64,
    lost: bool,
}

static STATE: RwLock<Option<Arc<State>>> = RwLock::new(None);

fn state() -> Option<Arc<State>> {
    STATE.read().unwrap_or_else(PoisonError::into_inner).clone()
}

impl State {
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a plan in place of the one before, and counts anew.
pub(crate) fn install(plan: Option<Plan>) -> Result<()> {
    if let Some(plan) = &plan {
        for fault in &plan.call {
            if !Api::NAMES.contains(&fault.name.as_str()) {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "a fault names the call {:?}, which AscendCL does not have",
                    fault.name
                ));
            }
        }
    }
    let fresh = plan.map(|plan| {
        Arc::new(State {
            plan,
            counts: Mutex::default(),
        })
    });
    *STATE.write().unwrap_or_else(PoisonError::into_inner) = fresh;
    Ok(())
}

/// Reads the plan of the environment, if there is one; called by `aclInit`.
pub(crate) fn from_environment() -> Result<()> {
    let Some(value) = std::env::var_os("ACL_SIM_FAULTS").filter(|value| !value.is_empty()) else {
        return Ok(());
    };
    let inline = value.to_str().filter(|text| text.contains(['=', '[']));
    let (text, origin) = match inline {
        Some(text) => (text.to_owned(), "ACL_SIM_FAULTS".to_owned()),
        None => {
            let path = Path::new(&value);
            let text = std::fs::read_to_string(path).map_err(|error| {
                fail!(
                    ACL_ERROR_INVALID_FILE,
                    "ACL_SIM_FAULTS is {}: {error}; name a TOML file, or write the TOML itself",
                    path.display()
                )
            })?;
            (text, path.display().to_string())
        }
    };
    let plan = super::profile::read_toml(&text)
        .map_err(|error| fail!(ACL_ERROR_PARSE_FILE, "{origin}: {error}"))?;
    install(Some(plan))
}

/// Calls that a lost device answers, because they only clean up or need none.
fn survives(name: &str) -> bool {
    let clean = ["Destroy", "Free", "Reset", "Finalize", "Unload", "Release"];
    name == "aclInit"
        || name == "aclrtGetDeviceCount"
        || clean.iter().any(|word| name.contains(word))
}

/// Fails a call that is to fail.
pub(crate) fn call(name: &'static str) -> Result<()> {
    let Some(state) = state() else {
        return Ok(());
    };
    let mut counts = state.counts();
    counts.calls += 1;
    if name == "aclFinalize" {
        counts.lost = false;
    } else if state.plan.lose_device_after == Some(counts.calls - 1) {
        counts.lost = true;
    }
    let count = counts.by_call.entry(name).or_default();
    *count += 1;
    let count = *count;
    let lost = counts.lost;
    drop(counts);
    if lost && !survives(name) {
        return Err(fail!(
            ACL_ERROR_RT_LOST_HEARTBEAT,
            "the device is lost, as the plan of faults wants it"
        ));
    }
    let fault = state
        .plan
        .call
        .iter()
        .find(|fault| fault.name == name && fault.nth.is_none_or(|nth| nth == count));
    match fault {
        Some(fault) => Err(demanded(fault.code, &format!("call {count} of {name}"))),
        None => Ok(()),
    }
}

fn demanded(code: aclError, what: &str) -> super::failure::Failure {
    fail!(code, "{what} fails, as the plan of faults wants it")
}

/// Fails an execution that is to fail.
pub(crate) fn execution() -> Result<()> {
    let Some(state) = state() else {
        return Ok(());
    };
    let mut counts = state.counts();
    counts.executions += 1;
    let (count, lost) = (counts.executions, counts.lost);
    drop(counts);
    if lost {
        return Err(demanded(
            ACL_ERROR_RT_LOST_HEARTBEAT,
            "the execution on a lost device",
        ));
    }
    let mut faults = state.plan.execution.iter();
    match faults.find(|fault| fault.nth.is_none_or(|nth| nth == count)) {
        Some(fault) => Err(demanded(fault.code, &format!("execution {count}"))),
        None => Ok(()),
    }
}

/// Returns by how much a copy is to be late.
pub(crate) fn copy() -> Option<Duration> {
    let state = state()?;
    let mut counts = state.counts();
    counts.copies += 1;
    let count = counts.copies;
    drop(counts);
    let mut faults = state.plan.copy.iter();
    let fault = faults.find(|fault| fault.nth.is_none_or(|nth| nth == count))?;
    Some(Duration::from_millis(fault.delay_ms))
}

/// Returns the device memory of a chip of which `all` bytes are built in.
pub(crate) fn memory(all: usize) -> usize {
    let limit = state().and_then(|state| state.plan.memory);
    limit.map_or(all, |limit| limit.min(all))
}
