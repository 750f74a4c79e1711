//! The model side of the simulator: from an `.om` file to results.
//!
//! A real chip runs machine code that the vendor's converter baked into the `.om`. Nothing can run that on a CPU, and
//! the file no longer holds the graph it came from (fused operators lose their attributes). So the simulator runs only
//! models that its own converter ([`crate::atc`]) wrote: the same container, plus the source graph. Others are
//! recognised and refused with a sentence that says what to do.
//!
//! This module is what the API layer stands on. It knows nothing about devices, handles or C: bytes in, bytes out,
//! every error with the number that the API answers ([`ModelError::code`]).
#![forbid(unsafe_code)]

pub(crate) mod aipp;
pub(crate) mod aipp_config;
pub(crate) mod aipp_packed;
pub(crate) mod aipp_plan;
mod choice;
pub mod engine;
mod error;
mod image;
mod info;
#[cfg(feature = "onnxruntime")]
mod ort_engine;
pub(crate) mod payload;
pub(crate) mod rten_engine;
pub(crate) mod tensor;

pub use choice::EngineKind;
pub use error::ModelError;
pub use image::ModelImage;
pub use info::{Gears, ModelInfo, OutputTensor, TensorInfo};
