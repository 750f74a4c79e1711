//! Pictures and files for the tests of encoders and decoders.
#![allow(dead_code)]

use std::ffi::c_void;
use std::ptr::null_mut;

use acl_sys::{
    acldvppChannelDesc, acldvppChannelDescParamType as Param, acldvppJpegFormat, acldvppPicDesc,
    acldvppPixelFormat as Format,
};

use crate::call::{download, stream, upload};

/// Allocates memory for media.
pub(crate) fn memory(size: usize) -> *mut c_void {
    let mut pointer = null_mut();
    ok!(acldvppMalloc(&raw mut pointer, size));
    pointer
}

pub(crate) fn channel() -> *mut acldvppChannelDesc {
    let desc = call!(acldvppCreateChannelDesc());
    ok!(acldvppCreateChannel(desc));
    desc
}

pub(crate) fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap()
}

/// A picture description with memory of its own.
pub(crate) struct Picture {
    pub(crate) desc: *mut acldvppPicDesc,
    pub(crate) data: *mut c_void,
    pub(crate) size: usize,
}

impl Picture {
    /// Describes a picture: width, height, strides, and bytes of memory.
    pub(crate) fn new(format: Format, [w, h, ws, hs]: [u32; 4], size: u32) -> Self {
        let data = memory(size as usize);
        let desc = call!(acldvppCreatePicDesc());
        ok!(acldvppSetPicDescData(desc, data));
        ok!(acldvppSetPicDescSize(desc, size));
        ok!(acldvppSetPicDescFormat(desc, format));
        ok!(acldvppSetPicDescWidth(desc, w));
        ok!(acldvppSetPicDescHeight(desc, h));
        ok!(acldvppSetPicDescWidthStride(desc, ws));
        ok!(acldvppSetPicDescHeightStride(desc, hs));
        let size = size as usize;
        Self { desc, data, size }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        download(self.data, self.size)
    }

    pub(crate) fn shape(&self) -> [u32; 4] {
        [
            call!(acldvppGetPicDescWidth(self.desc)),
            call!(acldvppGetPicDescHeight(self.desc)),
            call!(acldvppGetPicDescWidthStride(self.desc)),
            call!(acldvppGetPicDescHeightStride(self.desc)),
        ]
    }

    pub(crate) fn format(&self) -> Format {
        call!(acldvppGetPicDescFormat(self.desc))
    }

    pub(crate) fn ret_code(&self) -> u32 {
        call!(acldvppGetPicDescRetCode(self.desc))
    }
}

/// Luma and chroma of the picture that all tests draw: smooth, and different in each.
pub(crate) fn color(x: usize, y: usize) -> [u8; 3] {
    let wave = |at: usize, long: usize| {
        let part = at % (2 * long);
        if part < long { part } else { 2 * long - part }
    };
    let byte = |value: usize| u8::try_from(value).unwrap();
    [
        byte(50 + wave(x + y, 140)),
        byte(60 + wave(2 * x, 130)),
        byte(190 - wave(2 * y, 120)),
    ]
}

/// The mean chroma of a cell of pixels.
pub(crate) fn chroma([x, y]: [usize; 2], [across, down]: [usize; 2]) -> [u8; 2] {
    let mut sum = [0_usize; 2];
    for yy in y * down..(y + 1) * down {
        for xx in x * across..(x + 1) * across {
            let [_, blue, red] = color(xx, yy);
            sum[0] += usize::from(blue);
            sum[1] += usize::from(red);
        }
    }
    sum.map(|sum| u8::try_from(sum / (across * down)).unwrap())
}

pub(crate) fn psnr(pairs: impl Iterator<Item = (u8, u8)>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (a, b) in pairs {
        sum += (f64::from(a) - f64::from(b)).powi(2);
        count += 1.0;
    }
    // A perfect picture is 100 dB.
    10.0 * (255.0 * 255.0 * count / f64::max(sum, count * 6.5e-6)).log10()
}

