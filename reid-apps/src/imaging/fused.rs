//! Resize and normalise in one pass, with AVX2.
//!
//! The bits are those of [`Resizer`](super::Resizer) followed by [`Normaliser`]: the sums are the
//! same integers, and the float32 numbers are checked against the table when this is made. What is
//! saved is the way between the steps: after the first pass the image lies in planes, and the second
//! pass goes from sums of integers to normalised numbers, plain and mirrored, without bytes between.
//!
//! A weight of 22 bits does not fit the instruction that multiplies and adds pairs of 16-bit numbers,
//! so it is split: `w = hi * 2^11 + lo` with `0 <= lo < 2^11`. Both sums are exact, and so is their
//! sum.

use std::arch::x86_64::{__m128i, __m256, __m256i};
use std::collections::HashMap;

use pulp::x86::V3;
use pulp::{NullaryFnOnce, cast};

use super::resize::{Axis, HALF, PRECISION, REMEMBERED};
use super::{Channels, Normaliser, Recipe, RgbImage};

/// Bits of the lower part of a weight.
const LOW: u32 = 11;
/// Bytes that a load may reach behind the end of a row.
const SLACK: usize = 16;

/// Turns images into tensors, and keeps weights and scratch memory between them.
#[derive(Debug)]
pub(super) struct Fused {
    simd: V3,
    recipe: Recipe,
    levels: [Level; 3],
    across: HashMap<usize, Across>,
    down: HashMap<usize, Down>,
    /// One row of the source, with slack behind it.
    row: Vec<u8>,
    /// After the first pass: `[source height, 3, width]`.
    between: Vec<u8>,
    /// The taps of one output row, in pairs: `[3 * width / 8, pairs, 8, 2]`.
    taps: Vec<[i16; 16]>,
}

/// `(u / 255 - mean) / std` with each quotient as a product by a reciprocal of two floats.
#[derive(Clone, Copy, Debug)]
struct Level {
    unit: [f32; 2],
    mean: f32,
    inverse: [f32; 2],
}

/// Weights of the first pass.
#[derive(Debug)]
struct Across {
    starts: Vec<usize>,
    /// Fours of taps.
    fours: usize,
    /// `[width / 8, 4, fours]`, for the pixels k and k + 4 of eight: high and low parts of the first
    /// two taps, then of the last two; each pair of 16-bit parts once for R, G, B and a spare.
    weights: Vec<[[i32; 8]; 4]>,
}

/// Weights of the second pass.
#[derive(Debug)]
struct Down {
    starts: Vec<usize>,
    pairs: usize,
    /// `[height, pairs]`: the high parts of two taps, the low parts.
    weights: Vec<[i32; 2]>,
}

impl Fused {
    /// Makes the fast path; `None` when the processor, the width or the constants do not allow it.
    pub(super) fn new(recipe: Recipe, table: &Normaliser) -> Option<Fused> {
        let simd = V3::try_new()?;
        let levels = [0, 1, 2].map(|channel| Level::new(recipe.mean[channel], recipe.std[channel]));
        let exact = levels.iter().enumerate().all(|(channel, level)| {
            (0..=u8::MAX).all(|u| level.of(u).to_bits() == table.level(channel, u).to_bits())
        });
        (exact && recipe.width.is_multiple_of(16)).then(|| Fused {
            simd,
            recipe,
            levels,
            across: HashMap::new(),
            down: HashMap::new(),
            row: Vec::new(),
            between: Vec::new(),
            taps: Vec::new(),
        })
    }

