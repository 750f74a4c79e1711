//! A toolkit folder around the simulator, for programs whose build scripts look for the vendor's.
//!
//! Such scripts name folders (`$DDK_PATH/runtime/include`, `$NPU_HOST_LIB`, `acllib/lib64/stub`, …)
//! and libraries (`-lacl_dvpp`, `-lacl_cblas`, …) that differ between versions. [`install`] lays out
//! one real `include` and one real `lib64`; everything else is a link to them, so that no two parts
//! can disagree. Every library name is the one `libascendcl.so`, whose SONAME is what the linker
//! writes into programs.

mod env;
mod layout;

pub mod cli;

pub use layout::{InstallError, Installed, Options, install};
