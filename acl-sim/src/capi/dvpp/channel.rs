//! Channels for pictures, and the parameters of all kinds of channels.

use std::ffi::c_void;

use acl_sys::{ACL_ERROR_INVALID_PARAM, acldvppChannelDesc, acldvppChannelDescParamType};

use super::{getter, host, put, require, status};
use crate::machine::dvpp::channel::Channel;
use crate::machine::dvpp::param::Params;
use crate::machine::dvpp::{self};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::{memory, process};

status! {
    fn acldvppCreateChannel(desc: *mut acldvppChannelDesc) {
        process::current()?;
        dvpp::channel(Handle::from_ptr(desc))?.lock().create()
    }

    fn acldvppDestroyChannel(desc: *mut acldvppChannelDesc) {
        process::current()?;
        dvpp::check_channel(Handle::from_ptr(desc))?;
        dvpp::channel(Handle::from_ptr(desc))?.lock().created = false;
        Ok(())
    }

    fn acldvppDestroyChannelDesc(desc: *mut acldvppChannelDesc) {
        dvpp::remove_channel(Handle::from_ptr(desc))
    }

    fn acldvppSetChannelDescMode(desc: *mut acldvppChannelDesc, mode: u32) {
        dvpp::channel(Handle::from_ptr(desc))?.lock().set(1, &mode.to_ne_bytes())
    }

    fn acldvppSetChannelDescParam(
        desc: *mut acldvppChannelDesc,
        kind: acldvppChannelDescParamType,
        length: usize,
        value: *const c_void,
    ) {
        let value = bytes(value, length)?;
        dvpp::channel(Handle::from_ptr(desc))?.lock().set(kind.0, &value)
    }

    fn acldvppGetChannelDescParam(
        desc: *const acldvppChannelDesc,
        kind: acldvppChannelDescParamType,
        length: usize,
        written: *mut usize,
        value: *mut c_void,
    ) {
        let param = dvpp::channel(Handle::from_ptr(desc))?.lock().param(kind.0)?;
        give(&param, length, written, value)
    }
}

getter! {
    fn acldvppCreateChannelDesc() -> *mut acldvppChannelDesc, or std::ptr::null_mut(); {
        Ok(dvpp::add_channel(Channel::default()).as_ptr())
    }

    fn acldvppGetChannelDescChannelId(desc: *const acldvppChannelDesc) -> u64, or 0; {
        Ok(dvpp::channel(Handle::from_ptr(desc))?.lock().id)
    }
}

/// Takes the bytes of a parameter.
pub(super) fn bytes(value: *const c_void, length: usize) -> Result<Vec<u8>> {
    require(value, "the parameter")?;
    if length == 0 || length > 8 || memory::is_device(value.addr()) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the parameter has {length} bytes at {value:p}, wanted 4 or 8 in the host's memory"
        ));
    }
    Ok(host!(value, length).to_vec())
}

/// Writes the bytes of a parameter, and how many they are.
pub(super) fn give(
    param: &[u8],
    length: usize,
    written: *mut usize,
    value: *mut c_void,
) -> Result<()> {
    require(written, "the size of the parameter")?;
    require(value, "the parameter")?;
    if length < param.len() || memory::is_device(value.addr()) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "there is room for {length} bytes at {value:p}, wanted {} in the host's memory",
            param.len()
        ));
    }
    host!(value.cast_const(), param.len()).write(param);
    put!(written, param.len())
}
