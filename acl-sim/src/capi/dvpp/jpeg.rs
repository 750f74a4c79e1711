//! JPEG files: what they hold, their pictures, and files made from pictures.

use std::ffi::c_void;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, acldvppChannelDesc, acldvppJpegFormat, acldvppJpegeConfig,
    acldvppPicDesc, acldvppPixelFormat, aclrtStream,
};

use super::{
    file, getter, handle, host, process, put, queue_decoding, require, slice, status, tell,
};
use crate::machine::dvpp::channel::{Use, ready};
use crate::machine::dvpp::jpege::{self, Level};
use crate::machine::dvpp::{self, jpeg, layout};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::memory;

status! {
    fn acldvppJpegGetImageInfo(
        data: *const c_void,
        size: u32,
        width: *mut u32,
        height: *mut u32,
        components: *mut i32,
    ) {
        let file = file(data, size)?;
        tell((width, height, components), || {
            jpeg::info(file).map(|info| (info.width, info.height, info.components))
        })
    }

    fn acldvppJpegGetImageInfoV2(
        data: *const c_void,
        size: u32,
        width: *mut u32,
        height: *mut u32,
        components: *mut i32,
        format: *mut acldvppJpegFormat,
    ) {
        require(format, "format")?;
        let file = file(data, size)?;
        tell((width, height, components), || {
            let info = jpeg::info(file)?;
            put!(format, acldvppJpegFormat(info.sampling))?;
            Ok((info.width, info.height, info.components))
        })
    }

    fn acldvppJpegPredictDecSize(
        data: *const c_void,
        size: u32,
        format: acldvppPixelFormat,
        decoded: *mut u32,
    ) {
        require(decoded, "the size")?;
        put!(decoded, jpeg::predict(file(data, size)?, format.0)?)
    }

    fn acldvppJpegDecodeAsync(
        channel: *mut acldvppChannelDesc,
        data: *const c_void,
        size: u32,
        output: *mut acldvppPicDesc,
        stream: aclrtStream,
    ) {
        let channel = ready(Handle::from_ptr(channel), Use::JpegDecoder)?;
        let stream = process::stream(handle(stream))?;
        queue_decoding((data, size), output, &stream, move |file, given, bytes| {
            jpeg::decode(file, given, &channel, bytes)
        })
    }

    fn acldvppDestroyJpegeConfig(config: *mut acldvppJpegeConfig) {
        dvpp::remove_jpege(Handle::from_ptr(config))
    }

    fn acldvppSetJpegeConfigLevel(config: *mut acldvppJpegeConfig, level: u32) {
        *dvpp::jpege(Handle::from_ptr(config))?.lock() = Level::new(level)?;
        Ok(())
    }

    fn acldvppJpegPredictEncSize(
        input: *const acldvppPicDesc,
        config: *const acldvppJpegeConfig,
        size: *mut u32,
    ) {
        require(size, "the size")?;
        dvpp::jpege(Handle::from_ptr(config))?;
        let picture = *dvpp::picture(Handle::from_ptr(input))?.lock();
        put!(size, jpege::predict(&picture)?)
    }

    fn acldvppJpegEncodeAsync(
        channel: *mut acldvppChannelDesc,
        input: *mut acldvppPicDesc,
        data: *const c_void,
        size: *mut u32,
        config: *mut acldvppJpegeConfig,
        stream: aclrtStream,
    ) {
        encode(channel, input, (data, size), config, stream)
    }
}

getter! {
    fn acldvppCreateJpegeConfig() -> *mut acldvppJpegeConfig, or std::ptr::null_mut(); {
        Ok(dvpp::add_jpege(Level::default()).as_ptr())
    }

    fn acldvppGetJpegeConfigLevel(config: *const acldvppJpegeConfig) -> u32, or 0; {
        Ok(dvpp::jpege(Handle::from_ptr(config))?.lock().get())
    }
}

/// Checks a picture and queues its encoding; the size of the file is written when it is done.
fn encode(
    channel: *mut acldvppChannelDesc,
    input: *mut acldvppPicDesc,
    (data, size): (*const c_void, *mut u32),
    config: *mut acldvppJpegeConfig,
    stream: aclrtStream,
) -> Result<()> {
    let channel = ready(Handle::from_ptr(channel), Use::JpegEncoder)?;
    let stream = process::stream(handle(stream))?;
    let level = *dvpp::jpege(Handle::from_ptr(config))?.lock();
    let desc = dvpp::picture(Handle::from_ptr(input))?;
    let picture = *desc.lock();
    let bytes = jpege::check_input(&picture)?;
    channel.check_size(picture.width, picture.height)?;
    layout::check_memory(picture.data, "picture to encode")?;
    let source = memory::resolve(picture.data, bytes)?;

    require(data, "the memory for the file")?;
    layout::check_output(data.addr(), "memory for the file")?;
    if memory::is_device(size.addr()) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the size of the file is told in device memory, wanted the host's"
        ));
    }
    let told: &[u32] = slice!(size.cast_const(), 1)?;
    let room = told[0] as usize;
    let mut target = memory::resolve(data.addr(), room)?;
    target.will_be_written();
    let told = host!(size.cast_const(), size_of::<u32>());
    stream.queue(Box::new(move || {
        let result = source
            .read(|bytes| jpege::encode(&picture, bytes, level))
            .and_then(|file| {
                let len = u32::try_from(file.len()).unwrap_or(u32::MAX);
                if file.len() > room {
                    return Err(fail!(
                        ACL_ERROR_INVALID_PARAM,
                        "the file has {len} bytes, and {room} bytes of memory: \
                         acldvppJpegPredictEncSize tells how many are enough"
                    ));
                }
                target.write(|out| out[..file.len()].copy_from_slice(&file));
                told.write(&len.to_ne_bytes());
                Ok(())
            });
        desc.lock().ret_code = match &result {
            Ok(()) => 0,
            Err(failure) => failure.code.cast_unsigned(),
        };
        result
    }))
}
