//! Events: marks in streams, with the time at which they were passed.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use acl_sys::{ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID, ACL_ERROR_RT_EVENT_TIMESTAMP_REVERSAL};

use super::failure::{Result, fail};
use super::stream::Stream;

/// A mark that streams record and wait for.
pub(crate) struct Event {
    /// The device that was current when it was made, whose limit counts it.
    pub(crate) chip: usize,
    /// Whether it notes times: one for synchronisation only does not.
    timed: bool,
    /// Whether streams may wait for it and reset it: one for times only is not for that.
    pub(crate) synchronises: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How often it has been recorded: a later record takes the place of an earlier one.
    recorded: u64,
    /// The newest record that has been passed.
    passed: u64,
    at: Option<Instant>,
    /// Reset, and not passed since.
    reset: bool,
    /// Waits of streams that are queued and not over.
    waits: u64,
    /// The stream of the newest record.
    recorder: Weak<Stream>,
}

/// A record on its way through a stream. Dropped without being passed (its stream was destroyed
/// with its work), it is passed without a time, so that nobody waits for ever.
pub(crate) struct Record {
    event: Arc<Event>,
    number: u64,
}

impl Record {
    pub(crate) fn pass(self) {
        self.event.pass(self.number, Some(Instant::now()));
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.event.pass(self.number, None);
    }
}

/// A wait on its way through a stream.
pub(crate) struct Wait {
    event: Arc<Event>,
    number: u64,
}

impl Wait {
    /// Waits; false if the time ran out.
    pub(crate) fn wait(self, timeout: Option<Duration>) -> bool {
        self.event.wait_for(self.number, timeout)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.event.lock().waits -= 1;
        self.event.changed.notify_all();
    }
}

impl Event {
    pub(crate) fn new(chip: usize, timed: bool, synchronises: bool) -> Self {
        Self {
            chip,
            timed,
            synchronises,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a record; it is passed when the stream comes to it.
    pub(crate) fn record(self: &Arc<Self>) -> Record {
        let mut state = self.lock();
        state.recorded += 1;
        Record {
            event: Arc::clone(self),
            number: state.recorded,
        }
    }

    /// Begins a record on a stream.
    pub(crate) fn record_on(self: &Arc<Self>, stream: &Arc<Stream>) -> Record {
        self.lock().recorder = Arc::downgrade(stream);
        self.record()
    }

    /// Returns the stream of the newest record.
    pub(crate) fn recorder(&self) -> Option<Arc<Stream>> {
        self.lock().recorder.upgrade()
    }

    /// Begins a stream's wait for what has been recorded so far.
    pub(crate) fn wait(self: &Arc<Self>) -> Wait {
        let mut state = self.lock();
        state.waits += 1;
        Wait {
            event: Arc::clone(self),
            number: state.recorded,
        }
    }

    fn pass(&self, number: u64, at: Option<Instant>) {
        let mut state = self.lock();
        if number > state.passed {
            state.passed = number;
            state.at = at.filter(|_| self.timed);
            state.reset = false;
            self.changed.notify_all();
        }
    }

    /// Forgets that it was passed.
    pub(crate) fn reset(&self) {
        let mut state = self.lock();
        state.at = None;
        state.reset = true;
    }

    /// Says whether the newest record has been passed; true when there was none, and false from a
    /// reset to the next record.
    pub(crate) fn is_complete(&self) -> bool {
        let state = self.lock();
        state.passed >= state.recorded && !state.reset
    }

    /// Says whether all queued waits are over.
    pub(crate) fn waits_are_over(&self) -> bool {
        self.lock().waits == 0
    }

    /// Waits on the calling thread; false if the time ran out.
    pub(crate) fn synchronize(&self, timeout: Option<Duration>) -> bool {
        let number = self.lock().recorded;
        self.wait_for(number, timeout)
    }

    fn wait_for(&self, number: u64, timeout: Option<Duration>) -> bool {
        let waiting = |state: &mut State| state.passed < number;
        let state = self.lock();
        let Some(timeout) = timeout else {
            drop(self.changed.wait_while(state, waiting));
            return true;
        };
        let waited = self.changed.wait_timeout_while(state, timeout, waiting);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Returns the time from `start` to this event, in milliseconds.
    pub(crate) fn elapsed_ms_since(&self, start: &Self) -> Result<f32> {
        let time = |event: &Self, which: &str| {
            let state = event.lock();
            state.at.filter(|_| state.passed >= state.recorded).ok_or_else(|| {
                fail!(
                    ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID,
                    "the {which} event has no time: make it with ACL_EVENT_TIME_LINE, record it, \
                     and synchronise its stream first"
                )
            })
        };
        let (from, to) = (time(start, "start")?, time(self, "end")?);
        match to.checked_duration_since(from) {
            Some(elapsed) => Ok(elapsed.as_secs_f32() * 1e3),
            None => Err(fail!(
                ACL_ERROR_RT_EVENT_TIMESTAMP_REVERSAL,
                "the end event was passed {:?} before the start event",
                from.duration_since(to)
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_later_record_takes_the_place_of_an_earlier_one() {
        let event = Arc::new(Event::new(0, true, true));
        assert!(event.is_complete(), "nothing was recorded");
        let (first, second) = (event.record(), event.record());
        first.pass();
        assert!(!event.is_complete());
        second.pass();
        assert!(event.is_complete());
    }

    #[test]
    fn a_record_that_is_dropped_lets_the_waiting_go_on_but_has_no_time() {
        let event = Arc::new(Event::new(0, true, true));
        let wait = {
            drop(event.record());
            event.wait()
        };
        assert!(wait.wait(None));
        assert!(event.waits_are_over());
        assert_eq!(
            event.elapsed_ms_since(&event).unwrap_err().code,
            ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID
        );
    }

    #[test]
    fn a_reset_event_is_not_ready_and_has_no_time_until_it_is_recorded_again() {
        let event = Arc::new(Event::new(0, true, true));
        event.record().pass();
        event.reset();
        assert!(!event.is_complete());
        assert!(event.elapsed_ms_since(&event).is_err());
        event.record().pass();
        assert!(event.is_complete());
        assert!(event.elapsed_ms_since(&event).is_ok());
    }

    #[test]
    fn an_event_for_synchronisation_only_has_no_time() {
        let event = Arc::new(Event::new(0, false, true));
        event.record().pass();
        assert!(event.is_complete());
        assert_eq!(
            event.elapsed_ms_since(&event).unwrap_err().code,
            ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID
        );
    }

    #[test]
    fn time_runs_forwards_only() {
        let (a, b) = (
            Arc::new(Event::new(0, true, true)),
            Arc::new(Event::new(0, true, true)),
        );
        a.record().pass();
        std::hint::black_box((0..1000).sum::<u64>());
        b.record().pass();
        assert!(b.elapsed_ms_since(&a).unwrap() >= 0.0);
        assert_eq!(
            a.elapsed_ms_since(&b).unwrap_err().code,
            ACL_ERROR_RT_EVENT_TIMESTAMP_REVERSAL
        );
    }
}
