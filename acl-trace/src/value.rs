//! Arguments and results.

use std::any::Any;
use std::ffi::{CStr, c_char};
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

/// An argument or a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing was returned.
    Nothing,
    /// A number that is no fraction: an integer or an enumerator.
    Integer(i64),
    /// A number of 64 bits that is too large for the other form.
    Large(u64),
    /// A fraction.
    Float(f64),
    /// A string.
    Text(String),
    /// An address or a handle; 0 for null.
    Pointer {
        /// In hexadecimal, after `0x`.
        ptr: String,
    },
}

impl Value {
    /// Makes the value of an address.
    #[must_use]
    pub fn pointer(address: usize) -> Self {
        Self::Pointer {
            ptr: format!("{address:#x}"),
        }
    }
}

/// Shows a value of a C type.
///
/// # Safety
///
/// A value of type `*const c_char` must be null or a string that ends with NUL.
pub unsafe fn show<T: Any + Debug>(value: &T) -> Value {
    let any: &dyn Any = value;
    if let Some(text) = any.downcast_ref::<*const c_char>() {
        if text.is_null() {
            return Value::pointer(0);
        }
        // SAFETY: the pointer is not null, and the caller promises that it is a string then.
        let text = unsafe { CStr::from_ptr(*text) };
        return Value::Text(text.to_string_lossy().into_owned());
    }
    if let Some(float) = any.downcast_ref::<f32>() {
        return Value::Float(f64::from(*float));
    }
    if let Some(float) = any.downcast_ref::<f64>() {
        return Value::Float(*float);
    }
    if any.is::<()>() {
        return Value::Nothing;
    }
    number_or_address(&format!("{value:?}"))
}

/// Reads what `Debug` writes of integers, of newtypes around them, of pointers and of functions.
fn number_or_address(text: &str) -> Value {
    let inner = match text.split_once('(') {
        Some((_, rest)) => rest.trim_end_matches(')'),
        None => text,
    };
    if inner.starts_with("0x") {
        return Value::Pointer {
            ptr: inner.to_owned(),
        };
    }
    match (inner, inner.parse(), inner.parse()) {
        ("None", _, _) => Value::pointer(0),
        (_, Ok(integer), _) => Value::Integer(integer),
        (_, _, Ok(large)) => Value::Large(large),
        _ => Value::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug)]
    struct Kind(#[allow(dead_code)] u32);

    fn shown<T: Any + Debug>(value: T) -> String {
        // SAFETY: the strings of this test end with NUL.
        let value = unsafe { show(&value) };
        serde_json::to_string(&value).unwrap()
    }

    #[test]
    fn each_type_of_the_interface_is_shown_as_what_it_is() {
        let null: *const u8 = std::ptr::null();
        let function: Option<extern "C" fn()> = None;
        assert_eq!(shown(-3_i32), "-3");
        assert_eq!(shown(u64::MAX), "18446744073709551615");
        assert_eq!(shown(Kind(4)), "4");
        assert_eq!(shown(1.5_f32), "1.5");
        assert_eq!(shown(null), r#"{"ptr":"0x0"}"#);
        assert_eq!(shown(function), r#"{"ptr":"0x0"}"#);
        assert_eq!(shown(c"a \"b\"".as_ptr()), r#""a \"b\"""#);
        assert_eq!(shown(std::ptr::null::<c_char>()), r#"{"ptr":"0x0"}"#);
        assert_eq!(shown(()), "null");
    }
}
