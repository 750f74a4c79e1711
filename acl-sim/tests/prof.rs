//! Stamps and subscriptions of profiling.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/models.rs"]
mod models;

use std::ffi::{CString, c_void};
use std::ptr::{null, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use acl_sys::aclprofAicoreMetrics as Metrics;
use call::{messages, start};

/// Begins a test: alone, because profiling is the process's.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    start();
    turn
}

fn load() -> u32 {
    let graph = models::unary("Relu", 1, &[1, 4]);
    let options = ascendcl::atc::Options::default();
    let bytes = ascendcl::atc::convert_bytes(&graph, "relu", &options).unwrap();
    let mut id = 0;
    ok!(aclmdlLoadFromMem(
        bytes.as_ptr().cast(),
        bytes.len(),
        &raw mut id
    ));
    id
}

fn config() -> *mut acl_sys::aclprofSubscribeConfig {
    let mut file = 1_i32;
    let file: *mut c_void = (&raw mut file).cast();
    call!(aclprofCreateSubscribeConfig(
        1,
        Metrics::ACL_AICORE_NONE,
        file
    ))
}

#[test]
fn stamps_nest_on_a_thread_and_ranges_end_in_any_order() {
    let _turn = alone();
    let [a, b] = [(); 2].map(|()| call!(aclprofCreateStamp()));
    ok!(aclprofSetStampTraceMessage(a, c"load".as_ptr(), 4));
    ok!(aclprofMark(a));
    ok!(aclprofPush(a));
    ok!(aclprofPush(b));
    assert_eq!(call!(aclprofPush(a)), 100_000, "pushed already");
    let sent = call::Sent::new(a);
    let other = std::thread::spawn(move || {
        let mut id = 0;
        let range = call!(aclprofRangeStart(sent.get(), &raw mut id));
        (call!(aclprofPop()), range)
    });
    assert_eq!(
        other.join().unwrap(),
        (100_000, 100_000),
        "another thread's"
    );
    ok!(aclprofPop());
    assert_eq!(call!(aclprofPush(a)), 100_000, "b was popped, a was not");
    ok!(aclprofPop());
    assert_eq!(call!(aclprofPop()), 100_000);

    let (mut first, mut second) = (0, 0);
    ok!(aclprofRangeStart(a, &raw mut first));
    ok!(aclprofRangeStart(b, &raw mut second));
    assert_ne!(first, second);
    assert_eq!(call!(aclprofRangeStart(a, &raw mut second)), 100_000);
    ok!(aclprofRangeStop(first));
    assert_eq!(call!(aclprofRangeStop(first)), 100_000);
    ok!(aclprofRangeStop(second));
    ok!(aclprofPush(b));
    messages();
    call!(aclprofDestroyStamp(b));
    assert!(messages().contains("not popped"));
    ok!(aclprofPop());
    call!(aclprofDestroyStamp(a));
    messages();
    call!(aclprofDestroyStamp(a));
    assert!(messages().contains("destroyed"));
}

#[test]
fn subscriptions_and_profiling_exclude_each_other() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = CString::new(folder.path().to_str().unwrap()).unwrap();
    let length = path.as_bytes().len();
    let (config, model, other) = (config(), load(), load());
    ok!(aclprofModelSubscribe(model, config));
    assert_eq!(call!(aclprofModelSubscribe(model, config)), 148_046);
    ok!(aclprofModelSubscribe(other, config));
    assert_eq!(call!(aclprofInit(path.as_ptr(), length)), 148_047);
    ok!(aclprofModelUnSubscribe(model));
    assert_eq!(call!(aclprofModelUnSubscribe(model)), 100_000);
    assert_eq!(call!(aclprofInit(path.as_ptr(), length)), 148_047);
    // A subscription ends with its model.
    ok!(aclmdlUnload(other));
    ok!(aclprofInit(path.as_ptr(), length));
    assert_eq!(call!(aclprofModelSubscribe(model, config)), 148_047);
    ok!(aclprofFinalize());
    ok!(aclprofModelSubscribe(model, config));
    ok!(aclprofModelUnSubscribe(model));
    ok!(aclmdlUnload(model));
    ok!(aclprofDestroySubscribeConfig(config));
    messages();
}

#[test]
fn misuse_gives_its_codes() {
    let _turn = alone();
    let (model, good, gone) = (load(), config(), config());
    ok!(aclprofDestroySubscribeConfig(gone));
    let stamp = call!(aclprofCreateStamp());
    let mut id = 0;
    let mut rows: Vec<(&str, i32, i32)> = Vec::new();
    macro_rules! rows {
        ($($what:literal, $name:ident($($argument:expr),*) => $code:literal;)*) => {
            $(rows.push((
                concat!(stringify!($name), ": ", $what),
                call!($name($($argument),*)),
                $code,
            ));)*
        };
    }
    rows! {
        "null", aclprofMark(null_mut()) => 100_000;
        "another kind", aclprofMark(good.cast()) => 100_000;
        "null", aclprofPush(null_mut()) => 100_000;
        "nothing pushed", aclprofPop() => 100_000;
        "no stamp", aclprofRangeStart(null_mut(), &raw mut id) => 100_000;
        "nowhere to put", aclprofRangeStart(stamp, null_mut()) => 100_000;
        "the stamp is free after that", aclprofPush(stamp) => 0;
        "pushed", aclprofPop() => 0;
        "no such range", aclprofRangeStop(12345) => 100_000;
        "no stamp", aclprofSetStampTraceMessage(null_mut(), c"a".as_ptr(), 1) => 100_000;
        "no text", aclprofSetStampTraceMessage(stamp, null(), 1) => 100_000;
        "null", aclprofGetOpDescSize(null_mut()) => 100_000;
        "null", aclprofDestroySubscribeConfig(null()) => 100_000;
        "twice", aclprofDestroySubscribeConfig(gone) => 100_000;
        "null", aclprofModelSubscribe(model, null()) => 100_000;
        "destroyed", aclprofModelSubscribe(model, gone) => 100_000;
        "no such model", aclprofModelSubscribe(99_999, good) => 145_003;
        "no such model", aclprofModelUnSubscribe(99_999) => 145_003;
        "never subscribed", aclprofModelUnSubscribe(model) => 100_000;
    }
    rows.retain(|(_, code, wanted)| code != wanted);
    assert_eq!(rows, []);
    let mut size = 0;
    ok!(aclprofGetOpDescSize(&raw mut size));
    assert!(size > 0);
    let mut file = 1_i32;
    let file: *mut c_void = (&raw mut file).cast();
    for (switch, metrics, file) in [
        (2, Metrics::ACL_AICORE_NONE, file),
        (-1, Metrics::ACL_AICORE_NONE, file),
        (1, Metrics(99), file),
        (1, Metrics::ACL_AICORE_NONE, null_mut()),
    ] {
        assert!(call!(aclprofCreateSubscribeConfig(switch, metrics, file)).is_null());
    }
    call!(aclprofDestroyStamp(stamp));
    ok!(aclmdlUnload(model));
    ok!(aclprofDestroySubscribeConfig(good));
    messages();
}
