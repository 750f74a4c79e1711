//! `acl_prof.h`: stamps and subscriptions.

use std::ffi::{c_char, c_void};

use acl_sys::{ACL_ERROR_INVALID_PARAM, aclprofAicoreMetrics, aclprofSubscribeConfig};

use super::profiling::check_metrics;
use super::{getter, put, require, slice, status};
use crate::machine::failure::fail;
use crate::machine::handle::Handle;
use crate::machine::stamps;

status! {
    fn aclprofMark(stamp: *mut c_void) {
        stamps::mark(Handle::from_ptr(stamp))
    }

    fn aclprofPush(stamp: *mut c_void) {
        stamps::push(Handle::from_ptr(stamp))
    }

    fn aclprofPop() {
        stamps::pop()
    }

    fn aclprofRangeStart(stamp: *mut c_void, id: *mut u32) {
        require(id, "id")?;
        put!(id, stamps::start(Handle::from_ptr(stamp))?)
    }

    fn aclprofRangeStop(id: u32) {
        stamps::stop(id)
    }

    fn aclprofSetStampTraceMessage(stamp: *mut c_void, message: *const c_char, length: u32) {
        require(message, "message")?;
        let message: &[u8] = slice!(message.cast(), length as usize)?;
        stamps::set_message(Handle::from_ptr(stamp), message)
    }

    fn aclprofDestroySubscribeConfig(config: *const aclprofSubscribeConfig) {
        stamps::destroy_config(Handle::from_ptr(config))
    }

    fn aclprofModelSubscribe(id: u32, config: *const aclprofSubscribeConfig) {
        stamps::subscribe(id, Handle::from_ptr(config))
    }

    fn aclprofModelUnSubscribe(id: u32) {
        stamps::unsubscribe(id)
    }

    fn aclprofGetOpDescSize(size: *mut usize) {
        put!(size, stamps::RECORD)
    }
}

getter! {
    fn aclprofCreateStamp() -> *mut c_void, or std::ptr::null_mut(); {
        stamps::create().map(Handle::as_ptr)
    }

    fn aclprofDestroyStamp(stamp: *mut c_void) -> (), or (); {
        stamps::destroy(Handle::from_ptr(stamp))
    }

    fn aclprofCreateSubscribeConfig(
        times: i8,
        metrics: aclprofAicoreMetrics,
        file: *mut c_void,
    ) -> *mut aclprofSubscribeConfig, or std::ptr::null_mut(); {
        if !(0..=1).contains(&times) {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the switch of times is {times}, wanted 0 or 1"
            ));
        }
        check_metrics(metrics)?;
        require(file, "fd")?;
        stamps::create_config().map(Handle::as_ptr)
    }
}
