//! The one door through which every call of the C interface goes.
//!
//! It numbers the calls, keeps panics from crossing into C, turns a failure into a code and a text,
//! and lets calls be watched (a trace) and disturbed (faults on demand).

use std::any::Any;
use std::cell::Cell;
use std::fmt::{self, Debug};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use acl_sys::{ACL_ERROR_API_NOT_SUPPORT, ACL_ERROR_INTERNAL_ERROR, ACL_SUCCESS, aclError};
use acl_trace::{Value, Writer};

use super::device_memory::forks;
use super::failure::{Failure, Result, fail};
use super::profile::{Cann, profile};
use super::{codes, faults, message};

static SEQUENCE: AtomicU64 = AtomicU64::new(0);

/// A call, as messages and reports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) sequence: u64,
    pub(crate) name: &'static str,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {} ({})", self.sequence, self.name)
    }
}

thread_local! {
    /// The call that this thread is in.
    static SITE: Cell<Option<Site>> = const { Cell::new(None) };
}

/// Returns the call that this thread is in; queued work is in none.
pub(crate) fn site() -> Option<Site> {
    SITE.try_with(Cell::get).ok().flatten()
}

/// Counts the calls so far.
pub(crate) fn count() -> u64 {
    SEQUENCE.load(Ordering::Relaxed)
}

/// The arguments of a call, for a trace; made only when there is one.
pub(crate) type Arguments = Vec<(&'static str, Value)>;

/// Runs a call that returns a status.
pub(crate) fn enter(
    name: &'static str,
    arguments: impl FnOnce() -> Arguments,
    call: impl FnOnce() -> Result<()>,
) -> aclError {
    traced(
        name,
        arguments,
        |code| Value::Integer(i64::from(*code)),
        || match guarded(name, call) {
            Ok(()) => ACL_SUCCESS,
            Err(failure) => told(name, &failure),
        },
    )
}

/// Runs a call that returns a value and has no way to report a failure but `otherwise`.
pub(crate) fn enter_or<T: Any + Debug>(
    name: &'static str,
    otherwise: T,
    arguments: impl FnOnce() -> Arguments,
    show: impl FnOnce(&T) -> Value,
    call: impl FnOnce() -> Result<T>,
) -> T {
    traced(name, arguments, show, || match guarded(name, call) {
        Ok(value) => value,
        Err(failure) => {
            told(name, &failure);
            otherwise
        }
    })
}

/// The trace of this process, if one is wanted.
static TRACE: LazyLock<Option<Writer>> = LazyLock::new(|| {
    let path = std::env::var_os("ACL_SIM_TRACE").filter(|path| !path.is_empty())?;
    Writer::create(Path::new(&path))
        .map_err(|error| eprintln!("ascendcl-sim: no trace is written: {error}"))
        .ok()
});

/// Numbers a call, and writes it to the trace.
fn traced<T>(
    name: &'static str,
    arguments: impl FnOnce() -> Arguments,
    show: impl FnOnce(&T) -> Value,
    call: impl FnOnce() -> T,
) -> T {
    let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
    // A function of the program's, run inside a call, makes calls of its own.
    let outer = SITE.try_with(|site| site.replace(Some(Site { sequence, name })));
    let started = TRACE
        .as_ref()
        .map(|trace| (trace, trace.enter(sequence, name, arguments())));
    let result = call();
    if let Some((trace, started)) = started {
        trace.leave(started, show(&result));
    }
    let _ = SITE.try_with(|site| site.set(outer.ok().flatten()));
    result
}

/// The functions that came with a later release than 5.1, and that release.
const SINCE: &[(&str, Cann)] = &[
    ("aclrtCreateStreamWithConfig", Cann::new(6, 0)),
    ("aclrtDestroyStreamForce", Cann::new(6, 3)),
    ("aclrtGetDeviceSatMode", Cann::new(6, 0)),
    ("aclrtGetErrorCodeFromExceptionInfo", Cann::new(6, 0)),
    ("aclrtGetStreamOverflowSwitch", Cann::new(6, 0)),
    ("aclrtSetDeviceSatMode", Cann::new(6, 0)),
    ("aclrtSetStreamFailureMode", Cann::new(6, 3)),
    ("aclrtSetStreamOverflowSwitch", Cann::new(6, 0)),
    ("aclrtSynchronizeStreamWithTimeout", Cann::new(6, 0)),
    ("acltdtAppendBufChain", Cann::new(6, 0)),
    ("acltdtCopyBufRef", Cann::new(6, 0)),
    ("acltdtGetBufChainNum", Cann::new(6, 0)),
    ("acltdtGetBufDataLen", Cann::new(6, 0)),
    ("acltdtGetBufFromChain", Cann::new(6, 0)),
    ("acltdtGetBufUserData", Cann::new(6, 0)),
    ("acltdtSetBufDataLen", Cann::new(6, 0)),
    ("acltdtSetBufUserData", Cann::new(6, 0)),
];

fn guarded<T>(name: &'static str, call: impl FnOnce() -> Result<T>) -> Result<T> {
    if forks::forked() {
        return Err(Failure::new(
            ACL_ERROR_INTERNAL_ERROR,
            "this process was forked after aclInit; fork first, or start a new program",
        ));
    }
    let cann = profile().cann;
    if !cann.is_newest()
        && let Some((_, since)) = SINCE.iter().find(|(later, _)| *later == name)
        && *since > cann
    {
        return Err(fail!(
            ACL_ERROR_API_NOT_SUPPORT,
            "{name} came with CANN {since}; the profile imitates {cann}"
        ));
    }
    super::report::check_call();
    faults::call(name)?;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_later_functions_are_those_of_the_table() {
        let table = include_str!("../../../vendor-headers/facts/functions.tsv");
        let rows = table.lines().skip(1).filter_map(|line| {
            let columns: Vec<_> = line.split('\t').collect();
            Some((columns[0], Cann::parse(columns[6])?))
        });
        let mut wanted: Vec<_> = rows.filter(|(_, since)| *since > Cann::OLDEST).collect();
        wanted.sort_by_key(|(name, _)| *name);
        assert_eq!(SINCE, wanted);
    }
}
