//! The wanted bytes of the small files below were read off Pillow 9.5.0:
//! `Image.open(BytesIO(file)).convert("RGB")`.
#![allow(clippy::unwrap_used)]

use mozjpeg::{ColorSpace, Compress};
use png::{BitDepth, ColorType};

use super::{Decoder, decode_bytes, decode_file};
use crate::imaging::{ImageProblem, RgbImage};

/// A JPEG of noise over a gradient; the noise makes every part of the file matter.
fn jpeg(width: usize, height: usize, grey: bool, progressive: bool) -> Vec<u8> {
    let (space, channels) = if grey {
        (ColorSpace::JCS_GRAYSCALE, 1)
    } else {
        (ColorSpace::JCS_RGB, 3)
    };
    let mut state = 5_u32;
    let bytes: Vec<u8> = (0..width * height * channels)
        .map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u8::try_from(
                (index / channels % width * 2 + usize::from(state.to_be_bytes()[0] / 4)) % 256,
            )
            .unwrap()
        })
        .collect();
    let mut compress = Compress::new(space);
    compress.set_size(width, height);
    compress.set_quality(80.0);
    compress.set_fastest_defaults();
    if progressive {
        compress.set_progressive_mode();
    }
    let mut started = compress.start_compress(Vec::new()).unwrap();
    started.write_scanlines(&bytes).unwrap();
    started.finish().unwrap()
}

fn png(width: u32, colour: ColorType, depth: BitDepth, rows: &[u8], palette: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, 1);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if !palette.is_empty() {
        encoder.set_palette(palette.to_vec());
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(rows).unwrap();
    writer.finish().unwrap();
    file
}

fn grey(levels: &[u8]) -> Vec<u8> {
    levels.iter().flat_map(|&level| [level; 3]).collect()
}

