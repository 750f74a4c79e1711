//! Which operators a program may run: those of a model folder or of loaded models, which here stand
//! for any, and those that were compiled; and the settings of the compiler.
//!
//! Own choices: the model folder may be set once between `aclInit` and `aclFinalize` (100002 after
//! that), and a folder that does not exist is 100003; options of the compiler are kept and change
//! nothing; an operator's own kernel is registered and never run, because the simulator computes
//! what it knows by the operator's name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acl_sys::{
    ACL_ERROR_BIN_SELECTOR_ALREADY_REGISTERED, ACL_ERROR_BIN_SELECTOR_NOT_REGISTERED,
    ACL_ERROR_GE_INTERNAL_ERROR, ACL_ERROR_INVALID_FILE, ACL_ERROR_INVALID_PARAM,
    ACL_ERROR_KERNEL_ALREADY_REGISTERED, ACL_ERROR_KERNEL_NOT_FOUND, ACL_ERROR_OP_NOT_FOUND,
    ACL_ERROR_REPEAT_INITIALIZE, aclCompileOpt, aclopCompileFunc,
};

use super::attr::Attributes;
use super::{Call, Tensor};
use crate::machine::calls::Site;
use crate::machine::failure::{Failure, Result, fail};
use crate::machine::handle::{Handle, Kind, Table};
use crate::machine::objects::Shared;
use crate::machine::{process, strict};

/// An operator that was compiled for certain tensors; open dims stand for any.
struct Compiled {
    op: String,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    attributes: Attributes,
}

/// What gives a kernel's memory back to the program.
pub(crate) type Release = Box<dyn FnOnce() + Send>;

struct State {
    folder: Option<PathBuf>,
    loaded: bool,
    compiled: Vec<Compiled>,
    selectors: BTreeMap<String, aclopCompileFunc>,
    kernels: BTreeMap<(String, String), Option<Release>>,
}

static STATE: Mutex<State> = Mutex::new(State {
    folder: None,
    loaded: false,
    compiled: Vec::new(),
    selectors: BTreeMap::new(),
    kernels: BTreeMap::new(),
});

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forgets all, at the end of the use of the library.
pub(crate) fn clear() {
    let mut state = state();
    state.folder = None;
    state.loaded = false;
    state.compiled.clear();
    state.selectors.clear();
    let kernels = std::mem::take(&mut state.kernels);
    drop(state);
    // Functions of the program's, so after the lock.
    kernels
        .into_values()
        .flatten()
        .for_each(|release| release());
}

/// Takes the folder of the operators' models.
pub(crate) fn set_folder(folder: &Path) -> Result<()> {
    process::require_init()?;
    if !folder.is_dir() {
        return Err(fail!(
            ACL_ERROR_INVALID_FILE,
            "{} is no folder",
            folder.display()
        ));
    }
    let mut state = state();
    if let Some(set) = &state.folder {
        return Err(fail!(
            ACL_ERROR_REPEAT_INITIALIZE,
            "the folder of models has been set to {}: it may be set once",
            set.display()
        ));
    }
    state.folder = Some(folder.to_owned());
    Ok(())
}

/// Takes the model of an operator.
pub(crate) fn load(bytes: &[u8]) -> Result<()> {
    process::require_init()?;
    if bytes.is_empty() {
        return Err(fail!(ACL_ERROR_GE_INTERNAL_ERROR, "the model has no bytes"));
    }
    ascend_om::container::Om::parse(bytes)
        .map_err(crate::exec::ModelError::from)
        .map_err(|error| fail!(error.code(), "{error}"))?;
    state().loaded = true;
    Ok(())
}

fn fits(given: &[Tensor], compiled: &[Tensor]) -> bool {
    let dims = |given: &[i64], compiled: &[i64]| {
        compiled == [-2]
            || given.len() == compiled.len()
                && given
                    .iter()
                    .zip(compiled)
                    .all(|(g, c)| *c < 0 || *g < 0 || g == c)
    };
    given.len() == compiled.len()
        && given
            .iter()
            .zip(compiled)
            .all(|(g, c)| g.dtype == c.dtype && g.format == c.format && dims(&g.dims, &c.dims))
}

/// Takes an operator as compiled.
pub(crate) fn compiled(call: &Call<'_>) {
    let mut state = state();
    if !state.has(call) {
        state.compiled.push(Compiled {
            op: call.op.to_owned(),
            inputs: call.inputs.to_vec(),
            outputs: call.outputs.to_vec(),
            attributes: call.attributes.clone(),
        });
    }
}

impl State {
    fn has(&self, call: &Call<'_>) -> bool {
        self.compiled.iter().any(|compiled| {
            compiled.op == call.op
                && compiled.attributes == *call.attributes
                && fits(call.inputs, &compiled.inputs)
                && fits(call.outputs, &compiled.outputs)
        })
    }
}

/// Fails unless an operator may be run: one that was compiled, or any once there are models.
pub(crate) fn require(call: &Call<'_>) -> Result<()> {
    let state = state();
    if state.folder.is_some() || state.loaded || !strict::on() || state.has(call) {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_OP_NOT_FOUND,
        "no model of {} for these tensors and attributes: call aclopSetModelDir, aclopLoad or \
         aclopCompile first",
        call.op
    ))
}

