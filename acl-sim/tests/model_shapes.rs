//! Models whose shapes the program sets for each run, within ranges.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/datasets.rs"]
mod datasets;
#[path = "common/models.rs"]
mod graphs;

use std::ptr::null_mut;

use acl_sys::{aclDataType, aclFormat, aclTensorDesc, aclmdlDataset};
use ascend_om::container::{Om, PartitionKind};
use ascend_om::describe::describe as describe_file;
use ascend_om::inout_info::InOutInfo;
use ascend_om::model_def::decode_model;
use ascend_om::onnx::{AttributeProto, GraphProto, ValueInfoProto, elem};
use ascendcl::atc::{Options, cli, convert_bytes, parse_input_shape_range};
use call::{download, malloc, messages, start, upload};
use datasets::{dataset, describe, empty_dims, execute, load, shape};
use graphs::{bytes, floats, node};

/// sum = a + b over [n, 3], top = the index of each row's largest value, [n].
fn onnx() -> Vec<u8> {
    let argmax = vec![
        AttributeProto::int("axis", 1),
        AttributeProto::int("keepdims", 0),
    ];
    graphs::model(GraphProto {
        name: "g".into(),
        input: vec![
            ValueInfoProto::tensor("a", elem::FLOAT, &[-1, 3]),
            ValueInfoProto::tensor("b", elem::FLOAT, &[-1, 3]),
        ],
        output: vec![
            ValueInfoProto::tensor("sum", elem::FLOAT, &[-1, 3]),
            ValueInfoProto::tensor("top", elem::INT64, &[-1]),
        ],
        node: vec![
            node("Add", "add", &["a", "b"], &["sum"], Vec::new()),
            node("ArgMax", "top", &["sum"], &["top"], argmax),
        ],
        ..GraphProto::default()
    })
}

fn om() -> Vec<u8> {
    let options = Options {
        input_shape_range: parse_input_shape_range("a:2~5,3;b:[2~5,3]").unwrap(),
        ..Options::default()
    };
    convert_bytes(&onnx(), "ranged", &options).unwrap()
}

fn tensor(dims: &[i64]) -> *mut aclTensorDesc {
    let count = i32::try_from(dims.len()).unwrap();
    let dtype = aclDataType::ACL_FLOAT;
    let format = aclFormat::ACL_FORMAT_ND;
    call!(aclCreateTensorDesc(dtype, count, dims.as_ptr(), format))
}

/// Sets the shape of an input; the program's own description goes at once.
fn set(inputs: *mut aclmdlDataset, index: usize, dims: &[i64]) {
    let desc = tensor(dims);
    ok!(aclmdlSetDatasetTensorDesc(inputs, desc, index));
    call!(aclDestroyTensorDesc(desc));
}

fn dims_of(desc: *const aclTensorDesc) -> Vec<i64> {
    assert!(!desc.is_null(), "{}", messages());
    (0..call!(aclGetTensorDescNumDims(desc)))
        .map(|index| {
            let mut dim = 0;
            ok!(aclGetTensorDescDimV2(desc, index, &raw mut dim));
            dim
        })
        .collect()
}

#[test]
fn the_file_records_the_ranges_as_real_ones_do() {
    let om = om();
    let file = Om::parse(&om).unwrap();
    assert!(file.is_dynamic(), "the header says that shapes are unknown");
    let model = decode_model(file.root().require(PartitionKind::MODEL_DEF).unwrap()).unwrap();
    let described = describe_file(&model).unwrap();
    let told = file
        .root()
        .require(PartitionKind::MODEL_INOUT_INFO)
        .unwrap();
    let told = InOutInfo::parse(told).unwrap();
    assert_eq!(told.inputs, described.inputs);
    assert_eq!(told.outputs, described.outputs);
    for input in &told.inputs {
        assert_eq!(input.dims, [-1, 3]);
        assert_eq!(input.ranges, [[2, 5], [3, 3]]);
        assert_eq!(input.size, 0);
    }
    assert_eq!(told.outputs[0].dims, [-1, 3]);
    assert_eq!(told.outputs[1].dims, [-1]);
    assert_eq!([told.outputs[0].size, told.outputs[1].size], [0, 0]);
}