/// Compares a table of files and shows every case that fails.
fn assert_all(cases: Vec<(&str, Vec<u8>, Vec<u8>)>) {
    let wrong: Vec<String> = cases
        .into_iter()
        .filter_map(|(name, file, wanted)| match decode_bytes(&file) {
            Ok(image) if image.bytes() == wanted => None,
            Ok(image) => Some(format!("{name}: {:?}, wanted {wanted:?}", image.bytes())),
            Err(error) => Some(format!("{name}: {error}")),
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn a_jpeg_cut_anywhere_is_an_error_or_the_whole_picture() {
    for (grey, progressive) in [(false, false), (false, true), (true, false), (true, true)] {
        let file = jpeg(40, 56, grey, progressive);
        let whole = decode_bytes(&file).unwrap();
        let mut refused = 0;
        for length in 0..file.len() {
            match decode_bytes(&file[..length]) {
                Ok(image) => assert!(image == whole, "a part passed as the whole at {length}"),
                Err(error) => {
                    refused += 1;
                    let cut = matches!(
                        error.problem,
                        ImageProblem::Truncated { .. }
                            | ImageProblem::Empty
                            | ImageProblem::NotAnImage { .. }
                    );
                    assert!(cut, "at {length} of {}: {error}", file.len());
                }
            }
        }
        // Two bytes of end marker are all that may be missing.
        assert!(refused >= file.len() - 2, "{refused} of {}", file.len());
    }
}

#[test]
fn a_truncated_jpeg_says_how_many_rows_there_were() {
    let file = jpeg(64, 128, false, false);
    let text = decode_bytes(&file[..file.len() / 2])
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("truncated JPEG") && text.contains("of 128 rows"),
        "{text}"
    );
    assert!(!text.contains(" 0 of 128"), "{text}");
}

#[test]
fn a_jpeg_with_a_piece_missing_inside_is_refused() {
    let file = jpeg(64, 128, false, false);
    // Less than a few blocks cannot be noticed: JPEG has no checksum, and its codes fall in step again.
    for at in (700..file.len() - 500).step_by(53) {
        let damaged = [&file[..at], &file[at + 400..]].concat();
        let text = decode_bytes(&damaged).unwrap_err().to_string();
        assert!(text.contains("corrupt JPEG"), "{at}: {text}");
    }
    // The picture ends early and its data goes on.
    let place = file.len() - 2;
    let padded = [&file[..place], &[0x55; 40], &file[place..]].concat();
    let text = decode_bytes(&padded).unwrap_err().to_string();
    assert!(
        text.contains("bytes left over after the last row"),
        "{text}"
    );
}

#[test]
fn bytes_after_the_end_marker_and_a_wrong_extension_do_not_matter() {
    let file = jpeg(16, 16, false, false);
    let longer = [&file[..], b"\xff\xd8\xff and more"].concat();
    assert_eq!(decode_bytes(&longer).unwrap(), decode_bytes(&file).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.png");
    std::fs::write(&path, &file).unwrap();
    assert_eq!(decode_file(&path).unwrap(), decode_bytes(&file).unwrap());
}

#[test]
fn a_grey_jpeg_has_three_equal_channels_and_odd_sizes_are_kept() {
    let image = decode_bytes(&jpeg(13, 7, true, false)).unwrap();
    assert_eq!((image.width(), image.height()), (13, 7));
    assert!(
        image
            .bytes()
            .chunks(3)
            .all(|p| p[0] == p[1] && p[1] == p[2])
    );
}

#[test]
fn what_is_no_image_is_named_with_its_file_and_its_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content, wanted) in [
        ("empty.jpg", &b""[..], "empty file"),
        (
            "text.jpg",
            b"Dear reader",
            "not an image: starts with 4 bytes 44 65 61 72 (\"Dear\")",
        ),
        ("one.jpg", b"\xff", "starts with 1 bytes ff"),
        ("moving.jpg", b"GIF89a....", "GIF image"),
        ("headers.jpg", b"\xff\xd8\xff\xe0", "truncated JPEG"),
        (
            "noise.jpg",
            b"\xff\xd8\xff\xd8\xff\xd8\xff\xd8\xff\xd8",
            "corrupt JPEG",
        ),
        ("noise.png", b"\x89PNG\r\n\x1a\nnot a chunk at all", "PNG"),
        ("short.bmp", b"BM....", "truncated BMP"),
        ("short.ppm", b"P6 2 2 255\n.....", "truncated PNM"),
        (
            "huge.ppm",
            b"P6 999999 999999 255\n.....",
            "at most 178956970",
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let text = decode_file(&path).unwrap_err().to_string();
        assert!(
            text.starts_with(path.to_str().unwrap()) && text.contains(wanted),
            "{text}"
        );
        assert!(!text.contains('\n'), "{text}");
    }
    let text = decode_file(&folder.path().join("absent.jpg"))
        .unwrap_err()
        .to_string();
    assert!(text.contains("absent.jpg: cannot be read"), "{text}");
}

#[test]
fn a_decoder_is_whole_again_after_an_error() {
    let (mut decoder, mut image) = (Decoder::new(), RgbImage::new());
    let (file, other) = (jpeg(64, 128, false, false), jpeg(8, 8, true, true));
    for _ in 0..3 {
        decoder
            .decode_bytes(&file[..file.len() / 3], "cut", &mut image)
            .unwrap_err();
        decoder.decode_bytes(&other, "other", &mut image).unwrap();
        assert_eq!(image, decode_bytes(&other).unwrap());
        decoder
            .decode_bytes(b"\xff\xd8\xff\xd8", "noise", &mut image)
            .unwrap_err();
        decoder.decode_bytes(&file, "file", &mut image).unwrap();
        assert_eq!(image, decode_bytes(&file).unwrap());
    }
}

#[test]
fn every_png_colour_type_and_depth_converts_as_in_the_reference() {
    use BitDepth::{Eight, Four, One, Sixteen, Two};
    use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
    let palette = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    assert_all(vec![
        (
            "1 bit",
            png(4, Grayscale, One, &[0xa0], &[]),
            grey(&[255, 0, 255, 0]),
        ),
        (
            "2 bits",
            png(4, Grayscale, Two, &[0x1b], &[]),
            grey(&[0, 85, 170, 255]),
        ),
        (
            "4 bits",
            png(3, Grayscale, Four, &[0x1b, 0x30], &[]),
            grey(&[17, 187, 51]),
        ),
        (
            "8 bits",
            png(2, Grayscale, Eight, &[9, 250], &[]),
            grey(&[9, 250]),
        ),
        (
            "16 bits",
            png(3, Grayscale, Sixteen, &[0, 200, 0, 255, 0x9c, 0x40], &[]),
            grey(&[200, 255, 255]),
        ),
        (
            "grey, alpha",
            png(2, GrayscaleAlpha, Eight, &[10, 0, 200, 255], &[]),
            grey(&[10, 200]),
        ),
        (
            "grey, alpha 16",
            png(
                2,
                GrayscaleAlpha,
                Sixteen,
                &[0x12, 0x34, 0, 0, 0x80, 0xff, 9, 9],
                &[],
            ),
            grey(&[18, 128]),
        ),
        ("rgb", png(1, Rgb, Eight, &[1, 2, 3], &[]), vec![1, 2, 3]),
        (
            "rgb 16",
            png(1, Rgb, Sixteen, &[0x12, 0xff, 0x80, 0xff, 0xff, 0], &[]),
            vec![18, 128, 255],
        ),
        (
            "rgba",
            png(2, Rgba, Eight, &[1, 2, 3, 0, 4, 5, 6, 128], &[]),
            vec![1, 2, 3, 4, 5, 6],
        ),
        (
            "rgba 16",
            png(1, Rgba, Sixteen, &[18, 0, 128, 0, 255, 0, 0, 0], &[]),
            vec![18, 128, 255],
        ),
        (
            "indices",
            png(2, Indexed, Eight, &[2, 0], &palette),
            vec![7, 8, 9, 1, 2, 3],
        ),
        (
            "1-bit indices",
            png(3, Indexed, One, &[0xa0], &palette),
            vec![4, 5, 6, 1, 2, 3, 4, 5, 6],
        ),
        (
            "an index too far",
            png(2, Indexed, Two, &[0xb0], &palette),
            vec![7, 8, 9, 3, 3, 3],
        ),
    ]);
}

#[test]
fn a_png_cut_anywhere_is_an_error_or_the_whole_picture() {
    let file = png(
        64,
        ColorType::Rgb,
        BitDepth::Eight,
        &(0..192).collect::<Vec<u8>>(),
        &[],
    );
    let whole = decode_bytes(&file).unwrap();
    for length in 0..file.len() {
        if let Ok(image) = decode_bytes(&file[..length]) {
            assert_eq!(image, whole, "{length}");
        }
    }
    assert!(decode_bytes(&file[..file.len() / 2]).is_err());
}

/// A BMP with a 40-byte header; `masks` and then `palette` stand before the pixels.
fn bmp(
    width: i32,
    height: i32,
    bits: u16,
    compression: u32,
    before: &[u8],
    colours: u32,
    pixels: &[u8],
) -> Vec<u8> {
    let place = 54 + u32::try_from(before.len()).unwrap();
    let mut file = b"BM\0\0\0\0\0\0\0\0".to_vec();
    file.extend(place.to_le_bytes());
    file.extend(40_u32.to_le_bytes());
    file.extend(width.to_le_bytes());
    file.extend(height.to_le_bytes());
    file.extend([1, 0]);
    file.extend(bits.to_le_bytes());
    for number in [compression, 0, 0, 0, colours, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend(before);
    file.extend(pixels);
    file
}

#[test]
fn every_bmp_depth_converts_as_in_the_reference() {
    let palette: Vec<u8> = (0..16).flat_map(|i| [3 * i, 5 * i, 7 * i, 0]).collect();
    let masks = |masks: [u32; 3]| masks.map(u32::to_le_bytes).concat();
    let words = [0xffff_u16, 0x0421, 0x5555, 0x2aaa]
        .map(u16::to_le_bytes)
        .concat();
    assert_all(vec![
        (
            "1 bit",
            bmp(4, 1, 1, 0, &palette[..8], 2, &[0xa0, 0, 0, 0]),
            vec![7, 5, 3, 0, 0, 0, 7, 5, 3, 0, 0, 0],
        ),
        (
            "4 bits",
            bmp(2, 1, 4, 0, &palette, 16, &[0x1b, 0, 0, 0]),
            vec![7, 5, 3, 77, 55, 33],
        ),
        (
            "8 bits, short palette",
            bmp(3, 1, 8, 0, &palette, 16, &[1, 100, 255, 0]),
            vec![7, 5, 3, 100, 100, 100, 255, 255, 255],
        ),
        (
            "16 bits",
            bmp(4, 1, 16, 0, &[], 0, &words),
            vec![255, 255, 255, 8, 8, 8, 172, 82, 172, 82, 172, 82],
        ),
        (
            "16 bits, 565",
            bmp(4, 1, 16, 3, &masks([0xf800, 0x7e0, 0x1f]), 0, &words),
            vec![255, 255, 255, 0, 133, 8, 82, 170, 172, 41, 85, 82],
        ),
        (
            "24 bits",
            bmp(1, 2, 24, 0, &[], 0, &[1, 2, 3, 0, 4, 5, 6, 0]),
            vec![6, 5, 4, 3, 2, 1],
        ),
        (
            "top row first",
            bmp(1, -2, 24, 0, &[], 0, &[1, 2, 3, 0, 4, 5, 6, 0]),
            vec![3, 2, 1, 6, 5, 4],
        ),
        (
            "32 bits",
            bmp(2, 1, 32, 0, &[], 0, &[1, 2, 3, 0, 4, 5, 6, 255]),
            vec![3, 2, 1, 6, 5, 4],
        ),
        (
            "32 bits, masks",
            bmp(
                1,
                1,
                32,
                3,
                &masks([0xff_0000, 0xff00, 0xff]),
                0,
                &[1, 2, 3, 0],
            ),
            vec![3, 2, 1],
        ),
        (
            "run lengths",
            bmp(4, 2, 8, 1, &palette, 16, &[2, 5, 2, 9, 0, 0, 4, 7, 0, 1]),
            [
                [49, 35, 21].repeat(4),
                [35, 25, 15].repeat(2),
                [63, 45, 27].repeat(2),
            ]
            .concat(),
        ),
    ]);
    let text = decode_bytes(&bmp(1, 2, 24, 0, &[], 0, &[1, 2, 3, 0]))
        .unwrap_err()
        .to_string();
    assert!(text.contains("truncated BMP: 1 of 2 rows"), "{text}");
}

#[test]
fn every_pnm_kind_converts_as_in_the_reference() {
    let file = |head: &str, data: &[u8]| [head.as_bytes(), data].concat();
    assert_all(vec![
        ("P1", file("P1 4 1\n1 0 10", &[]), grey(&[0, 255, 0, 255])),
        ("P2", file("P2 3 1 255\n1 0 10", &[]), grey(&[1, 0, 10])),
        (
            "P2 to 1000",
            file("P2 3 1 1000\n1 500 1000", &[]),
            grey(&[66, 255, 255]),
        ),
        ("P3 to 15", file("P3 1 1 15\n1 0 10", &[]), vec![17, 0, 170]),
        ("P4", file("P4 4 1\n", &[0xa0]), grey(&[0, 255, 0, 255])),
        ("P5", file("P5 2 1 255\n", &[1, 0xf0]), grey(&[1, 240])),
        (
            "P5 to 100",
            file("P5 2 1 100\n", &[50, 100]),
            grey(&[128, 255]),
        ),
        (
            "P5 to 65535",
            file("P5 2 1 65535\n", &[0, 5, 1, 0xf4]),
            grey(&[5, 255]),
        ),
        (
            "P6",
            file("P6\n# a comment\n2 1\n255\n", &[1, 2, 3, 4, 5, 6]),
            vec![1, 2, 3, 4, 5, 6],
        ),
        (
            "P6 to 31",
            file("P6 2 1 31\n", &[1, 2, 3, 16, 31, 30]),
            vec![8, 16, 25, 132, 255, 247],
        ),
        (
            "P6 to 65535",
            file("P6 1 1 65535\n", &[0x12, 0x34, 0x80, 0xff, 255, 255]),
            vec![18, 128, 255],
        ),
    ]);
    for (short, wanted) in [
        (&b"P3 1 1 15\n1 0 100"[..], "corrupt PNM: a value of 100"),
        (b"P3 2 1 255\n1 0 10 1000 20 1", "corrupt PNM"),
        (b"P3 2 1 255\n1 0 10", "truncated PNM"),
        (b"P5 0 4 255\n", "corrupt PNM: a size of 0 x 4"),
    ] {
        let text = decode_bytes(short).unwrap_err().to_string();
        assert!(text.contains(wanted), "{text}");
    }
}
