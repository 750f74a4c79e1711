//! Contexts, streams and events.

use std::ffi::c_void;
use std::ptr;

use acl_sys::{aclrtEventRecordedStatus, aclrtEventStatus};

use super::{Raw, entry};
use crate::Result;

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, PartialEq, Eq)]
        pub(crate) struct $name(*mut c_void);

        // SAFETY: the handle is a name for an object of the library, never dereferenced here; the
        // library allows its use from any thread that has the right context current.
        unsafe impl Send for $name {}
        // SAFETY: as above; concurrent calls on one handle are made safe by the types around it.
        unsafe impl Sync for $name {}
    };
}

handle!(
    /// A context made by [`Raw::create_context`], or a device's default one.
    ContextHandle
);
handle!(
    /// A stream.
    StreamHandle
);
handle!(
    /// An event.
    EventHandle
);

/// The context that is current on a thread: anybody's, so it is only compared and put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Current(*mut c_void);

impl Current {
    pub(crate) fn is(self, context: &ContextHandle) -> bool {
        self.0 == context.0
    }

    /// Returns the handle, to compare it.
    pub(crate) fn raw(self) -> *mut c_void {
        self.0
    }

    /// Treats the current context as one of ours: a device's default one, read right after
    /// `aclrtSetDevice`, which lives until the device is reset.
    pub(crate) fn into_default(self) -> ContextHandle {
        ContextHandle(self.0)
    }
}

impl ContextHandle {
    pub(crate) fn as_current(&self) -> Current {
        Current(self.0)
    }

    pub(crate) fn as_raw(&self) -> *mut c_void {
        self.0
    }
}

impl StreamHandle {
    pub(super) fn raw(&self) -> *mut c_void {
        self.0
    }

    pub(crate) fn as_raw(&self) -> *mut c_void {
        self.0
    }
}

impl EventHandle {
    pub(crate) fn as_raw(&self) -> *mut c_void {
        self.0
    }
}

impl Raw {
    /// Returns this thread's context; `None` when it has none, or none that the library can tell.
    pub(crate) fn current_context(self) -> Option<Current> {
        let function = self.api.aclrtGetCurrentContext?;
        let mut context = ptr::null_mut();
        // SAFETY: the place is valid for the call.
        let code = unsafe { function(&raw mut context) };
        if code != acl_sys::ACL_SUCCESS {
            // Only the text of this failed question is read away: it would mislead whoever asks
            // for the text of a later failure.
            let _ = self.recent_error();
            return None;
        }
        (!context.is_null()).then_some(Current(context))
    }

    pub(crate) fn set_current_context(self, context: Current) -> Result<()> {
        let function = entry!(self, aclrtSetCurrentContext);
        // SAFETY: the context is alive (ours), or was current on this thread when the call began.
        let code = unsafe { function(context.0) };
        self.check(code, "aclrtSetCurrentContext", || {
            format!("context {:p}", context.0)
        })
    }

    pub(crate) fn create_context(self, device: i32) -> Result<ContextHandle> {
        let function = entry!(self, aclrtCreateContext);
        let mut context = ptr::null_mut();
        // SAFETY: the place is valid for the call; the library checks the number.
        let code = unsafe { function(&raw mut context, device) };
        self.check(code, "aclrtCreateContext", || format!("device {device}"))?;
        Ok(ContextHandle(context))
    }

    pub(crate) fn destroy_context(self, context: &ContextHandle) -> Result<()> {
        let function = entry!(self, aclrtDestroyContext);
        // SAFETY: the caller owns the handle and drops it, unless the call fails.
        let code = unsafe { function(context.0) };
        self.check(code, "aclrtDestroyContext", || {
            format!("context {:p}", context.0)
        })
    }

    pub(crate) fn create_stream(self) -> Result<StreamHandle> {
        let function = entry!(self, aclrtCreateStream);
        let mut stream = ptr::null_mut();
        // SAFETY: the place is valid for the call.
        let code = unsafe { function(&raw mut stream) };
        self.check(code, "aclrtCreateStream", String::new)?;
        Ok(StreamHandle(stream))
    }

    pub(crate) fn destroy_stream(self, stream: &StreamHandle) -> Result<()> {
        let function = entry!(self, aclrtDestroyStream);
        // SAFETY: the caller owns the handle and drops it, unless the call fails.
        let code = unsafe { function(stream.0) };
        self.check(code, "aclrtDestroyStream", || {
            format!("stream {:p}", stream.0)
        })
    }

