//! Misuse of operators, and the code that answers it: every failing row is printed.
//!
//! One test, because which operators may run is the process's state, and so is the end of it.
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

use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};

use acl_sys::{
    aclCompileOpt, aclComputeType, aclDataType, aclError, aclFormat, aclOpCompileFlag,
    aclTensorDesc, aclTransType as Trans, aclopAttr, aclopCompileType, aclopEngineType,
    aclopKernelDesc,
};
use call::start;
use op::*;
use rows::{check, executed};

const SYS: aclopEngineType = aclopEngineType::ACL_ENGINE_SYS;
const OWN: aclopCompileType = aclopCompileType::ACL_COMPILE_UNREGISTERED;
const KNOWN: aclopCompileType = aclopCompileType::ACL_COMPILE_SYS;
const HIGH: aclComputeType = aclComputeType::ACL_COMPUTE_HIGH_PRECISION;

static GIVEN_BACK: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn give_back(_: *mut c_void, size: usize) {
    GIVEN_BACK.fetch_add(size, Ordering::SeqCst);
}

macro_rules! selector {
    ($name:ident, |$kernel:ident| $body:expr) => {
        unsafe extern "C" fn $name(
            _: c_int,
            _: *const *const aclTensorDesc,
            _: c_int,
            _: *const *const aclTensorDesc,
            _: *const aclopAttr,
            $kernel: *mut aclopKernelDesc,
        ) -> aclError {
            $body
        }
    };
}

selector!(chooses, |kernel| {
    let mut sizes = [64_usize];
    ok!(aclopSetKernelWorkspaceSizes(kernel, 1, sizes.as_mut_ptr()));
    call!(aclopSetKernelArgs(kernel, c"k".as_ptr(), 1, null(), 0))
});
selector!(chooses_another, |kernel| call!(aclopSetKernelArgs(
    kernel,
    c"other".as_ptr(),
    1,
    null(),
    0
)));
selector!(chooses_none, |_kernel| 0);
selector!(fails, |_kernel| 12_345);

fn before_init() -> usize {
    let out = [0_u64; 4].as_mut_ptr();
    check(rows! {
        "before aclInit", aclopSetModelDir(c"/tmp".as_ptr()) => 100_001;
        "before aclInit", aclopLoad(c"x".as_ptr().cast(), 1) => 100_001;
        "before aclInit", aclopSetCompileFlag(aclOpCompileFlag(0)) => 100_001;
        "before aclInit", aclSetCompileopt(aclCompileOpt(0), c"x".as_ptr()) => 100_001;
        "before aclInit", aclopRegisterCompileFunc(c"Add".as_ptr(), Some(fails)) => 100_001;
        "before aclInit", aclopUnregisterCompileFunc(c"Add".as_ptr()) => 100_001;
        "before aclInit",
            aclblasCreateHandleForHgemv(Trans(0), 1, 1, HIGH, out.cast()) => 100_001;
    })
}

