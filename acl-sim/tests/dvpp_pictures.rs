//! Pictures: batches, borders, pixel formats, histograms, tables, half sizes; each against values worked out here.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::c_void;
use std::ptr::null_mut;

use acl_sys::{
    acldvppBorderType as Border, acldvppChannelDesc, acldvppPicDesc, acldvppPixelFormat as Format,
};
use call::{download, messages, start, stream, upload};

const GREY: Format = Format::PIXEL_FORMAT_YUV_400;
const NV12: Format = Format::PIXEL_FORMAT_YUV_SEMIPLANAR_420;
const NV21: Format = Format::PIXEL_FORMAT_YVU_SEMIPLANAR_420;
const RGB: Format = Format::PIXEL_FORMAT_RGB_888;

fn channel() -> *mut acldvppChannelDesc {
    let desc = call!(acldvppCreateChannelDesc());
    ok!(acldvppCreateChannel(desc));
    desc
}

/// A picture in memory: as it is described, and its bytes.
struct Picture {
    desc: *mut acldvppPicDesc,
    data: *mut c_void,
    size: usize,
    stride: usize,
    rows: usize,
}

impl Picture {
    fn describe(desc: *mut acldvppPicDesc, format: Format, [w, h]: [u32; 2]) -> Self {
        let bytes = match format {
            RGB | Format::PIXEL_FORMAT_BGR_888 => 3,
            Format::PIXEL_FORMAT_RGBA_8888 | Format::PIXEL_FORMAT_ARGB_8888 => 4,
            _ => 1,
        };
        let stride = (w * bytes).next_multiple_of(16).max(32);
        let rows = h.next_multiple_of(2).max(6);
        let first = stride * rows;
        let size = match format {
            NV12 | NV21 => first * 3 / 2,
            Format::PIXEL_FORMAT_YUV_SEMIPLANAR_422 => first * 2,
            Format::PIXEL_FORMAT_YUV_SEMIPLANAR_444 => first * 3,
            _ => first,
        };
        let mut data = null_mut();
        ok!(acldvppMalloc(&raw mut data, size as usize));
        ok!(acldvppSetPicDescData(desc, data));
        ok!(acldvppSetPicDescSize(desc, size));
        ok!(acldvppSetPicDescFormat(desc, format));
        ok!(acldvppSetPicDescWidth(desc, w));
        ok!(acldvppSetPicDescHeight(desc, h));
        ok!(acldvppSetPicDescWidthStride(desc, stride));
        ok!(acldvppSetPicDescHeightStride(desc, rows));
        let size = size as usize;
        upload(data, &vec![0xEE; size]);
        Self {
            desc,
            data,
            size,
            stride: stride as usize,
            rows: rows as usize,
        }
    }

    fn new(format: Format, sides: [u32; 2]) -> Self {
        Self::describe(call!(acldvppCreatePicDesc()), format, sides)
    }

    fn fill(&self, value: impl Fn(usize) -> u8) {
        upload(self.data, &(0..self.size).map(value).collect::<Vec<_>>());
    }

    fn bytes(&self) -> Vec<u8> {
        download(self.data, self.size)
    }

    /// A byte of the first plane.
    fn at(&self, bytes: &[u8], x: usize, y: usize) -> u8 {
        bytes[y * self.stride + x]
    }
}

fn noise(i: usize) -> u8 {
    u8::try_from((i * 7919 + i / 13 * 104_729) % 251).unwrap()
}

