//! What careless programs do, and live through: teardown with work nobody will finish, memory freed
//! too early, names used too long, forks.
//!
//! These tests change what the whole process has, so they take turns.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::{CStr, c_void};
use std::ptr::{null, null_mut};
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use acl_sys::{aclDataType, aclFormat, aclrtCallbackBlockType, aclrtEventRecordedStatus};
use acl_sys::{aclrtMemMallocPolicy, aclrtMemcpyKind as Kind};
use call::{Sent, download, event, malloc, messages, stream, upload};

/// Begins a test: alone, initialised, and with device 0.
fn alone() -> MutexGuard<'static, ()> {
    let turn = uninitialised();
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    turn
}

fn uninitialised() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // A test that failed may have left it initialised.
    let _ = call!(aclFinalize());
    messages();
    turn
}

unsafe extern "C" fn never(_: *mut c_void) {
    std::process::abort();
}

/// Holds a stream by a callback whose thread never asks for it.
fn hold(stream: *mut c_void) {
    ok!(aclrtSubscribeReport(7, stream));
    ok!(aclrtLaunchCallback(
        Some(never),
        null_mut(),
        aclrtCallbackBlockType::ACL_CALLBACK_BLOCK,
        stream
    ));
}

fn pinned(size: usize) -> *mut c_void {
    let mut pointer = null_mut();
    ok!(aclrtMallocHost(&raw mut pointer, size));
    pointer
}

#[test]
fn contexts_devices_and_streams_end_though_nobody_runs_their_callbacks() {
    let _turn = alone();
    let held = stream();
    hold(held);
    ok!(aclrtDestroyStream(held));
    let mut context = null_mut();
    ok!(aclrtCreateContext(&raw mut context, 0));
    hold(null_mut());
    // A second stream waits for what the held one will never record.
    let (first, second, mark) = (stream(), stream(), event());
    hold(first);
    ok!(aclrtRecordEvent(mark, first));
    ok!(aclrtStreamWaitEvent(second, mark));
    ok!(aclrtDestroyContext(context));
    ok!(aclrtSetDevice(0));
    hold(null_mut());
    ok!(aclrtResetDevice(0));
    ok!(aclrtResetDevice(0));
    ok!(aclFinalize());
}

#[test]
fn pinned_memory_that_is_freed_too_early_is_kept_for_the_copy_and_told() {
    let _turn = alone();
    let (held, block, host) = (stream(), malloc(64), pinned(64));
    upload(block, &[0; 64]);
    // SAFETY: the block has 64 bytes, and nothing else uses it now.
    unsafe { host.cast::<u8>().write_bytes(9, 64) };
    hold(held);
    ok!(aclrtMemcpyAsync(
        block,
        64,
        host,
        64,
        Kind::ACL_MEMCPY_HOST_TO_DEVICE,
        held
    ));
    ok!(aclrtFreeHost(host));
    assert!(messages().contains("freed while queued work uses it"));
    ok!(aclrtUnSubscribeReport(7, held));
    ok!(aclrtSynchronizeStream(held));
    assert_eq!(download(block, 64), [9; 64]);
    ok!(aclrtDestroyStream(held));
    ok!(aclrtFree(block));
    ok!(aclFinalize());
}

#[test]
fn pageable_memory_is_read_at_the_launch_and_written_before_the_return() {
    let _turn = alone();
    let (held, block) = (stream(), malloc(64));
    upload(block, &[0; 64]);
    hold(held);
    let source = vec![5_u8; 64];
    ok!(aclrtMemcpyAsync(
        block,
        64,
        source.as_ptr().cast(),
        64,
        Kind::ACL_MEMCPY_HOST_TO_DEVICE,
        held
    ));
    drop(source);
    ok!(aclrtUnSubscribeReport(7, held));
    let mut back = [0_u8; 64];
    ok!(aclrtMemcpyAsync(
        back.as_mut_ptr().cast(),
        64,
        block,
        64,
        Kind::ACL_MEMCPY_DEVICE_TO_HOST,
        held
    ));
    assert_eq!(back, [5; 64], "without a synchronisation");
    ok!(aclrtMemsetAsync(back.as_mut_ptr().cast(), 64, 3, 64, held));
    assert_eq!(back, [3; 64]);
    ok!(aclrtDestroyStream(held));
    ok!(aclrtFree(block));
    ok!(aclFinalize());
}

#[test]
fn memory_that_is_never_touched_costs_nothing() {
    let _turn = alone();
    let mut pointer = null_mut();
    ok!(aclrtMalloc(
        &raw mut pointer,
        20 << 30,
        aclrtMemMallocPolicy::ACL_MEM_MALLOC_HUGE_FIRST
    ));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    let kilobytes: u64 = kilobytes.unwrap().parse().unwrap();
    assert!(kilobytes < 4 << 20, "{kilobytes} kB are resident");
    ok!(aclrtFree(pointer));
    ok!(aclFinalize());
}

#[test]
fn rectangles_and_ranges_that_overflow_are_refused() {
    let _turn = alone();
    let block = malloc(64);
    let byte = [0_u8];
    let from = byte.as_ptr().cast();
    let (most, h2d) = (usize::MAX, Kind::ACL_MEMCPY_HOST_TO_DEVICE);
    let codes = [
        call!(aclrtMemcpy2d(block, most, from, most, 1, 3, h2d)),
        call!(aclrtMemcpy2d(block, 1, from, most / 2, 1, most, h2d)),
        call!(aclrtMemcpy(block, most, from, most, h2d)),
        call!(aclrtMemset(byte.as_ptr().cast_mut().cast(), most, 0, most)),
    ];
    assert_eq!(codes, [107_000; 4]);
    ok!(aclrtFree(block));
    ok!(aclFinalize());
}

