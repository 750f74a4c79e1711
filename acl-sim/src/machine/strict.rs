//! Findings: what a card might only punish later, or on another day.
//!
//! On by default; `ACL_SIM_STRICT=0` turns findings off and makes the checks lenient that the
//! vendor's documents leave open. Each finding is told once, on standard error and to
//! `aclGetRecentErrMsg`.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

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
    /// A callback that nobody ran.
    LostCallback,
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
            Self::LostCallback => "lost_callback",
        }
    }
}

static ON: LazyLock<bool> =
    LazyLock::new(|| std::env::var_os("ACL_SIM_STRICT").is_none_or(|value| value != "0"));

static TOLD: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// Says whether the simulator is strict.
pub(crate) fn on() -> bool {
    *ON
}

/// Lets the next use of the library be told everything again.
pub(crate) fn begin_again() {
    *TOLD.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Tells a finding, unless it has been told or nobody wants to know.
pub(crate) fn find(kind: Finding, text: String) {
    if !on() {
        return;
    }
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.get_or_insert_default().insert(text.clone()) {
        eprintln!("ascendcl-sim: strict: {}: {text}", kind.name());
        super::message::push(format!("strict: {}: {text}", kind.name()));
    }
}
