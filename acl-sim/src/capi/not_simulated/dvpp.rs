//! `acl_dvpp.h`: pictures and video.

use std::ffi::c_void;

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn acldvppClearHist(*mut acldvppHist);
    fn acldvppDestroyBatchPicDesc(*mut acldvppBatchPicDesc);
    fn acldvppDestroyBorderConfig(*mut acldvppBorderConfig);
    fn acldvppDestroyHist(*mut acldvppHist);
    fn acldvppDestroyLutMap(*mut acldvppLutMap);
    fn acldvppGetHistData(*mut acldvppHist, u32, *mut *mut u32, *mut u16);
    fn acldvppGetLutMapData(*const acldvppLutMap, u32, *mut *mut u8, *mut u32);
    fn acldvppSetBorderConfigBorderType(*mut acldvppBorderConfig, acldvppBorderType);
    fn acldvppSetBorderConfigBottom(*mut acldvppBorderConfig, u32);
    fn acldvppSetBorderConfigLeft(*mut acldvppBorderConfig, u32);
    fn acldvppSetBorderConfigRight(*mut acldvppBorderConfig, u32);
    fn acldvppSetBorderConfigTop(*mut acldvppBorderConfig, u32);
    fn acldvppSetBorderConfigValue(*mut acldvppBorderConfig, u32, f64);
    fn acldvppVpcBatchCropAndPasteAsync(*mut acldvppChannelDesc, *mut acldvppBatchPicDesc, *mut u32, u32, *mut acldvppBatchPicDesc, *mut *mut acldvppRoiConfig, *mut *mut acldvppRoiConfig, aclrtStream);
    fn acldvppVpcBatchCropAsync(*mut acldvppChannelDesc, *mut acldvppBatchPicDesc, *mut u32, u32, *mut acldvppBatchPicDesc, *mut *mut acldvppRoiConfig, aclrtStream);
    fn acldvppVpcBatchCropResizeAsync(*mut acldvppChannelDesc, *mut acldvppBatchPicDesc, *mut u32, u32, *mut acldvppBatchPicDesc, *mut *mut acldvppRoiConfig, *mut acldvppResizeConfig, aclrtStream);
    fn acldvppVpcBatchCropResizeMakeBorderAsync(*mut acldvppChannelDesc, *mut acldvppBatchPicDesc, *mut u32, u32, *mut acldvppBatchPicDesc, *mut *mut acldvppRoiConfig, *mut *mut acldvppBorderConfig, *mut acldvppResizeConfig, aclrtStream);
    fn acldvppVpcBatchCropResizePasteAsync(*mut acldvppChannelDesc, *mut acldvppBatchPicDesc, *mut u32, u32, *mut acldvppBatchPicDesc, *mut *mut acldvppRoiConfig, *mut *mut acldvppRoiConfig, *mut acldvppResizeConfig, aclrtStream);
    fn acldvppVpcCalcHistAsync(*mut acldvppChannelDesc, *mut acldvppPicDesc, *mut acldvppHist, *mut c_void, aclrtStream);
    fn acldvppVpcConvertColorAsync(*mut acldvppChannelDesc, *mut acldvppPicDesc, *mut acldvppPicDesc, aclrtStream);
    fn acldvppVpcEqualizeHistAsync(*const acldvppChannelDesc, *const acldvppPicDesc, *mut acldvppPicDesc, *const acldvppLutMap, aclrtStream);
    fn acldvppVpcMakeBorderAsync(*const acldvppChannelDesc, *const acldvppPicDesc, *mut acldvppPicDesc, *const acldvppBorderConfig, aclrtStream);
    fn acldvppVpcPyrDownAsync(*mut acldvppChannelDesc, *mut acldvppPicDesc, *mut acldvppPicDesc, *mut c_void, aclrtStream);
    fn aclvdecCreateChannel(*mut aclvdecChannelDesc);
    fn aclvdecDestroyChannel(*mut aclvdecChannelDesc);
    fn aclvdecSendFrame(*mut aclvdecChannelDesc, *mut acldvppStreamDesc, *mut acldvppPicDesc, *mut aclvdecFrameConfig, *mut c_void);
    fn aclvdecSendSkippedFrame(*mut aclvdecChannelDesc, *mut acldvppStreamDesc, *mut aclvdecFrameConfig, *mut c_void);
    fn aclvencCreateChannel(*mut aclvencChannelDesc);
    fn aclvencDestroyChannel(*mut aclvencChannelDesc);
    fn aclvencSendFrame(*mut aclvencChannelDesc, *mut acldvppPicDesc, *mut c_void, *mut aclvencFrameConfig, *mut c_void);
}

not_simulated_getter! {
    fn acldvppCreateBatchPicDesc(u32) -> *mut acldvppBatchPicDesc = std::ptr::null_mut();
    fn acldvppCreateBorderConfig() -> *mut acldvppBorderConfig = std::ptr::null_mut();
    fn acldvppCreateHist() -> *mut acldvppHist = std::ptr::null_mut();
    fn acldvppCreateLutMap() -> *mut acldvppLutMap = std::ptr::null_mut();
    fn acldvppGetBorderConfigBorderType(*const acldvppBorderConfig) -> acldvppBorderType = acldvppBorderType(0);
    fn acldvppGetBorderConfigBottom(*const acldvppBorderConfig) -> u32 = 0;
    fn acldvppGetBorderConfigLeft(*const acldvppBorderConfig) -> u32 = 0;
    fn acldvppGetBorderConfigRight(*const acldvppBorderConfig) -> u32 = 0;
    fn acldvppGetBorderConfigTop(*const acldvppBorderConfig) -> u32 = 0;
    fn acldvppGetBorderConfigValue(*const acldvppBorderConfig, u32) -> f64 = 0.0;
    fn acldvppGetHistDims(*mut acldvppHist) -> u32 = 0;
    fn acldvppGetHistRetCode(*mut acldvppHist) -> u32 = 0;
    fn acldvppGetLutMapDims(*const acldvppLutMap) -> u32 = 0;
    fn acldvppGetPicDesc(*mut acldvppBatchPicDesc, u32) -> *mut acldvppPicDesc = std::ptr::null_mut();
}
