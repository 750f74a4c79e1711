//! The wrapper on a library: the simulator in this process, or a card's (see `common`).
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]
#![cfg(not(miri))]

#[path = "../common/mod.rs"]
mod common;

mod host;
mod models;
mod streams;
mod threads;
