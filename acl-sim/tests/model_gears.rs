//! Models converted for several image sizes or dims, which are chosen for each run.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/datasets.rs"]
mod datasets;
#[path = "common/models.rs"]
mod graphs;

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use acl_sys::{aclmdlBatch, aclmdlDataset, aclmdlDesc, aclmdlHW, aclmdlIODims};
use ascend_om::onnx::{GraphProto, ValueInfoProto, elem};
use ascendcl::atc::{Format, Options, convert_bytes};
use call::{download, malloc, messages, start, upload};
use datasets::{dataset, describe, empty_dims, execute, io_dims, load, shape};
use graphs::{bytes, floats, node, unary};

const ALL: usize = usize::MAX;

/// y = relu(x), x is [1, 2, h, w] in three sizes.
fn by_image_size() -> Vec<u8> {
    let options = Options {
        input_shape: vec![("x".into(), vec![1, 2, -1, -1])],
        dynamic_image_size: vec![[2, 3], [4, 1], [3, 5]],
        ..Options::default()
    };
    let onnx = unary("Relu", elem::FLOAT, &[1, 2, -1, -1]);
    convert_bytes(&onnx, "sizes", &options).unwrap()
}

/// y = a + b, a is [n, 3, w] and b [3, w], for three pairs of n and w; each -1 has its own value.
fn by_dims() -> Vec<u8> {
    let onnx = graphs::model(GraphProto {
        name: "g".into(),
        input: vec![
            ValueInfoProto::tensor("a", elem::FLOAT, &[-1, 3, -1]),
            ValueInfoProto::tensor("b", elem::FLOAT, &[3, -1]),
        ],
        output: vec![ValueInfoProto::tensor("y", elem::FLOAT, &[-1, 3, -1])],
        node: vec![node("Add", "add", &["a", "b"], &["y"], Vec::new())],
        ..GraphProto::default()
    });
    let options = Options {
        input_shape: vec![("a".into(), vec![-1, 3, -1]), ("b".into(), vec![3, -1])],
        input_format: Format::Nd,
        dynamic_dims: vec![vec![1, 2, 2], vec![4, 1, 1], vec![2, 3, 3]],
        ..Options::default()
    };
    convert_bytes(&onnx, "dims", &options).unwrap()
}

struct Geared {
    id: u32,
    desc: *mut aclmdlDesc,
    hidden: usize,
    inputs: *mut aclmdlDataset,
    outputs: *mut aclmdlDataset,
    memory: Vec<*mut c_void>,
    gear: (*mut c_void, usize),
}

impl Geared {
    /// Loads a model, with buffers of the sizes that it tells.
    fn new(om: &[u8]) -> Self {
        start();
        let id = load(om);
        let desc = describe(id);
        let mut hidden = 0;
        let name = c"ascend_mbatch_shape_data".as_ptr();
        ok!(aclmdlGetInputIndexByName(desc, name, &raw mut hidden));
        let buffer = |size| (malloc(size), size);
        let inputs: Vec<_> = (0..call!(aclmdlGetNumInputs(desc)))
            .map(|index| buffer(call!(aclmdlGetInputSizeByIndex(desc, index))))
            .collect();
        let output = buffer(call!(aclmdlGetOutputSizeByIndex(desc, 0)));
        let mut memory: Vec<_> = inputs.iter().map(|(address, _)| *address).collect();
        memory.push(output.0);
        Self {
            id,
            desc,
            hidden,
            inputs: dataset(&inputs),
            outputs: dataset(&[output]),
            memory,
            gear: inputs[hidden],
        }
    }

    fn output_shape(&self) -> Vec<i64> {
        let mut dims = empty_dims();
        ok!(aclmdlGetCurOutputDims(self.desc, 0, &raw mut dims));
        shape(&dims).to_vec()
    }

    /// The datasets of this model with another gear input.
    fn with_gear(&self, gear: (*mut c_void, usize)) -> *mut aclmdlDataset {
        let mut all: Vec<_> = (0..self.hidden)
            .map(|index| {
                let size = call!(aclmdlGetInputSizeByIndex(self.desc, index));
                (self.memory[index], size)
            })
            .collect();
        all.push(gear);
        dataset(&all)
    }

    fn end(self) {
        ok!(aclmdlUnload(self.id));
        ok!(aclmdlDestroyDesc(self.desc));
        for memory in self.memory {
            ok!(aclrtFree(memory));
        }
    }
}

