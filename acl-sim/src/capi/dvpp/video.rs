//! Descriptions of channels and frames for video. They hold what is set; what would create or use a
//! channel stands in the list of what is not simulated.

use std::ffi::c_void;

use acl_sys::{
    acldvppPixelFormat, acldvppStreamFormat, aclvdecCallback, aclvdecChannelDesc,
    aclvdecChannelDescParamType, aclvdecFrameConfig, aclvencCallback, aclvencChannelDesc,
    aclvencChannelDescParamType, aclvencFrameConfig,
};

use super::channel::{bytes, give};
use super::{getter, status};
use crate::machine::dvpp;
use crate::machine::dvpp::param::Params;
use crate::machine::dvpp::video::{Vdec, Venc, VencFrame};
use crate::machine::handle::Handle;

/// Defines the setter and the getter of a number that is a type of its own in C, or is none.
macro_rules! fields {
    ($find:ident, $desc:ty; $($set:ident, $get:ident: $field:ident, $type:ident $(($number:tt))?;)*) => {
        status! {$(
            fn $set(desc: *mut $desc, value: $type) {
                dvpp::$find(Handle::from_ptr(desc))?.lock().change(|desc| {
                    desc.$field = value $(.$number)?;
                    Ok(())
                })
            }
        )*}

        getter! {$(
            fn $get(desc: *const $desc) -> $type, or fields!(@make $type, 0 $(, $number)?); {
                let value = dvpp::$find(Handle::from_ptr(desc))?.lock().$field;
                Ok(fields!(@make $type, value $(, $number)?))
            }
        )*}
    };
    (@make $type:ident, $value:expr) => { $value };
    (@make $type:ident, $value:expr, $number:tt) => { $type($value) };
}

fields! {
    vdec, aclvdecChannelDesc;
    aclvdecSetChannelDescChannelId, aclvdecGetChannelDescChannelId: channel, u32;
    aclvdecSetChannelDescThreadId, aclvdecGetChannelDescThreadId: thread, u64;
    aclvdecSetChannelDescEnType, aclvdecGetChannelDescEnType: encoding, acldvppStreamFormat(0);
    aclvdecSetChannelDescOutPicFormat, aclvdecGetChannelDescOutPicFormat: format, acldvppPixelFormat(0);
    aclvdecSetChannelDescOutPicWidth, aclvdecGetChannelDescOutPicWidth: width, u32;
    aclvdecSetChannelDescOutPicHeight, aclvdecGetChannelDescOutPicHeight: height, u32;
    aclvdecSetChannelDescRefFrameNum, aclvdecGetChannelDescRefFrameNum: references, u32;
    aclvdecSetChannelDescBitDepth, aclvdecGetChannelDescBitDepth: bit_depth, u32;
    aclvdecSetChannelDescOutMode, aclvdecGetChannelDescOutMode: out_mode, u32;
}

fields! {
    venc, aclvencChannelDesc;
    aclvencSetChannelDescThreadId, aclvencGetChannelDescThreadId: thread, u64;
    aclvencSetChannelDescEnType, aclvencGetChannelDescEnType: encoding, acldvppStreamFormat(0);
    aclvencSetChannelDescPicFormat, aclvencGetChannelDescPicFormat: format, acldvppPixelFormat(0);
    aclvencSetChannelDescPicWidth, aclvencGetChannelDescPicWidth: width, u32;
    aclvencSetChannelDescPicHeight, aclvencGetChannelDescPicHeight: height, u32;
    aclvencSetChannelDescKeyFrameInterval, aclvencGetChannelDescKeyFrameInterval: key_frame_interval, u32;
    aclvencSetChannelDescBufSize, aclvencGetChannelDescBufSize: buffer_size, u32;
    aclvencSetChannelDescRcMode, aclvencGetChannelDescRcMode: rate_control, u32;
    aclvencSetChannelDescSrcRate, aclvencGetChannelDescSrcRate: source_rate, u32;
    aclvencSetChannelDescMaxBitRate, aclvencGetChannelDescMaxBitRate: most_bit_rate, u32;
}

