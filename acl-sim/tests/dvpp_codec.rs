//! Encoders and decoders of pictures: round trips, strides, samplings, odd sizes, damaged files, and
//! what the channels for them must be.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/media.rs"]
mod media;

use std::ptr::null_mut;

use acl_sys::{
    acldvppChannelDescParamType as Param, acldvppJpegFormat, acldvppPixelFormat as Format,
};
use call::{download, messages, start, stream, upload};
use media::{Picture, channel, chroma, color, decode_jpeg, decode_png, jpeg, memory, number, psnr};

const NV12: Format = Format::PIXEL_FORMAT_YUV_SEMIPLANAR_420;
const NV21: Format = Format::PIXEL_FORMAT_YVU_SEMIPLANAR_420;
const UNKNOWN: Format = Format::PIXEL_FORMAT_UNKNOWN;
const PACKED: [(Format, [usize; 4]); 4] = [
    // Where in four bytes the two luma, the blue and the red difference are.
    (Format::PIXEL_FORMAT_YUYV_PACKED_422, [0, 2, 1, 3]),
    (Format::PIXEL_FORMAT_UYVY_PACKED_422, [1, 3, 0, 2]),
    (Format::PIXEL_FORMAT_YVYU_PACKED_422, [0, 2, 3, 1]),
    (Format::PIXEL_FORMAT_VYUY_PACKED_422, [1, 3, 2, 0]),
];

/// A semi-planar 4:2:0 picture with its contents.
fn drawn(format: Format, [w, h, ws, hs]: [u32; 4]) -> Picture {
    let picture = Picture::new(format, [w, h, ws, hs], ws * hs * 3 / 2);
    let (row, start) = (ws as usize, (ws * hs) as usize);
    let mut bytes = vec![0; picture.size];
    let swap = usize::from(format == NV21);
    for y in 0..h as usize {
        for x in 0..w as usize {
            bytes[y * row + x] = color(x, y)[0];
            let [_, blue, red] = color(x & !1, y & !1);
            let pair = start + y / 2 * row + (x & !1);
            bytes[pair + swap] = blue;
            bytes[pair + 1 - swap] = red;
        }
    }
    upload(picture.data, &bytes);
    picture
}

/// A packed 4:2:2 picture with its contents.
fn packed(format: Format, at: [usize; 4], [w, h, ws, hs]: [u32; 4]) -> Picture {
    let picture = Picture::new(format, [w, h, ws, hs], ws * hs);
    let mut bytes = vec![0; picture.size];
    for y in 0..h as usize {
        for x in (0..w as usize).step_by(2) {
            let pair = &mut bytes[y * ws as usize + 2 * x..][..4];
            let [first, blue, red] = color(x, y);
            pair[at[0]] = first;
            pair[at[1]] = color(x + 1, y)[0];
            pair[at[2]] = blue;
            pair[at[3]] = red;
        }
    }
    upload(picture.data, &bytes);
    picture
}

/// Encodes a picture; returns the status of the synchronisation and the file.
fn encode(picture: &Picture, level: u32) -> (i32, Vec<u8>) {
    let (channel, stream) = (channel(), stream());
    let config = call!(acldvppCreateJpegeConfig());
    assert_eq!(call!(acldvppGetJpegeConfigLevel(config)), 100);
    ok!(acldvppSetJpegeConfigLevel(config, level));
    assert_eq!(call!(acldvppGetJpegeConfigLevel(config)), level);
    let mut size = 0;
    ok!(acldvppJpegPredictEncSize(
        picture.desc,
        config,
        &raw mut size
    ));
    let (predicted, out) = (size, memory(size as usize));
    ok!(acldvppJpegEncodeAsync(
        channel,
        picture.desc,
        out,
        &raw mut size,
        config,
        stream
    ));
    let code = call!(aclrtSynchronizeStream(stream));
    assert!(size <= predicted, "{size} of {predicted}");
    let file = download(out, size as usize);
    ok!(acldvppFree(out));
    ok!(acldvppDestroyJpegeConfig(config));
    (code, file)
}

