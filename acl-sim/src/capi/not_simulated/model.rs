//! `acl_mdl.h`: models.

use std::ffi::{c_char, c_void};

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclmdlCreateAndGetOpDesc(u32, u32, u32, *mut c_char, usize, *mut *mut aclTensorDesc, *mut usize, *mut *mut aclTensorDesc, *mut usize);
    fn aclmdlLoadFromFileWithQ(*const c_char, *mut u32, *const u32, usize, *const u32, usize);
    fn aclmdlLoadFromMemWithQ(*const c_void, usize, *mut u32, *const u32, usize, *const u32, usize);
}

not_simulated_getter! {
    fn aclmdlGetOpAttr(*mut aclmdlDesc, *const c_char, *const c_char) -> *const c_char = std::ptr::null();
}
