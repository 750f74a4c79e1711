//! Attributes of operators: values by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use acl_sys::{ACL_ERROR_INVALID_PARAM, aclDataType};

use crate::machine::calls::Site;
use crate::machine::failure::{Result, fail};
use crate::machine::handle::{Handle, Kind, Table};
use crate::machine::objects::Shared;
use crate::machine::strict;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Float(f32),
    Text(String),
    DataType(aclDataType),
    ListBool(Vec<bool>),
    ListInt(Vec<i64>),
    ListFloat(Vec<f32>),
    ListText(Vec<String>),
    ListDataType(Vec<aclDataType>),
    ListListInt(Vec<Vec<i64>>),
}

/// Attributes by name; setting one again replaces it.
pub(crate) type Attributes = BTreeMap<String, Value>;

static ATTRIBUTES: Table<Arc<Shared<Attributes>>> = Table::new(Kind::OpAttr);

pub(crate) fn create() -> Handle {
    ATTRIBUTES.insert(|_| Shared::new(Attributes::new()))
}

pub(crate) fn destroy(handle: Handle) -> Result<()> {
    ATTRIBUTES.remove(handle).map(drop).map_err(|complaint| {
        strict::find(strict::Finding::BadHandle, complaint.clone());
        fail!(ACL_ERROR_INVALID_PARAM, "{complaint}")
    })
}

/// Sets an attribute.
pub(crate) fn set(handle: Handle, name: &str, value: Value) -> Result<()> {
    let attributes = get(handle)?;
    if name.is_empty() {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the name of the attribute is empty"
        ));
    }
    attributes.lock().insert(name.to_owned(), value);
    Ok(())
}

fn get(handle: Handle) -> Result<Arc<Shared<Attributes>>> {
    ATTRIBUTES
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

/// Returns a copy of attributes; null stands for none.
pub(crate) fn copy(handle: Handle) -> Result<Attributes> {
    if handle.0 == 0 {
        return Ok(Attributes::new());
    }
    Ok(get(handle)?.lock().clone())
}

pub(super) fn live() -> Vec<Option<Site>> {
    ATTRIBUTES.made(|_| true)
}