/// How well a decoded luma plane and chroma of 2x2 pixels are those that were drawn.
fn quality(got: &[u8], format: Format, [w, h, ws, hs]: [u32; 4]) -> (f64, f64) {
    let (row, start) = (ws as usize, (ws * hs) as usize);
    let (w, h) = (w as usize, h as usize);
    let luma = (0..h).flat_map(|y| (0..w).map(move |x| (x, y)));
    let luma = psnr(luma.map(|(x, y)| (got[y * row + x], color(x, y)[0])));
    let swap = usize::from(format == NV21);
    let cells = (0..h / 2).flat_map(|y| (0..w / 2).map(move |x| (x, y)));
    let chroma = psnr(cells.flat_map(|(x, y)| {
        let pair = start + y * row + 2 * x;
        let wanted = chroma([x, y], [2, 2]);
        [
            (got[pair + swap], wanted[0]),
            (got[pair + 1 - swap], wanted[1]),
        ]
    }));
    (luma, chroma)
}

#[test]
fn what_is_encoded_and_decoded_again_is_nearly_the_same() {
    start();
    let shapes = [
        [64, 48, 64, 48],
        [100, 74, 112, 74],
        [100, 74, 128, 80],
        [34, 34, 48, 48],
    ];
    for shape in shapes {
        let mut pictures: Vec<_> = [NV12, NV21].map(|format| drawn(format, shape)).into();
        for (format, at) in PACKED {
            let [w, h, ws, hs] = shape;
            pictures.push(packed(format, at, [w, h, ws * 2, hs]));
        }
        for (index, picture) in pictures.iter().enumerate() {
            let (code, file) = encode(picture, 95);
            assert_eq!(code, 0, "{}", messages());
            assert_eq!(picture.ret_code(), 0);
            let shape @ [w, h, ..] = [shape[0], shape[1], 128, 80];
            for format in [NV12, NV21] {
                let out = Picture::new(format, [0, 0, 128, 80], 128 * 80 * 3 / 2);
                assert_eq!(decode_jpeg(&file, &out), 0, "{}", messages());
                assert_eq!(out.shape(), [w, h, 128, 80]);
                let (luma, chroma) = quality(&out.bytes(), format, shape);
                assert!(
                    luma > 40.0 && chroma > 38.0,
                    "{shape:?} {index}: {luma} {chroma} dB"
                );
            }
        }
    }
}

#[test]
fn a_lower_level_makes_a_smaller_file_and_zero_is_the_best() {
    start();
    let picture = drawn(NV12, [128, 128, 128, 128]);
    let sizes = [1, 30, 60, 90, 100].map(|level| encode(&picture, level).1.len());
    assert!(sizes.is_sorted() && sizes[0] < sizes[4], "{sizes:?}");
    assert_eq!(encode(&picture, 0).1, encode(&picture, 100).1);
    let config = call!(acldvppCreateJpegeConfig());
    assert_eq!(call!(acldvppSetJpegeConfigLevel(config, 101)), 100_000);
    messages();
}

#[test]
fn the_predicted_size_is_enough_for_noise() {
    start();
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 24
    };
    for black_and_white in [true, false] {
        for format in [NV12, Format::PIXEL_FORMAT_YUYV_PACKED_422] {
            let shape = if format == NV12 {
                [96, 64, 96, 64]
            } else {
                [96, 64, 192, 64]
            };
            let picture = Picture::new(format, shape, 96 * 64 * 2);
            let noise: Vec<u8> = (0..picture.size)
                .map(|_| match random() {
                    sample if black_and_white => {
                        if sample < 128 {
                            0
                        } else {
                            255
                        }
                    }
                    sample => u8::try_from(sample).unwrap(),
                })
                .collect();
            upload(picture.data, &noise);
            // `encode` compares the sizes.
            let (code, file) = encode(&picture, 100);
            assert!(code == 0 && file.len() > 96 * 64, "{}", messages());
        }
    }
}

