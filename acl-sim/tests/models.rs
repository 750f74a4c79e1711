//! Models: loading, descriptions, datasets, gears and runs.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/models.rs"]
mod graphs;

use std::ffi::{CStr, CString, c_void};
use std::ptr::{null, null_mut};
use std::sync::{Mutex, PoisonError};

use acl_sys::{aclDataType, aclmdlBatch, aclmdlConfigAttr as Attr, aclmdlDataset, aclmdlDesc};
use acl_sys::{aclmdlConfigHandle, aclmdlIODims};
use ascend_om::onnx::{GraphProto, ValueInfoProto, elem};
use ascendcl::atc::{Options, convert_bytes};
use call::{download, malloc, messages, start, stream, upload};
use graphs::{bytes, floats, node, unary};

/// y = relu(x), 2 x 3.
fn relu() -> Vec<u8> {
    convert_bytes(
        &unary("Relu", elem::FLOAT, &[2, 3]),
        "relu",
        &Options::default(),
    )
    .unwrap()
}

/// y = relu(x), batch sizes 1, 2, 4 over 3 columns.
fn geared() -> Vec<u8> {
    let options = Options {
        input_shape: vec![("x".into(), vec![-1, 3])],
        dynamic_batch_size: vec![1, 2, 4],
        ..Options::default()
    };
    convert_bytes(&unary("Relu", elem::FLOAT, &[-1, 3]), "geared", &options).unwrap()
}

fn try_load(om: &[u8]) -> Result<u32, i32> {
    let mut id = 0;
    match call!(aclmdlLoadFromMem(om.as_ptr().cast(), om.len(), &raw mut id)) {
        0 => Ok(id),
        code => Err(code),
    }
}

fn load(om: &[u8]) -> u32 {
    try_load(om).unwrap_or_else(|code| panic!("{code}: {}", messages()))
}

fn describe(id: u32) -> *mut aclmdlDesc {
    let desc = call!(aclmdlCreateDesc());
    ok!(aclmdlGetDesc(desc, id));
    desc
}

fn dims() -> aclmdlIODims {
    aclmdlIODims {
        name: [0; 128],
        dimCount: 0,
        dims: [0; 128],
    }
}

fn shape(dims: &aclmdlIODims) -> &[i64] {
    &dims.dims[..dims.dimCount]
}

fn text(pointer: *const std::ffi::c_char) -> String {
    assert!(!pointer.is_null(), "{}", messages());
    // SAFETY: names are strings that live as long as their description, which the test keeps.
    unsafe { CStr::from_ptr(pointer) }
        .to_str()
        .unwrap()
        .to_owned()
}

/// A dataset of buffers, given as address and size.
fn dataset(buffers: &[(*mut c_void, usize)]) -> *mut aclmdlDataset {
    let dataset = call!(aclmdlCreateDataset());
    for (address, size) in buffers {
        let buffer = call!(aclCreateDataBuffer(*address, *size));
        assert!(!buffer.is_null());
        ok!(aclmdlAddDatasetBuffer(dataset, buffer));
    }
    dataset
}

fn execute(id: u32, inputs: *mut aclmdlDataset, outputs: *mut aclmdlDataset) -> i32 {
    call!(aclmdlExecute(id, inputs, outputs))
}

const X: [f32; 6] = [-1.0, 2.0, -3.0, 4.0, -5.0, 6.0];
const Y: [f32; 6] = [0.0, 2.0, 0.0, 4.0, 0.0, 6.0];

/// Runs relu on `X` and checks the result.
fn check_relu(id: u32) {
    let (x, y) = (malloc(24), malloc(24));
    upload(x, &bytes(&X));
    let (inputs, outputs) = (dataset(&[(x, 24)]), dataset(&[(y, 24)]));
    assert_eq!(execute(id, inputs, outputs), 0, "{}", messages());
    assert_eq!(floats(&download(y, 24)), Y);
    ok!(aclmdlDestroyDataset(inputs));
    ok!(aclmdlDestroyDataset(outputs));
    ok!(aclrtFree(x));
    ok!(aclrtFree(y));
}

