//! Descriptions for media as values: channels and their parameters, streams, video.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use acl_sys::{
    acldvppChannelDescParamType as Param, acldvppPicDesc, acldvppPixelFormat, acldvppStreamDesc,
    acldvppStreamFormat, aclvdecChannelDescParamType, aclvencChannelDescParamType,
};
use call::{messages, start};

/// Sets fields and reads them back; a null description gives 0 and an error.
macro_rules! kept {
    ($desc:expr; $($set:ident, $get:ident = $value:expr;)*) => {$(
        ok!($set($desc, $value));
        assert_eq!(call!($get($desc)), $value, stringify!($set));
        assert_eq!(call!($set(null_mut(), $value)), 100_000, stringify!($set));
    )*
    // Only now, so that a setter which writes to another field is found.
    $(
        assert_eq!(call!($get($desc)), $value, stringify!($get));
    )*
    messages();
    };
}

extern "C" fn decoded(_: *mut acldvppStreamDesc, _: *mut acldvppPicDesc, _: *mut c_void) {}
extern "C" fn encoded(_: *mut acldvppPicDesc, _: *mut acldvppStreamDesc, _: *mut c_void) {}

/// A place in memory that is only named.
fn place(address: usize) -> *mut c_void {
    std::ptr::without_provenance_mut(address)
}

#[test]
fn a_channel_keeps_its_parameters_and_refuses_others() {
    start();
    let desc = call!(acldvppCreateChannelDesc());
    let set = |kind: u32, length: usize, value: u64| {
        let value = value.to_ne_bytes();
        call!(acldvppSetChannelDescParam(
            desc,
            Param(kind),
            length,
            value.as_ptr().cast()
        ))
    };
    let get = |kind: u32, length: usize| {
        let (mut value, mut size) = (0_u64, 77);
        let to = (&raw mut value).cast();
        let code = call!(acldvppGetChannelDescParam(
            desc,
            Param(kind),
            length,
            &raw mut size,
            to
        ));
        (code, size, value)
    };
    assert_eq!(get(1, 4), (0, 4, 15), "a new channel is for everything");
    for (kind, value) in [(0, 5), (1, 8), (3, 1080), (4, 1920), (5, 2)] {
        assert_eq!(set(kind, 4, value), 0, "{}", messages());
    }
    for (kind, value) in [(0, 5), (1, 8), (3, 1080), (4, 1920), (5, 2)] {
        assert_eq!(get(kind, 4), (0, 4, value));
        assert_eq!(get(kind, 8), (0, 4, value), "more room is no harm");
        assert_eq!(get(kind, 3), (100_000, 77, 0));
        assert_eq!(set(kind, 8, value), 100_000, "a wrong length");
        assert_eq!(set(kind, 0, value), 100_000);
    }
    for (kind, value) in [(0, 6), (1, 0), (1, 16), (5, 3), (6, 0)] {
        assert_eq!(set(kind, 4, value), 100_000, "{kind} {value}");
    }
    assert_eq!(get(1, 4).2, 8, "what was refused changed nothing");
    assert_eq!(call!(acldvppSetChannelDescMode(desc, 16)), 100_000);
    assert_eq!(set(2, 8, 9), 100_000, "its number is given");
    assert_eq!(get(2, 8).1, 8);
    assert_eq!(
        call!(acldvppSetChannelDescParam(desc, Param(0), 4, null())),
        100_000
    );
    assert_eq!(
        call!(acldvppGetChannelDescParam(
            desc,
            Param(0),
            4,
            null_mut(),
            place(8)
        )),
        100_000
    );
    messages();
}

#[test]
fn channels_have_numbers_of_their_own_and_are_created_once() {
    start();
    let make = || {
        let desc = call!(acldvppCreateChannelDesc());
        ok!(acldvppCreateChannel(desc));
        desc
    };
    let (a, b) = (make(), make());
    assert_ne!(
        call!(acldvppGetChannelDescChannelId(a)),
        call!(acldvppGetChannelDescChannelId(b))
    );
    assert_eq!(call!(acldvppCreateChannel(a)), 100_000);
    ok!(acldvppDestroyChannel(a));
    assert_eq!(call!(acldvppDestroyChannel(a)), 100_000);
    ok!(acldvppCreateChannel(a));
    ok!(acldvppDestroyChannel(a));
    ok!(acldvppDestroyChannelDesc(a));
    assert_eq!(call!(acldvppDestroyChannelDesc(a)), 100_000);
    assert!(messages().contains("has been destroyed"));
    assert_eq!(call!(acldvppGetChannelDescChannelId(a)), 0);
    assert_eq!(call!(acldvppCreateChannel(null_mut())), 100_000);
    messages();
}

