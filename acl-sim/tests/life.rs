//! The life of a process: initialisation, devices, contexts, threads and the end.
//!
//! These tests change what the whole process has, so they take turns.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::{CStr, CString, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use acl_sys::{aclDataType, aclFormat, aclrtCallbackBlockType, aclrtMemMallocPolicy};
use call::{Sent, event, malloc, messages, stream};

/// Begins a test: alone, and with the process not initialised.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // A test that failed may have left it initialised.
    let _ = call!(aclFinalize());
    messages();
    turn
}

fn init(path: &Path) -> i32 {
    let path = CString::new(path.to_str().unwrap()).unwrap();
    call!(aclInit(path.as_ptr()))
}

fn device() -> i32 {
    let mut id = -7;
    match call!(aclrtGetDevice(&raw mut id)) {
        0 => id,
        code => code,
    }
}

fn current() -> *mut c_void {
    let mut context = null_mut();
    ok!(aclrtGetCurrentContext(&raw mut context));
    context
}

fn context() -> *mut c_void {
    let mut context = null_mut();
    ok!(aclrtCreateContext(&raw mut context, 0));
    context
}

/// Runs on a thread that has no context yet.
fn elsewhere<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| scope.spawn(work).join().unwrap())
}

#[test]
fn init_takes_no_path_an_empty_path_and_an_empty_configuration() {
    let _turn = alone();
    ok!(aclInit(null()));
    ok!(aclFinalize());
    ok!(aclInit(c"".as_ptr()));
    ok!(aclFinalize());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acl.json");
    std::fs::write(&path, "{}").unwrap();
    assert_eq!(init(&path), 0);
    ok!(aclFinalize());
    std::fs::write(&path, r#"{"err_msg_mode": "0", "dump": {"dump_list": []}}"#).unwrap();
    assert_eq!(init(&path), 0);
    ok!(aclFinalize());
}

#[test]
fn init_refuses_a_configuration_that_is_missing_or_no_json() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acl.json");
    assert_eq!(init(&path), 100_003);
    assert!(messages().contains("acl.json"), "the file is named");
    for text in [
        "{",
        "",
        "7",
        "[]",
        &format!("{{\"a\":{}1{}}}", "[".repeat(10), "]".repeat(10)),
    ] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(init(&path), 100_006, "{text:?}");
    }
    let nine = format!("{{\"a\":{}1{}}}", "[".repeat(9), "]".repeat(9));
    std::fs::write(&path, nine).unwrap();
    assert_eq!(init(&path), 0, "ten levels are allowed: {}", messages());
    ok!(aclFinalize());
}

#[test]
fn init_and_finalize_twice_are_refused_and_both_can_begin_again() {
    let _turn = alone();
    for _ in 0..3 {
        ok!(aclInit(null()));
        assert_eq!(call!(aclInit(null())), 100_002);
        ok!(aclrtSetDevice(0));
        let memory = malloc(64);
        ok!(aclrtFree(memory));
        ok!(aclrtResetDevice(0));
        ok!(aclFinalize());
        assert_eq!(call!(aclFinalize()), 100_037);
    }
}

#[test]
fn before_init_and_after_finalize_devices_cannot_be_set() {
    let _turn = alone();
    let mut made = null_mut();
    for _ in 0..2 {
        assert_eq!(call!(aclrtSetDevice(0)), 100_001);
        assert_eq!(call!(aclrtCreateContext(&raw mut made, 0)), 100_001);
        assert_eq!(device(), 107_002);
        assert_eq!(call!(aclrtCreateStream(&raw mut made)), 107_002);
        assert_eq!(call!(aclrtCreateEvent(&raw mut made)), 107_002);
        let policy = aclrtMemMallocPolicy::ACL_MEM_MALLOC_HUGE_FIRST;
        assert_eq!(call!(aclrtMalloc(&raw mut made, 64, policy)), 107_002);
        let mut id = 0;
        assert_eq!(
            call!(aclmdlLoadFromMem(c"om".as_ptr().cast(), 2, &raw mut id)),
            145_001
        );
        ok!(aclInit(null()));
        ok!(aclrtSetDevice(0));
        ok!(aclFinalize());
    }
}

#[test]
fn devices_are_counted() {
    let _turn = alone();
    ok!(aclInit(null()));
    let mut count = 0;
    ok!(aclrtGetDeviceCount(&raw mut count));
    assert_eq!(count, 1);
    for id in [-1, 1, i32::MAX, i32::MIN] {
        assert_eq!(call!(aclrtSetDevice(id)), 107_001, "{id}");
        assert_eq!(call!(aclrtResetDevice(id)), 107_001, "{id}");
    }
    assert_eq!(call!(aclrtResetDevice(0)), 107_001, "it was never set");
    ok!(aclrtSetDevice(0));
    let first = current();
    ok!(aclrtSetDevice(0));
    assert_eq!(current(), first, "the default context is one");
    ok!(aclrtResetDevice(0));
    assert_eq!(device(), 0, "one reference is left");
    ok!(aclrtResetDevice(0));
    assert_eq!(device(), 107_002);
    assert_eq!(call!(aclrtResetDevice(0)), 107_001);
    ok!(aclrtSetDevice(0));
    assert_ne!(current(), first, "an ended context does not come back");
    ok!(aclFinalize());
}

