//! The graph engine, behind one trait.
//!
//! The simulator computes on the host's processor with whatever engine stands behind [`Engine`]. The trait speaks of
//! plain tensors in the few element types that every CPU engine has; translation from and to the device's types is
//! done once, outside, so that another engine needs no more than a load and a run.

use std::borrow::Cow;

/// A tensor's elements, in C order, in the types that engines compute with.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Elements<'a> {
    /// 32-bit floats.
    F32(Cow<'a, [f32]>),
    /// 32-bit integers; also stand for 64-bit ones and truth values.
    I32(Cow<'a, [i32]>),
    /// Signed bytes.
    I8(Cow<'a, [i8]>),
    /// Unsigned bytes.
    U8(Cow<'a, [u8]>),
}

impl Elements<'_> {
    /// Counts the elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::I32(v) => v.len(),
            Self::I8(v) => v.len(),
            Self::U8(v) => v.len(),
        }
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A tensor as engines take and give it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor<'a> {
    /// Shape.
    pub dims: Vec<usize>,
    /// Contents.
    pub elements: Elements<'a>,
}

/// What an engine says when it refuses: one line with the operator's name where it is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(pub String);

/// A loaded graph.
///
/// Runs may happen on several threads at once; each has its own memory.
pub trait Engine: Send + Sync + std::fmt::Debug {
    /// Counts the graph's inputs.
    fn inputs(&self) -> usize;

    /// Counts the graph's outputs.
    fn outputs(&self) -> usize;

    /// Gets the shape of a value by name, as far as the engine worked it out on loading; -1 where it is open.
    fn value_dims(&self, name: &str) -> Option<Vec<i64>>;

    /// Runs the graph: inputs and outputs in graph order.
    ///
    /// # Errors
    /// [`EngineError`] when shapes or types do not fit, or an operator fails.
    fn run(&self, inputs: &[Tensor<'_>]) -> Result<Vec<Tensor<'static>>, EngineError>;
}
