//! What is simulated, without the C interface: devices, contexts, streams, events, memory, models.
//!
//! # Locks
//!
//! In the order in which one thread may hold several:
//!
//! 1. the process's life ([`process`]: initialisation and devices),
//! 2. a table of handles ([`handle`]),
//! 3. an object (a dataset, a buffer, a stream's queue, an event, a mailbox),
//! 4. the registry of memory ([`memory`]), and after it nothing,
//! 5. contents of device memory, the lower address first.
//!
//! No lock of 1 to 4 is held while a copy, a model or a function of the program's runs.
//!
//! # The simulator's own choices
//!
//! Where the public documents are silent: a null required pointer is 100000; a getter without an
//! error channel gives 0, null or "undefined"; a call that needs a device before one is set is
//! 107002; a stale or foreign handle is 107003 for streams, 107000 for other runtime objects and
//! 100000 for the rest; an event that was never recorded is complete; a stream that is
//! destroyed while a callback waits gives up on it when nobody can run it ([`report`]), and the end
//! of its context or of the process at once; an event of `aclrtCreateEvent` may be reset, as in
//! programs of before 8.0; a stream's priority and flags change nothing; each call in a process that was forked
//! after `aclInit` is 500000; strict mode ([`strict`]) tells what a card may only punish later.

pub(crate) mod aipp;
pub(crate) mod calls;
pub(crate) mod codes;
pub(crate) mod config;
pub(crate) mod device_memory;
pub(crate) mod dvpp;
pub(crate) mod event;
pub(crate) mod exception;
pub(crate) mod failure;
pub(crate) mod faults;
pub(crate) mod handle;
pub(crate) mod life;
pub(crate) mod memory;
pub(crate) mod message;
pub(crate) mod model;
pub(crate) mod model_desc;
pub(crate) mod objects;
pub(crate) mod op;
pub(crate) mod op_task;
pub(crate) mod process;
pub(crate) mod profile;
pub(crate) mod profiling;
pub(crate) mod queue;
pub(crate) mod report;
pub(crate) mod retrieval;
pub(crate) mod settings;
pub(crate) mod span;
pub(crate) mod stamps;
pub(crate) mod stream;
pub(crate) mod strict;
pub(crate) mod surplus;
pub(crate) mod threads;

/// What [`queue`] locks with; `loom/tests/orders.rs` puts loom's in its place.
mod sync {
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
}
pub(crate) mod tdt;
pub(crate) mod timing;