fn set(config: *mut aclmdlConfigHandle, attribute: Attr, value: usize) {
    let value = (&raw const value).cast();
    ok!(aclmdlSetConfigOpt(config, attribute, value, 8));
}

#[test]
fn a_model_is_loaded_from_memory_from_a_file_and_with_the_programs_memory() {
    start();
    let om = relu();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relu.om");
    std::fs::write(&file, &om).unwrap();
    let path = CString::new(file.to_str().unwrap()).unwrap();
    let (mut work, mut weight) = (usize::MAX, usize::MAX);
    ok!(aclmdlQuerySize(
        path.as_ptr(),
        &raw mut work,
        &raw mut weight
    ));
    let known = (work, weight);
    ok!(aclmdlQuerySizeFromMem(
        om.as_ptr().cast(),
        om.len(),
        &raw mut work,
        &raw mut weight
    ));
    assert_eq!((work, weight), known);
    let (work_room, weight_room) = (malloc(work.max(1)), malloc(weight.max(1)));
    let mut ids = [0_u32; 3];
    ok!(aclmdlLoadFromFile(path.as_ptr(), &raw mut ids[0]));
    ok!(aclmdlLoadFromMemWithMem(
        om.as_ptr().cast(),
        om.len(),
        &raw mut ids[1],
        work_room,
        work,
        weight_room,
        weight
    ));
    ok!(aclmdlLoadFromFileWithMem(
        path.as_ptr(),
        &raw mut ids[2],
        null_mut(),
        0,
        null_mut(),
        0
    ));
    let all = [ids[0], ids[1], ids[2], load(&om)];
    for id in all {
        check_relu(id);
        ok!(aclmdlUnload(id));
        assert_eq!(call!(aclmdlUnload(id)), 145_003, "a second time");
    }
}

#[test]
fn a_model_is_loaded_with_a_configuration() {
    start();
    let om = relu();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relu.om");
    std::fs::write(&file, &om).unwrap();
    let path = CString::new(file.to_str().unwrap()).unwrap();
    let config = call!(aclmdlCreateConfigHandle());
    let mut id = 0;
    assert_eq!(call!(aclmdlLoadWithConfig(config, &raw mut id)), 100_000);
    set(config, Attr::ACL_MDL_LOAD_TYPE_SIZET, 1);
    assert_eq!(call!(aclmdlLoadWithConfig(config, &raw mut id)), 100_000);
    set(
        config,
        Attr::ACL_MDL_PATH_PTR,
        path.as_ptr().expose_provenance(),
    );
    ok!(aclmdlLoadWithConfig(config, &raw mut id));
    check_relu(id);
    ok!(aclmdlUnload(id));
    set(config, Attr::ACL_MDL_LOAD_TYPE_SIZET, 3);
    set(
        config,
        Attr::ACL_MDL_MEM_ADDR_PTR,
        om.as_ptr().expose_provenance(),
    );
    set(config, Attr::ACL_MDL_MEM_SIZET, om.len());
    ok!(aclmdlLoadWithConfig(config, &raw mut id));
    ok!(aclmdlDestroyConfigHandle(config));
    check_relu(id);
    ok!(aclmdlUnload(id));
    assert_eq!(call!(aclmdlDestroyConfigHandle(config)), 100_000);
    assert_eq!(call!(aclmdlLoadWithConfig(config, &raw mut id)), 100_000);
}

