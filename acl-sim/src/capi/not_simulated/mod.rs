//! Functions that are exported but not simulated: the list of what is left to do.
//!
//! Each answers 200001 and names itself in `aclGetRecentErrMsg`; one without a status answers null
//! or 0.

use acl_sys::ACL_ERROR_API_NOT_SUPPORT;

use crate::machine::failure::fail;

fn missing<T>(name: &str) -> crate::machine::failure::Result<T> {
    Err(fail!(
        ACL_ERROR_API_NOT_SUPPORT,
        "{name} is exported, but this simulator does not simulate it"
    ))
}

/// Functions with a status.
macro_rules! not_simulated {
    ($(fn $name:ident($($type:ty),*);)*) => {$(
        #[unsafe(no_mangle)]
        #[allow(non_snake_case, reason = "C's name")]
        pub(crate) unsafe extern "C" fn $name($(_: $type),*) -> acl_sys::aclError {
            $crate::machine::calls::enter(stringify!($name), Vec::new, || $crate::capi::not_simulated::missing(stringify!($name)))
        }
    )*};
}

/// Functions with another value, or none.
macro_rules! not_simulated_getter {
    ($(fn $name:ident($($type:ty),*) -> $value:ty = $otherwise:expr;)*) => {$(
        #[unsafe(no_mangle)]
        #[allow(non_snake_case, reason = "C's name")]
        pub(crate) unsafe extern "C" fn $name($(_: $type),*) -> $value {
            $crate::machine::calls::enter_or(stringify!($name), $otherwise, Vec::new, $crate::capi::shown, || $crate::capi::not_simulated::missing(stringify!($name)))
        }
    )*};
}

mod dvpp;
mod prof;
mod runtime;
mod tdt;

#[allow(clippy::wildcard_imports)] // the table needs every function
pub(super) use {dvpp::*, prof::*, runtime::*, tdt::*};
