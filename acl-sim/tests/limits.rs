//! Limits of a device, events by their flags, contexts that end under others, and the end of the
//! process's use while other threads are inside calls.
//!
//! These tests change what the whole process has, so they take turns.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::c_void;
use std::process::Command;
use std::ptr::{null, null_mut};
use std::sync::mpsc::channel;
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;

use acl_sys::{ACL_EVENT_SYNC, ACL_EVENT_TIME_LINE, aclrtCallbackBlockType};
use call::{Sent, event, malloc, messages, stream};

/// Begins a test: alone, initialised, and with device 0.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // A test that failed may have left it initialised.
    let _ = call!(aclFinalize());
    messages();
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    turn
}

fn context(device: i32) -> *mut c_void {
    let mut context = null_mut();
    ok!(aclrtCreateContext(&raw mut context, device));
    context
}

fn flagged(flag: u32) -> *mut c_void {
    let mut event = null_mut();
    ok!(aclrtCreateEventWithFlag(&raw mut event, flag));
    event
}

#[test]
fn a_device_has_1024_streams_with_those_of_its_contexts() {
    let _turn = alone();
    let explicit = context(0);
    let mut streams: Vec<_> = (0..1022).map(|_| stream()).collect();
    let mut more = null_mut();
    assert_eq!(call!(aclrtCreateStream(&raw mut more)), 207_008);
    assert_eq!(
        call!(aclrtCreateStreamWithConfig(&raw mut more, 0, 1)),
        207_008
    );
    assert_eq!(call!(aclrtCreateContext(&raw mut more, 0)), 207_008);
    assert!(more.is_null(), "nothing was written");
    ok!(aclrtDestroyStream(streams.pop().unwrap()));
    streams.push(stream());
    ok!(aclrtDestroyContext(explicit));
    ok!(aclrtSetDevice(0));
    // They went with their context.
    ok!(aclrtDestroyStream(stream()));
    ok!(aclFinalize());
}

#[test]
fn a_device_has_1023_events() {
    let _turn = alone();
    let events: Vec<_> = (0..1023).map(|_| event()).collect();
    let mut more = null_mut();
    assert_eq!(call!(aclrtCreateEvent(&raw mut more)), 207_007);
    assert_eq!(
        call!(aclrtCreateEventWithFlag(&raw mut more, ACL_EVENT_SYNC)),
        207_007
    );
    ok!(aclrtDestroyEvent(events[500]));
    let last = event();
    assert_eq!(call!(aclrtCreateEvent(&raw mut more)), 207_007);
    ok!(aclrtDestroyEvent(last));
    for (i, event) in events.into_iter().enumerate() {
        assert_eq!(
            call!(aclrtDestroyEvent(event)),
            if i == 500 { 107_000 } else { 0 }
        );
    }
    ok!(aclFinalize());
}

const CHILD: &str = "ACL_SIM_TEST_TWO_CHIPS";

#[test]
fn two_devices_have_limits_and_contexts_of_their_own() {
    if std::env::var_os(CHILD).is_none() {
        let name = "two_devices_have_limits_and_contexts_of_their_own";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env(CHILD, "1")
            .env("ACL_SIM_PROFILE", "300i-duo")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let _turn = alone();
    let first = stream();
    for _ in 0..1023 {
        event();
    }
    let mut more = null_mut();
    assert_eq!(call!(aclrtCreateEvent(&raw mut more)), 207_007);
    ok!(aclrtSetDevice(1));
    let mut id = 7;
    ok!(aclrtGetDevice(&raw mut id));
    assert_eq!(id, 1, "setting another device switches the thread");
    ok!(aclrtDestroyEvent(event()));
    assert_eq!(
        call!(aclrtSynchronizeStream(first)),
        107_003,
        "the stream of the other device"
    );
    let of_second = stream();
    let explicit = context(0);
    ok!(aclrtGetDevice(&raw mut id));
    assert_eq!(id, 0, "a new context switches the device too");
    ok!(aclrtDestroyContext(explicit));
    ok!(aclrtSetDevice(0));
    ok!(aclrtSynchronizeStream(first));
    // The second device goes; the first stays.
    ok!(aclrtResetDevice(1));
    assert_eq!(call!(aclrtResetDevice(1)), 107_001);
    ok!(aclrtSynchronizeStream(first));
    ok!(aclrtSetDevice(1));
    assert_eq!(
        call!(aclrtSynchronizeStream(of_second)),
        107_003,
        "it ended with the device's context"
    );
    ok!(aclFinalize());
}

#[test]
fn the_context_of_a_device_that_was_reset_is_dead_on_all_threads() {
    let _turn = alone();
    let mut default = null_mut();
    ok!(aclrtGetCurrentContext(&raw mut default));
    for _ in 0..4 {
        ok!(aclrtSetDevice(0));
    }
    let (sent, barrier) = (Sent::new(default), Barrier::new(2));
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            ok!(aclrtSetCurrentContext(sent.get()));
            barrier.wait();
            barrier.wait();
            let mut out = null_mut();
            let codes = [
                call!(aclrtGetCurrentContext(&raw mut out)),
                call!(aclrtCreateStream(&raw mut out)),
                call!(aclrtCreateEvent(&raw mut out)),
                call!(aclrtSynchronizeDevice()),
                call!(aclrtSynchronizeStream(null_mut())),
            ];
            assert_eq!(codes, [107_002; 5]);
            assert_eq!(call!(aclrtSetCurrentContext(sent.get())), 107_000);
        });
        barrier.wait();
        for _ in 0..5 {
            ok!(aclrtResetDevice(0));
        }
        barrier.wait();
        other.join().unwrap();
    });
    assert_eq!(call!(aclrtResetDevice(0)), 107_001);
    ok!(aclFinalize());
}

