//! Channels: bounded queues of datasets with a device and a name.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::CString;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_ERROR_RT_END_OF_SEQUENCE, ACL_ERROR_RT_QUEUE_EMPTY,
    ACL_ERROR_RT_QUEUE_FULL,
};

use super::super::failure::{Failure, Result, fail};
use super::super::handle::{Handle, Kind, Table};
use super::super::{process, strict};
use super::item::{self, Sent};

/// How many datasets a channel holds unless its maker says so.
pub(crate) const CAPACITY: usize = 128;

struct Channel {
    key: (u32, Arc<CString>),
    capacity: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Vec<Sent>>,
    stopped: bool,
    /// How many handles name it.
    handles: usize,
}

static HANDLES: Table<Arc<Channel>> = Table::new(Kind::TdtChannel);

/// Channels by device and name.
type Channels = BTreeMap<(u32, Arc<CString>), Arc<Channel>>;

/// The channels that have a handle. Locked before the table of handles and before a channel.
static CHANNELS: Mutex<Channels> = Mutex::new(BTreeMap::new());

fn channels() -> MutexGuard<'static, Channels> {
    CHANNELS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}

fn stopped() -> Failure {
    fail!(
        ACL_ERROR_RT_END_OF_SEQUENCE,
        "the channel was stopped, or its last handle destroyed"
    )
}

/// Makes a handle of a channel, and the channel if it is the first.
pub(crate) fn create(device: u32, name: CString, capacity: usize) -> Result<Handle> {
    process::require_init()?;
    process::check_device(i32::try_from(device).unwrap_or(-1))?;
    if name.is_empty() {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the channel's name is empty"
        ));
    }
    if capacity == 0 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the capacity is 0, wanted 1 or more"
        ));
    }
    let key = (device, Arc::new(name));
    let mut channels = channels();
    let channel = channels.entry(key.clone()).or_insert_with(|| {
        Arc::new(Channel {
            key,
            capacity,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    });
    channel.lock().handles += 1;
    Ok(HANDLES.insert(|_| Arc::clone(channel)))
}

fn channel(handle: Handle) -> Result<Arc<Channel>> {
    HANDLES
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

/// Ends a handle; the last one takes the channel along.
pub(crate) fn destroy(handle: Handle) -> Result<()> {
    let mut channels = channels();
    let channel = HANDLES.remove(handle).map_err(|complaint| {
        strict::find(strict::Finding::BadHandle, complaint.clone());
        fail!(ACL_ERROR_INVALID_PARAM, "{complaint}")
    })?;
    let left = {
        let mut state = channel.lock();
        state.handles -= 1;
        state.handles
    };
    if left == 0 {
        // Another channel may have the name by now, after the end of the library's use.
        if matches!(channels.get(&channel.key), Some(now) if Arc::ptr_eq(now, &channel)) {
            channels.remove(&channel.key);
        }
        channel.stop();
    }
    Ok(())
}

/// Lets nobody wait at a channel any more.
pub(crate) fn stop(handle: Handle) -> Result<()> {
    channel(handle)?.stop();
    Ok(())
}

/// Returns how many datasets wait in a channel.
pub(crate) fn len(handle: Handle) -> Result<usize> {
    Ok(channel(handle)?.lock().queue.len())
}

/// Sends a copy of a dataset.
pub(crate) fn send(handle: Handle, dataset: Handle, timeout: Option<Duration>) -> Result<()> {
    let channel = channel(handle)?;
    let sent = item::send(dataset)?;
    if sent.is_empty() {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the dataset holds no items; acltdtAddDataItem adds one"
        ));
    }
    let capacity = channel.capacity;
    let mut state = super::wait(&channel.changed, channel.lock(), timeout, |state| {
        !state.stopped && state.queue.len() >= capacity
    });
    if state.stopped {
        return Err(stopped());
    }
    if state.queue.len() >= capacity {
        return Err(fail!(
            ACL_ERROR_RT_QUEUE_FULL,
            "the channel holds all the {capacity} datasets that it can, and none was taken in time"
        ));
    }
    state.queue.push_back(sent);
    drop(state);
    channel.changed.notify_all();
    Ok(())
}

/// Receives into a dataset.
pub(crate) fn receive(handle: Handle, dataset: Handle, timeout: Option<Duration>) -> Result<()> {
    let channel = channel(handle)?;
    let dataset = item::dataset(dataset)?;
    dataset.lock().check_receives()?;
    let mut state = super::wait(&channel.changed, channel.lock(), timeout, |state| {
        !state.stopped && state.queue.is_empty()
    });
    if state.stopped {
        return Err(stopped());
    }
    let Some(sent) = state.queue.pop_front() else {
        return Err(fail!(
            ACL_ERROR_RT_QUEUE_EMPTY,
            "nothing came through the channel in time"
        ));
    };
    drop(state);
    channel.changed.notify_all();
    item::receive(&dataset, sent, &channel.key.1)
}

/// Stops all channels, so that nobody waits; their handles die.
pub(super) fn clear() {
    let all = std::mem::take(&mut *channels());
    all.values().for_each(|channel| channel.stop());
    for (handle, _) in HANDLES.all() {
        let _ = HANDLES.remove(handle);
    }
}
