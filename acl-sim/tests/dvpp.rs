//! Pictures: descriptions, JPEG decoding, resizing, cropping, pasting.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use acl_sys::{
    acldvppChannelDesc, acldvppJpegFormat, acldvppPicDesc, acldvppPixelFormat as Format,
};
use call::{download, messages, start, stream, upload};

const NV12: Format = Format::PIXEL_FORMAT_YUV_SEMIPLANAR_420;

fn media(size: usize) -> *mut c_void {
    let mut pointer = null_mut();
    ok!(acldvppMalloc(&raw mut pointer, size));
    assert_eq!(pointer.addr() % 128, 0);
    pointer
}

fn channel() -> *mut acldvppChannelDesc {
    let desc = call!(acldvppCreateChannelDesc());
    ok!(acldvppCreateChannel(desc));
    desc
}

/// A picture with its memory: width, height, strides.
fn picture(format: Format, [w, h, ws, hs]: [u32; 4]) -> (*mut acldvppPicDesc, *mut c_void, usize) {
    let size = if format == NV12 {
        ws * hs * 3 / 2
    } else {
        ws * hs
    };
    let data = media(size as usize);
    let desc = call!(acldvppCreatePicDesc());
    ok!(acldvppSetPicDescData(desc, data));
    ok!(acldvppSetPicDescSize(desc, size));
    ok!(acldvppSetPicDescFormat(desc, format));
    ok!(acldvppSetPicDescWidth(desc, w));
    ok!(acldvppSetPicDescHeight(desc, h));
    ok!(acldvppSetPicDescWidthStride(desc, ws));
    ok!(acldvppSetPicDescHeightStride(desc, hs));
    (desc, data, size as usize)
}

/// A smooth picture in red, green and blue.
fn drawn(width: usize, height: usize) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let part = |a: usize, b: usize| u8::try_from(40 + 160 * a / b).unwrap();
            pixels.extend([part(x, width), part(y, height), part(x + y, width + height)]);
        }
    }
    pixels
}

fn jpeg(pixels: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut encoder = mozjpeg::Compress::new(mozjpeg::ColorSpace::JCS_RGB);
    // Baseline: the decoder takes no progressive files.
    encoder.set_fastest_defaults();
    encoder.set_size(width, height);
    encoder.set_quality(95.0);
    let mut started = encoder.start_compress(Vec::new()).unwrap();
    started.write_scanlines(pixels).unwrap();
    started.finish().unwrap()
}

fn psnr(a: impl Iterator<Item = (u8, u8)>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (a, b) in a {
        sum += (f64::from(a) - f64::from(b)).powi(2);
        count += 1.0;
    }
    10.0 * (255.0 * 255.0 * count / sum).log10()
}

fn decode(file: &[u8], format: Format, desc: *mut acldvppPicDesc) -> i32 {
    let (channel, stream) = (channel(), stream());
    let source = media(file.len());
    upload(source, file);
    ok!(acldvppSetPicDescFormat(desc, format));
    let size = u32::try_from(file.len()).unwrap();
    ok!(acldvppJpegDecodeAsync(channel, source, size, desc, stream));
    let code = call!(aclrtSynchronizeStream(stream));
    ok!(acldvppFree(source));
    ok!(acldvppDestroyChannel(channel));
    ok!(acldvppDestroyChannelDesc(channel));
    ok!(aclrtDestroyStream(stream));
    code
}

