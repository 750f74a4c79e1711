//! What C hands over: checked, then turned into references for the length of a call.

use std::ffi::{CStr, c_char};

use super::Status;
use super::error::{Result, fail};

/// Checks a pointer to `count` elements.
fn check<T>(what: &str, pointer: *const T, count: usize) -> Result<()> {
    if pointer.is_null() {
        return fail(Status::NullPointer, format!("{what} is null"));
    }
    if !pointer.is_aligned() {
        let want = align_of::<T>();
        let text = format!("{what} is at {pointer:p}, want a multiple of {want}");
        return fail(Status::Misaligned, text);
    }
    let bytes = count.checked_mul(size_of::<T>());
    if bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        let text = format!("{what} has {count} elements, more than memory can hold");
        return fail(Status::Overflow, text);
    }
    Ok(())
}

/// # Safety
/// A pointer that passes the checks is readable for `count` elements during the call.
pub(super) unsafe fn slice<'a, T>(what: &str, pointer: *const T, count: usize) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    check(what, pointer, count)?;
    // SAFETY: not null, aligned, of a possible length; the caller says that it is readable.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count) })
}

/// # Safety
/// A pointer that passes the checks is writable for `count` elements, which nothing else uses, and
/// initialised, during the call.
pub(super) unsafe fn slice_mut<'a, T>(
    what: &str,
    pointer: *mut T,
    count: usize,
) -> Result<&'a mut [T]> {
    if count == 0 {
        return Ok(&mut []);
    }
    check(what, pointer, count)?;
    // SAFETY: not null, aligned, of a possible length; the caller says that it is ours to write.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointer, count) })
}

/// # Safety
/// A pointer that is not null ends in a zero byte and does not change during the call.
pub(super) unsafe fn text<'a>(what: &str, pointer: *const c_char) -> Result<&'a str> {
    check(what, pointer, 1)?;
    // SAFETY: not null; the caller says that it ends.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().or_else(|error| {
        let at = error.valid_up_to();
        fail(
            Status::NotUtf8,
            format!("{what} is not UTF-8 from byte {at} on"),
        )
    })
}

/// A place for a result, checked before the work begins, written after it has succeeded.
pub(super) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// # Safety
    /// A pointer that passes the checks is writable until the end of the call.
    pub(super) unsafe fn new(what: &str, pointer: *mut T) -> Result<Self> {
        check(what, pointer.cast_const(), 1)?;
        Ok(Self(pointer))
    }

    pub(super) fn set(self, value: T) {
        // SAFETY: checked by `new`, whose caller says that it is writable.
        unsafe { self.0.write(value) }
    }
}

/// Copies a text and its zero byte into a buffer that takes it, and says how many bytes that is.
///
/// # Safety
/// As [`slice_mut`] for `buffer` (which may be uninitialised) and [`Out::new`] for `needed`, which
/// may be null.
pub(super) unsafe fn put_text(
    text: &str,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> Result<()> {
    let bytes = text.len() + 1;
    if !needed.is_null() {
        // SAFETY: handed on from the caller.
        unsafe { Out::new("needed", needed) }?.set(bytes);
    }
    if capacity == 0 {
        return Ok(());
    }
    check("buffer", buffer.cast_const(), capacity)?;
    if capacity < bytes {
        let text = format!("the buffer has {capacity} bytes, want {bytes}");
        return fail(Status::SizeMismatch, text);
    }
    // SAFETY: the buffer is writable for `capacity` bytes, which `text` and a zero fit into.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr().cast(), buffer, text.len()) };
    // SAFETY: `capacity` is larger than the text.
    let end = unsafe { buffer.add(text.len()) };
    // SAFETY: `end` is inside of the buffer.
    unsafe { end.write(0) };
    Ok(())
}
