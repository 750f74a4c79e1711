//! Person re-identification on Huawei Ascend: the package that holds the whole stack together.
//!
//! | crate | what |
//! |---|---|
//! | [`acl`] | the safe wrapper of AscendCL |
//! | [`reid_apps`] | images, models, evaluation, and the command `reid` |
//! | [`capi`] | the C library `libascend_reid.so`, declared in `include/ascend_reid.h` |
//!
//! The tests of this package run the stack from end to end, and C programs against the simulator.
#![deny(unsafe_code)]

pub use acl;
pub use reid_apps;

#[allow(unsafe_code)]
pub mod capi;

/// The version of the package, and where it was built from a git checkout, the commit.
pub const BUILD: &str = env!("ASCEND_REID_BUILD");
