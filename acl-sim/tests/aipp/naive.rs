//! Preprocessing computed again, another way: each stage makes a whole picture, and halves are found by search.

use std::collections::HashMap;
use std::sync::LazyLock;

use half::f16;

pub(crate) const MATRIX: [[i16; 3]; 3] = [[298, 3, 409], [298, -100, -208], [290, 516, -7]];
pub(crate) const OUTPUT_BIAS: [u8; 3] = [16, 128, 120];
pub(crate) const INPUT_BIAS: [u8; 3] = [16, 128, 126];

/// What is to be done to pictures of one format and size.
#[derive(Clone)]
pub(crate) struct Naive {
    pub(crate) format: u8,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) swap_rbuv: bool,
    pub(crate) swap_ax: bool,
    pub(crate) csc: bool,
    /// Start (x, y) and size.
    pub(crate) crop: Option<[usize; 4]>,
    /// Top, bottom, left, right.
    pub(crate) sides: [usize; 4],
    pub(crate) mean: [i16; 4],
    pub(crate) min: [f32; 4],
    pub(crate) factor: [f32; 4],
    value: f32,
}

impl Naive {
    pub(crate) fn new(format: u8, width: usize, height: usize) -> Self {
        Self {
            format,
            width,
            height,
            swap_rbuv: false,
            swap_ax: false,
            csc: false,
            crop: None,
            sides: [0; 4],
            mean: [0; 4],
            min: [0.0; 4],
            factor: [1.0; 4],
            value: 7.0,
        }
    }

    pub(crate) fn swapped(self) -> Self {
        Self {
            swap_rbuv: true,
            ..self
        }
    }

    pub(crate) fn without_x(self) -> Self {
        Self {
            swap_ax: true,
            ..self
        }
    }

    pub(crate) fn converted(self) -> Self {
        Self { csc: true, ..self }
    }

    pub(crate) fn normalised(self) -> Self {
        Self {
            mean: [104, 117, 124, 9],
            min: [0.1, -3.3, 0.0, 200.0],
            factor: [1.0 / 57.0, 0.25, -0.017_124_754, 3.0],
            ..self
        }
    }

    pub(crate) fn cropped(self, x: usize, y: usize, width: usize, height: usize) -> Self {
        Self {
            crop: Some([x, y, width, height]),
            ..self
        }
    }

    pub(crate) fn padded(self, top: usize, bottom: usize, left: usize, right: usize) -> Self {
        Self {
            sides: [top, bottom, left, right],
            ..self
        }
    }

    /// As at run time, where nothing says what padding is filled with.
    pub(crate) fn unpadded_value(self) -> Self {
        Self { value: 0.0, ..self }
    }

    /// The bytes of one picture.
    pub(crate) fn size(&self) -> usize {
        let pixels = self.width * self.height;
        match self.format {
            1 => pixels + pixels / 2,
            2 => pixels * 4,
            3 => pixels * 3,
            _ => pixels,
        }
    }

    /// The converter's configuration that says the same.
    pub(crate) fn text(&self) -> String {
        let names = ["YUV420SP_U8", "XRGB8888_U8", "RGB888_U8", "YUV400_U8"];
        let mut text = format!(
            "aipp_op {{\n aipp_mode: static\n input_format: {}\n src_image_size_w: {}\n src_image_size_h: {}\n \
             rbuv_swap_switch: {}\n ax_swap_switch: {}\n csc_switch: {}\n",
            names[usize::from(self.format) - 1],
            self.width,
            self.height,
            self.swap_rbuv,
            self.swap_ax,
            self.csc
        );
        if self.csc {
            for (r, row) in MATRIX.iter().enumerate() {
                for (c, cell) in row.iter().enumerate() {
                    text += &format!(" matrix_r{r}c{c}: {cell}\n");
                }
                text += &format!(" output_bias_{r}: {}\n", OUTPUT_BIAS[r]);
                text += &format!(" input_bias_{r}: {}\n", INPUT_BIAS[r]);
            }
        }
        if let Some([x, y, w, h]) = self.crop {
            text += &format!(
                " crop: true\n load_start_pos_w: {x}\n load_start_pos_h: {y}\n crop_size_w: {w}\n crop_size_h: {h}\n"
            );
        }
        if self.sides != [0; 4] {
            let [top, bottom, left, right] = self.sides;
            text += &format!(
                " padding: true\n top_padding_size: {top}\n bottom_padding_size: {bottom}\n \
                 left_padding_size: {left}\n right_padding_size: {right}\n padding_value: {}\n",
                self.value
            );
        }
        for i in 0..4 {
            text += &format!(
                " mean_chn_{i}: {}\n min_chn_{i}: {}\n var_reci_chn_{i}: {}\n",
                self.mean[i], self.min[i], self.factor[i]
            );
        }
        text + "}\n"
    }

