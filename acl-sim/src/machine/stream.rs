//! Streams: queues of work, each carried out in order by a thread of its own.
//!
//! The thread starts with the first work and ends with the stream. A failure of queued work is
//! kept and surfaces at the next synchronisation, as on a device.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acl_sys::ACL_ERROR_INTERNAL_ERROR;

use super::device_memory;
use super::event::Event;
use super::failure::{Failure, Result, fail};
use super::handle::Handle;
pub(crate) use super::queue::Waited;
use super::queue::{Queue, Refused};
use super::{exception, process};

/// Queued work.
pub(crate) type Task = Box<dyn FnOnce() -> Result<()> + Send>;

/// A queue of work.
pub(crate) struct Stream {
    pub(crate) context: Handle,
    pub(crate) chip: usize,
    /// Its number, as exceptions name it.
    pub(crate) id: u32,
    queue: Queue<Task, Failure>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What happens at a failure; may be set once.
    on_failure: Option<OnFailure>,
    /// What the work that is being carried out waits for.
    obstacle: Option<Obstacle>,
    /// The process whose thread serves the queue: a thread does not survive a fork.
    worker: Option<i32>,
}

impl From<Refused<Failure>> for Failure {
    fn from(refused: Refused<Failure>) -> Self {
        match refused {
            Refused::Ended => fail!(
                acl_sys::ACL_ERROR_RT_STREAM_CONTEXT,
                "the stream is being destroyed and takes no work"
            ),
            Refused::Stopped(failure) => fail!(
                failure.code,
                "the stream has stopped, because work failed on a stream that stops its context: {}",
                failure.text
            ),
        }
    }
}

/// What work of a stream waits for, as far as a thread of the program's can have a part in it.
#[derive(Clone)]
pub(crate) enum Obstacle {
    /// A callback that this thread runs, or is to run.
    Callback(u64),
    /// A record on another stream.
    Event(Arc<Event>),
}

/// What a stream does when work of its fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// It goes on with the next work.
    Continue,
    /// It stops, and with it all streams of its context.
    Stop,
}