fn done(stream: *mut c_void) {
    ok!(aclrtSynchronizeStream(stream));
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn colours_become_luma_and_come_back_within_what_rounding_loses() {
    start();
    let (w, h) = (20_usize, 8_usize);
    let input = Picture::new(RGB, [20, 8]);
    // The same colour in each 2x2 pixels, so that sharing chroma loses nothing.
    input.fill(|i| {
        let (y, x, c) = (i / 64 / 2, i % 64 / 3 / 2, i % 64 % 3);
        u8::try_from((y * 31 + x * 17 + c * 70) % 256).unwrap()
    });
    let (luma, back) = (Picture::new(NV12, [20, 8]), Picture::new(RGB, [20, 8]));
    let (channel, stream) = (channel(), stream());
    ok!(acldvppVpcConvertColorAsync(
        channel, input.desc, luma.desc, stream
    ));
    ok!(acldvppVpcConvertColorAsync(
        channel, luma.desc, back.desc, stream
    ));
    done(stream);
    let (before, yuv, after) = (input.bytes(), luma.bytes(), back.bytes());
    for y in 0..h {
        for x in 0..w {
            let rgb: [f64; 3] = std::array::from_fn(|c| f64::from(before[y * 64 + x * 3 + c]));
            // BT.601, full range.
            let expected = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
            assert!((f64::from(luma.at(&yuv, x, y)) - expected).abs() <= 0.51);
            let chroma = luma.stride * luma.rows + y / 2 * luma.stride + x / 2 * 2;
            let blue = 128.0 + (rgb[2] - expected) * 0.564_334;
            assert!((f64::from(yuv[chroma]) - blue.clamp(0.0, 255.0)).abs() <= 0.51);
            for (c, wanted) in rgb.iter().enumerate() {
                let found = f64::from(after[y * 64 + x * 3 + c]);
                assert!((found - wanted).abs() <= 2.0, "{found} for {wanted}");
            }
        }
    }
    assert_eq!(
        after[60..64],
        [0xEE; 4],
        "beyond the width nothing is written"
    );
}

#[test]
fn the_matrix_of_the_channel_decides_how_white_is_stored() {
    start();
    let channel = call!(acldvppCreateChannelDesc());
    let narrow = 3_u32; // BT.709, narrow range
    ok!(acldvppSetChannelDescParam(
        channel,
        acl_sys::acldvppChannelDescParamType::ACL_DVPP_CSC_MATRIX_UINT32,
        4,
        (&raw const narrow).cast()
    ));
    ok!(acldvppCreateChannel(channel));
    let (input, output) = (Picture::new(RGB, [16, 6]), Picture::new(NV21, [16, 6]));
    input.fill(|_| 255);
    let stream = stream();
    ok!(acldvppVpcConvertColorAsync(
        channel,
        input.desc,
        output.desc,
        stream
    ));
    done(stream);
    let bytes = output.bytes();
    assert_eq!((output.at(&bytes, 3, 3), bytes[32 * 6 + 5]), (235, 128));
}

#[test]
fn formats_of_one_kind_change_their_order_and_nothing_else() {
    start();
    let sides = [34, 10];
    let (channel, stream) = (channel(), stream());
    let (rgb, argb) = (
        Picture::new(RGB, sides),
        Picture::new(Format::PIXEL_FORMAT_ARGB_8888, sides),
    );
    let bgr = Picture::new(Format::PIXEL_FORMAT_BGR_888, sides);
    rgb.fill(noise);
    ok!(acldvppVpcConvertColorAsync(
        channel, rgb.desc, argb.desc, stream
    ));
    ok!(acldvppVpcConvertColorAsync(
        channel, argb.desc, bgr.desc, stream
    ));
    let (full, half) = (
        Picture::new(Format::PIXEL_FORMAT_YUV_SEMIPLANAR_444, sides),
        Picture::new(NV21, sides),
    );
    full.fill(noise);
    ok!(acldvppVpcConvertColorAsync(
        channel, full.desc, half.desc, stream
    ));
    done(stream);
    let (rgb_bytes, argb_bytes, bgr_bytes) = (rgb.bytes(), argb.bytes(), bgr.bytes());
    for y in 0..10 {
        for x in 0..34 {
            let pixel = &rgb_bytes[y * rgb.stride + x * 3..][..3];
            let other = &argb_bytes[y * argb.stride + x * 4..][..4];
            assert_eq!((other[0], &other[1..]), (255, pixel));
            let mut turned = bgr_bytes[y * bgr.stride + x * 3..][..3].to_vec();
            turned.reverse();
            assert_eq!(turned, pixel);
        }
    }
    let (full_bytes, half_bytes) = (full.bytes(), half.bytes());
    for (x, y) in [(0, 0), (7, 3), (16, 4)] {
        let of = |c: usize| {
            let places = [(0, 0), (1, 0), (0, 1), (1, 1)];
            let sum: u32 = places
                .map(|(dx, dy)| {
                    let row = full.stride * full.rows + (2 * y + dy) * full.stride * 2;
                    u32::from(full_bytes[row + (2 * x + dx) * 2 + c])
                })
                .iter()
                .sum();
            u8::try_from((sum + 2) / 4).unwrap()
        };
        let pair = &half_bytes[half.stride * half.rows + y * half.stride + 2 * x..][..2];
        assert_eq!(pair, [of(1), of(0)], "chroma {x} {y}");
    }
}

/// What lies at a place of a line with a border of 2 before and 3 after 6 values.
fn bordered(kind: Border, line: &[u8; 6], value: u8) -> Vec<u8> {
    let [a, b, c, d, e, f] = *line;
    match kind {
        Border::BORDER_CONSTANT => vec![value, value, a, b, c, d, e, f, value, value, value],
        Border::BORDER_REPLICATE => vec![a, a, a, b, c, d, e, f, f, f, f],
        Border::BORDER_REFLECT => vec![b, a, a, b, c, d, e, f, f, e, d],
        _ => vec![c, b, a, b, c, d, e, f, e, d, c],
    }
}

#[test]
fn borders_are_constant_repeated_or_mirrored() {
    start();
    let channel = channel();
    let input = Picture::new(GREY, [6, 6]);
    input.fill(noise);
    let source = input.bytes();
    for kind in [
        Border::BORDER_CONSTANT,
        Border::BORDER_REPLICATE,
        Border::BORDER_REFLECT,
        Border::BORDER_REFLECT_101,
    ] {
        let config = call!(acldvppCreateBorderConfig());
        ok!(acldvppSetBorderConfigBorderType(config, kind));
        ok!(acldvppSetBorderConfigLeft(config, 2));
        ok!(acldvppSetBorderConfigRight(config, 3));
        ok!(acldvppSetBorderConfigTop(config, 2));
        ok!(acldvppSetBorderConfigBottom(config, 3));
        ok!(acldvppSetBorderConfigValue(config, 0, 77.4));
        assert_eq!(call!(acldvppGetBorderConfigRight(config)), 3);
        assert_eq!(call!(acldvppGetBorderConfigBorderType(config)), kind);
        let output = Picture::new(GREY, [11, 11]);
        let stream = stream();
        ok!(acldvppVpcMakeBorderAsync(
            channel,
            input.desc,
            output.desc,
            config,
            stream
        ));
        done(stream);
        let bytes = output.bytes();
        let lines: [[u8; 6]; 6] =
            std::array::from_fn(|y| std::array::from_fn(|x| source[y * 32 + x]));
        let wide = lines.map(|line| bordered(kind, &line, 77));
        for x in 0..11 {
            let column = wide.each_ref().map(|line| line[x]);
            for (y, expected) in bordered(kind, &column, 77).into_iter().enumerate() {
                assert_eq!(output.at(&bytes, x, y), expected, "{kind:?} {x} {y}");
            }
        }
        ok!(acldvppDestroyBorderConfig(config));
    }
}

#[test]
fn a_batch_takes_several_rectangles_of_each_picture() {
    start();
    let (inputs, outputs) = (
        call!(acldvppCreateBatchPicDesc(2)),
        call!(acldvppCreateBatchPicDesc(3)),
    );
    let first = Picture::describe(call!(acldvppGetPicDesc(inputs, 0)), GREY, [32, 16]);
    let second = Picture::describe(call!(acldvppGetPicDesc(inputs, 1)), GREY, [64, 32]);
    first.fill(noise);
    second.fill(|i| noise(i + 5));
    let made: Vec<Picture> = (0..3)
        .map(|i| Picture::describe(call!(acldvppGetPicDesc(outputs, i)), GREY, [8, 8]))
        .collect();
    let rectangles = [(0, 0), (10, 4), (40, 20)];
    let mut areas = rectangles.map(|(x, y)| call!(acldvppCreateRoiConfig(x, x + 7, y, y + 7)));
    let mut counts = [2, 1];
    let (channel, stream_a) = (channel(), stream());
    ok!(acldvppVpcBatchCropAsync(
        channel,
        inputs,
        counts.as_mut_ptr(),
        2,
        outputs,
        areas.as_mut_ptr(),
        stream_a
    ));
    done(stream_a);
    for (i, (x, y)) in rectangles.into_iter().enumerate() {
        let source = if i < 2 { &first } else { &second };
        let (from, to) = (source.bytes(), made[i].bytes());
        for row in 0..8 {
            for column in 0..8 {
                let wanted = source.at(&from, x as usize + column, y as usize + row);
                assert_eq!(made[i].at(&to, column, row), wanted, "{i}: {column} {row}");
            }
        }
    }

    // The same with a resize into the middle of a border, and pasted into a corner.
    let stream_b = stream();
    let resize = call!(acldvppCreateResizeConfig());
    let border = call!(acldvppCreateBorderConfig());
    ok!(acldvppSetBorderConfigLeft(border, 2));
    ok!(acldvppSetBorderConfigTop(border, 2));
    ok!(acldvppSetBorderConfigValue(border, 0, 9.0));
    let mut borders = [border; 3];
    ok!(acldvppVpcBatchCropResizeMakeBorderAsync(
        channel,
        inputs,
        counts.as_mut_ptr(),
        2,
        outputs,
        areas.as_mut_ptr(),
        borders.as_mut_ptr(),
        resize,
        stream_b
    ));
    ok!(aclrtSynchronizeStream(stream_b));
    let bytes = made[2].bytes();
    assert_eq!((made[2].at(&bytes, 1, 5), made[2].at(&bytes, 5, 1)), (9, 9));
    let mut places = [call!(acldvppCreateRoiConfig(4, 7, 4, 7)); 3];
    for (config, value) in [(0, 1), (1, 2)] {
        made[config].fill(|_| value);
    }
    ok!(acldvppVpcBatchCropResizePasteAsync(
        channel,
        inputs,
        counts.as_mut_ptr(),
        2,
        outputs,
        areas.as_mut_ptr(),
        places.as_mut_ptr(),
        resize,
        stream_b
    ));
    done(stream_b);
    let bytes = made[0].bytes();
    assert_eq!(
        (made[0].at(&bytes, 3, 3), made[0].at(&bytes, 7, 3)),
        (1, 1),
        "beside the place"
    );
    let source = first.bytes();
    let corner = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| u32::from(first.at(&source, x, y)));
    let mean = (f64::from(corner.iter().sum::<u32>()) / 4.0).round();
    assert!((f64::from(made[0].at(&bytes, 4, 4)) - mean).abs() <= 1.0);

    messages();
    counts = [2, 2];
    let bad = call!(acldvppVpcBatchCropAsync(
        channel,
        inputs,
        counts.as_mut_ptr(),
        2,
        outputs,
        areas.as_mut_ptr(),
        null_mut()
    ));
    assert_eq!(bad, 100_000);
    assert!(messages().contains("there are 4 rectangles for 3 output pictures"));
    let bad = call!(acldvppDestroyPicDesc(made[0].desc));
    assert_eq!(bad, 100_000, "it belongs to its batch");
    assert!(call!(acldvppGetPicDesc(outputs, 3)).is_null());
    messages();
    ok!(acldvppDestroyBatchPicDesc(inputs));
    ok!(acldvppDestroyBatchPicDesc(outputs));
    assert_eq!(
        call!(acldvppGetPicDescWidth(made[0].desc)),
        0,
        "gone with its batch"
    );
}