fn attributes() -> usize {
    let attr = call!(aclopCreateAttr());
    let gone = call!(aclopCreateAttr());
    call!(aclopDestroyAttr(gone));
    let n = c"n".as_ptr();
    let list = [1_i64, 2];
    let flags = [0_u8, 2];
    let counts = [1, -1];
    let lists = [list.as_ptr(), list.as_ptr()];
    let holes = [list.as_ptr(), null()];
    let mut texts = [null()];
    let texts = texts.as_mut_ptr();
    let rows = rows! {
        "null", aclopSetAttrBool(null_mut(), n, 1) => 100_000;
        "destroyed", aclopSetAttrBool(gone, n, 1) => 100_000;
        "null name", aclopSetAttrBool(attr, null(), 1) => 100_000;
        "empty name", aclopSetAttrBool(attr, c"".as_ptr(), 1) => 100_000;
        "2", aclopSetAttrBool(attr, n, 2) => 100_000;
        "destroyed", aclopSetAttrInt(gone, n, 1) => 100_000;
        "null name", aclopSetAttrInt(attr, null(), 1) => 100_000;
        "null", aclopSetAttrFloat(null_mut(), n, 1.0) => 100_000;
        "null name", aclopSetAttrFloat(attr, null(), 1.0) => 100_000;
        "null value", aclopSetAttrString(attr, n, null()) => 100_000;
        "destroyed", aclopSetAttrString(gone, n, n) => 100_000;
        "null name", aclopSetAttrDataType(attr, null(), F32) => 100_000;
        "null values", aclopSetAttrListBool(attr, n, 2, null()) => 100_000;
        "one is 2", aclopSetAttrListBool(attr, n, 2, flags.as_ptr()) => 100_000;
        "-1 values", aclopSetAttrListInt(attr, n, -1, list.as_ptr()) => 100_000;
        "null values", aclopSetAttrListInt(attr, n, 2, null()) => 100_000;
        "no values, which is right", aclopSetAttrListInt(attr, n, 0, null()) => 0;
        "null values", aclopSetAttrListFloat(attr, n, 1, null()) => 100_000;
        "null values", aclopSetAttrListDataType(attr, n, 1, null()) => 100_000;
        "-1 values", aclopSetAttrListDataType(attr, n, -1, null()) => 100_000;
        "null values", aclopSetAttrListString(attr, n, 1, null_mut()) => 100_000;
        "a null one", aclopSetAttrListString(attr, n, 1, texts) => 100_000;
        "null counts", aclopSetAttrListListInt(attr, n, 2, null(), lists.as_ptr()) => 100_000;
        "-1 in one", aclopSetAttrListListInt(attr, n, 2, counts.as_ptr(), lists.as_ptr()) => 100_000;
        "a null list", aclopSetAttrListListInt(attr, n, 2, [1, 1].as_ptr(), holes.as_ptr()) => 100_000;
    };
    let count = check(rows);
    call!(aclopDestroyAttr(attr));
    // Twice: nothing happens but a finding.
    call!(aclopDestroyAttr(attr));
    call!(aclopDestroyAttr(null()));
    assert!(call!(aclopCreateAttr()) != attr);
    count
}

fn descriptions() -> usize {
    let desc = desc(F32, ND, &[2]);
    let gone = op::desc(F32, ND, &[2]);
    call!(aclDestroyTensorDesc(gone));
    let three = op::desc(F16, aclFormat::ACL_FORMAT_NCHW, &[1, 2, 3]);
    let open = op::desc(F16, aclFormat::ACL_FORMAT_NCHW, &[-1, 2, 3, 4]);
    let odd = op::desc(aclDataType::ACL_STRING, ND, &[1, 1, 1, 1]);
    let blocks = op::desc(F16, aclFormat::ACL_FORMAT_NC1HWC0, &[1, 1, 1, 1, 16]);
    let mut bytes = [0_u64; 4];
    let data: *mut c_void = bytes.as_mut_ptr().cast();
    let out: *mut *mut aclTensorDesc = data.cast();
    let mut ranges = [[2_i64, 1]];
    let ranges = ranges.as_mut_ptr();
    let five = aclFormat::ACL_FORMAT_NC1HWC0;
    check(rows! {
        "null contents", aclSetTensorConst(desc, null_mut(), 8) => 100_000;
        "no bytes", aclSetTensorConst(desc, data, 0) => 100_000;
        "too few bytes", aclSetTensorConst(desc, data, 7) => 100_000;
        "destroyed", aclSetTensorConst(gone, data, 8) => 100_000;
        "null name", aclSetTensorDynamicInput(desc, null()) => 100_000;
        "null", aclSetTensorDynamicInput(null_mut(), c"x".as_ptr()) => 100_000;
        "null ranges", aclSetTensorValueRange(desc, 1, null_mut()) => 100_000;
        "a range backwards", aclSetTensorValueRange(desc, 1, ranges) => 100_000;
        "destroyed", aclSetTensorValueRange(gone, 0, null_mut()) => 100_000;
        "nowhere to put it", aclTransTensorDescFormat(desc, ND, null_mut()) => 100_000;
        "destroyed", aclTransTensorDescFormat(gone, ND, out) => 100_000;
        "three dims", aclTransTensorDescFormat(three, five, out) => 145_021;
        "open dims", aclTransTensorDescFormat(open, five, out) => 145_021;
        "strings", aclTransTensorDescFormat(odd, five, out) => 145_022;
        "from blocks", aclTransTensorDescFormat(blocks, ND, out) => 145_020;
        "no such format", aclTransTensorDescFormat(open, aclFormat(99), out) => 145_020;
    })
}

