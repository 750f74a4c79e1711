//! What happens to a batch, and when it happened.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A step on a batch's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// Bytes come from files.
    #[serde(rename = "read")]
    Read,
    /// Files become pixels or numbers.
    #[serde(rename = "decode")]
    Decode,
    /// Pixels become the network's input.
    #[serde(rename = "preprocess")]
    Preprocess,
    /// The copy from the host to the device.
    #[serde(rename = "H2D")]
    Upload,
    /// The model runs.
    #[serde(rename = "execute")]
    Execute,
    /// The copy from the device to the host.
    #[serde(rename = "D2H")]
    Download,
    /// Outputs become results.
    #[serde(rename = "postprocess")]
    Postprocess,
    /// Results go to files.
    #[serde(rename = "write")]
    Write,
}

impl Stage {
    /// All stages, in the order of a batch's way.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Decode,
        Self::Preprocess,
        Self::Upload,
        Self::Execute,
        Self::Download,
        Self::Postprocess,
        Self::Write,
    ];

    /// Returns the name, as reports have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Decode => "decode",
            Self::Preprocess => "preprocess",
            Self::Upload => "H2D",
            Self::Execute => "execute",
            Self::Download => "D2H",
            Self::Postprocess => "postprocess",
            Self::Write => "write",
        }
    }
}

/// A stretch of time, counted from the start of the run on the monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub start: Duration,
    /// How long it took; of several parts, their sum.
    pub length: Duration,
}

/// When each stage of one batch happened.
///
/// Host stages are measured on the monotonic clock; device stages by the device's events, placed
/// from the moment at which the batch was handed to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The batch's number in the run, from 0.
    pub batch: u64,
    /// How many items (images, samples) it held, padding not counted.
    pub items: u64,
    /// The device that ran it.
    pub device: i32,
    /// The slot of that device.
    pub slot: u32,
    /// From the first touch to the last.
    pub whole: Span,
    spans: [Option<Span>; Stage::ALL.len()],
}

impl Trace {
    /// Returns when a stage happened; `None` where it did not happen or was not measured.
    #[must_use]
    pub fn span(&self, stage: Stage) -> Option<Span> {
        self.spans[stage as usize]
    }
}

/// Notes the times of one batch.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    trace: Trace,
}

impl Clock {
    /// Begins; `origin` is the start of the run.
    #[must_use]
    pub fn new(origin: Instant, batch: u64, device: i32, slot: u32) -> Self {
        let whole = Span {
            start: origin.elapsed(),
            length: Duration::ZERO,
        };
        Self {
            origin,
            trace: Trace {
                batch,
                items: 1,
                device,
                slot,
                whole,
                spans: [None; Stage::ALL.len()],
            },
        }
    }

    /// Says how many items the batch holds; 1 if nothing is said.
    pub fn items(&mut self, items: usize) {
        self.trace.items = items as u64;
    }

    /// Does a piece of work that belongs to a stage. Several pieces of one stage add up.
    pub fn time<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = self.origin.elapsed();
        let done = work();
        let length = self.origin.elapsed().saturating_sub(start);
        self.add(stage, Span { start, length });
        done
    }

    pub(super) fn add(&mut self, stage: Stage, span: Span) {
        let slot = &mut self.trace.spans[stage as usize];
        match slot {
            Some(before) => before.length += span.length,
            None => *slot = Some(span),
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Ends the batch's way.
    pub(super) fn finish(mut self) -> Trace {
        self.trace.whole.length = self.now().saturating_sub(self.trace.whole.start);
        self.trace
    }
}
