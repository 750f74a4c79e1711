//! Work that is under way, and owns what it works on.

use std::sync::Arc;

use crate::model::Flight;
use crate::stream::Inner as StreamInner;
use crate::{Error, Refused, Result, Stream};

/// Streams that one piece of work can pass through: up, run, down, and one to spare.
const STREAMS: usize = 4;

/// Work that was queued on a stream, and the memory that it uses.
///
/// [`Pending::wait`] gives the memory back when the work is done. Dropping waits too. Forgetting
/// (`std::mem::forget`) leaks the memory; the device goes on using what is never freed. This is why
/// asynchronous calls take their buffers by value: a borrow could be forgotten, and the memory freed
/// under the device's hands.
///
/// **Threads**: `Send` if `T` is: queue on one thread, wait on another.
#[derive(Debug)]
#[must_use = "dropping it waits for the work and throws the result away"]
pub struct Pending<T> {
    /// `None` only after `wait` took it.
    value: Option<T>,
    /// The streams that the work went through, in order; the last filled one has its end.
    streams: [Option<Arc<StreamInner>>; STREAMS],
    /// How often the work changed streams.
    pub(super) hops: usize,
    /// Held while a model may be running.
    pub(super) flight: Option<Flight>,
}

/// What queues work returns: the work under way, or what was handed over and why it did not start.
pub type Launch<T> = Result<Pending<T>, Refused<T>>;

impl<T> Pending<T> {
    /// Queues work with `queue`; if that fails, waits for what it queued and gives `value` back.
    pub(crate) fn start(
        value: T,
        stream: &Stream,
        queue: impl FnOnce(&mut T, &StreamInner) -> Result<()>,
    ) -> Result<Self, Refused<T>> {
        Self {
            value: Some(value),
            streams: [const { None }; STREAMS],
            hops: 0,
            flight: None,
        }
        .queue(stream, |pending, stream, _| {
            queue(pending.value_mut(), stream)
        })
    }

    /// Queues more work; `queue` is told the stream that has the end of what is there.
    pub(super) fn queue(
        mut self,
        stream: &Stream,
        queue: impl FnOnce(&mut Self, &StreamInner, Option<Arc<StreamInner>>) -> Result<()>,
    ) -> Result<Self, Refused<T>> {
        let inner = stream.inner();
        let before = self.streams.iter().flatten().last().cloned();
        let queued = match self.enter(inner) {
            Ok(()) => inner
                .context()
                .bind()
                .and_then(|_bound| queue(&mut self, inner, before)),
            Err(error) => Err(error),
        };
        match queued {
            Ok(()) => Ok(self),
            Err(error) => {
                let (value, _) = self.finish(usize::MAX);
                Err(Refused { value, error })
            }
        }
    }

    /// Lists the stream, before anything is queued on it.
    fn enter(&mut self, stream: &Arc<StreamInner>) -> Result<()> {
        let known = |slot: &Option<Arc<StreamInner>>| {
            slot.as_ref()
                .is_some_and(|known| Arc::ptr_eq(known, stream))
        };
        if let Some(index) = self.streams.iter().position(known) {
            let used = self.streams.iter().flatten().count();
            self.streams[index..used].rotate_left(1);
            return Ok(());
        }
        match self.streams.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => {
                *slot = Some(Arc::clone(stream));
                Ok(())
            }
            None => Err(Error::InvalidArgument {
                what: "streams of one piece of work".into(),
                got: (STREAMS + 1).to_string(),
                want: format!("at most {STREAMS}; wait in between"),
            }),
        }
    }

    pub(super) fn value_mut(&mut self) -> &mut T {
        self.value
            .as_mut()
            .expect("only wait and drop take the value, and they own the work")
    }

    /// Waits for everything on the streams that the work went through; gives the memory back.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`] if any work on these streams failed. The memory comes with it if the streams
    /// are idle all the same.
    pub fn wait(self) -> Result<T, Refused<T>> {
        let (value, error) = self.finish(usize::MAX);
        settle(value, error)
    }

    /// Waits for the last of the streams alone, which the work ends on; gives the memory back.
    ///
    /// In a pipeline, where the execution's stream already holds the next batches, this does not
    /// wait for those. In return it does not see failures on the earlier streams: the results may
    /// be worthless, which [`Stream::synchronize`] on these streams tells later.
    ///
    /// # Errors
    ///
    /// As [`Pending::wait`].
    pub fn wait_last(self) -> Result<T, Refused<T>> {
        let (value, error) = self.finish(1);
        settle(value, error)
    }

    /// Waits for the last `count` streams. No value means that the device may still use it.
    fn finish(mut self, count: usize) -> (Option<T>, Option<Error>) {
        let (idle, error) = self.drain(count);
        let value = self.value.take();
        if idle {
            return (value, error);
        }
        std::mem::forget(value);
        (None, error)
    }

    fn drain(&mut self, count: usize) -> (bool, Option<Error>) {
        let (mut idle, mut first) = (true, None);
        for stream in self.streams.iter().rev().flatten().take(count) {
            if let Err(error) = stream.synchronize() {
                // Work that failed is reported once. A second answer of "all done" shows that the
                // stream is idle; anything else shows nothing, and the memory must stay.
                idle &= stream.synchronize().is_ok();
                first.get_or_insert(error);
            }
        }
        self.flight = None;
        (idle, first)
    }
}

fn settle<T>(value: Option<T>, error: Option<Error>) -> Result<T, Refused<T>> {
    match (value, error) {
        (Some(value), None) => Ok(value),
        (value, Some(error)) => Err(Refused { value, error }),
        (None, None) => unreachable!("a value is only kept back with an error"),
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        let Some(value) = self.value.take() else {
            return;
        };
        let (idle, error) = self.drain(usize::MAX);
        if let Some(error) = error {
            log::warn!("work that nobody waited for failed: {error}");
        }
        if idle {
            drop(value);
        } else {
            log::warn!("memory that the device may still use is leaked");
            std::mem::forget(value);
        }
    }
}
