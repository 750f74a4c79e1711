//! The common JPEG: YCbCr in 4:2:0, where the way from planes to RGB runs in vectors.
//!
//! libjpeg still reads the bits and makes the samples. Whatever is out of the ordinary, a warning or
//! an error included, is left to [`super::jpeg::decode_rows`], which decodes from the start and
//! knows what to say.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mozjpeg::decompress::DecompressBuilder;
use mozjpeg::{ColorSpace, CompInfoExt, DctMethod};
use pulp::x86::V3;

use super::check_size;
use super::jpeg::{Source, WARNINGS, counting_manager};
use super::upsample::{Plane, to_rgb};
use crate::imaging::RgbImage;

thread_local! {
    /// The samples of Y, Cb and Cr, kept between images.
    static PLANES: Cell<[Vec<u8>; 3]> = const { Cell::new([Vec::new(), Vec::new(), Vec::new()]) };
}

/// Decodes the image if it is a common one without any fault; `false` leaves it to others, with
/// `image` in any state.
pub(super) fn decode(bytes: &[u8], scratch: &mut Vec<u8>, image: &mut RgbImage) -> bool {
    let Some(simd) = V3::try_new() else {
        return false;
    };
    let mut planes = PLANES.take();
    let done = catch_unwind(AssertUnwindSafe(|| {
        samples(bytes, &mut planes).map(|layout| {
            let [y, cb, cr] = &planes;
            let plane = |samples, stride, halved: bool| Plane {
                samples,
                stride,
                width: if halved {
                    layout.width.div_ceil(2)
                } else {
                    layout.width
                },
                height: if halved {
                    layout.height.div_ceil(2)
                } else {
                    layout.height
                },
            };
            let rgb = image.reshape(layout.width, layout.height);
            to_rgb(
                simd,
                plane(y, layout.strides[0], false),
                plane(cb, layout.strides[1], true),
                plane(cr, layout.strides[2], true),
                scratch,
                rgb,
            );
        })
    }));
    PLANES.set(planes);
    matches!(done, Ok(Some(())))
}

struct Layout {
    width: usize,
    height: usize,
    strides: [usize; 3],
}

/// Reads the samples of all planes; `None` when something is uncommon or wrong. Unwinds out of
/// libjpeg's fatal errors.
fn samples(bytes: &[u8], planes: &mut [Vec<u8>; 3]) -> Option<Layout> {
    let ended = Cell::new(false);
    WARNINGS.set(0);
    let source = Source {
        rest: bytes,
        ended: &ended,
    };
    let builder = DecompressBuilder::new().with_err(counting_manager());
    let mut header = builder.from_reader(source).ok()?;
    let (width, height) = header.size();
    check_size(width, height).ok()?;
    let sampling = header.components().iter().map(CompInfoExt::sampling);
    // Below five columns libjpeg upsamples in another way.
    let common = sampling.eq([(2, 2), (1, 1), (1, 1)])
        && header.color_space() == ColorSpace::JCS_YCbCr
        && width > 4;
    if !common || ended.get() {
        return None;
    }
    WARNINGS.set(0);
    header.dct_method(DctMethod::IntegerSlow);
    header.do_fancy_upsampling(true);
    let mut started = header.raw().ok()?;
    let mut strides = [0; 3];
    for (stride, component) in strides.iter_mut().zip(started.components()) {
        *stride = component.row_stride();
    }
    let [y, cb, cr] = planes;
    for plane in [&mut *y, &mut *cb, &mut *cr] {
        plane.clear();
    }
    started.read_raw_data(&mut [y, cb, cr]);
    if ended.get() || WARNINGS.get() > 0 {
        return None;
    }
    // As in the other way: a missing end marker does not matter, bytes left over do.
    let _ = started.finish();
    (ended.get() || WARNINGS.get() == 0).then_some(Layout {
        width,
        height,
        strides,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mozjpeg::Compress;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    use super::super::jpeg::decode_rows;
    use super::*;

    /// Noise, whose chroma reaches the ends of the range, with the given sampling of chroma.
    fn jpeg(random: &mut Pcg64Mcg, width: usize, height: usize, chroma: (u8, u8)) -> Vec<u8> {
        let flat = random.random_bool(0.5);
        let colour: [u8; 3] = random.random();
        let bytes: Vec<u8> = (0..width * height * 3)
            .map(|index| match random.random::<u8>() {
                byte if flat => colour[index % 3].wrapping_add(byte / 16),
                byte => byte / 128 * 255,
            })
            .collect();
        let mut compress = Compress::new(ColorSpace::JCS_RGB);
        compress.set_size(width, height);
        if random.random_bool(0.8) {
            compress.set_fastest_defaults();
        }
        compress.set_quality(f32::from(random.random_range(20_u8..100)));
        compress.set_chroma_sampling_pixel_sizes(chroma, chroma);
        let mut started = compress.start_compress(Vec::new()).unwrap();
        started.write_scanlines(&bytes).unwrap();
        started.finish().unwrap()
    }

    fn both(bytes: &[u8]) -> (bool, bool, bool) {
        let (mut fast, mut rows) = (RgbImage::new(), RgbImage::new());
        let mut scratch = Vec::new();
        let taken = decode(bytes, &mut scratch, &mut fast);
        let good = decode_rows(bytes, &mut scratch, &mut rows).is_ok();
        (taken, good, fast == rows)
    }

    #[test]
    fn planes_in_vectors_give_the_bytes_of_libjpeg_at_random_sizes() {
        if V3::try_new().is_none() {
            println!("SKIPPED: this processor has no AVX2 and FMA");
            return;
        }
        let mut random = Pcg64Mcg::seed_from_u64(21);
        let mut sizes = vec![(64, 128), (5, 1), (6, 2), (17, 16), (16, 17), (640, 33)];
        sizes.extend((0..150).map(|_| (random.random_range(5..90), random.random_range(1..90))));
        for (width, height) in sizes {
            let bytes = jpeg(&mut random, width, height, (2, 2));
            assert_eq!(both(&bytes), (true, true, true), "{width} x {height}");
        }
    }

    #[test]
    fn other_samplings_and_narrow_pictures_are_left_to_libjpeg() {
        let mut random = Pcg64Mcg::seed_from_u64(22);
        for chroma in [(1, 1), (2, 1)] {
            let bytes = jpeg(&mut random, 40, 40, chroma);
            assert!(!both(&bytes).0, "{chroma:?}");
        }
        for width in 1..5 {
            let bytes = jpeg(&mut random, width, 9, (2, 2));
            assert!(!both(&bytes).0, "{width}");
        }
    }

    #[test]
    fn what_libjpeg_refuses_is_not_taken_and_what_both_take_is_equal() {
        let mut random = Pcg64Mcg::seed_from_u64(23);
        let whole = jpeg(&mut random, 48, 50, (2, 2));
        let mut refused = 0;
        for round in 0..600 {
            let mut bytes = whole.clone();
            if round % 2 == 0 {
                bytes.truncate(random.random_range(0..bytes.len()));
            } else {
                let place = random.random_range(0..bytes.len());
                bytes[place] ^= 1 << random.random_range(0..8);
            }
            let (taken, good, equal) = both(&bytes);
            assert!(!taken || (good && equal), "round {round}");
            refused += usize::from(!good);
        }
        assert!(refused > 100, "only {refused} were damaged");
    }
}
