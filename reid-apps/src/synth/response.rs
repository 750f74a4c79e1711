//! What lens and sensor make of the light: blur, exponent, white balance,
//! exposure, saturation and noise, on the reduced picture.

use super::{CameraModel, Dice, Moment, Purpose};

/// Blurs along rows (`stride` 1) or columns (`stride` = width); edges are repeated.
fn blur_axis(picture: &[[f32; 3]], width: usize, weights: &[f32], down: bool) -> Vec<[f32; 3]> {
    let height = picture.len() / width;
    let (stride, length) = if down { (width, height) } else { (1, width) };
    let reach = weights.len() / 2;
    let mut out = vec![[0.0_f32; 3]; picture.len()];
    for (index, pixel) in out.iter_mut().enumerate() {
        let place = if down { index / width } else { index % width };
        let start = index - place * stride;
        for (tap, weight) in weights.iter().enumerate() {
            let from = (place + tap).saturating_sub(reach).min(length - 1);
            for (sum, channel) in pixel.iter_mut().zip(picture[start + from * stride]) {
                *sum += channel * weight;
            }
        }
    }
    out
}

/// Weights of a Gaussian of this deviation, of odd length, with sum 1.
fn gaussian(deviation: f32) -> Vec<f32> {
    let reach: i16 = if deviation > 1.0 { 5 } else { 3 };
    let weights: Vec<f32> = (-reach..=reach)
        .map(|i| {
            let t = f32::from(i) / deviation;
            libm::expf(-0.5 * t * t)
        })
        .collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

/// A power of numbers from 0 to 1, by a table: straight lines between 1025
/// values are within a tenth of a grey level of it, except next to black.
struct Curve(Vec<f32>);

impl Curve {
    const STEPS: u16 = 1024;

    fn new(exponent: f32) -> Self {
        let step = |i: u16| f32::from(i) / f32::from(Self::STEPS);
        // One value more than the steps, so that the last interval has an end.
        let values = (0..=Self::STEPS + 1).map(|i| libm::powf(step(i), exponent));
        Self(values.collect())
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the value is clamped to the steps of the table"
    )]
    fn at(&self, value: f32) -> f32 {
        let place = value.clamp(0.0, 1.0) * f32::from(Self::STEPS);
        let cell = place as usize;
        let (low, high) = (self.0[cell], self.0[cell + 1]);
        low + (high - low) * (place - cell as f32)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the value is clamped to a byte"
)]
fn byte(value: f32) -> u8 {
    (value + 0.5).clamp(0.0, 255.0) as u8
}

/// Turns light (0 to 1, rows first) into the bytes the camera would give.
pub(super) fn expose(
    light: Vec<[f32; 3]>,
    width: usize,
    camera: &CameraModel,
    moment: &Moment,
) -> Vec<u8> {
    let elements = width as f32 / 64.0;
    let deviation = (camera.blur + moment.blur) * elements;
    let light = if deviation > 0.05 {
        let weights = gaussian(deviation);
        let light = blur_axis(&light, width, &weights, false);
        blur_axis(&light, width, &weights, true)
    } else {
        light
    };
    let curve = Curve::new(camera.gamma * moment.gamma);
    let exposure = camera.exposure * moment.exposure;
    let mut dice = Dice::new(moment.seed, Purpose::Noise, &[]);
    let mut bytes = Vec::with_capacity(light.len() * 3);
    for (index, pixel) in light.iter().enumerate() {
        let across = (index % width) as f32 / (width.max(2) - 1) as f32 * 2.0 - 1.0;
        let strength = exposure * (1.0 + moment.side_shadow * across);
        let mut seen = [0.0_f32; 3];
        for ((out, &channel), gain) in seen.iter_mut().zip(pixel).zip(camera.gain) {
            *out = curve.at(channel) * gain * strength;
        }
        let grey = (seen[0] + seen[1] + seen[2]) / 3.0;
        let mut bits = dice.bits();
        for channel in seen {
            // Four uniform numbers of 5 bits: near enough to normal for grain.
            let mut sum = -62.0_f32;
            for _ in 0..4 {
                sum += (bits & 31) as f32;
                bits >>= 5;
            }
            let grain = sum / 18.466_19 * camera.noise;
            bytes.push(byte(
                (grey + (channel - grey) * camera.saturation) * 255.0 + grain,
            ));
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blur_keeps_the_mean_of_a_flat_picture() {
        let flat = vec![[0.5_f32; 3]; 64 * 128];
        let weights = gaussian(0.8);
        for down in [false, true] {
            let out = blur_axis(&flat, 64, &weights, down);
            assert!(out.iter().all(|p| (p[0] - 0.5).abs() < 1e-5));
        }
    }

    #[test]
    fn the_curve_is_a_power() {
        let curve = Curve::new(1.2);
        for i in 0..=1000_u16 {
            let x = f32::from(i) / 1000.0;
            let wanted = libm::powf(x, 1.2);
            assert!((curve.at(x) - wanted).abs() < 4e-4, "at {x}");
        }
        assert_eq!(curve.at(2.0), 1.0);
    }

    #[test]
    fn a_blurred_point_stays_where_it_was() {
        let mut point = vec![[0.0_f32; 3]; 16 * 16];
        point[5 * 16 + 9] = [1.0; 3];
        let weights = gaussian(0.8);
        let out = blur_axis(&blur_axis(&point, 16, &weights, false), 16, &weights, true);
        let brightest = (0..out.len()).max_by(|&a, &b| out[a][0].total_cmp(&out[b][0]));
        assert_eq!(brightest, Some(5 * 16 + 9));
    }
}