#[test]
fn a_context_that_is_current_on_other_threads_can_be_destroyed() {
    let _turn = alone();
    let explicit = Sent::new(context(0));
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            ok!(aclrtSetCurrentContext(explicit.get()));
            let own = stream();
            barrier.wait();
            barrier.wait();
            assert_eq!(call!(aclrtSynchronizeStream(own)), 107_002);
            ok!(aclrtSetDevice(0));
            assert_eq!(call!(aclrtSynchronizeStream(own)), 107_003);
            ok!(aclrtResetDevice(0));
        });
        barrier.wait();
        ok!(aclrtDestroyContext(explicit.get()));
        barrier.wait();
        other.join().unwrap();
    });
    assert_eq!(call!(aclrtDestroyContext(explicit.get())), 107_000);
    ok!(aclFinalize());
}

#[test]
fn streams_wait_for_and_reset_only_events_that_were_made_for_it() {
    let _turn = alone();
    let stream = stream();
    let mut ms = 0.0_f32;
    for (flag, synchronises, timed) in [
        (ACL_EVENT_SYNC, true, false),
        (ACL_EVENT_TIME_LINE, false, true),
        (ACL_EVENT_SYNC | ACL_EVENT_TIME_LINE, true, true),
        (2, false, false),
    ] {
        let event = flagged(flag);
        let wanted = if synchronises { 0 } else { 107_000 };
        ok!(aclrtRecordEvent(event, stream));
        ok!(aclrtSynchronizeStream(stream));
        let code = call!(aclrtEventElapsedTime(&raw mut ms, event, event));
        assert_eq!(code, if timed { 0 } else { 107_006 }, "{flag}");
        assert_eq!(call!(aclrtStreamWaitEvent(stream, event)), wanted, "{flag}");
        assert_eq!(call!(aclrtResetEvent(event, stream)), wanted, "{flag}");
        ok!(aclrtSynchronizeStream(stream));
        ok!(aclrtDestroyEvent(event));
    }
    ok!(aclrtDestroyStream(stream));
    ok!(aclFinalize());
}

#[test]
fn streams_are_made_with_any_flag() {
    let _turn = alone();
    for (priority, flag) in [
        (0, 0),
        (7, 1),
        (0, 2),
        (0, 3),
        (0, 4),
        (0, 0x20),
        (0, 1 << 30),
    ] {
        let mut stream = null_mut();
        ok!(aclrtCreateStreamWithConfig(&raw mut stream, priority, flag));
        ok!(aclrtSynchronizeStream(stream));
        ok!(aclrtDestroyStream(stream));
    }
    assert_eq!(
        call!(aclrtCreateStreamWithConfig(null_mut(), 0, 0)),
        100_000
    );
    ok!(aclFinalize());
}

unsafe extern "C" fn never(_: *mut c_void) {
    std::process::abort();
}