fn compress(width: usize, height: usize, cell: Option<[usize; 2]>, progressive: bool) -> Vec<u8> {
    let space = match cell {
        Some(_) => mozjpeg::ColorSpace::JCS_YCbCr,
        None => mozjpeg::ColorSpace::JCS_GRAYSCALE,
    };
    let mut encoder = mozjpeg::Compress::new(space);
    encoder.set_fastest_defaults();
    if progressive {
        encoder.set_progressive_mode();
    }
    encoder.set_size(width, height);
    encoder.set_quality(97.0);
    if let Some(cell) = cell {
        let [across, down] = cell.map(|side| u8::try_from(side).unwrap());
        encoder.set_chroma_sampling_pixel_sizes((across, down), (across, down));
    }
    let parts = if cell.is_some() { 3 } else { 1 };
    let pixels: Vec<u8> = (0..width * height)
        .flat_map(|at| color(at % width, at / width)[..parts].to_vec())
        .collect();
    let mut started = encoder.start_compress(Vec::new()).unwrap();
    started.write_scanlines(&pixels).unwrap();
    started.finish().unwrap()
}

/// A baseline file of the picture; `cell` is how many pixels share chroma, none for a grey one.
pub(crate) fn jpeg(width: usize, height: usize, cell: Option<[usize; 2]>) -> Vec<u8> {
    compress(width, height, cell, false)
}

pub(crate) fn progressive(width: usize, height: usize) -> Vec<u8> {
    compress(width, height, Some([2, 2]), true)
}

/// Puts an application's segment into the head of a JPEG file.
pub(crate) fn with_segment(file: &[u8], contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len() + 2).unwrap().to_be_bytes();
    [&file[..2], &[0xff, 0xe1], &length[..], contents, &file[2..]].concat()
}

/// Width, height, components and sampling of a JPEG file.
pub(crate) fn info(file: &[u8]) -> (u32, u32, i32, acldvppJpegFormat) {
    let (mut width, mut height, mut parts) = (0, 0, 0);
    let mut sampling = acldvppJpegFormat(77);
    ok!(acldvppJpegGetImageInfoV2(
        file.as_ptr().cast(),
        number(file.len()),
        &raw mut width,
        &raw mut height,
        &raw mut parts,
        &raw mut sampling
    ));
    (width, height, parts, sampling)
}

/// Status and predicted size of a decoded JPEG file.
pub(crate) fn predict(file: &[u8], format: Format) -> (i32, u32) {
    let mut size = 0;
    let (data, length) = (file.as_ptr().cast(), number(file.len()));
    let code = call!(acldvppJpegPredictDecSize(
        data,
        length,
        format,
        &raw mut size
    ));
    (code, size)
}

pub(crate) fn png_info(file: &[u8]) -> (u32, u32, i32) {
    let (mut width, mut height, mut parts) = (0, 0, 0);
    ok!(acldvppPngGetImageInfo(
        file.as_ptr().cast(),
        number(file.len()),
        &raw mut width,
        &raw mut height,
        &raw mut parts
    ));
    (width, height, parts)
}

pub(crate) fn png_predict(file: &[u8], format: Format) -> (i32, u32) {
    let mut size = 0;
    let (data, length) = (file.as_ptr().cast(), number(file.len()));
    let code = call!(acldvppPngPredictDecSize(
        data,
        length,
        format,
        &raw mut size
    ));
    (code, size)
}

/// Defines a function that decodes a file on a channel; it returns the first failure's status.
macro_rules! decoder {
    ($name:ident, $on:ident, $function:ident) => {
        pub(crate) fn $on(channel: *mut acldvppChannelDesc, file: &[u8], out: &Picture) -> i32 {
            let (stream, source) = (stream(), memory(file.len()));
            upload(source, file);
            let code = match call!($function(
                channel,
                source,
                number(file.len()),
                out.desc,
                stream
            )) {
                0 => call!(aclrtSynchronizeStream(stream)),
                code => code,
            };
            ok!(acldvppFree(source));
            ok!(aclrtDestroyStream(stream));
            code
        }

        pub(crate) fn $name(file: &[u8], out: &Picture) -> i32 {
            $on(channel(), file, out)
        }
    };
}

decoder!(decode_jpeg, decode_jpeg_on, acldvppJpegDecodeAsync);
decoder!(decode_png, decode_png_on, acldvppPngDecodeAsync);