#[test]
fn a_stream_description_keeps_what_is_set() {
    start();
    let desc = call!(acldvppCreateStreamDesc());
    kept! { desc;
        acldvppSetStreamDescData, acldvppGetStreamDescData = place(0x1234);
        acldvppSetStreamDescSize, acldvppGetStreamDescSize = 5;
        acldvppSetStreamDescFormat, acldvppGetStreamDescFormat = acldvppStreamFormat::H264_HIGH_LEVEL;
        acldvppSetStreamDescTimestamp, acldvppGetStreamDescTimestamp = u64::MAX;
        acldvppSetStreamDescRetCode, acldvppGetStreamDescRetCode = 6;
        acldvppSetStreamDescEos, acldvppGetStreamDescEos = 1;
    }
    let picture = call!(acldvppCreatePicDesc());
    assert_eq!(
        call!(acldvppDestroyStreamDesc(picture.cast())),
        100_000,
        "another kind"
    );
    ok!(acldvppDestroyPicDesc(picture));
    ok!(acldvppDestroyStreamDesc(desc));
    assert_eq!(call!(acldvppDestroyStreamDesc(desc)), 100_000);
    messages();
}

#[test]
fn a_channel_that_decodes_video_is_described_but_not_simulated() {
    start();
    let desc = call!(aclvdecCreateChannelDesc());
    kept! { desc;
        aclvdecSetChannelDescChannelId, aclvdecGetChannelDescChannelId = 1;
        aclvdecSetChannelDescThreadId, aclvdecGetChannelDescThreadId = 2 << 40;
        aclvdecSetChannelDescEnType, aclvdecGetChannelDescEnType = acldvppStreamFormat::H264_MAIN_LEVEL;
        aclvdecSetChannelDescOutPicFormat, aclvdecGetChannelDescOutPicFormat = acldvppPixelFormat::PIXEL_FORMAT_RGB_888;
        aclvdecSetChannelDescOutPicWidth, aclvdecGetChannelDescOutPicWidth = 3;
        aclvdecSetChannelDescOutPicHeight, aclvdecGetChannelDescOutPicHeight = 4;
        aclvdecSetChannelDescRefFrameNum, aclvdecGetChannelDescRefFrameNum = 5;
        aclvdecSetChannelDescBitDepth, aclvdecGetChannelDescBitDepth = 6;
        aclvdecSetChannelDescOutMode, aclvdecGetChannelDescOutMode = 7;
    }
    assert_eq!(
        call!(aclvdecSetChannelDescEnType(desc, acldvppStreamFormat(4))),
        100_000
    );
    assert!(call!(aclvdecGetChannelDescCallback(desc)).is_none());
    ok!(aclvdecSetChannelDescCallback(desc, Some(decoded)));
    let callback = call!(aclvdecGetChannelDescCallback(desc)).unwrap();
    assert_eq!(callback as usize, decoded as *const () as usize);
    // By number, what was set by name; the fields' order is that of the numbers 1 to 10.
    let get = |kind: u32| {
        let (mut value, mut size) = (0_u64, 0);
        let (kind, to) = (aclvdecChannelDescParamType(kind), (&raw mut value).cast());
        ok!(aclvdecGetChannelDescParam(desc, kind, 8, &raw mut size, to));
        (size, value)
    };
    let address = callback as usize as u64;
    let wanted = [
        (4, 0),
        (4, 7),
        (8, 2 << 40),
        (8, address),
        (4, 1),
        (4, 2),
        (4, 12),
        (4, 3),
        (4, 4),
        (4, 5),
        (4, 6),
    ];
    assert_eq!(
        std::array::from_fn(|kind| get(u32::try_from(kind).unwrap())),
        wanted
    );
    let set = |kind: u32, length: usize| {
        let value = 2_u64.to_ne_bytes();
        let kind = aclvdecChannelDescParamType(kind);
        call!(aclvdecSetChannelDescParam(
            desc,
            kind,
            length,
            value.as_ptr().cast()
        ))
    };
    assert_eq!([set(10, 4), set(0, 4)], [0, 0]);
    assert_eq!(call!(aclvdecGetChannelDescBitDepth(desc)), 2);
    assert_eq!(
        [set(11, 4), set(2, 4), set(10, 8), set(10, 900)],
        [100_000; 4]
    );
    messages();
    let frame = call!(aclvdecCreateFrameConfig());
    for (code, name) in [
        (call!(aclvdecCreateChannel(desc)), "aclvdecCreateChannel"),
        (call!(aclvdecDestroyChannel(desc)), "aclvdecDestroyChannel"),
        (
            call!(aclvdecSendFrame(
                desc,
                null_mut(),
                null_mut(),
                frame,
                null_mut()
            )),
            "aclvdecSendFrame",
        ),
        (
            call!(aclvdecSendSkippedFrame(desc, null_mut(), frame, null_mut())),
            "aclvdecSendSkippedFrame",
        ),
    ] {
        assert_eq!(code, 200_001, "{name}");
    }
    let said = messages();
    assert!(
        said.contains("aclvdecCreateChannel") && said.contains("aclvdecSendFrame"),
        "{said}"
    );
    ok!(aclvdecDestroyFrameConfig(frame));
    assert_eq!(call!(aclvdecDestroyFrameConfig(frame)), 100_000);
    ok!(aclvdecDestroyChannelDesc(desc));
    assert_eq!(call!(aclvdecDestroyChannelDesc(desc)), 100_000);
    messages();
}

