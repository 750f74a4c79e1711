//! `acl_prof.h`, profiling.

use std::ffi::{c_char, c_void};

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclprofDestroySubscribeConfig(*const aclprofSubscribeConfig);
    fn aclprofGetOpDescSize(*mut usize);
    fn aclprofGetOpName(*const c_void, usize, u32, *mut c_char, usize);
    fn aclprofGetOpNameLen(*const c_void, usize, u32, *mut usize);
    fn aclprofGetOpNum(*const c_void, usize, *mut u32);
    fn aclprofGetOpType(*const c_void, usize, u32, *mut c_char, usize);
    fn aclprofGetOpTypeLen(*const c_void, usize, u32, *mut usize);
    fn aclprofMark(*mut c_void);
    fn aclprofModelSubscribe(u32, *const aclprofSubscribeConfig);
    fn aclprofModelUnSubscribe(u32);
    fn aclprofPop();
    fn aclprofPush(*mut c_void);
    fn aclprofRangeStart(*mut c_void, *mut u32);
    fn aclprofRangeStop(u32);
    fn aclprofSetStampTraceMessage(*mut c_void, *const c_char, u32);
}

not_simulated_getter! {
    fn aclprofCreateStamp() -> *mut c_void = std::ptr::null_mut();
    fn aclprofCreateSubscribeConfig(i8, aclprofAicoreMetrics, *mut c_void) -> *mut aclprofSubscribeConfig = std::ptr::null_mut();
    fn aclprofDestroyStamp(*mut c_void) -> () = ();
    fn aclprofGetModelId(*const c_void, usize, u32) -> usize = 0;
    fn aclprofGetOpAttriValue(*const c_void, usize, u32, aclprofSubscribeOpAttri) -> *const c_char = std::ptr::null();
    fn aclprofGetOpDuration(*const c_void, usize, u32) -> u64 = 0;
    fn aclprofGetOpEnd(*const c_void, usize, u32) -> u64 = 0;
    fn aclprofGetOpFlag(*const c_void, usize, u32) -> aclprofSubscribeOpFlag = aclprofSubscribeOpFlag(0);
    fn aclprofGetOpStart(*const c_void, usize, u32) -> u64 = 0;
}
