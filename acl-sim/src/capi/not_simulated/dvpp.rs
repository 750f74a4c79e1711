//! `acl_dvpp.h`: video.

use std::ffi::c_void;

#[allow(clippy::wildcard_imports)] // most types of the interface
use acl_sys::*;

not_simulated! {
    fn aclvdecCreateChannel(*mut aclvdecChannelDesc);
    fn aclvdecDestroyChannel(*mut aclvdecChannelDesc);
    fn aclvdecSendFrame(*mut aclvdecChannelDesc, *mut acldvppStreamDesc, *mut acldvppPicDesc, *mut aclvdecFrameConfig, *mut c_void);
    fn aclvdecSendSkippedFrame(*mut aclvdecChannelDesc, *mut acldvppStreamDesc, *mut aclvdecFrameConfig, *mut c_void);
    fn aclvencCreateChannel(*mut aclvencChannelDesc);
    fn aclvencDestroyChannel(*mut aclvencChannelDesc);
    fn aclvencSendFrame(*mut aclvencChannelDesc, *mut acldvppPicDesc, *mut c_void, *mut aclvencFrameConfig, *mut c_void);
}
