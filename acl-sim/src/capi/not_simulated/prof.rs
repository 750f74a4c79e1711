//! `acl_prof.h`, profiling.

use std::ffi::{c_char, c_void};

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclprofGetOpName(*const c_void, usize, u32, *mut c_char, usize);
    fn aclprofGetOpNameLen(*const c_void, usize, u32, *mut usize);
    fn aclprofGetOpNum(*const c_void, usize, *mut u32);
    fn aclprofGetOpType(*const c_void, usize, u32, *mut c_char, usize);
    fn aclprofGetOpTypeLen(*const c_void, usize, u32, *mut usize);
}

not_simulated_getter! {
    fn aclprofGetModelId(*const c_void, usize, u32) -> usize = 0;
    fn aclprofGetOpAttriValue(*const c_void, usize, u32, aclprofSubscribeOpAttri) -> *const c_char = std::ptr::null();
    fn aclprofGetOpDuration(*const c_void, usize, u32) -> u64 = 0;
    fn aclprofGetOpEnd(*const c_void, usize, u32) -> u64 = 0;
    fn aclprofGetOpFlag(*const c_void, usize, u32) -> aclprofSubscribeOpFlag = aclprofSubscribeOpFlag(0);
    fn aclprofGetOpStart(*const c_void, usize, u32) -> u64 = 0;
}
