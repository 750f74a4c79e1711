//! Operators with wrong tensors, attributes and arguments, where any operator may run.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[macro_use]
#[path = "common/op.rs"]
mod op;
#[macro_use]
#[path = "common/rows.rs"]
mod rows;

use std::ffi::CString;
use std::ptr::{null, null_mut};

use acl_sys::{aclComputeType, aclDataType, aclFormat, aclTensorDesc, aclTransType as Trans};
use call::{malloc, start, stream};
use op::*;
use rows::{check, executed};

const HIGH: aclComputeType = aclComputeType::ACL_COMPUTE_HIGH_PRECISION;

/// What is wrong with tensors and attributes, when any operator may run.
fn mismatches() -> usize {
    let none = Attr::new();
    let a = Tensor::floats(&[2, 3], &[0.0; 6]);
    let v = Tensor::floats(&[2], &[0.0; 2]);
    let half = Tensor::new(F16, ND, &[2, 3], &[0; 12]);
    let int = Tensor::new(I32, ND, &[2, 3], &[0; 24]);
    let small = Tensor::empty(F32, ND, &[2, 3], 20);
    let open = Tensor::empty(F32, ND, &[-1, 3], 24);
    let text = Tensor::new(aclDataType::ACL_STRING, ND, &[2, 3], &[0; 8]);
    let nz = Tensor::new(
        F16,
        aclFormat::ACL_FORMAT_FRACTAL_NZ,
        &[1, 1, 16, 16],
        &[0; 512],
    );
    let five = Tensor::new(
        F16,
        aclFormat::ACL_FORMAT_NC1HWC0,
        &[1, 1, 1, 1, 16],
        &[0; 32],
    );
    let order = Tensor::new(I32, ND, &[2], &of_ints(&[0, 0]));
    let factor = Tensor::floats(&[2], &[0.0; 2]);
    let turned = Attr::new().int("transpose_x1", 1);
    let axis = Attr::new().ints("axes", &[2]);
    let kind = Attr::new().int("dst_type", 9);
    let layout = Attr::new().text("src_format", "NHWC");
    let groups = Attr::new().int("groups", 2);
    let perm = Attr::new().ints("perm", &[0]);
    let square = Tensor::floats(&[2, 2], &[0.0; 4]);
    let host = Tensor::empty(F32, ND, &[2, 3], 24);
    let mut values = [0.0_f32; 6];
    ok!(aclUpdateDataBuffer(
        host.buffer,
        values.as_mut_ptr().cast(),
        24
    ));
    let freed = Tensor::empty(F32, ND, &[2, 3], 24);
    let block = malloc(24);
    ok!(aclrtFree(block));
    ok!(aclUpdateDataBuffer(freed.buffer, block, 24));
    #[rustfmt::skip]
    let all = vec![
        ("unknown", "Conv2D", vec![&a], vec![&a], &none, 200_001),
        ("an empty name", "", vec![&a], vec![&a], &none, 200_001),
        ("three inputs", "Add", vec![&a, &a, &a], vec![&a], &none, 100_021),
        ("no output", "Add", vec![&a, &a], vec![], &none, 100_022),
        ("types apart", "Add", vec![&a, &half], vec![&a], &none, 100_021),
        ("another output type", "Add", vec![&a, &a], vec![&int], &none, 100_022),
        ("dims apart", "Add", vec![&a, &v], vec![&a], &none, 100_021),
        ("another output shape", "Add", vec![&a, &a], vec![&v], &none, 100_022),
        ("strings", "Add", vec![&text, &text], vec![&text], &none, 100_026),
        ("blocks and rows", "Add", vec![&nz, &half], vec![&nz], &none, 100_021),
        ("an open input", "Add", vec![&open, &a], vec![&a], &none, 148_050),
        ("a small input", "Relu", vec![&small], vec![&a], &none, 100_000),
        ("a small output", "Relu", vec![&a], vec![&small], &none, 100_000),
        ("integers", "Sigmoid", vec![&int], vec![&int], &none, 100_026),
        ("host memory", "Relu", vec![&host], vec![&a], &none, 107_000),
        ("an output in host memory", "Relu", vec![&a], vec![&host], &none, 107_000),
        ("freed memory", "Relu", vec![&freed], vec![&a], &none, 107_000),
        ("a third axis", "SoftmaxV2", vec![&a], vec![&a], &axis, 100_023),
        ("blocks", "SoftmaxV2", vec![&nz], vec![&nz], &none, 100_027),
        ("another dst_type", "Cast", vec![&a], vec![&half], &kind, 100_023),
        ("from strings", "Cast", vec![&text], vec![&a], &none, 100_026),
        ("to strings", "Cast", vec![&a], vec![&text], &none, 100_022),
        ("inner dims apart", "MatMul", vec![&a, &a], vec![&square], &none, 100_021),
        ("a vector", "MatMul", vec![&v, &a], vec![&a], &none, 100_021),
        ("an int for a bool", "MatMul", vec![&a, &a], vec![&square], &turned, 100_023),
        ("blocks", "MatMul", vec![&nz, &nz], vec![&nz], &none, 100_027),
        ("a bias for batches", "BatchMatMul", vec![&a, &a, &v], vec![&a], &none, 100_021),
        ("four inputs", "GEMM", vec![&a, &a, &a, &factor], vec![&a], &none, 100_021),
        ("two factors", "GEMM", vec![&square, &square, &square, &factor, &factor], vec![&square], &none, 100_021),
        ("an axis twice", "Transpose", vec![&a, &order], vec![&a], &none, 100_021),
        ("one axis of two", "TransposeD", vec![&a], vec![&a], &perm, 100_023),
        ("no order", "TransposeD", vec![&a], vec![&a], &none, 100_023),
        ("blocks to blocks", "TransData", vec![&nz], vec![&five], &none, 100_027),
        ("another format", "TransData", vec![&half], vec![&nz], &layout, 100_023),
        ("groups", "TransData", vec![&half], vec![&nz], &groups, 100_023),
        ("two dims to pictures", "TransData", vec![&half], vec![&five], &none, 100_027),
        ("blocks of another matrix", "TransData", vec![&nz], vec![&open], &none, 100_022),
    ];
    let rows = executed(By::ExecuteV2, all);
    let mut count = check(rows);
    count += check(executed(
        By::Execute,
        vec![(
            "an open output",
            "Relu",
            vec![&a],
            vec![&open],
            &none,
            148_050,
        )],
    ));
    count + arguments(&a)
}

