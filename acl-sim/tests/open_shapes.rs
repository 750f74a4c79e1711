//! Models whose shapes the program sets for each run.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/models.rs"]
mod models;

use std::ffi::c_void;
use std::ptr::null_mut;

use acl_sys::{aclDataType, aclFormat, aclTensorDesc, aclmdlDataset, aclmdlIODims};
use call::{download, malloc, messages, start, upload};

fn load() -> u32 {
    let options = ascendcl::atc::Options {
        input_shape: vec![("x".to_owned(), vec![-1, 3, -1])],
        ..ascendcl::atc::Options::default()
    };
    let onnx = models::unary("Relu", 1, &[-1, 3, -1]);
    let om = ascendcl::atc::convert_bytes(&onnx, "open", &options).unwrap();
    let mut id = 0;
    ok!(aclmdlLoadFromMem(om.as_ptr().cast(), om.len(), &raw mut id));
    id
}

fn dataset(memory: *mut c_void, size: usize) -> *mut aclmdlDataset {
    let set = call!(aclmdlCreateDataset());
    let buffer = call!(aclCreateDataBuffer(memory, size));
    ok!(aclmdlAddDatasetBuffer(set, buffer));
    set
}

fn shape(dims: &[i64]) -> *mut aclTensorDesc {
    let count = i32::try_from(dims.len()).unwrap();
    call!(aclCreateTensorDesc(
        aclDataType::ACL_FLOAT,
        count,
        dims.as_ptr(),
        aclFormat::ACL_FORMAT_ND
    ))
}

#[test]
fn an_open_model_says_so_runs_in_each_shape_and_tells_the_shape_of_its_output() {
    start();
    let id = load();
    let desc = call!(aclmdlCreateDesc());
    ok!(aclmdlGetDesc(desc, id));
    // SAFETY: the structure is numbers and characters alone, for which zero is a value.
    let mut dims: aclmdlIODims = unsafe { std::mem::zeroed() };
    ok!(aclmdlGetInputDims(desc, 0, &raw mut dims));
    assert_eq!(dims.dims[..dims.dimCount], [-1, 3, -1]);
    ok!(aclmdlGetOutputDims(desc, 0, &raw mut dims));
    assert_eq!(dims.dims[..dims.dimCount], [-1, 3, -1]);
    assert_eq!(call!(aclmdlGetInputSizeByIndex(desc, 0)), 0);
    assert_eq!(call!(aclmdlGetOutputSizeByIndex(desc, 0)), 0);

    for (batch, width) in [(1_i64, 4_i64), (2, 5), (7, 1)] {
        let values: Vec<f32> = (0_u8..)
            .map(|i| f32::from(i) - 5.0)
            .take(usize::try_from(batch * 3 * width).unwrap())
            .collect();
        let bytes = models::bytes(&values);
        let (source, target) = (malloc(bytes.len()), malloc(4096));
        upload(source, &bytes);
        let (inputs, outputs) = (dataset(source, bytes.len()), dataset(target, 4096));
        assert_eq!(
            call!(aclmdlExecute(id, inputs, outputs)),
            145_000,
            "no shape was set"
        );
        let desc = shape(&[batch, 3, width]);
        ok!(aclmdlSetDatasetTensorDesc(inputs, desc, 0));
        ok!(aclmdlExecute(id, inputs, outputs));
        let found = call!(aclmdlGetDatasetTensorDesc(outputs, 0));
        let mut got = Vec::new();
        for index in 0..call!(aclGetTensorDescNumDims(found)) {
            let mut dim = 0;
            ok!(aclGetTensorDescDimV2(found, index, &raw mut dim));
            got.push(dim);
        }
        assert_eq!(got, [batch, 3, width]);
        let wanted: Vec<f32> = values.iter().map(|v| v.max(0.0)).collect();
        assert_eq!(models::floats(&download(target, bytes.len())), wanted);
    }
    messages();
}

#[test]
fn an_output_without_memory_is_allocated_by_the_run() {
    start();
    let id = load();
    let source = malloc(24);
    upload(source, &models::bytes(&[1.0, -1.0, 2.0, -2.0, 3.0, -3.0]));
    let (inputs, outputs) = (dataset(source, 24), dataset(null_mut(), 0));
    let desc = shape(&[1, 3, 2]);
    ok!(aclmdlSetDatasetTensorDesc(inputs, desc, 0));
    ok!(aclmdlExecute(id, inputs, outputs));
    let buffer = call!(aclmdlGetDatasetBuffer(outputs, 0));
    let memory = call!(aclGetDataBufferAddr(buffer));
    assert_eq!(call!(aclGetDataBufferSizeV2(buffer)), 24);
    assert_eq!(
        models::floats(&download(memory, 24)),
        [1.0, 0.0, 2.0, 0.0, 3.0, 0.0]
    );
    ok!(aclrtFree(memory));
    messages();
}

#[test]
fn shapes_and_buffers_that_do_not_fit_are_refused() {
    start();
    let id = load();
    let (inputs, outputs) = (dataset(malloc(24), 24), dataset(malloc(64), 64));
    for dims in [&[1, 4, 2][..], &[1, 3], &[0, 3, 2], &[1, 3, -1]] {
        let desc = shape(dims);
        ok!(aclmdlSetDatasetTensorDesc(inputs, desc, 0));
        assert_eq!(
            call!(aclmdlExecute(id, inputs, outputs)),
            145_021,
            "{dims:?}"
        );
        assert!(messages().contains("[-1, 3, -1]"));
    }
    let desc = shape(&[1, 3, 3]);
    ok!(aclmdlSetDatasetTensorDesc(inputs, desc, 0));
    assert_eq!(
        call!(aclmdlExecute(id, inputs, outputs)),
        145_000,
        "the input is too small"
    );
    let small = dataset(malloc(8), 8);
    let desc = shape(&[1, 3, 2]);
    ok!(aclmdlSetDatasetTensorDesc(inputs, desc, 0));
    assert_eq!(
        call!(aclmdlExecute(id, inputs, small)),
        145_000,
        "the output is too small"
    );
    messages();
}
