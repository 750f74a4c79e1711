//! What can go wrong, in one line each.

use std::borrow::Cow;
use std::fmt;

use crate::{DataType, Gears, Status};

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Tells what went wrong: in C, or in a check that was made before C was called.
///
/// Its text is one line: what was asked, what was found, what was wanted and, where it is known,
/// what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A C function returned a status other than success.
    #[error("{}", line(*.code, .call, .args, .detail.as_deref()))]
    Acl {
        /// The status.
        code: Status,
        /// The C function's name.
        call: &'static str,
        /// The arguments that matter, in words.
        args: Box<str>,
        /// The library's own text, read at once on the same thread.
        detail: Option<Box<str>>,
    },
    /// No library could be loaded.
    #[error(transparent)]
    Load(#[from] acl_sys::LoadError),
    /// The library lacks a function.
    #[error("this AscendCL library has no {symbol}, which exists since CANN {since}; update CANN")]
    Unsupported {
        /// The function's name.
        symbol: &'static str,
        /// The first CANN release that has it.
        since: &'static str,
    },
    /// An argument is wrong.
    #[error("{what}: got {got}, want {want}")]
    InvalidArgument {
        /// The argument's name.
        what: Cow<'static, str>,
        /// What was passed.
        got: String,
        /// What is allowed.
        want: String,
    },
    /// A tensor's dims differ from the model's.
    #[error("tensor {tensor}: got shape {got:?}, want {want:?}")]
    ShapeMismatch {
        /// The tensor's name.
        tensor: String,
        /// The dims that were passed.
        got: Vec<i64>,
        /// The dims that the model has, for the gear that is set.
        want: Vec<i64>,
    },
    /// A tensor's element type differs from the model's.
    #[error("tensor {tensor}: got elements of type {got}, want {want}")]
    DtypeMismatch {
        /// The tensor's name.
        tensor: String,
        /// The type that was passed.
        got: DataType,
        /// The type that the model has.
        want: DataType,
    },
    /// A number of bytes differs from the model's.
    #[error("tensor {tensor}: got {got} bytes, want {want}")]
    SizeMismatch {
        /// The tensor's name.
        tensor: String,
        /// The bytes that were passed.
        got: usize,
        /// The bytes that the model has, for the gear that is set.
        want: usize,
    },
    /// The model has no tensor of that name or index.
    #[error("the model has no {side} {name}; it has {}", .known.join(", "))]
    UnknownTensor {
        /// "input" or "output".
        side: &'static str,
        /// The name, or the index as text.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// The model was not compiled for that size.
    #[error("the model has no gear for {got}; it has {gears}")]
    UnknownGear {
        /// What was asked for, in words.
        got: String,
        /// What the model was compiled for.
        gears: Gears,
    },
    /// Two objects of different contexts (or devices) were used together.
    #[error("{what} belongs to another context; make both from the same Context")]
    ContextMismatch {
        /// The object that does not fit.
        what: &'static str,
    },
    /// Queued work uses the object.
    #[error("{what} is busy: {why}")]
    Busy {
        /// The object.
        what: &'static str,
        /// What occupies it, and what to do.
        why: &'static str,
    },
    /// An object cannot be closed while others need it.
    #[error("{what} is in use by {holders} more; close them first, or just drop it")]
    InUse {
        /// The object.
        what: &'static str,
        /// How many other handles and children hold it.
        holders: usize,
    },
    /// A configuration was given, but the library was initialised before, so it would be ignored.
    #[error(
        "AscendCL is initialised already, so the configuration {config} would be ignored; \
             pass it to the first initialisation in the process"
    )]
    AlreadyInitialised {
        /// The configuration's path.
        config: String,
    },
}

impl Error {
    /// Returns the C status, if a C function failed.
    #[must_use]
    pub const fn status(&self) -> Option<Status> {
        match self {
            Self::Acl { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Tells whether a wait ran out of time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(
            self.status(),
            Some(Status(107_019 | 107_020 | 507_012 | 507_046 | 507_047))
        )
    }
}

struct Line<'a> {
    code: Status,
    call: &'a str,
    args: &'a str,
    detail: Option<&'a str>,
}

fn line<'a>(code: Status, call: &'a str, args: &'a str, detail: Option<&'a str>) -> Line<'a> {
    Line {
        code,
        call,
        args,
        detail,
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}) failed: {}", self.call, self.args, self.code)?;
        if let Some(meaning) = self.code.meaning() {
            write!(f, ", {meaning}")?;
        }
        if let Some(detail) = self.detail {
            write!(f, "; the library says: ")?;
            let lines = detail
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty());
            for (i, line) in lines.enumerate() {
                write!(f, "{}{line}", if i == 0 { "" } else { " | " })?;
            }
        }
        match self.code.cure() {
            Some(cure) => write!(f, "; {cure}"),
            None => Ok(()),
        }
    }
}

/// An asynchronous operation that did not work, with what had been handed over to it.
///
/// Turns into [`Error`] by `?`.
#[derive(Debug)]
pub struct Refused<T> {
    /// What was handed over. `None` when the device could not be shown to be done with the memory:
    /// it is then leaked on purpose, because the device may still write to it.
    pub value: Option<T>,
    /// Why it did not work.
    pub error: Error,
}

impl<T> fmt::Display for Refused<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<T: fmt::Debug> std::error::Error for Refused<T> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

impl<T> From<Refused<T>> for Error {
    fn from(refused: Refused<T>) -> Self {
        refused.error
    }
}
