//! The texts of recent failures, as `aclGetRecentErrMsg` gives them: per thread, or for the whole
//! process where the configuration of `aclInit` says so.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// More than this is forgotten, the oldest first: who never asks must not fill the memory.
const KEPT: usize = 16;

#[derive(Default)]
struct Messages {
    texts: Vec<String>,
    /// What was given last; the program may read it until it asks again.
    shown: Option<CString>,
}

static SHARED: AtomicBool = AtomicBool::new(false);
static OF_PROCESS: Mutex<Messages> = Mutex::new(Messages {
    texts: Vec::new(),
    shown: None,
});

thread_local! {
    static OF_THREAD: RefCell<Messages> = RefCell::default();
}

/// Makes the messages the process's, or each thread's.
pub(crate) fn share(shared: bool) {
    SHARED.store(shared, Ordering::Relaxed);
}

fn with<T>(f: impl FnOnce(&mut Messages) -> T) -> Option<T> {
    if SHARED.load(Ordering::Relaxed) {
        return Some(f(&mut OF_PROCESS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)));
    }
    // While a thread ends its messages may be gone; nobody can ask for them any more.
    OF_THREAD
        .try_with(|messages| f(&mut messages.borrow_mut()))
        .ok()
}

/// Adds a text.
pub(crate) fn push(text: String) {
    with(|messages| {
        if messages.texts.len() == KEPT {
            messages.texts.remove(0);
        }
        messages.texts.push(text);
    });
}

/// Takes the texts, the newest on top; null when there are none.
///
/// The pointer is good until the next call in the same scope.
pub(crate) fn take() -> *const c_char {
    let taken = with(|messages| {
        if messages.texts.is_empty() {
            messages.shown = None;
            return std::ptr::null();
        }
        messages.texts.reverse();
        let text = messages.texts.join("\n").replace('\0', " ");
        messages.texts.clear();
        let text = CString::new(text).expect("its NULs were replaced");
        messages.shown.insert(text).as_ptr()
    });
    taken.unwrap_or(std::ptr::null())
}
