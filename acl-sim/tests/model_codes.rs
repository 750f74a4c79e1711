//! Loads and runs that are refused, and memory that the program brings.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/cut.rs"]
mod cut;
#[path = "common/datasets.rs"]
mod datasets;
#[path = "common/models.rs"]
mod graphs;

use std::ffi::CString;
use std::ptr::{null, null_mut};

use acl_sys::aclmdlConfigAttr as Attr;
use ascend_om::container::PartitionKind;
use ascend_om::onnx::elem;
use ascendcl::atc::{Options, convert_bytes};
use call::{download, malloc, messages, start, upload};
use cut::{with, without};
use datasets::{dataset, execute, load, try_load};
use graphs::{bytes, floats};

/// y = relu(x), 2 x 3.
fn relu() -> Vec<u8> {
    let onnx = graphs::unary("Relu", elem::FLOAT, &[2, 3]);
    convert_bytes(&onnx, "relu", &Options::default()).unwrap()
}

/// Two products with matrices of 64 x 64: it has weights.
fn chain() -> Vec<u8> {
    convert_bytes(&graphs::chain(2, 64), "chain", &Options::default()).unwrap()
}

fn sizes(om: &[u8]) -> (i32, usize, usize) {
    let (mut work, mut weight) = (0, 0);
    let code = call!(aclmdlQuerySizeFromMem(
        om.as_ptr().cast(),
        om.len(),
        &raw mut work,
        &raw mut weight
    ));
    (code, work, weight)
}

#[test]
fn the_sizes_of_a_damaged_file_are_refused_with_another_code_than_its_loading() {
    start();
    let om = relu();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("damaged.om");
    let path = CString::new(file.to_str().unwrap()).unwrap();
    let mut no_magic = om.clone();
    no_magic[0] ^= 1;
    let mut flipped = om.clone();
    flipped[om.len() / 2] ^= 1;
    let rows = [
        ("no magic", no_magic),
        ("a bit flipped", flipped),
        ("shorter than a header", om[..100].to_vec()),
        ("cut", om[..om.len() - 1].to_vec()),
        ("longer", [&om[..], b"x"].concat()),
        ("empty", Vec::new()),
    ];
    for (what, bytes) in rows {
        std::fs::write(&file, &bytes).unwrap();
        let (mut work, mut weight, mut id) = (0, 0, 0);
        let code = call!(aclmdlQuerySize(
            path.as_ptr(),
            &raw mut work,
            &raw mut weight
        ));
        assert_eq!(code, 145_000, "{what}");
        assert_eq!(
            call!(aclmdlLoadFromFile(path.as_ptr(), &raw mut id)),
            145_006,
            "{what}"
        );
        if !bytes.is_empty() {
            assert_eq!(sizes(&bytes).0, 145_000, "{what}, from memory");
            assert_eq!(try_load(&bytes), Err(145_006), "{what}, from memory");
        }
    }
    let mut size = 0;
    let null_model = call!(aclmdlQuerySizeFromMem(
        null(),
        9,
        &raw mut size,
        &raw mut size
    ));
    assert_eq!(null_model, 145_007);
    messages();
}

#[test]
fn a_file_without_one_of_its_partitions_has_that_partitions_code() {
    start();
    let om = chain();
    let no_weights = without(&om, PartitionKind::WEIGHTS_DATA);
    assert_eq!(sizes(&no_weights).0, 545_003);
    assert_eq!(try_load(&no_weights), Err(545_003));
    let no_tasks = without(&om, PartitionKind::TASK_INFO);
    assert_eq!(sizes(&no_tasks).0, 545_004);
    let graph_only = with(&om, |kind| kind == PartitionKind::MODEL_DEF);
    assert_eq!(sizes(&graph_only).0, 145_000);
    assert_eq!(sizes(&om).0, 0, "{}", messages());
}

#[test]
fn empty_buffers_and_buffers_that_are_gone_are_bad_arguments() {
    start();
    let id = load(&relu());
    let (x, y) = (malloc(24), malloc(24));
    let (inputs, outputs) = (dataset(&[(x, 24)]), dataset(&[(y, 24)]));
    let empty = dataset(&[(null_mut(), 0)]);
    assert_eq!(
        execute(id, empty, outputs),
        100_000,
        "an input without memory"
    );
    let stream = call::stream();
    for (inputs, outputs) in [(empty, outputs), (inputs, empty)] {
        let code = call!(aclmdlExecuteAsync(id, inputs, outputs, stream));
        assert_eq!(code, 100_000, "a queued run allocates nothing");
    }
    let buffer = call!(aclmdlGetDatasetBuffer(inputs, 0));
    ok!(aclDestroyDataBuffer(buffer));
    assert_eq!(
        execute(id, inputs, outputs),
        100_000,
        "a buffer that is gone"
    );
    assert_eq!(execute(id, null_mut(), outputs), 100_000);
    assert_eq!(call!(aclmdlAddDatasetBuffer(outputs, null_mut())), 100_000);
    ok!(aclrtDestroyStream(stream));
    ok!(aclmdlUnload(id));
    messages();
}

