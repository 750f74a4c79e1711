//! A safe wrapper of AscendCL, the C API of Huawei Ascend accelerators.
//!
//! From nothing to a result: a model is converted, loaded, fed and run. This example runs on the
//! simulator; on a card, [`Api::find`] takes the place of `ascendcl::api()`, and the vendor's `atc`
//! makes the `.om`.
//!
//! ```
//! use acl::{Context, Model, Runtime};
//! use ascend_om::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
//! use ndarray::{ArrayD, array};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A graph of one operator, y = relu(x), as the bytes of an ONNX file; then as those of an .om.
//! let onnx = ModelProto {
//!     ir_version: 6,
//!     opset_import: vec![OperatorSetIdProto { version: 11, ..Default::default() }],
//!     graph: Some(GraphProto {
//!         name: "relu".into(),
//!         node: vec![NodeProto {
//!             op_type: "Relu".into(),
//!             input: vec!["x".into()],
//!             output: vec!["y".into()],
//!             ..Default::default()
//!         }],
//!         input: vec![ValueInfoProto::tensor("x", 1, &[2, 2])],
//!         output: vec![ValueInfoProto::tensor("y", 1, &[2, 2])],
//!         ..Default::default()
//!     }),
//!     ..Default::default()
//! };
//! let om = ascendcl::atc::convert_bytes(&onnx.write(), "relu", &Default::default())?;
//!
//! let runtime = Runtime::init(ascendcl::api())?;
//! let context = Context::new(&runtime.device(0)?)?;
//! let model = Model::from_memory(&context, &om)?;
//! let mut bindings = model.bindings()?;
//! bindings.write("x", array![[-1.0_f32, 2.0], [-3.0, 4.0]].view())?;
//! model.execute(&mut bindings)?;
//! let y: ArrayD<f32> = bindings.read(0)?;
//! assert_eq!(y, array![[0.0, 2.0], [0.0, 4.0]].into_dyn());
//! # Ok(()) }
//! ```
//!
//! # Who owns what
//!
//! ```text
//! Runtime ← Device ← Context ← Stream, Event, DeviceBuffer, PinnedBuffer, Model ← Bindings
//! ```
//!
//! Every object holds what it came from. Whatever the order in which a program drops them, the C
//! functions are called in the right one, and AscendCL is finalized by the last to go. There is no
//! way to write a use after the end.
//!
//! A context is current *per thread* in AscendCL. Here nobody has to know: each call makes its own
//! context current and puts back what was there. A host that uses AscendCL itself keeps its context,
//! and if it initialised AscendCL first, it also finalizes it.
//!
//! Asynchronous calls take their memory by value and return a [`Pending`] that owns it until the
//! work is done.
//!
//! # Threads
//!
//! | | `Send` | `Sync` |
//! |---|---|---|
//! | [`Runtime`], [`Device`], [`Context`], [`Event`], [`DeviceBuffer`], [`PinnedBuffer`] | yes | yes |
//! | [`Stream`], [`Model`], [`Bindings`] | yes | no |
//! | [`Pending`] | yes, if what it owns is | if what it owns is |
//!
//! # Errors
//!
//! [`Error`] is one line: the C function, its arguments, the code by name and number, the library's
//! own text and, where it is known, the cure. What can be checked before C is called is: names,
//! shapes, element types, sizes, gears, and whether objects belong together. Dropping never panics;
//! it logs (crate `log`). Who needs to know calls `close`, which gives the object back on failure.
//!
//! # Cost
//!
//! A loop over the same [`Bindings`] allocates no memory, and each call adds one question to the
//! library (which context is current) to the C function itself.
#![deny(unsafe_code)]

mod bindings;
mod bound;
mod context;
mod device;
mod dtype;
mod error;
mod event;
mod explain;
#[allow(unsafe_code)]
mod memory;
mod model;
#[allow(unsafe_code)]
mod raw;
mod runtime;
mod status;
mod stream;
mod tables;

pub use acl_sys::{Api, LoadError, Source};
pub use bindings::{Aipp, AippColours, Bindings};
pub use context::Context;
pub use device::{Device, MemoryInfo, MemoryKind, RunMode};
pub use dtype::{DataType, Element, Format};
pub use error::{Error, Refused, Result};
pub use event::Event;
pub use explain::{Explanation, Language};
pub use memory::{
    DeviceBuffer, DeviceSlice, DeviceSliceMut, Launch, MallocPolicy, Pending, PinnedBuffer,
};
pub use model::{
    Gear, Gears, LoadOptions, Model, ModelDesc, ModelMemory, Role, TensorDesc, TensorId,
};
pub use runtime::Runtime;
pub use status::Status;
pub use stream::Stream;

/// The C functions that this crate does not wrap yet (documentation only).
///
/// They are all in [`Api`], to be called by hand with the handles that `as_raw` lends. A test
/// compares this list with the source.
///
/// ```text
#[doc = include_str!("../unwrapped.txt")]
/// ```
#[cfg(doc)]
pub mod not_wrapped {}
