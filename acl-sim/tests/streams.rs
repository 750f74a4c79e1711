//! Streams, events and callbacks. What must wait is held by a callback that a test lets go.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use acl_sys::{
    aclrtCallbackBlockType, aclrtEventRecordedStatus, aclrtEventStatus, aclrtEventWaitStatus,
};
use call::{Sent, download, event, malloc, messages, start, stream, upload};

const BLOCK: aclrtCallbackBlockType = aclrtCallbackBlockType::ACL_CALLBACK_BLOCK;
const NO_BLOCK: aclrtCallbackBlockType = aclrtCallbackBlockType::ACL_CALLBACK_NO_BLOCK;

/// Longer than any test takes: it ends a test that would hang.
const LONG: Duration = Duration::from_secs(60);

type Job = Box<dyn FnOnce() + Send>;

unsafe extern "C" fn run(data: *mut c_void) {
    // SAFETY: `launch` gave this pointer to a boxed job, for this one call.
    let job = unsafe { Box::from_raw(data.cast::<Job>()) };
    job();
}

fn launch(stream: *mut c_void, kind: aclrtCallbackBlockType, job: impl FnOnce() + Send + 'static) {
    let job: Box<Job> = Box::new(Box::new(job));
    ok!(aclrtLaunchCallback(
        Some(run),
        Box::into_raw(job).cast(),
        kind,
        stream
    ));
}

/// A thread that runs the callbacks of the streams that subscribed to it, when asked.
struct Processor {
    id: u64,
    ask: Option<Sender<i32>>,
    codes: Receiver<i32>,
    thread: Option<JoinHandle<()>>,
}

impl Processor {
    fn new() -> Self {
        let (ask, asked) = channel();
        let (answer, codes) = channel();
        let (name, named) = channel();
        let thread = thread::spawn(move || {
            start();
            // SAFETY: it has no precondition.
            name.send(unsafe { libc::pthread_self() }).unwrap();
            for timeout in asked {
                if answer.send(call!(aclrtProcessReport(timeout))).is_err() {
                    return;
                }
            }
        });
        Self {
            id: named.recv().unwrap(),
            ask: Some(ask),
            codes,
            thread: Some(thread),
        }
    }

    /// Asks the thread to process one callback.
    fn ask(&self, timeout: i32) {
        self.ask.as_ref().unwrap().send(timeout).unwrap();
    }

    fn code(&self) -> i32 {
        self.codes.recv_timeout(LONG).unwrap()
    }
}

impl Drop for Processor {
    fn drop(&mut self) {
        self.ask = None;
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking());
    }
}

/// Holds a stream until it is opened.
struct Gate {
    open: Sender<()>,
    processor: Processor,
    stream: *mut c_void,
}

impl Gate {
    fn new(stream: *mut c_void) -> Self {
        let processor = Processor::new();
        ok!(aclrtSubscribeReport(processor.id, stream));
        let (open, opened) = channel();
        let (begin, begun) = channel();
        launch(stream, BLOCK, move || {
            begin.send(()).unwrap();
            // A test that fails drops the other end, and its stream goes on.
            let _ = opened.recv_timeout(LONG);
        });
        processor.ask(-1);
        begun.recv_timeout(LONG).unwrap();
        Self {
            open,
            processor,
            stream,
        }
    }

    fn open(self) {
        self.open.send(()).unwrap();
        assert_eq!(self.processor.code(), 0);
        ok!(aclrtUnSubscribeReport(self.processor.id, self.stream));
    }
}

fn states(event: *mut c_void) -> [u32; 3] {
    let (mut old, mut recorded, mut wait) = (
        aclrtEventStatus(9),
        aclrtEventRecordedStatus(9),
        aclrtEventWaitStatus(9),
    );
    ok!(aclrtQueryEvent(event, &raw mut old));
    ok!(aclrtQueryEventStatus(event, &raw mut recorded));
    ok!(aclrtQueryEventWaitStatus(event, &raw mut wait));
    [
        u32::from(old == aclrtEventStatus::ACL_EVENT_STATUS_COMPLETE),
        u32::from(recorded == aclrtEventRecordedStatus::ACL_EVENT_RECORDED_STATUS_COMPLETE),
        u32::from(wait == aclrtEventWaitStatus::ACL_EVENT_WAIT_STATUS_COMPLETE),
    ]
}

