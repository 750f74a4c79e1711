//! The wrapper on a mock table of plain Rust functions: runs anywhere, and under Miri
//! (`cargo miri test -p ascendcl --test mocked`).
#![allow(clippy::unwrap_used, clippy::undocumented_unsafe_blocks, missing_docs)]
#![allow(
    clippy::multiple_unsafe_ops_per_block,
    clippy::cast_possible_truncation
)]

mod bindings;
mod context;
mod errors;
mod life;
mod mock;
mod pending;
mod steady;
