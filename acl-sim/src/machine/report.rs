//! Callbacks of streams: functions of the program's that run on a thread of the program's.
//!
//! A stream that comes to a callback hands it to the thread that subscribed to the stream, which
//! runs it inside `aclrtProcessReport`.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use acl_sys::{
    ACL_ERROR_RT_REPORT_TIMEOUT, ACL_ERROR_RT_STREAM_NO_CB_REG, ACL_ERROR_RT_STREAM_SUBSCRIBE,
    ACL_ERROR_RT_THREAD_SUBSCRIBE,
};

use super::failure::{Result, fail};
use super::handle::Handle;

/// A callback with its argument, ready to be called.
pub(crate) type Callback = Box<dyn FnOnce() + Send>;

/// The callbacks that wait for one thread.
#[derive(Default)]
pub(crate) struct Mailbox {
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

/// Sends the callbacks of a stream to a thread.
pub(crate) fn subscribe(thread: u64, stream: Handle) -> Result<()> {
    let mut guard = lock();
    let all = guard.get_or_insert_default();
    if let Some(other) = all.streams.get(&stream) {
        return Err(fail!(
            ACL_ERROR_RT_STREAM_SUBSCRIBE,
            "the stream's callbacks go to thread {other:#x} already: unsubscribe that first"
        ));
    }
    all.streams.insert(stream, thread);
    all.threads.entry(thread).or_default().1 += 1;
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

impl Mailbox {
    /// Sends a callback; the returned mark tells when it is over. Where the stream's subscription
    /// has ended meanwhile, nobody would ever run it: it is dropped, and over at once.
    pub(crate) fn send(&self, stream: Handle, callback: Callback) -> Arc<Done> {
        let done = Arc::new(Done::default());
        // Held until the letter lies in the box, so that the subscription cannot end in between.
        let mut guard = lock();
        let all = guard.get_or_insert_default();
        let thread = all.streams.get(&stream);
        let found = thread.and_then(|thread| all.threads.get(thread));
        if !found.is_some_and(|(now, _)| std::ptr::eq(&raw const **now, self)) {
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

/// Says whether a callback of a stream waits, and nobody is there to run it now.
pub(crate) fn is_abandoned(stream: Handle) -> bool {
    mailbox(stream).is_ok_and(|mailbox| {
        mailbox.serving.load(Ordering::Relaxed) == 0
            && mailbox.lock().iter().any(|letter| letter.stream == stream)
    })
}

fn tell_dropped(count: usize) {
    if count > 0 {
        super::strict::find(
            super::strict::Finding::LostCallback,
            "callbacks were dropped: their stream's subscription ended before they ran".to_owned(),
        );
    }
}

/// Waits for a callback of this thread, and runs it.
pub(crate) fn process(thread: u64, timeout: Option<Duration>) -> Result<()> {
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
            callback();
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
