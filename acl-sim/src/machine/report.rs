//! Callbacks of streams: functions of the program's that run on a thread of the program's.
//!
//! A stream that comes to a callback hands it to the thread that subscribed to the stream, which
//! runs it inside `aclrtProcessReport`.
//!
//! # Choices where the documents are silent
//!
//! - A thread that subscribes for a second device, and `aclrtProcessReport` inside a callback, are
//!   107012; a thread beyond the 1024th is 207012.
//! - A thread that has ended runs no callbacks: what waits for it is dropped, a launch to it is
//!   107015. That it has ended is known when it has called this library before. Destroying a stream
//!   also gives up at once on a callback for a number that is no thread's, or for the thread that
//!   destroys it, and after ten seconds on one for a thread that lives and does not ask.
//! - A synchronisation inside a callback is 107003 when what it waits for waits for that callback
//!   (or for another that the same thread would run); otherwise it waits. A stream that ends inside
//!   such a callback drops the work that has not begun. Both are findings, as is each call inside a
//!   callback that allocates, launches or synchronises.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use acl_sys::{
    ACL_ERROR_RT_OVER_LIMIT, ACL_ERROR_RT_REPORT_TIMEOUT, ACL_ERROR_RT_STREAM_NO_CB_REG,
    ACL_ERROR_RT_STREAM_SUBSCRIBE, ACL_ERROR_RT_THREAD_SUBSCRIBE,
};

use super::failure::{Result, fail};
use super::handle::Handle;
use super::strict::{Finding, find};
use super::{calls, threads};

/// A callback with its argument, ready to be called.
pub(crate) type Callback = Box<dyn FnOnce() + Send>;

/// The callbacks that wait for one thread.
pub(crate) struct Mailbox {
    /// The thread, and the device whose streams it serves.
    pub(crate) thread: u64,
    chip: usize,
    waiting: Mutex<VecDeque<Letter>>,
    came: Condvar,
    /// Calls that wait for a callback, or run one.
    serving: AtomicUsize,
}

/// A callback on its way, and the stream that sent it.
struct Letter {
    stream: Handle,
    callback: Callback,
    /// Dropped with the letter, whether it was read or not.
    ended: Ended,
}

/// Tells when a callback is over, so that a blocking one can hold its stream.
#[derive(Default)]
pub(crate) struct Done {
    over: Mutex<bool>,
    changed: Condvar,
}

