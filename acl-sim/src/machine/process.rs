//! The life of a process: initialisation, devices, contexts, and which context is current.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acl_sys::{
    ACL_ERROR_REPEAT_FINALIZE, ACL_ERROR_REPEAT_INITIALIZE, ACL_ERROR_RT_CONTEXT_NULL,
    ACL_ERROR_RT_INVALID_DEVICEID, ACL_ERROR_RT_NO_EVENT_RESOURCE, ACL_ERROR_RT_NO_STREAM_RESOURCE,
    ACL_ERROR_RT_PARAM_INVALID, ACL_ERROR_RT_STREAM_CONTEXT, ACL_ERROR_UNINITIALIZE,
};

use super::config::Config;
use super::event::Event;
use super::failure::{Result, fail};
use super::handle::{Handle, Kind, Table};
use super::profile::{self, profile};
use super::stream::{Stream, Waited};
use super::{device_memory, faults, memory, message, model, objects, report, strict};

/// A context: a device's, with a default stream.
pub(crate) struct Context {
    pub(crate) handle: Handle,
    pub(crate) chip: usize,
    default_stream: Arc<Stream>,
    /// Made by setting the device, and ended with it.
    implicit: bool,
}

static CONTEXTS: Table<Arc<Context>> = Table::new(Kind::Context);
static STREAMS: Table<Arc<Stream>> = Table::new(Kind::Stream);
static EVENTS: Table<Arc<Event>> = Table::new(Kind::Event);

#[derive(Default)]
struct Life {
    initialised: bool,
    finalized: bool,
    devices: BTreeMap<i32, Device>,
}

struct Device {
    references: usize,
    context: Handle,
}

static LIFE: Mutex<Life> = Mutex::new(Life {
    initialised: false,
    finalized: false,
    devices: BTreeMap::new(),
});

/// The context of the configuration's default device; 0 for none.
static DEFAULT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The current context of this thread; 0 for none.
    static CURRENT: Cell<u64> = const { Cell::new(0) };
}

fn life() -> MutexGuard<'static, Life> {
    LIFE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Initialises, with the defaults or a configuration file.
pub(crate) fn init(config: Option<&Path>) -> Result<()> {
    profile::check()?;
    let config = match config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    let mut life = life();
    if life.initialised {
        return Err(fail!(
            ACL_ERROR_REPEAT_INITIALIZE,
            "this process has been initialised already: once is enough, until aclFinalize"
        ));
    }
    if life.finalized && !profile().cann.may_begin_again() {
        strict::find(
            strict::Finding::Order,
            format!(
                "aclInit after aclFinalize: up to CANN 7 services cannot be used normally then, and \
                 the profile imitates {}",
                profile().cann
            ),
        );
    }
    faults::from_environment()?;
    life.initialised = true;
    life.finalized = false;
    device_memory::forks::watch(true);
    device_memory::exits::watch(exit);
    drop(life);
    message::share(config.shares_messages);
    match config.default_device {
        Some(id) => set_default_device(id),
        None => Ok(()),
    }
}

/// Sets the device that threads use which have set none.
fn set_default_device(id: i32) -> Result<()> {
    let chip = check_device(id)?;
    let mut life = life();
    let device = life.devices.entry(id).or_insert_with(|| Device {
        references: 1,
        context: new_context(chip, true),
    });
    DEFAULT.store(device.context.0, Ordering::Relaxed);
    Ok(())
}

/// Fails unless the process is initialised.
pub(crate) fn require_init() -> Result<()> {
    if life().initialised {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_UNINITIALIZE,
        "aclInit has not been called, or aclFinalize came after it"
    ))
}