/// Registers the function that selects an operator's kernel.
pub(crate) fn register(op: &str, function: aclopCompileFunc) -> Result<()> {
    process::require_init()?;
    let mut state = state();
    if state.selectors.contains_key(op) {
        return Err(fail!(
            ACL_ERROR_BIN_SELECTOR_ALREADY_REGISTERED,
            "{op} has a function that selects its kernel already"
        ));
    }
    state.selectors.insert(op.to_owned(), function);
    Ok(())
}

fn no_selector(op: &str) -> Failure {
    fail!(
        ACL_ERROR_BIN_SELECTOR_NOT_REGISTERED,
        "{op} has no function that selects its kernel: call aclopRegisterCompileFunc first"
    )
}

/// Takes that function back.
pub(crate) fn unregister(op: &str) -> Result<()> {
    process::require_init()?;
    let removed = state().selectors.remove(op);
    removed.map(drop).ok_or_else(|| no_selector(op))
}

/// Returns that function.
pub(crate) fn selector(op: &str) -> Result<aclopCompileFunc> {
    process::require_init()?;
    let selector = state().selectors.get(op).copied();
    selector.ok_or_else(|| no_selector(op))
}

/// Registers a kernel of an operator; `release` gives its memory back.
pub(crate) fn add_kernel(op: &str, id: &str, release: Option<Release>) -> Result<()> {
    process::require_init()?;
    let mut state = state();
    let key = (op.to_owned(), id.to_owned());
    if state.kernels.contains_key(&key) {
        return Err(fail!(
            ACL_ERROR_KERNEL_ALREADY_REGISTERED,
            "{op} has a kernel {id:?} already"
        ));
    }
    state.kernels.insert(key, release);
    Ok(())
}

/// What a selecting function chose.
#[derive(Clone, Default)]
pub(crate) struct Choice {
    kernel: Option<String>,
}

static CHOICES: Table<Arc<Shared<Choice>>> = Table::new(Kind::KernelDesc);

/// Begins a choice, which a selecting function is handed.
pub(crate) fn begin_choice() -> Handle {
    CHOICES.insert(|_| Shared::new(Choice::default()))
}

fn choice(handle: Handle) -> Result<Arc<Shared<Choice>>> {
    CHOICES
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

/// Chooses a kernel.
pub(crate) fn choose(handle: Handle, kernel: &str, blocks: u32) -> Result<()> {
    let choice = choice(handle)?;
    if blocks == 0 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the number of blocks is 0, wanted at least 1"
        ));
    }
    choice.lock().kernel = Some(kernel.to_owned());
    Ok(())
}

/// Checks a choice that is in the making.
pub(crate) fn check_choice(handle: Handle) -> Result<()> {
    choice(handle).map(drop)
}

/// Ends a choice; fails unless it names a kernel of the operator.
pub(crate) fn end_choice(handle: Handle, op: &str) -> Result<()> {
    let choice = CHOICES
        .remove(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))?;
    let kernel = choice.lock().kernel.clone();
    let known = |id: &String| state().kernels.contains_key(&(op.to_owned(), id.clone()));
    match kernel {
        Some(id) if known(&id) => Ok(()),
        Some(id) => Err(fail!(
            ACL_ERROR_KERNEL_NOT_FOUND,
            "{op} has no kernel {id:?}: call aclopCreateKernel first"
        )),
        None => Err(fail!(
            ACL_ERROR_KERNEL_NOT_FOUND,
            "the function that selects the kernel of {op} chose none: it calls aclopSetKernelArgs"
        )),
    }
}

/// Checks an option of the compiler.
pub(crate) fn check_option(option: aclCompileOpt, value: &str) -> Result<()> {
    process::require_init()?;
    let wanted = match option {
        aclCompileOpt::ACL_OP_JIT_COMPILE => matches!(value, "enable" | "disable"),
        aclCompileOpt::ACL_OP_DETERMINISTIC => matches!(value, "0" | "1"),
        aclCompileOpt(other) => other <= aclCompileOpt::ACL_CUSTOMIZE_DTYPES.0 && !value.is_empty(),
    };
    if wanted {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "the compiler's option {} is {value:?}: no such option, or none of its values",
        option.0
    ))
}

static OPTIONS: Table<()> = Table::new(Kind::GraphDumpOption);

pub(crate) fn create_options() -> Handle {
    OPTIONS.insert(|_| ())
}

pub(crate) fn destroy_options(handle: Handle) -> Result<()> {
    OPTIONS.remove(handle).map_err(|complaint| {
        strict::find(strict::Finding::BadHandle, complaint.clone());
        fail!(ACL_ERROR_INVALID_PARAM, "{complaint}")
    })
}

pub(crate) fn check_options(handle: Handle) -> Result<()> {
    OPTIONS
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

pub(super) fn live_options() -> Vec<Option<Site>> {
    OPTIONS.made(|()| true)
}
