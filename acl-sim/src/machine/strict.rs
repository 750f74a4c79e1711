//! Findings: what a card might only punish later, or on another day.
//!
//! On by default; `ACL_SIM_STRICT=0` turns findings off and makes the checks lenient that the
//! vendor's documents leave open. Each finding is told once: on standard error, to
//! `aclGetRecentErrMsg`, and in the report that `ACL_SIM_REPORT=file` asks for, a JSON object that is
//! written by `aclFinalize` and at the end of the process.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError, RwLock};

use serde::Serialize;

use super::calls::{self, Site};
use super::profile::profile;

/// The kinds of findings. Their names are those of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Finding {
    /// Something was never released.
    Leak,
    /// Something was released in the wrong order.
    Order,
    /// A handle that is destroyed, foreign or made up.
    BadHandle,
    /// A free of what is no live block: freed twice, or another's.
    BadFree,
    /// Something was released while queued work uses it.
    FreedInUse,
    /// Something was used under another context than its own.
    WrongContext,
    /// An access that reaches beyond what was asked for.
    Overrun,
    /// An asynchronous copy of unaligned or pageable memory.
    AsyncCopy,
    /// Contents were read that queued work had yet to write.
    ReadEarly,
    /// A callback that nobody ran.
    LostCallback,
    /// A call inside a callback that may fail or wait for ever there.
    InCallback,
    /// A buffer of a dataset that is larger than what the model reads or writes.
    SizeMismatch,
}

impl Finding {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::Order => "order",
            Self::BadHandle => "bad_handle",
            Self::BadFree => "bad_free",
            Self::FreedInUse => "freed_in_use",
            Self::WrongContext => "wrong_context",
            Self::Overrun => "overrun",
            Self::AsyncCopy => "async_copy",
            Self::ReadEarly => "read_early",
            Self::LostCallback => "lost_callback",
            Self::InCallback => "in_callback",
            Self::SizeMismatch => "size_mismatch",
        }
    }
}

static ON: LazyLock<bool> =
    LazyLock::new(|| std::env::var_os("ACL_SIM_STRICT").is_none_or(|value| value != "0"));

/// A finding that was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// Its kind: `leak`, `order`, `bad_handle`, `bad_free`, `freed_in_use`, `wrong_context`,
    /// `overrun`, `async_copy`, `read_early`, `lost_callback`, `in_callback`,
    /// `size_mismatch`, and more as they come.
    pub kind: &'static str,
    /// What was found, and what to do.
    pub text: String,
    /// The number of the call in which it was found, by which a trace knows it too; `None` for
    /// queued work and for the end of the process.
    pub call: Option<u64>,
    /// The function of that call.
    pub function: Option<&'static str>,
}

#[derive(Default)]
struct Told {
    /// What was told since `aclInit`.
    texts: HashSet<String>,
    /// What was told since the process began.
    all: Vec<Found>,
}

/// More findings than this are told, but not kept.
const KEPT: usize = 10_000;

static TOLD: Mutex<Option<Told>> = Mutex::new(None);

fn told() -> MutexGuard<'static, Option<Told>> {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says whether the simulator is strict.
pub(crate) fn on() -> bool {
    *ON
}

/// Lets the next use of the library be told everything again.
pub(crate) fn begin_again() {
    told().get_or_insert_default().texts.clear();
}

/// Tells a finding, unless it has been told or nobody wants to know.
pub(crate) fn find(kind: Finding, text: String) {
    if !on() {
        return;
    }
    let mut guard = told();
    let told = guard.get_or_insert_default();
    if !told.texts.insert(text.clone()) {
        return;
    }
    let line = format!("strict: {}: {text}", kind.name());
    super::message::push(line.clone());
    let site = calls::site();
    if told.all.len() < KEPT {
        told.all.push(Found {
            kind: kind.name(),
            text,
            call: site.map(|site| site.sequence),
            function: site.map(|site| site.name),
        });
    }
    drop(guard);
    // Outside of the lock: the receiver may use the library.
    let receiver = *RECEIVER.read().unwrap_or_else(PoisonError::into_inner);
    match receiver {
        Some(tell) => tell(&line),
        None => eprintln!("ascendcl-sim: {line}"),
    }
}

/// Who is told findings in place of standard error.
static RECEIVER: RwLock<Option<fn(&str)>> = RwLock::new(None);

/// Tells findings to a function, or (`None`) to standard error.
pub(crate) fn tell_to(receiver: Option<fn(&str)>) {
    *RECEIVER.write().unwrap_or_else(PoisonError::into_inner) = receiver;
}

/// Returns what was found since the process began.
pub(crate) fn all() -> Vec<Found> {
    told().get_or_insert_default().all.clone()
}

/// Says which calls made something, for a finding's end; empty where nobody knows.
pub(crate) fn made_by(made: &[Option<Site>]) -> String {
    /// The calls that are named one by one.
    const NAMED: usize = 5;
    let known: Vec<_> = made.iter().flatten().collect();
    if known.is_empty() {
        return String::new();
    }
    let named: Vec<_> = known.iter().take(NAMED).map(ToString::to_string).collect();
    let rest = match known.len() - named.len() {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    format!(": made by {}{rest}", named.join(", "))
}

/// The report, as `ACL_SIM_REPORT` names its file.
#[derive(Serialize)]
struct Report {
    format: u32,
    simulator: &'static str,
    profile: &'static str,
    /// Whether times were modelled.
    timing: bool,
    strict: bool,
    calls: u64,
    finalized: bool,
    findings: Vec<Found>,
}

/// Writes the report, if one is wanted; `%p` in its name becomes the process's number.
pub(crate) fn report(finalized: bool) {
    let Some(path) = std::env::var_os("ACL_SIM_REPORT").filter(|path| !path.is_empty()) else {
        return;
    };
    let process = std::process::id().to_string();
    let path = path.to_string_lossy().replace("%p", &process);
    let report = Report {
        format: 1,
        simulator: concat!("ascendcl-sim ", env!("CARGO_PKG_VERSION")),
        profile: &profile().name,
        timing: profile().timing.is_some(),
        strict: on(),
        calls: calls::count(),
        finalized,
        findings: all(),
    };
    let written = serde_json::to_vec_pretty(&report)
        .map_err(std::io::Error::from)
        .and_then(|json| {
            // Under another name first, so that nobody reads half a report.
            let draft = format!("{path}.{process}");
            std::fs::write(&draft, json)?;
            std::fs::rename(&draft, &path)
        });
    if let Err(error) = written {
        eprintln!("ascendcl-sim: no report in {path}: {error}");
    }
}
