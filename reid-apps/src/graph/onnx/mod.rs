//! A builder of ONNX graphs that checks shapes while it builds.
//!
//! A wrong graph otherwise shows itself only in the converter, far from the
//! line that made it. So every value here carries its shape, and an operator
//! that does not fit is an error naming the node, what was found and what was
//! wanted.
//!
//! What is written is opset 11, and only operators which the operator list of
//! ATC for ONNX has ([`Builder::OPERATORS`]), so the vendor's converter takes
//! the result as it is. The same calls give the same bytes.
//!
//! A network that needs more operators adds a method to [`Builder`] that
//! checks its shapes, and the operator's name to the list.
mod arithmetic;
mod builder;
mod encode;
mod error;
mod operators;
mod spatial;
mod value;

pub use builder::Builder;
pub use error::BuildError;
pub use operators::Window;
pub use value::{Batch, Dim, Value};