#[test]
fn what_cannot_be_encoded_is_refused_with_a_reason() {
    start();
    let (channel, stream) = (channel(), stream());
    let config = call!(acldvppCreateJpegeConfig());
    let out = memory(4096);
    let try_it = |picture: &Picture, out, room: u32| {
        let mut room = room;
        let code = call!(acldvppJpegEncodeAsync(
            channel,
            picture.desc,
            out,
            &raw mut room,
            config,
            stream
        ));
        let told = messages();
        if code == 0 {
            // The size is written when the file is made; until then it must live.
            ok!(aclrtSynchronizeStream(stream));
        }
        (code, told)
    };
    let yuyv = Format::PIXEL_FORMAT_YUYV_PACKED_422;
    for (format, shape, why) in [
        (NV12, [63, 48, 64, 48], "the width even"),
        (NV12, [64, 47, 64, 47], "the height too"),
        (NV12, [30, 48, 64, 48], "sides of 32"),
        (NV12, [8194, 32, 8208, 32], "to 8192"),
        (NV12, [64, 48, 72, 48], "strides 72x48"),
        (NV12, [64, 48, 48, 48], "at least 64"),
        (NV12, [64, 50, 64, 56], "of 50 or 64"),
        (yuyv, [64, 48, 64, 48], "at least 128"),
        (Format::PIXEL_FORMAT_RGB_888, [64, 48, 192, 48], "format 12"),
    ] {
        let bad = Picture::new(format, shape, 1 << 20);
        let (code, said) = try_it(&bad, out, 4096);
        assert!(
            code == 100_000 && said.contains(why),
            "{shape:?}: {code} {said}"
        );
        let mut size = 0;
        assert_eq!(
            call!(acldvppJpegPredictEncSize(bad.desc, config, &raw mut size)),
            100_000
        );
        messages();
    }
    // An odd height is none for a packed picture.
    let good = Picture::new(yuyv, [64, 47, 128, 47], 128 * 47);
    upload(good.data, &vec![128; good.size]);
    assert_eq!(try_it(&good, out, 4096).0, 0);
    ok!(aclrtSynchronizeStream(stream));

    let good = drawn(NV12, [64, 48, 64, 48]);
    ok!(acldvppSetPicDescSize(good.desc, 64 * 48 * 3 / 2 - 1));
    assert!(try_it(&good, out, 4096).1.contains("wanted 4608"));
    ok!(acldvppSetPicDescSize(good.desc, 64 * 48 * 3 / 2));
    let other = call::malloc(8192);
    assert!(
        try_it(&good, other, 4096)
            .1
            .contains("no memory of acldvppMalloc")
    );
    assert!(
        try_it(&good, out.wrapping_byte_add(64), 1024)
            .1
            .contains("multiple of 128")
    );
    assert_eq!(try_it(&good, null_mut(), 4096).0, 100_000);
    assert_eq!(
        try_it(&good, out, 1 << 20).0,
        107_000,
        "more memory than there is"
    );
    ok!(acldvppSetPicDescData(good.desc, other));
    assert!(
        try_it(&good, out, 4096)
            .1
            .contains("no memory of acldvppMalloc")
    );
    ok!(acldvppSetPicDescData(good.desc, good.data));
    assert_eq!(
        call!(acldvppJpegEncodeAsync(
            channel,
            good.desc,
            out,
            null_mut(),
            config,
            stream
        )),
        100_000
    );

    // What is too small is known when the file is made; the size that was given stays.
    let mut room = 100;
    ok!(acldvppJpegEncodeAsync(
        channel,
        good.desc,
        out,
        &raw mut room,
        config,
        stream
    ));
    assert_eq!(call!(aclrtSynchronizeStream(stream)), 100_000);
    assert_eq!((room, good.ret_code()), (100, 100_000));
    ok!(acldvppDestroyJpegeConfig(config));
    assert_eq!(
        try_it(&good, out, 4096).0,
        100_000,
        "its configuration is gone"
    );
    assert_eq!(call!(acldvppDestroyJpegeConfig(config)), 100_000);
    messages();
}

#[test]
fn a_grey_file_has_no_colours() {
    start();
    let file = jpeg(50, 38, None);
    let grey = Format::PIXEL_FORMAT_YUV_400;
    assert_eq!(
        media::info(&file),
        (50, 38, 1, acldvppJpegFormat::ACL_JPEG_CSS_GRAY)
    );
    assert_eq!(media::predict(&file, grey), (0, 128 * 48));
    for format in [grey, UNKNOWN, NV12] {
        let out = Picture::new(format, [0, 0, 0, 0], 128 * 48 * 3 / 2);
        assert_eq!(decode_jpeg(&file, &out), 0, "{}", messages());
        assert_eq!(out.shape(), [50, 38, 128, 48]);
        assert_eq!(out.format(), if format == UNKNOWN { grey } else { format });
        let got = out.bytes();
        let pixels = (0..38).flat_map(|y| (0..50).map(move |x| (x, y)));
        let luma = psnr(pixels.map(|(x, y)| (got[y * 128 + x], color(x, y)[0])));
        assert!(luma > 40.0, "{luma} dB");
        if format == NV12 {
            for y in 0..19 {
                assert_eq!(got[128 * 48 + y * 128..][..50], [128; 50]);
            }
        }
    }
    let rgb = Picture::new(Format::PIXEL_FORMAT_RGB_888, [0, 0, 256, 48], 256 * 48);
    assert_eq!(decode_jpeg(&file, &rgb), 0, "{}", messages());
    assert!(rgb.bytes().chunks(256).take(38).all(|row| {
        row[..150]
            .chunks(3)
            .all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2])
    }));
    let out = Picture::new(
        Format::PIXEL_FORMAT_YVU_SEMIPLANAR_444,
        [0, 0, 128, 48],
        1 << 20,
    );
    assert_eq!(
        decode_jpeg(&file, &out),
        100_000,
        "it has no chroma to sample"
    );
    messages();
}

