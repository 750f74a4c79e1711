//! Files of any kind through any model.
//!
//! What the tools of the vendor do with a model and a folder of preprocessed files, on the
//! [pipeline](crate::runner): inputs paired by position, grouped into batches, the last one padded,
//! and one file per sample and output written.

mod aipp;
mod error;
mod inputs;
mod job;
mod merge;
mod npy;
mod open;
mod outputs;
mod shape;
mod shard;
mod summary;
mod work;

pub use aipp::read_aipp;
pub use error::InferError;
pub use inputs::InputFiles;
pub(crate) use job::no_device;
pub use job::{Job, JobOptions, PureData};
pub use merge::{MergeError, Merged, merge};
pub use npy::NpyHeader;
pub use outputs::{OutFormat, Writer};
pub use shape::{NamedDims, Shape, in_order, parse_dims, parse_range};
pub use shard::Shard;
pub use summary::{
    FailedBatch, Latency, Machine, Number, Reid, RunInfo, SampleFiles, ShardInfo, Summary,
    Throughput, stages,
};
pub use work::{FileBatch, FileWork};
