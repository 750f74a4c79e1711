//! `acl.h`, `acl_base.h` and what has no prefix of its own.

use std::ffi::{c_char, c_int, c_void};

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclDestroyGraphDumpOpt(*const aclGraphDumpOption);
    fn aclGenGraphAndDumpForOp(*const c_char, c_int, *const *const aclTensorDesc, *const *const aclDataBuffer, c_int, *const *const aclTensorDesc, *const *mut aclDataBuffer, *const aclopAttr, aclopEngineType, *const c_char, *const aclGraphDumpOption);
    fn aclSetCompileopt(aclCompileOpt, *const c_char);
    fn aclSetTensorConst(*mut aclTensorDesc, *mut c_void, usize);
    fn aclSetTensorDynamicInput(*mut aclTensorDesc, *const c_char);
    fn aclSetTensorValueRange(*mut aclTensorDesc, usize, *mut [i64; 2usize]);
    fn aclTransTensorDescFormat(*const aclTensorDesc, aclFormat, *mut *mut aclTensorDesc);
}

not_simulated_getter! {
    fn aclCreateGraphDumpOpt() -> *mut aclGraphDumpOption = std::ptr::null_mut();
}