#[test]
fn a_file_is_decoded_as_it_is_sampled_or_to_fewer_samples() {
    start();
    let (w, h) = (52_usize, 40_usize);
    for (cell @ [across, down], own, sampling) in [
        (
            [1, 1],
            Format::PIXEL_FORMAT_YVU_SEMIPLANAR_444,
            acldvppJpegFormat::ACL_JPEG_CSS_444,
        ),
        (
            [2, 1],
            Format::PIXEL_FORMAT_YVU_SEMIPLANAR_422,
            acldvppJpegFormat::ACL_JPEG_CSS_422,
        ),
        ([2, 2], NV21, acldvppJpegFormat::ACL_JPEG_CSS_420),
        (
            [1, 2],
            Format::PIXEL_FORMAT_YVU_SEMIPLANAR_440,
            acldvppJpegFormat::ACL_JPEG_CSS_440,
        ),
    ] {
        let file = jpeg(w, h, Some(cell));
        assert_eq!(media::info(&file), (52, 40, 3, sampling));
        let blue_first = Format(own.0 - 1);
        let size = 128 * 48 + 128 * 48 * 2 / number(across * down);
        for (asked, swap) in [(own, 1), (UNKNOWN, 1), (blue_first, 0)] {
            assert_eq!(
                media::predict(&file, asked),
                (0, size),
                "{cell:?} {asked:?}"
            );
            let out = Picture::new(asked, [0, 0, 0, 0], size);
            assert_eq!(decode_jpeg(&file, &out), 0, "{}", messages());
            assert_eq!(out.shape(), [52, 40, 128, 48]);
            assert_eq!(out.format(), if asked == UNKNOWN { own } else { asked });
            let (got, row) = (out.bytes(), 128 * 2 / across);
            let cells = (0..h / down).flat_map(|y| (0..w / across).map(move |x| (x, y)));
            let quality = psnr(cells.flat_map(|(x, y)| {
                let pair = 128 * 48 + y * row + 2 * x;
                let wanted = chroma([x, y], cell);
                [
                    (got[pair + swap], wanted[0]),
                    (got[pair + 1 - swap], wanted[1]),
                ]
            }));
            assert!(quality > 38.0, "{cell:?} {asked:?}: {quality} dB");
        }
        for format in [NV12, NV21] {
            let out = Picture::new(format, [0, 0, 128, 48], 128 * 48 * 3 / 2);
            assert_eq!(decode_jpeg(&file, &out), 0, "{}", messages());
            let (luma, chroma) = quality(&out.bytes(), format, [52, 40, 128, 48]);
            assert!(luma > 40.0 && chroma > 38.0, "{cell:?}: {luma} {chroma} dB");
        }
        // Samples that the file has not are not made.
        for other in [3_u32, 4, 5, 6, 1000, 1001].map(Format) {
            if other != own && other != blue_first {
                assert_eq!(
                    media::predict(&file, other).0,
                    100_000,
                    "{cell:?} {other:?}"
                );
            }
        }
        assert_eq!(
            media::predict(&file, Format::PIXEL_FORMAT_ARGB_8888).0,
            100_000
        );
        messages();
    }
    let file = jpeg(w, h, Some([4, 1]));
    assert_eq!(media::info(&file).3, acldvppJpegFormat::ACL_JPEG_CSS_411);
    assert_eq!(media::predict(&file, NV12).0, 148_052);
    messages();
}

