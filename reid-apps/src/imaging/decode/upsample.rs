//! From the planes of a 4:2:0 JPEG to RGB, with AVX2.
//!
//! libjpeg does the same from one pixel to the next, which takes a third of the time of decoding a
//! small picture. The integers are the same: chroma is weighted 3 to 1 with the nearer row and the
//! nearer column, 9 : 3 : 3 : 1 in all, rounded by 8 and 7 in turns, and the conversion has 16 bits
//! behind the point.
//!
//! **Source**: ITU-T T.871 (JFIF), section 7, for the conversion; libjpeg's "fancy upsampling" as
//! its results show it.

use std::arch::x86_64::{__m128i, __m256i};

use pulp::x86::V3;
use pulp::{NullaryFnOnce, cast};

/// Columns at a time; the scratch rows are padded to a multiple of it.
const STEP: usize = 8;
/// Bits behind the point of the conversion's factors.
const BITS: i32 = 16;

/// One plane of samples: rows of `stride`, of which the first `width` samples and the first `height`
/// rows belong to the picture.
#[derive(Clone, Copy)]
pub(super) struct Plane<'a> {
    pub(super) samples: &'a [u8],
    pub(super) stride: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Plane<'_> {
    fn row(&self, y: usize) -> &[u8] {
        &self.samples[y.min(self.height - 1) * self.stride..][..self.stride]
    }
}

/// Writes the picture into `rgb`, `[height, width, 3]`. `chroma` is scratch.
pub(super) fn to_rgb(
    simd: V3,
    luma: Plane<'_>,
    blue: Plane<'_>,
    red: Plane<'_>,
    chroma: &mut Vec<u8>,
    rgb: &mut [u8],
) {
    let padded = luma.width.next_multiple_of(2).next_multiple_of(STEP);
    chroma.clear();
    chroma.resize(padded * 3, 0);
    simd.vectorize(Convert {
        simd,
        luma,
        blue,
        red,
        chroma,
        padded,
        rgb,
    });
}

struct Convert<'a> {
    simd: V3,
    luma: Plane<'a>,
    blue: Plane<'a>,
    red: Plane<'a>,
    chroma: &'a mut [u8],
    padded: usize,
    rgb: &'a mut [u8],
}

impl NullaryFnOnce for Convert<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let width = self.luma.width;
        let (y_row, rest) = self.chroma.split_at_mut(self.padded);
        let (cb_row, cr_row) = rest.split_at_mut(self.padded);
        for (y, line) in self.rgb.chunks_exact_mut(width * 3).enumerate() {
            // The lower half of a chroma row's two lines leans to the row below.
            let near = y / 2;
            let far = if y % 2 == 0 {
                near.saturating_sub(1)
            } else {
                near + 1
            };
            widen(
                self.blue.row(near),
                self.blue.row(far),
                self.blue.width,
                cb_row,
            );
            widen(
                self.red.row(near),
                self.red.row(far),
                self.red.width,
                cr_row,
            );
            y_row[..width].copy_from_slice(&self.luma.row(y)[..width]);
            let parts = y_row.as_chunks::<STEP>().0.iter();
            let parts = parts.zip(cb_row.as_chunks::<STEP>().0);
            let parts = parts.zip(cr_row.as_chunks::<STEP>().0);
            let (eights, rest) = line.as_chunks_mut::<24>();
            let whole = eights.len();
            for (index, ((&y, &cb), &cr)) in parts.enumerate() {
                let pixels = convert(self.simd, y, cb, cr);
                if index < whole {
                    eights[index] = pixels;
                } else {
                    rest.copy_from_slice(&pixels[..rest.len()]);
                }
            }
        }
    }
}

