use std::collections::HashSet;

use super::encode;
use super::error::BuildError;
use super::value::{Batch, Dim, Value, show};

/// Builds one ONNX graph, node by node.
///
/// Each operator takes the name of its node first; its output tensor has the
/// same name. Values and initialisers are owned by the builder; a [`Value`] is
/// a handle to one. The operators themselves are in `operators.rs`.
///
/// ```
/// use reid_apps::graph::onnx::{Batch, Builder};
///
/// # fn main() -> Result<(), reid_apps::graph::onnx::BuildError> {
/// let mut graph = Builder::new("tiny");
/// let image = graph.input("image", Batch::Dynamic, &[3, 4, 4])?;
/// let weight = graph.floats("weight", &[2, 3, 1, 1], &[0.5; 6])?;
/// let sum = graph.conv("sum", image, weight, None, [1, 1], [0, 0])?;
/// let out = graph.relu("out", sum)?;
/// graph.output(out)?;
/// let file: Vec<u8> = graph.finish()?;
/// # assert!(!file.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Builder {
    pub(super) name: String,
    pub(super) values: Vec<Record>,
    pub(super) nodes: Vec<Node>,
    pub(super) constants: Vec<Constant>,
    pub(super) inputs: Vec<Value>,
    pub(super) outputs: Vec<Value>,
    names: HashSet<String>,
    pub(super) multiply_accumulates: u64,
}

/// What the builder knows of a tensor.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) shape: Vec<Dim>,
}

/// A node before it is written.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) operator: &'static str,
    pub(super) inputs: Vec<Value>,
    pub(super) output: Value,
    pub(super) attributes: Vec<(&'static str, Attribute)>,
}

/// The kinds of attributes in use.
#[derive(Debug, Clone)]
pub(super) enum Attribute {
    Float(f32),
    Int(i64),
    Ints(Vec<i64>),
    Text(&'static str),
}

/// An initialiser: its numbers as little-endian bytes.
#[derive(Debug)]
pub(super) struct Constant {
    pub(super) value: Value,
    pub(super) element: Element,
    pub(super) bytes: Vec<u8>,
}

/// The element types in use.
#[derive(Debug, Clone, Copy)]
pub(super) enum Element {
    Float32,
    Int64,
}

impl Builder {
    /// The operator set the files name.
    pub const OPSET: i64 = 11;

    /// The operators this builder may write; all of them are in the operator
    /// list of ATC for ONNX.
    ///
    /// **Source**: CANN documentation, "ONNX operator specification list".
    pub const OPERATORS: &'static [&'static str] = &[
        "Add",
        "BatchNormalization",
        "Concat",
        "Conv",
        "Div",
        "Flatten",
        "Gemm",
        "InstanceNormalization",
        "LeakyRelu",
        "MaxPool",
        "Mul",
        "Pow",
        "ReduceMean",
        "Relu",
        "Reshape",
        "Resize",
        "Slice",
        "Sqrt",
        "Squeeze",
        "Sub",
    ];

    /// Begins an empty graph.
    #[must_use]
    pub fn new(name: &str) -> Builder {
        Builder {
            name: name.to_owned(),
            values: Vec::new(),
            nodes: Vec::new(),
            constants: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            names: HashSet::new(),
            multiply_accumulates: 0,
        }
    }

    /// Adds a float32 input of the shape `batch` followed by `rest`.
    ///
    /// # Errors
    /// [`BuildError::DuplicateName`].
    pub fn input(&mut self, name: &str, batch: Batch, rest: &[usize]) -> Result<Value, BuildError> {
        let mut shape = vec![Dim::from(batch)];
        shape.extend(rest.iter().copied().map(Dim::Fixed));
        let value = self.define(name, shape)?;
        self.inputs.push(value);
        Ok(value)
    }

