//! Files that an Ascend device model passes through, as plain Rust.
//!
//! Everything a tool needs to look into a model *without* a device and without the vendor's SDK:
//!
//! - [`container`] reads the `.om` container (header, partition tables, partitions) and writes our own;
//! - [`model_def`] holds the protobuf messages inside it, [`describe`] turns them into the list of inputs,
//!   outputs, gears and attributes that a caller of the runtime sees;
//! - [`inout_info`] is the small description that newer files carry beside the protobuf;
//! - [`constants`] finds the weights, [`unfold`] brings them from the device's layouts to logical ones, [`kernels`] lists the
//!   programs of the chip's cores;
//! - [`matching`] says whether a model is the network of an ONNX file;
//! - [`onnx`] holds the ONNX messages, for reading, editing and building graphs;
//! - [`dtype`] is the one table that translates between the three numberings of element types in use.
//!
//! Two ideas run through all of it. *Slices, not copies*: a parsed container borrows the bytes it was given, since
//! weights are hundreds of megabytes. *Nothing is trusted*: files come from strangers, so sizes are compared with
//! what is left before anything is allocated, and every refusal names the byte offset, what stood there, what was
//! wanted, and what to do ([`OmError`]).
#![forbid(unsafe_code)]

pub mod attrs;
pub mod constants;
pub mod container;
pub mod describe;
pub mod dtype;
mod error;
pub mod inout_info;
pub mod kernels;
pub mod matching;
pub mod model_def;
pub mod onnx;
pub mod unfold;
pub mod writer;

pub use error::OmError;
