//! Events: marks in streams, to order and to time work.

use std::ffi::c_void;

use crate::raw::EventHandle;
use crate::{Context, Error, Result, Stream};

/// A mark in a stream, which happens when the work that was queued before it is done.
///
/// ```
/// let runtime = acl::Runtime::init(ascendcl::api())?;
/// let context = acl::Context::new(&runtime.device(0)?)?;
/// let stream = acl::Stream::new(&context)?;
/// let (start, end) = (acl::Event::new(&context)?, acl::Event::new(&context)?);
/// start.record(&stream)?;
/// end.record(&stream)?;
/// stream.synchronize()?;
/// assert!(end.is_complete()?);
/// assert!(end.elapsed_ms_since(&start)? >= 0.0);
/// # Ok::<(), acl::Error>(())
/// ```
///
/// **Threads**: `Send` and `Sync`; recorded on one thread and asked on another, the answer may lag.
#[derive(Debug)]
pub struct Event {
    handle: Option<EventHandle>,
    context: Context,
}

impl Event {
    /// Makes an event that can order and time work.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`], with 207007 when the chip is out of events.
    #[doc(alias = "aclrtCreateEvent")]
    pub fn new(context: &Context) -> Result<Self> {
        let _bound = context.bind()?;
        let handle = Some(context.raw().create_event()?);
        Ok(Self {
            handle,
            context: context.clone(),
        })
    }

    /// Returns the context that the event was made in.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Puts the mark after all work that is queued on `stream` now; an earlier mark is forgotten.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`]; [`Error::ContextMismatch`] if the stream belongs to another context.
    #[doc(alias = "aclrtRecordEvent")]
    pub fn record(&self, stream: &Stream) -> Result<()> {
        self.context.require(stream.context(), "the stream")?;
        let _bound = self.context.bind()?;
        self.context
            .raw()
            .record_event(self.handle(), stream.inner().handle())
    }

    /// Tells, without waiting, whether the mark has happened.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`].
    #[doc(alias = "aclrtQueryEventStatus")]
    #[doc(alias = "aclrtQueryEvent")]
    pub fn is_complete(&self) -> Result<bool> {
        let _bound = self.context.bind()?;
        self.context.raw().event_is_complete(self.handle())
    }

    /// Waits until the mark has happened.
    ///
    /// Work that failed before the mark is reported by [`Stream::synchronize`], not here.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`].
    #[doc(alias = "aclrtSynchronizeEvent")]
    pub fn synchronize(&self) -> Result<()> {
        let _bound = self.context.bind()?;
        self.context.raw().synchronize_event(self.handle())
    }

    /// Returns the milliseconds from `start` to this event, by the device's clock.
    ///
    /// Both must have been recorded, and their stream synchronised since.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`]: 107006 without a time stamp, 107007 if `start` is the later one.
    /// [`Error::ContextMismatch`] if the events belong to two contexts.
    #[doc(alias = "aclrtEventElapsedTime")]
    pub fn elapsed_ms_since(&self, start: &Self) -> Result<f32> {
        self.context.require(start.context(), "the start event")?;
        let _bound = self.context.bind()?;
        self.context.raw().elapsed_ms(start.handle(), self.handle())
    }

    /// Returns the C handle, for calls that this crate does not wrap; it stays ours.
    #[must_use]
    pub fn as_raw(&self) -> *mut c_void {
        self.handle().as_raw()
    }

    /// Destroys the event. Dropping does the same, and logs what this returns.
    ///
    /// # Errors
    ///
    /// The event, and [`Error::Acl`].
    #[doc(alias = "aclrtDestroyEvent")]
    pub fn close(mut self) -> Result<(), (Self, Error)> {
        match self.release() {
            Ok(()) => Ok(()),
            Err(error) => Err((self, error)),
        }
    }

    pub(crate) fn handle(&self) -> &EventHandle {
        self.handle
            .as_ref()
            .expect("only close and drop take the handle, and they own the event")
    }

    fn release(&mut self) -> Result<()> {
        let Some(handle) = self.handle.take() else {
            return Ok(());
        };
        let done = self
            .context
            .bind()
            .and_then(|_bound| self.context.raw().destroy_event(&handle));
        if done.is_err() {
            self.handle = Some(handle);
        }
        done
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            log::warn!("an event was not destroyed: {error}");
        }
    }
}