#[test]
fn queues_are_counted_before_a_load_with_them_is_refused() {
    start();
    let om = relu();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relu.om");
    std::fs::write(&file, &om).unwrap();
    let path = CString::new(file.to_str().unwrap()).unwrap();
    let queues = [1_u32, 2, 3];
    let mut id = 0;
    let mut load = |inputs: usize, outputs: usize| {
        let of = |count| if count == 0 { null() } else { queues.as_ptr() };
        let file = call!(aclmdlLoadFromFileWithQ(
            path.as_ptr(),
            &raw mut id,
            of(inputs),
            inputs,
            of(outputs),
            outputs
        ));
        let memory = call!(aclmdlLoadFromMemWithQ(
            om.as_ptr().cast(),
            om.len(),
            &raw mut id,
            of(inputs),
            inputs,
            of(outputs),
            outputs
        ));
        assert_eq!(file, memory);
        file
    };
    assert_eq!(
        [load(0, 0), load(2, 1), load(1, 3), load(0, 1)],
        [145_008; 4]
    );
    messages();
    assert_eq!(load(1, 1), 200_001);
    assert!(
        messages().contains("aclmdlLoadFromFileWithQ"),
        "it names itself"
    );
    let rows = [
        call!(aclmdlLoadFromFileWithQ(
            path.as_ptr(),
            &raw mut id,
            null(),
            1,
            queues.as_ptr(),
            1
        )),
        call!(aclmdlLoadFromFileWithQ(
            null(),
            &raw mut id,
            queues.as_ptr(),
            1,
            queues.as_ptr(),
            1
        )),
        call!(aclmdlLoadFromFileWithQ(
            path.as_ptr(),
            null_mut(),
            queues.as_ptr(),
            1,
            null(),
            0
        )),
    ];
    assert_eq!(rows, [100_000; 3]);
    let no_model = call!(aclmdlLoadFromMemWithQ(
        null(),
        9,
        &raw mut id,
        queues.as_ptr(),
        1,
        null(),
        0
    ));
    assert_eq!(no_model, 145_007);
    let no_file = c"/no/such/file.om".as_ptr();
    let no_file = call!(aclmdlLoadFromFileWithQ(
        no_file,
        &raw mut id,
        queues.as_ptr(),
        1,
        null(),
        0
    ));
    assert_eq!(no_file, 145_002);
    messages();
}

#[test]
fn every_kind_of_load_can_be_configured() {
    start();
    let om = chain();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chain.om");
    std::fs::write(&file, &om).unwrap();
    let path = CString::new(file.to_str().unwrap()).unwrap();
    let (_, work_size, weight_size) = sizes(&om);
    let (work, weight) = (malloc(work_size), malloc(weight_size));
    let queues = [7_u32];
    for (kind, expected) in [
        (1, 0),
        (2, 0),
        (3, 0),
        (4, 0),
        (5, 200_001),
        (6, 200_001),
        (0, 100_000),
        (7, 100_000),
    ] {
        let config = call!(aclmdlCreateConfigHandle());
        let set = |attribute: Attr, value: usize| {
            ok!(aclmdlSetConfigOpt(
                config,
                attribute,
                (&raw const value).cast(),
                8
            ));
        };
        set(Attr::ACL_MDL_LOAD_TYPE_SIZET, kind);
        set(Attr::ACL_MDL_PATH_PTR, path.as_ptr().expose_provenance());
        set(Attr::ACL_MDL_MEM_ADDR_PTR, om.as_ptr().expose_provenance());
        set(Attr::ACL_MDL_MEM_SIZET, om.len());
        set(Attr::ACL_MDL_WORKSPACE_ADDR_PTR, work.expose_provenance());
        set(Attr::ACL_MDL_WORKSPACE_SIZET, work_size);
        set(Attr::ACL_MDL_WEIGHT_ADDR_PTR, weight.expose_provenance());
        set(Attr::ACL_MDL_WEIGHT_SIZET, weight_size);
        for (address, count) in [
            (
                Attr::ACL_MDL_INPUTQ_ADDR_PTR,
                Attr::ACL_MDL_INPUTQ_NUM_SIZET,
            ),
            (
                Attr::ACL_MDL_OUTPUTQ_ADDR_PTR,
                Attr::ACL_MDL_OUTPUTQ_NUM_SIZET,
            ),
        ] {
            set(address, queues.as_ptr().expose_provenance());
            set(count, 1);
        }
        set(Attr::ACL_MDL_WORKSPACE_MEM_OPTIMIZE, 1);
        let priority = 7_i32;
        ok!(aclmdlSetConfigOpt(
            config,
            Attr::ACL_MDL_PRIORITY_INT32,
            (&raw const priority).cast(),
            4
        ));
        let mut id = 0;
        let code = call!(aclmdlLoadWithConfig(config, &raw mut id));
        assert_eq!(code, expected, "load type {kind}: {}", messages());
        ok!(aclmdlDestroyConfigHandle(config));
        if code == 0 {
            ok!(aclmdlUnload(id));
        }
    }
    ok!(aclrtFree(work));
    ok!(aclrtFree(weight));
}