status! {
    fn aclvdecDestroyChannelDesc(desc: *mut aclvdecChannelDesc) {
        dvpp::remove_vdec(Handle::from_ptr(desc))
    }

    fn aclvdecDestroyFrameConfig(config: *mut aclvdecFrameConfig) {
        dvpp::remove_vdec_frame(Handle::from_ptr(config))
    }

    fn aclvdecSetChannelDescCallback(desc: *mut aclvdecChannelDesc, callback: aclvdecCallback) {
        let address = callback.map_or(0, |callback| callback as usize);
        dvpp::vdec(Handle::from_ptr(desc))?.lock().callback = address;
        Ok(())
    }

    fn aclvdecSetChannelDescParam(
        desc: *mut aclvdecChannelDesc,
        kind: aclvdecChannelDescParamType,
        length: usize,
        value: *const c_void,
    ) {
        let value = bytes(value, length)?;
        dvpp::vdec(Handle::from_ptr(desc))?.lock().set_param(kind.0, &value)
    }

    fn aclvdecGetChannelDescParam(
        desc: *const aclvdecChannelDesc,
        kind: aclvdecChannelDescParamType,
        length: usize,
        written: *mut usize,
        value: *mut c_void,
    ) {
        let param = dvpp::vdec(Handle::from_ptr(desc))?.lock().param(kind.0)?;
        give(&param, length, written, value)
    }

    fn aclvencDestroyChannelDesc(desc: *mut aclvencChannelDesc) {
        dvpp::remove_venc(Handle::from_ptr(desc))
    }

    fn aclvencDestroyFrameConfig(config: *mut aclvencFrameConfig) {
        dvpp::remove_venc_frame(Handle::from_ptr(config))
    }

    fn aclvencSetChannelDescCallback(desc: *mut aclvencChannelDesc, callback: aclvencCallback) {
        let address = callback.map_or(0, |callback| callback as usize);
        dvpp::venc(Handle::from_ptr(desc))?.lock().callback = address;
        Ok(())
    }

    fn aclvencSetChannelDescBufAddr(desc: *mut aclvencChannelDesc, buffer: *mut c_void) {
        dvpp::venc(Handle::from_ptr(desc))?.lock().buffer = buffer.addr();
        Ok(())
    }

    fn aclvencSetChannelDescParam(
        desc: *mut aclvencChannelDesc,
        kind: aclvencChannelDescParamType,
        length: usize,
        value: *const c_void,
    ) {
        let value = bytes(value, length)?;
        dvpp::venc(Handle::from_ptr(desc))?.lock().set_param(kind.0, &value)
    }

    fn aclvencGetChannelDescParam(
        desc: *const aclvencChannelDesc,
        kind: aclvencChannelDescParamType,
        length: usize,
        written: *mut usize,
        value: *mut c_void,
    ) {
        let param = dvpp::venc(Handle::from_ptr(desc))?.lock().param(kind.0)?;
        give(&param, length, written, value)
    }

    fn aclvencSetFrameConfigEos(config: *mut aclvencFrameConfig, eos: u8) {
        dvpp::venc_frame(Handle::from_ptr(config))?.lock().eos = eos;
        Ok(())
    }

    fn aclvencSetFrameConfigForceIFrame(config: *mut aclvencFrameConfig, force: u8) {
        dvpp::venc_frame(Handle::from_ptr(config))?.lock().force_i_frame = force;
        Ok(())
    }
}

getter! {
    fn aclvdecCreateChannelDesc() -> *mut aclvdecChannelDesc, or std::ptr::null_mut(); {
        Ok(dvpp::add_vdec(Vdec::default()).as_ptr())
    }

    fn aclvdecCreateFrameConfig() -> *mut aclvdecFrameConfig, or std::ptr::null_mut(); {
        Ok(dvpp::add_vdec_frame().as_ptr())
    }

    fn aclvdecGetChannelDescCallback(desc: *const aclvdecChannelDesc) -> aclvdecCallback, or None; {
        let address = dvpp::vdec(Handle::from_ptr(desc))?.lock().callback;
        let pointer = std::ptr::with_exposed_provenance::<c_void>(address);
        // SAFETY: the address is null, which is `None`, or one that the program set as that of a
        // function of this type; the simulator does not call it.
        Ok(unsafe { std::mem::transmute::<*const c_void, aclvdecCallback>(pointer) })
    }

    fn aclvencCreateChannelDesc() -> *mut aclvencChannelDesc, or std::ptr::null_mut(); {
        Ok(dvpp::add_venc(Venc::default()).as_ptr())
    }

    fn aclvencCreateFrameConfig() -> *mut aclvencFrameConfig, or std::ptr::null_mut(); {
        Ok(dvpp::add_venc_frame(VencFrame::default()).as_ptr())
    }

    fn aclvencGetChannelDescChannelId(desc: *const aclvencChannelDesc) -> u32, or 0; {
        Ok(dvpp::venc(Handle::from_ptr(desc))?.lock().channel)
    }

    fn aclvencGetChannelDescCallback(desc: *const aclvencChannelDesc) -> aclvencCallback, or None; {
        let address = dvpp::venc(Handle::from_ptr(desc))?.lock().callback;
        let pointer = std::ptr::with_exposed_provenance::<c_void>(address);
        // SAFETY: the address is null, which is `None`, or one that the program set as that of a
        // function of this type; the simulator does not call it.
        Ok(unsafe { std::mem::transmute::<*const c_void, aclvencCallback>(pointer) })
    }

    fn aclvencGetChannelDescBufAddr(desc: *const aclvencChannelDesc) -> *mut c_void,
    or std::ptr::null_mut(); {
        let buffer = dvpp::venc(Handle::from_ptr(desc))?.lock().buffer;
        Ok(std::ptr::without_provenance_mut(buffer))
    }

    fn aclvencGetFrameConfigEos(config: *const aclvencFrameConfig) -> u8, or 0; {
        Ok(dvpp::venc_frame(Handle::from_ptr(config))?.lock().eos)
    }

    fn aclvencGetFrameConfigForceIFrame(config: *const aclvencFrameConfig) -> u8, or 0; {
        Ok(dvpp::venc_frame(Handle::from_ptr(config))?.lock().force_i_frame)
    }
}
