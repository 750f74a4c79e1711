//! `acl_op.h`: attributes of operators.

use std::ffi::{c_char, c_int};

use acl_sys::{ACL_ERROR_INVALID_PARAM, aclDataType, aclopAttr};

use super::{getter, lossy, slice, status, text};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::op::attr::{self, Value};

status! {
    fn aclopSetAttrBool(attr: *mut aclopAttr, name: *const c_char, value: u8) {
        set(attr, name, Value::Bool(bool_of(value)?))
    }

    fn aclopSetAttrInt(attr: *mut aclopAttr, name: *const c_char, value: i64) {
        set(attr, name, Value::Int(value))
    }

    fn aclopSetAttrFloat(attr: *mut aclopAttr, name: *const c_char, value: f32) {
        set(attr, name, Value::Float(value))
    }

    fn aclopSetAttrString(attr: *mut aclopAttr, name: *const c_char, value: *const c_char) {
        set(attr, name, Value::Text(lossy(text!(value)?)))
    }

    fn aclopSetAttrDataType(attr: *mut aclopAttr, name: *const c_char, value: aclDataType) {
        set(attr, name, Value::DataType(value))
    }

    fn aclopSetAttrListBool(
        attr: *mut aclopAttr,
        name: *const c_char,
        count: c_int,
        values: *const u8,
    ) {
        let values: &[u8] = slice!(values, number(count)?)?;
        let values = values.iter().map(|value| bool_of(*value)).collect::<Result<_>>()?;
        set(attr, name, Value::ListBool(values))
    }

    fn aclopSetAttrListInt(
        attr: *mut aclopAttr,
        name: *const c_char,
        count: c_int,
        values: *const i64,
    ) {
        let values: &[i64] = slice!(values, number(count)?)?;
        set(attr, name, Value::ListInt(values.to_vec()))
    }

    fn aclopSetAttrListFloat(
        attr: *mut aclopAttr,
        name: *const c_char,
        count: c_int,
        values: *const f32,
    ) {
        let values: &[f32] = slice!(values, number(count)?)?;
        set(attr, name, Value::ListFloat(values.to_vec()))
    }

    fn aclopSetAttrListDataType(
        attr: *mut aclopAttr,
        name: *const c_char,
        count: c_int,
        values: *const aclDataType,
    ) {
        let values: &[aclDataType] = slice!(values, number(count)?)?;
        set(attr, name, Value::ListDataType(values.to_vec()))
    }

    fn aclopSetAttrListString(
        attr: *mut aclopAttr,
        name: *const c_char,
        count: c_int,
        values: *mut *const c_char,
    ) {
        let values: &[*const c_char] = slice!(values.cast_const(), number(count)?)?;
        let texts = values.iter().map(|value| Ok(lossy(text!(*value)?)));
        let texts = texts.collect::<Result<_>>()?;
        set(attr, name, Value::ListText(texts))
    }

    fn aclopSetAttrListListInt(
        attr: *mut aclopAttr,
        name: *const c_char,
        count: c_int,
        counts: *const c_int,
        values: *const *const i64,
    ) {
        let counts: &[c_int] = slice!(counts, number(count)?)?;
        let values: &[*const i64] = slice!(values, number(count)?)?;
        let lists = counts.iter().zip(values).map(|(count, values)| {
            let list: Result<&[i64]> = slice!(*values, number(*count)?);
            Ok(list?.to_vec())
        });
        let lists = lists.collect::<Result<_>>()?;
        set(attr, name, Value::ListListInt(lists))
    }
}

getter! {
    fn aclopCreateAttr() -> *mut aclopAttr, or std::ptr::null_mut(); {
        Ok(attr::create().as_ptr())
    }

    fn aclopDestroyAttr(attr: *const aclopAttr) -> (), or (); {
        attr::destroy(Handle::from_ptr(attr))
    }
}

fn set(attr: *mut aclopAttr, name: *const c_char, value: Value) -> Result<()> {
    attr::set(Handle::from_ptr(attr), &lossy(text!(name)?), value)
}

fn bool_of(value: u8) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "a bool is {value}, wanted 0 or 1"
        )),
    }
}

/// Takes a number of things.
pub(super) fn number(count: c_int) -> Result<usize> {
    usize::try_from(count)
        .map_err(|_| fail!(ACL_ERROR_INVALID_PARAM, "the number of values is {count}"))
}
