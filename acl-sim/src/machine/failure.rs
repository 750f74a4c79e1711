//! A call that failed: its code, and the sentence for `aclGetRecentErrMsg`.

use acl_sys::aclError;

/// Why a call failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: aclError,
    /// Found, wanted, what to do; the names of the function and the code are put before it.
    pub(crate) text: String,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(code: aclError, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}

/// Makes a failure from a code and a format.
macro_rules! fail {
    ($code:expr, $($text:tt)*) => {
        $crate::machine::failure::Failure::new($code, format!($($text)*))
    };
}
pub(crate) use fail;