#[test]
fn the_converter_takes_ranges_in_both_spellings_and_refuses_bad_ones() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("m.onnx");
    std::fs::write(&source, onnx()).unwrap();
    let run = |name: &str, options: &[&str]| {
        let target = folder.path().join(name);
        let mut args = vec![
            "atc-sim".to_owned(),
            "--framework=5".to_owned(),
            format!("--model={}", source.display()),
            format!("--output={}", target.display()),
        ];
        args.extend(options.iter().map(ToString::to_string));
        let code = cli::run(args.iter().map(Into::into));
        (code, std::fs::read(target.with_extension("om")).ok())
    };
    let inputs = |file: Option<Vec<u8>>| {
        let file = file.unwrap();
        let om = Om::parse(&file).unwrap();
        let told = om.root().require(PartitionKind::MODEL_INOUT_INFO).unwrap();
        InOutInfo::parse(told).unwrap().inputs
    };
    let (code, new) = run("new", &["--input_shape=a:1~4,3;b:-1,3"]);
    assert_eq!(code, 0);
    let new = inputs(new);
    assert_eq!(new[0].ranges, [[1, 4], [3, 3]]);
    assert_eq!(new[1].ranges, [[1, -1], [3, 3]]);
    let (code, old) = run("old", &["--input_shape_range=a:[1~4,3];b:[-1,3]"]);
    assert_eq!((code, inputs(old)), (0, new));
    let bad: [&[&str]; 6] = [
        &["--input_shape=a:4~1,3;b:-1,3"],
        &["--input_shape=a:0~4,3;b:-1,3"],
        &[
            "--input_shape=a:-1,3;b:-1,3",
            "--input_shape_range=a:[1~4,3]",
        ],
        &["--input_shape_range=a:[1~4,3];b:[-1,3];c:[1~2]"],
        &["--input_shape_range=a:[1~4,3,1];b:[-1,3]"],
        &["--input_shape=a:1~4,3;b:-1,3", "--dynamic_batch_size=1,2"],
    ];
    for options in bad {
        let (code, file) = run("bad", options);
        assert!(code > 0 && file.is_none(), "{options:?}");
    }
}

#[test]
fn a_run_takes_the_shapes_that_were_set_and_leaves_those_of_its_outputs() {
    start();
    let id = load(&om());
    let desc = describe(id);
    for index in 0..2 {
        let mut dims = empty_dims();
        ok!(aclmdlGetInputDims(desc, index, &raw mut dims));
        assert_eq!(shape(&dims), [-1, 3]);
        assert_eq!(call!(aclmdlGetInputSizeByIndex(desc, index)), 0);
        assert_eq!(call!(aclmdlGetOutputSizeByIndex(desc, index)), 0);
    }
    let mut dims = empty_dims();
    assert_eq!(
        call!(aclmdlGetCurOutputDims(desc, 0, &raw mut dims)),
        100_000
    );
    let (a, b) = (malloc(60), malloc(60));
    let inputs = dataset(&[(a, 60), (b, 60)]);
    let outputs = dataset(&[(null_mut(), 0), (null_mut(), 0)]);
    for rows in [2_u8, 5, 3] {
        let count = usize::from(rows) * 3;
        let values: Vec<f32> = (0..count)
            .map(|i| if i % 3 == 1 { 9.0 } else { 1.0 })
            .collect();
        upload(a, &bytes(&values));
        upload(b, &bytes(&vec![0.5; count]));
        let dims = [i64::from(rows), 3];
        set(inputs, 0, &dims);
        set(inputs, 1, &dims);
        assert_eq!(execute(id, inputs, outputs), 0, "{}", messages());
        assert_eq!(dims_of(call!(aclmdlGetDatasetTensorDesc(outputs, 0))), dims);
        assert_eq!(
            dims_of(call!(aclmdlGetDatasetTensorDesc(outputs, 1))),
            dims[..1]
        );
        // The run allocated both; the program frees them and asks again.
        for (index, size) in [(0, count * 4), (1, usize::from(rows) * 8)] {
            let buffer = call!(aclmdlGetDatasetBuffer(outputs, index));
            assert_eq!(call!(aclGetDataBufferSizeV2(buffer)), size);
            let memory = call!(aclGetDataBufferAddr(buffer));
            let got = download(memory, size);
            if index == 0 {
                let wanted: Vec<f32> = values.iter().map(|v| v + 0.5).collect();
                assert_eq!(floats(&got), wanted);
            } else {
                assert_eq!(got, 1_i64.to_le_bytes().repeat(usize::from(rows)));
            }
            ok!(aclrtFree(memory));
            ok!(aclUpdateDataBuffer(buffer, null_mut(), 0));
        }
    }
    ok!(aclmdlUnload(id));
    ok!(aclmdlDestroyDesc(desc));
}

