//! `acl_cblas.h`: products of matrices.

use std::ffi::{c_int, c_void};

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclblasCreateHandleForGemmEx(aclTransType, aclTransType, aclTransType, c_int, c_int, c_int, aclDataType, aclDataType, aclDataType, aclComputeType, *mut *mut aclopHandle);
    fn aclblasCreateHandleForGemvEx(aclTransType, c_int, c_int, aclDataType, aclDataType, aclDataType, aclComputeType, *mut *mut aclopHandle);
    fn aclblasCreateHandleForHgemm(aclTransType, aclTransType, aclTransType, c_int, c_int, c_int, aclComputeType, *mut *mut aclopHandle);
    fn aclblasCreateHandleForHgemv(aclTransType, c_int, c_int, aclComputeType, *mut *mut aclopHandle);
    fn aclblasCreateHandleForS8gemm(aclTransType, aclTransType, aclTransType, c_int, c_int, c_int, aclComputeType, *mut *mut aclopHandle);
    fn aclblasCreateHandleForS8gemv(aclTransType, c_int, c_int, aclComputeType, *mut *mut aclopHandle);
    fn aclblasGemmEx(aclTransType, aclTransType, aclTransType, c_int, c_int, c_int, *const c_void, *const c_void, c_int, aclDataType, *const c_void, c_int, aclDataType, *const c_void, *mut c_void, c_int, aclDataType, aclComputeType, aclrtStream);
    fn aclblasGemvEx(aclTransType, c_int, c_int, *const c_void, *const c_void, c_int, aclDataType, *const c_void, c_int, aclDataType, *const c_void, *mut c_void, c_int, aclDataType, aclComputeType, aclrtStream);
    fn aclblasHgemm(aclTransType, aclTransType, aclTransType, c_int, c_int, c_int, *const aclFloat16, *const aclFloat16, c_int, *const aclFloat16, c_int, *const aclFloat16, *mut aclFloat16, c_int, aclComputeType, aclrtStream);
    fn aclblasHgemv(aclTransType, c_int, c_int, *const aclFloat16, *const aclFloat16, c_int, *const aclFloat16, c_int, *const aclFloat16, *mut aclFloat16, c_int, aclComputeType, aclrtStream);
    fn aclblasS8gemm(aclTransType, aclTransType, aclTransType, c_int, c_int, c_int, *const i32, *const i8, c_int, *const i8, c_int, *const i32, *mut i32, c_int, aclComputeType, aclrtStream);
    fn aclblasS8gemv(aclTransType, c_int, c_int, *const i32, *const i8, c_int, *const i8, c_int, *const i32, *mut i32, c_int, aclComputeType, aclrtStream);
}