/// Tells what was never released, by kind, and which calls made it.
fn tell_leaks(when: &str, devices: usize) {
    let found = [
        (CONTEXTS.made(|context| !context.implicit), "context"),
        (STREAMS.made(|_| true), "stream"),
        (EVENTS.made(|_| true), "event"),
        (model::live(), "loaded model"),
    ];
    for (made, what) in found.into_iter().chain(objects::live()) {
        if !made.is_empty() {
            let text = format!("{when}: {} of kind {what} were never released", made.len());
            strict::find(strict::Finding::Leak, text + &strict::made_by(&made));
        }
    }
    memory::tell_leaks(when);
    if devices > 0 {
        strict::find(
            strict::Finding::Leak,
            format!("{when}: a device was set and never reset"),
        );
    }
}

/// Tells what a process leaves behind that ends without `aclFinalize`, and writes the report.
pub(crate) fn exit() {
    if device_memory::forks::forked() {
        return;
    }
    let life = life();
    let (initialised, devices) = (life.initialised, life.devices.len());
    drop(life);
    if initialised {
        strict::find(
            strict::Finding::Leak,
            "the process ended without aclFinalize".to_owned(),
        );
        tell_leaks("exit", devices);
    }
    strict::report(!initialised);
}

/// Ends the use of the library: everything is released, and what was forgotten is told.
pub(crate) fn finalize() -> Result<()> {
    let mut life = life();
    if !life.initialised {
        return Err(if life.finalized {
            fail!(
                ACL_ERROR_REPEAT_FINALIZE,
                "this process has been finalized already"
            )
        } else {
            fail!(ACL_ERROR_UNINITIALIZE, "aclInit has not been called")
        });
    }
    life.initialised = false;
    life.finalized = true;
    device_memory::forks::watch(false);
    let devices = std::mem::take(&mut life.devices);
    DEFAULT.store(0, Ordering::Relaxed);
    drop(life);

    tell_leaks("aclFinalize", devices.len());
    // First, because a stream may wait for a callback that nobody will run any more.
    report::clear();
    for (_, stream) in STREAMS.all() {
        stream.end();
    }
    for (handle, context) in CONTEXTS.all() {
        context.default_stream.end();
        let _ = CONTEXTS.remove(handle);
    }
    STREAMS
        .all()
        .iter()
        .for_each(|(handle, _)| drop(STREAMS.remove(*handle)));
    EVENTS
        .all()
        .iter()
        .for_each(|(handle, _)| drop(EVENTS.remove(*handle)));
    model::clear();
    memory::clear();
    super::exception::set(None);
    super::settings::clear();
    super::profiling::clear();
    super::stamps::clear();
    super::tdt::clear();
    super::retrieval::clear();
    strict::report(true);
    strict::begin_again();
    Ok(())
}

pub(crate) fn check_device(id: i32) -> Result<usize> {
    match usize::try_from(id) {
        Ok(chip) if id.unsigned_abs() < profile().chips => Ok(chip),
        _ => Err(fail!(
            ACL_ERROR_RT_INVALID_DEVICEID,
            "device {id} was asked for, this machine has {}, numbered from 0",
            profile().chips
        )),
    }
}

fn new_context(chip: usize, implicit: bool) -> Handle {
    CONTEXTS.insert(|handle| {
        Arc::new(Context {
            handle,
            chip,
            default_stream: Stream::new(handle, chip),
            implicit,
        })
    })
}

/// Makes a device the one of this thread.
pub(crate) fn set_device(id: i32) -> Result<()> {
    require_init()?;
    let chip = check_device(id)?;
    let mut life = life();
    let device = life.devices.entry(id).or_insert_with(|| Device {
        references: 0,
        context: new_context(chip, true),
    });
    device.references += 1;
    CURRENT.set(device.context.0);
    Ok(())
}

/// Takes one reference of a device back; with the last one its default context ends.
pub(crate) fn reset_device(id: i32) -> Result<()> {
    check_device(id)?;
    let mut life = life();
    let Some(device) = life.devices.get_mut(&id) else {
        return Err(fail!(
            ACL_ERROR_RT_INVALID_DEVICEID,
            "device {id} is not set: each aclrtResetDevice answers one aclrtSetDevice"
        ));
    };
    device.references -= 1;
    if device.references > 0 && profile().cann.counts_resets() {
        return Ok(());
    }
    let context = device.context;
    life.devices.remove(&id);
    drop(life);
    end_context(context)
}