fn kernels() -> usize {
    let add = c"Mine".as_ptr();
    let k = c"k".as_ptr();
    let mut bytes = [0_u8; 8];
    let data: *mut c_void = bytes.as_mut_ptr().cast();
    let some = Some(give_back as unsafe extern "C" fn(*mut c_void, usize));
    let one = op::desc(F32, ND, &[1]);
    let (ins, outs) = ([one.cast_const(); 2], [one.cast_const()]);
    let update = move |op: &'static CStr| {
        move || {
            let (x, y) = (ins.as_ptr(), outs.as_ptr());
            call!(aclopUpdateParams(op.as_ptr(), 2, x, 1, y, null()))
        }
    };
    let mut all = rows! {
        "null name", aclopRegisterCompileFunc(null(), Some(chooses)) => 100_000;
        "null function", aclopRegisterCompileFunc(add, None) => 100_000;
        "the first time", aclopRegisterCompileFunc(add, Some(chooses)) => 0;
        "a second time", aclopRegisterCompileFunc(add, Some(chooses)) => 100_030;
        "never registered", aclopUnregisterCompileFunc(k) => 100_028;
        "null", aclopUnregisterCompileFunc(null()) => 100_000;
        "null kernel id", aclopCreateKernel(add, null(), k, data, 8, SYS, some) => 100_000;
        "null kernel name", aclopCreateKernel(add, k, null(), data, 8, SYS, some) => 100_000;
        "null kernel", aclopCreateKernel(add, k, k, null_mut(), 8, SYS, some) => 100_000;
        "no bytes", aclopCreateKernel(add, k, k, data, 0, SYS, some) => 100_000;
        "-1 bytes", aclopCreateKernel(add, k, k, data, -1, SYS, some) => 100_000;
        "no such engine", aclopCreateKernel(add, k, k, data, 8, aclopEngineType(9), some) => 100_000;
        "null kernel description", aclopSetKernelArgs(null_mut(), k, 1, null(), 0) => 100_000;
        "null kernel id", aclopSetKernelArgs(null_mut(), null(), 1, null(), 0) => 100_000;
        "null", aclopSetKernelWorkspaceSizes(null_mut(), 0, null_mut()) => 100_000;
    };
    all.push((
        "aclopUpdateParams: no function".into(),
        Box::new(update(c"Nobody")),
        100_028,
    ));
    all.push((
        "aclopUpdateParams: no kernel yet".into(),
        Box::new(update(c"Mine")),
        100_029,
    ));
    let mut count = check(all);
    ok!(aclopCreateKernel(add, k, k, data, 8, SYS, some));
    ok!(aclopRegisterCompileFunc(
        c"Another".as_ptr(),
        Some(chooses_another)
    ));
    ok!(aclopRegisterCompileFunc(
        c"None".as_ptr(),
        Some(chooses_none)
    ));
    ok!(aclopRegisterCompileFunc(c"Fails".as_ptr(), Some(fails)));
    ok!(aclopRegisterCompileFunc(c"Sub".as_ptr(), Some(chooses)));
    ok!(aclopCreateKernel(c"Sub".as_ptr(), k, k, data, 8, SYS, None));
    let mut all = rows! {
        "a second time", aclopCreateKernel(add, k, k, data, 8, SYS, some) => 100_031;
        "null descriptions", aclopUpdateParams(add, 1, null(), 0, null(), null()) => 100_000;
    };
    for (op, code) in [
        (c"Another", 100_029),
        (c"None", 100_029),
        (c"Fails", 12_345),
        // Chosen, but not an operator whose result the simulator knows.
        (c"Mine", 200_001),
        (c"Sub", 0),
    ] {
        let what = format!("aclopUpdateParams: {}", op.to_str().unwrap());
        all.push((what, Box::new(update(op)), code));
    }
    count += check(all);
    count
}

