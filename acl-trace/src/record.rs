//! One line of a trace.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::Value;

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The number of the call, by when it was entered.
    pub seq: u64,
    /// The number of the thread, by its first call.
    pub thread: u64,
    /// The function.
    pub call: String,
    /// The arguments by name.
    pub args: BTreeMap<String, Value>,
    /// The status, or what the function returned.
    pub result: Value,
    /// When it was entered, in microseconds since the first call.
    pub at_us: u64,
    /// How long it took, in nanoseconds.
    pub took_ns: u64,
}
