//! Settings of devices and streams that are kept and told, and those that change what is done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::handle::Handle;

#[derive(Default)]
struct Settings {
    /// How a device treats overflow: saturated (0) or as infinity (1).
    overflow: BTreeMap<usize, u32>,
    /// Whether a stream looks for overflow.
    watched: BTreeMap<u64, u32>,
    /// Which device may reach the memory of which.
    peers: BTreeSet<(usize, usize)>,
}

static SETTINGS: Mutex<Option<Settings>> = Mutex::new(None);

/// How long a stream waits for an event, in seconds; 0 for ever.
static EVENT_TIMEOUT: AtomicU32 = AtomicU32::new(0);

fn lock() -> MutexGuard<'static, Option<Settings>> {
    SETTINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn set_event_timeout(seconds: u32) {
    EVENT_TIMEOUT.store(seconds, Ordering::Relaxed);
}

pub(crate) fn event_timeout() -> Option<Duration> {
    match EVENT_TIMEOUT.load(Ordering::Relaxed) {
        0 => None,
        seconds => Some(Duration::from_secs(u64::from(seconds))),
    }
}

pub(crate) fn set_overflow(chip: usize, mode: u32) {
    lock().get_or_insert_default().overflow.insert(chip, mode);
}

/// Returns how a device treats overflow: an Ascend 310P saturates unless it was told otherwise.
pub(crate) fn overflow(chip: usize) -> u32 {
    let settings = &mut *lock();
    settings
        .get_or_insert_default()
        .overflow
        .get(&chip)
        .copied()
        .unwrap_or(0)
}

pub(crate) fn set_watched(stream: Handle, on: u32) {
    lock().get_or_insert_default().watched.insert(stream.0, on);
}

pub(crate) fn watched(stream: Handle) -> u32 {
    let settings = &mut *lock();
    settings
        .get_or_insert_default()
        .watched
        .get(&stream.0)
        .copied()
        .unwrap_or(0)
}

/// Lets a device reach the memory of another, or not any more; says whether that was a change.
pub(crate) fn set_peer(chip: usize, peer: usize, on: bool) -> bool {
    let settings = &mut *lock();
    let peers = &mut settings.get_or_insert_default().peers;
    if on {
        peers.insert((chip, peer))
    } else {
        peers.remove(&(chip, peer))
    }
}

/// Says whether one of two devices may reach the memory of the other.
pub(crate) fn are_peers(chip: usize, peer: usize) -> bool {
    let settings = &mut *lock();
    let peers = &settings.get_or_insert_default().peers;
    chip == peer || peers.contains(&(chip, peer)) || peers.contains(&(peer, chip))
}

/// Forgets everything, at the end of the library's use.
pub(crate) fn clear() {
    *lock() = None;
    set_event_timeout(0);
}
