//! Small models and pictures, written into a folder for the C programs.
#![allow(dead_code)] // each test binary uses a part

use std::path::Path;

use ascend_om::onnx::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto,
};
use ascendcl::atc::{Format, Options, convert_bytes};

type Tensor = (&'static str, &'static [i64]);

/// A graph of nodes: operator, inputs, outputs with a space between.
fn convert(
    nodes: &[(&str, &[&str], &str)],
    inputs: &[Tensor],
    outputs: &[Tensor],
    options: &Options,
) -> Vec<u8> {
    let node = |(op, from, to): &(&str, &[&str], &str)| NodeProto {
        op_type: (*op).to_owned(),
        input: from.iter().map(|name| (*name).to_owned()).collect(),
        output: to.split(' ').map(str::to_owned).collect(),
        // The two halves of a picture, left and right.
        attribute: match *op {
            "Split" => vec![
                AttributeProto::int("axis", 3),
                AttributeProto::ints("split", &[64, 64]),
            ],
            _ => Vec::new(),
        },
        ..Default::default()
    };
    let tensors = |list: &[Tensor]| -> Vec<ValueInfoProto> {
        let tensor = |(name, dims): &Tensor| ValueInfoProto::tensor(name, 1, dims);
        list.iter().map(tensor).collect()
    };
    let onnx = ModelProto {
        ir_version: 6,
        opset_import: vec![OperatorSetIdProto {
            version: 11,
            ..Default::default()
        }],
        graph: Some(GraphProto {
            name: "net".into(),
            node: nodes.iter().map(node).collect(),
            input: tensors(inputs),
            output: tensors(outputs),
            ..Default::default()
        }),
        ..Default::default()
    };
    convert_bytes(&onnx.write(), "net", options).unwrap()
}

/// One Relu from x to y.
fn relu(dims: &'static [i64], options: &Options) -> Vec<u8> {
    let ends = [("x", dims), ("y", dims)];
    convert(&[("Relu", &["x"], "y")], &ends[..1], &ends[1..], options)
}

fn shaped(name: &str, dims: &[i64]) -> Options {
    Options {
        input_shape: vec![(name.to_owned(), dims.to_vec())],
        ..Options::default()
    }
}

/// Writes:
///
/// | file | what |
/// |---|---|
/// | relu.om | y = relu(x), `[2, 2]` |
/// | two.om | y = relu(x), `[2, 2]`, and z = the mean of the rows of x, `[2, 1, 1, 1]` of `[2, 2, 1, 1]` |
/// | batch.om, size.om, dims.om | y = relu(x) with gears |
/// | mgn.om | features: the means of the three planes, of four pictures |
/// | mgn_gears.om | the same, of one, two or four |
/// | left.om | the same as mgn.om, of the pictures' left halves |
/// | dgnet.om | structure + content, of two pairs |
/// | red.ppm, grey.ppm, halves.ppm, torn.jpg | pictures: one colour, both side by side, cut short |
pub(crate) fn write_all(folder: &Path) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    let plain = Options::default();
    write("relu.om", &relu(&[2, 2], &plain));
    let two = convert(
        &[("Relu", &["x"], "y"), ("GlobalAveragePool", &["w"], "z")],
        &[("x", &[2, 2]), ("w", &[2, 1, 2, 2])],
        &[("y", &[2, 2]), ("z", &[2, 1, 1, 1])],
        &plain,
    );
    write("two.om", &two);
    let mut options = shaped("x", &[-1, 4]);
    options.dynamic_batch_size = vec![1, 2, 4];
    write("batch.om", &relu(&[-1, 4], &options));
    let mut options = shaped("x", &[1, 1, -1, -1]);
    options.dynamic_image_size = vec![[2, 3], [4, 5]];
    write("size.om", &relu(&[1, 1, -1, -1], &options));
    let mut options = shaped("x", &[-1, -1]);
    options.input_format = Format::Nd;
    options.dynamic_dims = vec![vec![3, 2], vec![2, 5]];
    write("dims.om", &relu(&[-1, -1], &options));
    write("mgn.om", &mgn(&[4, 3, 384, 128], &[4, 3, 1, 1], &plain));
    let mut options = shaped("image", &[-1, 3, 384, 128]);
    options.dynamic_batch_size = vec![1, 2, 4];
    let gears = mgn(&[-1, 3, 384, 128], &[-1, 3, 1, 1], &options);
    write("mgn_gears.om", &gears);
    let dgnet = convert(
        &[("Add", &["image1", "image2"], "output")],
        &[("image1", &[2, 1, 256, 128]), ("image2", &[2, 3, 256, 128])],
        &[("output", &[2, 3, 256, 128])],
        &plain,
    );
    write("dgnet.om", &dgnet);
    let left = convert(
        &[
            ("Split", &["image"], "left right"),
            ("GlobalAveragePool", &["left"], "features"),
        ],
        &[("image", &[4, 3, 384, 128])],
        &[("features", &[4, 3, 1, 1])],
        &plain,
    );
    write("left.om", &left);
    let mut halves = b"P6 8 16 255\n".to_vec();
    for _ in 0..16 {
        halves.extend([200, 20, 30].repeat(4));
        halves.extend([90; 12]);
    }
    write("halves.ppm", &halves);
    write("red.ppm", &picture([200, 20, 30]));
    write("grey.ppm", &picture([90; 3]));
    write("torn.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF");
}

fn mgn(input: &'static [i64], output: &'static [i64], options: &Options) -> Vec<u8> {
    convert(
        &[("GlobalAveragePool", &["image"], "features")],
        &[("image", input)],
        &[("features", output)],
        options,
    )
}

/// A picture of 8 x 16 pixels of one colour.
fn picture(colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = b"P6 8 16 255\n".to_vec();
    bytes.extend(colour.repeat(8 * 16));
    bytes
}
