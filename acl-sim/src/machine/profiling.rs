//! Profiling and dumps: the rules of their calls.
//!
//! The simulator measures nothing for them and writes no files: what a card's profiler would show is
//! its own, and nobody could use the processor's in its place. Programs that switch profiling or
//! dumps on run as they are, and wrong orders are refused with the documented codes.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acl_sys::{
    ACL_ERROR_DUMP_ALREADY_RUN, ACL_ERROR_DUMP_NOT_RUN, ACL_ERROR_INVALID_DUMP_CONFIG,
    ACL_ERROR_INVALID_FILE, ACL_ERROR_INVALID_PARAM, ACL_ERROR_PROF_ALREADY_RUN,
    ACL_ERROR_PROF_MODULES_UNSUPPORTED, ACL_ERROR_PROF_NOT_RUN,
};

use super::failure::{Result, fail};
use super::handle::{Handle, Kind, Table};
use super::process;

/// What is to be profiled, and where.
#[derive(Debug)]
pub(crate) struct Config {
    devices: BTreeSet<u32>,
}

static CONFIGS: Table<Arc<Config>> = Table::new(Kind::ProfilingConfig);
static STEPS: Table<()> = Table::new(Kind::StepInfo);

#[derive(Default)]
struct State {
    profiles: bool,
    /// The configurations that were started.
    started: Vec<Handle>,
    dumps: bool,
}

static STATE: Mutex<State> = Mutex::new(State {
    profiles: false,
    started: Vec::new(),
    dumps: false,
});

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All kinds of data that the headers name: bits 0 to 8.
const KNOWN: u64 = 0x1ff;

/// Begins profiling; the results' folder must exist.
pub(crate) fn init(folder: &Path) -> Result<()> {
    process::require_init()?;
    if !folder.is_dir() {
        return Err(fail!(
            ACL_ERROR_INVALID_FILE,
            "{}: no such folder; make it before aclprofInit",
            folder.display()
        ));
    }
    super::stamps::require_none_subscribed()?;
    let mut state = state();
    if state.profiles {
        return Err(fail!(
            ACL_ERROR_PROF_ALREADY_RUN,
            "profiling has begun already; aclprofFinalize ends it"
        ));
    }
    state.profiles = true;
    Ok(())
}

fn require_running(state: &State) -> Result<()> {
    if state.profiles {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_PROF_NOT_RUN,
        "profiling has not begun: call aclprofInit first"
    ))
}

/// Says whether profiling has begun.
pub(crate) fn runs() -> bool {
    state().profiles
}

/// Ends profiling.
pub(crate) fn finalize() -> Result<()> {
    let mut state = state();
    require_running(&state)?;
    state.profiles = false;
    state.started.clear();
    Ok(())
}

/// Makes a configuration.
pub(crate) fn create_config(devices: &[u32], kinds: u64) -> Result<Handle> {
    process::require_init()?;
    if kinds & !KNOWN != 0 || kinds == 0 {
        return Err(fail!(
            ACL_ERROR_PROF_MODULES_UNSUPPORTED,
            "the kinds of data are {kinds:#x}, wanted some of {KNOWN:#x}"
        ));
    }
    let mut seen = BTreeSet::new();
    for device in devices {
        process::check_device(i32::try_from(*device).unwrap_or(-1))?;
        if !seen.insert(*device) {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "device {device} is named twice"
            ));
        }
    }
    Ok(CONFIGS.insert(|_| Arc::new(Config { devices: seen })))
}

fn config(handle: Handle) -> Result<Arc<Config>> {
    CONFIGS
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

/// Ends a configuration.
pub(crate) fn destroy_config(handle: Handle) -> Result<()> {
    let config = config(handle)?;
    if state().started.contains(&handle) {
        super::strict::find(
            super::strict::Finding::Order,
            "aclprofDestroyConfig: the configuration was started and not stopped".to_owned(),
        );
    }
    drop(config);
    let _ = CONFIGS.remove(handle);
    Ok(())
}

/// Starts with a configuration; its devices must not be profiled already.
pub(crate) fn start(handle: Handle) -> Result<()> {
    let wanted = config(handle)?;
    let mut state = state();
    require_running(&state)?;
    let taken = state
        .started
        .iter()
        .any(|other| config(*other).is_ok_and(|other| !other.devices.is_disjoint(&wanted.devices)));
    if taken {
        return Err(fail!(
            ACL_ERROR_PROF_ALREADY_RUN,
            "one of the devices {:?} is being profiled already",
            wanted.devices
        ));
    }
    state.started.push(handle);
    Ok(())
}

/// Stops what was started with a configuration.
pub(crate) fn stop(handle: Handle) -> Result<()> {
    config(handle)?;
    let mut state = state();
    require_running(&state)?;
    let before = state.started.len();
    state.started.retain(|started| *started != handle);
    if state.started.len() == before {
        return Err(fail!(
            ACL_ERROR_PROF_NOT_RUN,
            "nothing was started with this configuration"
        ));
    }
    Ok(())
}

pub(crate) fn create_step() -> Handle {
    STEPS.insert(|_| ())
}

pub(crate) fn check_step(handle: Handle) -> Result<()> {
    STEPS
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

pub(crate) fn destroy_step(handle: Handle) -> Result<()> {
    STEPS
        .remove(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

/// Lets dumps be configured.
pub(crate) fn init_dump() -> Result<()> {
    process::require_init()?;
    let mut state = state();
    if std::mem::replace(&mut state.dumps, true) {
        return Err(fail!(
            ACL_ERROR_DUMP_ALREADY_RUN,
            "dumps have begun already; aclmdlFinalizeDump ends them"
        ));
    }
    Ok(())
}

/// Checks a configuration of dumps.
pub(crate) fn set_dump(path: &Path) -> Result<()> {
    if !state().dumps {
        return Err(fail!(
            ACL_ERROR_DUMP_NOT_RUN,
            "dumps have not begun: call aclmdlInitDump first"
        ));
    }
    let file = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| fail!(ACL_ERROR_INVALID_FILE, "{file}: {error}; name a JSON file"))?;
    let sound = serde_json::from_str::<serde_json::Value>(&text).map(|value| value.is_object());
    if !matches!(sound, Ok(true)) {
        return Err(fail!(
            ACL_ERROR_INVALID_DUMP_CONFIG,
            "{file} holds no JSON object"
        ));
    }
    Ok(())
}

/// Ends dumps.
pub(crate) fn finalize_dump() -> Result<()> {
    if !std::mem::replace(&mut state().dumps, false) {
        return Err(fail!(
            ACL_ERROR_DUMP_NOT_RUN,
            "dumps have not begun: call aclmdlInitDump first"
        ));
    }
    Ok(())
}

/// Forgets everything, at the end of the library's use.
pub(crate) fn clear() {
    *state() = State::default();
}
