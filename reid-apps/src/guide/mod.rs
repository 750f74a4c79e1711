//! The files of the vendor's guide for MGN, so that its steps can be walked one by one, and results
//! of other runners can be evaluated here.
//!
//! `reid mgn extract` needs none of these: it goes from pictures to features in one process. They
//! are for those who run the model with another program.
//!
//! | step | files | here |
//! |---|---|---|
//! | preprocess | `bin_data/{q,g}/NNNNN.bin`, `bin_data_flip/{q,g}/NNNNN.bin` | [`save_bin`] |
//! | list | `*.info` | [`bin_info`], [`jpg_info`] |
//! | infer | `dumpOutput_deviceN/NNNNN_1.txt`, or `NNNNN_0.bin`, `.npy`, `.txt` | another program |
//! | evaluate | | [`read_results`], then [`crate::eval`] |
//!
//! NNNNN is the row of the picture in its set, from 0, and at least five digits long.

mod error;
mod info;
mod numbers;
mod results;
mod save_bin;

pub use error::GuideError;
pub use info::{InfoOptions, bin_info, jpg_info};
pub use results::{ResultFolders, ResultFormat, ResultOptions, Results, read_results};
pub use save_bin::{SaveBin, Saved, save_bin};

/// Returns the name under which the guide knows a row, without extension.
#[must_use]
pub fn row_name(row: usize) -> String {
    format!("{row:05}")
}