pub(crate) fn set_param(channel: *mut acldvppChannelDesc, kind: Param, value: u32) {
    ok!(acldvppSetChannelDescParam(
        channel,
        kind,
        4,
        (&raw const value).cast()
    ));
}

pub(crate) fn get_param(channel: *const acldvppChannelDesc, kind: Param) -> u32 {
    let (mut value, mut size) = (0_u32, 0);
    let to = (&raw mut value).cast();
    ok!(acldvppGetChannelDescParam(
        channel,
        kind,
        4,
        &raw mut size,
        to
    ));
    assert_eq!(size, 4);
    value
}

/// A kind of PNG file.
pub(crate) type PngKind = (png::ColorType, png::BitDepth);

pub(crate) const PNG_KINDS: [PngKind; 7] = [
    (png::ColorType::Rgb, png::BitDepth::Eight),
    (png::ColorType::Rgba, png::BitDepth::Eight),
    (png::ColorType::Grayscale, png::BitDepth::Eight),
    (png::ColorType::GrayscaleAlpha, png::BitDepth::Eight),
    (png::ColorType::Indexed, png::BitDepth::Eight),
    (png::ColorType::Rgb, png::BitDepth::Sixteen),
    (png::ColorType::Grayscale, png::BitDepth::One),
];

/// The colours of a pixel as they are decoded.
pub(crate) fn png_pixel(kind: PngKind, x: usize, y: usize) -> [u8; 4] {
    let byte = |value: usize| u8::try_from(value % 256).unwrap();
    let (r, g, b, a) = (byte(x * 5 + y), byte(y * 7), byte(x * 3 + 90), byte(x * y));
    match kind {
        (png::ColorType::Grayscale, png::BitDepth::One) => {
            let white = if (x + y).is_multiple_of(3) { 255 } else { 0 };
            [white, white, white, 255]
        }
        (png::ColorType::Grayscale, _) => [r, r, r, 255],
        (png::ColorType::GrayscaleAlpha, _) => [r, r, r, a],
        (png::ColorType::Rgba, _) => [r, g, b, a],
        // Colour i of the palette is i, 255 - i, 7.
        (png::ColorType::Indexed, _) => [r, 255 - r, 7, 255],
        (png::ColorType::Rgb, _) => [r, g, b, 255],
    }
}

/// A PNG file, its number of components, and whether it has alpha.
pub(crate) fn png(kind: PngKind, width: usize, height: usize) -> (Vec<u8>, i32, bool) {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, number(width), number(height));
    encoder.set_color(kind.0);
    encoder.set_depth(kind.1);
    if kind.0 == png::ColorType::Indexed {
        let palette: Vec<u8> = (0..=255_u8).flat_map(|i| [i, 255 - i, 7]).collect();
        encoder.set_palette(palette);
    }
    let mut data = Vec::new();
    for y in 0..height {
        let mut bits = vec![0_u8; width.div_ceil(8)];
        for x in 0..width {
            let [r, g, b, a] = png_pixel(kind, x, y);
            match kind {
                (png::ColorType::Grayscale, png::BitDepth::One) => {
                    bits[x / 8] |= u8::from(r == 255) << (7 - x % 8);
                }
                (png::ColorType::Grayscale | png::ColorType::Indexed, _) => data.push(r),
                (png::ColorType::GrayscaleAlpha, _) => data.extend([r, a]),
                (png::ColorType::Rgba, _) => data.extend([r, g, b, a]),
                // The low halves are lost.
                (png::ColorType::Rgb, png::BitDepth::Sixteen) => data.extend([r, 1, g, 99, b, 200]),
                (png::ColorType::Rgb, _) => data.extend([r, g, b]),
            }
        }
        if kind.1 == png::BitDepth::One {
            data.extend(bits);
        }
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&data).unwrap();
    writer.finish().unwrap();
    let (parts, alpha) = match kind.0 {
        png::ColorType::Grayscale => (1, false),
        png::ColorType::GrayscaleAlpha => (2, true),
        png::ColorType::Rgb | png::ColorType::Indexed => (3, false),
        png::ColorType::Rgba => (4, true),
    };
    (file, parts, alpha)
}