    pub(crate) fn synchronize_stream(self, stream: &StreamHandle) -> Result<()> {
        let function = entry!(self, aclrtSynchronizeStream);
        // SAFETY: the handle is alive.
        let code = unsafe { function(stream.0) };
        self.check(code, "aclrtSynchronizeStream", || {
            format!("stream {:p}", stream.0)
        })
    }

    pub(crate) fn synchronize_stream_timeout(
        self,
        stream: &StreamHandle,
        milliseconds: i32,
    ) -> Result<()> {
        let function = entry!(self, aclrtSynchronizeStreamWithTimeout);
        // SAFETY: the handle is alive.
        let code = unsafe { function(stream.0, milliseconds) };
        self.check(code, "aclrtSynchronizeStreamWithTimeout", || {
            format!("stream {:p}, timeout {milliseconds} ms", stream.0)
        })
    }

    pub(crate) fn stream_wait_event(
        self,
        stream: &StreamHandle,
        event: &EventHandle,
    ) -> Result<()> {
        let function = entry!(self, aclrtStreamWaitEvent);
        // SAFETY: both handles are alive.
        let code = unsafe { function(stream.0, event.0) };
        self.check(code, "aclrtStreamWaitEvent", || {
            format!("stream {:p}, event {:p}", stream.0, event.0)
        })
    }

    pub(crate) fn create_event(self) -> Result<EventHandle> {
        let function = entry!(self, aclrtCreateEvent);
        let mut event = ptr::null_mut();
        // SAFETY: the place is valid for the call.
        let code = unsafe { function(&raw mut event) };
        self.check(code, "aclrtCreateEvent", String::new)?;
        Ok(EventHandle(event))
    }

    pub(crate) fn destroy_event(self, event: &EventHandle) -> Result<()> {
        let function = entry!(self, aclrtDestroyEvent);
        // SAFETY: the caller owns the handle and drops it, unless the call fails.
        let code = unsafe { function(event.0) };
        self.check(code, "aclrtDestroyEvent", || format!("event {:p}", event.0))
    }

    pub(crate) fn record_event(self, event: &EventHandle, stream: &StreamHandle) -> Result<()> {
        let function = entry!(self, aclrtRecordEvent);
        // SAFETY: both handles are alive.
        let code = unsafe { function(event.0, stream.0) };
        self.check(code, "aclrtRecordEvent", || {
            format!("event {:p}, stream {:p}", event.0, stream.0)
        })
    }

    /// Tells whether the recorded work is done; `aclrtQueryEvent` where the newer call is absent.
    pub(crate) fn event_is_complete(self, event: &EventHandle) -> Result<bool> {
        let args = || format!("event {:p}", event.0);
        if let Some(function) = self.api.aclrtQueryEventStatus {
            let mut status = aclrtEventRecordedStatus::ACL_EVENT_RECORDED_STATUS_NOT_READY;
            // SAFETY: the handle is alive and the place is valid for the call.
            let code = unsafe { function(event.0, &raw mut status) };
            self.check(code, "aclrtQueryEventStatus", args)?;
            // This enumeration counts the other way round than the one below: complete is 1.
            return Ok(status == aclrtEventRecordedStatus::ACL_EVENT_RECORDED_STATUS_COMPLETE);
        }
        let function = entry!(self, aclrtQueryEvent);
        let mut status = aclrtEventStatus::ACL_EVENT_STATUS_NOT_READY;
        // SAFETY: the handle is alive and the place is valid for the call.
        let code = unsafe { function(event.0, &raw mut status) };
        self.check(code, "aclrtQueryEvent", args)?;
        Ok(status == aclrtEventStatus::ACL_EVENT_STATUS_COMPLETE)
    }

    pub(crate) fn synchronize_event(self, event: &EventHandle) -> Result<()> {
        let function = entry!(self, aclrtSynchronizeEvent);
        // SAFETY: the handle is alive.
        let code = unsafe { function(event.0) };
        self.check(code, "aclrtSynchronizeEvent", || {
            format!("event {:p}", event.0)
        })
    }

    pub(crate) fn elapsed_ms(self, start: &EventHandle, end: &EventHandle) -> Result<f32> {
        let function = entry!(self, aclrtEventElapsedTime);
        let mut milliseconds = 0.0;
        // SAFETY: both handles are alive and the place is valid for the call.
        let code = unsafe { function(&raw mut milliseconds, start.0, end.0) };
        self.check(code, "aclrtEventElapsedTime", || {
            format!("start {:p}, end {:p}", start.0, end.0)
        })?;
        Ok(milliseconds)
    }
}
