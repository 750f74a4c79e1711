//! Pillow's bicubic resize on bytes.
//!
//! Not any bicubic: the kernel (a = -0.5), its widening when the image shrinks, the weights'
//! rounding to 22 bits, the bytes between the two passes and the order of the passes (width first)
//! each change bits. Other libraries differ by up to 10 grey levels.
//!
//! **Source**: Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP
//! 29(6), 1981, equation 4 with a = -0.5; the fixed-point form as Pillow's results show it.

use std::collections::HashMap;

use super::RgbImage;

/// Bits behind the binary point of a weight.
pub(super) const PRECISION: u32 = 22;
pub(super) const HALF: i32 = 1 << (PRECISION - 1);
/// Axes to remember. A data set has one or two sizes; a folder of snapshots may have thousands.
pub(super) const REMEMBERED: usize = 64;

/// Resizes RGB images, and keeps weights and scratch memory between them.
///
/// One a thread.
#[derive(Debug, Default)]
pub struct Resizer {
    axes: HashMap<(usize, usize), Axis>,
    /// The rows after the first pass, `[input height, output width, 3]`.
    between: Vec<u8>,
    /// Sums of one row, when a pixel has more than four taps.
    sums: Vec<i32>,
}

/// The weights that bring one side from one length to another.
#[derive(Debug)]
pub(super) struct Axis {
    /// First tap of each output place.
    pub(super) starts: Vec<usize>,
    /// Taps per output place. Where an edge leaves fewer, zeros follow; `starts` leaves room.
    pub(super) taps: usize,
    /// `[output places, taps]`.
    pub(super) weights: Vec<i32>,
}

impl Resizer {
    /// Makes a resizer without any memory yet.
    #[must_use]
    pub fn new() -> Resizer {
        Resizer::default()
    }

    /// Resizes `image` to `width` x `height` into `out`, whose memory is reused. The aspect ratio
    /// is not kept. A pass whose side keeps its length is skipped.
    ///
    /// # Panics
    ///
    /// When a side of the input or of the output is 0.
    pub fn resize(&mut self, image: &RgbImage, width: usize, height: usize, out: &mut RgbImage) {
        let (from_width, from_height) = (image.width(), image.height());
        assert!(
            from_width * from_height * width * height > 0,
            "cannot resize {from_width} x {from_height} to {width} x {height}"
        );
        let target = out.reshape(width, height);
        let source = image.bytes();
        if self.axes.len() > REMEMBERED {
            self.axes.clear();
        }
        let (wide, tall) = (from_width != width, from_height != height);
        for (from, to) in [(from_width, width), (from_height, height)] {
            self.axes
                .entry((from, to))
                .or_insert_with(|| Axis::new(from, to));
        }
        let (across, down) = (
            &self.axes[&(from_width, width)],
            &self.axes[&(from_height, height)],
        );
        match (wide, tall) {
            (false, false) => target.copy_from_slice(source),
            (true, false) => across.horizontal(source, from_width, target),
            (false, true) => down.vertical(source, width * 3, &mut self.sums, target),
            (true, true) => {
                self.between.resize(from_height * width * 3, 0);
                across.horizontal(source, from_width, &mut self.between);
                down.vertical(&self.between, width * 3, &mut self.sums, target);
            }
        }
    }
}