#[test]
fn image_sizes_are_told_and_chosen_per_run() {
    let model = Geared::new(&by_image_size());
    let mut sizes = aclmdlHW {
        hwCount: 9,
        hw: [[0; 2]; 128],
    };
    ok!(aclmdlGetDynamicHW(model.desc, ALL, &raw mut sizes));
    assert_eq!(sizes.hw[..sizes.hwCount], [[2, 3], [4, 1], [3, 5]]);
    let mut dims = empty_dims();
    ok!(aclmdlGetInputDims(model.desc, 0, &raw mut dims));
    assert_eq!(shape(&dims), [1, 2, -1, -1]);
    ok!(aclmdlGetOutputDims(model.desc, 0, &raw mut dims));
    assert_eq!(shape(&dims), [1, 2, 3, 5], "those of the largest");
    assert_eq!(call!(aclmdlGetInputSizeByIndex(model.desc, 0)), 120);
    assert_eq!(call!(aclmdlGetOutputSizeByIndex(model.desc, 0)), 120);
    assert_eq!(
        execute(model.id, model.inputs, model.outputs),
        145_013,
        "none was chosen"
    );
    for (height, width) in [(2_u64, 3_u64), (4, 1), (3, 5), (2, 3)] {
        let count = usize::try_from(2 * height * width).unwrap();
        let values: Vec<f32> = (0_u8..).map(|i| 7.0 - f32::from(i)).take(count).collect();
        upload(model.memory[0], &bytes(&values));
        upload(model.memory[2], &[0; 120]);
        ok!(aclmdlSetDynamicHWSize(
            model.id,
            model.inputs,
            model.hidden,
            height,
            width
        ));
        let wanted = [1, 2, height.cast_signed(), width.cast_signed()];
        assert_eq!(model.output_shape(), wanted);
        assert_eq!(
            execute(model.id, model.inputs, model.outputs),
            0,
            "{}",
            messages()
        );
        let mut results: Vec<f32> = values.iter().map(|v| v.max(0.0)).collect();
        results.resize(30, 0.0);
        assert_eq!(floats(&download(model.memory[2], 120)), results);
    }
    model.end();
}

#[test]
fn an_image_size_that_was_not_compiled_and_gear_inputs_without_room_have_codes() {
    let model = Geared::new(&by_image_size());
    let set = |inputs, index, height, width| {
        call!(aclmdlSetDynamicHWSize(
            model.id, inputs, index, height, width
        ))
    };
    let (good, hidden) = (model.inputs, model.hidden);
    let bare = model.with_gear((null_mut(), 0));
    let short = model.with_gear((model.gear.0, model.gear.1 - 1));
    let rows = [
        ("swapped", set(good, hidden, 3, 2), 145_013),
        ("zero", set(good, hidden, 0, 3), 145_013),
        ("huge", set(good, hidden, u64::MAX, u64::MAX), 145_013),
        ("no memory", set(bare, hidden, 2, 3), 145_011),
        ("too little", set(short, hidden, 2, 3), 145_012),
        ("wrong index", set(good, 0, 2, 3), 100_000),
        ("index beyond", set(good, 9, 2, 3), 100_000),
        ("null", set(null_mut(), hidden, 2, 3), 100_000),
        (
            "no model",
            call!(aclmdlSetDynamicHWSize(9999, good, hidden, 2, 3)),
            145_003,
        ),
        (
            "batch",
            call!(aclmdlSetDynamicBatchSize(model.id, good, hidden, 2)),
            100_000,
        ),
        (
            "batch 0",
            call!(aclmdlSetDynamicBatchSize(model.id, good, hidden, 0)),
            100_000,
        ),
        (
            "dims",
            {
                let dims = io_dims(&[1, 2, 2, 3]);
                call!(aclmdlSetInputDynamicDims(
                    model.id,
                    good,
                    hidden,
                    &raw const dims
                ))
            },
            100_000,
        ),
    ];
    for (what, code, expected) in rows {
        assert_eq!(code, expected, "{what}: {}", messages());
    }
    let mut batch = aclmdlBatch {
        batchCount: 9,
        batch: [0; 128],
    };
    ok!(aclmdlGetDynamicBatch(model.desc, &raw mut batch));
    assert_eq!(batch.batchCount, 0);
    let mut count = 9;
    ok!(aclmdlGetInputDynamicGearCount(
        model.desc,
        ALL,
        &raw mut count
    ));
    assert_eq!(count, 0);
    model.end();
}

