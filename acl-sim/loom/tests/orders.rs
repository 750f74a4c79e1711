//! The queue of a stream, and the counting of devices, under every order of their threads.
//!
//! Not a part of the workspace. By hand and in CI:
//!
//! ```sh
//! cargo test --release --manifest-path acl-sim/loom/Cargo.toml --target-dir target/loom
//! ```
#![allow(clippy::unwrap_used, missing_docs)]

/// What the sources under test lock with.
mod sync {
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
}

#[allow(dead_code)]
#[path = "../../src/machine/life.rs"]
mod life;
#[allow(dead_code)]
#[path = "../../src/machine/queue.rs"]
mod queue;

use std::collections::BTreeSet;

use life::{Life, Reset};
use loom::sync::{Arc, Mutex};
use loom::thread;
use queue::{Queue, Refused, Waited};

type Stream = Queue<u32, u32>;

fn put(queue: &Stream, item: u32) -> Result<(), Refused<u32>> {
    queue.push(item, || Ok(()))
}

/// Takes items until there are no more; item 13 fails with 7.
fn serve(queue: &Stream, seen: &Mutex<Vec<u32>>) {
    while let Some(item) = queue.next() {
        seen.lock().unwrap().push(item);
        queue.finish(if item == 13 { Err(7) } else { Ok(()) });
    }
}

/// A queue, what was seen of it, and the thread that serves it.
fn served() -> (Arc<Stream>, Arc<Mutex<Vec<u32>>>, thread::JoinHandle<()>) {
    let queue = Arc::new(Stream::new());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let worker = {
        let (queue, seen) = (Arc::clone(&queue), Arc::clone(&seen));
        thread::spawn(move || serve(&queue, &seen))
    };
    (queue, seen, worker)
}

#[test]
fn a_wait_returns_when_all_that_was_queued_before_is_done_and_in_order() {
    loom::model(|| {
        let (queue, seen, worker) = served();
        put(&queue, 1).unwrap();
        put(&queue, 2).unwrap();
        assert_eq!(queue.wait(None), Ok(Waited::Done));
        assert_eq!(*seen.lock().unwrap(), [1, 2]);
        queue.close();
        worker.join().unwrap();
    });
}

#[test]
fn two_waits_and_a_third_thread_that_queues_all_come_back() {
    loom::model(|| {
        let (queue, seen, worker) = served();
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                put(&queue, 5).unwrap();
                queue.wait(None).unwrap();
            })
        };
        queue.wait(None).unwrap();
        other.join().unwrap();
        assert_eq!(*seen.lock().unwrap(), [5]);
        queue.close();
        worker.join().unwrap();
    });
}

#[test]
fn a_failure_is_told_to_one_wait() {
    loom::model(|| {
        let (queue, _, worker) = served();
        put(&queue, 13).unwrap();
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.wait(None).is_err())
        };
        let here = queue.wait(None).is_err();
        assert_ne!(here, other.join().unwrap(), "told once, to either");
        queue.close();
        worker.join().unwrap();
    });
}

#[test]
fn what_is_dropped_counts_as_done_and_nothing_is_taken_afterwards() {
    loom::model(|| {
        let (queue, seen, worker) = served();
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let taken = put(&queue, 1);
                assert!(matches!(taken, Ok(()) | Err(Refused::Ended)));
                // Comes back, whether the item was carried out, dropped or refused.
                queue.wait(None).unwrap();
            })
        };
        queue.discard();
        assert_eq!(put(&queue, 2), Err(Refused::Ended));
        other.join().unwrap();
        worker.join().unwrap();
        assert!(seen.lock().unwrap().len() <= 1);
    });
}

#[test]
fn a_queue_that_stops_tells_the_failure_for_what_it_dropped() {
    loom::model(|| {
        let (queue, seen, worker) = served();
        put(&queue, 1).unwrap();
        queue.stop(&9);
        assert_eq!(put(&queue, 2), Err(Refused::Stopped(9)));
        // It was done before the stop, or dropped by it; never neither, never both.
        let told = queue.wait(None);
        let ran = seen.lock().unwrap().len() == 1;
        assert_eq!(told, if ran { Ok(Waited::Done) } else { Err(9) });
        queue.close();
        worker.join().unwrap();
    });
}

/// A process: its life, and the contexts that live. As in `machine::process`, a context is made
/// under the lock of the life, and ended after it.
struct Process {
    life: Mutex<Life<u32>>,
    contexts: Mutex<BTreeSet<u32>>,
    made: Mutex<u32>,
}

impl Process {
    fn initialised() -> Arc<Self> {
        let mut life = Life::new();
        life.initialised = true;
        Arc::new(Self {
            life: Mutex::new(life),
            contexts: Mutex::new(BTreeSet::new()),
            made: Mutex::new(0),
        })
    }

    fn set(&self) -> bool {
        let set = self.life.lock().unwrap().set(0, || {
            let mut made = self.made.lock().unwrap();
            *made += 1;
            assert!(self.contexts.lock().unwrap().insert(*made));
            *made
        });
        set.is_some()
    }

    /// Says whether this reset was the last.
    fn reset(&self) -> Option<bool> {
        let reset = self.life.lock().unwrap().reset(0, true);
        match reset {
            Reset::NotSet => None,
            Reset::Shared => Some(false),
            Reset::Last(context) => {
                self.contexts.lock().unwrap().remove(&context);
                Some(true)
            }
        }
    }

    fn finalize(&self) -> bool {
        let ended = self.life.lock().unwrap().end();
        let Some(_devices) = ended else { return false };
        self.contexts.lock().unwrap().clear();
        true
    }
}

#[test]
fn a_device_that_is_set_and_reset_by_two_threads_ends_with_the_last() {
    loom::model(|| {
        let process = Process::initialised();
        let other = {
            let process = Arc::clone(&process);
            thread::spawn(move || {
                assert!(process.set());
                process.reset()
            })
        };
        assert!(process.set());
        let here = process.reset();
        let there = other.join().unwrap();
        assert!(
            here == Some(true) || there == Some(true),
            "one was the last"
        );
        assert!(process.contexts.lock().unwrap().is_empty());
        assert_eq!(process.reset(), None);
    });
}

#[test]
fn nothing_lives_after_the_end_whoever_sets_devices_meanwhile() {
    loom::model(|| {
        let process = Process::initialised();
        let other = {
            let process = Arc::clone(&process);
            thread::spawn(move || {
                process.set();
                process.reset();
                process.set();
            })
        };
        assert!(process.finalize());
        other.join().unwrap();
        assert!(process.contexts.lock().unwrap().is_empty());
        assert!(process.life.lock().unwrap().devices.is_empty());
        assert!(!process.finalize(), "once is all");
    });
}