#[test]
fn the_chroma_of_a_file_of_the_same_sampling_is_decoded_as_it_is() {
    start();
    // Flat cells of 8x8 samples survive the best quality but for rounding.
    let picture = Picture::new(NV12, [64, 32, 64, 32], 64 * 32 * 3 / 2);
    let mut bytes = vec![128; picture.size];
    for y in 0..16 {
        for x in 0..32 {
            bytes[64 * 32 + y * 64 + 2 * x] = if x / 8 % 2 == 0 { 60 } else { 190 };
        }
    }
    upload(picture.data, &bytes);
    let (_, file) = encode(&picture, 100);
    let out = Picture::new(NV12, [0, 0, 64, 32], picture.size.try_into().unwrap());
    assert_eq!(decode_jpeg(&file, &out), 0, "{}", messages());
    let worst = out
        .bytes()
        .iter()
        .zip(&bytes)
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(
        worst <= Some(1),
        "a smooth edge would be far off: {worst:?}"
    );
}

#[test]
fn an_odd_size_is_rounded_where_pixels_share_chroma() {
    start();
    let (w, h) = (51, 39);
    let full = Format::PIXEL_FORMAT_YUV_SEMIPLANAR_444;
    for (cell, mode, format, wanted) in [
        ([1, 1], 0, NV12, [50, 38]),
        ([1, 1], 1, NV12, [52, 40]),
        ([1, 1], 2, NV12, [50, 38]),
        ([2, 2], 0, NV21, [50, 38]),
        ([2, 2], 1, NV21, [52, 40]),
        ([1, 1], 0, full, [51, 39]),
        ([1, 1], 1, full, [51, 39]),
        ([2, 1], 1, Format::PIXEL_FORMAT_YUV_SEMIPLANAR_422, [52, 39]),
        ([1, 2], 0, Format::PIXEL_FORMAT_YUV_SEMIPLANAR_440, [51, 38]),
    ] {
        let file = jpeg(w, h, Some(cell));
        let channel = channel();
        media::set_param(channel, Param::ACL_DVPP_JPEGD_PRECISION_MODE_ENUM, mode);
        let out = Picture::new(format, [0, 0, 64, 48], 64 * 48 * 3);
        upload(out.data, &vec![7; out.size]);
        assert_eq!(
            media::decode_jpeg_on(channel, &file, &out),
            0,
            "{}",
            messages()
        );
        assert_eq!(
            out.shape(),
            [wanted[0], wanted[1], 64, 48],
            "{cell:?} {mode}"
        );
        let got = out.bytes();
        let (right, below) = (wanted[0] as usize, wanted[1] as usize);
        assert_eq!(got[right], 7, "what lies beyond is left");
        assert_eq!(got[below * 64], 7);
        let last = color((right - 1).min(w - 1), (below - 1).min(h - 1))[0];
        assert!(
            got[(below - 1) * 64 + right - 1].abs_diff(last) < 12,
            "{cell:?} {mode}"
        );
    }
    let out = Picture::new(Format::PIXEL_FORMAT_BGR_888, [0, 0, 192, 48], 192 * 48);
    assert_eq!(
        decode_jpeg(&jpeg(w, h, Some([2, 2])), &out),
        0,
        "{}",
        messages()
    );
    assert_eq!(out.shape(), [51, 39, 192, 48]);
}

#[test]
fn strides_and_memory_of_a_decoded_picture_are_checked() {
    start();
    let file = jpeg(100, 50, Some([2, 2]));
    for (strides, size, why) in [
        ([112, 64], 1 << 20, "strides 112x64"),
        ([64, 64], 1 << 20, "at least 100"),
        ([128, 50], 1 << 20, "multiple of 16"),
        ([128, 48], 1 << 20, "at least 50"),
        ([128, 64], 128 * 64 * 3 / 2 - 1, "wanted 12288"),
    ] {
        let out = Picture::new(NV12, [0, 0, strides[0], strides[1]], size);
        assert_eq!(decode_jpeg(&file, &out), 100_000, "{strides:?}");
        let said = messages();
        assert!(said.contains(why), "{strides:?}: {said}");
        assert_eq!(out.ret_code(), 100_000);
    }
    let (channel, stream) = (channel(), stream());
    let source = memory(file.len());
    upload(source, &file);
    let size = u32::try_from(file.len()).unwrap();
    let out = Picture::new(NV12, [0, 0, 128, 64], 128 * 64 * 3 / 2);
    let try_it = || {
        let code = call!(acldvppJpegDecodeAsync(
            channel, source, size, out.desc, stream
        ));
        (code, messages())
    };
    let other = call::malloc(1 << 16);
    for (data, why) in [
        (other, "no memory of acldvppMalloc"),
        (out.data.wrapping_byte_add(32), "multiple of 128"),
    ] {
        ok!(acldvppSetPicDescData(out.desc, data));
        let (code, said) = try_it();
        assert!(code == 100_000 && said.contains(why), "{code} {said}");
    }
    ok!(acldvppSetPicDescData(out.desc, out.data));
    ok!(acldvppSetPicDescSize(out.desc, 1 << 20));
    assert_eq!(try_it().0, 107_000, "more memory than there is");
    let code = call!(acldvppJpegDecodeAsync(
        channel, other, size, out.desc, stream
    ));
    assert_eq!(
        code, 100_000,
        "the file too lies in memory of acldvppMalloc"
    );
    messages();
}

