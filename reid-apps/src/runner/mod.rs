//! The pipeline: batches of anything through a model, on any number of devices.
//!
//! ```text
//!  source ──► fill ──► H2D ─► execute ─► D2H ──► take ──► sink
//!  one at     many     a stream per slot; the    many     in order
//!  a time     threads  runs of a device in turn  threads
//! ```
//!
//! A *slot* is the memory of one batch: device buffers, pinned host buffers and a stream, made once.
//! A batch is filled into a free slot of whichever device has one (so devices take their share of
//! one queue at their own speed), queued, waited for, taken out, and the slot is free again. While
//! one batch runs, the next is copied up and the one before is copied down.
//!
//! Everything is bounded: batches under way by the slots, results that wait for an earlier one by a
//! window. When the sink or a device is slow, the source is not asked. In the steady state nothing
//! is allocated.
//!
//! A batch that fails is handed to the sink with its reason, and the others go on. A device that is
//! gone gives its batches back to the queue, as long as another device is left.

pub mod bench;
mod error;
mod figures;
pub mod infer;
mod lane;
mod pipeline;
mod run;
mod stage;

pub use error::{BatchError, PipelineError};
pub use figures::{Distribution, Figures, Quantiles};
pub use lane::{Lane, Prepare};
pub use pipeline::{Done, Options, Outcome, Pipeline, Work};
pub use stage::{Clock, Span, Stage, Trace};