    /// Writes the tensor of `image`, and its mirror image. The slices have the recipe's length.
    pub(super) fn write(&mut self, image: &RgbImage, out: &mut [f32], flip: Option<&mut [f32]>) {
        let (from_width, from_height) = (image.width(), image.height());
        assert!(
            from_width * from_height > 0,
            "cannot resize {from_width} x {from_height}"
        );
        let (width, height) = (self.recipe.width, self.recipe.height);
        if self.across.len() > REMEMBERED {
            self.across.clear();
        }
        if self.down.len() > REMEMBERED {
            self.down.clear();
        }
        let across = self
            .across
            .entry(from_width)
            .or_insert_with(|| Across::new(&Axis::new(from_width, width)));
        let down = self
            .down
            .entry(from_height)
            .or_insert_with(|| Down::new(&Axis::new(from_height, height)));
        self.between.resize(from_height * width * 3, 0);
        self.row.clear();
        self.row.resize(from_width * 3 + SLACK, 0);
        self.simd.vectorize(FirstPass {
            simd: self.simd,
            across,
            source: image.bytes(),
            row: &mut self.row,
            target: &mut self.between,
            width,
        });
        self.taps.resize(width * 3 / 8 * down.pairs, [0; 16]);
        self.simd.vectorize(SecondPass {
            simd: self.simd,
            down,
            levels: &self.levels,
            source: &self.between,
            taps: &mut self.taps,
            width,
            grey: self.recipe.channels == Channels::Grey,
            out,
            flip,
        });
    }

    /// Returns how many axes are remembered.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.across.len() + self.down.len()
    }
}

impl Level {
    // The narrowing gives the nearest float32, which is what a two-part number begins with.
    #[allow(clippy::cast_possible_truncation)]
    fn new(mean: f32, std: f32) -> Level {
        let parts = |value: f64| {
            let high = value as f32;
            [high, (value - f64::from(high)) as f32]
        };
        Level {
            unit: parts(1.0 / 255.0),
            mean,
            inverse: parts(1.0 / f64::from(std)),
        }
    }

    /// What the vectors compute, for one byte.
    fn of(self, byte: u8) -> f32 {
        let u = f32::from(byte);
        let centred = u.mul_add(self.unit[0], u * self.unit[1]) - self.mean;
        centred.mul_add(self.inverse[0], centred * self.inverse[1])
    }

    /// Turns eight sums with [`PRECISION`] bits behind the point into normalised numbers.
    #[inline(always)]
    fn of_sums(self, simd: V3, sums: __m256i) -> __m256 {
        let (avx, avx2, fma) = (simd.avx, simd.avx2, simd.fma);
        let levels = avx2._mm256_srai_epi32::<{ PRECISION as i32 }>(sums);
        let levels = avx2._mm256_max_epi32(levels, avx._mm256_setzero_si256());
        let levels = avx2._mm256_min_epi32(levels, avx._mm256_set1_epi32(255));
        let u = avx._mm256_cvtepi32_ps(levels);
        let low = avx._mm256_mul_ps(u, avx._mm256_set1_ps(self.unit[1]));
        let unit = fma._mm256_fmadd_ps(u, avx._mm256_set1_ps(self.unit[0]), low);
        let centred = avx._mm256_sub_ps(unit, avx._mm256_set1_ps(self.mean));
        let low = avx._mm256_mul_ps(centred, avx._mm256_set1_ps(self.inverse[1]));
        fma._mm256_fmadd_ps(centred, avx._mm256_set1_ps(self.inverse[0]), low)
    }
}

/// Splits two weights and packs the high parts and the low parts.
fn split(first: i32, second: i32) -> [i32; 2] {
    let mask = (1 << LOW) - 1;
    let pack = |a: i32, b: i32| (b << 16) | (a & 0xffff);
    [
        pack(first >> LOW, second >> LOW),
        pack(first & mask, second & mask),
    ]
}

impl Across {
    fn new(axis: &Axis) -> Across {
        let width = axis.starts.len();
        let fours = axis.taps.div_ceil(4);
        let tap = |pixel: usize, tap: usize| {
            let row = &axis.weights[pixel * axis.taps..][..axis.taps];
            row.get(tap).copied().unwrap_or(0)
        };
        let mut weights = Vec::with_capacity(width / 2 * fours);
        for eight in (0..width).step_by(8) {
            for left in eight..eight + 4 {
                for first in (0..fours).map(|four| four * 4) {
                    let mut group = [[0; 8]; 4];
                    for (lane, pixel) in [(0, left), (4, left + 4)] {
                        let [high, low] = split(tap(pixel, first), tap(pixel, first + 1));
                        let [high2, low2] = split(tap(pixel, first + 2), tap(pixel, first + 3));
                        for (part, value) in [high, low, high2, low2].into_iter().enumerate() {
                            group[part][lane..lane + 3].fill(value);
                        }
                    }
                    weights.push(group);
                }
            }
        }
        Across {
            starts: axis.starts.clone(),
            fours,
            weights,
        }
    }
}

