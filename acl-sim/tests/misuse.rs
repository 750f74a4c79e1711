//! Misuse, and the code that answers it: one table, every failing row printed.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use acl_sys::{
    aclDataType, aclFormat, aclmdlConfigAttr, aclmdlIODims, aclrtCallbackBlockType, aclrtMemAttr,
    aclrtMemMallocPolicy as Policy, aclrtMemcpyKind as Kind, aclrtTsId,
};
use call::{event, malloc, messages, start, stream};

type Row<'a> = (&'static str, Box<dyn Fn() -> i32 + 'a>, i32);

/// Makes the rows of a table: what is done, the call, the expected code.
macro_rules! rows {
    ($($what:literal, $name:ident($($argument:expr),*) => $code:literal;)*) => {
        vec![$((
            concat!(stringify!($name), ": ", $what),
            Box::new(move || call!($name($($argument),*))) as Box<dyn Fn() -> i32>,
            $code,
        )),*]
    };
}

fn check(rows: &[Row<'_>]) {
    messages();
    let mut wrong = Vec::new();
    for (what, misuse, expected) in rows {
        let code = misuse();
        let text = messages();
        if code != *expected {
            wrong.push(format!("{what}: {code}, wanted {expected}; {text}"));
        } else if code != 0 && !text.contains(&what[..what.find(':').unwrap()]) {
            wrong.push(format!(
                "{what}: the text does not name the function: {text:?}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

unsafe extern "C" fn nothing(_: *mut c_void) {}

#[test]
fn misuse_of_the_runtime_gives_its_codes() {
    start();
    let (live, mark, block) = (stream(), event(), malloc(64));
    let (gone, gone_mark, freed) = (stream(), event(), malloc(64));
    ok!(aclrtDestroyStream(gone));
    ok!(aclrtDestroyEvent(gone_mark));
    ok!(aclrtFree(freed));
    let mut context = null_mut();
    ok!(aclrtGetCurrentContext(&raw mut context));
    let mut local = [0_u64; 16];
    let host: *mut c_void = local.as_mut_ptr().cast();
    let size: *mut usize = host.cast();
    let out: *mut *mut c_void = host.cast();
    let once = aclrtCallbackBlockType::ACL_CALLBACK_BLOCK;
    let (h2d, d2h) = (
        Kind::ACL_MEMCPY_HOST_TO_DEVICE,
        Kind::ACL_MEMCPY_DEVICE_TO_HOST,
    );
    let rows = rows! {
        "a second time", aclInit(null()) => 100_002;
        "device -1", aclrtSetDevice(-1) => 107_001;
        "device beyond", aclrtSetDevice(64) => 107_001;
        "device -1", aclrtResetDevice(-1) => 107_001;
        "null", aclrtGetDevice(null_mut()) => 100_000;
        "null", aclrtGetDeviceCount(null_mut()) => 100_000;
        "null", aclrtGetRunMode(null_mut()) => 100_000;
        "reserved", aclrtSetTsDevice(aclrtTsId(2)) => 100_000;
        "null", aclrtDeviceCanAccessPeer(null_mut(), 0, 0) => 100_000;
        "device beyond", aclrtDeviceCanAccessPeer(host.cast(), 0, 64) => 107_001;
        "null", aclrtCreateContext(null_mut(), 0) => 100_000;
        "device beyond", aclrtCreateContext(out, 64) => 107_001;
        "the default one", aclrtDestroyContext(context) => 107_000;
        "null", aclrtDestroyContext(null_mut()) => 107_000;
        "a stream", aclrtDestroyContext(live) => 107_000;
        "null", aclrtSetCurrentContext(null_mut()) => 107_000;
        "made up", aclrtSetCurrentContext(host) => 107_000;
        "null", aclrtGetCurrentContext(null_mut()) => 100_000;
        "null", aclrtCreateStream(null_mut()) => 100_000;
        "the default one", aclrtDestroyStream(null_mut()) => 107_003;
        "destroyed", aclrtDestroyStream(gone) => 107_003;
        "an event", aclrtDestroyStream(mark) => 107_003;
        "destroyed", aclrtDestroyStreamForce(gone) => 107_003;
        "destroyed", aclrtSynchronizeStream(gone) => 107_003;
        "made up", aclrtSynchronizeStream(host) => 107_003;
        "the context", aclrtSynchronizeStream(context) => 107_003;
        "time -2", aclrtSynchronizeStreamWithTimeout(live, -2) => 107_000;
        "null", aclrtCreateEvent(null_mut()) => 100_000;
        "no flag", aclrtCreateEventWithFlag(out, 0) => 107_000;
        "no such flag", aclrtCreateEventWithFlag(out, 0x40) => 107_000;
        "null", aclrtDestroyEvent(null_mut()) => 107_000;
        "destroyed", aclrtDestroyEvent(gone_mark) => 107_000;
        "a stream", aclrtDestroyEvent(live) => 107_000;
        "destroyed event", aclrtRecordEvent(gone_mark, live) => 107_000;
        "destroyed stream", aclrtRecordEvent(mark, gone) => 107_003;
        "arguments swapped", aclrtRecordEvent(live, mark) => 107_000;
        "destroyed stream", aclrtResetEvent(mark, gone) => 107_003;
        "destroyed event", aclrtStreamWaitEvent(live, gone_mark) => 107_000;
        "destroyed stream", aclrtStreamWaitEvent(gone, mark) => 107_003;
        "destroyed", aclrtSynchronizeEvent(gone_mark) => 107_000;
        "null", aclrtQueryEvent(mark, null_mut()) => 100_000;
        "destroyed", aclrtQueryEventStatus(gone_mark, host.cast()) => 107_000;
        "destroyed", aclrtQueryEventWaitStatus(gone_mark, host.cast()) => 107_000;
        "never recorded", aclrtEventElapsedTime(host.cast(), mark, mark) => 107_006;
        "null", aclrtEventElapsedTime(null_mut(), mark, mark) => 100_000;
        "0 bytes", aclrtMalloc(out, 0, Policy::ACL_MEM_MALLOC_HUGE_FIRST) => 100_000;
        "null", aclrtMalloc(null_mut(), 1, Policy::ACL_MEM_MALLOC_HUGE_FIRST) => 100_000;
        "no such policy", aclrtMalloc(out, 1, Policy(99)) => 100_000;
        "too much", aclrtMalloc(out, usize::MAX, Policy::ACL_MEM_MALLOC_HUGE_FIRST) => 207_001;
        "peer policy", aclrtMallocCached(out, 1, Policy(5)) => 100_000;
        "null", aclrtFree(null_mut()) => 100_000;
        "twice", aclrtFree(freed) => 107_000;
        "inside", aclrtFree(block.wrapping_byte_add(1)) => 107_000;
        "host memory", aclrtFree(host) => 107_000;
        "null, which is right", aclrtFreeHost(null_mut()) => 0;
        "device memory", aclrtFreeHost(block) => 107_000;
        "0 bytes", aclrtMallocHost(out, 0) => 100_000;
        "null", aclrtGetMemInfo(aclrtMemAttr::ACL_HBM_MEM, size, null_mut()) => 100_000;
        "freed memory", aclrtMemFlush(freed, 1) => 107_000;
        "null", aclrtMemInvalidate(null_mut(), 1) => 100_000;
        "no room", aclrtMemcpy(block, 63, host, 64, h2d) => 107_000;
        "null", aclrtMemcpy(null_mut(), 64, host, 64, h2d) => 100_000;
        "wrong direction", aclrtMemcpy(block, 64, host, 64, d2h) => 107_000;
        "freed memory", aclrtMemcpy(freed, 64, host, 64, h2d) => 107_000;
        "destroyed stream", aclrtMemcpyAsync(block, 64, host, 64, h2d, gone) => 107_003;
        "no room", aclrtMemset(block, 1, 0, 2) => 107_000;
        "destroyed stream", aclrtMemsetAsync(block, 1, 0, 1, gone) => 107_003;
        "wide rows", aclrtMemcpy2d(block, 8, host, 4, 8, 1, h2d) => 107_000;
        "nobody subscribed", aclrtLaunchCallback(Some(nothing), null_mut(), once, live) => 107_015;
        "null", aclrtLaunchCallback(None, null_mut(), once, live) => 100_000;
        "destroyed stream", aclrtSubscribeReport(1, gone) => 107_003;
        "not subscribed", aclrtUnSubscribeReport(1, live) => 107_012;
        "not subscribed", aclrtProcessReport(1) => 107_012;
        "time -2", aclrtProcessReport(-2) => 107_000;
    };
    assert!(rows.len() >= 60);
    check(&rows);
}

#[test]
fn misuse_of_models_and_their_objects_gives_its_codes() {
    start();
    let set = call!(aclmdlCreateDataset());
    let gone = call!(aclmdlCreateDataset());
    ok!(aclmdlDestroyDataset(gone));
    let empty = call!(aclmdlCreateDesc());
    let config = call!(aclmdlCreateConfigHandle());
    let shape = [2_i64, 3];
    let (float, nd) = (aclDataType::ACL_FLOAT, aclFormat::ACL_FORMAT_ND);
    let tensor = call!(aclCreateTensorDesc(float, 2, shape.as_ptr(), nd));
    let buffer = call!(aclCreateDataBuffer(null_mut(), 0));
    let mut local = [0_u64; 16];
    let host: *mut c_void = local.as_mut_ptr().cast();
    let id: *mut u32 = host.cast();
    let size: *mut usize = host.cast();
    let no_file = c"/no/such/file.om".as_ptr();
    let junk: *const c_void = c"no model at all".as_ptr().cast();
    let value: *const c_void = host;
    let dims: *mut aclmdlIODims = null_mut();
    let load_type = aclmdlConfigAttr::ACL_MDL_LOAD_TYPE_SIZET;
    let rows = rows! {
        "no file", aclmdlLoadFromFile(no_file, id) => 145_002;
        "null path", aclmdlLoadFromFile(null(), id) => 100_000;
        "null id", aclmdlLoadFromFile(no_file, null_mut()) => 100_000;
        "null model", aclmdlLoadFromMem(null(), 8, id) => 145_007;
        "junk", aclmdlLoadFromMem(junk, 15, id) => 145_006;
        "nothing", aclmdlLoadFromMem(junk, 0, id) => 145_006;
        "junk", aclmdlLoadFromMemWithMem(junk, 15, id, null_mut(), 0, null_mut(), 0) => 145_006;
        "no file", aclmdlQuerySize(no_file, size, size) => 145_002;
        "null", aclmdlQuerySize(no_file, size, null_mut()) => 100_000;
        "junk", aclmdlQuerySizeFromMem(junk, 15, size, size) => 145_000;
        "unknown", aclmdlUnload(4_000_000) => 145_003;
        "unknown", aclmdlGetDesc(empty, 4_000_000) => 145_003;
        "null", aclmdlGetDesc(null_mut(), 4_000_000) => 100_000;
        "null", aclmdlDestroyDesc(null_mut()) => 100_000;
        "a dataset", aclmdlDestroyDesc(set.cast()) => 100_000;
        "empty description", aclmdlGetInputDims(empty, 0, host.cast()) => 100_000;
        "null", aclmdlGetOutputDims(empty, 0, dims) => 100_000;
        "empty description", aclmdlGetInputIndexByName(empty, c"x".as_ptr(), size) => 100_000;
        "null name", aclmdlGetOutputIndexByName(empty, null(), size) => 100_000;
        "empty description", aclmdlGetDynamicBatch(empty, host.cast()) => 100_000;
        "unknown", aclmdlExecute(4_000_000, set, set) => 145_003;
        "unknown", aclmdlExecuteAsync(4_000_000, set, set, null_mut()) => 145_003;
        "unknown", aclmdlSetDynamicBatchSize(4_000_000, set, 0, 1) => 145_003;
        "unknown", aclmdlSetDynamicHWSize(4_000_000, set, 0, 1, 1) => 145_003;
        "unknown", aclmdlSetInputDynamicDims(4_000_000, set, 0, null()) => 145_003;
        "unknown", aclmdlGetFirstAippInfo(4_000_000, 0, host.cast()) => 145_003;
        "destroyed", aclmdlDestroyDataset(gone) => 100_000;
        "null", aclmdlDestroyDataset(null()) => 100_000;
        "null buffer", aclmdlAddDatasetBuffer(set, null_mut()) => 100_000;
        "destroyed", aclmdlAddDatasetBuffer(gone, buffer) => 100_000;
        "arguments swapped", aclmdlAddDatasetBuffer(buffer.cast(), set.cast()) => 100_000;
        "no such buffer", aclmdlSetDatasetTensorDesc(set, tensor, 0) => 100_000;
        "null", aclDestroyDataBuffer(null()) => 100_000;
        "a tensor", aclDestroyDataBuffer(tensor.cast()) => 100_000;
        "null with a size", aclUpdateDataBuffer(buffer, null_mut(), 8) => 100_000;
        "no dim", aclGetTensorDescDimV2(tensor, 2, host.cast()) => 100_000;
        "null", aclGetTensorDescDimV2(tensor, 0, null_mut()) => 100_000;
        "no room", aclGetTensorDescDimRange(tensor, 0, 1, host.cast()) => 100_000;
        "-1 dims", aclSetTensorShape(tensor, -1, shape.as_ptr()) => 100_000;
        "null dims", aclSetTensorOriginShape(tensor, 2, null()) => 100_000;
        "null", aclSetTensorFormat(null_mut(), nd) => 100_000;
        "value of 4 bytes", aclmdlSetConfigOpt(config, load_type, value, 4) => 100_000;
        "null value", aclmdlSetConfigOpt(config, load_type, null(), 8) => 100_000;
        "no such option", aclmdlSetConfigOpt(config, aclmdlConfigAttr(99), value, 8) => 100_000;
        "nothing set", aclmdlLoadWithConfig(config, id) => 100_000;
        "null", aclmdlDestroyConfigHandle(null_mut()) => 100_000;
        "null", aclrtGetVersion(id.cast(), id.cast(), null_mut()) => 100_000;
    };
    check(&rows);
}

#[test]
fn getters_without_a_status_give_nothing() {
    start();
    assert!(call!(aclCreateDataBuffer(null_mut(), 8)).is_null());
    assert!(call!(aclGetDataBufferAddr(null())).is_null());
    assert_eq!(call!(aclGetDataBufferSizeV2(null())), 0);
    assert_eq!(call!(aclmdlGetDatasetNumBuffers(null())), 0);
    assert!(call!(aclmdlGetDatasetBuffer(null(), 0)).is_null());
    assert!(call!(aclmdlGetDatasetTensorDesc(null(), 0)).is_null());
    assert_eq!(call!(aclmdlGetNumInputs(null_mut())), 0);
    assert_eq!(
        call!(aclmdlGetInputDataType(null(), 0)),
        aclDataType::ACL_DT_UNDEFINED
    );
    assert_eq!(
        call!(aclmdlGetOutputFormat(null(), 0)),
        aclFormat::ACL_FORMAT_UNDEFINED
    );
    assert_eq!(
        call!(aclGetTensorDescType(null())),
        aclDataType::ACL_DT_UNDEFINED
    );
    let (float, nd) = (aclDataType::ACL_FLOAT, aclFormat::ACL_FORMAT_ND);
    assert!(call!(aclCreateTensorDesc(float, -1, null(), nd)).is_null());
    assert!(call!(aclCreateTensorDesc(float, 1, null(), nd)).is_null());
    assert_eq!(call!(aclGetTensorDescSize(null())), 0);
    assert_eq!(call!(aclDataTypeSize(aclDataType(99))), 0);
    call!(aclDestroyTensorDesc(null()));
}
