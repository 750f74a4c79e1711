//! Runs of a model that are under way: up, execute and down, on one stream or on several.

use std::sync::Arc;

use acl_sys::aclrtMemcpyKind;

use super::{DeviceBuffer, Pending, PinnedBuffer, dataset};
use crate::raw::memory::Copy;
use crate::stream::Inner as StreamInner;
use crate::{Bindings, Event, Launch, Model, Result, Stream};

/// More work behind what is under way. Each step may name another stream than the one before; the
/// new stream then waits, on the device, for the old one. The events for that are the bindings' own
/// and are made once, so that a loop over the same bindings allocates nothing.
impl Pending<Bindings> {
    /// Queues the copies of all staged inputs to the device.
    ///
    /// # Errors
    ///
    /// The bindings, and [`Error::InvalidArgument`](crate::Error::InvalidArgument) without
    /// [staging](Bindings::with_staging), or [`Error::Acl`](crate::Error::Acl).
    #[doc(alias = "aclrtMemcpyAsync")]
    pub fn upload(self, stream: &Stream) -> Launch<Bindings> {
        self.queue(stream, |pending, stream, before| {
            pending.hop(stream, before)?;
            upload(pending.value_mut(), stream)
        })
    }

    /// Queues an execution.
    ///
    /// # Errors
    ///
    /// As [`Model::execute_async`].
    #[doc(alias = "aclmdlExecuteAsync")]
    pub fn execute(self, model: &Model, stream: &Stream) -> Launch<Bindings> {
        self.queue(stream, |pending, stream, before| {
            pending.hop(stream, before)?;
            pending.execute_on(model, stream, Turn::Alone)
        })
    }

    /// Queues an execution behind all executions of the model that were queued by this function,
    /// whatever their streams.
    ///
    /// AscendCL does not let one model run on two streams at once. Here the run waits on the device
    /// for the end of the one before, so that each batch of a pipeline can have a stream of its own:
    /// its copies overlap with other batches' runs, and what fails is told by its own stream alone.
    /// `began` is recorded when the run's turn has come, for who measures it.
    ///
    /// # Errors
    ///
    /// As [`Model::execute_async`]; [`Error::Busy`](crate::Error::Busy) if the run queued last is on
    /// another stream and was queued by [`Pending::execute`] or [`Model::execute_async`].
    #[doc(alias = "aclmdlExecuteAsync")]
    #[doc(alias = "aclrtStreamWaitEvent")]
    pub fn execute_in_turn(
        self,
        model: &Model,
        stream: &Stream,
        began: Option<&Event>,
    ) -> Launch<Bindings> {
        self.queue(stream, |pending, stream, before| {
            if let Some(began) = began {
                stream.context().require(began.context(), "the event")?;
            }
            pending.hop(stream, before)?;
            pending.execute_on(model, stream, Turn::After(began))
        })
    }

    /// Queues the copies of all outputs to the staging memory.
    ///
    /// # Errors
    ///
    /// As [`Pending::upload`].
    #[doc(alias = "aclrtMemcpyAsync")]
    pub fn download(self, stream: &Stream) -> Launch<Bindings> {
        self.queue(stream, |pending, stream, before| {
            pending.hop(stream, before)?;
            download(pending.value_mut(), stream)
        })
    }

    pub(crate) fn upload_new(bindings: Bindings, stream: &Stream) -> Launch<Bindings> {
        Self::start(bindings, stream, upload)
    }

    pub(crate) fn execute_new(
        model: &Model,
        bindings: Bindings,
        stream: &Stream,
    ) -> Launch<Bindings> {
        Self::start(bindings, stream, |_, _| Ok(()))?.queue(stream, |pending, stream, _| {
            pending.execute_on(model, stream, Turn::Alone)
        })
    }

    pub(crate) fn download_new(bindings: Bindings, stream: &Stream) -> Launch<Bindings> {
        Self::start(bindings, stream, download)
    }

    /// Makes `to` wait for the end of the work, where that is on another stream.
    fn hop(&mut self, to: &StreamInner, before: Option<Arc<StreamInner>>) -> Result<()> {
        let Some(from) = before.filter(|from| !std::ptr::eq(&raw const **from, to)) else {
            return Ok(());
        };
        let index = self.hops;
        let event = self.value_mut().hop_event(index)?;
        let raw = to.context().raw();
        raw.record_event(event.handle(), from.handle())?;
        raw.stream_wait_event(to.handle(), event.handle())?;
        self.hops += 1;
        Ok(())
    }

    fn execute_on(&mut self, model: &Model, stream: &StreamInner, turn: Turn<'_>) -> Result<()> {
        let held = self.flight.is_some();
        let bindings = self.value_mut();
        bindings.require_model(model)?;
        bindings.require_ready()?;
        bindings.require_context(stream)?;
        let in_turn = matches!(turn, Turn::After(_));
        let end = in_turn.then(|| bindings.turn_event()).transpose()?;
        let (mut run, flight) = model.take_off(stream, held, in_turn)?;
        if let Some(flight) = flight {
            self.flight = Some(flight);
        }
        let raw = stream.context().raw();
        if let Turn::After(Some(began)) = turn {
            raw.record_event(began.handle(), stream.handle())?;
        }
        let bindings = self.value_mut();
        let queued = bindings.apply_gear(&mut run).and_then(|()| {
            let (inputs, outputs) = bindings.datasets();
            // SAFETY: the `Pending` owns the bindings, and gives them up only when the stream is
            // idle.
            unsafe { dataset::execute_async(run.model(), inputs, outputs, stream) }
        });
        if let Some(end) = end {
            // Also after a refused run: the stream has waited for the runs before, so the mark
            // stands for their end.
            raw.record_event(end.handle(), stream.handle())?;
            run.ends_at(end);
        }
        queued
    }
}

/// When a run may begin.
enum Turn<'a> {
    /// At once: it is the caller's to know that no other is under way on another stream.
    Alone,
    /// After all runs before it; then the event is recorded.
    After(Option<&'a Event>),
}

fn upload(bindings: &mut Bindings, stream: &StreamInner) -> Result<()> {
    bindings.require_context(stream)?;
    bindings
        .staged_inputs()?
        .try_for_each(|(device, host, bytes)| {
            let kind = aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE;
            let (dst, src) = (device.as_raw(), host.address().cast_const());
            let copy = Copy {
                dst,
                room: device.len(),
                src,
                count: bytes,
                kind,
            };
            // SAFETY: both ranges hold `bytes`, as `staged_inputs` says, and a `Pending` owns them.
            unsafe { stream.context().raw().copy_async(&copy, stream.handle()) }
        })
}

fn download(bindings: &mut Bindings, stream: &StreamInner) -> Result<()> {
    bindings.require_context(stream)?;
    bindings
        .staged_outputs()?
        .try_for_each(|(device, host, bytes)| {
            let kind = aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_HOST;
            let (dst, src) = (host.address(), device.as_raw().cast_const());
            let copy = Copy {
                dst,
                room: host.len(),
                src,
                count: bytes,
                kind,
            };
            // SAFETY: both ranges hold `bytes`, as `staged_outputs` says, and a `Pending` owns them.
            unsafe { stream.context().raw().copy_async(&copy, stream.handle()) }
        })
}

/// A copy between staging and device memory: how many bytes at the start of both.
pub(crate) type Transfer<'a> = (&'a DeviceBuffer, &'a PinnedBuffer, usize);
