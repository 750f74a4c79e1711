//! Devices, their slots, and what a run over them is given and gives.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use acl::Bindings;

use super::error::{BatchError, PipelineError};
use super::lane::{Lane, Prepare, Slot};
use super::run::Run;
use super::stage::{Clock, Trace};

/// What is done with each batch on the host.
///
/// **Threads**: both functions are called on many threads at once.
pub trait Work: Sync {
    /// What a batch is made from: files, for example.
    type Batch: Send;
    /// What comes out of it.
    type Output: Send;
    /// Why a batch may fail.
    type Error: Send;

    /// Puts a batch into the staging memory of its passes. It may be called again for the same
    /// batch, on another device.
    ///
    /// # Errors
    ///
    /// Any; the batch is handed to the sink with it.
    fn fill(
        &self,
        batch: &mut Self::Batch,
        passes: &mut [Bindings],
        clock: &mut Clock,
    ) -> Result<(), Self::Error>;

    /// Makes an output of the staging memory of its passes.
    ///
    /// # Errors
    ///
    /// Any; the batch is handed to the sink with it.
    fn take(
        &self,
        batch: &mut Self::Batch,
        passes: &[Bindings],
        clock: &mut Clock,
    ) -> Result<Self::Output, Self::Error>;
}

/// How a pipeline works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Batches under way per device, 2 to 4 make sense: one runs, one is copied, one is filled.
    pub slots: usize,
    /// Threads that fill and take. With 0 each device's own thread does both, which is quicker
    /// when there is little to do.
    pub workers: usize,
}

/// A batch on its way out, in order.
#[derive(Debug)]
pub struct Done<B, O, E> {
    /// The batch's number, from 0.
    pub number: u64,
    /// The batch.
    pub batch: B,
    /// What came out of it.
    pub result: Result<O, BatchError<E>>,
    /// When its stages happened.
    pub trace: Trace,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// Batches that were handed to the sink, failed ones included.
    pub batches: u64,
    /// Whether the run was stopped from outside before its end.
    pub interrupted: bool,
    /// Devices that were lost on the way, with the reason.
    pub lost: Vec<(i32, String)>,
    /// The time of the run.
    pub wall: Duration,
}

/// Devices and their slots.
pub struct Pipeline {
    lanes: Vec<Lane>,
    slots: Vec<Slot>,
    options: Options,
    prepare: Prepare,
}

impl Pipeline {
    /// Makes the slots of all lanes.
    ///
    /// # Errors
    ///
    /// [`PipelineError::Slot`] when a device has no room for them.
    pub fn new(
        lanes: Vec<Lane>,
        options: Options,
        prepare: Prepare,
    ) -> Result<Self, PipelineError> {
        let mut slots = Vec::with_capacity(lanes.len() * options.slots);
        // By rounds, so that a short run spreads over the devices.
        for number in (0..options.slots.max(1)).rev() {
            for (index, lane) in lanes.iter().enumerate().rev() {
                let id = u32::try_from(number).unwrap_or(u32::MAX);
                let slot = lane.slot(index, id, &prepare);
                slots.push(slot.map_err(|source| PipelineError::Slot {
                    device: lane.device(),
                    slot: number + 1,
                    slots: options.slots,
                    source,
                })?);
            }
        }
        Ok(Self {
            lanes,
            slots,
            options,
            prepare,
        })
    }

    /// Returns the lanes.
    #[must_use]
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// Makes bindings as the slots of the first device have them.
    ///
    /// # Errors
    ///
    /// [`acl::Error`] when the device is full.
    pub fn probe(&self) -> acl::Result<Bindings> {
        self.lanes[0].with_model(|model| (self.prepare)(model))
    }

    /// Runs all batches of `source`; each is handed to `sink` in order, on any thread.
    ///
    /// It ends early when `stop` is set or the sink breaks: batches under way are then finished and
    /// handed over, and no more are begun.
    ///
    /// # Errors
    ///
    /// [`PipelineError::NoDevice`] when all devices were lost; the sink had what was done before.
    pub fn run<W, I, S>(
        &mut self,
        work: &W,
        source: I,
        stop: &AtomicBool,
        sink: S,
    ) -> Result<Outcome, PipelineError>
    where
        W: Work,
        I: Iterator<Item = W::Batch> + Send,
        S: FnMut(Done<W::Batch, W::Output, W::Error>) -> ControlFlow<()> + Send,
    {
        let origin = Instant::now();
        let slots = std::mem::take(&mut self.slots);
        let run = Run::new(
            work,
            &self.lanes,
            &self.prepare,
            stop,
            (source, slots, sink),
            self.options.workers,
        );
        let end = run.carry_out();
        self.slots = end.slots;
        if self.slots.is_empty()
            && let Some((device, reason)) = end.lost.last().cloned()
        {
            return Err(PipelineError::NoDevice { device, reason });
        }
        Ok(Outcome {
            batches: end.emitted,
            interrupted: end.stopped,
            lost: end.lost,
            wall: origin.elapsed(),
        })
    }
}
