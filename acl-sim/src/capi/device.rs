//! `acl_rt.h`: settings of devices and streams, peers, and exceptions.

use std::sync::Arc;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, ACL_ERROR_RT_PARAM_INVALID,
    aclrtExceptionInfo, aclrtExceptionInfoCallback, aclrtFloatOverflowMode, aclrtStream,
};

use super::runtime::handle;
use super::{getter, put, require, status};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::stream::OnFailure;
use crate::machine::{exception, process, settings};

status! {
    fn aclrtSetDeviceSatMode(mode: aclrtFloatOverflowMode) {
        let chip = process::current()?.chip;
        if mode.0 >= aclrtFloatOverflowMode::ACL_RT_OVERFLOW_MODE_UNDEF.0 {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the mode is {}, wanted 0 (saturate) or 1 (infinity)",
                mode.0
            ));
        }
        settings::set_overflow(chip, mode.0);
        Ok(())
    }

    fn aclrtGetDeviceSatMode(mode: *mut aclrtFloatOverflowMode) {
        require(mode, "mode")?;
        put!(mode, aclrtFloatOverflowMode(settings::overflow(process::current()?.chip)))
    }

    fn aclrtSetStreamOverflowSwitch(stream: aclrtStream, flag: u32) {
        process::stream(handle(stream))?;
        if flag > 1 {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the switch is {flag}, wanted 0 or 1"));
        }
        settings::set_watched(process::subscription(handle(stream))?, flag);
        Ok(())
    }

    fn aclrtGetStreamOverflowSwitch(stream: aclrtStream, flag: *mut u32) {
        require(flag, "flag")?;
        put!(flag, settings::watched(process::subscription(handle(stream))?))
    }

    fn aclrtSetOpWaitTimeout(seconds: u32) {
        process::current()?;
        settings::set_event_timeout(seconds);
        Ok(())
    }

    fn aclrtSetStreamFailureMode(stream: aclrtStream, mode: u64) {
        if stream.is_null() {
            return Err(fail!(
                ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
                "on this chip the default stream always goes on after a failure"
            ));
        }
        let wanted = match mode {
            0 => OnFailure::Continue,
            1 => OnFailure::Stop,
            other => {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the mode is {other}, wanted 0 (continue) or 1 (stop on failure)"
                ));
            }
        };
        process::stream(handle(stream))?.set_on_failure(wanted)
    }

    fn aclrtDeviceEnablePeerAccess(peer: i32, flags: u32) {
        let (chip, peer) = peers(peer)?;
        if flags != 0 {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the flags are {flags:#x}, wanted 0"));
        }
        settings::set_peer(chip, peer, true);
        Ok(())
    }

    fn aclrtDeviceDisablePeerAccess(peer: i32) {
        let (chip, peer) = peers(peer)?;
        if !settings::set_peer(chip, peer, false) {
            return Err(fail!(
                ACL_ERROR_RT_PARAM_INVALID,
                "device {chip} was not allowed to reach device {peer}"
            ));
        }
        Ok(())
    }

    fn aclrtSetExceptionInfoCallback(callback: aclrtExceptionInfoCallback) {
        exception::set(callback.map(|callback| -> exception::Callback {
            // SAFETY: the program gave the function for this call, and the argument is a handle,
            // which it may hand to the functions below and must not look into.
            Arc::new(move |exception: Handle| unsafe { callback(exception.as_ptr()) })
        }));
        Ok(())
    }
}

getter! {
    fn aclrtGetTaskIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> u32, or u32::MAX; {
        exception::get(Handle::from_ptr(info)).map(|exception| exception.task)
    }

    fn aclrtGetStreamIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> u32, or u32::MAX; {
        exception::get(Handle::from_ptr(info)).map(|exception| exception.stream)
    }

    fn aclrtGetThreadIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> u32, or u32::MAX; {
        exception::get(Handle::from_ptr(info)).map(|exception| exception.thread)
    }

    fn aclrtGetDeviceIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> u32, or u32::MAX; {
        exception::get(Handle::from_ptr(info)).map(|exception| exception.device)
    }

    fn aclrtGetErrorCodeFromExceptionInfo(info: *const aclrtExceptionInfo) -> u32, or u32::MAX; {
        exception::get(Handle::from_ptr(info)).map(|exception| exception.code)
    }
}

/// Returns the current device and another.
fn peers(peer: i32) -> Result<(usize, usize)> {
    let chip = process::current()?.chip;
    let peer = process::check_device(peer)?;
    if chip == peer {
        return Err(fail!(
            ACL_ERROR_RT_PARAM_INVALID,
            "device {peer} is the current one: name another"
        ));
    }
    Ok((chip, peer))
}
