//! Generates the bindings: bindgen over the headers, then the table of functions.
//!
//! Shared by `build.rs` and by the test which compares the checked-in copy with fresh output, so
//! that both always mean the same thing.

#![allow(dead_code, unreachable_pub)] // each of its two users needs a part

#[cfg(feature = "bindgen")]
pub mod headers;
pub mod table;
