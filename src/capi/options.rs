//! Structures that begin with their size, so that they can grow.

use super::Status;
use super::error::{Result, fail};
use super::pointer::slice;

/// No structure will be so large; what says so was not initialised.
const LARGEST: usize = 4096;

/// A structure of plain members that begins with `struct_size`.
///
/// # Safety
/// The type is `repr(C)`, begins with a `usize`, and all zeros are a value of it, as is every pattern
/// of bits that a C program can write.
pub(super) unsafe trait Options: Copy {
    /// Bytes that the first published form had.
    const LEAST: usize;
}

/// Reads options: members that an older caller does not know are zero, and so is everything for null.
///
/// # Safety
/// `pointer` is null, or readable for the size that it begins with.
pub(super) unsafe fn read<T: Options>(what: &str, pointer: *const T) -> Result<T> {
    // SAFETY: all zeros are a value, as the trait's implementation says.
    let mut options: T = unsafe { std::mem::zeroed() };
    if pointer.is_null() {
        return Ok(options);
    }
    // SAFETY: handed on from the caller; the first member is the size.
    let size = unsafe { slice(what, pointer.cast::<usize>(), 1) }?[0];
    if size < T::LEAST || size > LARGEST {
        let (least, most) = (T::LEAST, size_of::<T>());
        let text = format!("{what}: struct_size is {size}, want {least} to {most}");
        return fail(Status::InvalidArgument, text);
    }
    // SAFETY: the caller says by the size that all of it is there.
    let given = unsafe { slice(what, pointer.cast::<u8>(), size) }?;
    let known = size.min(size_of::<T>());
    if given[known..].iter().any(|byte| *byte != 0) {
        let text = format!(
            "{what}: members behind the first {known} bytes are set, which a later release of the \
             library knows"
        );
        return fail(Status::Unsupported, text);
    }
    // SAFETY: both are `known` bytes long, and any bits are a value, as the trait says.
    unsafe {
        std::ptr::copy_nonoverlapping(given.as_ptr(), (&raw mut options).cast::<u8>(), known);
    }
    Ok(options)
}

/// Reads a switch.
pub(super) fn switch(what: &str, value: i32) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => fail(
            Status::InvalidArgument,
            format!("{what} is {value}, want 0 or 1"),
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Clone, Copy)]
    #[repr(C)]
    struct Two {
        struct_size: usize,
        first: i64,
        second: i64,
    }
    // SAFETY: numbers alone, the first of them a `usize`.
    unsafe impl Options for Two {
        const LEAST: usize = 16;
    }

    #[repr(C)]
    struct Three(Two, i64);

    fn of(options: *const Two) -> Result<(i64, i64)> {
        // SAFETY: the tests hand over null or whole structures.
        let read = unsafe { read("options", options) };
        read.map(|two| (two.first, two.second))
    }

    #[test]
    fn older_and_newer_callers_are_understood_and_unknown_wishes_refused() {
        let mut two = Two {
            struct_size: 24,
            first: 3,
            second: 4,
        };
        assert_eq!(of(&two).unwrap(), (3, 4));
        two.struct_size = 16;
        assert_eq!(of(&two).unwrap(), (3, 0), "an older caller has no second");
        two.struct_size = 15;
        assert!(of(&two).unwrap_err().text.contains("struct_size is 15"));
        assert_eq!(of(std::ptr::null()).unwrap(), (0, 0));
        two.struct_size = 32;
        let mut three = Three(two, 0);
        assert_eq!(of((&raw const three).cast()).unwrap(), (3, 4));
        three.1 = 1;
        let refused = of((&raw const three).cast()).unwrap_err();
        assert_eq!(refused.status, Status::Unsupported);
    }
}
