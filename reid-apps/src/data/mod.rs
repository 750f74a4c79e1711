//! Data sets on disk: which files count, who is on them, and which camera saw them.
//!
//! A re-identification set keeps its truth in file names and its splits in folders, so reading it
//! right is half of the evaluation: one file too many shifts every row after it, and a junk box
//! that slips in is counted as a wrong answer. The rules are therefore spelled out here once, every
//! file that looks like an image is either kept, counted as junk or reported as rejected, and the
//! order of the rows is fixed by the bytes of the paths and by nothing else.
//!
//! [`market1501`] is the one set read today. Another set brings its own [`NameRule`] and its own
//! folder names and stands behind the same [`ReidDataset`].

mod dataset;
mod error;
mod folder;
mod item;
mod label;
pub mod market1501;
mod rule;

pub use dataset::ReidDataset;
pub use error::DataError;
pub use folder::{Folder, Rejected};
pub use item::Item;
pub use label::{Camera, Label, PersonId};
pub use rule::{NameError, NamePart, NameRule, Verdict};
