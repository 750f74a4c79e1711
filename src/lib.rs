//! Person re-identification on Huawei Ascend: the package that holds the whole stack together.
//!
//! | crate | what |
//! |---|---|
//! | [`acl`] | the safe wrapper of AscendCL |
//! | [`reid_apps`] | images, models, evaluation, and the command `reid` |
//!
//! The tests of this package run the stack from end to end, and C programs against the simulator.
#![forbid(unsafe_code)]

pub use acl;
pub use reid_apps;

/// The version of the package, and where it was built from a git checkout, the commit.
pub const BUILD: &str = env!("ASCEND_REID_BUILD");
