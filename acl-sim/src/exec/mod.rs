//! The model side of the simulator: from an `.om` file to results.
//!
//! A real chip runs machine code that the vendor's converter baked into the `.om`. Nothing can run that on a CPU, and
//! of the graph it came from fused operators have lost their attributes. So the simulator's own converter
//! ([`crate::atc`]) writes the same container plus the source graph. A vendor's file runs by the ONNX it was made from,
//! or by its description where that says enough ([`VendorOptions`]); others are refused with a sentence that says why
//! and what to do.
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
mod half_graph;
mod image;
mod info;
#[cfg(feature = "onnxruntime")]
mod ort_engine;
pub(crate) mod payload;
pub(crate) mod rten_engine;
pub(crate) mod tensor;
mod unfused;
mod vendor;

pub use choice::EngineKind;
pub use error::ModelError;
pub use half_graph::onnx_in_half_precision;
pub use image::ModelImage;
pub use info::{Gears, ModelInfo, OutputTensor, TensorInfo};
pub use vendor::VendorOptions;
