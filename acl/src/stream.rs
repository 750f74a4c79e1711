//! Streams: queues of work on a device.

use std::cell::Cell;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::raw::StreamHandle;
use crate::{Context, Error, Event, Result};

/// A queue of work, done in the order in which it was queued.
///
/// ```
/// use std::time::Duration;
/// let runtime = acl::Runtime::init(ascendcl::api())?;
/// let context = acl::Context::new(&runtime.device(0)?)?;
/// let stream = acl::Stream::new(&context)?;
/// stream.synchronize_timeout(Duration::from_secs(5))?;
/// # Ok::<(), acl::Error>(())
/// ```
///
/// **Threads**: `Send`, not `Sync`: two threads that queue on one stream would have no order.
#[derive(Debug)]
pub struct Stream {
    inner: Arc<Inner>,
    not_sync: PhantomData<Cell<()>>,
}

/// The stream as what is under way on it holds it.
#[derive(Debug)]
pub(crate) struct Inner {
    handle: Option<StreamHandle>,
    context: Context,
}

impl Stream {
    /// Makes a stream in a context.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`], with 207008 when the chip is out of streams.
    #[doc(alias = "aclrtCreateStream")]
    pub fn new(context: &Context) -> Result<Self> {
        let _bound = context.bind()?;
        let handle = context.raw().create_stream()?;
        let inner = Arc::new(Inner {
            handle: Some(handle),
            context: context.clone(),
        });
        Ok(Self {
            inner,
            not_sync: PhantomData,
        })
    }

    /// Returns the context that the stream was made in.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.inner.context
    }

    /// Waits until all queued work is done.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`]; **work that failed is reported here**, not where it was queued.
    #[doc(alias = "aclrtSynchronizeStream")]
    pub fn synchronize(&self) -> Result<()> {
        self.inner.synchronize()
    }

    /// Waits until all queued work is done, at most for `timeout` (rounded up to milliseconds).
    ///
    /// # Errors
    ///
    /// As [`Stream::synchronize`]; [`Error::is_timeout`] tells that time ran out.
    /// [`Error::Unsupported`] before CANN 6.0.1.
    #[doc(alias = "aclrtSynchronizeStreamWithTimeout")]
    pub fn synchronize_timeout(&self, timeout: Duration) -> Result<()> {
        let milliseconds = timeout.as_nanos().div_ceil(1_000_000).max(1);
        let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
        let _bound = self.context().bind()?;
        self.context()
            .raw()
            .synchronize_stream_timeout(self.inner.handle(), milliseconds)
    }

    /// Makes work that is queued from now on wait until `event` has happened.
    ///
    /// The event may have been recorded on any stream of the same device.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`]; [`Error::ContextMismatch`] if the event belongs to another context.
    #[doc(alias = "aclrtStreamWaitEvent")]
    pub fn wait_event(&self, event: &Event) -> Result<()> {
        self.context().require(event.context(), "the event")?;
        let _bound = self.context().bind()?;
        self.context()
            .raw()
            .stream_wait_event(self.inner.handle(), event.handle())
    }

    /// Returns the C handle, for calls that this crate does not wrap; it stays ours.
    #[must_use]
    pub fn as_raw(&self) -> *mut c_void {
        self.inner.handle().as_raw()
    }

    /// Waits for the queued work and destroys the stream.
    ///
    /// Dropping does the same, and logs what this returns.
    ///
    /// # Errors
    ///
    /// The stream, and [`Error::InUse`] while a [`Pending`](crate::Pending) holds it, or
    /// [`Error::Acl`].
    #[doc(alias = "aclrtDestroyStream")]
    pub fn close(self) -> Result<(), (Self, Error)> {
        let again = |inner| Self {
            inner,
            not_sync: PhantomData,
        };
        match Arc::try_unwrap(self.inner) {
            Ok(mut inner) => match inner.release() {
                Ok(()) => Ok(()),
                Err(error) => Err((again(Arc::new(inner)), error)),
            },
            Err(shared) => {
                let holders = Arc::strong_count(&shared) - 1;
                Err((
                    again(shared),
                    Error::InUse {
                        what: "Stream",
                        holders,
                    },
                ))
            }
        }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl Inner {
    pub(crate) fn handle(&self) -> &StreamHandle {
        self.handle
            .as_ref()
            .expect("only close and drop take the handle, and they own the stream")
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn synchronize(&self) -> Result<()> {
        let _bound = self.context.bind()?;
        self.context.raw().synchronize_stream(self.handle())
    }

    fn release(&mut self) -> Result<()> {
        let Some(handle) = self.handle.take() else {
            return Ok(());
        };
        let done = destroy(&self.context, &handle);
        if done.is_err() {
            self.handle = Some(handle);
        }
        done
    }
}

fn destroy(context: &Context, handle: &StreamHandle) -> Result<()> {
    let _bound = context.bind()?;
    // The documents ask for it, though destroying waits too. What failed was reported to whoever
    // waited for it; here it must not keep the stream from being destroyed.
    if let Err(error) = context.raw().synchronize_stream(handle) {
        log::debug!("work on a stream that is being destroyed failed: {error}");
    }
    context.raw().destroy_stream(handle)
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            log::warn!("a stream was not destroyed: {error}");
        }
    }
}