#[test]
fn a_queued_run_keeps_the_shapes_that_were_set_when_it_was_queued() {
    start();
    let id = load(&om());
    let stream = call::stream();
    let (a, b, y, top) = (malloc(60), malloc(60), malloc(60), malloc(40));
    upload(a, &bytes(&[1.0; 15]));
    upload(b, &bytes(&[1.0; 15]));
    let inputs = dataset(&[(a, 60), (b, 60)]);
    let outputs = dataset(&[(y, 60), (top, 40)]);
    for index in 0..2 {
        set(inputs, index, &[4, 3]);
    }
    ok!(aclmdlExecuteAsync(id, inputs, outputs, stream));
    for index in 0..2 {
        set(inputs, index, &[2, 3]);
    }
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(
        dims_of(call!(aclmdlGetDatasetTensorDesc(outputs, 0))),
        [4, 3]
    );
    ok!(aclrtDestroyStream(stream));
    ok!(aclmdlUnload(id));
}

#[test]
fn shapes_out_of_range_and_buffers_of_another_size_are_refused() {
    start();
    let id = load(&om());
    let (a, b) = (malloc(60), malloc(60));
    upload(a, &bytes(&[0.0; 15]));
    upload(b, &bytes(&[0.0; 15]));
    let inputs = dataset(&[(a, 60), (b, 60)]);
    let outputs = dataset(&[(malloc(60), 60), (malloc(40), 40)]);
    set(inputs, 0, &[2, 3]);
    assert_eq!(
        execute(id, inputs, outputs),
        145_000,
        "one shape is missing"
    );
    for dims in [
        &[1_i64, 3][..],
        &[6, 3],
        &[3, 2],
        &[3],
        &[-1, 3],
        &[3, 3, 1],
        &[],
    ] {
        set(inputs, 1, dims);
        assert_eq!(execute(id, inputs, outputs), 145_021, "{dims:?}");
        assert!(messages().contains("2~5"), "it says what is wanted");
    }
    set(inputs, 1, &[2, 3]);
    assert_eq!(execute(id, inputs, outputs), 0, "{}", messages());
    let short = dataset(&[(a, 23), (b, 60)]);
    set(short, 0, &[2, 3]);
    set(short, 1, &[2, 3]);
    assert_eq!(
        execute(id, short, outputs),
        145_000,
        "an input is too small"
    );
    let small = dataset(&[(a, 23), (b, 40)]);
    assert_eq!(
        execute(id, inputs, small),
        145_000,
        "an output is too small"
    );
    set(inputs, 1, &[3, 3]);
    assert_eq!(
        execute(id, inputs, outputs),
        545_000,
        "the shapes do not go together"
    );
    let beyond = tensor(&[2, 3]);
    assert_eq!(
        call!(aclmdlSetDatasetTensorDesc(inputs, beyond, 2)),
        100_000
    );
    assert_eq!(
        call!(aclmdlSetDatasetTensorDesc(inputs, null_mut(), 0)),
        100_000
    );
    ok!(aclmdlUnload(id));
    messages();
}
