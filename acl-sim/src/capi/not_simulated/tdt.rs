//! `acl_tdt.h`, `acl_tdt_queue.h`: queues of tensors.

use std::ffi::c_void;

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn acltdtAddQueueRoute(*mut acltdtQueueRouteList, *const acltdtQueueRoute);
    fn acltdtAllocBuf(usize, u32, *mut acltdtBuf);
    fn acltdtAppendBufChain(acltdtBuf, acltdtBuf);
    fn acltdtAttachQueue(u32, i32, *mut u32);
    fn acltdtBindQueueRoutes(*mut acltdtQueueRouteList);
    fn acltdtCopyBufRef(acltdtBuf, *mut acltdtBuf);
    fn acltdtCreateQueue(*const acltdtQueueAttr, *mut u32);
    fn acltdtDequeue(u32, *mut acltdtBuf, i32);
    fn acltdtDequeueData(u32, *mut c_void, usize, *mut usize, *mut c_void, usize, i32);
    fn acltdtDestroyQueue(u32);
    fn acltdtDestroyQueueAttr(*const acltdtQueueAttr);
    fn acltdtDestroyQueueRoute(*const acltdtQueueRoute);
    fn acltdtDestroyQueueRouteList(*const acltdtQueueRouteList);
    fn acltdtDestroyQueueRouteQueryInfo(*const acltdtQueueRouteQueryInfo);
    fn acltdtEnqueue(u32, acltdtBuf, i32);
    fn acltdtEnqueueData(u32, *const c_void, usize, *const c_void, usize, i32, u32);
    fn acltdtFreeBuf(acltdtBuf);
    fn acltdtGetBufChainNum(acltdtBuf, *mut u32);
    fn acltdtGetBufData(acltdtBuf, *mut *mut c_void, *mut usize);
    fn acltdtGetBufDataLen(acltdtBuf, *mut usize);
    fn acltdtGetBufFromChain(acltdtBuf, u32, *mut acltdtBuf);
    fn acltdtGetBufUserData(acltdtBuf, *mut c_void, usize, usize);
    fn acltdtGetQueueAttr(*const acltdtQueueAttr, acltdtQueueAttrType, usize, *mut usize, *mut c_void);
    fn acltdtGetQueueRoute(*const acltdtQueueRouteList, usize, *mut acltdtQueueRoute);
    fn acltdtGetQueueRouteParam(*const acltdtQueueRoute, acltdtQueueRouteParamType, usize, *mut usize, *mut c_void);
    fn acltdtGrantQueue(u32, i32, u32, i32);
    fn acltdtQueryQueueRoutes(*const acltdtQueueRouteQueryInfo, *mut acltdtQueueRouteList);
    fn acltdtSetBufDataLen(acltdtBuf, usize);
    fn acltdtSetBufUserData(acltdtBuf, *const c_void, usize, usize);
    fn acltdtSetQueueAttr(*mut acltdtQueueAttr, acltdtQueueAttrType, usize, *const c_void);
    fn acltdtSetQueueRouteQueryInfo(*mut acltdtQueueRouteQueryInfo, acltdtQueueRouteQueryInfoParamType, usize, *const c_void);
    fn acltdtUnbindQueueRoutes(*mut acltdtQueueRouteList);
}

not_simulated_getter! {
    fn acltdtCreateQueueAttr() -> *mut acltdtQueueAttr = std::ptr::null_mut();
    fn acltdtCreateQueueRoute(u32, u32) -> *mut acltdtQueueRoute = std::ptr::null_mut();
    fn acltdtCreateQueueRouteList() -> *mut acltdtQueueRouteList = std::ptr::null_mut();
    fn acltdtCreateQueueRouteQueryInfo() -> *mut acltdtQueueRouteQueryInfo = std::ptr::null_mut();
    fn acltdtGetQueueRouteNum(*const acltdtQueueRouteList) -> usize = 0;
}