#[test]
fn a_stream_does_its_work_in_order_and_others_do_not_wait_for_it() {
    start();
    let (held, free) = (stream(), stream());
    let (a, b) = (malloc(64), malloc(64));
    upload(a, &[0; 64]);
    upload(b, &[0; 64]);
    let gate = Gate::new(held);
    for value in 1..=50 {
        ok!(aclrtMemsetAsync(a, 64, value, 64, held));
        ok!(aclrtMemsetAsync(b, 64, value, 64, free));
    }
    ok!(aclrtSynchronizeStream(free));
    assert_eq!(download(b, 64), [50; 64], "the free stream is done");
    assert_eq!(download(a, 64), [0; 64], "the held one has not begun");
    gate.open();
    ok!(aclrtSynchronizeStream(held));
    assert_eq!(download(a, 64), [50; 64], "the last fill is the newest");
    ok!(aclrtDestroyStream(held));
    ok!(aclrtDestroyStream(free));
    ok!(aclrtFree(a));
    ok!(aclrtFree(b));
}

#[test]
fn a_stream_waits_for_the_event_of_another_and_the_queries_tell() {
    start();
    let (first, second, mark) = (stream(), stream(), event());
    let (a, b) = (malloc(64), malloc(64));
    assert_eq!(states(mark), [1, 1, 1], "nothing was recorded");
    let gate = Gate::new(first);
    ok!(aclrtMemsetAsync(a, 64, 7, 64, first));
    ok!(aclrtRecordEvent(mark, first));
    ok!(aclrtStreamWaitEvent(second, mark));
    let d2d = acl_sys::aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_DEVICE;
    ok!(aclrtMemcpyAsync(b, 64, a, 64, d2d, second));
    assert_eq!(states(mark), [0, 0, 0], "the first stream is held");
    assert_eq!(
        call!(aclrtSynchronizeStreamWithTimeout(second, 1)),
        507_046,
        "the second waits for it"
    );
    gate.open();
    ok!(aclrtSynchronizeStream(second));
    assert_eq!(download(b, 64), [7; 64]);
    ok!(aclrtSynchronizeEvent(mark));
    assert_eq!(states(mark), [1, 1, 1]);
    ok!(aclrtDestroyEvent(mark));
    ok!(aclrtDestroyStream(first));
    ok!(aclrtDestroyStream(second));
}

#[test]
fn complete_is_zero_for_two_of_the_queries_and_one_for_the_third() {
    assert_eq!(aclrtEventStatus::ACL_EVENT_STATUS_COMPLETE.0, 0);
    assert_eq!(aclrtEventWaitStatus::ACL_EVENT_WAIT_STATUS_COMPLETE.0, 0);
    let recorded = aclrtEventRecordedStatus::ACL_EVENT_RECORDED_STATUS_COMPLETE;
    assert_eq!(recorded.0, 1);
}

#[test]
fn elapsed_time_wants_both_events_passed_and_in_order() {
    start();
    let (stream, begin, end) = (stream(), event(), event());
    let mut ms = -1.0_f32;
    let codes = [
        call!(aclrtEventElapsedTime(&raw mut ms, begin, end)),
        call!(aclrtEventElapsedTime(&raw mut ms, begin, begin)),
    ];
    assert_eq!(codes, [107_006; 2], "neither was recorded");
    let gate = Gate::new(stream);
    ok!(aclrtRecordEvent(begin, stream));
    ok!(aclrtRecordEvent(end, stream));
    assert_eq!(
        call!(aclrtEventElapsedTime(&raw mut ms, begin, end)),
        107_006,
        "neither was passed"
    );
    gate.open();
    ok!(aclrtSynchronizeStream(stream));
    ok!(aclrtEventElapsedTime(&raw mut ms, begin, end));
    assert!((0.0..60_000.0).contains(&ms), "{ms}");
    ok!(aclrtEventElapsedTime(&raw mut ms, begin, begin));
    assert!(ms.abs() < f32::EPSILON);
    // The clock has moved on between the two: a whole stream synchronisation lies there.
    ok!(aclrtRecordEvent(begin, stream));
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(
        call!(aclrtEventElapsedTime(&raw mut ms, begin, end)),
        107_007
    );
    assert_eq!(
        call!(aclrtEventElapsedTime(null_mut(), begin, end)),
        100_000
    );
    ok!(aclrtDestroyStream(stream));
    ok!(aclrtDestroyEvent(begin));
    ok!(aclrtDestroyEvent(end));
}

