//! Misuse of the runtime by the state that the process, the thread or the handle is in: one table a
//! state, every failing row printed.
//!
//! One test, because the states are the process's.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::Mutex;
use std::sync::atomic::AtomicPtr;
use std::thread;

use acl_sys::{
    ACL_EVENT_TIME_LINE, aclrtCallbackBlockType, aclrtEventRecordedStatus, aclrtEventStatus,
    aclrtEventWaitStatus, aclrtFloatOverflowMode, aclrtMemAttr, aclrtMemMallocPolicy as Policy,
    aclrtTsId,
};
use call::{Sent, event, malloc, messages, stream};

type Row<'a> = (&'static str, Box<dyn Fn() -> i32 + 'a>, i32);

/// Makes the rows of a table: the call and the expected code.
macro_rules! rows {
    ($($name:ident($($argument:expr),*) => $code:literal;)*) => {
        vec![$((
            stringify!($name($($argument),*)),
            Box::new(move || call!($name($($argument),*))) as Box<dyn Fn() -> i32>,
            $code,
        )),*]
    };
}

/// Rows that were checked, and what was wrong with them.
static CHECKED: Mutex<(usize, Vec<String>)> = Mutex::new((0, Vec::new()));

fn check(state: &str, rows: Vec<Row<'_>>) {
    messages();
    for (what, misuse, expected) in rows {
        let code = misuse();
        let text = messages();
        let (checked, wrong) = &mut *CHECKED.lock().unwrap();
        *checked += 1;
        if code != expected {
            wrong.push(format!(
                "{state}: {what}: {code}, wanted {expected}; {text}"
            ));
        } else if code != 0
            && !text.contains(what.split(|c: char| !c.is_alphanumeric()).next().unwrap())
        {
            wrong.push(format!(
                "{state}: {what}: the text names no function: {text:?}"
            ));
        }
    }
}

unsafe extern "C" fn nothing(_: *mut c_void) {}

/// Room for whatever a call writes.
fn out() -> *mut *mut c_void {
    type Place = Box<[AtomicPtr<c_void>; 16]>;
    // Kept to the end of the process, where a leak detector sees it.
    static KEPT: Mutex<Vec<Place>> = Mutex::new(Vec::new());
    let place: Place = Box::new(std::array::from_fn(|_| AtomicPtr::new(null_mut())));
    let pointer = place.as_ptr().cast_mut().cast();
    KEPT.lock().unwrap().push(place);
    pointer
}

const BLOCK: aclrtCallbackBlockType = aclrtCallbackBlockType::ACL_CALLBACK_BLOCK;

/// What needs a device, and has none: before aclInit, without a device, after the reset, after the
/// end of the context, after aclFinalize, on a new thread.
fn without_a_device(state: &str) {
    let policy = Policy::ACL_MEM_MALLOC_HUGE_FIRST;
    let mode = aclrtFloatOverflowMode::ACL_RT_OVERFLOW_MODE_INFNAN;
    check(
        state,
        rows! {
            aclrtGetDevice(out().cast()) => 107_002;
            aclrtSynchronizeDevice() => 107_002;
            aclrtSetTsDevice(aclrtTsId(0)) => 107_002;
            aclrtGetCurrentContext(out()) => 107_002;
            aclrtCreateStream(out()) => 107_002;
            aclrtCreateStreamWithConfig(out(), 0, 1) => 107_002;
            aclrtSynchronizeStream(null_mut()) => 107_002;
            aclrtSynchronizeStreamWithTimeout(null_mut(), 1) => 107_002;
            aclrtCreateEvent(out()) => 107_002;
            aclrtCreateEventWithFlag(out(), ACL_EVENT_TIME_LINE) => 107_002;
            aclrtMalloc(out(), 64, policy) => 107_002;
            aclrtMallocHost(out(), 64) => 107_002;
            aclrtGetMemInfo(aclrtMemAttr::ACL_HBM_MEM, out().cast(), out().cast()) => 107_002;
            aclrtSubscribeReport(1, null_mut()) => 107_002;
            aclrtUnSubscribeReport(1, null_mut()) => 107_002;
            aclrtLaunchCallback(Some(nothing), null_mut(), BLOCK, null_mut()) => 107_002;
            aclrtProcessReport(1) => 107_012;
            aclrtSetDeviceSatMode(mode) => 107_002;
            aclrtGetDeviceSatMode(out().cast()) => 107_002;
            aclrtSetStreamOverflowSwitch(null_mut(), 1) => 107_002;
            aclrtGetStreamOverflowSwitch(null_mut(), out().cast()) => 107_002;
            aclrtSetOpWaitTimeout(1) => 107_002;
            aclrtDeviceEnablePeerAccess(1, 0) => 107_002;
            aclrtDeviceDisablePeerAccess(1) => 107_002;
        },
    );
}

