//! Settings of devices and streams, peers, and what the program is told of failures.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/models.rs"]
mod models;

use std::ffi::c_void;
use std::process::Command;
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard, PoisonError};

use acl_sys::{aclrtExceptionInfo, aclrtFloatOverflowMode as Mode, aclrtMemcpyKind};
use ascendcl::faults::{ExecutionFault, Plan, install};
use call::{malloc, messages, start, stream};

/// Begins a test: alone, because faults and the callback are the process's.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    start();
    turn
}

/// A model of one Relu, and its datasets.
fn relu() -> (
    u32,
    *mut acl_sys::aclmdlDataset,
    *mut acl_sys::aclmdlDataset,
) {
    let options = ascendcl::atc::Options::default();
    let om = ascendcl::atc::convert_bytes(&models::unary("Relu", 1, &[1, 4]), "relu", &options);
    let om = om.unwrap();
    let mut id = 0;
    ok!(aclmdlLoadFromMem(om.as_ptr().cast(), om.len(), &raw mut id));
    let dataset = || {
        let set = call!(aclmdlCreateDataset());
        let buffer = call!(aclCreateDataBuffer(malloc(16), 16));
        ok!(aclmdlAddDatasetBuffer(set, buffer));
        set
    };
    (id, dataset(), dataset())
}

fn fail_the_first() {
    let mut plan = Plan::default();
    plan.execution.push(ExecutionFault {
        nth: Some(1),
        code: 507_011,
    });
    install(Some(plan)).unwrap();
}

static TOLD: Mutex<Vec<[u32; 3]>> = Mutex::new(Vec::new());
static KEPT: Mutex<usize> = Mutex::new(0);

unsafe extern "C" fn on_exception(info: *mut aclrtExceptionInfo) {
    *KEPT.lock().unwrap() = info.expose_provenance();
    let device = call!(aclrtGetDeviceIdFromExceptionInfo(info));
    let code = call!(aclrtGetErrorCodeFromExceptionInfo(info));
    let task = call!(aclrtGetTaskIdFromExceptionInfo(info));
    assert_ne!(call!(aclrtGetStreamIdFromExceptionInfo(info)), u32::MAX);
    assert_ne!(call!(aclrtGetThreadIdFromExceptionInfo(info)), u32::MAX);
    TOLD.lock().unwrap().push([device, code, task]);
}

#[test]
fn the_program_is_told_of_a_failure_before_a_synchronisation_can() {
    let _turn = alone();
    let (id, inputs, outputs) = relu();
    let stream = stream();
    ok!(aclrtSetExceptionInfoCallback(Some(on_exception)));
    fail_the_first();
    ok!(aclmdlExecuteAsync(id, inputs, outputs, stream));
    assert_eq!(call!(aclrtSynchronizeStream(stream)), 507_011);
    assert_eq!(
        std::mem::take(&mut *TOLD.lock().unwrap()),
        [[0, 507_011, 0]]
    );
    // The description is gone with the callback.
    let late = std::ptr::with_exposed_provenance::<aclrtExceptionInfo>(*KEPT.lock().unwrap());
    assert_eq!(call!(aclrtGetErrorCodeFromExceptionInfo(late)), u32::MAX);
    // By default the stream goes on.
    ok!(aclmdlExecuteAsync(id, inputs, outputs, stream));
    ok!(aclrtSynchronizeStream(stream));
    ok!(aclrtSetExceptionInfoCallback(None));
    fail_the_first();
    ok!(aclmdlExecuteAsync(id, inputs, outputs, stream));
    assert_eq!(call!(aclrtSynchronizeStream(stream)), 507_011);
    assert!(TOLD.lock().unwrap().is_empty());
    install(None).unwrap();
    messages();
}

#[test]
fn a_stream_that_stops_on_failure_stops_its_context() {
    let _turn = alone();
    let mut context = null_mut();
    ok!(aclrtCreateContext(&raw mut context, 0));
    let (id, inputs, outputs) = relu();
    let (stops, other) = (stream(), stream());
    assert_eq!(call!(aclrtSetStreamFailureMode(stops, 2)), 100_000);
    assert_eq!(call!(aclrtSetStreamFailureMode(null_mut(), 1)), 207_000);
    ok!(aclrtSetStreamFailureMode(stops, 1));
    assert_eq!(
        call!(aclrtSetStreamFailureMode(stops, 1)),
        107_000,
        "once is all"
    );
    fail_the_first();
    ok!(aclmdlExecuteAsync(id, inputs, outputs, stops));
    assert_eq!(call!(aclrtSynchronizeStream(stops)), 507_011);
    for stream in [stops, other, null_mut()] {
        assert_eq!(
            call!(aclmdlExecuteAsync(id, inputs, outputs, stream)),
            507_011
        );
    }
    install(None).unwrap();
    ok!(aclmdlUnload(id));
    ok!(aclrtDestroyStream(stops));
    ok!(aclrtDestroyStream(other));
    ok!(aclrtDestroyContext(context));
    ok!(aclrtSetDevice(0));
    messages();
}