#[test]
fn finalize_lets_go_threads_that_wait_in_synchronise_and_for_callbacks() {
    let _turn = alone();
    let (held, mark) = (Sent::new(stream()), Sent::new(event()));
    let default = {
        let mut context = null_mut();
        ok!(aclrtGetCurrentContext(&raw mut context));
        Sent::new(context)
    };
    // A stream that waits for a callback for a thread that never was.
    ok!(aclrtSubscribeReport(7, held.get()));
    let block = aclrtCallbackBlockType::ACL_CALLBACK_BLOCK;
    ok!(aclrtLaunchCallback(
        Some(never),
        null_mut(),
        block,
        held.get()
    ));
    ok!(aclrtRecordEvent(mark.get(), held.get()));
    let (ready, wait_ready) = channel();
    let spawn = |wait: fn(Sent, Sent) -> i32| {
        let ready = ready.clone();
        thread::spawn(move || {
            ok!(aclrtSetCurrentContext(default.get()));
            // SAFETY: it has no precondition.
            ready.send(unsafe { libc::pthread_self() }).unwrap();
            wait(held, mark)
        })
    };
    // Whether a thread waits by the time of aclFinalize or calls after it, it comes back.
    let waits = [
        spawn(|held, _| call!(aclrtSynchronizeStream(held.get()))),
        spawn(|_, mark| call!(aclrtSynchronizeEvent(mark.get()))),
        spawn(|_, _| call!(aclrtSynchronizeDevice())),
        spawn(|held, _| call!(aclrtDestroyStream(held.get()))),
    ];
    let reporter = spawn(|_, _| {
        // Waits for its subscription first, or for the end of everything.
        loop {
            match call!(aclrtProcessReport(-1)) {
                107_012 if call!(aclrtSynchronizeStream(null_mut())) == 0 => thread::yield_now(),
                code => return code,
            }
        }
    });
    for _ in 0..5 {
        wait_ready.recv().unwrap();
    }
    ok!(aclFinalize());
    for wait in waits {
        let code = wait.join().unwrap();
        assert!([0, 107_000, 107_002, 107_003].contains(&code), "{code}");
    }
    assert_eq!(reporter.join().unwrap(), 107_012);
}

#[test]
fn threads_that_call_while_the_process_is_finalized_get_codes() {
    let _turn = alone();
    for round in 0..20 {
        let barrier = Barrier::new(5);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    barrier.wait();
                    for _ in 0..50 {
                        let mut out = null_mut();
                        let mut codes = vec![call!(aclrtSetDevice(0))];
                        codes.push(call!(aclrtCreateStream(&raw mut out)));
                        if codes[1] == 0 {
                            codes.push(call!(aclrtSynchronizeStream(out)));
                            codes.push(call!(aclrtDestroyStream(out)));
                        }
                        codes.push(call!(aclrtCreateContext(&raw mut out, 0)));
                        for code in codes {
                            let known = [0, 100_001, 107_002, 107_003];
                            assert!(known.contains(&code), "{code}: {}", messages());
                        }
                    }
                });
            }
            barrier.wait();
            let code = call!(aclFinalize());
            assert_eq!(code, 0, "round {round}");
        });
        // Nothing came to life after the end.
        ok!(aclInit(null()));
        assert_eq!(call!(aclrtResetDevice(0)), 107_001, "round {round}");
        ok!(aclrtSetDevice(0));
    }
    ok!(aclFinalize());
}

/// What a child does that ends while threads of its are inside calls.
fn child(how: &str) {
    ok!(aclInit(null()));
    ok!(aclrtSetDevice(0));
    let (held, memory) = (Sent::new(stream()), Sent::new(malloc(1 << 20)));
    ok!(aclrtSubscribeReport(7, held.get()));
    let block = aclrtCallbackBlockType::ACL_CALLBACK_BLOCK;
    ok!(aclrtLaunchCallback(
        Some(never),
        null_mut(),
        block,
        held.get()
    ));
    let (ready, wait_ready) = channel();
    for waits in [true, false] {
        let ready = ready.clone();
        thread::spawn(move || {
            ok!(aclrtSetDevice(0));
            ready.send(()).unwrap();
            if waits {
                call!(aclrtSynchronizeStream(held.get()));
            }
            loop {
                call!(aclrtMemset(memory.get(), 1 << 20, 1, 1 << 20));
            }
        });
    }
    wait_ready.recv().unwrap();
    wait_ready.recv().unwrap();
    match how {
        "exit" => std::process::exit(17),
        // SAFETY: it ends the process at once.
        "_exit" => unsafe { libc::_exit(17) },
        "finalize" => {
            ok!(aclFinalize());
            std::process::exit(17);
        }
        "fork" => {
            // SAFETY: the child of the child only calls functions that answer at once.
            let forked = unsafe { libc::fork() };
            if forked == 0 {
                let good = [
                    call!(aclrtSynchronizeStream(held.get())),
                    call!(aclrtFree(memory.get())),
                    call!(aclInit(null())),
                    call!(aclFinalize()),
                ] == [500_000; 4];
                // By the ordinary way, exit handlers included.
                std::process::exit(if good { 16 } else { 1 });
            }
            let mut status = 0;
            // SAFETY: the child is this process's own, and the pointer is to a variable that lives.
            unsafe { libc::waitpid(forked, &raw mut status, 0) };
            std::process::exit(libc::WEXITSTATUS(status) + 1);
        }
        _ => unreachable!(),
    }
}

const HOW: &str = "ACL_SIM_TEST_HOW";

#[test]
fn a_process_ends_while_its_threads_are_inside_calls() {
    if let Ok(how) = std::env::var(HOW) {
        child(&how);
    }
    for how in ["exit", "_exit", "finalize", "fork"] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "a_process_ends_while_its_threads_are_inside_calls",
            ])
            .env(HOW, how)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(17), "{how}: {output:?}");
    }
}
