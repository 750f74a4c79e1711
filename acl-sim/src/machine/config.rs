//! The configuration file of `aclInit`.

use std::path::Path;

use acl_sys::{ACL_ERROR_INVALID_FILE, ACL_ERROR_PARSE_FILE};
use serde_json::Value;

use super::failure::{Result, fail};

/// What the simulator heeds of the file; dump, profiling and the rest are read and left.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Config {
    /// The device of threads that have set none (`defaultDevice.default_device`).
    pub(crate) default_device: Option<i32>,
    /// Messages are the process's, not each thread's (`err_msg_mode` is 1).
    pub(crate) shares_messages: bool,
}

/// The deepest nesting that is read.
const DEEPEST: usize = 10;

impl Config {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let file = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            fail!(
                ACL_ERROR_INVALID_FILE,
                "{file}: {error}; name a JSON file, or pass null"
            )
        })?;
        let bad = |why: String| fail!(ACL_ERROR_PARSE_FILE, "{file} {why}");
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| bad(format!("is no JSON: {error}; write {{}} for the defaults")))?;
        if !value.is_object() {
            return Err(bad("holds no JSON object; write {}".to_owned()));
        }
        if depth(&value) > DEEPEST {
            return Err(bad(format!("is nested deeper than {DEEPEST} levels")));
        }
        let default_device = match value.pointer("/defaultDevice/default_device") {
            None => None,
            Some(id) => Some(integer(id).ok_or_else(|| {
                bad(format!(
                    "has the default_device {id}, wanted a device's number"
                ))
            })?),
        };
        let shares_messages = match value.get("err_msg_mode").map(|mode| (mode, integer(mode))) {
            None | Some((_, Some(0))) => false,
            Some((_, Some(1))) => true,
            Some((mode, _)) => {
                return Err(bad(format!(
                    "has the err_msg_mode {mode}, wanted 0 (per thread) or 1 (per process)"
                )));
            }
        };
        Ok(Self {
            default_device,
            shares_messages,
        })
    }
}

/// A number, or a number as text: files with either are about.
fn integer(value: &Value) -> Option<i32> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => i32::try_from(other.as_i64()?).ok(),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(items) => 1 + items.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