impl Axis {
    // Lengths are below 2^31 and so are exact in float64; `as` then truncates towards zero and
    // stops at 0, as the recipe wants.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss
    )]
    pub(super) fn new(from: usize, to: usize) -> Axis {
        let scale = from as f64 / to as f64;
        let widening = scale.max(1.0);
        let support = 2.0 * widening;
        let narrowing = 1.0 / widening;
        let mut places = Vec::with_capacity(to);
        for place in 0..to {
            let centre = (place as f64 + 0.5) * scale;
            let first = (centre - support + 0.5) as usize;
            let end = ((centre + support + 0.5) as usize).min(from);
            let mut weights: Vec<f64> = (first..end)
                .map(|tap| kernel((tap as f64 - centre + 0.5) * narrowing))
                .collect();
            let mut sum = 0.0;
            for weight in &weights {
                sum += weight;
            }
            if sum != 0.0 {
                weights.iter_mut().for_each(|weight| *weight /= sum);
            }
            places.push((first, weights));
        }
        let taps = places
            .iter()
            .map(|(_, weights)| weights.len())
            .max()
            .unwrap_or(0);
        let mut axis = Axis {
            starts: Vec::new(),
            taps,
            weights: vec![0; to * taps],
        };
        for ((first, weights), row) in places.iter().zip(axis.weights.chunks_exact_mut(taps)) {
            // At the far edge the window moves back, so that every place reads `taps` inputs.
            let start = (*first).min(from - taps);
            axis.starts.push(start);
            for (fixed, weight) in row[first - start..].iter_mut().zip(weights) {
                // Half away from zero.
                *fixed = (weight * f64::from(1 << PRECISION)).round() as i32;
            }
        }
        axis
    }

    /// Resizes every row of `from_width` pixels in `source` to the rows of `target`.
    fn horizontal(&self, source: &[u8], from_width: usize, target: &mut [u8]) {
        let rows = source.chunks_exact(from_width * 3);
        let lines = target.chunks_exact_mut(self.starts.len() * 3);
        for (row, line) in rows.zip(lines) {
            match self.taps {
                4 => self.row_of::<4>(row, line),
                5 => self.row_of::<5>(row, line),
                taps => {
                    let weights = self.weights.chunks_exact(taps);
                    for ((pixel, &start), weights) in
                        line.chunks_exact_mut(3).zip(&self.starts).zip(weights)
                    {
                        weigh(pixel, weights, &row[start * 3..][..taps * 3]);
                    }
                }
            }
        }
    }

    /// [`Axis::horizontal`] for one row when the number of taps is known to the compiler.
    fn row_of<const TAPS: usize>(&self, row: &[u8], line: &mut [u8]) {
        let (weights, _) = self.weights.as_chunks::<TAPS>();
        let (pixels, _) = line.as_chunks_mut::<3>();
        for ((pixel, &start), weights) in pixels.iter_mut().zip(&self.starts).zip(weights) {
            weigh(pixel, weights, &row[start * 3..][..TAPS * 3]);
        }
    }

    /// Makes the rows of `target` out of the rows of `source`, `length` bytes each.
    fn vertical(&self, source: &[u8], length: usize, sums: &mut Vec<i32>, target: &mut [u8]) {
        let weights = self.weights.chunks_exact(self.taps);
        for ((line, &start), weights) in target
            .chunks_exact_mut(length)
            .zip(&self.starts)
            .zip(weights)
        {
            let rows = &source[start * length..][..self.taps * length];
            if let &[w0, w1, w2, w3] = weights {
                // Enlarging: one loop over four rows, which the compiler turns into vectors.
                let (r0, rest) = rows.split_at(length);
                let (r1, rest) = rest.split_at(length);
                let (r2, r3) = rest.split_at(length);
                for ((((byte, &a), &b), &c), &d) in line.iter_mut().zip(r0).zip(r1).zip(r2).zip(r3)
                {
                    let sum = w0 * i32::from(a)
                        + w1 * i32::from(b)
                        + w2 * i32::from(c)
                        + w3 * i32::from(d);
                    *byte = to_byte(HALF + sum);
                }
            } else {
                sums.clear();
                sums.resize(length, HALF);
                for (row, &weight) in rows.chunks_exact(length).zip(weights) {
                    for (sum, &byte) in sums.iter_mut().zip(row) {
                        *sum += weight * i32::from(byte);
                    }
                }
                for (byte, &sum) in line.iter_mut().zip(sums.iter()) {
                    *byte = to_byte(sum);
                }
            }
        }
    }
}

