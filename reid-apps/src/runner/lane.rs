//! One device of a pipeline: its model, and the slots that batches go through.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acl::{Bindings, Context, Event, Model, Pending, Refused, Stream};

use super::stage::{Clock, Span, Stage};

/// A device with a loaded model.
///
/// All slots run the one model: their executions are queued in turn, each on its slot's own stream,
/// so that copies overlap with executions and a failure is told by the stream of the batch that
/// failed.
///
/// **Threads**: `Send` and `Sync`; the model is locked while a batch is queued.
#[derive(Debug)]
pub struct Lane {
    device: i32,
    model: Mutex<Model>,
    passes: usize,
    measure: bool,
}

/// The memory and the stream of one batch under way.
#[derive(Debug)]
pub(super) struct Slot {
    /// The lane's index in the pipeline.
    pub(super) lane: usize,
    pub(super) number: u32,
    /// One per pass, while the batch is with the host.
    pub(super) passes: Vec<Bindings>,
    /// One per pass, while the batch is with the device.
    pending: Vec<Pending<Bindings>>,
    stream: Stream,
    stamps: Option<Stamps>,
    launched: Duration,
}

/// Marks between the stages on the device.
#[derive(Debug)]
struct Stamps {
    start: Event,
    uploaded: Event,
    began: Event,
    ran: Event,
    downloaded: Event,
}

impl Stamps {
    fn new(context: &Context) -> acl::Result<Self> {
        let event = || Event::new(context);
        Ok(Self {
            start: event()?,
            uploaded: event()?,
            began: event()?,
            ran: event()?,
            downloaded: event()?,
        })
    }
}

/// Makes the bindings of one pass of a slot, with staging memory and the gear that is wanted.
pub type Prepare = Box<dyn Fn(&Model) -> acl::Result<Bindings> + Send + Sync>;

impl Lane {
    /// Makes a lane of a loaded model. Each batch runs it `passes` times, on different inputs; with
    /// `measure` the device stages are timed by events.
    #[must_use]
    pub fn new(model: Model, passes: usize, measure: bool) -> Self {
        Self {
            device: model.context().device().id(),
            model: Mutex::new(model),
            passes: passes.max(1),
            measure,
        }
    }

    /// Returns the device's number.
    #[must_use]
    pub fn device(&self) -> i32 {
        self.device
    }

    /// Lends the model.
    pub fn with_model<T>(&self, work: impl FnOnce(&Model) -> T) -> T {
        work(&self.model())
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the memory of one batch.
    pub(super) fn slot(&self, lane: usize, number: u32, prepare: &Prepare) -> acl::Result<Slot> {
        let model = self.model();
        let context = model.context();
        Ok(Slot {
            lane,
            number,
            passes: (0..self.passes)
                .map(|_| prepare(&model))
                .collect::<acl::Result<_>>()?,
            pending: Vec::with_capacity(self.passes),
            stream: Stream::new(context)?,
            stamps: self.measure.then(|| Stamps::new(context)).transpose()?,
            launched: Duration::ZERO,
        })
    }

    /// Queues a filled batch: all copies up, all executions in turn, all copies down.
    ///
    /// After a failure nothing of the slot is under way; it must be made anew.
    pub(super) fn launch(&self, slot: &mut Slot, clock: &Clock) -> acl::Result<()> {
        slot.launched = clock.now();
        let model = self.model();
        let queued = model
            .context()
            .scope(|| Self::queue(&model, slot))
            .and_then(|queued| queued);
        drop(model);
        if queued.is_err() {
            // Dropping waits.
            slot.pending.clear();
            slot.passes.clear();
        }
        queued
    }

    fn queue(model: &Model, slot: &mut Slot) -> acl::Result<()> {
        let Slot {
            passes,
            pending,
            stream,
            stamps,
            ..
        } = slot;
        let (stream, stamps) = (&*stream, &*stamps);
        let record = |event: fn(&Stamps) -> &Event| match stamps {
            Some(stamps) => event(stamps).record(stream),
            None => Ok(()),
        };
        record(|stamps| &stamps.start)?;
        for bindings in passes.drain(..) {
            pending.push(bindings.upload_async(stream).map_err(why)?);
        }
        record(|stamps| &stamps.uploaded)?;
        let count = pending.len();
        for pass in 0..count {
            let began = stamps.as_ref().filter(|_| pass == 0).map(|s| &s.began);
            // Each goes out at the front and comes back at the end, which keeps their order.
            let work = pending.remove(0);
            pending.push(work.execute_in_turn(model, stream, began).map_err(why)?);
        }
        record(|stamps| &stamps.ran)?;
        for _ in 0..count {
            let work = pending.remove(0);
            pending.push(work.download(stream).map_err(why)?);
        }
        record(|stamps| &stamps.downloaded)
    }
}

impl Slot {
    /// Waits for the batch, and notes when its device stages happened.
    pub(super) fn wait(&mut self, clock: &mut Clock) -> acl::Result<()> {
        let mut first = None;
        for pending in self.pending.drain(..) {
            match pending.wait() {
                Ok(bindings) => self.passes.push(bindings),
                Err(Refused { value, error }) => {
                    self.passes.extend(value);
                    first.get_or_insert(error);
                }
            }
        }
        if let Some(error) = first {
            return Err(error);
        }
        for bindings in &mut self.passes {
            bindings.read_shapes()?;
        }
        let Some(stamps) = &self.stamps else {
            return Ok(());
        };
        let at = |event: &Event| -> acl::Result<Duration> {
            let ms = event.elapsed_ms_since(&stamps.start)?;
            Ok(Duration::try_from_secs_f32(ms / 1e3).unwrap_or_default())
        };
        let (uploaded, began) = (at(&stamps.uploaded)?, at(&stamps.began)?);
        let (ran, downloaded) = (at(&stamps.ran)?, at(&stamps.downloaded)?);
        for (stage, from, to) in [
            (Stage::Upload, Duration::ZERO, uploaded),
            (Stage::Execute, began, ran),
            (Stage::Download, ran, downloaded),
        ] {
            let start = self.launched + from;
            let length = to.saturating_sub(from);
            clock.add(stage, Span { start, length });
        }
        Ok(())
    }

    /// Whether all of its memory is there: a device that hangs keeps some.
    pub(super) fn is_whole(&self, lane: &Lane) -> bool {
        self.passes.len() == lane.passes
    }
}

fn why(refused: Refused<Bindings>) -> acl::Error {
    refused.error
}