#[test]
fn each_thread_has_its_own_context() {
    let _turn = alone();
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    let default = Sent::new(current());
    elsewhere(|| {
        assert_eq!(device(), 107_002);
        let mut none = null_mut();
        assert_eq!(call!(aclrtGetCurrentContext(&raw mut none)), 107_002);
        assert!(messages().contains("aclrtSetDevice"), "it says what to do");
        ok!(aclrtSetDevice(0));
        assert_eq!(current(), default.get(), "all threads share the default");
        ok!(aclrtResetDevice(0));
    });
    let explicit = context();
    assert_eq!(current(), explicit, "a new context is current at once");
    ok!(aclrtSetDevice(0));
    assert_eq!(
        current(),
        default.get(),
        "setting the device goes back to its own"
    );
    let sent = Sent::new(explicit);
    elsewhere(|| {
        ok!(aclrtSetCurrentContext(sent.get()));
        assert_eq!(device(), 0);
    });
    ok!(aclrtDestroyContext(explicit));
    assert_eq!(current(), default.get());
    ok!(aclFinalize());
}

#[test]
fn the_default_context_cannot_be_destroyed_and_null_cannot_be_set() {
    let _turn = alone();
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    let default = current();
    assert_eq!(call!(aclrtDestroyContext(default)), 107_000);
    assert_eq!(call!(aclrtDestroyContext(null_mut())), 107_000);
    assert_eq!(call!(aclrtSetCurrentContext(null_mut())), 107_000);
    assert_eq!(current(), default, "nothing has changed");
    ok!(aclFinalize());
}

#[test]
fn stale_and_foreign_handles_give_codes() {
    let _turn = alone();
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    let (gone_stream, gone_event, gone_context) = (stream(), event(), context());
    ok!(aclrtDestroyContext(gone_context));
    ok!(aclrtSetDevice(0));
    ok!(aclrtDestroyStream(gone_stream));
    ok!(aclrtDestroyEvent(gone_event));
    // Those that take the places of the destroyed ones are other ones.
    let (live_stream, live_event) = (stream(), event());
    let mut local = 7_u64;
    let made_up: *mut c_void = (&raw mut local).cast();
    for bad in [gone_stream, live_event, made_up] {
        assert_eq!(call!(aclrtSynchronizeStream(bad)), 107_003, "{bad:?}");
        assert_eq!(call!(aclrtDestroyStream(bad)), 107_003, "{bad:?}");
        assert_eq!(call!(aclrtRecordEvent(live_event, bad)), 107_003);
    }
    for bad in [gone_event, live_stream, made_up, null_mut()] {
        assert_eq!(call!(aclrtDestroyEvent(bad)), 107_000, "{bad:?}");
        assert_eq!(call!(aclrtRecordEvent(bad, live_stream)), 107_000);
    }
    for bad in [gone_context, live_stream, made_up] {
        assert_eq!(call!(aclrtSetCurrentContext(bad)), 107_000, "{bad:?}");
        assert_eq!(call!(aclrtDestroyContext(bad)), 107_000, "{bad:?}");
    }
    ok!(aclrtSynchronizeStream(live_stream));
    ok!(aclrtDestroyStream(live_stream));
    ok!(aclrtDestroyEvent(live_event));
    ok!(aclFinalize());
}

#[test]
fn a_stream_belongs_to_its_context() {
    let _turn = alone();
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    let ours = stream();
    let other = context();
    assert_eq!(call!(aclrtSynchronizeStream(ours)), 107_003);
    assert!(messages().contains("another context"));
    assert_eq!(call!(aclrtDestroyStream(ours)), 107_003);
    ok!(aclrtDestroyContext(other));
    assert_eq!(call!(aclrtSynchronizeStream(ours)), 107_002);
    ok!(aclrtSetDevice(0));
    ok!(aclrtSynchronizeStream(ours));
    ok!(aclrtDestroyStream(ours));
    ok!(aclFinalize());
}

#[test]
fn cleaning_up_in_the_wrong_order_gives_codes_and_ends_well() {
    let _turn = alone();
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    let explicit = context();
    let (orphan, mark) = (stream(), event());
    let memory = malloc(100);
    ok!(aclrtDestroyContext(explicit));
    assert_eq!(device(), 107_002, "the current context has ended");
    ok!(aclrtSetDevice(0));
    assert_eq!(call!(aclrtDestroyStream(orphan)), 107_003);
    ok!(aclrtResetDevice(0));
    ok!(aclrtResetDevice(0));
    ok!(aclrtFree(memory));
    ok!(aclFinalize());
    assert_eq!(call!(aclrtDestroyEvent(mark)), 107_000);
    assert_eq!(call!(aclrtFree(memory)), 107_000);
    assert_eq!(call!(aclrtResetDevice(0)), 107_001);
}

