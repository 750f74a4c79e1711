//! `ops/acl_dvpp.h`: memory, descriptions, and what is done to pictures.

mod channel;
mod jpeg;
mod png;
mod settings;
mod video;
mod vpc;

use std::ffi::c_void;
use std::sync::Arc;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, acldvppPicDesc, acldvppPixelFormat, acldvppResizeConfig,
    acldvppRoiConfig, acldvppStreamDesc, acldvppStreamFormat,
};

use super::runtime::handle;
use super::{getter, host, put, require, slice, status};
use crate::machine::dvpp::picture::{PicDesc, Roi};
use crate::machine::dvpp::{self, StreamDesc, layout};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::stream::Stream;
use crate::machine::{memory, process};

#[allow(clippy::wildcard_imports)] // the table needs every function, whichever file it is in
pub(super) use {channel::*, jpeg::*, png::*, settings::*, video::*, vpc::*};

status! {
    fn acldvppMalloc(pointer: *mut *mut c_void, size: usize) {
        require(pointer, "pointer")?;
        let chip = process::current()?.chip;
        put!(pointer, std::ptr::without_provenance_mut(dvpp::alloc(chip, size)?))
    }

    fn acldvppFree(pointer: *mut c_void) {
        require(pointer, "the pointer")?;
        dvpp::free(pointer.addr())
    }

    fn acldvppDestroyPicDesc(desc: *mut acldvppPicDesc) {
        dvpp::remove_picture(Handle::from_ptr(desc))
    }

    fn acldvppDestroyStreamDesc(desc: *mut acldvppStreamDesc) {
        dvpp::remove_stream(Handle::from_ptr(desc))
    }

    fn acldvppDestroyResizeConfig(config: *mut acldvppResizeConfig) {
        dvpp::remove_resize(Handle::from_ptr(config))
    }

    fn acldvppDestroyRoiConfig(config: *mut acldvppRoiConfig) {
        dvpp::remove_roi(Handle::from_ptr(config))
    }

    fn acldvppSetResizeConfigInterpolation(config: *mut acldvppResizeConfig, kind: u32) {
        if kind > 4 {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the interpolation is {kind}, wanted 0 to 4"));
        }
        *dvpp::resize(Handle::from_ptr(config))?.lock() = kind;
        Ok(())
    }

    fn acldvppSetRoiConfig(
        config: *mut acldvppRoiConfig,
        left: u32,
        right: u32,
        top: u32,
        bottom: u32,
    ) {
        *dvpp::roi(Handle::from_ptr(config))?.lock() = Roi { left, right, top, bottom };
        Ok(())
    }

    fn acldvppSetRoiConfigLeft(config: *mut acldvppRoiConfig, left: u32) {
        dvpp::roi(Handle::from_ptr(config))?.lock().left = left;
        Ok(())
    }

    fn acldvppSetRoiConfigRight(config: *mut acldvppRoiConfig, right: u32) {
        dvpp::roi(Handle::from_ptr(config))?.lock().right = right;
        Ok(())
    }

    fn acldvppSetRoiConfigTop(config: *mut acldvppRoiConfig, top: u32) {
        dvpp::roi(Handle::from_ptr(config))?.lock().top = top;
        Ok(())
    }

    fn acldvppSetRoiConfigBottom(config: *mut acldvppRoiConfig, bottom: u32) {
        dvpp::roi(Handle::from_ptr(config))?.lock().bottom = bottom;
        Ok(())
    }
}

/// Defines the setter and the getter of a field.
macro_rules! fields {
    ($find:ident, $desc:ty; $($set:ident, $get:ident: $field:ident, $type:ty;)*) => {
        status! {$(
            fn $set(desc: *mut $desc, value: $type) {
                dvpp::$find(Handle::from_ptr(desc))?.lock().$field = value;
                Ok(())
            }
        )*}

        getter! {$(
            fn $get(desc: *const $desc) -> $type, or 0; {
                Ok(dvpp::$find(Handle::from_ptr(desc))?.lock().$field)
            }
        )*}
    };
}

fields! {
    picture, acldvppPicDesc;
    acldvppSetPicDescSize, acldvppGetPicDescSize: size, u32;
    acldvppSetPicDescWidth, acldvppGetPicDescWidth: width, u32;
    acldvppSetPicDescHeight, acldvppGetPicDescHeight: height, u32;
    acldvppSetPicDescWidthStride, acldvppGetPicDescWidthStride: width_stride, u32;
    acldvppSetPicDescHeightStride, acldvppGetPicDescHeightStride: height_stride, u32;
    acldvppSetPicDescRetCode, acldvppGetPicDescRetCode: ret_code, u32;
}

fields! {
    stream, acldvppStreamDesc;
    acldvppSetStreamDescSize, acldvppGetStreamDescSize: size, u32;
    acldvppSetStreamDescRetCode, acldvppGetStreamDescRetCode: ret_code, u32;
    acldvppSetStreamDescTimestamp, acldvppGetStreamDescTimestamp: timestamp, u64;
    acldvppSetStreamDescEos, acldvppGetStreamDescEos: eos, u8;
}

