//! Person re-identification on Ascend: MGN end to end, with preprocessing,
//! postprocessing and evaluation written by hand.
//!
//! The command `reid` is a thin layer over this library.
#![forbid(unsafe_code)]

pub mod backend;
pub mod checkpoint;
pub mod cli;
pub mod data;
pub mod dgnet;
pub mod dgnet_eval;
pub mod doctor;
pub mod eval;
pub mod export;
pub mod features;
pub mod fid;
mod files;
pub mod graph;
pub mod guide;
pub mod imaging;
pub mod inspect;
pub mod mgn;
pub mod report;
pub mod runner;
pub mod search;
pub mod synth;
pub mod verify;
pub mod view;