fn compiling() -> usize {
    let two = op::desc(F32, ND, &[2]);
    let three = op::desc(F32, ND, &[3]);
    let gone = op::desc(F32, ND, &[2]);
    call!(aclDestroyTensorDesc(gone));
    let options = call!(aclCreateGraphDumpOpt());
    let old = call!(aclCreateGraphDumpOpt());
    ok!(aclDestroyGraphDumpOpt(old));
    let add = c"Add".as_ptr();
    let good = [two.cast_const(), two.cast_const()];
    let bad = [two.cast_const(), three.cast_const()];
    let dead = [two.cast_const(), gone.cast_const()];
    let (good, bad, dead) = (good.as_ptr(), bad.as_ptr(), dead.as_ptr());
    let engine = aclopEngineType(3);
    let kind = aclopCompileType(2);
    let none = null();
    let count = check(rows! {
        "no such engine", aclopCompile(add, 2, good, 1, good, none, engine, KNOWN, null()) => 100_000;
        "no such kind", aclopCompile(add, 2, good, 1, good, none, SYS, kind, null()) => 100_000;
        "own without a path", aclopCompile(add, 2, good, 1, good, none, SYS, OWN, null()) => 100_000;
        "null name", aclopCompile(null(), 2, good, 1, good, none, SYS, KNOWN, null()) => 100_000;
        "-1 inputs", aclopCompile(add, -1, good, 1, good, none, SYS, KNOWN, null()) => 100_000;
        "null inputs", aclopCompile(add, 2, null(), 1, good, none, SYS, KNOWN, null()) => 100_000;
        "destroyed", aclopCompile(add, 2, dead, 1, good, none, SYS, KNOWN, null()) => 100_000;
        "one input", aclopCompile(add, 1, good, 1, good, none, SYS, KNOWN, null()) => 100_021;
        "dims apart", aclopCompile(add, 2, bad, 1, good, none, SYS, KNOWN, null()) => 100_021;
        "two outputs", aclopCompile(add, 2, good, 2, good, none, SYS, KNOWN, null()) => 100_022;
        "unknown", aclopCompile(c"Conv2D".as_ptr(), 2, good, 1, good, none, SYS, KNOWN, null()) => 200_001;
        "no such flag", aclopSetCompileFlag(aclOpCompileFlag(2)) => 100_000;
        "no such option", aclSetCompileopt(aclCompileOpt(99), c"1".as_ptr()) => 100_000;
        "null value", aclSetCompileopt(aclCompileOpt(0), null()) => 100_000;
        "empty value", aclSetCompileopt(aclCompileOpt(0), c"".as_ptr()) => 100_000;
        "no such value", aclSetCompileopt(aclCompileOpt::ACL_OP_JIT_COMPILE, c"yes".as_ptr()) => 100_000;
        "a value of its", aclSetCompileopt(aclCompileOpt::ACL_OP_JIT_COMPILE, c"enable".as_ptr()) => 0;
        "null", aclDestroyGraphDumpOpt(null()) => 100_000;
        "destroyed", aclDestroyGraphDumpOpt(old) => 100_000;
        "null path", aclGenGraphAndDumpForOp(add, 0, null(), null(), 0, null(), null(), none, SYS, null(), options) => 100_000;
        "destroyed options", aclGenGraphAndDumpForOp(add, 0, null(), null(), 0, null(), null(), none, SYS, c"/x".as_ptr(), old) => 100_000;
    });
    ok!(aclDestroyGraphDumpOpt(options));
    count
}