#[test]
fn dims_of_all_inputs_are_told_and_chosen_per_run() {
    let model = Geared::new(&by_dims());
    let mut count = 0;
    ok!(aclmdlGetInputDynamicGearCount(
        model.desc,
        ALL,
        &raw mut count
    ));
    let mut gears = vec![empty_dims(); count];
    ok!(aclmdlGetInputDynamicDims(
        model.desc,
        ALL,
        gears.as_mut_ptr(),
        count
    ));
    let told: Vec<_> = gears.iter().map(|gear| shape(gear).to_vec()).collect();
    assert_eq!(told, [[1, 3, 2, 3, 2], [4, 3, 1, 3, 1], [2, 3, 3, 3, 3]]);
    let room = call!(aclmdlGetInputDynamicDims(
        model.desc,
        ALL,
        gears.as_mut_ptr(),
        count - 1
    ));
    assert_eq!(room, 100_000);
    let mut dims = empty_dims();
    ok!(aclmdlGetOutputDims(model.desc, 0, &raw mut dims));
    assert_eq!(shape(&dims), [2, 3, 3], "those of the largest");
    assert_eq!(call!(aclmdlGetInputSizeByIndex(model.desc, 0)), 72);
    assert_eq!(call!(aclmdlGetInputSizeByIndex(model.desc, 1)), 36);
    assert_eq!(call!(aclmdlGetOutputSizeByIndex(model.desc, 0)), 72);
    for gear in &gears {
        let (n, w) = (gear.dims[0], gear.dims[2]);
        let per_batch = usize::try_from(3 * w).unwrap();
        let batches = usize::try_from(n).unwrap();
        let a: Vec<f32> = (0_u8..).map(f32::from).take(batches * per_batch).collect();
        let b: Vec<f32> = (0_u8..)
            .map(|i| 0.5 * f32::from(i))
            .take(per_batch)
            .collect();
        upload(model.memory[0], &bytes(&a));
        upload(model.memory[1], &bytes(&b));
        ok!(aclmdlSetInputDynamicDims(
            model.id,
            model.inputs,
            model.hidden,
            gear
        ));
        assert_eq!(model.output_shape(), [n, 3, w]);
        assert_eq!(
            execute(model.id, model.inputs, model.outputs),
            0,
            "{}",
            messages()
        );
        let wanted: Vec<f32> = a
            .iter()
            .enumerate()
            .map(|(i, a)| a + b[i % per_batch])
            .collect();
        let got = floats(&download(model.memory[3], a.len() * 4));
        assert_eq!(got, wanted, "{n} x 3 x {w}");
    }
    model.end();
}

#[test]
fn dims_that_were_not_compiled_or_are_of_another_form_have_codes() {
    let model = Geared::new(&by_dims());
    let set = |inputs, index, dims: &[i64]| {
        let dims = io_dims(dims);
        call!(aclmdlSetInputDynamicDims(
            model.id,
            inputs,
            index,
            &raw const dims
        ))
    };
    let (good, hidden) = (model.inputs, model.hidden);
    let bare = model.with_gear((null_mut(), 0));
    let short = model.with_gear((model.gear.0, 1));
    let gear = [4, 3, 1, 3, 1];
    let too_many = aclmdlIODims {
        dimCount: 129,
        ..io_dims(&gear)
    };
    let rows = [
        ("a gear", set(good, hidden, &gear), 0),
        ("mixed", set(good, hidden, &[4, 3, 2, 3, 2]), 145_013),
        (
            "the inputs differ",
            set(good, hidden, &[4, 3, 1, 3, 2]),
            145_013,
        ),
        ("values alone", set(good, hidden, &[4, 1, 1]), 145_012),
        (
            "a fixed dim differs",
            set(good, hidden, &[4, 2, 1, 3, 1]),
            145_012,
        ),
        ("still open", set(good, hidden, &[-1, 3, 1, 3, 1]), 145_012),
        ("no dims", set(good, hidden, &[]), 145_012),
        (
            "more dims than there is room for",
            call!(aclmdlSetInputDynamicDims(
                model.id,
                good,
                hidden,
                &raw const too_many
            )),
            145_012,
        ),
        ("no memory", set(bare, hidden, &gear), 145_011),
        ("too little", set(short, hidden, &gear), 145_012),
        ("wrong index", set(good, 1, &gear), 100_000),
        (
            "null dims",
            call!(aclmdlSetInputDynamicDims(model.id, good, hidden, null())),
            100_000,
        ),
        (
            "image size",
            call!(aclmdlSetDynamicHWSize(model.id, good, hidden, 4, 1)),
            100_000,
        ),
        (
            "run, no memory",
            execute(model.id, bare, model.outputs),
            145_011,
        ),
        (
            "run, too little",
            execute(model.id, short, model.outputs),
            145_012,
        ),
        (
            "run, no inputs",
            execute(model.id, dataset(&[]), model.outputs),
            145_000,
        ),
    ];
    for (what, code, expected) in rows {
        assert_eq!(code, expected, "{what}: {}", messages());
    }
    model.end();
}

#[test]
fn a_gear_that_the_program_wrote_itself_counts_as_one_that_was_set() {
    let model = Geared::new(&by_dims());
    let values = [4_u64, 1, 1];
    let wide = model.gear.1 == 24;
    let raw: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes()[..if wide { 8 } else { 4 }].to_vec())
        .collect();
    upload(model.gear.0, &raw);
    assert_eq!(
        execute(model.id, model.inputs, model.outputs),
        0,
        "{}",
        messages()
    );
    upload(model.gear.0, &vec![0; model.gear.1]);
    assert_eq!(execute(model.id, model.inputs, model.outputs), 145_013);
    model.end();
}