    /// Makes the first `channels` planes of a picture.
    pub(crate) fn planes(&self, picture: &[u8], channels: usize) -> Vec<f32> {
        let (mut w, mut h) = (self.width, self.height);
        let mut planes = self.split(picture);
        if let Some([x, y, width, height]) = self.crop {
            for plane in &mut planes {
                let rows = (y..y + height).map(|row| &plane[row * w + x..][..width]);
                *plane = rows.collect::<Vec<_>>().concat();
            }
            (w, h) = (width, height);
        }
        if self.csc {
            planes = self.convert(&planes);
        }
        let mut out = Vec::new();
        let mut halves = HashMap::new();
        for (channel, plane) in planes.iter().take(channels).enumerate() {
            let [min, factor] = [self.min, self.factor].map(|v| nearest(v[channel].into()));
            let mut normal = |v: i64| {
                let difference = v - i64::from(self.mean[channel]);
                #[allow(clippy::cast_precision_loss)] // three digits
                let exact = (difference as f64 - min) * factor;
                let found = halves.entry(exact.to_bits());
                *found.or_insert_with(|| narrow(nearest(exact)))
            };
            let [top, bottom, left, right] = self.sides;
            let fill = |n: usize| vec![self.value; n];
            out.extend(fill(top * (left + w + right)));
            for row in 0..h {
                out.extend(fill(left));
                out.extend(plane[row * w..][..w].iter().map(|v| normal(*v)));
                out.extend(fill(right));
            }
            out.extend(fill(bottom * (left + w + right)));
        }
        out
    }

    fn split(&self, picture: &[u8]) -> Vec<Vec<i64>> {
        let pixels = self.width * self.height;
        let every = |step: usize, from: usize| -> Vec<i64> {
            let bytes = picture[from..].iter().step_by(step);
            bytes.take(pixels).map(|b| i64::from(*b)).collect()
        };
        let mut planes: Vec<Vec<i64>> = match self.format {
            1 => {
                let (luma, chroma) = picture.split_at(pixels);
                let at = |offset: usize| {
                    let mut plane = vec![0; pixels];
                    for (i, value) in plane.iter_mut().enumerate() {
                        let (x, y) = (i % self.width, i / self.width);
                        let block = (y / 2) * (self.width / 2) + x / 2;
                        *value = i64::from(chroma[2 * block + offset]);
                    }
                    plane
                };
                vec![luma.iter().map(|b| i64::from(*b)).collect(), at(0), at(1)]
            }
            2 => (0..4).map(|from| every(4, from)).collect(),
            3 => (0..3).map(|from| every(3, from)).collect(),
            _ => vec![every(1, 0)],
        };
        if self.swap_rbuv {
            match self.format {
                1 => planes.swap(1, 2),
                2 => planes.swap(1, 3),
                3 => planes.swap(0, 2),
                _ => {}
            }
        }
        if self.swap_ax && self.format == 2 {
            let x = planes.remove(0);
            planes.push(x);
        }
        planes
    }

    fn convert(&self, planes: &[Vec<i64>]) -> Vec<Vec<i64>> {
        let yuv = self.format == 1;
        (0..3)
            .map(|row| {
                (0..planes[0].len())
                    .map(|i| {
                        let mut sum = 0;
                        for c in 0..3 {
                            let bias = if yuv { i64::from(INPUT_BIAS[c]) } else { 0 };
                            sum += i64::from(MATRIX[row][c]) * (planes[c][i] - bias);
                        }
                        let bias = if yuv { 0 } else { i64::from(OUTPUT_BIAS[row]) };
                        (sum.div_euclid(256) + bias).clamp(0, 255)
                    })
                    .collect()
            })
            .collect()
    }
}

#[allow(clippy::cast_possible_truncation)] // a half fits
fn narrow(half: f64) -> f32 {
    half as f32
}

/// Finds the half nearest to a number, the even one of two: tries all.
fn nearest(value: f64) -> f64 {
    static ALL: LazyLock<Vec<(f64, u16)>> = LazyLock::new(|| {
        let halves = (0..=u16::MAX).map(f16::from_bits);
        let finite = halves.filter(|half| half.is_finite());
        finite
            .map(|half| (half.to_f64(), half.to_bits() & 1))
            .collect()
    });
    let mut best = (f64::INFINITY, 0, 0.0);
    for (half, odd) in &*ALL {
        let distance = (half - value).abs();
        if distance < best.0 || (distance - best.0 == 0.0 && *odd < best.1) {
            best = (distance, *odd, *half);
        }
    }
    best.2
}

/// Bytes without a pattern.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    let mut state = 12345u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..count).map(next).collect()
}
