//! Buffers of datasets that are larger than what the model reads or writes. In a binary of its own,
//! because it counts the findings of the process.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/datasets.rs"]
mod datasets;
#[path = "common/models.rs"]
mod graphs;

use ascend_om::onnx::elem;
use ascendcl::atc::{Options, convert_bytes};
use call::{download, malloc, messages, start, upload};
use datasets::{dataset, execute, load};
use graphs::{bytes, floats, unary};

fn convert(name: &str, dims: &[i64], options: &Options) -> Vec<u8> {
    convert_bytes(&unary("Relu", elem::FLOAT, dims), name, options).unwrap()
}

/// Runs a model with zeros in buffers of some sizes; returns what was found by it.
fn found(id: u32, inputs: &[usize], output: usize) -> Vec<String> {
    let before = ascendcl::findings().len();
    let buffer = |size: &usize| {
        let memory = malloc(*size);
        upload(memory, &vec![0; *size]);
        (memory, *size)
    };
    let inputs: Vec<_> = inputs.iter().map(buffer).collect();
    let output = buffer(&output);
    let (sources, targets) = (dataset(&inputs), dataset(&[output]));
    if let [_, _] = inputs[..] {
        ok!(aclmdlSetDynamicBatchSize(id, sources, 1, 2));
    }
    assert_eq!(execute(id, sources, targets), 0, "{}", messages());
    ok!(aclmdlDestroyDataset(sources));
    ok!(aclmdlDestroyDataset(targets));
    for (memory, _) in inputs.iter().chain([&output]) {
        ok!(aclrtFree(*memory));
    }
    let all = ascendcl::findings();
    let new = all[before..].iter();
    new.map(|found| format!("{}: {}", found.kind, found.text))
        .collect()
}

#[test]
fn a_buffer_larger_than_a_model_of_one_shape_needs_runs_and_is_told() {
    start();
    let fixed = load(&convert("fixed", &[2, 3], &Options::default()));
    assert!(found(fixed, &[24], 24).is_empty(), "the right sizes");
    let told = found(fixed, &[96], 24);
    assert_eq!(told.len(), 1, "{told:?}");
    let wanted = "size_mismatch: the buffer of input x of model fixed has 96 bytes, of which 24 are \
                  used: aclmdlGetInputSizeByIndex tells how many it needs";
    assert_eq!(told[0], wanted);
    assert!(found(fixed, &[96], 24).is_empty(), "each is told once");
    let told = found(fixed, &[24], 25);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("size_mismatch: the buffer of output the_op:0:y of model fixed"));
    assert!(told[0].contains("has 25 bytes, of which 24 are used: aclmdlGetOutputSizeByIndex"));
    ok!(aclmdlUnload(fixed));

    // The run is that of the first bytes.
    let fixed = load(&convert("again", &[2, 3], &Options::default()));
    let (input, output) = ((malloc(64), 64), (malloc(32), 32));
    upload(input.0, &bytes(&[-1.0, 2.0, -3.0, 4.0, 5.0, -6.0, 7.0]));
    upload(output.0, &bytes(&[9.0; 8]));
    assert_eq!(execute(fixed, dataset(&[input]), dataset(&[output])), 0);
    let result = floats(&download(output.0, 32));
    assert_eq!(result, [0.0, 2.0, 0.0, 4.0, 5.0, 0.0, 9.0, 9.0]);
    ok!(aclmdlUnload(fixed));

    // For gears, a buffer is that of the largest, or of what the program has.
    let options = Options {
        input_shape: vec![("x".into(), vec![-1, 3])],
        dynamic_batch_size: vec![1, 2, 4],
        ..Options::default()
    };
    let geared = load(&convert("geared", &[-1, 3], &options));
    assert!(found(geared, &[480, 8], 480).is_empty());
    ok!(aclmdlUnload(geared));
}
