//! From the builder's lists to the messages of the file.
use ascend_om::onnx::{
    AttributeProto, Dimension, DimensionValue, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
    elem,
};

use super::builder::{Attribute, Builder, Constant, Element, Node};
use super::operators::int;
use super::value::{Dim, Value};

/// Version of the file format that belongs to opset 11.
const IR_VERSION: i64 = 6;

/// What the files name as their maker.
const PRODUCER: &str = "ascend-reid";

/// What the files call the dynamic batch.
const BATCH: &str = "batch";

pub(super) fn model(mut builder: Builder) -> Vec<u8> {
    let constants = std::mem::take(&mut builder.constants);
    let names = Names(&builder);
    let graph = GraphProto {
        name: builder.name.clone(),
        node: builder.nodes.iter().map(|n| names.node(n)).collect(),
        initializer: constants.into_iter().map(|c| names.tensor(c)).collect(),
        input: builder.inputs.iter().map(|&v| names.info(v)).collect(),
        output: builder.outputs.iter().map(|&v| names.info(v)).collect(),
        ..GraphProto::default()
    };
    let model = ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: Builder::OPSET,
        }],
        producer_name: PRODUCER.to_owned(),
        graph: Some(graph),
        ..ModelProto::default()
    };
    model.write()
}

/// Writes values as the names they have in the file.
struct Names<'a>(&'a Builder);

impl Names<'_> {
    fn name(&self, value: Value) -> String {
        self.0.values[value.0].name.clone()
    }

    fn node(&self, node: &Node) -> NodeProto {
        NodeProto {
            input: node.inputs.iter().map(|&v| self.name(v)).collect(),
            output: vec![self.name(node.output)],
            name: self.name(node.output),
            op_type: node.operator.to_owned(),
            attribute: node.attributes.iter().map(attribute).collect(),
            ..NodeProto::default()
        }
    }

    fn tensor(&self, constant: Constant) -> TensorProto {
        let shape = &self.0.values[constant.value.0].shape;
        let element = match constant.element {
            Element::Float32 => elem::FLOAT,
            Element::Int64 => elem::INT64,
        };
        TensorProto {
            dims: shape.iter().filter_map(|d| d.fixed()).map(int).collect(),
            data_type: element,
            name: self.name(constant.value),
            raw_data: Some(constant.bytes.into()),
            ..TensorProto::default()
        }
    }

    /// Name, type and shape of an input or output; all of them are float32.
    fn info(&self, value: Value) -> ValueInfoProto {
        let shape = &self.0.values[value.0].shape;
        let dim = shape.iter().map(|dim| Dimension {
            value: Some(match *dim {
                Dim::Batch => DimensionValue::Param(BATCH.to_owned()),
                Dim::Fixed(size) => DimensionValue::Value(int(size)),
            }),
        });
        let tensor = TensorTypeProto {
            elem_type: elem::FLOAT,
            shape: Some(TensorShapeProto { dim: dim.collect() }),
        };
        ValueInfoProto {
            name: self.name(value),
            r#type: Some(TypeProto {
                tensor_type: Some(tensor),
                ..TypeProto::default()
            }),
            ..ValueInfoProto::default()
        }
    }
}

fn attribute((name, value): &(&'static str, Attribute)) -> AttributeProto {
    match value {
        Attribute::Float(x) => AttributeProto::float(name, *x),
        Attribute::Int(x) => AttributeProto::int(name, *x),
        Attribute::Ints(x) => AttributeProto::ints(name, x),
        Attribute::Text(x) => AttributeProto::string(name, x),
    }
}
