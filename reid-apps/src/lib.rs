//! Person re-identification on Ascend: MGN end to end, with preprocessing,
//! postprocessing and evaluation written by hand.
//!
//! The command `reid` is a thin layer over this library.
#![forbid(unsafe_code)]

pub mod backend;
pub mod cli;
pub mod data;
pub mod dgnet;
pub mod eval;
pub mod features;
mod files;
pub mod graph;
pub mod imaging;
pub mod mgn;
pub mod synth;
pub mod view;