impl Down {
    fn new(axis: &Axis) -> Down {
        let pairs = axis.taps.div_ceil(2);
        let rows = axis.weights.chunks_exact(axis.taps);
        let weights = rows
            .flat_map(|row| row.chunks(2))
            .map(|pair| split(pair[0], pair.get(1).copied().unwrap_or(0)))
            .collect();
        Down {
            starts: axis.starts.clone(),
            pairs,
            weights,
        }
    }
}

/// From rows of pixels to rows of the final width, in planes.
struct FirstPass<'a> {
    simd: V3,
    across: &'a Across,
    source: &'a [u8],
    row: &'a mut [u8],
    target: &'a mut [u8],
    width: usize,
}

/// Byte places for `shuffle`: the 16-bit pairs (r, r), (g, g), (b, b) of two pixels from `first` on.
const fn pairs_of(first: u8) -> [u8; 16] {
    const NONE: u8 = 0x80;
    let mut places = [NONE; 16];
    let mut channel = 0_u8;
    while channel < 3 {
        places[channel as usize * 4] = first + channel;
        places[channel as usize * 4 + 2] = first + channel + 3;
        channel += 1;
    }
    places
}

impl NullaryFnOnce for FirstPass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let rows = self.source.chunks_exact(self.row.len() - SLACK);
        for (source, target) in rows.zip(self.target.chunks_exact_mut(self.width * 3)) {
            self.row[..source.len()].copy_from_slice(source);
            if self.across.fours == 1 {
                row_across(self.simd, self.across, 1, self.row, target);
            } else {
                row_across(self.simd, self.across, self.across.fours, self.row, target);
            }
        }
    }
}

/// Loads four pixels and what lies behind them.
#[inline(always)]
fn load(row: &[u8], place: usize) -> __m128i {
    let (bytes, _) = row[place..]
        .split_first_chunk::<16>()
        .expect("the slack holds the last load");
    cast(*bytes)
}