impl Done {
    fn set(&self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub(crate) fn wait(&self) {
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        while !*over {
            over = self
                .changed
                .wait(over)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Ends the wait for a callback even if it is never called.
struct Ended(Arc<Done>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.set();
    }
}

#[derive(Default)]
struct Subscriptions {
    threads: HashMap<u64, (Arc<Mailbox>, usize)>,
    streams: HashMap<Handle, u64>,
}

static SUBSCRIPTIONS: Mutex<Option<Subscriptions>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<Subscriptions>> {
    SUBSCRIPTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Threads that may subscribe.
const THREADS: usize = 1024;

/// Sends the callbacks of a stream of a device to a thread.
pub(crate) fn subscribe(thread: u64, stream: Handle, chip: usize) -> Result<()> {
    let mut guard = lock();
    let all = guard.get_or_insert_default();
    if let Some(other) = all.streams.get(&stream) {
        return Err(fail!(
            ACL_ERROR_RT_STREAM_SUBSCRIBE,
            "the stream's callbacks go to thread {other:#x} already: unsubscribe that first"
        ));
    }
    if let Some((mailbox, _)) = all.threads.get(&thread)
        && mailbox.chip != chip
    {
        return Err(fail!(
            ACL_ERROR_RT_THREAD_SUBSCRIBE,
            "thread {thread:#x} serves streams of device {} and cannot serve one of device {chip}",
            mailbox.chip
        ));
    }
    if !all.threads.contains_key(&thread) && all.threads.len() >= THREADS {
        return Err(fail!(
            ACL_ERROR_RT_OVER_LIMIT,
            "{THREADS} threads have subscribed, and that is all"
        ));
    }
    all.streams.insert(stream, thread);
    let fresh = || (Arc::new(Mailbox::new(thread, chip)), 0);
    all.threads.entry(thread).or_insert_with(fresh).1 += 1;
    Ok(())
}

/// Undoes [`subscribe`].
pub(crate) fn unsubscribe(thread: u64, stream: Handle) -> Result<()> {
    let mut guard = lock();
    let all = guard.get_or_insert_default();
    if all.streams.get(&stream) != Some(&thread) {
        return Err(fail!(
            ACL_ERROR_RT_THREAD_SUBSCRIBE,
            "thread {thread:#x} has not subscribed to this stream"
        ));
    }
    remove(all, stream);
    Ok(())
}

fn remove(all: &mut Subscriptions, stream: Handle) {
    let Some(thread) = all.streams.remove(&stream) else {
        return;
    };
    if let Some((mailbox, streams)) = all.threads.get_mut(&thread) {
        mailbox.drop_letters(stream);
        *streams -= 1;
        if *streams == 0 {
            // Who waits for a report that nobody can send is told.
            mailbox.came.notify_all();
            all.threads.remove(&thread);
        }
    }
}

/// Forgets a stream that is gone.
pub(crate) fn forget(stream: Handle) {
    remove(lock().get_or_insert_default(), stream);
}

/// Forgets everything.
pub(crate) fn clear() {
    let mut guard = lock();
    let all = guard.get_or_insert_default();
    let streams: Vec<Handle> = all.streams.keys().copied().collect();
    streams.into_iter().for_each(|stream| remove(all, stream));
}

/// Returns where the callbacks of a stream go.
pub(crate) fn mailbox(stream: Handle) -> Result<Arc<Mailbox>> {
    let mut guard = lock();
    let all = guard.get_or_insert_default();
    let thread = all.streams.get(&stream).copied();
    if let Some(thread) = thread
        && threads::has_ended(thread)
    {
        return Err(fail!(
            ACL_ERROR_RT_STREAM_NO_CB_REG,
            "thread {thread:#x}, which has subscribed to the stream, has ended"
        ));
    }
    let found = thread.and_then(|thread| all.threads.get(&thread));
    found
        .map(|(mailbox, _)| Arc::clone(mailbox))
        .ok_or_else(|| {
            fail!(
                ACL_ERROR_RT_STREAM_NO_CB_REG,
                "no thread has subscribed to the stream: call aclrtSubscribeReport first"
            )
        })
}

/// Drops what a thread that ends would have run.
pub(crate) fn thread_ended(thread: u64) {
    let mut guard = lock();
    if let Some((mailbox, _)) = guard.get_or_insert_default().threads.get(&thread) {
        let letters = std::mem::take(&mut *mailbox.lock());
        tell_dropped(letters.len());
    }
}

impl Mailbox {
    fn new(thread: u64, chip: usize) -> Self {
        Self {
            thread,
            chip,
            waiting: Mutex::default(),
            came: Condvar::new(),
            serving: AtomicUsize::new(0),
        }
    }

    /// Sends a callback; the returned mark tells when it is over. Where the stream's subscription
    /// has ended meanwhile, nobody would ever run it: it is dropped, and over at once.
    pub(crate) fn send(&self, stream: Handle, callback: Callback) -> Arc<Done> {
        let done = Arc::new(Done::default());
        // Held until the letter lies in the box, so that the subscription cannot end in between.
        let mut guard = lock();
        let all = guard.get_or_insert_default();
        let thread = all.streams.get(&stream);
        let found = thread.and_then(|thread| all.threads.get(thread));
        let subscribed = found.is_some_and(|(now, _)| std::ptr::eq(&raw const **now, self));
        if !subscribed || threads::has_ended(self.thread) {
            tell_dropped(1);
            done.set();
            return done;
        }
        self.lock().push_back(Letter {
            stream,
            callback,
            ended: Ended(Arc::clone(&done)),
        });
        drop(guard);
        self.came.notify_one();
        done
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Letter>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what a stream sent and nobody has run, so that the stream does not wait for it.
    fn drop_letters(&self, stream: Handle) {
        let mut waiting = self.lock();
        let before = waiting.len();
        waiting.retain(|letter| letter.stream != stream);
        tell_dropped(before - waiting.len());
    }
}

/// Marks a mailbox as looked after.
struct Serving<'a>(&'a Mailbox);

impl<'a> Serving<'a> {
    fn new(mailbox: &'a Mailbox) -> Self {
        mailbox.serving.fetch_add(1, Ordering::Relaxed);
        Self(mailbox)
    }
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.0.serving.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Who will run the callback that a stream waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// No callback of the stream waits.
    Idle,
    /// A thread that asks for callbacks now.
    Now,
    /// A thread that lives, and does not ask now.
    Perhaps,
    /// Nobody: the thread has ended, never was, or is the one that wants to know.
    Never,
}

/// Says who will run the callback that a stream waits for.
pub(crate) fn service(stream: Handle) -> Service {
    let mut guard = lock();
    let all = guard.get_or_insert_default();
    let thread = all.streams.get(&stream);
    let Some((mailbox, _)) = thread.and_then(|thread| all.threads.get(thread)) else {
        return Service::Idle;
    };
    let mailbox = Arc::clone(mailbox);
    drop(guard);
    if !mailbox.lock().iter().any(|letter| letter.stream == stream) {
        return Service::Idle;
    }
    if mailbox.thread == threads::here() || threads::is_none(mailbox.thread) {
        return Service::Never;
    }
    match mailbox.serving.load(Ordering::Relaxed) {
        0 => Service::Perhaps,
        _ => Service::Now,
    }
}

thread_local! {
    /// Whether this thread runs a callback.
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Says whether this thread runs a callback.
pub(crate) fn in_callback() -> bool {
    RUNNING.try_with(Cell::get).unwrap_or(false)
}

/// Marks this thread as one that runs a callback.
struct Running;

impl Running {
    fn new() -> Self {
        RUNNING.set(true);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = RUNNING.try_with(|running| running.set(false));
    }
}

/// What the names of functions have in them that allocate, free, launch, wait or end something.
const FORBIDDEN: &[&str] = &[
    "Malloc",
    "Free",
    "Synchronize",
    "Launch",
    "Async",
    "Execute",
    "RecordEvent",
    "WaitEvent",
    "DestroyStream",
    "DestroyContext",
    "ResetDevice",
    "Finalize",
    "ProcessReport",
];

/// Tells of a call inside a callback that may fail or wait for ever there.
pub(crate) fn check_call() {
    if !in_callback() {
        return;
    }
    let Some(site) = calls::site() else { return };
    let name = site.name;
    if FORBIDDEN.iter().any(|part| name.contains(part)) {
        find(
            Finding::InCallback,
            format!("{name} inside a callback may fail or wait for ever on a card"),
        );
    }
}

fn tell_dropped(count: usize) {
    if count > 0 {
        find(
            Finding::LostCallback,
            "callbacks were dropped: their stream's subscription, or the thread that should have \
             run them, ended before they ran"
                .to_owned(),
        );
    }
}

/// Waits for a callback of this thread, and runs it.
pub(crate) fn process(timeout: Option<Duration>) -> Result<()> {
    let thread = threads::here();
    if in_callback() {
        check_call();
        return Err(fail!(
            ACL_ERROR_RT_THREAD_SUBSCRIBE,
            "this thread runs a callback: it can ask for the next when that has returned"
        ));
    }
    let found = lock()
        .get_or_insert_default()
        .threads
        .get(&thread)
        .map(|(m, _)| Arc::clone(m));
    let mailbox = found.ok_or_else(|| {
        fail!(
            ACL_ERROR_RT_THREAD_SUBSCRIBE,
            "this thread has not subscribed to a stream: call aclrtSubscribeReport first"
        )
    })?;
    let _serving = Serving::new(&mailbox);
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        // Asked first: the lock of the subscriptions comes before that of a mailbox.
        let subscribed = lock()
            .get_or_insert_default()
            .threads
            .get(&thread)
            .is_some_and(|(now, _)| Arc::ptr_eq(now, &mailbox));
        let mut waiting = mailbox.lock();
        if let Some(letter) = waiting.pop_front() {
            drop(waiting);
            let Letter {
                callback, ended, ..
            } = letter;
            let running = Running::new();
            callback();
            drop(running);
            drop(ended);
            return Ok(());
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if !subscribed {
            return Err(fail!(
                ACL_ERROR_RT_THREAD_SUBSCRIBE,
                "the subscription of this thread ended while it waited for a callback"
            ));
        }
        if left.is_some_and(|left| left.is_zero()) {
            return Err(fail!(
                ACL_ERROR_RT_REPORT_TIMEOUT,
                "no callback came within the time given"
            ));
        }
        // Bounded, because the subscription can go away between the check and the wait.
        let step = left
            .unwrap_or(Duration::from_millis(50))
            .min(Duration::from_millis(50));
        drop(mailbox.came.wait_timeout(waiting, step));
    }
}
