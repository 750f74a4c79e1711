// The bytes of an `.om` of `y = relu(x)`, `x` of shape [2, 2]: an expression, for `include!`.
{
    use ascend_om::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
    let graph = GraphProto {
        name: "relu".into(),
        node: vec![NodeProto {
            op_type: "Relu".into(),
            input: vec!["x".into()],
            output: vec!["y".into()],
            ..NodeProto::default()
        }],
        input: vec![ValueInfoProto::tensor("x", 1, &[2, 2])],
        output: vec![ValueInfoProto::tensor("y", 1, &[2, 2])],
        ..GraphProto::default()
    };
    let onnx = ModelProto {
        ir_version: 6,
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { version: 11, ..Default::default() }],
        ..ModelProto::default()
    };
    ascendcl::atc::convert_bytes(&onnx.write(), "relu", &ascendcl::atc::Options::default())?
}