    /// Adds a float32 constant, C order.
    ///
    /// # Errors
    /// [`BuildError::DuplicateName`], or [`BuildError::Shape`] if `data` has
    /// not as many numbers as `shape` says.
    pub fn floats(
        &mut self,
        name: &str,
        shape: &[usize],
        data: &[f32],
    ) -> Result<Value, BuildError> {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, shape, data.len(), Element::Float32, bytes)
    }

    /// Adds a one-dimensional int64 constant.
    ///
    /// # Errors
    /// [`BuildError::DuplicateName`].
    pub fn integers(&mut self, name: &str, data: &[i64]) -> Result<Value, BuildError> {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, &[data.len()], data.len(), Element::Int64, bytes)
    }

    /// Makes a value an output of the graph, in the order of the calls.
    ///
    /// # Errors
    /// [`BuildError::DuplicateName`] if it is one already,
    /// [`BuildError::ForeignValue`].
    pub fn output(&mut self, value: Value) -> Result<(), BuildError> {
        let name = self.record("output", value)?.name.clone();
        if self.outputs.contains(&value) {
            return Err(BuildError::DuplicateName { name });
        }
        self.outputs.push(value);
        Ok(())
    }

    /// Returns the shape of a value, or `None` if it is of another builder.
    #[must_use]
    pub fn shape(&self, value: Value) -> Option<&[Dim]> {
        self.values.get(value.0).map(|r| r.shape.as_slice())
    }

    /// Counts the multiplications with addition of all convolutions and matrix
    /// products so far, for one row of the batch.
    #[must_use]
    pub fn multiply_accumulates(&self) -> u64 {
        self.multiply_accumulates
    }

    /// Lists the operators used so far, in node order.
    pub fn operators(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.nodes.iter().map(|node| node.operator)
    }

    /// Writes the graph: the bytes of an ONNX `ModelProto`.
    ///
    /// # Errors
    /// [`BuildError::Empty`] without an input or without an output.
    pub fn finish(self) -> Result<Vec<u8>, BuildError> {
        for (list, what) in [(&self.inputs, "input"), (&self.outputs, "output")] {
            if list.is_empty() {
                return Err(BuildError::Empty {
                    graph: self.name,
                    what,
                });
            }
        }
        Ok(encode::model(self))
    }

    /// Adds a node whose output has the node's name.
    pub(super) fn node(
        &mut self,
        name: &str,
        operator: &'static str,
        inputs: Vec<Value>,
        attributes: Vec<(&'static str, Attribute)>,
        shape: Vec<Dim>,
    ) -> Result<Value, BuildError> {
        debug_assert!(Builder::OPERATORS.contains(&operator));
        let output = self.define(name, shape)?;
        self.nodes.push(Node {
            operator,
            inputs,
            output,
            attributes,
        });
        Ok(output)
    }

    /// Looks a value up on behalf of the node `node`.
    pub(super) fn record(&self, node: &str, value: Value) -> Result<&Record, BuildError> {
        self.values
            .get(value.0)
            .ok_or_else(|| BuildError::ForeignValue {
                node: node.to_owned(),
            })
    }

    fn define(&mut self, name: &str, shape: Vec<Dim>) -> Result<Value, BuildError> {
        if !self.names.insert(name.to_owned()) {
            return Err(BuildError::DuplicateName {
                name: name.to_owned(),
            });
        }
        let value = Value(self.values.len());
        self.values.push(Record {
            name: name.to_owned(),
            shape,
        });
        Ok(value)
    }

    fn constant(
        &mut self,
        name: &str,
        shape: &[usize],
        count: usize,
        element: Element,
        bytes: Vec<u8>,
    ) -> Result<Value, BuildError> {
        let dims: Vec<Dim> = shape.iter().copied().map(Dim::Fixed).collect();
        let wanted = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
        if wanted != Some(count) {
            return Err(BuildError::Shape {
                node: name.to_owned(),
                found: format!("{count} numbers"),
                wanted: format!("the numbers of {}", show(&dims)),
            });
        }
        let value = self.define(name, dims)?;
        self.constants.push(Constant {
            value,
            element,
            bytes,
        });
        Ok(value)
    }
}
