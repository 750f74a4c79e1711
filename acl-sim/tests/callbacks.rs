//! Callbacks: what may not be done inside one, who may run them, and threads that end.
//!
//! Findings and the limit of threads are the process's, so the tests take turns.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::c_void;
use std::process::Command;
use std::ptr::null_mut;
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use acl_sys::{aclrtCallbackBlockType, aclrtMemMallocPolicy};
use call::{Sent, event, malloc, messages, start, stream};

const BLOCK: aclrtCallbackBlockType = aclrtCallbackBlockType::ACL_CALLBACK_BLOCK;
const NO_BLOCK: aclrtCallbackBlockType = aclrtCallbackBlockType::ACL_CALLBACK_NO_BLOCK;

fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    start();
    turn
}

type Job = Box<dyn FnOnce()>;

unsafe extern "C" fn run(data: *mut c_void) {
    // SAFETY: `launch` gave this pointer to a boxed job, for this one call.
    let job = unsafe { Box::from_raw(data.cast::<Job>()) };
    job();
}

unsafe extern "C" fn never(_: *mut c_void) {
    std::process::abort();
}

fn launch(stream: *mut c_void, kind: aclrtCallbackBlockType, job: impl FnOnce() + 'static) {
    let job: Box<Job> = Box::new(Box::new(job));
    ok!(aclrtLaunchCallback(
        Some(run),
        Box::into_raw(job).cast(),
        kind,
        stream
    ));
}

fn here() -> u64 {
    // SAFETY: it has no precondition.
    unsafe { libc::pthread_self() }
}

/// Runs a job inside a callback of a stream, on this thread, and returns what it returns.
fn inside<R: 'static>(
    stream: *mut c_void,
    kind: aclrtCallbackBlockType,
    job: impl FnOnce() -> R + 'static,
) -> R {
    let (tell, told) = channel();
    ok!(aclrtSubscribeReport(here(), stream));
    launch(stream, kind, move || tell.send(job()).unwrap());
    ok!(aclrtProcessReport(-1));
    // The job may have ended the stream, and the subscription with it.
    call!(aclrtUnSubscribeReport(here(), stream));
    messages();
    told.recv().unwrap()
}

fn findings() -> Vec<String> {
    let found = ascendcl::findings().into_iter();
    found
        .filter(|found| found.kind == "in_callback")
        .map(|found| found.text)
        .collect()
}

#[test]
fn a_synchronisation_with_the_stream_of_a_blocking_callback_fails_at_once() {
    let _turn = alone();
    let stream = stream();
    let codes = inside(stream, BLOCK, move || {
        let codes = [
            call!(aclrtSynchronizeStream(stream)),
            call!(aclrtSynchronizeDevice()),
            call!(aclrtSynchronizeStreamWithTimeout(stream, 1)),
        ];
        assert!(messages().contains("outside of callbacks"));
        codes
    });
    assert_eq!(codes, [107_003, 107_003, 507_046]);
    ok!(aclrtSynchronizeStream(stream));
    ok!(aclrtDestroyStream(stream));
    let found = findings();
    let of_it = |text: &String| text.contains("aclrtSynchronizeStream inside a callback");
    assert!(found.iter().any(of_it), "{found:?}");
}

#[test]
fn a_callback_that_does_not_block_may_wait_for_its_stream_and_any_for_another() {
    let _turn = alone();
    let (own, other, memory) = (stream(), stream(), malloc(64));
    let codes = inside(own, NO_BLOCK, move || {
        ok!(aclrtMemsetAsync(memory, 64, 3, 64, own));
        call!(aclrtSynchronizeStream(own))
    });
    assert_eq!(codes, 0);
    let codes = inside(own, BLOCK, move || {
        ok!(aclrtMemsetAsync(memory, 64, 4, 64, other));
        call!(aclrtSynchronizeStream(other))
    });
    assert_eq!(codes, 0);
    assert_eq!(call::download(memory, 64), [4; 64]);
    ok!(aclrtDestroyStream(own));
    ok!(aclrtDestroyStream(other));
    ok!(aclrtFree(memory));
}