/// Makes one row: `fours` again, so that the common case is a constant.
#[inline(always)]
fn row_across(simd: V3, across: &Across, fours: usize, row: &[u8], target: &mut [u8]) {
    const FIRST: [[u8; 16]; 2] = [pairs_of(0); 2];
    const SECOND: [[u8; 16]; 2] = [pairs_of(6); 2];
    // Four pixels of R, G, B, spare to four R, four G, four B, four spare.
    const PLANES: [[u8; 16]; 2] = [[0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15]; 2];
    let (avx, avx2) = (simd.avx, simd.avx2);
    let (first, second): (__m256i, __m256i) = (cast(FIRST), cast(SECOND));
    let (starts, _) = across.starts.as_chunks::<8>();
    let (red, rest) = target.split_at_mut(target.len() / 3);
    let (green, blue) = rest.split_at_mut(rest.len() / 2);
    let lines = (red.as_chunks_mut::<8>().0.iter_mut())
        .zip(green.as_chunks_mut::<8>().0)
        .zip(blue.as_chunks_mut::<8>().0);
    let weights = across.weights.chunks_exact(4 * fours);
    for ((starts, weights), ((red, green), blue)) in starts.iter().zip(weights).zip(lines) {
        let mut sums = [avx._mm256_setzero_si256(); 4];
        for (k, sum) in sums.iter_mut().enumerate() {
            let mut high = avx._mm256_setzero_si256();
            let mut low = avx._mm256_set1_epi32(HALF);
            for (four, weights) in weights[k * fours..][..fours].iter().enumerate() {
                let left = load(row, (starts[k] + four * 4) * 3);
                let right = load(row, (starts[k + 4] + four * 4) * 3);
                let pixels = avx._mm256_set_m128i(right, left);
                let [high1, low1, high2, low2] = *weights;
                let (high1, high2): (__m256i, __m256i) = (cast(high1), cast(high2));
                let (low1, low2): (__m256i, __m256i) = (cast(low1), cast(low2));
                let one = avx2._mm256_shuffle_epi8(pixels, first);
                let two = avx2._mm256_shuffle_epi8(pixels, second);
                high = avx2._mm256_add_epi32(high, avx2._mm256_madd_epi16(one, high1));
                high = avx2._mm256_add_epi32(high, avx2._mm256_madd_epi16(two, high2));
                low = avx2._mm256_add_epi32(low, avx2._mm256_madd_epi16(one, low1));
                low = avx2._mm256_add_epi32(low, avx2._mm256_madd_epi16(two, low2));
            }
            let both = avx2._mm256_add_epi32(avx2._mm256_slli_epi32::<{ LOW as i32 }>(high), low);
            *sum = avx2._mm256_srai_epi32::<{ PRECISION as i32 }>(both);
        }
        // The packing clamps to bytes. Lane 0 holds the pixels 0 to 3, lane 1 the pixels 4 to 7.
        let left = avx2._mm256_packs_epi32(sums[0], sums[1]);
        let right = avx2._mm256_packs_epi32(sums[2], sums[3]);
        let bytes = avx2._mm256_packus_epi16(left, right);
        let planes = avx2._mm256_shuffle_epi8(bytes, cast(PLANES));
        let order: __m256i = cast([0_i32, 4, 1, 5, 2, 6, 3, 7]);
        let planes: [[u8; 8]; 4] = cast(avx2._mm256_permutevar8x32_epi32(planes, order));
        [*red, *green, *blue, _] = planes;
    }
}

/// From rows of the final width to the tensor.
struct SecondPass<'a> {
    simd: V3,
    down: &'a Down,
    levels: &'a [Level; 3],
    source: &'a [u8],
    taps: &'a mut [[i16; 16]],
    width: usize,
    grey: bool,
    out: &'a mut [f32],
    flip: Option<&'a mut [f32]>,
}

impl NullaryFnOnce for SecondPass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let mut last = None;
        for (y, &start) in self.down.starts.iter().enumerate() {
            // An enlarged image has several output rows over the same source rows.
            if last != Some(start) {
                self.gather(start);
                last = Some(start);
            }
            let weights = &self.down.weights[y * self.down.pairs..][..self.down.pairs];
            if let Some(weights) = weights.as_array::<2>() {
                self.row(y, weights);
            } else {
                self.row(y, weights);
            }
        }
    }
}

