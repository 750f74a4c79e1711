//! Networks as ONNX files, made from weights alone.
//!
//! The usual way from a checkpoint to an `.om` needs PyTorch of one certain
//! version, the repository of the network, and patches to both, only to write
//! down a graph that is known beforehand. Here the graph is code: [`onnx`] is
//! a small builder that knows shapes and writes ONNX, [`mgn`] is the
//! architecture of MGN at any width. The same function serves the
//! demonstration (narrow, drawn weights) and an export (full width, trained
//! weights).
pub mod dgnet;
pub mod mgn;
pub mod onnx;
