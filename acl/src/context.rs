//! Contexts: what streams, memory and models live in.

use std::ffi::c_void;
use std::sync::Arc;

use crate::bound::{self, Bound};
use crate::raw::{ContextHandle, Raw};
use crate::{Device, Error, Result};

/// A context of a device; streams, events, buffers and models are made in it and hold it.
///
/// Clones are handles to the same context. There is no call to make it current: every operation
/// does so for its own length and puts back what was current before, so that a host which uses
/// AscendCL on the same thread notices nothing. (A thread that had none keeps the one that was
/// used last; AscendCL has no call to take it away.)
///
/// ```
/// let runtime = acl::Runtime::init(ascendcl::api())?;
/// let context = acl::Context::new(&runtime.device(0)?)?;
/// // Devices and runtimes are held by what was made from them.
/// drop(runtime);
/// let stream = acl::Stream::new(&context)?;
/// stream.synchronize()?;
/// # Ok::<(), acl::Error>(())
/// ```
///
/// **Threads**: `Send` and `Sync`.
#[derive(Clone, Debug)]
pub struct Context(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    handle: Option<ContextHandle>,
    life: Arc<()>,
    device: Device,
}

impl Context {
    /// Makes a context on a device. What is current on the thread stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`].
    #[doc(alias = "aclrtCreateContext")]
    pub fn new(device: &Device) -> Result<Self> {
        let life = Arc::new(());
        let raw = device.raw();
        let handle = bound::around(
            raw,
            &life,
            || raw.create_context(device.id()),
            ContextHandle::as_current,
        )?;
        Ok(Self(Arc::new(Inner {
            handle: Some(handle),
            life,
            device: device.clone(),
        })))
    }

    /// Returns the device.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    /// Returns the C handle, for calls that this crate does not wrap; it stays ours.
    #[must_use]
    pub fn as_raw(&self) -> *mut c_void {
        self.handle().as_raw()
    }

    /// Destroys the context. Dropping does the same, and logs what this returns.
    ///
    /// # Errors
    ///
    /// The context, and [`Error::InUse`] while clones or objects made in it hold it, or
    /// [`Error::Acl`].
    #[doc(alias = "aclrtDestroyContext")]
    pub fn close(self) -> Result<(), (Self, Error)> {
        match Arc::try_unwrap(self.0) {
            Ok(mut inner) => match inner.release() {
                Ok(()) => Ok(()),
                Err(error) => Err((Self(Arc::new(inner)), error)),
            },
            Err(shared) => {
                let holders = Arc::strong_count(&shared) - 1;
                Err((
                    Self(shared),
                    Error::InUse {
                        what: "Context",
                        holders,
                    },
                ))
            }
        }
    }

    pub(crate) fn raw(&self) -> Raw {
        self.0.device.raw()
    }

    fn handle(&self) -> &ContextHandle {
        self.0
            .handle
            .as_ref()
            .expect("only close and drop take the handle, and they own the context")
    }

    /// Makes the context current until the guard is dropped.
    pub(crate) fn bind(&self) -> Result<Bound<'_>> {
        Bound::enter(self.raw(), self.handle(), &self.0.life)
    }

    /// Makes the context current on this thread while `work` runs, so that the calls within need not
    /// ask what is current: three questions less for each inference.
    ///
    /// Scopes of several contexts may lie in one another, and objects of other contexts may be used
    /// within. The host's own context is current again afterwards, as after every call.
    ///
    /// Within `work` no call beside this crate may make another context current on this thread and
    /// leave it so: calls of this crate would then work in that one, and fail or, where handles of
    /// two contexts are alike, work on the wrong objects. Such calls are `unsafe`, and this is part
    /// of what whoever writes them promises.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`] if the context cannot be made current; `work` does not run then.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn run(context: &acl::Context, model: &acl::Model, bindings: &mut acl::Bindings) -> acl::Result<()> {
    /// context.scope(|| {
    ///     for _ in 0..1000 {
    ///         model.execute(bindings)?;
    ///     }
    ///     Ok(())
    /// })?
    /// # }
    /// ```
    pub fn scope<T>(&self, work: impl FnOnce() -> T) -> Result<T> {
        let bound = self.bind()?;
        Ok(bound.scope(work))
    }

    /// Checks that `other` is this context, before C is given objects of both.
    pub(crate) fn require(&self, other: &Self, what: &'static str) -> Result<()> {
        if Arc::ptr_eq(&self.0, &other.0) {
            Ok(())
        } else {
            Err(Error::ContextMismatch { what })
        }
    }
}

/// Equal if both are handles to the same context.
impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Context {}

impl Inner {
    fn release(&mut self) -> Result<()> {
        let Some(handle) = self.handle.take() else {
            return Ok(());
        };
        let done = self.device.raw().destroy_context(&handle);
        if done.is_err() {
            self.handle = Some(handle);
        }
        done
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            log::warn!("a context was not destroyed: {error}");
        }
    }
}