#[test]
fn a_description_tells_what_the_model_takes_and_gives() {
    start();
    let id = load(&relu());
    let desc = describe(id);
    assert_eq!(call!(aclmdlGetNumInputs(desc)), 1);
    assert_eq!(call!(aclmdlGetNumOutputs(desc)), 1);
    assert_eq!(call!(aclmdlGetInputSizeByIndex(desc, 0)), 24);
    assert_eq!(call!(aclmdlGetOutputSizeByIndex(desc, 0)), 24);
    assert_eq!(
        call!(aclmdlGetInputDataType(desc, 0)),
        aclDataType::ACL_FLOAT
    );
    assert_eq!(
        call!(aclmdlGetOutputDataType(desc, 0)),
        aclDataType::ACL_FLOAT
    );
    let input = text(call!(aclmdlGetInputNameByIndex(desc, 0)));
    let output = text(call!(aclmdlGetOutputNameByIndex(desc, 0)));
    assert_eq!(input, "x");
    let mut index = 9;
    ok!(aclmdlGetInputIndexByName(
        desc,
        c"x".as_ptr(),
        &raw mut index
    ));
    assert_eq!(index, 0);
    let name = CString::new(output).unwrap();
    ok!(aclmdlGetOutputIndexByName(
        desc,
        name.as_ptr(),
        &raw mut index
    ));
    for shape_of in 0..3 {
        let mut all = dims();
        let code = match shape_of {
            0 => call!(aclmdlGetInputDims(desc, 0, &raw mut all)),
            1 => call!(aclmdlGetOutputDims(desc, 0, &raw mut all)),
            _ => call!(aclmdlGetCurOutputDims(desc, 0, &raw mut all)),
        };
        assert_eq!((code, shape(&all)), (0, &[2_i64, 3][..]));
    }
    let mut all = dims();
    assert_eq!(
        [
            call!(aclmdlGetInputDims(desc, 1, &raw mut all)),
            call!(aclmdlGetInputDims(desc, 0, null_mut())),
            call!(aclmdlGetInputDims(null(), 0, &raw mut all)),
            call!(aclmdlGetInputIndexByName(
                desc,
                c"no".as_ptr(),
                &raw mut index
            )),
        ],
        [100_000; 4]
    );
    assert_eq!(call!(aclmdlGetInputSizeByIndex(desc, 1)), 0);
    assert_eq!(text(call!(aclmdlGetInputNameByIndex(desc, 1))), "");
    assert_eq!(call!(aclmdlGetDesc(desc, 9999)), 145_003);
    ok!(aclmdlUnload(id));
    ok!(aclmdlDestroyDesc(desc));
    assert_eq!(call!(aclmdlDestroyDesc(desc)), 100_000);
    assert_eq!(call!(aclmdlGetNumInputs(desc)), 0);
}

#[test]
fn a_queued_run_is_done_after_synchronisation() {
    start();
    let (id, stream) = (load(&relu()), stream());
    let (x, y) = (malloc(24), malloc(24));
    upload(x, &bytes(&X));
    let (inputs, outputs) = (dataset(&[(x, 24)]), dataset(&[(y, 24)]));
    ok!(aclmdlExecuteAsync(id, inputs, outputs, stream));
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(floats(&download(y, 24)), Y);
    // Only the run that waits may allocate an output.
    let wanted = dataset(&[(null_mut(), 0)]);
    assert_eq!(
        call!(aclmdlExecuteAsync(id, inputs, wanted, stream)),
        100_000
    );
    ok!(aclrtDestroyStream(stream));
    assert_eq!(
        call!(aclmdlExecuteAsync(id, inputs, outputs, stream)),
        107_003
    );
    ok!(aclmdlUnload(id));
}

#[test]
fn an_output_without_memory_is_allocated_by_the_run() {
    start();
    let id = load(&relu());
    let x = malloc(24);
    upload(x, &bytes(&X));
    let (inputs, outputs) = (dataset(&[(x, 24)]), dataset(&[(null_mut(), 0)]));
    assert_eq!(execute(id, inputs, outputs), 0, "{}", messages());
    let buffer = call!(aclmdlGetDatasetBuffer(outputs, 0));
    let address = call!(aclGetDataBufferAddr(buffer));
    assert_eq!(call!(aclGetDataBufferSizeV2(buffer)), 24);
    assert_eq!(floats(&download(address, 24)), Y);
    ok!(aclrtFree(address));
    ok!(aclUpdateDataBuffer(buffer, null_mut(), 0));
    ok!(aclmdlUnload(id));
}

