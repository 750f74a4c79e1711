//! JPEG files: what they hold, and their pictures.
//!
//! A decoder takes baseline files with Huffman codes, of 8 bits a sample, grey or with chroma of
//! 4:4:4, 4:2:2, 4:2:0 or 4:4:0, and sides of 32 to 8192. Their heads are read whatever they hold.
//! The semi-planar formats of 4:2:0 can be had of all of them, those of the other samplings of files
//! that are sampled so; 10000 asks for the file's own sampling, red difference first. A width or
//! height that is odd is rounded where two pixels share a sample: down, or up if the channel says so.
//!
//! # The simulator's own choices
//!
//! RGB, BGR and grey can be had of all files. Chroma that a file has more of is averaged; chroma that
//! a grey file has not is 128. What lies in the memory beyond the picture is left as it was. A file
//! whose data end before its end marker is damaged. Files are not turned by what Exif says of them.

use acl_sys::{ACL_ERROR_INVALID_PARAM, ACL_ERROR_UNSUPPORTED_JPEG, acldvppPixelFormat as Format};

use super::channel::Channel;
use super::layout::{Chroma, Layout};
use super::picture::{PicDesc, byte};
use crate::machine::failure::{Result, fail};

/// The sides of a picture that can be decoded.
const SIDES: std::ops::RangeInclusive<u32> = 32..=8192;

/// What the head of a file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: i32,
    /// How chroma is sampled, in the numbers of the interface: 0 is 4:4:4, 1 4:2:2, 2 4:2:0, 3 grey,
    /// 4 4:4:0, 5 4:1:1, 1000 anything else.
    pub(crate) sampling: u32,
    /// The marker of the frame header, which tells how the data are coded.
    process: u8,
    /// Bits of a sample.
    precision: u8,
}

fn bad(why: &str) -> crate::machine::failure::Failure {
    fail!(
        ACL_ERROR_UNSUPPORTED_JPEG,
        "the file is no JPEG that can be decoded: {why}"
    )
}

/// The segments of a file's head: their markers, contents, and where they end. It ends with the one
/// after which the data come.
fn segments(file: &[u8]) -> Result<impl Iterator<Item = Result<(u8, &[u8], usize)>>> {
    if file.get(..2) != Some(&[0xff, 0xd8]) {
        return Err(bad("it does not begin with FF D8"));
    }
    let (mut at, mut done) = (2, false);
    Ok(std::iter::from_fn(move || {
        if done {
            return None;
        }
        // Markers may be padded with FF.
        while file.get(at + 1) == Some(&0xff) {
            at += 1;
        }
        let segment = segment(&file[at.min(file.len())..]);
        done = !matches!(segment, Ok((marker, _)) if marker != START_OF_SCAN);
        Some(segment.map(|(marker, contents)| {
            at += 4 + contents.len();
            (marker, contents, at)
        }))
    }))
}

/// The marker after whose segment the data come.
const START_OF_SCAN: u8 = 0xda;

fn segment(file: &[u8]) -> Result<(u8, &[u8])> {
    let cut = || bad("it ends in its head");
    let (&[start, marker], rest) = file.split_first_chunk().ok_or_else(cut)?;
    if start != 0xff {
        return Err(bad("a marker is missing"));
    }
    let &[high, low] = rest.first_chunk().ok_or_else(cut)?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    Ok((marker, rest.get(2..length).ok_or_else(cut)?))
}

/// Reads the head of a file.
pub(crate) fn info(file: &[u8]) -> Result<Info> {
    for segment in segments(file)? {
        let (marker, segment, _) = segment?;
        // All frame headers, but for the tables C4 and CC and the extension C8.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return frame(marker, segment).ok_or_else(|| bad("it ends in its head"));
        }
    }
    Err(bad("its data come before its size"))
}

fn frame(process: u8, segment: &[u8]) -> Option<Info> {
    let &[precision, h1, h0, w1, w0, components] = segment.first_chunk()?;
    let factors: Vec<u8> = segment
        .get(6..)?
        .chunks_exact(3)
        .map(|component| component[1])
        .collect();
    let sampling = match (components, factors.as_slice()) {
        (1, _) => 3,
        (3, [0x11, 0x11, 0x11]) => 0,
        (3, [0x21, 0x11, 0x11]) => 1,
        (3, [0x22, 0x11, 0x11]) => 2,
        (3, [0x12, 0x11, 0x11]) => 4,
        (3, [0x41, 0x11, 0x11]) => 5,
        _ => 1000,
    };
    Some(Info {
        width: u32::from(u16::from_be_bytes([w1, w0])),
        height: u32::from(u16::from_be_bytes([h1, h0])),
        components: i32::from(components),
        sampling,
        process,
        precision,
    })
}