#[test]
fn texts_are_kept_per_thread_newest_first_and_cleared_by_reading() {
    let _turn = alone();
    assert_eq!(call!(aclrtSetDevice(0)), 100_001);
    assert_eq!(call!(aclrtDestroyEvent(null_mut())), 107_000);
    elsewhere(|| {
        assert_eq!(messages(), "", "the texts of another thread");
        assert_eq!(call!(aclrtDestroyContext(null_mut())), 107_000);
        assert!(messages().starts_with("aclrtDestroyContext: "));
    });
    let texts = messages();
    let lines: Vec<_> = texts.lines().collect();
    assert!(lines[0].starts_with("aclrtDestroyEvent: "), "{texts}");
    assert!(lines[1].starts_with("aclrtSetDevice: "), "{texts}");
    assert_eq!(lines.len(), 2, "{texts}");
    assert!(
        call!(aclGetRecentErrMsg()).is_null(),
        "they are cleared by reading"
    );
    let mut mode = acl_sys::aclrtRunMode(9);
    ok!(aclrtGetRunMode(&raw mut mode));
    assert!(call!(aclGetRecentErrMsg()).is_null(), "success has no text");
}

#[test]
fn a_text_stays_readable_until_the_next_is_asked_for() {
    let _turn = alone();
    assert_eq!(call!(aclrtSetDevice(0)), 100_001);
    let text = call!(aclGetRecentErrMsg());
    assert_eq!(call!(aclrtDestroyEvent(null_mut())), 107_000);
    // SAFETY: it is not null, and aclGetRecentErrMsg has not been called since.
    let text = unsafe { CStr::from_ptr(text) };
    assert!(text.to_str().unwrap().starts_with("aclrtSetDevice"));
    messages();
}

#[test]
fn what_was_forgotten_is_told_at_finalize_and_is_gone_after_it() {
    let _turn = alone();
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    // Numbers that no other test leaves, because a finding is told once per process.
    let (stream, event, memory) = ([stream(), stream(), stream()][0], event(), malloc(12_345));
    let dims = [2_i64];
    let desc = call!(aclCreateTensorDesc(
        aclDataType::ACL_FLOAT,
        1,
        dims.as_ptr(),
        aclFormat::ACL_FORMAT_ND
    ));
    ok!(aclFinalize());
    let told = messages();
    for word in ["3 of kind stream", "12345 bytes"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(call!(aclrtDestroyStream(stream)), 107_002);
    assert_eq!(call!(aclrtDestroyEvent(event)), 107_000);
    assert_eq!(call!(aclrtFree(memory)), 107_000);
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    assert_eq!(call!(aclrtDestroyStream(stream)), 107_003);
    let (mut free, mut total) = (0, 0);
    let attribute = acl_sys::aclrtMemAttr::ACL_HBM_MEM;
    ok!(aclrtGetMemInfo(attribute, &raw mut free, &raw mut total));
    assert_eq!(free, total, "the leaked memory was given back");
    call!(aclDestroyTensorDesc(desc));
    ok!(aclFinalize());
}

#[test]
fn threads_that_live_through_finalize_get_codes() {
    let _turn = alone();
    ok!(aclInit(null()));
    thread::scope(|scope| {
        let (ready, wait_ready) = channel();
        let (go, wait_go) = channel::<()>();
        let survivor = scope.spawn(move || {
            ok!(aclrtSetDevice(0));
            let stream = stream();
            ready.send(()).unwrap();
            wait_go.recv().unwrap();
            let codes = [
                device(),
                call!(aclrtSynchronizeStream(stream)),
                call!(aclrtDestroyStream(stream)),
                call!(aclrtSetDevice(0)),
            ];
            assert_eq!(codes, [107_002, 107_002, 107_002, 100_001]);
        });
        wait_ready.recv().unwrap();
        ok!(aclFinalize());
        go.send(()).unwrap();
        survivor.join().unwrap();
    });
}

unsafe extern "C" fn never(_: *mut c_void) {
    panic!("nobody processes this callback");
}

#[test]
fn finalize_does_not_wait_for_a_callback_that_nobody_processes() {
    let _turn = alone();
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    let stream = stream();
    // Subscribed for a thread that never asks.
    ok!(aclrtSubscribeReport(7, stream));
    ok!(aclrtLaunchCallback(
        Some(never),
        null_mut(),
        aclrtCallbackBlockType::ACL_CALLBACK_BLOCK,
        stream
    ));
    ok!(aclFinalize());
}

#[test]
fn a_default_stream_takes_callbacks_and_context_end_forgets_its_subscription() {
    let _turn = alone();
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    ok!(aclrtSubscribeReport(7, null_mut()));
    assert_eq!(call!(aclrtSubscribeReport(8, null_mut())), 107_011);
    let other = context();
    ok!(aclrtSubscribeReport(8, null_mut()));
    ok!(aclrtUnSubscribeReport(8, null_mut()));
    ok!(aclrtDestroyContext(other));
    ok!(aclrtSetDevice(0));
    ok!(aclrtResetDevice(0));
    ok!(aclrtResetDevice(0));
    ok!(aclrtSetDevice(0));
    ok!(aclrtSubscribeReport(8, null_mut()));
    ok!(aclFinalize());
}
