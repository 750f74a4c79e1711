//! `acl_op.h`, `acl_op_compiler.h`: single operators.

use std::ffi::{c_char, c_int, c_void};

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclopCast(*const aclTensorDesc, *const aclDataBuffer, *const aclTensorDesc, *mut aclDataBuffer, u8, aclrtStream);
    fn aclopCompile(*const c_char, c_int, *const *const aclTensorDesc, c_int, *const *const aclTensorDesc, *const aclopAttr, aclopEngineType, aclopCompileType, *const c_char);
    fn aclopCompileAndExecute(*const c_char, c_int, *const *const aclTensorDesc, *const *const aclDataBuffer, c_int, *const *const aclTensorDesc, *const *mut aclDataBuffer, *const aclopAttr, aclopEngineType, aclopCompileType, *const c_char, aclrtStream);
    fn aclopCompileAndExecuteV2(*const c_char, c_int, *mut *mut aclTensorDesc, *mut *mut aclDataBuffer, c_int, *mut *mut aclTensorDesc, *mut *mut aclDataBuffer, *mut aclopAttr, aclopEngineType, aclopCompileType, *const c_char, aclrtStream);
    fn aclopCreateHandle(*const c_char, c_int, *const *const aclTensorDesc, c_int, *const *const aclTensorDesc, *const aclopAttr, *mut *mut aclopHandle);
    fn aclopCreateHandleForCast(*mut aclTensorDesc, *mut aclTensorDesc, u8, *mut *mut aclopHandle);
    fn aclopCreateKernel(*const c_char, *const c_char, *const c_char, *mut c_void, c_int, aclopEngineType, aclDataDeallocator);
    fn aclopExecWithHandle(*mut aclopHandle, c_int, *const *const aclDataBuffer, c_int, *const *mut aclDataBuffer, aclrtStream);
    fn aclopExecute(*const c_char, c_int, *const *const aclTensorDesc, *const *const aclDataBuffer, c_int, *const *const aclTensorDesc, *const *mut aclDataBuffer, *const aclopAttr, aclrtStream);
    fn aclopExecuteV2(*const c_char, c_int, *mut *mut aclTensorDesc, *mut *mut aclDataBuffer, c_int, *mut *mut aclTensorDesc, *mut *mut aclDataBuffer, *mut aclopAttr, aclrtStream);
    fn aclopInferShape(*const c_char, c_int, *mut *mut aclTensorDesc, *mut *mut aclDataBuffer, c_int, *mut *mut aclTensorDesc, *mut aclopAttr);
    fn aclopLoad(*const c_void, usize);
    fn aclopRegisterCompileFunc(*const c_char, aclopCompileFunc);
    fn aclopSetAttrBool(*mut aclopAttr, *const c_char, u8);
    fn aclopSetAttrDataType(*mut aclopAttr, *const c_char, aclDataType);
    fn aclopSetAttrFloat(*mut aclopAttr, *const c_char, f32);
    fn aclopSetAttrInt(*mut aclopAttr, *const c_char, i64);
    fn aclopSetAttrListBool(*mut aclopAttr, *const c_char, c_int, *const u8);
    fn aclopSetAttrListDataType(*mut aclopAttr, *const c_char, c_int, *const aclDataType);
    fn aclopSetAttrListFloat(*mut aclopAttr, *const c_char, c_int, *const f32);
    fn aclopSetAttrListInt(*mut aclopAttr, *const c_char, c_int, *const i64);
    fn aclopSetAttrListListInt(*mut aclopAttr, *const c_char, c_int, *const c_int, *const *const i64);
    fn aclopSetAttrListString(*mut aclopAttr, *const c_char, c_int, *mut *const c_char);
    fn aclopSetAttrString(*mut aclopAttr, *const c_char, *const c_char);
    fn aclopSetCompileFlag(aclOpCompileFlag);
    fn aclopSetKernelArgs(*mut aclopKernelDesc, *const c_char, u32, *const c_void, u32);
    fn aclopSetKernelWorkspaceSizes(*mut aclopKernelDesc, c_int, *mut usize);
    fn aclopSetModelDir(*const c_char);
    fn aclopUnregisterCompileFunc(*const c_char);
    fn aclopUpdateParams(*const c_char, c_int, *const *const aclTensorDesc, c_int, *const *const aclTensorDesc, *const aclopAttr);
}

not_simulated_getter! {
    fn aclopCreateAttr() -> *mut aclopAttr = std::ptr::null_mut();
    fn aclopDestroyAttr(*const aclopAttr) -> () = ();
    fn aclopDestroyHandle(*mut aclopHandle) -> () = ();
}