/// Checks that a file can be decoded to a format; returns the format itself where the program leaves
/// it to the file.
fn output(info: Info, format: u32) -> Result<u32> {
    if !matches!(info.process, 0xc0 | 0xc1) {
        return Err(bad(match info.process {
            0xc2 => "it is progressive, wanted baseline",
            0xc9..=0xcf => "it is coded arithmetically, wanted Huffman codes",
            _ => "it is neither baseline nor extended sequential",
        }));
    }
    if info.precision != 8 {
        return Err(bad("its samples have not 8 bits"));
    }
    if !SIDES.contains(&info.width) || !SIDES.contains(&info.height) {
        return Err(bad(&format!(
            "it is {}x{}, wanted sides of 32 to 8192",
            info.width, info.height
        )));
    }
    let own = match info.sampling {
        0 => Format::PIXEL_FORMAT_YVU_SEMIPLANAR_444,
        1 => Format::PIXEL_FORMAT_YVU_SEMIPLANAR_422,
        2 => Format::PIXEL_FORMAT_YVU_SEMIPLANAR_420,
        3 => Format::PIXEL_FORMAT_YUV_400,
        4 => Format::PIXEL_FORMAT_YVU_SEMIPLANAR_440,
        _ => {
            return Err(bad(
                "its chroma is sampled otherwise than 4:4:4, 4:2:2, 4:2:0 or 4:4:0",
            ));
        }
    };
    if Format(format) == Format::PIXEL_FORMAT_UNKNOWN {
        return Ok(own.0);
    }
    let any = matches!(
        Format(format),
        Format::PIXEL_FORMAT_YUV_400
            | Format::PIXEL_FORMAT_YUV_SEMIPLANAR_420
            | Format::PIXEL_FORMAT_YVU_SEMIPLANAR_420
            | Format::PIXEL_FORMAT_RGB_888
            | Format::PIXEL_FORMAT_BGR_888
    );
    // The two orders of chroma are neighbours, blue difference first.
    if any || (info.sampling != 3 && format + 1 == own.0) || format == own.0 {
        return Ok(format);
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "a JPEG of the sampling {} (acldvppJpegFormat) is not decoded to the pixel format {format}; \
         ask for 1 or 2 (semi-planar 4:2:0), 12 or 13 (RGB, BGR), or 10000 for that of the file",
        info.sampling
    ))
}

/// Returns how many bytes the picture needs.
pub(crate) fn predict(file: &[u8], format: u32) -> Result<u32> {
    let info = info(file)?;
    Layout::of(output(info, format)?)?.predict(info.width, info.height)
}

/// Checks that the data of a file are there to their end marker. The head may hold another file, a
/// small picture, with an end marker of its own.
fn check_whole(file: &[u8]) -> Result<()> {
    let mut data = file.len();
    for segment in segments(file)? {
        (_, _, data) = segment?;
    }
    if file[data..].windows(2).any(|pair| pair == [0xff, 0xd9]) {
        return Ok(());
    }
    Err(bad("it ends before its end marker"))
}

/// Decodes a file into the memory of a description; returns the completed description.
pub(crate) fn decode(
    file: &[u8],
    given: &PicDesc,
    channel: &Channel,
    target: &mut [u8],
) -> Result<PicDesc> {
    let info = info(file)?;
    let format = output(info, given.format)?;
    channel.check_size(info.width, info.height)?;
    let layout = Layout::of(format)?;
    let found = layout.describe(given, format, [info.width, info.height])?;
    check_whole(file)?;
    let smooth = matches!(layout, Layout::Packed { .. });
    // The decoder unwinds when a file is damaged.
    let pixels = std::panic::catch_unwind(|| pixels(file, smooth))
        .unwrap_or_else(|_| Err(std::io::Error::other("its data are damaged")))
        .map_err(|error| bad(&error.to_string()))?;
    let pixels = Pixels {
        all: &pixels,
        width: info.width as usize,
        height: info.height as usize,
    };
    if pixels.all.len() != pixels.width * pixels.height {
        return Err(bad("its data are not those of its head"));
    }
    Ok(write(&pixels, layout, found, channel.precision, target))
}