#[test]
fn values_that_no_load_takes_are_refused_where_they_are_set() {
    start();
    let config = call!(aclmdlCreateConfigHandle());
    let set = |attribute, value: &[u8]| {
        call!(aclmdlSetConfigOpt(
            config,
            attribute,
            value.as_ptr().cast(),
            value.len()
        ))
    };
    for priority in [-1_i32, 8, i32::MIN] {
        assert_eq!(
            set(Attr::ACL_MDL_PRIORITY_INT32, &priority.to_ne_bytes()),
            100_000
        );
    }
    assert_eq!(
        set(Attr::ACL_MDL_PRIORITY_INT32, &0_i64.to_ne_bytes()),
        100_000,
        "its size"
    );
    assert_eq!(
        set(Attr::ACL_MDL_LOAD_TYPE_SIZET, &1_i32.to_ne_bytes()),
        100_000,
        "its size"
    );
    assert_eq!(
        set(Attr::ACL_MDL_WORKSPACE_MEM_OPTIMIZE, &2_usize.to_ne_bytes()),
        100_000
    );
    assert_eq!(set(Attr(99), &1_usize.to_ne_bytes()), 100_000);
    for kind in [1_usize, 3] {
        assert_eq!(set(Attr::ACL_MDL_LOAD_TYPE_SIZET, &kind.to_ne_bytes()), 0);
        let mut id = 0;
        let code = call!(aclmdlLoadWithConfig(config, &raw mut id));
        let expected = if kind == 1 { 100_000 } else { 145_007 };
        assert_eq!(code, expected, "neither file nor memory was named");
    }
    ok!(aclmdlDestroyConfigHandle(config));
    messages();
}

#[test]
fn memory_that_the_program_brings_is_checked_and_held_while_the_model_is_loaded() {
    start();
    let om = chain();
    let (_, work_size, weight_size) = sizes(&om);
    assert!(work_size > 0 && weight_size >= 2 * 64 * 64 * 4);
    let (work, weight) = (malloc(work_size), malloc(weight_size));
    let mut host = vec![0_u8; weight_size];
    let mut id = 0;
    let mut load = |work, work_size, weight, weight_size| {
        call!(aclmdlLoadFromMemWithMem(
            om.as_ptr().cast(),
            om.len(),
            &raw mut id,
            work,
            work_size,
            weight,
            weight_size
        ))
    };
    let rows = [
        (
            "too little work",
            load(work, work_size - 1, weight, weight_size),
        ),
        (
            "too little weight",
            load(work, work_size, weight, weight_size - 1),
        ),
        (
            "host memory",
            load(work, work_size, host.as_mut_ptr().cast(), weight_size),
        ),
    ];
    for (what, code) in rows {
        assert_eq!(code, 100_000, "{what}: {}", messages());
    }
    assert_ne!(
        load(work, work_size, weight, weight_size + 4096),
        0,
        "more than the block has"
    );
    messages();
    assert_eq!(
        load(work, work_size, weight, weight_size),
        0,
        "{}",
        messages()
    );
    let (x, y) = (malloc(256), malloc(256));
    upload(x, &bytes(&[1.0; 64]));
    let run = || {
        let code = execute(id, dataset(&[(x, 256)]), dataset(&[(y, 256)]));
        assert_eq!(code, 0, "{}", messages());
        assert!(
            floats(&download(y, 256))
                .iter()
                .all(|v| (v - 0.064 * 0.064).abs() < 1e-6)
        );
    };
    run();
    messages();
    ok!(aclrtFree(weight));
    assert!(
        messages().contains("or a loaded model"),
        "freed while the model holds it"
    );
    ok!(aclmdlUnload(id));
    messages();
    ok!(aclrtFree(work));
    assert_eq!(messages(), "", "after the unloading it may be freed");
}

#[test]
fn a_description_does_not_hold_the_memory_of_an_unloaded_model() {
    start();
    let om = chain();
    let (_, work_size, _) = sizes(&om);
    let work = malloc(work_size);
    let mut id = 0;
    ok!(aclmdlLoadFromMemWithMem(
        om.as_ptr().cast(),
        om.len(),
        &raw mut id,
        work,
        work_size,
        null_mut(),
        0
    ));
    let desc = datasets::describe(id);
    ok!(aclmdlUnload(id));
    messages();
    ok!(aclrtFree(work));
    assert_eq!(messages(), "");
    assert_eq!(
        call!(aclmdlGetNumInputs(desc)),
        1,
        "what it told it tells still"
    );
    ok!(aclmdlDestroyDesc(desc));
}