status! {
    fn acldvppSetPicDescData(desc: *mut acldvppPicDesc, data: *mut c_void) {
        dvpp::picture(Handle::from_ptr(desc))?.lock().data = data.addr();
        Ok(())
    }

    fn acldvppSetPicDescFormat(desc: *mut acldvppPicDesc, format: acldvppPixelFormat) {
        dvpp::picture(Handle::from_ptr(desc))?.lock().format = format.0;
        Ok(())
    }

    fn acldvppSetStreamDescData(desc: *mut acldvppStreamDesc, data: *mut c_void) {
        dvpp::stream(Handle::from_ptr(desc))?.lock().data = data.addr();
        Ok(())
    }

    fn acldvppSetStreamDescFormat(desc: *mut acldvppStreamDesc, format: acldvppStreamFormat) {
        dvpp::stream(Handle::from_ptr(desc))?.lock().format = format.0;
        Ok(())
    }
}

getter! {
    fn acldvppCreatePicDesc() -> *mut acldvppPicDesc, or std::ptr::null_mut(); {
        Ok(dvpp::add_picture(PicDesc::default()).as_ptr())
    }

    fn acldvppCreateStreamDesc() -> *mut acldvppStreamDesc, or std::ptr::null_mut(); {
        Ok(dvpp::add_stream(StreamDesc::default()).as_ptr())
    }

    fn acldvppCreateResizeConfig() -> *mut acldvppResizeConfig, or std::ptr::null_mut(); {
        Ok(dvpp::add_resize(0).as_ptr())
    }

    fn acldvppCreateRoiConfig(left: u32, right: u32, top: u32, bottom: u32)
    -> *mut acldvppRoiConfig, or std::ptr::null_mut(); {
        Ok(dvpp::add_roi(Roi { left, right, top, bottom }).as_ptr())
    }

    fn acldvppGetPicDescData(desc: *const acldvppPicDesc) -> *mut c_void, or std::ptr::null_mut(); {
        let data = dvpp::picture(Handle::from_ptr(desc))?.lock().data;
        Ok(std::ptr::without_provenance_mut(data))
    }

    fn acldvppGetPicDescFormat(desc: *const acldvppPicDesc) -> acldvppPixelFormat,
    or acldvppPixelFormat(0); {
        Ok(acldvppPixelFormat(dvpp::picture(Handle::from_ptr(desc))?.lock().format))
    }

    fn acldvppGetResizeConfigInterpolation(config: *const acldvppResizeConfig) -> u32, or 0; {
        Ok(*dvpp::resize(Handle::from_ptr(config))?.lock())
    }

    fn acldvppGetStreamDescData(desc: *const acldvppStreamDesc) -> *mut c_void,
    or std::ptr::null_mut(); {
        let data = dvpp::stream(Handle::from_ptr(desc))?.lock().data;
        Ok(std::ptr::without_provenance_mut(data))
    }

    fn acldvppGetStreamDescFormat(desc: *const acldvppStreamDesc) -> acldvppStreamFormat,
    or acldvppStreamFormat(0); {
        Ok(acldvppStreamFormat(dvpp::stream(Handle::from_ptr(desc))?.lock().format))
    }
}

/// Borrows a file in the program's memory.
fn file<'a>(data: *const c_void, size: u32) -> Result<&'a [u8]> {
    let bytes = data.cast::<u8>();
    if size == 0 {
        return Err(fail!(ACL_ERROR_INVALID_PARAM, "the file has no bytes"));
    }
    if memory::is_device(data.addr()) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the file is in device memory; its head is read on the host"
        ));
    }
    slice!(bytes, size as usize)
}

/// Writes what the head of a file tells.
fn tell(
    (width_to, height_to, components_to): (*mut u32, *mut u32, *mut i32),
    read: impl FnOnce() -> Result<(u32, u32, i32)>,
) -> Result<()> {
    require(width_to, "width")?;
    require(height_to, "height")?;
    require(components_to, "components")?;
    let (width, height, components) = read()?;
    put!(width_to, width)?;
    put!(height_to, height)?;
    put!(components_to, components)
}

/// Queues the decoding of a file that lies on the device; the description is completed when it is
/// done.
fn queue_decoding(
    (data, size): (*const c_void, u32),
    output: *mut acldvppPicDesc,
    stream: &Arc<Stream>,
    decode: impl FnOnce(&[u8], &PicDesc, &mut [u8]) -> Result<PicDesc> + Send + 'static,
) -> Result<()> {
    require(data, "the file")?;
    layout::check_memory(data.addr(), "file")?;
    let source = memory::resolve(data.addr(), size as usize)?;
    let picture = dvpp::picture(Handle::from_ptr(output))?;
    let given = *picture.lock();
    layout::check_output(given.data, "decoded picture")?;
    let mut target = memory::resolve(given.data, given.size as usize)?;
    target.will_be_written();
    stream.queue(Box::new(move || {
        // A copy, because both may lie in one block.
        let file = source.read(<[u8]>::to_vec);
        let result = target.write(|bytes| decode(&file, &given, bytes));
        let mut picture = picture.lock();
        match result {
            Ok(found) => {
                *picture = found;
                Ok(())
            }
            Err(failure) => {
                picture.ret_code = failure.code.cast_unsigned();
                Err(failure)
            }
        }
    }))
}
