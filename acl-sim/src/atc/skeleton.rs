//! Splitting a graph from its weights.
//!
//! Float constants go to the weights partition at 512-byte borders, as in real files; what is left, a graph of some
//! kilobytes that names their places, goes into the model's attributes. So a tool finds the weights where it looks for
//! them, and a load copies them once and parses little.

use std::collections::HashMap;

use ascend_om::onnx::{
    Bytes, Dimension, ModelProto, StringStringEntryProto, TensorProto, data_location, elem,
};
use prost::Message;

use super::AtcError;
use super::shapes::Shapes;
use crate::exec::payload::WEIGHT_ALIGN;
use crate::exec::rten_engine::WEIGHTS_FILE;

/// A graph without its float constants, and those constants in the order of the weights partition.
pub(crate) struct Skeleton {
    /// The graph; input shapes are not settled yet.
    pub(crate) model: ModelProto,
    constants: Vec<Bytes>,
    /// Offset and length in the weights partition, by constant's name.
    pub(crate) places: HashMap<String, (usize, usize)>,
    /// Bytes of the weights partition.
    pub(crate) weights_len: usize,
}

impl Skeleton {
    /// Takes the float constants out.
    pub(crate) fn split(mut model: ModelProto) -> Result<Self, AtcError> {
        let graph = model.graph.get_or_insert_default();
        // Shapes of intermediate values were worked out for the exporter's input shape; they are worked out anew.
        graph.value_info.clear();
        let mut constants = Vec::new();
        let mut places = HashMap::new();
        // As in real files the first unit stays unused.
        let mut offset = WEIGHT_ALIGN;
        for tensor in &mut graph.initializer {
            check(tensor)?;
            if tensor.data_type != elem::FLOAT {
                continue;
            }
            let bytes = float_bytes(tensor)?;
            if bytes.is_empty() {
                continue;
            }
            let length = bytes.len();
            tensor.data_location = data_location::EXTERNAL;
            tensor.external_data = place(offset, length);
            tensor.float_data = Vec::new();
            tensor.raw_data = None;
            places.insert(tensor.name.clone(), (offset, length));
            constants.push(bytes);
            offset = (offset + length).next_multiple_of(WEIGHT_ALIGN);
        }
        for node in &mut graph.node {
            node.doc_string.clear();
        }
        Ok(Self {
            model,
            constants,
            places,
            weights_len: offset,
        })
    }

    /// Builds the weights partition.
    pub(crate) fn weights(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.weights_len);
        for bytes in &self.constants {
            out.resize(
                out.len().next_multiple_of(WEIGHT_ALIGN).max(WEIGHT_ALIGN),
                0,
            );
            out.extend_from_slice(bytes);
        }
        out.resize(self.weights_len, 0);
        out
    }

    /// Writes the graph with the input shapes of one gear, or with open ones.
    pub(crate) fn onnx(&self, shapes: &Shapes, gear: Option<usize>) -> Vec<u8> {
        let mut model = self.model.clone();
        let graph = model.graph.get_or_insert_default();
        for (i, input) in shapes.inputs.iter().enumerate() {
            let dims = gear.map_or(&input.dims, |g| &shapes.by_gear[g][i]);
            let value = graph.input.iter_mut().find(|v| v.name == input.name);
            let tensor = value.and_then(|v| v.r#type.as_mut()?.tensor_type.as_mut());
            if let Some(tensor) = tensor {
                let dim = dims.iter().map(|&d| Dimension::of(d)).collect();
                tensor.shape.get_or_insert_default().dim = dim;
            }
        }
        for output in &mut graph.output {
            if let Some(tensor) = output.r#type.as_mut().and_then(|t| t.tensor_type.as_mut()) {
                tensor.shape = None;
            }
        }
        model.encode_to_vec()
    }
}

fn place(offset: usize, length: usize) -> Vec<StringStringEntryProto> {
    let entry = |key: &str, value: String| StringStringEntryProto {
        key: key.into(),
        value,
    };
    vec![
        entry("location", WEIGHTS_FILE.into()),
        entry("offset", offset.to_string()),
        entry("length", length.to_string()),
    ]
}

fn check(tensor: &TensorProto) -> Result<(), AtcError> {
    if tensor.data_location == data_location::EXTERNAL {
        return Err(AtcError::NotSupported {
            what: format!(
                "the constant \"{}\" in a file beside the model",
                tensor.name
            ),
            instead: "save the ONNX with its weights inside",
        });
    }
    Ok(())
}

/// Gets the contents as little-endian bytes, whichever field they are in, and checks their number.
fn float_bytes(tensor: &TensorProto) -> Result<Bytes, AtcError> {
    let bytes = match &tensor.raw_data {
        Some(raw) => raw.clone(),
        None => tensor
            .float_data
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<u8>>()
            .into(),
    };
    let wanted = ascend_om::describe::bytes_of(&tensor.dims, ascend_om::dtype::ACL_FLOAT);
    let empty = tensor.dims.contains(&0);
    if bytes.len() as u64 == wanted && (wanted > 0 || empty) {
        return Ok(bytes);
    }
    Err(AtcError::Graph {
        detail: format!(
            "constant \"{}\": found {} bytes, wanted {wanted} for its shape {:?}",
            tensor.name,
            bytes.len(),
            tensor.dims
        ),
    })
}
