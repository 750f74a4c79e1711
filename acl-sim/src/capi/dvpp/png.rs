//! PNG files.

use std::ffi::c_void;

use acl_sys::{acldvppChannelDesc, acldvppPicDesc, acldvppPixelFormat, aclrtStream};

use super::{file, handle, process, put, queue_decoding, require, status, tell};
use crate::machine::dvpp::channel::{Use, ready};
use crate::machine::dvpp::png;
use crate::machine::handle::Handle;

status! {
    fn acldvppPngGetImageInfo(
        data: *const c_void,
        size: u32,
        width: *mut u32,
        height: *mut u32,
        components: *mut i32,
    ) {
        let file = file(data, size)?;
        tell((width, height, components), || {
            png::info(file).map(|info| (info.width, info.height, info.components))
        })
    }

    fn acldvppPngPredictDecSize(
        data: *const c_void,
        size: u32,
        format: acldvppPixelFormat,
        decoded: *mut u32,
    ) {
        require(decoded, "the size")?;
        put!(decoded, png::predict(file(data, size)?, format.0)?)
    }

    fn acldvppPngDecodeAsync(
        channel: *mut acldvppChannelDesc,
        data: *const c_void,
        size: u32,
        output: *mut acldvppPicDesc,
        stream: aclrtStream,
    ) {
        let channel = ready(Handle::from_ptr(channel), Use::PngDecoder)?;
        let stream = process::stream(handle(stream))?;
        queue_decoding((data, size), output, &stream, move |file, given, bytes| {
            png::decode(file, given, &channel, bytes)
        })
    }
}
