//! The rules of profiling and of dumps.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::CString;
use std::ptr::{null, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use acl_sys::{aclprofAicoreMetrics as Metrics, aclprofStepTag};
use call::{messages, start};

/// Begins a test: alone, because profiling is the process's.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    start();
    turn
}

fn config(devices: &mut [u32], kinds: u64) -> *mut acl_sys::aclprofConfig {
    let count = u32::try_from(devices.len()).unwrap();
    let metrics = Metrics::ACL_AICORE_PIPE_UTILIZATION;
    call!(aclprofCreateConfig(
        devices.as_mut_ptr(),
        count,
        metrics,
        null(),
        kinds
    ))
}

fn text(path: &std::path::Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

#[test]
fn profiling_runs_from_init_to_finalize_and_each_wrong_order_has_its_code() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = text(folder.path());
    let length = path.as_bytes().len();
    let good = config(&mut [0], 0b111);
    assert!(!good.is_null());
    assert_eq!(call!(aclprofStart(good)), 100_043, "before init");
    assert_eq!(call!(aclprofFinalize()), 100_043);
    let none = text(&folder.path().join("none"));
    assert_eq!(
        call!(aclprofInit(none.as_ptr(), none.as_bytes().len())),
        100_003
    );
    assert_eq!(call!(aclprofInit(null(), 4)), 100_000);
    assert_eq!(call!(aclprofInit(path.as_ptr(), 0)), 100_000);
    ok!(aclprofInit(path.as_ptr(), length + 1)); // with the NUL, as programs do
    assert_eq!(call!(aclprofInit(path.as_ptr(), length)), 100_042);
    assert_eq!(call!(aclprofStop(good)), 100_043, "not started");
    ok!(aclprofStart(good));
    let same = config(&mut [0], 1);
    assert_eq!(call!(aclprofStart(same)), 100_042, "the device is taken");
    ok!(aclprofStop(good));
    ok!(aclprofStart(same));
    ok!(aclprofStop(same));
    ok!(aclprofFinalize());
    for config in [good, same] {
        ok!(aclprofDestroyConfig(config));
        assert_eq!(call!(aclprofDestroyConfig(config)), 100_000);
        assert_eq!(call!(aclprofStart(config)), 100_000);
    }
    messages();
}

#[test]
fn a_configuration_with_a_mistake_is_refused_with_its_code() {
    let _turn = alone();
    for (devices, kinds, code) in [
        (vec![0], 0x8000_0000_u64, "200007"),
        (vec![0], 0, "200007"),
        (vec![0, 0], 1, "100000"),
        (vec![5], 1, "107001"),
    ] {
        let mut devices = devices;
        assert!(config(&mut devices, kinds).is_null());
        let said = messages();
        assert!(said.contains(code), "{devices:?} {kinds:#x}: {said}");
    }
    assert!(
        call!(aclprofCreateConfig(
            null_mut(),
            1,
            Metrics::ACL_AICORE_NONE,
            null(),
            1
        ))
        .is_null()
    );
    assert!(call!(aclprofCreateConfig(null_mut(), 0, Metrics(99), null(), 1)).is_null());
    messages();
}

#[test]
fn steps_are_marked_on_streams() {
    let _turn = alone();
    let (info, stream) = (call!(aclprofCreateStepInfo()), call::stream());
    ok!(aclprofGetStepTimestamp(
        info,
        aclprofStepTag::ACL_STEP_START,
        stream
    ));
    ok!(aclprofGetStepTimestamp(
        info,
        aclprofStepTag::ACL_STEP_END,
        stream
    ));
    assert_eq!(
        call!(aclprofGetStepTimestamp(info, aclprofStepTag(2), stream)),
        100_000
    );
    call!(aclprofDestroyStepInfo(info));
    let start = aclprofStepTag::ACL_STEP_START;
    assert_eq!(call!(aclprofGetStepTimestamp(info, start, stream)), 100_000);
    ok!(aclrtDestroyStream(stream));
    messages();
}

#[test]
fn dumps_begin_take_a_configuration_and_end() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.json");
    let name = text(&path);
    assert_eq!(call!(aclmdlSetDump(name.as_ptr())), 100_045);
    assert_eq!(call!(aclmdlFinalizeDump()), 100_045);
    ok!(aclmdlInitDump());
    assert_eq!(call!(aclmdlInitDump()), 100_044);
    assert_eq!(call!(aclmdlSetDump(null())), 100_000);
    assert_eq!(call!(aclmdlSetDump(name.as_ptr())), 100_003, "no such file");
    std::fs::write(&path, "[]").unwrap();
    assert_eq!(call!(aclmdlSetDump(name.as_ptr())), 100_009);
    std::fs::write(&path, r#"{"dump": {"dump_list": []}}"#).unwrap();
    ok!(aclmdlSetDump(name.as_ptr()));
    ok!(aclmdlFinalizeDump());
    messages();
}
