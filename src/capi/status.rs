//! Status codes: numbers are only ever appended.

use std::ffi::CStr;

/// What a function returns. Numbers are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// A value that is not allowed.
    InvalidArgument = 1,
    /// A pointer that must not be null.
    NullPointer = 2,
    /// A handle that is none, was freed, or is of another type.
    InvalidHandle = 3,
    /// A string that is not UTF-8.
    NotUtf8 = 4,
    /// A pointer that is not aligned for its type.
    Misaligned = 5,
    /// A length whose bytes no memory can hold.
    Overflow = 6,
    /// A buffer of the wrong size, or a tensor of another shape.
    SizeMismatch = 7,
    /// No AscendCL library could be opened.
    Library = 8,
    /// A function of AscendCL failed; the text has its name and code.
    Acl = 9,
    /// The model was not compiled for that size.
    UnknownGear = 10,
    /// The object is in use.
    Busy = 11,
    /// The AscendCL library lacks a function.
    Unsupported = 12,
    /// A fault of this library; the handle may be used no more.
    Internal = 13,
    /// The time given was over before the run was.
    Timeout = 14,
    /// A file that cannot be read or written, or is of another kind.
    File = 15,
    /// A picture that cannot be used.
    Picture = 16,
    /// There is nothing of that id.
    NotFound = 17,
    /// The model is of another kind than wanted.
    WrongModel = 18,
}

impl Status {
    const ALL: [(Self, &'static CStr); 19] = [
        (Self::Ok, c"AREID_OK"),
        (Self::InvalidArgument, c"AREID_INVALID_ARGUMENT"),
        (Self::NullPointer, c"AREID_NULL_POINTER"),
        (Self::InvalidHandle, c"AREID_INVALID_HANDLE"),
        (Self::NotUtf8, c"AREID_NOT_UTF8"),
        (Self::Misaligned, c"AREID_MISALIGNED"),
        (Self::Overflow, c"AREID_OVERFLOW"),
        (Self::SizeMismatch, c"AREID_SIZE_MISMATCH"),
        (Self::Library, c"AREID_LIBRARY"),
        (Self::Acl, c"AREID_ACL"),
        (Self::UnknownGear, c"AREID_UNKNOWN_GEAR"),
        (Self::Busy, c"AREID_BUSY"),
        (Self::Unsupported, c"AREID_UNSUPPORTED"),
        (Self::Internal, c"AREID_INTERNAL"),
        (Self::Timeout, c"AREID_TIMEOUT"),
        (Self::File, c"AREID_FILE"),
        (Self::Picture, c"AREID_PICTURE"),
        (Self::NotFound, c"AREID_NOT_FOUND"),
        (Self::WrongModel, c"AREID_WRONG_MODEL"),
    ];

    /// Returns the constant's name; `None` for a number that is no status.
    pub(super) fn name(code: i32) -> Option<&'static CStr> {
        let found = Self::ALL.iter().find(|(status, _)| *status as i32 == code);
        found.map(|(_, name)| *name)
    }
}
