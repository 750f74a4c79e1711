//! Data sets on disk: which files count, who is on them, and which camera saw them.
//!
//! A re-identification set keeps its truth in file names and its splits in folders, so reading it
//! right is half of the evaluation: one file too many shifts every row after it, and a junk box
//! that slips in is counted as a wrong answer. The rules are therefore spelled out here once, every
//! file that looks like an image is either kept, counted as junk or reported as rejected, and the
//! order of the rows is fixed by the bytes of the paths and by nothing else.
//!
//! Every set stands behind [`ReidDataset`]; [`DataSetKind`] names them and tells which one a folder
//! holds, and [`check`] looks at every picture of one.
//!
//! | set | folders | names |
//! |---|---|---|
//! | Market-1501 | `query/`, `bounding_box_test/` | [`market1501`] |
//! | DukeMTMC-reID | the same | `0005_c2_f0046985.jpg` |
//! | MSMT17 | `test/` with `list_query.txt` and `list_gallery.txt`; or Market-1501's | `0000/0000_013_01_0303morning_0033_1.jpg 0`; `0000_c14_0030.jpg` |
//! | CUHK03-np | Market-1501's, in `labeled/` or `detected/` | `0003_c1_21.png` |

mod benchmark;
mod check;
mod dataset;
mod error;
mod folder;
mod item;
mod kind;
mod label;
pub mod market1501;
mod msmt17;
mod named;
mod rule;

pub use check::{BadFile, Check, Duplicate, SetCheck, check};
pub use dataset::ReidDataset;
pub use error::DataError;
pub use folder::{Folder, Rejected};
pub use item::Item;
pub use kind::{DataSetChoice, DataSetKind, picture_folders};
pub use label::{Camera, Label, PersonId};
pub use rule::{NameError, NamePart, NameRule, Verdict};
