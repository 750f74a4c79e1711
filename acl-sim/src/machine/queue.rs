//! The queue of a stream, whatever it carries: what is queued, what is done, and who waits.
//!
//! It knows nothing of the rest of the simulator, and takes its locks from `super::sync`, so that
//! `loom/tests/orders.rs` can run it under every order of its threads.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::sync::{Condvar, Mutex, MutexGuard};

/// A queue of items that one thread takes and others put in and wait for; `F` is what goes wrong.
pub(crate) struct Queue<T, F> {
    state: Mutex<State<T, F>>,
    changed: Condvar,
}

struct State<T, F> {
    items: VecDeque<T>,
    /// Items that were ever put in, and that are done.
    queued: u64,
    done: u64,
    /// The first failure since the last wait that was told of one.
    failure: Option<F>,
    /// The failure for which it takes no more.
    stopped: Option<F>,
    ended: bool,
}

/// Why an item was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused<F> {
    Ended,
    /// Something failed before, and that stops it.
    Stopped(F),
}

/// How a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Done,
    TimedOut,
}

impl<T, F: Clone> Queue<T, F> {
    pub(crate) fn new() -> Self {
        let state = State {
            items: VecDeque::new(),
            queued: 0,
            done: 0,
            failure: None,
            stopped: None,
            ended: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an item in; `ready` runs before anybody can see it, and can keep it out.
    pub(crate) fn push<E: From<Refused<F>>>(
        &self,
        item: T,
        ready: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let mut state = self.lock();
        if state.ended {
            return Err(Refused::Ended.into());
        }
        if let Some(failure) = &state.stopped {
            return Err(Refused::Stopped(failure.clone()).into());
        }
        ready()?;
        state.items.push_back(item);
        state.queued += 1;
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Waits for the next item; `None` when there will be none. What is taken is done only with
    /// [`Self::finish`].
    pub(crate) fn next(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                return Some(item);
            }
            if state.ended {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says how many items are done.
    pub(crate) fn done(&self) -> u64 {
        self.lock().done
    }

    /// Ends an item that was taken.
    pub(crate) fn finish(&self, result: Result<(), F>) {
        let mut state = self.lock();
        state.done += 1;
        if let Err(failure) = result {
            state.failure.get_or_insert(failure);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Waits for all that is queued now, and takes the failure that came up.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> Result<Waited, F> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.lock();
        let goal = state.queued;
        while state.done < goal {
            let Some(deadline) = deadline else {
                let waited = self.changed.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Waited::TimedOut);
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        match state.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(Waited::Done),
        }
    }

    /// Takes no more for this failure, and drops what has not been taken.
    pub(crate) fn stop(&self, failure: &F) {
        let mut state = self.lock();
        state.stopped.get_or_insert_with(|| failure.clone());
        if !state.items.is_empty() {
            state.failure.get_or_insert_with(|| failure.clone());
        }
        self.drop_items(state);
    }

    /// Takes no more, and drops what has not been taken.
    pub(crate) fn discard(&self) {
        let mut state = self.lock();
        state.ended = true;
        self.drop_items(state);
    }

    fn drop_items(&self, mut state: MutexGuard<'_, State<T, F>>) {
        let dropped = std::mem::take(&mut state.items);
        state.done += dropped.len() as u64;
        drop(state);
        self.changed.notify_all();
        // Outside the lock: dropping an item may tell others that it will never be done.
        drop(dropped);
    }

    /// Takes no more; what is queued goes on.
    pub(crate) fn close(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }
}