#[test]
fn a_wait_that_reaches_the_callback_through_events_or_other_callbacks_fails_too() {
    let _turn = alone();
    let (own, far, next, mark) = (stream(), stream(), stream(), event());
    // `far` waits for an event of `own`, which this callback holds.
    let codes = inside(own, BLOCK, move || {
        ok!(aclrtRecordEvent(mark, own));
        ok!(aclrtStreamWaitEvent(far, mark));
        [
            call!(aclrtSynchronizeStream(far)),
            call!(aclrtSynchronizeEvent(mark)),
        ]
    });
    assert_eq!(codes, [107_003; 2]);
    ok!(aclrtSynchronizeStream(far));
    // `next` waits for a callback that this thread would run, were it not inside another.
    ok!(aclrtSubscribeReport(here(), next));
    let code = inside(own, NO_BLOCK, move || {
        launch(next, BLOCK, || ());
        call!(aclrtSynchronizeStream(next))
    });
    assert_eq!(code, 107_003);
    ok!(aclrtProcessReport(-1));
    ok!(aclrtSynchronizeStream(next));
    ok!(aclrtUnSubscribeReport(here(), next));
    for stream in [own, far, next] {
        ok!(aclrtDestroyStream(stream));
    }
    ok!(aclrtDestroyEvent(mark));
}

#[test]
fn the_next_callback_cannot_be_asked_for_inside_one() {
    let _turn = alone();
    let stream = stream();
    assert_eq!(
        inside(stream, BLOCK, || call!(aclrtProcessReport(-1))),
        107_012
    );
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn streams_and_contexts_end_inside_their_own_callbacks() {
    let _turn = alone();
    let (own, memory) = (stream(), malloc(64));
    call::upload(memory, &[0; 64]);
    let code = inside(own, BLOCK, move || {
        ok!(aclrtMemsetAsync(memory, 64, 3, 64, own));
        call!(aclrtDestroyStream(own))
    });
    assert_eq!(code, 0);
    assert_eq!(
        call::download(memory, 64),
        [0; 64],
        "what had not begun is dropped"
    );
    assert_eq!(call!(aclrtSynchronizeStream(own)), 107_003);
    let mut context = null_mut();
    ok!(aclrtCreateContext(&raw mut context, 0));
    let own = stream();
    let code = inside(own, BLOCK, move || call!(aclrtDestroyContext(context)));
    assert_eq!(code, 0);
    ok!(aclrtSetDevice(0));
    ok!(aclrtResetDevice(0));
    ok!(aclrtFree(memory));
}

#[test]
fn allocations_and_launches_inside_a_callback_work_and_are_told() {
    let _turn = alone();
    let stream = stream();
    inside(stream, NO_BLOCK, move || {
        let mut memory = null_mut();
        let policy = aclrtMemMallocPolicy::ACL_MEM_MALLOC_HUGE_FIRST;
        ok!(aclrtMalloc(&raw mut memory, 64, policy));
        ok!(aclrtMemsetAsync(memory, 64, 3, 64, stream));
    });
    let found = findings();
    for name in ["aclrtMalloc ", "aclrtMemsetAsync "] {
        let of_it = |text: &String| text.starts_with(name);
        assert!(found.iter().any(of_it), "{name}: {found:?}");
    }
    let outside = |text: &String| text.starts_with("aclrtCreateStream ");
    assert!(!found.iter().any(outside), "{found:?}");
    ok!(aclrtSynchronizeStream(stream));
    ok!(aclrtDestroyStream(stream));
}

/// A thread that has called the library, and its number; it ends when the sender is dropped.
fn caller() -> (u64, std::sync::mpsc::Sender<()>, thread::JoinHandle<()>) {
    let (name, named) = channel();
    let (go, gone) = channel::<()>();
    let thread = thread::spawn(move || {
        ok!(aclrtSetDevice(0));
        name.send(here()).unwrap();
        let _ = gone.recv();
        ok!(aclrtResetDevice(0));
    });
    (named.recv().unwrap(), go, thread)
}

#[test]
fn a_thread_that_ends_lets_go_the_streams_that_wait_for_its_callbacks() {
    let _turn = alone();
    let stream = stream();
    let (id, go, thread) = caller();
    ok!(aclrtSubscribeReport(id, stream));
    ok!(aclrtLaunchCallback(Some(never), null_mut(), BLOCK, stream));
    assert_eq!(call!(aclrtSynchronizeStreamWithTimeout(stream, 1)), 507_046);
    drop(go);
    thread.join().unwrap();
    ok!(aclrtSynchronizeStream(stream));
    let lost = ascendcl::findings()
        .iter()
        .any(|found| found.kind == "lost_callback");
    assert!(lost);
    assert_eq!(
        call!(aclrtLaunchCallback(Some(never), null_mut(), BLOCK, stream)),
        107_015
    );
    assert!(messages().contains("has ended"));
    ok!(aclrtUnSubscribeReport(id, stream));
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn a_stream_that_is_destroyed_gives_up_on_callbacks_that_nobody_can_run() {
    let _turn = alone();
    // For this thread, which destroys; for a number that is no thread's. Neither takes the ten
    // seconds that a living thread is given, and both together take far less.
    let begun = std::time::Instant::now();
    for thread in [here(), 7] {
        let stream = stream();
        ok!(aclrtSubscribeReport(thread, stream));
        ok!(aclrtLaunchCallback(Some(never), null_mut(), BLOCK, stream));
        ok!(aclrtDestroyStream(stream));
    }
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
}

#[test]
fn a_stream_that_is_destroyed_waits_for_a_callback_of_a_thread_that_asks_late() {
    let _turn = alone();
    let stream = stream();
    let (name, named) = channel();
    let (go, gone) = channel::<()>();
    let (ran, has_run) = channel();
    let thread = thread::spawn(move || {
        ok!(aclrtSetDevice(0));
        name.send(here()).unwrap();
        gone.recv().unwrap();
        ok!(aclrtProcessReport(-1));
        ok!(aclrtResetDevice(0));
    });
    ok!(aclrtSubscribeReport(named.recv().unwrap(), stream));
    launch(stream, BLOCK, move || ran.send(()).unwrap());
    let sent = Sent::new(stream);
    let destroyer = thread::spawn(move || {
        ok!(aclrtSetDevice(0));
        ok!(aclrtDestroyStream(sent.get()));
        ok!(aclrtResetDevice(0));
    });
    go.send(()).unwrap();
    destroyer.join().unwrap();
    has_run.try_recv().unwrap();
    thread.join().unwrap();
}

const CHILD: &str = "ACL_SIM_TEST_TWO_CHIPS";

/// Runs a test again in a process that has two chips; true in that process.
fn has_two_chips(name: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        start();
        return true;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, "1")
        .env("ACL_SIM_PROFILE", "300i-duo")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("1 passed"), "the child ran it: {told}");
    false
}