/// What runs before any model is loaded.
fn not_loaded() -> usize {
    let (a, b) = (
        Tensor::floats(&[2], &[1.0, 2.0]),
        Tensor::floats(&[2], &[3.0, 4.0]),
    );
    let longer = Tensor::floats(&[3], &[0.0; 3]);
    let (none, other) = (Attr::new(), Attr::new().int("x", 1));
    let mut rows = executed(
        By::ExecuteV2,
        vec![
            (
                "never compiled",
                "Add",
                vec![&a, &b],
                vec![&a],
                &none,
                100_024,
            ),
            (
                "unknown, which comes first",
                "Conv2D",
                vec![&a, &b],
                vec![&a],
                &none,
                200_001,
            ),
        ],
    );
    let mut handle = null_mut();
    let (from, to) = (a.desc, op::desc(I32, ND, &[2]));
    let place = &raw mut handle;
    rows.extend(rows! {
        "never compiled", aclopCreateHandleForCast(from, to, 0, place) => 100_024;
        "never compiled", aclblasCreateHandleForHgemv(Trans(0), 1, 1, HIGH, place) => 100_024;
    });
    let mut count = check(rows);
    // Compiled for two elements, by name and for these attributes alone.
    let pair = [a.desc.cast_const(), b.desc.cast_const()];
    let one = [a.desc.cast_const()];
    ok!(aclopCompile(
        c"Add".as_ptr(),
        2,
        pair.as_ptr(),
        1,
        one.as_ptr(),
        none.0,
        SYS,
        KNOWN,
        null()
    ));
    let single = Tensor::floats(&[3], &[0.0; 3]);
    count += check(executed(
        By::Execute,
        vec![
            ("compiled", "Add", vec![&a, &b], vec![&a], &none, 0),
            (
                "compiled for 2",
                "Add",
                vec![&longer, &single],
                vec![&longer],
                &none,
                100_024,
            ),
            (
                "other attributes",
                "Add",
                vec![&a, &b],
                vec![&a],
                &other,
                100_024,
            ),
            (
                "another name",
                "Mul",
                vec![&a, &b],
                vec![&a],
                &none,
                100_024,
            ),
        ],
    ));
    // Open dims of what was compiled stand for any.
    let any = op::desc(F32, ND, &[-1]);
    let pair = [any.cast_const(); 2];
    ok!(aclopCompile(
        c"Mul".as_ptr(),
        2,
        pair.as_ptr(),
        1,
        pair.as_ptr(),
        none.0,
        SYS,
        KNOWN,
        null()
    ));
    count += check(executed(
        By::Execute,
        vec![(
            "any length",
            "Mul",
            vec![&longer, &single],
            vec![&longer],
            &none,
            0,
        )],
    ));
    count
}

fn models(folder: &CStr) -> usize {
    let junk: *const c_void = c"no model at all".as_ptr().cast();
    check(rows! {
        "null", aclopSetModelDir(null()) => 100_000;
        "no folder", aclopSetModelDir(c"/no/such/folder".as_ptr()) => 100_003;
        "a file", aclopSetModelDir(c"/proc/self/exe".as_ptr()) => 100_003;
        "null", aclopLoad(null(), 4) => 100_000;
        "no bytes", aclopLoad(junk, 0) => 545_000;
        "junk", aclopLoad(junk, 15) => 145_006;
    }) + check(rows! {
        "the first time", aclopSetModelDir(folder.as_ptr()) => 0;
        "a second time", aclopSetModelDir(folder.as_ptr()) => 100_002;
    })
}

#[test]
fn misuse_of_operators_gives_its_codes() {
    let mut count = before_init();
    start();
    count += attributes() + descriptions() + compiling() + kernels() + not_loaded();
    let folder = tempfile::tempdir().unwrap();
    let path = CString::new(folder.path().to_str().unwrap()).unwrap();
    count += models(&path);
    assert!(count >= 90, "{count} rows");

    let a = Tensor::floats(&[1], &[-1.0]);

    // A graph's description goes to a file.
    let file = folder.path().join("graph.txt");
    let name = CString::new(file.to_str().unwrap()).unwrap();
    let (descs, buffers) = ([a.desc.cast_const()], [a.buffer.cast_const()]);
    let outputs = [a.buffer];
    let dump = |path: &CStr| {
        let (d, b, y) = (descs.as_ptr(), buffers.as_ptr(), outputs.as_ptr());
        let relu = c"Relu".as_ptr();
        call!(aclGenGraphAndDumpForOp(
            relu,
            1,
            d,
            b,
            1,
            d,
            y,
            null(),
            SYS,
            path.as_ptr(),
            null()
        ))
    };
    assert_eq!(dump(&name), 0);
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .starts_with("Relu\n")
    );
    assert_eq!(dump(c"/no/such/folder/graph.txt"), 100_004);

    // The end gives kernels back and forgets the rest.
    drop(a);
    assert_eq!(GIVEN_BACK.load(Ordering::SeqCst), 0);
    ok!(aclrtResetDevice(0));
    ok!(aclFinalize());
    assert_eq!(GIVEN_BACK.load(Ordering::SeqCst), 8);
    ok!(aclInit(null()));
    ok!(aclopSetModelDir(path.as_ptr()));
    assert_eq!(call!(aclopUnregisterCompileFunc(c"Mine".as_ptr())), 100_028);
    ok!(aclFinalize());
}