/// Doubles a chroma row: 3 to 1 with the farther row, then 3 to 1 with the farther neighbour.
#[inline(always)]
fn widen(near: &[u8], far: &[u8], width: usize, out: &mut [u8]) {
    let (near, far) = (&near[..width], &far[..width]);
    let pairs = &mut out.as_chunks_mut::<2>().0[..width];
    let last = width - 1;
    for x in 1..last {
        let own = 3 * (3 * u16::from(near[x]) + u16::from(far[x]));
        let left = 3 * u16::from(near[x - 1]) + u16::from(far[x - 1]);
        let right = 3 * u16::from(near[x + 1]) + u16::from(far[x + 1]);
        pairs[x] = [narrow(own + left + 8), narrow(own + right + 7)];
    }
    let first = 3 * u16::from(near[0]) + u16::from(far[0]);
    let second = 3 * u16::from(near[1]) + u16::from(far[1]);
    pairs[0] = [narrow(first * 4 + 8), narrow(first * 3 + second + 7)];
    let before = 3 * u16::from(near[last - 1]) + u16::from(far[last - 1]);
    let end = 3 * u16::from(near[last]) + u16::from(far[last]);
    pairs[last] = [narrow(end * 3 + before + 8), narrow(end * 4 + 7)];
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // 16 * 255 + 8, shifted by four, is a byte
fn narrow(sum: u16) -> u8 {
    (sum >> 4) as u8
}

/// Converts eight pixels.
#[inline(always)]
fn convert(simd: V3, y: [u8; STEP], cb: [u8; STEP], cr: [u8; STEP]) -> [u8; 24] {
    // 1.402, 1.772, 0.34414 and 0.71414, times 2^16, rounded.
    const RED: i32 = 91_881;
    const BLUE: i32 = 116_130;
    const GREEN_BLUE: i32 = 22_554;
    const GREEN_RED: i32 = 46_802;
    const NONE: u8 = 0x80;
    // From red in bytes 0 to 7, green in 8 to 15, and blue in 0 to 7 of another vector.
    const RG: [u8; 16] = [
        0, 8, NONE, 1, 9, NONE, 2, 10, NONE, 3, 11, NONE, 4, 12, NONE, 5,
    ];
    const B: [u8; 16] = [
        NONE, NONE, 0, NONE, NONE, 1, NONE, NONE, 2, NONE, NONE, 3, NONE, NONE, 4, NONE,
    ];
    const RG_END: [u8; 16] = [
        13, NONE, 6, 14, NONE, 7, 15, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    ];
    const B_END: [u8; 16] = [
        NONE, 5, NONE, NONE, 6, NONE, NONE, 7, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    ];
    let (sse2, ssse3, avx, avx2) = (simd.sse2, simd.ssse3, simd.avx, simd.avx2);
    let centre = avx._mm256_set1_epi32(128);
    let half = avx._mm256_set1_epi32(1 << (BITS - 1));
    let y = wide(simd, y);
    let cb = avx2._mm256_sub_epi32(wide(simd, cb), centre);
    let cr = avx2._mm256_sub_epi32(wide(simd, cr), centre);
    let red = avx2._mm256_mullo_epi32(cr, avx._mm256_set1_epi32(RED));
    let red = avx2._mm256_srai_epi32::<BITS>(avx2._mm256_add_epi32(red, half));
    let blue = avx2._mm256_mullo_epi32(cb, avx._mm256_set1_epi32(BLUE));
    let blue = avx2._mm256_srai_epi32::<BITS>(avx2._mm256_add_epi32(blue, half));
    let green = avx2._mm256_mullo_epi32(cb, avx._mm256_set1_epi32(-GREEN_BLUE));
    let other = avx2._mm256_mullo_epi32(cr, avx._mm256_set1_epi32(-GREEN_RED));
    let green = avx2._mm256_add_epi32(avx2._mm256_add_epi32(green, other), half);
    let green = avx2._mm256_srai_epi32::<BITS>(green);
    let red = halves(simd, avx2._mm256_add_epi32(y, red));
    let green = halves(simd, avx2._mm256_add_epi32(y, green));
    let blue = halves(simd, avx2._mm256_add_epi32(y, blue));
    // The packing clamps to bytes.
    let rg = sse2._mm_packus_epi16(red, green);
    let b = sse2._mm_packus_epi16(blue, blue);
    let start = sse2._mm_or_si128(
        ssse3._mm_shuffle_epi8(rg, cast(RG)),
        ssse3._mm_shuffle_epi8(b, cast(B)),
    );
    let end = sse2._mm_or_si128(
        ssse3._mm_shuffle_epi8(rg, cast(RG_END)),
        ssse3._mm_shuffle_epi8(b, cast(B_END)),
    );
    let (start, end): ([u8; 16], [u8; 16]) = (cast(start), cast(end));
    let mut pixels = [0; 24];
    pixels[..16].copy_from_slice(&start);
    pixels[16..].copy_from_slice(&end[..8]);
    pixels
}

/// Eight bytes as 32-bit numbers.
#[inline(always)]
fn wide(simd: V3, bytes: [u8; STEP]) -> __m256i {
    let low: __m128i = cast([bytes, [0; STEP]]);
    simd.avx2._mm256_cvtepu8_epi32(low)
}

/// Eight 32-bit numbers as 16-bit ones, all of which fit.
#[inline(always)]
fn halves(simd: V3, numbers: __m256i) -> __m128i {
    let [low, high]: [__m128i; 2] = cast(numbers);
    simd.sse2._mm_packs_epi32(low, high)
}