#[test]
fn settings_are_kept_and_wrong_ones_refused() {
    let _turn = alone();
    let mut mode = Mode::ACL_RT_OVERFLOW_MODE_UNDEF;
    ok!(aclrtGetDeviceSatMode(&raw mut mode));
    assert_eq!(mode, Mode::ACL_RT_OVERFLOW_MODE_SATURATION);
    ok!(aclrtSetDeviceSatMode(Mode::ACL_RT_OVERFLOW_MODE_INFNAN));
    ok!(aclrtGetDeviceSatMode(&raw mut mode));
    assert_eq!(mode, Mode::ACL_RT_OVERFLOW_MODE_INFNAN);
    assert_eq!(
        call!(aclrtSetDeviceSatMode(Mode::ACL_RT_OVERFLOW_MODE_UNDEF)),
        100_000
    );
    assert_eq!(call!(aclrtGetDeviceSatMode(null_mut())), 100_000);
    let stream = stream();
    let mut on = 7;
    ok!(aclrtGetStreamOverflowSwitch(stream, &raw mut on));
    assert_eq!(on, 0);
    ok!(aclrtSetStreamOverflowSwitch(stream, 1));
    ok!(aclrtGetStreamOverflowSwitch(stream, &raw mut on));
    assert_eq!(on, 1);
    assert_eq!(call!(aclrtSetStreamOverflowSwitch(stream, 2)), 100_000);
    ok!(aclrtDestroyStream(stream));
    assert_eq!(call!(aclrtSetStreamOverflowSwitch(stream, 1)), 107_003);
    assert_eq!(call!(aclrtDeviceEnablePeerAccess(0, 0)), 107_000, "itself");
    assert_eq!(
        call!(aclrtDeviceEnablePeerAccess(1, 0)),
        107_001,
        "there is no other"
    );
    messages();
}

const CHILD: &str = "ACL_SIM_TEST_TWO_CHIPS";

#[test]
fn two_chips_reach_each_others_memory_when_they_may() {
    if std::env::var_os(CHILD).is_some() {
        start();
        let first = malloc(64);
        ok!(aclrtSetDevice(1));
        let second = malloc(64);
        let copy = || {
            let kind = aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_DEVICE;
            call!(aclrtMemcpy(second, 64, first.cast_const(), 64, kind))
        };
        call::upload(first, &[7; 64]);
        assert_eq!(copy(), 107_000);
        assert!(messages().contains("aclrtDeviceEnablePeerAccess"));
        let mut can = 0;
        ok!(aclrtDeviceCanAccessPeer(&raw mut can, 1, 0));
        assert_eq!(can, 1);
        assert_eq!(
            call!(aclrtDeviceEnablePeerAccess(0, 1)),
            100_000,
            "no flags"
        );
        ok!(aclrtDeviceEnablePeerAccess(0, 0));
        assert_eq!(copy(), 0);
        assert_eq!(call::download(second, 64), [7; 64]);
        ok!(aclrtDeviceDisablePeerAccess(0));
        assert_eq!(call!(aclrtDeviceDisablePeerAccess(0)), 107_000);
        assert_eq!(copy(), 107_000);
        return;
    }
    let name = "two_chips_reach_each_others_memory_when_they_may";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, "1")
        .env("ACL_SIM_PROFILE", "300i-duo")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

unsafe extern "C" fn nothing(_: *mut c_void) {}

#[test]
fn a_stream_waits_for_an_event_no_longer_than_it_may() {
    let _turn = alone();
    let (first, second, event) = (stream(), stream(), call::event());
    // The event comes after a callback that nobody runs until later.
    // SAFETY: pthread_self has no precondition.
    let thread = unsafe { libc::pthread_self() };
    ok!(aclrtSubscribeReport(thread, first));
    let blocks = acl_sys::aclrtCallbackBlockType::ACL_CALLBACK_BLOCK;
    ok!(aclrtLaunchCallback(
        Some(nothing),
        null_mut(),
        blocks,
        first
    ));
    ok!(aclrtRecordEvent(event, first));
    ok!(aclrtSetOpWaitTimeout(1));
    ok!(aclrtStreamWaitEvent(second, event));
    assert_eq!(call!(aclrtSynchronizeStream(second)), 507_047);
    ok!(aclrtSetOpWaitTimeout(0));
    ok!(aclrtProcessReport(1000));
    ok!(aclrtSynchronizeStream(first));
    ok!(aclrtUnSubscribeReport(thread, first));
    for stream in [first, second] {
        ok!(aclrtDestroyStream(stream));
    }
    ok!(aclrtDestroyEvent(event));
    messages();
}