#[test]
fn a_jpeg_is_described_and_decoded_to_rgb_and_to_nv12() {
    start();
    let (w, h) = (50_usize, 38_usize);
    let pixels = drawn(w, h);
    let file = jpeg(&pixels, w, h);
    let size = u32::try_from(file.len()).unwrap();
    let data = file.as_ptr().cast();
    let (mut width, mut height, mut parts) = (0, 0, 0);
    let mut sampling = acldvppJpegFormat(77);
    ok!(acldvppJpegGetImageInfoV2(
        data,
        size,
        &raw mut width,
        &raw mut height,
        &raw mut parts,
        &raw mut sampling
    ));
    assert_eq!((width, height, parts), (50, 38, 3));
    assert_eq!(sampling, acldvppJpegFormat::ACL_JPEG_CSS_420);
    let mut needed = 0;
    ok!(acldvppJpegPredictDecSize(data, size, NV12, &raw mut needed));
    assert_eq!(needed, 128 * 48 * 3 / 2);

    let (desc, memory, bytes) = picture(Format::PIXEL_FORMAT_RGB_888, [0, 0, 256, 48]);
    assert_eq!(
        decode(&file, Format::PIXEL_FORMAT_RGB_888, desc),
        0,
        "{}",
        messages()
    );
    assert_eq!(call!(acldvppGetPicDescWidth(desc)), 50);
    assert_eq!(call!(acldvppGetPicDescWidthStride(desc)), 256);
    let got = download(memory, bytes);
    let rows = (0..h).flat_map(|y| got[y * 256..][..w * 3].to_vec());
    let quality = psnr(rows.zip(pixels.iter().copied()));
    assert!(quality > 38.0, "{quality} dB");

    let (desc, memory, bytes) = picture(NV12, [0, 0, 64, 48]);
    assert_eq!(decode(&file, NV12, desc), 0, "{}", messages());
    let got = download(memory, bytes);
    let luma = (0..h).flat_map(|y| got[y * 64..][..w].to_vec());
    let wanted = pixels.chunks_exact(3).map(|rgb| {
        let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(f64::from);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a byte's range
        let luma = (0.299 * r + 0.587 * g + 0.114 * b).round() as u8;
        luma
    });
    let quality = psnr(luma.zip(wanted));
    assert!(quality > 40.0, "{quality} dB");
}

#[test]
fn a_resize_to_the_same_size_is_exact_and_a_flat_picture_stays_flat() {
    start();
    let (channel, stream) = (channel(), stream());
    let config = call!(acldvppCreateResizeConfig());
    let (from, data, bytes) = picture(NV12, [32, 16, 32, 16]);
    let noise: Vec<u8> = (0..bytes)
        .map(|i| u8::try_from(i * 37 % 251).unwrap())
        .collect();
    upload(data, &noise);
    let (same, out, _) = picture(NV12, [32, 16, 32, 16]);
    ok!(acldvppVpcResizeAsync(channel, from, same, config, stream));
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(download(out, bytes), noise);

    upload(data, &vec![77; bytes]);
    let (large, out, size) = picture(NV12, [64, 48, 64, 48]);
    ok!(acldvppVpcResizeAsync(channel, from, large, config, stream));
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(download(out, size), vec![77; size]);

    // 32 columns 0, 1, 2, … to 64: between two sample centres, a quarter and three quarters.
    let ramp: Vec<u8> = (0..bytes)
        .map(|i| u8::try_from(i % 32 * 4).unwrap())
        .collect();
    upload(data, &ramp);
    ok!(acldvppVpcResizeAsync(channel, from, large, config, stream));
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(download(out, size)[..5], [0, 1, 3, 5, 7]);
    ok!(acldvppSetResizeConfigInterpolation(config, 2));
    ok!(acldvppVpcResizeAsync(channel, from, large, config, stream));
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(download(out, size)[..6], [0, 0, 4, 4, 8, 8]);
}

#[test]
fn a_crop_is_exact_and_a_paste_leaves_the_rest() {
    start();
    let (channel, stream) = (channel(), stream());
    let (from, data, bytes) = picture(NV12, [32, 16, 32, 16]);
    let noise: Vec<u8> = (0..bytes)
        .map(|i| u8::try_from(i * 37 % 251).unwrap())
        .collect();
    upload(data, &noise);
    let (to, out, size) = picture(NV12, [48, 32, 48, 32]);
    upload(out, &vec![9; size]);
    let area = call!(acldvppCreateRoiConfig(4, 11, 2, 7));
    let place = call!(acldvppCreateRoiConfig(8, 15, 16, 21));
    ok!(acldvppVpcCropAndPasteAsync(
        channel, from, to, area, place, stream
    ));
    ok!(aclrtSynchronizeStream(stream));
    let mut wanted = vec![9; size];
    for y in 0..6 {
        wanted[(16 + y) * 48 + 8..][..8].copy_from_slice(&noise[(2 + y) * 32 + 4..][..8]);
    }
    for y in 0..3 {
        let (a, b) = ((16 + 1 + y) * 32 + 4, (32 + 8 + y) * 48 + 8);
        wanted[b..][..8].copy_from_slice(&noise[a..][..8]);
    }
    assert_eq!(download(out, size), wanted);
}