/// What names devices, streams, events and contexts that are dead.
fn with_dead_handles(state: &str, dead: &Dead, of_streams: i32) {
    let (stream, event, context) = (dead.stream.get(), dead.event.get(), dead.context.get());
    let mut rows = rows! {
        aclrtSetCurrentContext(context) => 107_000;
        aclrtDestroyContext(context) => 107_000;
        aclrtDestroyEvent(event) => 107_000;
        aclrtRecordEvent(event, null_mut()) => 107_000;
        aclrtResetEvent(event, null_mut()) => 107_000;
        aclrtStreamWaitEvent(null_mut(), event) => 107_000;
        aclrtSynchronizeEvent(event) => 107_000;
        aclrtQueryEvent(event, out().cast::<aclrtEventStatus>()) => 107_000;
        aclrtQueryEventStatus(event, out().cast::<aclrtEventRecordedStatus>()) => 107_000;
        aclrtQueryEventWaitStatus(event, out().cast::<aclrtEventWaitStatus>()) => 107_000;
        aclrtEventElapsedTime(out().cast(), event, event) => 107_000;
    };
    rows.extend(
        rows! {
            aclrtDestroyStream(stream) => 0;
            aclrtDestroyStreamForce(stream) => 0;
            aclrtSynchronizeStream(stream) => 0;
            aclrtSynchronizeStreamWithTimeout(stream, 1) => 0;
            aclrtSubscribeReport(1, stream) => 0;
            aclrtUnSubscribeReport(1, stream) => 0;
            aclrtLaunchCallback(Some(nothing), null_mut(), BLOCK, stream) => 0;
            aclrtSetStreamOverflowSwitch(stream, 1) => 0;
            aclrtGetStreamOverflowSwitch(stream, out().cast()) => 0;
            aclrtSetStreamFailureMode(stream, 1) => 0;
        }
        .into_iter()
        .map(|(what, call, _)| (what, call, of_streams)),
    );
    check(state, rows);
}

struct Dead {
    stream: Sent,
    event: Sent,
    context: Sent,
}

fn context() -> *mut c_void {
    let mut context = null_mut();
    ok!(aclrtCreateContext(&raw mut context, 0));
    context
}

/// A stream, an event and a context that were destroyed.
fn dead() -> Dead {
    let (context, stream, event) = (context(), stream(), event());
    ok!(aclrtDestroyStream(stream));
    ok!(aclrtDestroyEvent(event));
    ok!(aclrtDestroyContext(context));
    ok!(aclrtSetDevice(0));
    ok!(aclrtResetDevice(0));
    Dead {
        stream: Sent::new(stream),
        event: Sent::new(event),
        context: Sent::new(context),
    }
}