impl Stream {
    pub(crate) fn new(context: Handle, chip: usize) -> Arc<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Arc::new(Self {
            context,
            chip,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            queue: Queue::new(),
            state: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues work.
    pub(crate) fn queue(self: &Arc<Self>, task: Task) -> Result<()> {
        self.queue.push(task, || self.start())
    }

    /// Starts the thread, unless it runs.
    fn start(self: &Arc<Self>) -> Result<()> {
        let mut state = self.lock();
        let process = device_memory::process();
        if state.worker == Some(process) {
            return Ok(());
        }
        let stream = Arc::clone(self);
        std::thread::Builder::new()
            .name("acl-sim stream".to_owned())
            .spawn(move || stream.serve())
            .map_err(|error| {
                fail!(
                    acl_sys::ACL_ERROR_RT_NO_STREAM_RESOURCE,
                    "no thread could be started for the stream: {error}"
                )
            })?;
        state.worker = Some(process);
        Ok(())
    }

    /// Carries out work until the stream ends.
    fn serve(&self) {
        while let Some(task) = self.queue.next() {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(task))
                .unwrap_or_else(|_| {
                    Err(fail!(
                        ACL_ERROR_INTERNAL_ERROR,
                        "queued work panicked in the simulator"
                    ))
                });
            if let Err(failure) = &result {
                self.failed(failure);
            }
            self.queue.finish(result);
        }
    }

    /// Tells the program's exception callback of a failure, before a synchronisation can; stops the
    /// context where that is wanted.
    fn failed(&self, failure: &Failure) {
        let stops = self.lock().on_failure == Some(OnFailure::Stop);
        exception::tell(self, self.queue.done(), failure);
        if stops {
            process::stop_context(self.context, failure);
        }
    }

    /// Sets what happens at a failure; fails when that was set before.
    pub(crate) fn set_on_failure(&self, wanted: OnFailure) -> Result<()> {
        let mut state = self.lock();
        if state.on_failure.is_some() {
            return Err(fail!(
                acl_sys::ACL_ERROR_RT_PARAM_INVALID,
                "what the stream does at a failure was set before: once is all"
            ));
        }
        state.on_failure = Some(wanted);
        Ok(())
    }

    /// Takes no more work, and drops what is queued.
    pub(crate) fn stop(&self, failure: &Failure) {
        self.queue.stop(failure);
    }

    /// Waits for all work that is queued now, and takes the failure that came up.
    pub(crate) fn synchronize(&self, timeout: Option<Duration>) -> Result<Waited> {
        self.queue.wait(timeout)
    }

    /// Waits for something inside queued work, and lets it be known for what.
    pub(crate) fn held<R>(&self, by: Obstacle, wait: impl FnOnce() -> R) -> R {
        self.lock().obstacle = Some(by);
        let waited = wait();
        self.lock().obstacle = None;
        waited
    }

    /// Says whether the stream cannot go on before a thread has run a callback.
    pub(crate) fn waits_for(&self, thread: u64) -> bool {
        // Streams can wait for each other in a ring; a program has no more streams than this.
        const LONGEST: usize = 4096;
        let mut obstacle = self.lock().obstacle.clone();
        for _ in 0..LONGEST {
            match obstacle {
                None => return false,
                Some(Obstacle::Callback(other)) => return other == thread,
                Some(Obstacle::Event(event)) => {
                    obstacle = event
                        .recorder()
                        .and_then(|stream| stream.lock().obstacle.clone());
                }
            }
        }
        false
    }

    /// Drops the work that has not begun. Nothing can be queued any more.
    pub(crate) fn discard(&self) {
        self.queue.discard();
    }

    /// Lets nothing be queued any more; what is queued goes on.
    pub(crate) fn close(&self) {
        self.queue.close();
    }

    /// Ends the stream: its work is waited for. Nothing can be queued any more.
    #[cfg(test)]
    pub(crate) fn end(&self) {
        self.close();
        let _ = self.synchronize(None);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::mpsc;

    fn stream() -> Arc<Stream> {
        Stream::new(Handle(1), 0)
    }

    #[test]
    fn work_is_done_in_order_and_waited_for() {
        let stream = stream();
        let done = Arc::new(Mutex::new(Vec::new()));
        for i in 0..100 {
            let done = Arc::clone(&done);
            stream
                .queue(Box::new(move || {
                    done.lock().unwrap().push(i);
                    Ok(())
                }))
                .unwrap();
        }
        assert_eq!(stream.synchronize(None).unwrap(), Waited::Done);
        assert_eq!(*done.lock().unwrap(), (0..100).collect::<Vec<_>>());
        stream.end();
    }

    #[test]
    fn a_failure_surfaces_once_and_at_synchronisation() {
        let stream = stream();
        stream.queue(Box::new(|| Err(fail!(7, "first")))).unwrap();
        stream.queue(Box::new(|| Err(fail!(8, "second")))).unwrap();
        assert_eq!(stream.synchronize(None).unwrap_err().code, 7);
        assert_eq!(stream.synchronize(None).unwrap(), Waited::Done);
        stream.end();
    }

    #[test]
    fn a_wait_ends_at_its_time_and_the_work_goes_on() {
        let stream = stream();
        let (go, gate) = mpsc::channel::<()>();
        stream
            .queue(Box::new(move || {
                gate.recv().unwrap();
                Ok(())
            }))
            .unwrap();
        let waited = stream.synchronize(Some(Duration::from_millis(1))).unwrap();
        assert_eq!(waited, Waited::TimedOut);
        go.send(()).unwrap();
        assert_eq!(stream.synchronize(None).unwrap(), Waited::Done);
        stream.end();
    }

    #[test]
    fn an_ended_stream_drops_its_work_and_takes_no_more() {
        let stream = stream();
        let (go, gate) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel::<()>();
        stream
            .queue(Box::new(move || {
                started.send(()).unwrap();
                gate.recv().unwrap();
                Ok(())
            }))
            .unwrap();
        running.recv().unwrap();
        let kept = Arc::new(());
        let held = Arc::clone(&kept);
        stream
            .queue(Box::new(move || {
                drop(held);
                panic!("dropped work does not run");
            }))
            .unwrap();
        go.send(()).unwrap();
        // Either it was dropped, or it had already begun; it must not be held any more.
        stream.discard();
        stream.end();
        assert_eq!(Arc::strong_count(&kept), 1);
        assert!(stream.queue(Box::new(|| Ok(()))).is_err());
    }
}