#[test]
fn broken_rules_are_refused_with_a_reason() {
    start();
    let (channel, stream) = (channel(), stream());
    let config = call!(acldvppCreateResizeConfig());
    let (good, data, bytes) = picture(NV12, [32, 16, 32, 16]);
    upload(data, &vec![0; bytes]);
    let resize = |from, to| {
        let code = call!(acldvppVpcResizeAsync(channel, from, to, config, stream));
        (code, messages())
    };
    for (shape, why) in [
        ([32, 16, 40, 16], "width stride"),
        ([32, 16, 32, 15], "strides 32x15"),
        ([64, 16, 32, 16], "at least 64"),
        ([0, 16, 32, 16], "0x16"),
        ([16, 4, 16, 6], "16x6"),
    ] {
        let (bad, _, _) = picture(NV12, shape);
        for (from, to) in [(good, bad), (bad, good)] {
            let (code, said) = resize(from, to);
            assert!(
                code == 100_000 && said.contains(why),
                "{shape:?}: {code} {said}"
            );
        }
    }
    let (grey, _, _) = picture(Format::PIXEL_FORMAT_YUV_400, [32, 16, 32, 16]);
    assert!(resize(good, grey).1.contains("wanted the same"));
    for [l, r, t, b] in [[1, 9, 0, 9], [0, 8, 0, 9], [0, 33, 0, 9], [8, 7, 0, 9]] {
        let area = call!(acldvppCreateRoiConfig(l, r, t, b));
        assert_eq!(
            call!(acldvppVpcCropAsync(channel, good, good, area, stream)),
            100_000
        );
    }
    let bare = call!(acldvppCreateChannelDesc());
    assert_eq!(
        call!(acldvppVpcResizeAsync(bare, good, good, config, stream)),
        100_000
    );
    assert_eq!(call!(acldvppDestroyChannel(bare)), 100_000);
    assert_eq!(call!(acldvppSetPicDescWidth(null_mut(), 1)), 100_000);
    ok!(acldvppDestroyPicDesc(good));
    assert_eq!(call!(acldvppDestroyPicDesc(good)), 100_000);
    messages();
}

#[test]
fn memory_for_media_is_freed_by_its_own_call() {
    start();
    let block = media(100);
    assert_eq!(call!(aclrtFree(block)), 107_000);
    ok!(acldvppFree(block));
    assert_eq!(call!(acldvppFree(block)), 107_000);
    let other = call::malloc(100);
    assert_eq!(call!(acldvppFree(other)), 107_000);
    ok!(aclrtFree(other));
    assert_eq!(call!(acldvppMalloc(null_mut(), 4)), 100_000);
    messages();
}

#[test]
fn a_file_that_is_no_jpeg_or_is_cut_is_refused() {
    start();
    let file = jpeg(&drawn(32, 32), 32, 32);
    let info = |file: &[u8]| {
        let (mut w, mut h, mut c) = (0, 0, 0);
        let size = u32::try_from(file.len()).unwrap();
        let data = file.as_ptr().cast();
        call!(acldvppJpegGetImageInfo(
            data, size, &raw mut w, &raw mut h, &raw mut c
        ))
    };
    assert_eq!(info(&file), 0);
    assert_eq!(info(b"PNG or so"), 148_052);
    for cut in [1, 2, 3, 10, 40] {
        assert_eq!(info(&file[..cut]), 148_052, "cut at {cut}");
    }
    assert_eq!(
        call!(acldvppJpegGetImageInfo(
            null(),
            9,
            null_mut(),
            null_mut(),
            null_mut()
        )),
        100_000
    );
    let (desc, _, _) = picture(NV12, [0, 0, 128, 32]);
    assert_eq!(decode(&file[..200], NV12, desc), 148_052, "{}", messages());
    assert_eq!(call!(acldvppGetPicDescRetCode(desc)), 148_052);
    messages();
}