fn with_a_live_device() {
    let (live, mark, memory) = (stream(), event(), malloc(64));
    let mut untimed = null_mut();
    ok!(aclrtCreateEventWithFlag(
        &raw mut untimed,
        acl_sys::ACL_EVENT_SYNC
    ));
    let mut timed = null_mut();
    ok!(aclrtCreateEventWithFlag(
        &raw mut timed,
        ACL_EVENT_TIME_LINE
    ));
    for event in [untimed, timed] {
        ok!(aclrtRecordEvent(event, live));
    }
    ok!(aclrtSynchronizeStream(live));
    check(
        "a live device",
        rows! {
            aclInit(null()) => 100_002;
            aclrtSetDevice(1) => 107_001;
            aclrtSetDevice(i32::MIN) => 107_001;
            aclrtResetDevice(i32::MAX) => 107_001;
            aclrtCreateContext(out(), -1) => 107_001;
            aclrtDeviceCanAccessPeer(out().cast(), -1, 0) => 107_001;
            aclrtDeviceEnablePeerAccess(0, 0) => 107_000;
            aclrtDeviceEnablePeerAccess(1, 0) => 107_001;
            aclrtDeviceDisablePeerAccess(-1) => 107_001;
            aclrtSetTsDevice(aclrtTsId(9)) => 100_000;
            aclrtDestroyStream(null_mut()) => 107_003;
            aclrtDestroyStreamForce(null_mut()) => 107_003;
            aclrtDestroyStream(mark) => 107_003;
            aclrtDestroyStream(memory) => 107_003;
            aclrtSynchronizeStream(memory) => 107_003;
            aclrtSynchronizeStreamWithTimeout(live, -2) => 107_000;
            aclrtSetStreamFailureMode(null_mut(), 1) => 207_000;
            aclrtSetStreamFailureMode(live, 2) => 100_000;
            aclrtSetStreamOverflowSwitch(live, 2) => 100_000;
            aclrtGetStreamOverflowSwitch(live, null_mut()) => 100_000;
            aclrtSetDeviceSatMode(aclrtFloatOverflowMode(2)) => 100_000;
            aclrtGetDeviceSatMode(null_mut()) => 100_000;
            aclrtDestroyEvent(live) => 107_000;
            aclrtRecordEvent(mark, mark) => 107_003;
            aclrtStreamWaitEvent(live, timed) => 107_000;
            aclrtResetEvent(timed, live) => 107_000;
            aclrtEventElapsedTime(out().cast(), mark, timed) => 107_006;
            aclrtEventElapsedTime(out().cast(), untimed, timed) => 107_006;
            aclrtEventElapsedTime(null_mut(), timed, timed) => 100_000;
            aclrtQueryEvent(mark, null_mut()) => 100_000;
            aclrtQueryEventStatus(mark, null_mut()) => 100_000;
            aclrtQueryEventWaitStatus(mark, null_mut()) => 100_000;
            aclrtCreateEventWithFlag(out(), 0) => 107_000;
            aclrtCreateEventWithFlag(out(), 0x10) => 107_000;
            aclrtUnSubscribeReport(1, live) => 107_012;
            aclrtLaunchCallback(Some(nothing), null_mut(), BLOCK, live) => 107_015;
            aclrtLaunchCallback(None, null_mut(), BLOCK, live) => 100_000;
            aclrtLaunchCallback(Some(nothing), null_mut(), aclrtCallbackBlockType(7), live) => 100_000;
            aclrtProcessReport(1) => 107_012;
        },
    );
    ok!(aclrtSubscribeReport(1, live));
    check(
        "a stream with a subscription",
        rows! {
            aclrtSubscribeReport(1, live) => 107_011;
            aclrtSubscribeReport(2, live) => 107_011;
            aclrtUnSubscribeReport(2, live) => 107_012;
        },
    );
    ok!(aclrtUnSubscribeReport(1, live));
    let other = context();
    check(
        "a stream of another context",
        rows! {
            aclrtSynchronizeStream(live) => 107_003;
            aclrtDestroyStream(live) => 107_003;
            aclrtDestroyStreamForce(live) => 107_003;
            aclrtRecordEvent(mark, live) => 107_003;
            aclrtStreamWaitEvent(live, mark) => 107_003;
            aclrtResetEvent(mark, live) => 107_003;
            aclrtSubscribeReport(1, live) => 107_003;
            aclrtMemsetAsync(memory, 64, 0, 64, live) => 107_003;
        },
    );
    ok!(aclrtDestroyContext(other));
    without_a_device("after the current context was destroyed");
    ok!(aclrtSetDevice(0));
    ok!(aclrtResetDevice(0));
    for event in [mark, untimed, timed] {
        ok!(aclrtDestroyEvent(event));
    }
    ok!(aclrtDestroyStream(live));
    ok!(aclrtFree(memory));
}

#[test]
fn misuse_of_the_runtime_gives_its_codes_in_each_state() {
    without_a_device("before aclInit");
    check(
        "before aclInit",
        rows! {
            aclFinalize() => 100_001;
            aclrtSetDevice(0) => 100_001;
            aclrtCreateContext(out(), 0) => 100_001;
            aclrtResetDevice(0) => 107_001;
        },
    );
    ok!(aclInit(null()));
    without_a_device("without a device");
    ok!(aclrtSetDevice(0));
    thread::scope(|scope| {
        scope.spawn(|| without_a_device("on a new thread"));
    });
    with_a_live_device();
    let dead = dead();
    with_dead_handles("destroyed", &dead, 107_003);
    ok!(aclrtResetDevice(0));
    without_a_device("after the reset");
    with_dead_handles("destroyed, and the device reset", &dead, 107_002);
    ok!(aclFinalize());
    without_a_device("after aclFinalize");
    with_dead_handles("after aclFinalize", &dead, 107_002);
    check(
        "after aclFinalize",
        rows! {
            aclFinalize() => 100_037;
            aclrtSetDevice(0) => 100_001;
            aclrtCreateContext(out(), 0) => 100_001;
        },
    );
    let (checked, wrong) = &*CHECKED.lock().unwrap();
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(*checked > 200, "{checked} rows");
}