/// The pixels of a file as luma and two chroma.
struct Pixels<'a> {
    all: &'a [[u8; 3]],
    width: usize,
    height: usize,
}

impl Pixels<'_> {
    /// A pixel; beyond the picture the last of its line or column.
    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        self.all[y.min(self.height - 1) * self.width + x.min(self.width - 1)]
    }

    /// The mean chroma of the pixels of a cell that are there.
    fn chroma(&self, cell: [usize; 2], chroma: Chroma) -> [u8; 2] {
        let (left, top) = (cell[0] * chroma.across, cell[1] * chroma.down);
        let (mut sum, mut count) = ([0_u32; 2], 0);
        for y in top..(top + chroma.down).min(self.height) {
            for x in left..(left + chroma.across).min(self.width) {
                let pixel = self.at(x, y);
                sum[0] += u32::from(pixel[1]);
                sum[1] += u32::from(pixel[2]);
                count += 1;
            }
        }
        let mut pair =
            sum.map(|sum| u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX));
        if chroma.swapped {
            pair.reverse();
        }
        pair
    }
}

/// Writes pixels as a description says; returns it with the size that was written.
fn write(
    pixels: &Pixels<'_>,
    layout: Layout,
    mut found: PicDesc,
    precision: u32,
    target: &mut [u8],
) -> PicDesc {
    let row = found.width_stride as usize;
    let chroma = match layout {
        Layout::Packed { swapped, .. } => {
            for (y, line) in pixels.all.chunks_exact(pixels.width).enumerate() {
                let out = target[y * row..].chunks_exact_mut(3);
                for (&ycc, out) in line.iter().zip(out) {
                    let mut rgb = rgb(ycc);
                    if swapped {
                        rgb.reverse();
                    }
                    out.copy_from_slice(&rgb);
                }
            }
            return found;
        }
        Layout::Luma(chroma) => chroma,
    };
    let rounded = |side: u32, shared: usize| match (shared, precision) {
        (2, 1) => side.next_multiple_of(2),
        (2, _) => side & !1,
        _ => side,
    };
    if let Some(chroma) = chroma {
        found.width = rounded(found.width, chroma.across);
        found.height = rounded(found.height, chroma.down);
    }
    let (width, height) = (found.width as usize, found.height as usize);
    for y in 0..height {
        for (x, luma) in target[y * row..][..width].iter_mut().enumerate() {
            *luma = pixels.at(x, y)[0];
        }
    }
    if let Some(chroma) = chroma {
        let start = row * found.height_stride as usize;
        let row = Layout::chroma_row(chroma, found.width_stride);
        for y in 0..height / chroma.down {
            let out = target[start + y * row..].chunks_exact_mut(2);
            for (x, pair) in out.take(width / chroma.across).enumerate() {
                pair.copy_from_slice(&pixels.chroma([x, y], chroma));
            }
        }
    }
    found
}

/// The pixels of a file as luma and two chroma; where pixels share chroma it is repeated, or changes
/// smoothly between them.
fn pixels(file: &[u8], smooth: bool) -> std::io::Result<Vec<[u8; 3]>> {
    let mut decoder = mozjpeg::Decompress::new_mem(file)?;
    if decoder.color_space() == mozjpeg::ColorSpace::JCS_GRAYSCALE {
        let mut started = decoder.grayscale()?;
        let grey: Vec<u8> = started.read_scanlines()?;
        started.finish()?;
        return Ok(grey.into_iter().map(|luma| [luma, 128, 128]).collect());
    }
    decoder.do_fancy_upsampling(smooth);
    let mut started = decoder.to_colorspace(mozjpeg::ColorSpace::JCS_YCbCr)?;
    let pixels = started.read_scanlines()?;
    started.finish()?;
    Ok(pixels)
}

/// Turns luma and chroma into red, green and blue, as JPEG has them.
fn rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [
        byte(y + 1.402 * cr),
        byte(y - 0.344_136 * cb - 0.714_136 * cr),
        byte(y + 1.772 * cb),
    ]
}
