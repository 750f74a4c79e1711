//! Small graphs whose results are known by arithmetic.
#![allow(dead_code)]

use ascend_om::onnx::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    ValueInfoProto, elem,
};

pub(crate) fn node(
    op: &str,
    name: &str,
    inputs: &[&str],
    outputs: &[&str],
    attribute: Vec<AttributeProto>,
) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        name: name.into(),
        input: inputs.iter().map(ToString::to_string).collect(),
        output: outputs.iter().map(ToString::to_string).collect(),
        attribute,
        ..NodeProto::default()
    }
}

pub(crate) fn model(graph: GraphProto) -> Vec<u8> {
    ModelProto {
        ir_version: 6,
        producer_name: "test".into(),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 11,
        }],
        ..ModelProto::default()
    }
    .write()
}

/// `sum = relu(x + bias)` and `index = argmax over the last axis of sum` (int64); x is [batch, 3], bias [1, -2, 3].
pub(crate) fn add_relu_argmax(batch: i64) -> Vec<u8> {
    let argmax = vec![
        AttributeProto::int("axis", 1),
        AttributeProto::int("keepdims", 0),
    ];
    model(GraphProto {
        name: "g".into(),
        input: vec![ValueInfoProto::tensor("x", elem::FLOAT, &[batch, 3])],
        output: vec![
            ValueInfoProto::tensor("sum", elem::FLOAT, &[batch, 3]),
            ValueInfoProto::tensor("index", elem::INT64, &[batch]),
        ],
        initializer: vec![TensorProto::from_f32("bias", &[3], &[1.0, -2.0, 3.0])],
        node: vec![
            node("Add", "add", &["x", "bias"], &["s"], Vec::new()),
            node("Relu", "relu", &["s"], &["sum"], Vec::new()),
            node("ArgMax", "", &["sum"], &["index"], argmax),
        ],
        ..GraphProto::default()
    })
}

/// `y = op(x)` with x and y of one element type and shape.
pub(crate) fn unary(op: &str, elem_type: i32, dims: &[i64]) -> Vec<u8> {
    model(GraphProto {
        name: "g".into(),
        input: vec![ValueInfoProto::tensor("x", elem_type, dims)],
        output: vec![ValueInfoProto::tensor("y", elem_type, dims)],
        node: vec![node(op, "the_op", &["x"], &["y"], Vec::new())],
        ..GraphProto::default()
    })
}

/// `y = mean over height and width of x`, x [1, 2, h, w] with both open.
pub(crate) fn global_mean() -> Vec<u8> {
    model(GraphProto {
        name: "g".into(),
        input: vec![ValueInfoProto::tensor("x", elem::FLOAT, &[1, 2, -1, -1])],
        output: vec![ValueInfoProto::tensor("y", elem::FLOAT, &[1, 2, 1, 1])],
        node: vec![node(
            "GlobalAveragePool",
            "pool",
            &["x"],
            &["y"],
            Vec::new(),
        )],
        ..GraphProto::default()
    })
}

pub(crate) fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(4)
        .map(|c| f32::from_le_bytes(c.try_into().expect("4 bytes each")))
        .collect()
}

/// A chain of `layers` products with `width` x `width` matrices: weights of 4 * layers * width^2 bytes.
pub(crate) fn chain(layers: usize, width: i64) -> Vec<u8> {
    let name = |i: usize| format!("v{i}");
    let side = usize::try_from(width).expect("a positive width");
    let values = vec![0.001f32; side * side];
    let layer = |i: usize| {
        node(
            "MatMul",
            &format!("matmul_{i}"),
            &[&name(i), &format!("w{i}")],
            &[&name(i + 1)],
            Vec::new(),
        )
    };
    let weight = |i: usize| TensorProto::from_f32(&format!("w{i}"), &[width, width], &values);
    model(GraphProto {
        name: "g".into(),
        input: vec![ValueInfoProto::tensor(&name(0), elem::FLOAT, &[1, width])],
        output: vec![ValueInfoProto::tensor(
            &name(layers),
            elem::FLOAT,
            &[1, width],
        )],
        initializer: (0..layers).map(weight).collect(),
        node: (0..layers).map(layer).collect(),
        ..GraphProto::default()
    })
}