/// Ends a context: its streams are waited for and gone.
fn end_context(handle: Handle) -> Result<()> {
    let context = CONTEXTS
        .remove(handle)
        .map_err(|complaint| fail!(ACL_ERROR_RT_PARAM_INVALID, "{complaint}"))?;
    let mut streams = STREAMS.all();
    streams.retain(|(_, stream)| stream.context == handle);
    // First, because a stream, or another that waits for its event, may wait for a callback that
    // nobody will run any more.
    report::forget(handle);
    for (stream_handle, _) in &streams {
        report::forget(*stream_handle);
    }
    context.default_stream.end();
    for (stream_handle, stream) in streams {
        strict::find(
            strict::Finding::Order,
            "a context ended before one of its streams was destroyed".to_owned(),
        );
        stream.end();
        let _ = STREAMS.remove(stream_handle);
    }
    Ok(())
}

/// Makes a context and makes it current.
pub(crate) fn create_context(id: i32) -> Result<Handle> {
    require_init()?;
    let chip = check_device(id)?;
    let handle = new_context(chip, false);
    CURRENT.set(handle.0);
    Ok(handle)
}

/// Ends an explicit context.
pub(crate) fn destroy_context(handle: Handle) -> Result<()> {
    let context = CONTEXTS
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_RT_PARAM_INVALID, "{complaint}"))?;
    if context.implicit {
        return Err(fail!(
            ACL_ERROR_RT_PARAM_INVALID,
            "the default context of device {} ends with aclrtResetDevice alone",
            context.chip
        ));
    }
    end_context(handle)
}

/// Makes a context current on this thread.
pub(crate) fn set_current(handle: Handle) -> Result<()> {
    CONTEXTS
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_RT_PARAM_INVALID, "{complaint}"))?;
    CURRENT.set(handle.0);
    Ok(())
}

/// Returns the current context of this thread.
pub(crate) fn current() -> Result<Arc<Context>> {
    let handle = match CURRENT.try_with(Cell::get).unwrap_or(0) {
        0 => DEFAULT.load(Ordering::Relaxed),
        handle => handle,
    };
    if handle == 0 {
        return Err(fail!(
            ACL_ERROR_RT_CONTEXT_NULL,
            "this thread has no context: call aclrtSetDevice or aclrtSetCurrentContext on it first"
        ));
    }
    CONTEXTS.get(Handle(handle)).map_err(|_| {
        fail!(
            ACL_ERROR_RT_CONTEXT_NULL,
            "the context that was current on this thread has ended: set another"
        )
    })
}

/// Makes a stream in the current context.
pub(crate) fn create_stream() -> Result<Handle> {
    let context = current()?;
    let defaults = CONTEXTS
        .all()
        .iter()
        .filter(|(_, c)| c.chip == context.chip)
        .count();
    let others = STREAMS
        .all()
        .iter()
        .filter(|(_, s)| s.chip == context.chip)
        .count();
    if defaults + others >= profile().streams {
        return Err(fail!(
            ACL_ERROR_RT_NO_STREAM_RESOURCE,
            "device {} has no more than {} streams, the default ones included",
            context.chip,
            profile().streams
        ));
    }
    Ok(STREAMS.insert(|_| Stream::new(context.handle, context.chip)))
}

/// Returns a stream of the current context; null means its default stream.
pub(crate) fn stream(handle: Handle) -> Result<Arc<Stream>> {
    let context = current()?;
    if handle.0 == 0 {
        return Ok(Arc::clone(&context.default_stream));
    }
    let stream = STREAMS
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_RT_STREAM_CONTEXT, "{complaint}"))?;
    if stream.context != context.handle {
        return Err(fail!(
            ACL_ERROR_RT_STREAM_CONTEXT,
            "the stream belongs to another context than the current one of this thread"
        ));
    }
    Ok(stream)
}