/// Weighs neighbouring pixels of a row.
#[inline(always)]
fn weigh(pixel: &mut [u8], weights: &[i32], taps: &[u8]) {
    let mut sums = [HALF; 3];
    let (taps, _) = taps.as_chunks::<3>();
    for (&weight, tap) in weights.iter().zip(taps) {
        for (sum, &byte) in sums.iter_mut().zip(tap) {
            *sum += weight * i32::from(byte);
        }
    }
    for (byte, sum) in pixel.iter_mut().zip(sums) {
        *byte = to_byte(sum);
    }
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped to a byte; `as` keeps the loop a vector one
fn to_byte(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

/// Keys' kernel with a = -0.5, in the order of operations that gives the reference's bits.
fn kernel(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn noise(width: usize, height: usize) -> RgbImage {
        let mut state = 1_u32;
        let bytes = (0..width * height * 3).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        RgbImage::from_bytes(width, height, bytes.collect()).unwrap()
    }

    /// The recipe written down once more, slowly: every pixel from the definition.
    fn slowly(source: &[f64], step: usize, from: usize, to: usize) -> Vec<f64> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        (0..to)
            .map(|o| {
                let s = from as f64 / to as f64;
                let fs = s.max(1.0);
                let c = (o as f64 + 0.5) * s;
                let first = (c - 2.0 * fs + 0.5).trunc().max(0.0) as i64;
                let end = ((c + 2.0 * fs + 0.5).trunc() as i64).min(from as i64);
                let w: Vec<f64> = (first..end)
                    .map(|i| kernel((i as f64 - c + 0.5) * (1.0 / fs)))
                    .collect();
                let total: f64 = w.iter().sum();
                let sum: i64 = (first..end)
                    .zip(&w)
                    .map(|(i, w)| {
                        (w / total * 4_194_304.0).round() as i64
                            * source[usize::try_from(i).unwrap() * step] as i64
                    })
                    .sum();
                ((2_097_152 + sum) >> 22).clamp(0, 255) as f64
            })
            .collect()
    }

    fn slow_resize(image: &RgbImage, width: usize, height: usize) -> Vec<u8> {
        let bytes: Vec<f64> = image.bytes().iter().map(|&b| f64::from(b)).collect();
        let (w, h) = (image.width(), image.height());
        let mut between = vec![0.0; h * width * 3];
        for y in 0..h {
            for c in 0..3 {
                for (x, v) in slowly(&bytes[y * w * 3 + c..], 3, w, width)
                    .into_iter()
                    .enumerate()
                {
                    between[(y * width + x) * 3 + c] = v;
                }
            }
        }
        let mut out = vec![0; height * width * 3];
        for column in 0..width * 3 {
            for (y, v) in slowly(&between[column..], width * 3, h, height)
                .into_iter()
                .enumerate()
            {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                {
                    out[y * width * 3 + column] = v as u8;
                }
            }
        }
        out
    }

    #[test]
    fn every_pair_of_small_sizes_gives_the_pixels_of_the_written_recipe() {
        let mut resizer = Resizer::new();
        let mut out = RgbImage::new();
        let sizes = [
            (1, 1),
            (1, 5),
            (2, 3),
            (3, 2),
            (5, 7),
            (8, 4),
            (13, 29),
            (31, 16),
        ];
        for (w, h) in sizes {
            let image = noise(w, h);
            for (width, height) in sizes {
                resizer.resize(&image, width, height, &mut out);
                assert_eq!((out.width(), out.height()), (width, height));
                assert!(
                    out.bytes() == slow_resize(&image, width, height),
                    "{w} x {h} to {width} x {height}"
                );
            }
        }
    }

    #[test]
    fn a_plain_colour_stays_that_colour_at_every_size() {
        let mut resizer = Resizer::new();
        let mut out = RgbImage::new();
        for level in [0, 1, 127, 254, 255] {
            for (w, h) in [(1, 1), (64, 128), (211, 503), (1000, 3)] {
                let image = RgbImage::from_bytes(w, h, vec![level; w * h * 3]).unwrap();
                resizer.resize(&image, 128, 384, &mut out);
                assert!(
                    out.bytes().iter().all(|&b| b == level),
                    "{level} at {w} x {h}"
                );
            }
        }
    }

    #[test]
    fn the_same_size_is_a_copy() {
        let (image, mut out) = (noise(9, 4), RgbImage::new());
        Resizer::new().resize(&image, 9, 4, &mut out);
        assert_eq!(out, image);
    }

    #[test]
    fn many_sizes_do_not_pile_up() {
        let (mut resizer, mut out) = (Resizer::new(), RgbImage::new());
        for width in 1..300 {
            resizer.resize(&noise(width, 2), 4, 4, &mut out);
        }
        assert!(resizer.axes.len() <= REMEMBERED + 2);
    }
}
