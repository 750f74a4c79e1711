//! Findings: what a card might only punish later, or on another day.
//!
//! On by default; `ACL_SIM_STRICT=0` turns findings off and makes the checks lenient that the
//! vendor's documents leave open. Each finding is told once, on standard error.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

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
pub(crate) fn find(text: String) {
    if !on() {
        return;
    }
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.get_or_insert_default().insert(text.clone()) {
        eprintln!("ascendcl-sim: strict: {text}");
        super::message::push(format!("strict: {text}"));
    }
}