impl SecondPass<'_> {
    /// Lays the taps from row `start` on beside each other, in pairs of 16-bit numbers.
    #[inline(always)]
    fn gather(&mut self, start: usize) {
        let (sse2, avx2) = (self.simd.sse2, self.simd.avx2);
        let (length, pairs) = (self.width * 3, self.down.pairs);
        let last = self.source.len() / length - 1;
        for pair in 0..pairs {
            // An odd number of taps leaves one over, whose weight is 0.
            let [upper, lower] = [0, 1].map(|tap| {
                let row = (start + pair * 2 + tap).min(last);
                self.source[row * length..][..length].as_chunks::<16>().0
            });
            let targets = self.taps.chunks_exact_mut(pairs * 2);
            for ((&upper, &lower), target) in upper.iter().zip(lower).zip(targets) {
                let (upper, lower): (__m128i, __m128i) = (cast(upper), cast(lower));
                let left = sse2._mm_unpacklo_epi8(upper, lower);
                let right = sse2._mm_unpackhi_epi8(upper, lower);
                target[pair] = cast(avx2._mm256_cvtepu8_epi16(left));
                target[pairs + pair] = cast(avx2._mm256_cvtepu8_epi16(right));
            }
        }
    }

    /// Writes row `y` of every plane.
    #[inline(always)]
    fn row(&mut self, y: usize, weights: &[[i32; 2]]) {
        let (width, plane) = (self.width, self.width * self.down.starts.len());
        let eights = width / 8 * weights.len();
        let (red, rest) = self.taps.split_at(eights);
        let (green, blue) = rest.split_at(eights);
        let (simd, levels) = (self.simd, *self.levels);
        // Plain loops: a closure would be compiled without the vector instructions.
        if self.grey {
            let [r, g, b] = levels;
            let third = simd.avx._mm256_set1_ps(3.0);
            let (line, mut flip) = line(self.out, &mut self.flip, y * width, width);
            for eight in 0..width / 8 {
                let red = r.of_sums(simd, sum_of(simd, red, eight, weights));
                let green = g.of_sums(simd, sum_of(simd, green, eight, weights));
                let blue = b.of_sums(simd, sum_of(simd, blue, eight, weights));
                let sum = simd.avx._mm256_add_ps(red, green);
                let sum = simd.avx._mm256_add_ps(sum, blue);
                store(
                    simd,
                    simd.avx._mm256_div_ps(sum, third),
                    eight,
                    line,
                    &mut flip,
                );
            }
        } else {
            for (channel, taps) in [red, green, blue].into_iter().enumerate() {
                let level = levels[channel];
                let (line, mut flip) =
                    line(self.out, &mut self.flip, channel * plane + y * width, width);
                for eight in 0..width / 8 {
                    let value = level.of_sums(simd, sum_of(simd, taps, eight, weights));
                    store(simd, value, eight, line, &mut flip);
                }
            }
        }
    }
}

/// Weighs the taps of eight neighbours.
#[inline(always)]
fn sum_of(simd: V3, taps: &[[i16; 16]], eight: usize, weights: &[[i32; 2]]) -> __m256i {
    let (avx, avx2) = (simd.avx, simd.avx2);
    let mut high = avx._mm256_setzero_si256();
    let mut low = avx._mm256_set1_epi32(HALF);
    let taps = &taps[eight * weights.len()..][..weights.len()];
    for (&taps, &[high_part, low_part]) in taps.iter().zip(weights) {
        let taps: __m256i = cast(taps);
        let products = avx2._mm256_madd_epi16(taps, avx._mm256_set1_epi32(high_part));
        high = avx2._mm256_add_epi32(high, products);
        let products = avx2._mm256_madd_epi16(taps, avx._mm256_set1_epi32(low_part));
        low = avx2._mm256_add_epi32(low, products);
    }
    avx2._mm256_add_epi32(avx2._mm256_slli_epi32::<{ LOW as i32 }>(high), low)
}

/// A row of a tensor, in eights.
type Line<'a> = &'a mut [[f32; 8]];

/// Returns a row of the plain tensor, and the same of the mirrored one.
#[inline(always)]
fn line<'a>(
    out: &'a mut [f32],
    flip: &'a mut Option<&mut [f32]>,
    start: usize,
    width: usize,
) -> (Line<'a>, Option<Line<'a>>) {
    let line = out[start..][..width].as_chunks_mut().0;
    let Some(flip) = flip else {
        return (line, None);
    };
    (line, Some(flip[start..][..width].as_chunks_mut().0))
}

/// Writes eight numbers, and mirrors them.
#[inline(always)]
fn store(simd: V3, value: __m256, eight: usize, line: Line<'_>, flip: &mut Option<Line<'_>>) {
    const BACKWARDS: [i32; 8] = [7, 6, 5, 4, 3, 2, 1, 0];
    line[eight] = cast(value);
    if let Some(flip) = flip {
        let place = flip.len() - 1 - eight;
        flip[place] = cast(simd.avx2._mm256_permutevar8x32_ps(value, cast(BACKWARDS)));
    }
}

#[cfg(test)]
mod tests;
