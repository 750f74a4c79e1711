//! A reader of pickles that runs nothing.
//!
//! It knows the instructions of protocols 2 to 5 that build plain values, and the few names that a
//! `state_dict` refers to. Any other name is refused, and so is every instruction that would call or
//! import anything else. All that is made lies in flat lists ([`Heap`]) and values are numbers into
//! them, so no nesting can exhaust the stack, neither here nor when it is freed.
//!
//! Cost: at most [`MAX_STEPS`] instructions, each of which makes at most one object; memory and time
//! are bounded by that and by the length of the stream.
//!
//! **Source**: the instruction table of Python's `pickletools`; the names from pickles that PyTorch
//! 0.4 to 2 write.

mod call;
mod heap;
mod machine;
mod names;
mod stream;

use thiserror::Error;

pub use heap::{Heap, StorageRecord, TensorRecord, Value};
pub use machine::{MAX_STEPS, run};

/// Says where a pickle cannot be followed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("pickle, byte {at}: {detail}")]
pub struct PickleError {
    /// Offset of the instruction in the stream.
    pub at: usize,
    /// What was found.
    pub detail: String,
}