#[test]
fn files_that_no_card_decodes_are_refused_at_synchronisation() {
    start();
    let whole = jpeg(64, 64, Some([2, 2]));
    let with_small_picture = media::with_segment(&whole, &[0xff, 0xd9, 1, 2]);
    let cut = |file: &[u8]| file[..file.len() - 40].to_vec();
    let out = || Picture::new(NV12, [0, 0, 64, 64], 64 * 64 * 3 / 2);
    for (file, why) in [
        (cut(&whole), "before its end marker"),
        (cut(&with_small_picture), "before its end marker"),
        (whole[..300].to_vec(), "ends in its head"),
        (media::progressive(64, 64), "progressive"),
        (jpeg(31, 64, Some([1, 1])), "31x64"),
        (b"GIF89a, perhaps".to_vec(), "FF D8"),
    ] {
        let out = out();
        assert_eq!(decode_jpeg(&file, &out), 148_052, "{why}");
        let said = messages();
        assert!(said.contains(why), "{why}: {said}");
        assert_eq!(out.ret_code(), 148_052);
    }
    // The head of a progressive file is read all the same.
    assert_eq!(media::info(&media::progressive(64, 64)).0, 64);
    let out = out();
    assert_eq!(decode_jpeg(&with_small_picture, &out), 0, "{}", messages());
    assert_eq!(decode_jpeg(&whole, &out), 0, "{}", messages());
}

#[test]
fn a_file_of_noise_between_its_markers_neither_crashes_nor_hangs() {
    start();
    let whole = jpeg(64, 64, Some([2, 2]));
    let out = Picture::new(NV12, [0, 0, 64, 64], 64 * 64 * 3 / 2);
    for step in 1..40_usize {
        let mut file = whole.clone();
        for at in (step * 7..file.len() - 2).step_by(step * 13) {
            file[at] ^= u8::try_from(step * 5 % 255 + 1).unwrap();
        }
        let code = decode_jpeg(&file, &out);
        assert!(
            [0, 100_000, 148_052].contains(&code),
            "{step}: {code} {}",
            messages()
        );
    }
    messages();
}

#[test]
fn a_png_is_decoded_exactly() {
    start();
    let (w, h) = (50_usize, 37_usize);
    let rgb = Format::PIXEL_FORMAT_RGB_888;
    let rgba = Format::PIXEL_FORMAT_RGBA_8888;
    for kind in media::PNG_KINDS {
        let (file, parts, alpha) = media::png(kind, w, h);
        assert_eq!(media::png_info(&file), (50, 37, parts), "{kind:?}");
        let own = if alpha { rgba } else { rgb };
        for format in [UNKNOWN, own, rgb] {
            let bytes = if format == rgb || !alpha { 3 } else { 4 };
            let row = 128 * bytes;
            let size = number(row * 48);
            assert_eq!(media::png_predict(&file, format), (0, size), "{kind:?}");
            let out = Picture::new(format, [0, 0, 0, 0], size);
            upload(out.data, &vec![7; out.size]);
            assert_eq!(decode_png(&file, &out), 0, "{kind:?} {}", messages());
            assert_eq!(out.shape(), [50, 37, number(row), 48]);
            assert_eq!(out.format(), if format == UNKNOWN { own } else { format });
            let got = out.bytes();
            for y in 0..h {
                for x in 0..w {
                    let wanted = &media::png_pixel(kind, x, y)[..bytes];
                    assert_eq!(
                        &got[y * row + x * bytes..][..bytes],
                        wanted,
                        "{kind:?} {x} {y}"
                    );
                }
                assert_eq!(got[y * row + w * bytes..][..bytes], [7; 4][..bytes]);
            }
        }
        if !alpha {
            assert_eq!(media::png_predict(&file, rgba).0, 100_000);
        }
        assert_eq!(media::png_predict(&file, NV12).0, 100_000);
        messages();
    }
}