#[test]
fn no_more_than_1024_threads_subscribe() {
    if !has_two_chips("no_more_than_1024_threads_subscribe") {
        return;
    }
    // All streams that one device has, the default one included.
    ok!(aclrtSubscribeReport(1, null_mut()));
    for thread in 2..=1024 {
        ok!(aclrtSubscribeReport(thread, stream()));
    }
    ok!(aclrtSetDevice(1));
    assert_eq!(call!(aclrtSubscribeReport(1025, null_mut())), 207_012);
    ok!(aclrtSetDevice(0));
    ok!(aclrtUnSubscribeReport(1, null_mut()));
    ok!(aclrtSetDevice(1));
    ok!(aclrtSubscribeReport(1025, null_mut()));
    ok!(aclFinalize());
}

#[test]
fn one_thread_serves_streams_of_one_device() {
    if !has_two_chips("one_thread_serves_streams_of_one_device") {
        return;
    }
    let (a, b) = (stream(), stream());
    ok!(aclrtSubscribeReport(7, a));
    ok!(aclrtSubscribeReport(7, b));
    ok!(aclrtSetDevice(1));
    let c = stream();
    assert_eq!(call!(aclrtSubscribeReport(7, c)), 107_012);
    assert!(messages().contains("device 0"));
    ok!(aclrtSubscribeReport(8, c));
    ok!(aclrtUnSubscribeReport(8, c));
    ok!(aclrtSetDevice(0));
    ok!(aclrtUnSubscribeReport(7, a));
    ok!(aclrtUnSubscribeReport(7, b));
    ok!(aclrtSetDevice(1));
    ok!(aclrtSubscribeReport(7, c));
    ok!(aclFinalize());
}
