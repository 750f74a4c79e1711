//! The C functions. `include/ascend_reid.h` says what each does; here is how.
//!
//! A handle is a number in the clothes of a pointer: kind, generation and place in a table. It is
//! never followed, so a null, wild, freed or wrong handle is told apart in every build, and freeing
//! an object on one thread while another uses it only drops the table's share of it.

mod constants;
mod embedder;
mod error;
mod figures;
mod gallery;
mod gears;
mod generator;
mod handle;
mod library;
mod log;
mod model;
mod opaque;
mod options;
mod picture;
mod pointer;
mod run;
mod runtime;
mod status;

pub use constants::*;
pub use embedder::*;
pub use figures::*;
pub use gallery::*;
pub use gears::*;
pub use generator::*;
pub use library::*;
pub use log::*;
pub use model::*;
pub use opaque::*;
pub use picture::Picture;
pub use run::*;
pub use runtime::*;
pub use status::Status;
