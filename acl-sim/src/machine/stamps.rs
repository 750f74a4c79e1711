//! Stamps and subscriptions of `acl_prof.h`: the rules of their calls.
//!
//! As with the rest of profiling ([`super::profiling`]) nothing is measured and nothing is written.
//!
//! # The simulator's own choices
//!
//! * Stamps work whether or not profiling runs, because programs leave them in. A stamp is in use
//!   from `aclprofPush` to `aclprofPop` (a stack for each thread) or from `aclprofRangeStart` to
//!   `aclprofRangeStop` (from any thread, in any order); beginning with it again meanwhile is 100000,
//!   as are `aclprofPop` without a push and the end of a range that is none. Destroying it meanwhile
//!   is a finding.
//! * A subscription's file never gets a record: a reader sees its end when the program closes it.
//!   `aclprofGetOpDescSize` tells how much room a record would take; the functions that look into a
//!   record stay unsimulated, for there is none to look into.
//! * Subscribing excludes `aclprofInit` and the other way round (148047), and a second subscription
//!   of a model is 148046. One ends with its model. Ending what is no subscription is 100000; a model
//!   that is not loaded is 145003, as everywhere here.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_ERROR_PROF_API_CONFLICT, ACL_ERROR_PROF_REPEAT_SUBSCRIBE,
};

use super::failure::{Result, fail};
use super::handle::{Handle, Kind, Table};
use super::objects::Shared;
use super::{model, process, profiling, strict};

/// The room that a record of an operator would take.
pub(crate) const RECORD: usize = 512;

/// A moment or a stretch of time with a name.
#[derive(Debug, Default)]
struct Stamp {
    message: Vec<u8>,
    /// It was pushed, or a range with it runs.
    used: bool,
}

static STAMPS: Table<Arc<Shared<Stamp>>> = Table::new(Kind::Stamp);
static SUBSCRIBE_CONFIGS: Table<()> = Table::new(Kind::SubscribeConfig);

#[derive(Default)]
struct State {
    ranges: BTreeMap<u32, Handle>,
    last: u32,
    /// Models with a subscription.
    subscribed: BTreeSet<u32>,
}

static STATE: Mutex<State> = Mutex::new(State {
    ranges: BTreeMap::new(),
    last: 0,
    subscribed: BTreeSet::new(),
});

thread_local! {
    static PUSHED: RefCell<Vec<Handle>> = const { RefCell::new(Vec::new()) };
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a stamp.
pub(crate) fn create() -> Result<Handle> {
    process::require_init()?;
    Ok(STAMPS.insert(|_| Shared::new(Stamp::default())))
}

fn stamp(handle: Handle) -> Result<Arc<Shared<Stamp>>> {
    STAMPS
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

/// Ends a stamp.
pub(crate) fn destroy(handle: Handle) -> Result<()> {
    let stamp = STAMPS.remove(handle).map_err(|complaint| {
        strict::find(strict::Finding::BadHandle, complaint.clone());
        fail!(ACL_ERROR_INVALID_PARAM, "{complaint}")
    })?;
    if stamp.lock().used {
        strict::find(
            strict::Finding::Order,
            "aclprofDestroyStamp: the stamp was pushed and not popped, or its range runs"
                .to_owned(),
        );
    }
    Ok(())
}

/// Names a stamp.
pub(crate) fn set_message(handle: Handle, message: &[u8]) -> Result<()> {
    stamp(handle)?.lock().message = message.to_vec();
    Ok(())
}

/// Marks a moment.
pub(crate) fn mark(handle: Handle) -> Result<()> {
    let stamp = stamp(handle)?;
    let stamp = stamp.lock();
    log::trace!("mark {}", String::from_utf8_lossy(&stamp.message));
    Ok(())
}

fn begin(handle: Handle) -> Result<()> {
    let stamp = stamp(handle)?;
    if std::mem::replace(&mut stamp.lock().used, true) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the stamp is in use: pop it or stop its range first"
        ));
    }
    Ok(())
}

fn end(handle: Handle) {
    // Who destroyed it meanwhile was told then.
    if let Ok(stamp) = stamp(handle) {
        stamp.lock().used = false;
    }
}

/// Begins a stretch of this thread's.
pub(crate) fn push(handle: Handle) -> Result<()> {
    begin(handle)?;
    PUSHED.with_borrow_mut(|pushed| pushed.push(handle));
    Ok(())
}

/// Ends the stretch of this thread's that began last.
pub(crate) fn pop() -> Result<()> {
    let last = PUSHED.with_borrow_mut(Vec::pop);
    last.map(end).ok_or_else(|| {
        fail!(
            ACL_ERROR_INVALID_PARAM,
            "this thread has pushed no stamp that it has not popped"
        )
    })
}

/// Begins a range; returns its number.
pub(crate) fn start(handle: Handle) -> Result<u32> {
    begin(handle)?;
    let mut state = state();
    state.last = state.last.wrapping_add(1);
    let id = state.last;
    state.ranges.insert(id, handle);
    Ok(id)
}

/// Ends a range.
pub(crate) fn stop(id: u32) -> Result<()> {
    let range = state().ranges.remove(&id);
    range.map(end).ok_or_else(|| {
        fail!(
            ACL_ERROR_INVALID_PARAM,
            "no range of number {id} runs; aclprofRangeStart gives numbers"
        )
    })
}

/// Makes a configuration of subscriptions.
pub(crate) fn create_config() -> Result<Handle> {
    process::require_init()?;
    Ok(SUBSCRIBE_CONFIGS.insert(|_| ()))
}

/// Ends a configuration of subscriptions.
pub(crate) fn destroy_config(handle: Handle) -> Result<()> {
    SUBSCRIBE_CONFIGS.remove(handle).map_err(|complaint| {
        strict::find(strict::Finding::BadHandle, complaint.clone());
        fail!(ACL_ERROR_INVALID_PARAM, "{complaint}")
    })
}

/// Forgets subscriptions whose model is gone; says whether any is left.
fn any_left(state: &mut State) -> bool {
    state.subscribed.retain(|id| model::get(*id).is_ok());
    !state.subscribed.is_empty()
}

/// Refuses to begin profiling beside subscriptions.
pub(crate) fn require_none_subscribed() -> Result<()> {
    if any_left(&mut state()) {
        return Err(fail!(
            ACL_ERROR_PROF_API_CONFLICT,
            "a model is subscribed; aclprofModelUnSubscribe ends that"
        ));
    }
    Ok(())
}

/// Subscribes to a model.
pub(crate) fn subscribe(id: u32, config: Handle) -> Result<()> {
    SUBSCRIBE_CONFIGS
        .get(config)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))?;
    model::get(id)?;
    if profiling::runs() {
        return Err(fail!(
            ACL_ERROR_PROF_API_CONFLICT,
            "profiling has begun; aclprofFinalize ends it"
        ));
    }
    let mut state = state();
    any_left(&mut state);
    if !state.subscribed.insert(id) {
        return Err(fail!(
            ACL_ERROR_PROF_REPEAT_SUBSCRIBE,
            "model {id} is subscribed already"
        ));
    }
    Ok(())
}

/// Ends a subscription.
pub(crate) fn unsubscribe(id: u32) -> Result<()> {
    model::get(id)?;
    if !state().subscribed.remove(&id) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "model {id} is not subscribed"
        ));
    }
    Ok(())
}

/// Forgets ranges and subscriptions, at the end of the library's use.
pub(crate) fn clear() {
    let mut state = state();
    state.ranges.clear();
    state.subscribed.clear();
}
