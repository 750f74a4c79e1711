//! Which operator a failed task was, for `aclmdlCreateAndGetOpDesc`.
//!
//! A run of a model is one task of its stream here, where a device has one for each operator. So
//! what a failed task is told to be is the whole model: its name, its inputs and its outputs with
//! their addresses. Only failures are kept, and of those the last: an exception callback asks for
//! nothing else.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use acl_sys::ACL_ERROR_INVALID_PARAM;

use super::exception::Exception;
use super::failure::{Result, fail};
use super::objects::TensorDesc;

/// What a task was.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    pub(crate) name: String,
    pub(crate) inputs: Vec<TensorDesc>,
    pub(crate) outputs: Vec<TensorDesc>,
}

/// Older failures than this many are forgotten.
const KEPT: usize = 64;

/// Device, stream and task.
type Place = (u32, u32, u32);

static FAILED: Mutex<VecDeque<(Place, Operator)>> = Mutex::new(VecDeque::new());

thread_local! {
    /// What failed on this thread just now; the stream, which numbers its tasks, takes it.
    static LATEST: RefCell<Option<Operator>> = const { RefCell::new(None) };
}

/// Says what the work was that fails on this thread.
pub(crate) fn fails(operator: Operator) {
    LATEST.set(Some(operator));
}

/// Keeps what failed on this thread under the numbers of its task.
pub(crate) fn keep(exception: &Exception) {
    let Some(operator) = LATEST.take() else {
        return;
    };
    let place = (exception.device, exception.stream, exception.task);
    let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    if failed.len() == KEPT {
        failed.pop_front();
    }
    failed.push_back((place, operator));
}

/// Returns what a task was that failed.
pub(crate) fn get(device: u32, stream: u32, task: u32) -> Result<Operator> {
    let failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    let found = failed.iter().rev();
    found
        .clone()
        .find(|(place, _)| *place == (device, stream, task))
        .map(|(_, operator)| operator.clone())
        .ok_or_else(|| {
            fail!(
                ACL_ERROR_INVALID_PARAM,
                "task {task} of stream {stream} of device {device} is no run of a model that \
                 failed; take the numbers from the exception callback"
            )
        })
}