/// What is wrong with the arguments themselves.
fn arguments(a: &Tensor) -> usize {
    let gone = stream();
    ok!(aclrtDestroyStream(gone));
    let relu = c"Relu".as_ptr();
    let (mut descs, mut buffers) = ([a.desc], [a.buffer]);
    let (d, b) = (descs.as_mut_ptr(), buffers.as_mut_ptr());
    let (cd, cb) = (
        d.cast_const().cast::<*const aclTensorDesc>(),
        b.cast_const().cast(),
    );
    let null_one = [null()];
    let mut handle = null_mut();
    ok!(aclopCreateHandle(
        relu,
        1,
        cd,
        1,
        cd,
        null(),
        &raw mut handle
    ));
    let attr = call!(aclopCreateAttr());
    call!(aclopDestroyAttr(attr));
    let none = null_mut();
    let mut out = null_mut();
    let place = &raw mut out;
    let (desc, buffer) = (a.desc, a.buffer);
    let m = a.memory.cast_const();
    let w = a.memory;
    let n = Trans::ACL_TRANS_N;
    let int = aclDataType::ACL_INT64;
    let count = check(rows! {
        "null name", aclopExecuteV2(null(), 1, d, b, 1, d, b, none, none.cast()) => 100_000;
        "null inputs", aclopExecuteV2(relu, 1, null_mut(), b, 1, d, b, none, none.cast()) => 100_000;
        "null buffers", aclopExecuteV2(relu, 1, d, null_mut(), 1, d, b, none, none.cast()) => 100_000;
        "-1 inputs", aclopExecuteV2(relu, -1, d, b, 1, d, b, none, none.cast()) => 100_000;
        "buffers for descriptions", aclopExecuteV2(relu, 1, b.cast(), d.cast(), 1, d, b, none, none.cast()) => 100_000;
        "destroyed attributes", aclopExecuteV2(relu, 1, d, b, 1, d, b, attr, none.cast()) => 100_000;
        "destroyed stream", aclopExecuteV2(relu, 1, d, b, 1, d, b, none, gone) => 107_003;
        "a null buffer", aclopExecute(relu, 1, cd, null_one.as_ptr(), 1, cd, b, none, none.cast()) => 100_000;
        "destroyed stream", aclopExecute(relu, 1, cd, cb, 1, cd, b, none, gone) => 107_003;
        "null inputs", aclopInferShape(relu, 1, null_mut(), b, 1, d, none) => 100_000;
        "no inputs", aclopInferShape(relu, 0, d, b, 1, d, none) => 100_021;
        "unknown", aclopInferShape(c"Conv2D".as_ptr(), 1, d, b, 1, d, none) => 200_001;
        "null", aclopCast(null(), buffer, desc, buffer, 0, none.cast()) => 100_000;
        "null buffer", aclopCast(desc, null(), desc, buffer, 0, none.cast()) => 100_000;
        "destroyed stream", aclopCast(desc, buffer, desc, buffer, 0, gone) => 107_003;
        "nowhere to put it", aclopCreateHandle(relu, 1, cd, 1, cd, null(), null_mut()) => 100_000;
        "null name", aclopCreateHandle(null(), 1, cd, 1, cd, null(), place) => 100_000;
        "null", aclopCreateHandleForCast(null_mut(), desc, 0, place) => 100_000;
        "null", aclopExecWithHandle(null_mut(), 1, cb, 1, b, none.cast()) => 100_000;
        "attributes", aclopExecWithHandle(attr.cast(), 1, cb, 1, b, none.cast()) => 100_000;
        "no inputs", aclopExecWithHandle(handle, 0, cb, 1, b, none.cast()) => 100_021;
        "no outputs", aclopExecWithHandle(handle, 1, cb, 0, b, none.cast()) => 100_022;
        "destroyed stream", aclopExecWithHandle(handle, 1, cb, 1, b, gone) => 107_003;
        "m is 0", aclblasGemmEx(n, n, n, 0, 1, 1, m, m, -1, F16, m, -1, F16, m, w, -1, F16, HIGH, none.cast()) => 100_000;
        "no such layout", aclblasGemmEx(Trans(4), n, n, 1, 1, 1, m, m, -1, F16, m, -1, F16, m, w, -1, F16, HIGH, none.cast()) => 100_000;
        "a leading dimension", aclblasGemmEx(n, n, n, 1, 1, 1, m, m, 1, F16, m, -1, F16, m, w, -1, F16, HIGH, none.cast()) => 100_000;
        "null A", aclblasGemmEx(n, n, n, 1, 1, 1, m, null(), -1, F16, m, -1, F16, m, w, -1, F16, HIGH, none.cast()) => 100_000;
        "null alpha", aclblasGemmEx(n, n, n, 1, 1, 1, null(), m, -1, F16, m, -1, F16, m, w, -1, F16, HIGH, none.cast()) => 100_000;
        "types", aclblasGemmEx(n, n, n, 1, 1, 1, m, m, -1, int, m, -1, int, m, w, -1, int, HIGH, none.cast()) => 100_026;
        "no such precision", aclblasGemmEx(n, n, n, 1, 1, 1, m, m, -1, F16, m, -1, F16, m, w, -1, F16, aclComputeType(2), none.cast()) => 100_000;
        "over the end", aclblasGemmEx(n, n, n, 64, 1, 64, m, m, -1, F16, m, -1, F16, m, w, -1, F16, HIGH, none.cast()) => 107_000;
        "destroyed stream", aclblasGemmEx(n, n, n, 1, 1, 1, m, m, -1, F16, m, -1, F16, m, w, -1, F16, HIGH, gone) => 107_003;
        "an increment", aclblasHgemv(n, 1, 1, m.cast(), m.cast(), -1, m.cast(), 2, m.cast(), w.cast(), -1, HIGH, none.cast()) => 100_000;
        "n is -1", aclblasS8gemv(n, 1, -1, m.cast(), m.cast(), -1, m.cast(), -1, m.cast(), w.cast(), -1, HIGH, none.cast()) => 100_000;
        "nowhere to put it", aclblasCreateHandleForHgemm(n, n, n, 1, 1, 1, HIGH, null_mut()) => 100_000;
        "k is 0", aclblasCreateHandleForS8gemm(n, n, n, 1, 1, 0, HIGH, place) => 100_000;
        "types", aclblasCreateHandleForGemvEx(n, 1, 1, F16, I8, F16, HIGH, place) => 100_026;
    });
    call!(aclopDestroyHandle(handle));
    let dead = call!(aclopExecWithHandle(handle, 1, cb, 1, b, null_mut()));
    assert_eq!(dead, 100_000);
    count + 1
}

/// On a thread that set no device.
fn without_context(a: &Tensor) -> i32 {
    let (mut desc, mut buffer) = (
        call::Sent::new(a.desc.cast()),
        call::Sent::new(a.buffer.cast()),
    );
    let run = move || {
        let (desc, buffer) = (&mut desc, &mut buffer);
        let mut descs = [desc.get().cast::<aclTensorDesc>()];
        let mut buffers = [buffer.get().cast()];
        let (d, b) = (descs.as_mut_ptr(), buffers.as_mut_ptr());
        call!(aclopExecuteV2(
            c"Relu".as_ptr(),
            1,
            d,
            b,
            1,
            d,
            b,
            null_mut(),
            null_mut()
        ))
    };
    std::thread::spawn(run).join().unwrap()
}

#[test]
fn misuse_of_tensors_gives_its_codes() {
    start();
    let folder = tempfile::tempdir().unwrap();
    let path = CString::new(folder.path().to_str().unwrap()).unwrap();
    ok!(aclopSetModelDir(path.as_ptr()));
    let count = mismatches();
    assert!(count >= 70, "{count} rows");
    let a = Tensor::floats(&[1], &[-1.0]);
    assert_eq!(without_context(&a), 107_002);
}
