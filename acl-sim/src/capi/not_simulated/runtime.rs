//! `acl_rt.h`: devices, streams, memory.

use std::ffi::c_void;

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclrtDestroyGroupInfo(*mut aclrtGroupInfo);
    fn aclrtDeviceDisablePeerAccess(i32);
    fn aclrtDeviceEnablePeerAccess(i32, u32);
    fn aclrtGetAllGroupInfo(*mut aclrtGroupInfo);
    fn aclrtGetDeviceSatMode(*mut aclrtFloatOverflowMode);
    fn aclrtGetGroupCount(*mut u32);
    fn aclrtGetGroupInfoDetail(*const aclrtGroupInfo, i32, aclrtGroupAttr, *mut c_void, usize, *mut usize);
    fn aclrtGetStreamOverflowSwitch(aclrtStream, *mut u32);
    fn aclrtSetDeviceSatMode(aclrtFloatOverflowMode);
    fn aclrtSetExceptionInfoCallback(aclrtExceptionInfoCallback);
    fn aclrtSetGroup(i32);
    fn aclrtSetOpWaitTimeout(u32);
    fn aclrtSetStreamFailureMode(aclrtStream, u64);
    fn aclrtSetStreamOverflowSwitch(aclrtStream, u32);
}

not_simulated_getter! {
    fn aclrtCreateGroupInfo() -> *mut aclrtGroupInfo = std::ptr::null_mut();
    fn aclrtGetDeviceIdFromExceptionInfo(*const aclrtExceptionInfo) -> u32 = 0;
    fn aclrtGetErrorCodeFromExceptionInfo(*const aclrtExceptionInfo) -> u32 = 0;
    fn aclrtGetStreamIdFromExceptionInfo(*const aclrtExceptionInfo) -> u32 = 0;
    fn aclrtGetTaskIdFromExceptionInfo(*const aclrtExceptionInfo) -> u32 = 0;
    fn aclrtGetThreadIdFromExceptionInfo(*const aclrtExceptionInfo) -> u32 = 0;
}