#[test]
fn a_png_that_is_damaged_or_does_not_fit_is_refused() {
    start();
    let kind = png::ColorType::Rgb;
    let (file, ..) = media::png((kind, png::BitDepth::Eight), 64, 64);
    let rgb = Format::PIXEL_FORMAT_RGB_888;
    let mut flipped = file.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let small = media::png((kind, png::BitDepth::Eight), 31, 64).0;
    let large = media::png((kind, png::BitDepth::Eight), 4097, 32).0;
    for (file, why) in [
        (file[..file.len() / 2].to_vec(), "no PNG"),
        (file[..20].to_vec(), "no PNG"),
        (flipped, "no PNG"),
        (jpeg(64, 64, None), "no PNG"),
        (small, "31x64"),
        (large, "4097x32"),
    ] {
        let out = Picture::new(rgb, [0, 0, 0, 0], 1 << 20);
        assert_eq!(decode_png(&file, &out), 100_006, "{why}");
        let said = messages();
        assert!(said.contains(why), "{why}: {said}");
        assert_eq!(out.ret_code(), 100_006);
    }
    for (strides, size) in [
        ([200, 64], 1 << 20),
        ([192, 60], 1 << 20),
        ([128, 64], 1 << 20),
        ([192, 64], 12_287),
    ] {
        let out = Picture::new(rgb, [0, 0, strides[0], strides[1]], size);
        assert_eq!(decode_png(&file, &out), 100_000, "{strides:?}");
    }
    messages();
    let out = Picture::new(rgb, [0, 0, 192, 64], 12_288);
    assert_eq!(decode_png(&file, &out), 0, "{}", messages());
}

#[test]
fn a_channel_is_used_for_what_it_was_made() {
    start();
    let file = jpeg(64, 64, Some([2, 2]));
    let (image, ..) = media::png((png::ColorType::Rgb, png::BitDepth::Eight), 64, 64);
    let out = || Picture::new(UNKNOWN, [0, 0, 0, 0], 1 << 20);
    let picture = drawn(NV12, [64, 64, 64, 64]);
    let config = call!(acldvppCreateJpegeConfig());
    for mode in 1..=15_u32 {
        let channel = channel();
        ok!(acldvppSetChannelDescMode(channel, mode));
        assert_eq!(media::get_param(channel, Param::ACL_DVPP_MODE_UINT32), mode);
        let jpegd = media::decode_jpeg_on(channel, &file, &out());
        let pngd = media::decode_png_on(channel, &image, &out());
        let (stream, to, mut size) = (stream(), memory(8192), 8192);
        let jpege = call!(acldvppJpegEncodeAsync(
            channel,
            picture.desc,
            to,
            &raw mut size,
            config,
            stream
        ));
        ok!(aclrtSynchronizeStream(stream));
        let wanted = [2, 4, 8].map(|bit| if mode & bit == 0 { 100_000 } else { 0 });
        assert_eq!([jpegd, jpege, pngd], wanted, "mode {mode}: {}", messages());
    }
    let bare = call!(acldvppCreateChannelDesc());
    assert_eq!(media::decode_jpeg_on(bare, &file, &out()), 100_000);
    assert!(messages().contains("acldvppCreateChannel first"));
    assert_eq!(media::decode_png_on(null_mut(), &image, &out()), 100_000);
    let tight = channel();
    media::set_param(tight, Param::ACL_DVPP_CHANNEL_WIDTH_UINT32, 63);
    assert_eq!(
        media::decode_jpeg_on(tight, &file, &out()),
        0,
        "a width alone binds nothing"
    );
    media::set_param(tight, Param::ACL_DVPP_CHANNEL_HEIGHT_UINT32, 64);
    assert_eq!(media::decode_jpeg_on(tight, &file, &out()), 100_000);
    assert_eq!(media::decode_png_on(tight, &image, &out()), 100_000);
    messages();
}