#[test]
fn a_histogram_counts_each_part_and_adds_up_until_it_is_cleared() {
    start();
    let picture = Picture::new(NV12, [34, 10]);
    picture.fill(noise);
    let bytes = picture.bytes();
    let hist = call!(acldvppCreateHist());
    let (channel, stream) = (channel(), stream());
    for _ in 0..2 {
        ok!(acldvppVpcCalcHistAsync(
            channel,
            picture.desc,
            hist,
            null_mut(),
            stream
        ));
    }
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(
        (
            call!(acldvppGetHistDims(hist)),
            call!(acldvppGetHistRetCode(hist))
        ),
        (3, 0)
    );
    let mut expected = vec![[0_u32; 256]; 3];
    for y in 0..10 {
        for x in 0..34 {
            expected[0][usize::from(picture.at(&bytes, x, y))] += 2;
        }
    }
    for y in 0..5 {
        for x in 0..34 {
            let value = bytes[picture.stride * (picture.rows + y) + x];
            expected[1 + x % 2][usize::from(value)] += 2;
        }
    }
    for (dim, expected) in expected.iter().enumerate() {
        let (mut data, mut len) = (null_mut(), 0);
        let dim = u32::try_from(dim).unwrap();
        ok!(acldvppGetHistData(hist, dim, &raw mut data, &raw mut len));
        assert_eq!(len, 256);
        // SAFETY: the histogram lives, has 256 numbers in each part, and nothing counts any more.
        let counted = unsafe { std::slice::from_raw_parts(data, 256) };
        assert_eq!(counted, expected);
    }
    ok!(acldvppClearHist(hist));
    let (mut data, mut len) = (null_mut(), 0);
    let code = call!(acldvppGetHistData(hist, 0, &raw mut data, &raw mut len));
    assert_eq!(code, 100_000, "a cleared one has no parts: {}", messages());
    ok!(acldvppDestroyHist(hist));
    done(stream);
}