#[test]
fn a_name_stays_readable_after_another_was_set() {
    let _turn = alone();
    let (float, nd) = (aclDataType::ACL_FLOAT, aclFormat::ACL_FORMAT_ND);
    let desc = call!(aclCreateTensorDesc(float, 0, null(), nd));
    call!(aclSetTensorDescName(desc, c"first".as_ptr()));
    let first = call!(aclGetTensorDescName(desc));
    call!(aclSetTensorDescName(desc, c"second".as_ptr()));
    // SAFETY: the description keeps its names, and it lives.
    assert_eq!(unsafe { CStr::from_ptr(first) }, c"first");
    call!(aclDestroyTensorDesc(desc));
    ok!(aclFinalize());
}

#[test]
fn a_text_names_the_function_and_the_code() {
    let _turn = alone();
    let code = call!(aclrtMalloc(
        null_mut(),
        1,
        aclrtMemMallocPolicy::ACL_MEM_MALLOC_HUGE_FIRST
    ));
    assert_eq!(code, 100_000);
    let text = messages();
    let wanted = "aclrtMalloc: ACL_ERROR_INVALID_PARAM (100000): ";
    assert!(text.starts_with(wanted), "{text}");
    ok!(aclFinalize());
}

#[test]
fn events_have_no_time_before_a_record_after_a_reset_or_without_the_flag() {
    let _turn = alone();
    let (queue, timed) = (stream(), event());
    let mut plain = null_mut();
    ok!(aclrtCreateEventWithFlag(
        &raw mut plain,
        acl_sys::ACL_EVENT_SYNC
    ));
    let mut ms = 0.0;
    let elapsed = |ms: *mut f32, event| call!(aclrtEventElapsedTime(ms, event, event));
    let is_complete = || {
        let mut status = aclrtEventRecordedStatus::ACL_EVENT_RECORDED_STATUS_NOT_READY;
        ok!(aclrtQueryEventStatus(timed, &raw mut status));
        status == aclrtEventRecordedStatus::ACL_EVENT_RECORDED_STATUS_COMPLETE
    };
    assert_eq!(elapsed(&raw mut ms, timed), 107_006, "never recorded");
    for event in [timed, plain] {
        ok!(aclrtRecordEvent(event, queue));
    }
    ok!(aclrtSynchronizeStream(queue));
    assert_eq!(elapsed(&raw mut ms, timed), 0);
    assert_eq!(elapsed(&raw mut ms, plain), 107_006, "made without a time");
    assert!(is_complete());
    ok!(aclrtResetEvent(timed, queue));
    ok!(aclrtSynchronizeStream(queue));
    assert!(!is_complete());
    assert_eq!(elapsed(&raw mut ms, timed), 107_006, "reset");
    ok!(aclrtRecordEvent(timed, queue));
    ok!(aclrtSynchronizeStream(queue));
    assert!(is_complete());
    for event in [timed, plain] {
        ok!(aclrtDestroyEvent(event));
    }
    ok!(aclrtDestroyStream(queue));
    ok!(aclFinalize());
}

#[test]
fn models_before_init_have_a_code_of_their_own() {
    let _turn = uninitialised();
    let (mut id, mut size) = (0, [0_usize; 2]);
    let [work, weight] = &mut size;
    let path = c"/nowhere.om".as_ptr();
    let desc = call!(aclmdlCreateDesc());
    let codes = [
        call!(aclmdlLoadFromFile(path, &raw mut id)),
        call!(aclmdlLoadFromMem(path.cast(), 4, &raw mut id)),
        call!(aclmdlQuerySize(path, &raw mut *work, &raw mut *weight)),
        call!(aclmdlExecute(1, null(), null_mut())),
        call!(aclmdlExecuteAsync(1, null(), null_mut(), null_mut())),
        call!(aclmdlUnload(1)),
        call!(aclmdlGetDesc(desc, 1)),
    ];
    assert_eq!(codes, [145_001; 7]);
    ok!(aclmdlDestroyDesc(desc));
}

#[test]
fn a_wait_for_callbacks_ends_with_the_subscription() {
    let _turn = alone();
    let queue = stream();
    let (name, named) = channel();
    let (go, gone) = channel::<()>();
    let waiting = thread::spawn(move || {
        // SAFETY: it has no precondition.
        name.send(unsafe { libc::pthread_self() }).unwrap();
        gone.recv().unwrap();
        call!(aclrtProcessReport(-1))
    });
    let id = named.recv().unwrap();
    ok!(aclrtSubscribeReport(id, queue));
    let sent = Sent::new(queue);
    go.send(()).unwrap();
    // Whether the other thread waits by now or not, the answer is the same.
    ok!(aclrtUnSubscribeReport(id, sent.get()));
    assert_eq!(waiting.join().unwrap(), 107_012);
    ok!(aclrtDestroyStream(queue));
    ok!(aclFinalize());
}

#[test]
fn a_child_that_was_forked_after_init_gets_a_code() {
    let _turn = alone();
    // SAFETY: the child only calls a function that answers at once, and then ends; what that
    // allocates on the way is safe with glibc, whose allocator is whole after a fork.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let codes = [call!(aclrtSetDevice(0)), call!(aclFinalize())];
        let good = codes == [500_000; 2] && messages().contains("forked after aclInit");
        // SAFETY: it ends the process at once.
        unsafe { libc::_exit(if good { 17 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: the child is this process's own, and the pointer is to a variable that lives.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(ended, child);
    assert_eq!(libc::WEXITSTATUS(status), 17);
    ok!(aclrtSetDevice(0));
    ok!(aclFinalize());
}