#[test]
fn a_synchronisation_with_a_timeout_says_that_the_time_ran_out() {
    start();
    let stream = stream();
    ok!(aclrtSynchronizeStreamWithTimeout(stream, 0));
    let gate = Gate::new(stream);
    assert_eq!(call!(aclrtSynchronizeStreamWithTimeout(stream, 1)), 507_046);
    assert!(messages().contains("1 ms"));
    assert_eq!(
        call!(aclrtSynchronizeStreamWithTimeout(stream, -2)),
        107_000
    );
    gate.open();
    ok!(aclrtSynchronizeStreamWithTimeout(stream, -1));
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn callbacks_run_in_order_on_the_thread_that_subscribed() {
    start();
    let stream = stream();
    let processor = Processor::new();
    ok!(aclrtSubscribeReport(processor.id, stream));
    let (tell, told) = channel();
    // Launched from yet another thread, into the context of this one.
    let (sent, id) = (Sent::new(stream), processor.id);
    let launcher = thread::spawn(move || {
        start();
        for number in 0..10 {
            let tell = tell.clone();
            let kind = if number % 2 == 0 { BLOCK } else { NO_BLOCK };
            launch(sent.get(), kind, move || {
                // SAFETY: it has no precondition.
                let here = unsafe { libc::pthread_self() };
                tell.send((number, here == id)).unwrap();
            });
        }
    });
    for number in 0..10 {
        processor.ask(-1);
        assert_eq!(processor.code(), 0);
        assert_eq!(told.recv_timeout(LONG).unwrap(), (number, true));
    }
    launcher.join().unwrap();
    ok!(aclrtSynchronizeStream(stream));
    ok!(aclrtUnSubscribeReport(processor.id, stream));
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn callbacks_without_a_subscription_or_in_time_give_codes() {
    start();
    let stream = stream();
    let processor = Processor::new();
    processor.ask(1);
    assert_eq!(processor.code(), 107_012, "the thread has not subscribed");
    let launch = |function, kind| call!(aclrtLaunchCallback(function, null_mut(), kind, stream));
    assert_eq!(launch(Some(run), BLOCK), 107_015, "nobody has subscribed");
    ok!(aclrtSubscribeReport(processor.id, stream));
    assert_eq!(call!(aclrtSubscribeReport(1, stream)), 107_011);
    assert_eq!(call!(aclrtUnSubscribeReport(1, stream)), 107_012);
    assert_eq!(launch(None, BLOCK), 100_000);
    assert_eq!(launch(Some(run), aclrtCallbackBlockType(2)), 100_000);
    processor.ask(1);
    assert_eq!(processor.code(), 507_012, "nothing came");
    processor.ask(-5);
    assert_eq!(processor.code(), 107_000, "no such time");
    ok!(aclrtUnSubscribeReport(processor.id, stream));
    processor.ask(1);
    assert_eq!(processor.code(), 107_012);
    assert_eq!(launch(Some(run), NO_BLOCK), 107_015);
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn unsubscribing_lets_go_a_stream_whose_callback_nobody_has_run() {
    start();
    let (stream, processor) = (stream(), Processor::new());
    ok!(aclrtSubscribeReport(processor.id, stream));
    ok!(aclrtLaunchCallback(Some(run), null_mut(), BLOCK, stream));
    ok!(aclrtUnSubscribeReport(processor.id, stream));
    ok!(aclrtSynchronizeStream(stream));
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn destroying_a_stream_waits_for_its_work_and_by_force_drops_it() {
    start();
    let (waits, forced, mark) = (stream(), stream(), event());
    let (a, b) = (malloc(64), malloc(64));
    upload(a, &[0; 64]);
    upload(b, &[0; 64]);
    for value in 1..=200 {
        ok!(aclrtMemsetAsync(a, 64, value, 64, waits));
    }
    ok!(aclrtDestroyStream(waits));
    assert_eq!(download(a, 64), [200; 64]);
    // Held by a callback that nobody runs.
    ok!(aclrtSubscribeReport(1, forced));
    ok!(aclrtLaunchCallback(Some(run), null_mut(), BLOCK, forced));
    ok!(aclrtMemsetAsync(b, 64, 1, 64, forced));
    ok!(aclrtRecordEvent(mark, forced));
    ok!(aclrtDestroyStreamForce(forced));
    assert_eq!(download(b, 64), [0; 64], "the fill was dropped");
    ok!(aclrtSynchronizeEvent(mark));
    assert_eq!(call!(aclrtSynchronizeStream(forced)), 107_003);
    assert_eq!(call!(aclrtDestroyStream(null_mut())), 107_003);
    ok!(aclrtDestroyEvent(mark));
}

#[test]
fn the_device_is_synchronised_with_all_its_streams() {
    start();
    let (one, block) = (stream(), malloc(64));
    ok!(aclrtMemsetAsync(block, 64, 3, 64, one));
    ok!(aclrtMemsetAsync(
        block.wrapping_byte_add(32),
        32,
        4,
        32,
        one
    ));
    // Other tests of this process may hold streams of the device, so only one stream is asked.
    ok!(aclrtSynchronizeStream(one));
    assert_eq!(download(block, 64), [[3; 32], [4; 32]].concat());
    ok!(aclrtMemsetAsync(block, 64, 5, 64, null_mut()));
    ok!(aclrtSynchronizeStream(null_mut()));
    assert_eq!(download(block, 64), [5; 64], "null is the default stream");
    ok!(aclrtSynchronizeDevice());
    ok!(aclrtDestroyStream(one));
}