#[test]
fn runs_with_missing_buffers_or_sizes_are_refused() {
    start();
    let id = load(&relu());
    let (x, y) = (malloc(24), malloc(24));
    let mut host = [0_u8; 24];
    let good = || (dataset(&[(x, 24)]), dataset(&[(y, 24)]));
    let (inputs, outputs) = good();
    let rows = [
        ("no input", execute(id, dataset(&[]), outputs), 145_000),
        ("no output", execute(id, inputs, dataset(&[])), 145_000),
        (
            "two inputs",
            execute(id, dataset(&[(x, 24), (x, 24)]), outputs),
            145_000,
        ),
        (
            "short input",
            execute(id, dataset(&[(x, 23)]), outputs),
            145_000,
        ),
        (
            "short output",
            execute(id, inputs, dataset(&[(y, 23)])),
            145_000,
        ),
        (
            "null input",
            execute(id, dataset(&[(null_mut(), 0)]), outputs),
            100_000,
        ),
        (
            "host memory",
            execute(id, dataset(&[(host.as_mut_ptr().cast(), 24)]), outputs),
            145_000,
        ),
        ("null inputs", execute(id, null_mut(), outputs), 100_000),
        ("null outputs", execute(id, inputs, null_mut()), 100_000),
        ("no model", execute(9999, inputs, outputs), 145_003),
    ];
    for (what, code, expected) in rows {
        assert_eq!(code, expected, "{what}");
    }
    let (inputs, outputs) = (inputs as usize, outputs as usize);
    let elsewhere = std::thread::spawn(move || {
        let inputs = std::ptr::with_exposed_provenance_mut(inputs);
        execute(id, inputs, std::ptr::with_exposed_provenance_mut(outputs))
    });
    assert_eq!(
        elsewhere.join().unwrap(),
        107_002,
        "a thread without context"
    );
    ok!(aclmdlUnload(id));
}

#[test]
fn batch_sizes_are_chosen_per_run() {
    start();
    let id = load(&geared());
    let desc = describe(id);
    let mut hidden = 9;
    ok!(aclmdlGetInputIndexByName(
        desc,
        c"ascend_mbatch_shape_data".as_ptr(),
        &raw mut hidden
    ));
    let mut sizes = aclmdlBatch {
        batchCount: 0,
        batch: [0; 128],
    };
    ok!(aclmdlGetDynamicBatch(desc, &raw mut sizes));
    assert_eq!(sizes.batch[..sizes.batchCount], [1, 2, 4]);
    assert_eq!(call!(aclmdlGetInputSizeByIndex(desc, 0)), 48, "the largest");
    let gear_size = call!(aclmdlGetInputSizeByIndex(desc, hidden));
    let (x, y, gear) = (malloc(48), malloc(48), malloc(gear_size));
    let inputs = dataset(&[(x, 48), (gear, gear_size)]);
    let outputs = dataset(&[(y, 48)]);
    assert_eq!(execute(id, inputs, outputs), 145_013, "no size was set");
    let batch = |dataset, index, size| call!(aclmdlSetDynamicBatchSize(id, dataset, index, size));
    for size in [2_u64, 4, 1] {
        let count = usize::try_from(size * 3).unwrap();
        upload(x, &bytes(&vec![size as f32; count]));
        upload(y, &[0; 48]);
        assert_eq!(batch(inputs, hidden, size), 0, "{}", messages());
        let mut now = dims();
        ok!(aclmdlGetCurOutputDims(desc, 0, &raw mut now));
        assert_eq!(shape(&now), [i64::try_from(size).unwrap(), 3]);
        assert_eq!(execute(id, inputs, outputs), 0, "{}", messages());
        let mut expected = vec![size as f32; count];
        expected.resize(12, 0.0);
        assert_eq!(floats(&download(y, 48)), expected);
    }
    let bare = dataset(&[(x, 48), (null_mut(), 0)]);
    let short = dataset(&[(x, 48), (gear, 1)]);
    let rows = [
        ("size 3", batch(inputs, hidden, 3), 145_013),
        ("size 0", batch(inputs, hidden, 0), 100_000),
        ("wrong index", batch(inputs, 0, 2), 100_000),
        ("index beyond", batch(inputs, 7, 2), 100_000),
        ("no memory", batch(bare, hidden, 2), 145_011),
        ("too little", batch(short, hidden, 2), 145_012),
        ("null", batch(null_mut(), hidden, 2), 100_000),
        ("run, no memory", execute(id, bare, outputs), 145_011),
        ("run, too little", execute(id, short, outputs), 145_012),
        (
            "image size",
            call!(aclmdlSetDynamicHWSize(id, inputs, hidden, 2, 2)),
            100_000,
        ),
    ];
    for (what, code, expected) in rows {
        assert_eq!(code, expected, "{what}: {}", messages());
    }
    ok!(aclmdlUnload(id));
    let fixed = load(&relu());
    let code = call!(aclmdlSetDynamicBatchSize(fixed, inputs, hidden, 2));
    assert_eq!(code, 100_000, "a model of one size");
    ok!(aclmdlUnload(fixed));
}