/// Returns the handle by which a stream's subscription is known: a default stream, which has none
/// of its own, goes by that of its context.
pub(crate) fn subscription(stream: Handle) -> Result<Handle> {
    self::stream(stream)?;
    Ok(if stream.0 == 0 {
        current()?.handle
    } else {
        stream
    })
}

/// Ends a stream: its work is waited for, or dropped.
pub(crate) fn destroy_stream(handle: Handle, drop_work: bool) -> Result<()> {
    if handle.0 == 0 {
        return Err(fail!(
            ACL_ERROR_RT_STREAM_CONTEXT,
            "the default stream cannot be destroyed"
        ));
    }
    stream(handle)?;
    let stream = STREAMS
        .remove(handle)
        .map_err(|complaint| fail!(ACL_ERROR_RT_STREAM_CONTEXT, "{complaint}"))?;
    if drop_work {
        stream.discard();
        // A callback that nobody runs must not hold the stream.
        report::forget(handle);
        stream.end();
    } else {
        // The callbacks belong to the work that is waited for, as long as somebody runs them.
        stream.close();
        let (step, mut steps) = (Duration::from_millis(50), 0);
        while matches!(stream.synchronize(Some(step)), Ok(Waited::TimedOut)) {
            steps = if report::is_abandoned(handle) {
                steps + 1
            } else {
                0
            };
            if steps == ABANDONED {
                report::forget(handle);
            }
        }
        report::forget(handle);
        stream.end();
    }
    Ok(())
}

/// For how many steps of waiting nobody may look after a callback before the stream that is being
/// destroyed gives up on it: a second.
const ABANDONED: u32 = 20;

/// Waits for all streams of the current context's device.
pub(crate) fn synchronize_device() -> Result<()> {
    let chip = current()?.chip;
    let defaults = CONTEXTS
        .all()
        .into_iter()
        .map(|(_, context)| Arc::clone(&context.default_stream));
    let explicit = STREAMS.all().into_iter().map(|(_, stream)| stream);
    let mut first = Ok(());
    for stream in defaults
        .chain(explicit)
        .filter(|stream| stream.chip == chip)
    {
        if let Err(failure) = stream.synchronize(None)
            && first.is_ok()
        {
            first = Err(failure);
        }
    }
    first
}

/// Stops all streams of a context.
pub(crate) fn stop_context(handle: Handle, failure: &super::failure::Failure) {
    if let Ok(context) = CONTEXTS.get(handle) {
        context.default_stream.stop(failure);
    }
    let streams = STREAMS.all();
    let of_context = streams
        .iter()
        .filter(|(_, stream)| stream.context == handle);
    of_context.for_each(|(_, stream)| stream.stop(failure));
}

/// Makes an event, with a time or for synchronisation only.
pub(crate) fn create_event(timed: bool) -> Result<Handle> {
    current()?;
    if EVENTS.len() >= profile().events {
        return Err(fail!(
            ACL_ERROR_RT_NO_EVENT_RESOURCE,
            "the device has no more than {} events",
            profile().events
        ));
    }
    Ok(EVENTS.insert(|_| Arc::new(Event::new(timed))))
}

/// Returns an event.
pub(crate) fn event(handle: Handle) -> Result<Arc<Event>> {
    EVENTS
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_RT_PARAM_INVALID, "{complaint}"))
}

/// Takes an event away; work that was queued with it goes on.
pub(crate) fn destroy_event(handle: Handle) -> Result<()> {
    let removed = EVENTS.remove(handle);
    removed
        .map(drop)
        .map_err(|complaint| fail!(ACL_ERROR_RT_PARAM_INVALID, "{complaint}"))
}
