//! The texts of recent failures, per thread, as `aclGetRecentErrMsg` gives them.

use std::cell::RefCell;
use std::ffi::{CString, c_char};

/// More than this is forgotten, the oldest first: who never asks must not fill the memory.
const KEPT: usize = 16;

thread_local! {
    static MESSAGES: RefCell<(Vec<String>, Option<CString>)> = const { RefCell::new((Vec::new(), None)) };
}

/// Adds a text to those of this thread.
pub(crate) fn push(text: String) {
    // While a thread ends its messages may be gone; nobody can ask for them any more.
    let _ = MESSAGES.try_with(|messages| {
        let (texts, _) = &mut *messages.borrow_mut();
        if texts.len() == KEPT {
            texts.remove(0);
        }
        texts.push(text);
    });
}

/// Takes the texts of this thread, the newest on top; null when there are none.
///
/// The pointer is good until the next call on the same thread.
pub(crate) fn take() -> *const c_char {
    MESSAGES
        .try_with(|messages| {
            let (texts, shown) = &mut *messages.borrow_mut();
            if texts.is_empty() {
                *shown = None;
                return std::ptr::null();
            }
            texts.reverse();
            let text = texts.join("\n").replace('\0', " ");
            texts.clear();
            shown
                .insert(CString::new(text).expect("its NULs were replaced"))
                .as_ptr()
        })
        .unwrap_or(std::ptr::null())
}
