//! The features folder: what extraction leaves behind and everything later reads.
//!
//! Extraction is the expensive half and runs where the card is; evaluation and ranking run
//! anywhere, later, many times. What lies between them must therefore carry its own truth: names,
//! persons and cameras beside the numbers, the model and device that made them, and a hash of each
//! file, so that files of two runs, mixed by a careless copy, are noticed and not evaluated.
//!
//! | file | contents |
//! |---|---|
//! | `query.npy`, `gallery.npy` | float32, C order, `[rows, dim]`: the network's output for the plain image |
//! | `query_flip.npy`, `gallery_flip.npy` | the same for the mirrored image |
//! | `meta.json` | [`Meta`], written last: a folder without it is not complete |
//! | `part.json` | in its place, where the folder holds one [`Part`] of several |
//!
//! Rows are in the order of the data set. Numbers are as the network gave them, neither summed nor
//! normalised; [`crate::eval::embed`] does that.

mod dumps;
mod error;
mod foreign;
mod matrix_file;
mod meta;
mod npy_header;
mod parts;
mod rows_file;
mod set_reader;
mod store;

pub(crate) use dumps::read_row as read_text_row;
pub use dumps::{Dumps, read_text_dumps};
pub use error::FeatureError;
pub use foreign::{ForeignFeatures, ForeignSet};
pub use meta::{
    DataInfo, DeviceInfo, FORMAT, FailedImage, Meta, ModelInfo, Provenance, Row, SetMeta, Sets,
    ToolInfo, new_run_id,
};
pub use parts::{Part, is_part, merge_parts};
pub(crate) use rows_file::RowsFile;
pub(crate) use set_reader::{StoredSet, StoredSets};
pub use store::{Features, SetFeatures};