#[test]
fn a_channel_that_encodes_video_is_described_but_not_simulated() {
    start();
    let desc = call!(aclvencCreateChannelDesc());
    kept! { desc;
        aclvencSetChannelDescThreadId, aclvencGetChannelDescThreadId = 1 << 40;
        aclvencSetChannelDescEnType, aclvencGetChannelDescEnType = acldvppStreamFormat::H264_BASELINE_LEVEL;
        aclvencSetChannelDescPicFormat, aclvencGetChannelDescPicFormat = acldvppPixelFormat::PIXEL_FORMAT_YVU_SEMIPLANAR_420;
        aclvencSetChannelDescPicWidth, aclvencGetChannelDescPicWidth = 3;
        aclvencSetChannelDescPicHeight, aclvencGetChannelDescPicHeight = 4;
        aclvencSetChannelDescKeyFrameInterval, aclvencGetChannelDescKeyFrameInterval = 5;
        aclvencSetChannelDescBufAddr, aclvencGetChannelDescBufAddr = place(0x4000);
        aclvencSetChannelDescBufSize, aclvencGetChannelDescBufSize = 6;
        aclvencSetChannelDescRcMode, aclvencGetChannelDescRcMode = 7;
        aclvencSetChannelDescSrcRate, aclvencGetChannelDescSrcRate = 8;
        aclvencSetChannelDescMaxBitRate, aclvencGetChannelDescMaxBitRate = 9;
    }
    assert_eq!(
        call!(aclvencSetChannelDescEnType(desc, acldvppStreamFormat(4))),
        100_000
    );
    assert_eq!(call!(aclvencGetChannelDescChannelId(desc)), 0);
    assert!(call!(aclvencGetChannelDescCallback(desc)).is_none());
    ok!(aclvencSetChannelDescCallback(desc, Some(encoded)));
    let callback = call!(aclvencGetChannelDescCallback(desc)).unwrap();
    let proportion = 10_u32.to_ne_bytes();
    let kind = aclvencChannelDescParamType::ACL_VENC_MAX_IP_PROP_UINT32;
    ok!(aclvencSetChannelDescParam(
        desc,
        kind,
        4,
        proportion.as_ptr().cast()
    ));
    let get = |kind: u32| {
        let (mut value, mut size) = (0_u64, 0);
        let (kind, to) = (aclvencChannelDescParamType(kind), (&raw mut value).cast());
        ok!(aclvencGetChannelDescParam(desc, kind, 8, &raw mut size, to));
        (size, value)
    };
    let address = callback as usize as u64;
    let wanted = [
        (8, 1 << 40),
        (8, address),
        (4, 2),
        (4, 1),
        (4, 3),
        (4, 4),
        (4, 5),
        (8, 0x4000),
        (4, 6),
        (4, 7),
        (4, 8),
        (4, 9),
        (4, 10),
    ];
    assert_eq!(
        std::array::from_fn(|kind| get(u32::try_from(kind).unwrap())),
        wanted
    );
    let frame = call!(aclvencCreateFrameConfig());
    kept! { frame;
        aclvencSetFrameConfigEos, aclvencGetFrameConfigEos = 1;
        aclvencSetFrameConfigForceIFrame, aclvencGetFrameConfigForceIFrame = 2;
    }
    for (code, name) in [
        (call!(aclvencCreateChannel(desc)), "aclvencCreateChannel"),
        (call!(aclvencDestroyChannel(desc)), "aclvencDestroyChannel"),
        (
            call!(aclvencSendFrame(
                desc,
                null_mut(),
                null_mut(),
                frame,
                null_mut()
            )),
            "aclvencSendFrame",
        ),
    ] {
        assert_eq!(code, 200_001, "{name}");
    }
    assert!(messages().contains("aclvencSendFrame"));
    ok!(aclvencDestroyFrameConfig(frame));
    assert_eq!(call!(aclvencDestroyFrameConfig(frame)), 100_000);
    ok!(aclvencDestroyChannelDesc(desc));
    assert_eq!(call!(aclvencDestroyChannelDesc(desc)), 100_000);
    messages();
}