#[test]
fn a_table_changes_each_value_of_its_part() {
    start();
    let (input, output) = (Picture::new(RGB, [32, 8]), Picture::new(RGB, [32, 8]));
    input.fill(noise);
    let table = call!(acldvppCreateLutMap());
    assert_eq!(call!(acldvppGetLutMapDims(table)), 3);
    let (mut data, mut len) = (null_mut(), 0);
    ok!(acldvppGetLutMapData(table, 1, &raw mut data, &raw mut len));
    // SAFETY: the table lives, has 256 values in each part, and nothing else uses them now.
    let values = unsafe { std::slice::from_raw_parts_mut(data, 256) };
    values.reverse();
    let (channel, stream) = (channel(), stream());
    ok!(acldvppVpcEqualizeHistAsync(
        channel,
        input.desc,
        output.desc,
        table,
        stream
    ));
    done(stream);
    let (before, after) = (input.bytes(), output.bytes());
    for i in 0..96 {
        let wanted = if i % 3 == 1 {
            255 - before[i]
        } else {
            before[i]
        };
        assert_eq!(after[i], wanted);
    }
    ok!(acldvppDestroyLutMap(table));
}

#[test]
fn half_the_size_keeps_what_is_flat_and_is_smooth_at_an_edge() {
    start();
    let (input, output) = (Picture::new(GREY, [64, 32]), Picture::new(GREY, [32, 16]));
    // Dark up to column 30, light from 31 on.
    input.fill(|i| if i % 64 < 31 { 16 } else { 240 });
    let (channel, stream) = (channel(), stream());
    ok!(acldvppVpcPyrDownAsync(
        channel,
        input.desc,
        output.desc,
        null_mut(),
        stream
    ));
    done(stream);
    let bytes = output.bytes();
    let row: Vec<u8> = (13..19).map(|x| output.at(&bytes, x, 7)).collect();
    // Around column 30, 5 of the 16 parts of the filter are light; around column 32, 15.
    assert_eq!(row, [16, 16, 86, 226, 240, 240]);
    let code = call!(acldvppVpcPyrDownAsync(
        channel,
        output.desc,
        input.desc,
        null_mut(),
        null_mut()
    ));
    assert_eq!(code, 100_000);
    assert!(messages().contains("wanted 16x8"));
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    start();
    let channel = channel();
    let (small, large) = (Picture::new(NV12, [32, 16]), Picture::new(NV12, [36, 16]));
    let config = call!(acldvppCreateBorderConfig());
    let code = call!(acldvppVpcConvertColorAsync(
        channel,
        small.desc,
        large.desc,
        null_mut()
    ));
    assert_eq!(code, 100_000);
    assert!(messages().contains("conversion changes no sizes"));
    ok!(acldvppSetBorderConfigLeft(config, 1));
    ok!(acldvppSetBorderConfigRight(config, 3));
    let code = call!(acldvppVpcMakeBorderAsync(
        channel,
        small.desc,
        large.desc,
        config,
        null_mut()
    ));
    assert_eq!(code, 100_000);
    assert!(messages().contains("wanted multiples of 2 and 2"));
    assert_eq!(call!(acldvppSetBorderConfigValue(config, 4, 1.0)), 100_000);
    assert_eq!(
        call!(acldvppSetBorderConfigBorderType(config, Border(4))),
        100_000
    );
    let packed = Picture::new(Format::PIXEL_FORMAT_YUYV_PACKED_422, [32, 16]);
    let code = call!(acldvppVpcConvertColorAsync(
        channel,
        packed.desc,
        small.desc,
        null_mut()
    ));
    assert_eq!(code, 100_000);
    messages();
    let decoder = call!(acldvppCreateChannelDesc());
    ok!(acldvppSetChannelDescMode(decoder, 2));
    ok!(acldvppCreateChannel(decoder));
    let code = call!(acldvppVpcConvertColorAsync(
        decoder,
        small.desc,
        small.desc,
        null_mut()
    ));
    assert_eq!(code, 100_000);
    assert!(messages().contains("work on pictures (1)"));
    assert!(call!(acldvppCreateBatchPicDesc(0)).is_null());
}
