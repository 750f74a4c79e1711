//! The C functions. `include/ascend_reid.h` says what each does; here is how.
//!
//! A handle is a number in the clothes of a pointer: kind, generation and place in a table. It is
//! never followed, so a null, wild, freed or wrong handle is told apart in every build, and freeing
//! an object on one thread while another uses it only drops the table's share of it.

mod error;
mod handle;
mod library;
mod model;
mod pointer;
mod runtime;
mod status;

pub use library::*;
pub use model::*;
pub use runtime::*;
pub use status::Status;
