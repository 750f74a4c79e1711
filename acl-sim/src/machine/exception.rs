//! What a failure of queued work was, for the program's exception callback.

use std::sync::{Arc, PoisonError, RwLock};

use acl_sys::ACL_ERROR_INVALID_PARAM;

use super::failure::{Failure, Result, fail};
use super::handle::{Handle, Kind, Table};
use super::stream::Stream;
use super::{device_memory, op_task};

/// A failure: where and what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exception {
    /// The number of the work in its stream, from 0.
    pub(crate) task: u32,
    pub(crate) stream: u32,
    /// The thread that carried the work out.
    pub(crate) thread: u32,
    pub(crate) device: u32,
    pub(crate) code: u32,
}

/// The program's function, called with the handle of an [`Exception`].
pub(crate) type Callback = Arc<dyn Fn(Handle) + Send + Sync>;

static CALLBACK: RwLock<Option<Callback>> = RwLock::new(None);
static EXCEPTIONS: Table<Exception> = Table::new(Kind::Exception);

/// Sets the program's function, or takes it back.
pub(crate) fn set(callback: Option<Callback>) {
    *CALLBACK.write().unwrap_or_else(PoisonError::into_inner) = callback;
}

/// Returns what a handle stands for, which it does while the callback runs.
pub(crate) fn get(handle: Handle) -> Result<Exception> {
    EXCEPTIONS
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

/// Calls the program's function, on the thread of the stream.
pub(crate) fn tell(stream: &Stream, task: u64, failure: &Failure) {
    // Numbers of 32 bits, as the interface has them; they wrap.
    let low = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
    let exception = Exception {
        task: low(task),
        stream: stream.id,
        thread: low(device_memory::thread()),
        device: low(stream.chip as u64),
        code: failure.code.cast_unsigned(),
    };
    op_task::keep(&exception);
    let callback = CALLBACK
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let Some(callback) = callback else {
        return;
    };
    let handle = EXCEPTIONS.insert(|_| exception);
    callback(handle);
    let _ = EXCEPTIONS.remove(handle);
}
