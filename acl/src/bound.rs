//! Makes a context current for the length of one call.
//!
//! A context is current *per thread*, and a host may use AscendCL itself, on the same thread,
//! between two of our calls. So each call asks what is current, changes it only if it has to, and
//! puts it back. Nothing caches the answer, but for [`crate::Context::scope`], where the program
//! promises that within its closure nothing else changes it.
//!
//! A thread without a context cannot be given "none" back: there is no such call. It keeps the
//! context that was set, and this module remembers that *it* left it there. A later call that finds
//! that context, while it is alive, need not put it back, because no host chose it. Within a call,
//! though, an inner change is always undone, because the rest of the call relies on the outer one.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr;
use std::sync::{Arc, Weak};

use crate::Result;
use crate::raw::{ContextHandle, Current, Raw};

thread_local! {
    /// The context that this module left current on this thread, and whether it still lives.
    static LEFT: RefCell<Option<(Current, Weak<()>)>> = const { RefCell::new(None) };
    /// How many guards are alive on this thread. It needs no destructor, so it outlives everything.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The context of the innermost scope on this thread, null outside one. No destructor, either.
    static SCOPE: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
}

/// Restores the thread's context when dropped.
pub(crate) struct Bound<'a> {
    raw: Raw,
    restore: Option<Current>,
    ours: (Current, &'a Arc<()>),
    /// The scope around this guard, which ends it for as long as another context is current.
    around: *mut c_void,
    /// What is current belongs to the thread.
    not_send: PhantomData<*const ()>,
}

impl<'a> Bound<'a> {
    /// Makes `context` current; `life` is shared with nothing that outlives it.
    pub(crate) fn enter(raw: Raw, context: &ContextHandle, life: &'a Arc<()>) -> Result<Self> {
        let ours = (context.as_current(), life);
        let around = SCOPE.get();
        let restore = if context.as_current().raw() == around {
            None
        } else {
            let before = raw.current_context();
            if before.is_some_and(|current| current.is(context)) {
                None
            } else {
                raw.set_current_context(context.as_current())?;
                SCOPE.set(ptr::null_mut());
                leave_or_restore(before, ours)
            }
        };
        DEPTH.set(DEPTH.get() + 1);
        Ok(Self {
            raw,
            restore,
            ours,
            around,
            not_send: PhantomData,
        })
    }

    /// Runs `work` with this guard's context as the scope: guards of it ask nothing meanwhile.
    pub(crate) fn scope<T>(&self, work: impl FnOnce() -> T) -> T {
        /// Ends the scope, also when `work` panics.
        struct End(*mut c_void);
        impl Drop for End {
            fn drop(&mut self) {
                SCOPE.set(self.0);
            }
        }
        let (context, _) = self.ours;
        let _end = End(SCOPE.replace(context.raw()));
        work()
    }
}

impl Drop for Bound<'_> {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        let there = self
            .restore
            .is_none_or(|context| put_back(self.raw, context, self.ours));
        SCOPE.set(if there { self.around } else { ptr::null_mut() });
    }
}

/// Runs `make`, a call that leaves a new context of ours current, and puts back what was current.
pub(crate) fn around<T>(
    raw: Raw,
    life: &Arc<()>,
    make: impl FnOnce() -> Result<T>,
    context: impl FnOnce(&T) -> Current,
) -> Result<T> {
    let before = raw.current_context();
    let made = make()?;
    let ours = (context(&made), life);
    if let Some(before) = leave_or_restore(before, ours) {
        put_back(raw, before, ours);
    }
    Ok(made)
}

/// Returns whether `context` is current again.
fn put_back(raw: Raw, context: Current, ours: (Current, &Arc<()>)) -> bool {
    let done = raw.set_current_context(context);
    if let Err(error) = &done {
        // It was destroyed meanwhile, by the host or, on another thread, by us.
        log::debug!("the context that was current before is gone: {error}");
        remember(ours);
    }
    done.is_ok()
}

/// Returns what to put back; if there is nothing, remembers that ours stays.
fn leave_or_restore(before: Option<Current>, ours: (Current, &Arc<()>)) -> Option<Current> {
    let outermost = DEPTH.get() == 0;
    let restore = before.filter(|current| !(outermost && left_here(*current)));
    if restore.is_none() {
        remember(ours);
    }
    restore
}

fn left_here(current: Current) -> bool {
    // At a thread's exit the place may be gone already, while objects are still dropped there.
    let found = LEFT.try_with(|left| {
        left.borrow()
            .as_ref()
            .is_some_and(|(context, life)| *context == current && life.strong_count() > 0)
    });
    found.unwrap_or(false)
}

fn remember((context, life): (Current, &Arc<()>)) {
    let _ = LEFT.try_with(|left| {
        let mut left = left.borrow_mut();
        // The same context again is the usual case, and costs no reference counting.
        if !matches!(&*left, Some((c, l)) if *c == context && l.as_ptr() == Arc::as_ptr(life)) {
            *left = Some((context, Arc::downgrade(life)));
        }
    });
}
