//! `acl_rt.h`: devices, streams, memory.

use std::ffi::c_void;

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclrtDestroyGroupInfo(*mut aclrtGroupInfo);
    fn aclrtGetAllGroupInfo(*mut aclrtGroupInfo);
    fn aclrtGetGroupCount(*mut u32);
    fn aclrtGetGroupInfoDetail(*const aclrtGroupInfo, i32, aclrtGroupAttr, *mut c_void, usize, *mut usize);
    fn aclrtSetGroup(i32);
}

not_simulated_getter! {
    fn aclrtCreateGroupInfo() -> *mut aclrtGroupInfo = std::ptr::null_mut();
}
