//! The life of a process: initialisation, devices, contexts, and which context is current.

use std::cell::Cell;
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
use super::failure::{Failure, Result, fail};
use super::handle::{Handle, Kind, Table};
use super::life::{Device, Life, Reset};
use super::profile::{self, profile};
use super::report::Service;
use super::stream::{Stream, Waited};
use super::{device_memory, faults, memory, message, model, objects, op, report, strict, threads};

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

static LIFE: Mutex<Life<Handle>> = Mutex::new(Life::new());

/// The context of the configuration's default device; 0 for none.
static DEFAULT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The current context of this thread; 0 for none.
    static CURRENT: Cell<u64> = const { Cell::new(0) };
}

fn life() -> MutexGuard<'static, Life<Handle>> {
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
    initialised().map(drop)
}

/// Holds the process's life, if it is initialised: whoever makes something that `aclFinalize` is to
/// find holds it meanwhile.
fn initialised() -> Result<MutexGuard<'static, Life<Handle>>> {
    let life = life();
    if life.initialised {
        return Ok(life);
    }
    Err(not_initialised())
}

fn not_initialised() -> Failure {
    fail!(
        ACL_ERROR_UNINITIALIZE,
        "aclInit has not been called, or aclFinalize came after it"
    )
}

/// Tells what was never released, by kind, and which calls made it.
fn tell_leaks(when: &str, devices: usize) {
    let found = [
        (CONTEXTS.made(|context| !context.implicit), "context"),
        (STREAMS.made(|_| true), "stream"),
        (EVENTS.made(|_| true), "event"),
        (model::live(), "loaded model"),
        (super::aipp::live(), "set of AIPP parameters"),
    ];
    let described = objects::live()
        .into_iter()
        .chain(op::live())
        .chain(super::dvpp::live());
    for (made, what) in found.into_iter().chain(described) {
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
    let Some(devices) = life.end() else {
        return Err(if life.finalized {
            fail!(
                ACL_ERROR_REPEAT_FINALIZE,
                "this process has been finalized already"
            )
        } else {
            fail!(ACL_ERROR_UNINITIALIZE, "aclInit has not been called")
        });
    };
    device_memory::forks::watch(false);
    DEFAULT.store(0, Ordering::Relaxed);
    drop(life);

    tell_leaks("aclFinalize", devices.len());
    // First, because a stream may wait for a callback that nobody will run any more.
    report::clear();
    for (_, stream) in STREAMS.all() {
        end_stream(&stream);
    }
    for (handle, context) in CONTEXTS.all() {
        end_stream(&context.default_stream);
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
    super::dvpp::clear();
    super::exception::set(None);
    super::settings::clear();
    super::profiling::clear();
    op::registry::clear();
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
    threads::here();
    // In this order: before aclInit no device is the wrong one.
    require_init()?;
    let chip = check_device(id)?;
    let context = life().set(id, || new_context(chip, true));
    CURRENT.set(context.ok_or_else(not_initialised)?.0);
    Ok(())
}

/// Takes one reference of a device back; with the last one its default context ends.
pub(crate) fn reset_device(id: i32) -> Result<()> {
    check_device(id)?;
    let reset = life().reset(id, profile().cann.counts_resets());
    match reset {
        Reset::Last(context) => end_context(context),
        Reset::Shared => Ok(()),
        Reset::NotSet => Err(fail!(
            ACL_ERROR_RT_INVALID_DEVICEID,
            "device {id} is not set: each aclrtResetDevice answers one aclrtSetDevice"
        )),
    }
}

/// Ends a context: its streams are waited for and gone.
fn end_context(handle: Handle) -> Result<()> {
    let living = life();
    let removed = CONTEXTS.remove(handle);
    drop(living);
    let context = removed.map_err(|complaint| fail!(ACL_ERROR_RT_PARAM_INVALID, "{complaint}"))?;
    let mut streams = STREAMS.all();
    streams.retain(|(_, stream)| stream.context == handle);
    // First, because a stream, or another that waits for its event, may wait for a callback that
    // nobody will run any more.
    report::forget(handle);
    for (stream_handle, _) in &streams {
        report::forget(*stream_handle);
    }
    end_stream(&context.default_stream);
    for (stream_handle, stream) in streams {
        strict::find(
            strict::Finding::Order,
            "a context ended before one of its streams was destroyed".to_owned(),
        );
        end_stream(&stream);
        let _ = STREAMS.remove(stream_handle);
    }
    Ok(())
}

/// Makes a context and makes it current.
pub(crate) fn create_context(id: i32) -> Result<Handle> {
    threads::here();
    let _life = initialised()?;
    let chip = check_device(id)?;
    check_streams(chip)?;
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
    threads::here();
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

/// Fails unless a device has room for one more stream.
fn check_streams(chip: usize) -> Result<()> {
    let (contexts, streams) = (CONTEXTS.all(), STREAMS.all());
    let defaults = contexts.iter().filter(|(_, context)| context.chip == chip);
    let others = streams.iter().filter(|(_, stream)| stream.chip == chip);
    if defaults.count() + others.count() < profile().streams {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_RT_NO_STREAM_RESOURCE,
        "device {chip} has no more than {} streams, those that come with contexts included",
        profile().streams
    ))
}

/// Makes a stream in the current context.
pub(crate) fn create_stream() -> Result<Handle> {
    // Held from the question to the answer: neither the context nor the last free stream goes
    // away in between.
    let _life = life();
    let context = current()?;
    check_streams(context.chip)?;
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
        end_stream(&stream);
    } else {
        // The callbacks belong to the work that is waited for, as long as somebody runs them.
        stream.close();
        let mut steps = 0;
        while matches!(stream.synchronize(Some(STEP)), Ok(Waited::TimedOut)) && !is_stuck(&stream) {
            steps = match report::service(handle) {
                Service::Perhaps => steps + 1,
                Service::Never => ABANDONED,
                Service::Idle | Service::Now => 0,
            };
            if steps == ABANDONED {
                report::forget(handle);
            }
        }
        report::forget(handle);
        end_stream(&stream);
    }
    Ok(())
}

/// How long a wait lasts that looks around now and then.
const STEP: Duration = Duration::from_millis(20);

/// For how many steps a thread that lives may not ask for a callback before the stream that is being
/// destroyed gives up on it: ten seconds. Nothing else tells one that will come back from one that
/// will not.
const ABANDONED: u32 = 500;

/// Says whether this thread runs a callback without whose end a stream cannot go on.
fn is_stuck(stream: &Stream) -> bool {
    report::in_callback() && stream.waits_for(threads::here())
}

/// Ends a stream: waits for its work, unless that waits for a callback which this thread runs.
fn end_stream(stream: &Stream) {
    stream.close();
    while matches!(stream.synchronize(Some(STEP)), Ok(Waited::TimedOut)) {
        if is_stuck(stream) {
            // Its thread ends by itself, when the callback has returned.
            stream.discard();
            return;
        }
    }
}

/// Waits for a stream; fails where that would last for ever, because this thread runs a callback
/// that the stream waits for.
pub(crate) fn wait_for(stream: &Stream) -> Result<()> {
    if !report::in_callback() {
        return stream.synchronize(None).map(drop);
    }
    while stream.synchronize(Some(STEP))? == Waited::TimedOut {
        if is_stuck(stream) {
            return Err(fail!(
                ACL_ERROR_RT_STREAM_CONTEXT,
                "the stream waits for a callback of this thread, which is inside one: synchronise \
                 outside of callbacks"
            ));
        }
    }
    Ok(())
}

/// Waits for an event; fails where that would last for ever, as [`wait_for`] does.
pub(crate) fn wait_for_event(event: &Event) -> Result<()> {
    if !report::in_callback() {
        event.synchronize(None);
        return Ok(());
    }
    while !event.synchronize(Some(STEP)) {
        if event.recorder().is_some_and(|stream| is_stuck(&stream)) {
            return Err(fail!(
                ACL_ERROR_RT_STREAM_CONTEXT,
                "the event's stream waits for a callback of this thread, which is inside one: \
                 synchronise outside of callbacks"
            ));
        }
    }
    Ok(())
}

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
        if let Err(failure) = wait_for(&stream)
            && first.is_ok()
        {
            first = Err(failure);
        }
    }
    first
}

/// Stops all streams of a context.
pub(crate) fn stop_context(handle: Handle, failure: &Failure) {
    if let Ok(context) = CONTEXTS.get(handle) {
        context.default_stream.stop(failure);
    }
    let streams = STREAMS.all();
    let of_context = streams
        .iter()
        .filter(|(_, stream)| stream.context == handle);
    of_context.for_each(|(_, stream)| stream.stop(failure));
}

/// Makes an event, with times or without, for streams to wait for or not.
pub(crate) fn create_event(timed: bool, synchronises: bool) -> Result<Handle> {
    // Held from the question to the answer, as for a stream.
    let _life = life();
    let chip = current()?.chip;
    let events = EVENTS.all();
    if events
        .iter()
        .filter(|(_, event)| event.chip == chip)
        .count()
        >= profile().events
    {
        return Err(fail!(
            ACL_ERROR_RT_NO_EVENT_RESOURCE,
            "device {chip} has no more than {} events",
            profile().events
        ));
    }
    Ok(EVENTS.insert(|_| Arc::new(Event::new(chip, timed, synchronises))))
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
