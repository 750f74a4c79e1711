//! `acl_tdt.h`, `acl_tdt_queue.h`: queues of tensors.

use std::ffi::{c_char, c_void};

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn acltdtAddDataItem(*mut acltdtDataset, *mut acltdtDataItem);
    fn acltdtAddQueueRoute(*mut acltdtQueueRouteList, *const acltdtQueueRoute);
    fn acltdtAllocBuf(usize, u32, *mut acltdtBuf);
    fn acltdtAppendBufChain(acltdtBuf, acltdtBuf);
    fn acltdtAttachQueue(u32, i32, *mut u32);
    fn acltdtBindQueueRoutes(*mut acltdtQueueRouteList);
    fn acltdtCopyBufRef(acltdtBuf, *mut acltdtBuf);
    fn acltdtCreateQueue(*const acltdtQueueAttr, *mut u32);
    fn acltdtDequeue(u32, *mut acltdtBuf, i32);
    fn acltdtDequeueData(u32, *mut c_void, usize, *mut usize, *mut c_void, usize, i32);
    fn acltdtDestroyChannel(*mut acltdtChannelHandle);
    fn acltdtDestroyDataItem(*mut acltdtDataItem);
    fn acltdtDestroyDataset(*mut acltdtDataset);
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
    fn acltdtGetDimsFromItem(*const acltdtDataItem, *mut i64, usize);
    fn acltdtGetQueueAttr(*const acltdtQueueAttr, acltdtQueueAttrType, usize, *mut usize, *mut c_void);
    fn acltdtGetQueueRoute(*const acltdtQueueRouteList, usize, *mut acltdtQueueRoute);
    fn acltdtGetQueueRouteParam(*const acltdtQueueRoute, acltdtQueueRouteParamType, usize, *mut usize, *mut c_void);
    fn acltdtGrantQueue(u32, i32, u32, i32);
    fn acltdtQueryChannelSize(*const acltdtChannelHandle, *mut usize);
    fn acltdtQueryQueueRoutes(*const acltdtQueueRouteQueryInfo, *mut acltdtQueueRouteList);
    fn acltdtReceiveTensor(*const acltdtChannelHandle, *mut acltdtDataset, i32);
    fn acltdtSendTensor(*const acltdtChannelHandle, *const acltdtDataset, i32);
    fn acltdtSetBufDataLen(acltdtBuf, usize);
    fn acltdtSetBufUserData(acltdtBuf, *const c_void, usize, usize);
    fn acltdtSetQueueAttr(*mut acltdtQueueAttr, acltdtQueueAttrType, usize, *const c_void);
    fn acltdtSetQueueRouteQueryInfo(*mut acltdtQueueRouteQueryInfo, acltdtQueueRouteQueryInfoParamType, usize, *const c_void);
    fn acltdtStopChannel(*mut acltdtChannelHandle);
    fn acltdtUnbindQueueRoutes(*mut acltdtQueueRouteList);
}

not_simulated_getter! {
    fn acltdtCreateChannel(u32, *const c_char) -> *mut acltdtChannelHandle = std::ptr::null_mut();
    fn acltdtCreateChannelWithCapacity(u32, *const c_char, usize) -> *mut acltdtChannelHandle = std::ptr::null_mut();
    fn acltdtCreateDataItem(acltdtTensorType, *const i64, usize, aclDataType, *mut c_void, usize) -> *mut acltdtDataItem = std::ptr::null_mut();
    fn acltdtCreateDataset() -> *mut acltdtDataset = std::ptr::null_mut();
    fn acltdtCreateQueueAttr() -> *mut acltdtQueueAttr = std::ptr::null_mut();
    fn acltdtCreateQueueRoute(u32, u32) -> *mut acltdtQueueRoute = std::ptr::null_mut();
    fn acltdtCreateQueueRouteList() -> *mut acltdtQueueRouteList = std::ptr::null_mut();
    fn acltdtCreateQueueRouteQueryInfo() -> *mut acltdtQueueRouteQueryInfo = std::ptr::null_mut();
    fn acltdtGetDataAddrFromItem(*const acltdtDataItem) -> *mut c_void = std::ptr::null_mut();
    fn acltdtGetDataItem(*const acltdtDataset, usize) -> *mut acltdtDataItem = std::ptr::null_mut();
    fn acltdtGetDataSizeFromItem(*const acltdtDataItem) -> usize = 0;
    fn acltdtGetDataTypeFromItem(*const acltdtDataItem) -> aclDataType = aclDataType(0);
    fn acltdtGetDatasetName(*const acltdtDataset) -> *const c_char = std::ptr::null();
    fn acltdtGetDatasetSize(*const acltdtDataset) -> usize = 0;
    fn acltdtGetDimNumFromItem(*const acltdtDataItem) -> usize = 0;
    fn acltdtGetQueueRouteNum(*const acltdtQueueRouteList) -> usize = 0;
    fn acltdtGetTensorTypeFromItem(*const acltdtDataItem) -> acltdtTensorType = acltdtTensorType(0);
}