#[test]
fn files_that_are_no_models_are_refused() {
    start();
    let mut id = 0;
    let missing = c"/no/such/file.om".as_ptr();
    assert_eq!(call!(aclmdlLoadFromFile(missing, &raw mut id)), 145_002);
    assert!(messages().contains("/no/such/file.om"));
    assert_eq!(call!(aclmdlLoadFromFile(null(), &raw mut id)), 100_000);
    assert_eq!(call!(aclmdlLoadFromMem(null(), 7, &raw mut id)), 145_007);
    let om = relu();
    assert_eq!(
        call!(aclmdlLoadFromMem(om.as_ptr().cast(), om.len(), null_mut())),
        100_000
    );
    let step = (om.len() / 300).max(1);
    for len in (0..om.len()).step_by(step).chain([255, 256, 257]) {
        let code = try_load(&om[..len.min(om.len() - 1)]).unwrap_err();
        assert_eq!(code, 145_006, "{len} of {} bytes", om.len());
    }
}

#[test]
fn a_changed_bit_never_crashes_and_never_loads_another_model() {
    start();
    let om = relu();
    let step = (om.len() / 1000).max(1) | 1;
    for position in (0..om.len()).step_by(step) {
        let mut changed = om.clone();
        changed[position] ^= 1 << (position % 8);
        if let Ok(id) = try_load(&changed) {
            // A bit that means nothing may change; the model must be the same.
            check_relu(id);
            ok!(aclmdlUnload(id));
            println!("bit {} of byte {position} means nothing", position % 8);
        }
    }
}

#[test]
fn long_names_are_shortened_and_mapped_back() {
    start();
    let long = "n".repeat(200);
    let onnx = graphs::model(GraphProto {
        name: "g".into(),
        input: vec![ValueInfoProto::tensor(&long, elem::FLOAT, &[2, 3])],
        output: vec![ValueInfoProto::tensor("y", elem::FLOAT, &[2, 3])],
        node: vec![node("Relu", "relu", &[&long], &["y"], Vec::new())],
        ..GraphProto::default()
    });
    let id = load(&convert_bytes(&onnx, "long", &Options::default()).unwrap());
    let desc = describe(id);
    let short = call!(aclmdlGetInputNameByIndex(desc, 0));
    assert_eq!(text(short), format!("acl_modelId_{id}_input_0"));
    assert_eq!(text(call!(aclmdlGetTensorRealName(desc, short))), long);
    assert!(call!(aclmdlGetTensorRealName(desc, null())).is_null());
    let mut all = dims();
    ok!(aclmdlGetInputDims(desc, 0, &raw mut all));
    assert_eq!(text(all.name.as_ptr()), format!("acl_modelId_{id}_input_0"));
    check_relu(id);
    ok!(aclmdlUnload(id));
}

#[test]
fn a_loaded_model_holds_memory_until_it_is_unloaded() {
    // Other tests of this process allocate; only the size of one big model can be told apart.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    start();
    let om = convert_bytes(&graphs::chain(2, 700), "chain", &Options::default()).unwrap();
    let free = || {
        let (mut free, mut total) = (0, 0);
        let attribute = acl_sys::aclrtMemAttr::ACL_HBM_MEM;
        ok!(aclrtGetMemInfo(attribute, &raw mut free, &raw mut total));
        free
    };
    let before = free();
    let id = load(&om);
    assert!(before - free() > 3_000_000, "two matrices of 700 x 700");
    ok!(aclmdlUnload(id));
    assert!(before.abs_diff(free()) < 500_000, "they were given back");
}
