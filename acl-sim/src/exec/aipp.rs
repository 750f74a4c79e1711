//! The arithmetic of AIPP, the chip's image preprocessing: one picture of bytes becomes the planes that a network takes.
//!
//! The chip does it between memory and the first operator, in a fixed order: channel swaps, crop, colour conversion,
//! mean, minimum and factor, padding. All steps but the one before the last are integer; that one gives a half float.
//!
//! **Source**: the vendor's documents of AIPP give formulas and order. Where they are silent, this module chooses:
//!
//! - colour conversion shifts right arithmetically (towards minus infinity), then clamps to 0..=255;
//! - chroma of a semi-planar picture is repeated 2x2, not interpolated;
//! - both swaps of a four-channel picture are by position: the swap of red and blue takes bytes 1 and 3, then the swap
//!   of the first byte moves it to the end; colour conversion takes the channels 0 to 2 after that;
//! - `(value - mean - min) * factor` is rounded once, to the nearest half, ties to even; what is too large becomes the
//!   largest half, as in the chip's saturating mode.

use half::f16;

/// Channels that the parameters know.
pub(crate) const CHANNELS: usize = 4;
/// Widest and highest picture.
pub(crate) const LARGEST: usize = 4096;
/// Most pixels of padding on one side.
pub(crate) const MOST_PADDING: usize = 32;

/// How a picture lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pixels {
    /// A plane of Y, then one of U and V by turns at half width and height (NV12).
    Yuv420sp,
    /// X, R, G, B.
    Xrgb8888,
    /// R, G, B.
    Rgb888,
    /// Y only.
    Yuv400,
}

impl Pixels {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Yuv420sp, "YUV420SP_U8"),
        (Self::Xrgb8888, "XRGB8888_U8"),
        (Self::Rgb888, "RGB888_U8"),
        (Self::Yuv400, "YUV400_U8"),
    ];

    /// Returns the format of a number as files, the API and the chip's structures have it: 1 to 4.
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        Self::ALL.get(index).map(|(pixels, _)| *pixels)
    }

    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Yuv420sp => 1,
            Self::Xrgb8888 => 2,
            Self::Rgb888 => 3,
            Self::Yuv400 => 4,
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(pixels, _)| *pixels)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL[usize::from(self.number()) - 1].1
    }

    /// The channels of a pixel once it is read.
    pub(crate) fn channels(self) -> usize {
        match self {
            Self::Yuv420sp | Self::Rgb888 => 3,
            Self::Xrgb8888 => 4,
            Self::Yuv400 => 1,
        }
    }

    /// The last dim of an input that takes this format: NV12 counts as one channel of more rows.
    pub(crate) fn stored_channels(self) -> usize {
        if self == Self::Yuv420sp {
            1
        } else {
            self.channels()
        }
    }

    /// The rows of bytes of a picture of `height` rows.
    pub(crate) fn stored_rows(self, height: usize) -> usize {
        if self == Self::Yuv420sp {
            height.saturating_mul(3) / 2
        } else {
            height
        }
    }

    /// The bytes of a picture.
    pub(crate) fn bytes(self, width: usize, height: usize) -> usize {
        self.stored_rows(height)
            .saturating_mul(width)
            .saturating_mul(self.stored_channels())
    }
}

/// A colour conversion, scaled by 256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Csc {
    pub(crate) matrix: [[i16; 3]; 3],
    /// Added after the conversion of RGB.
    pub(crate) output_bias: [u8; 3],
    /// Subtracted before the conversion of YUV.
    pub(crate) input_bias: [u8; 3],
}

/// What holds for all pictures of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) pixels: Pixels,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) swap_rbuv: bool,
    pub(crate) swap_ax: bool,
    pub(crate) csc: Option<Csc>,
}

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crop {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// Pixels around a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Padding {
    pub(crate) top: usize,
    pub(crate) bottom: usize,
    pub(crate) left: usize,
    pub(crate) right: usize,
}

/// What may differ from picture to picture of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) crop: Option<Crop>,
    pub(crate) padding: Padding,
    pub(crate) mean: [i16; CHANNELS],
    pub(crate) min: [f16; CHANNELS],
    pub(crate) factor: [f16; CHANNELS],
}

/// What the network takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Channels lie beside each other, not plane after plane.
    pub(crate) interleaved: bool,
}

impl Target {
    /// The values of one picture.
    pub(crate) fn len(self) -> usize {
        self.channels * self.height * self.width
    }
}

impl Source {
    /// The bytes of a picture.
    pub(crate) fn bytes(&self) -> usize {
        self.pixels.bytes(self.width, self.height)
    }

    /// Says what is wrong with it.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (w, h) = (self.width, self.height);
        let sizes = 1..=LARGEST;
        if !sizes.contains(&w) || !sizes.contains(&h) {
            return Err(format!(
                "the source picture is {w} x {h}, wanted 1 to {LARGEST} each way"
            ));
        }
        if self.pixels == Pixels::Yuv420sp && !(w.is_multiple_of(2) && h.is_multiple_of(2)) {
            return Err(format!(
                "the source picture is {w} x {h}, wanted even numbers for YUV420SP_U8"
            ));
        }
        if self.pixels == Pixels::Yuv400 && self.csc.is_some() {
            return Err("colour conversion of YUV400_U8, which has no colours".to_owned());
        }
        Ok(())
    }

    fn channels(&self) -> usize {
        if self.csc.is_some() {
            3
        } else {
            self.pixels.channels()
        }
    }

    /// One pixel, swapped and converted.
    fn pixel(&self, bytes: &[u8], x: usize, y: usize) -> [u8; CHANNELS] {
        let at = y * self.width + x;
        let mut pixel = match self.pixels {
            Pixels::Yuv420sp => {
                let chroma = self.width * self.height + y / 2 * self.width + x / 2 * 2;
                let (u, v) = (bytes[chroma], bytes[chroma + 1]);
                let (u, v) = if self.swap_rbuv { (v, u) } else { (u, v) };
                [bytes[at], u, v, 0]
            }
            Pixels::Xrgb8888 => {
                let mut pixel = [
                    bytes[at * 4],
                    bytes[at * 4 + 1],
                    bytes[at * 4 + 2],
                    bytes[at * 4 + 3],
                ];
                if self.swap_rbuv {
                    pixel.swap(1, 3);
                }
                if self.swap_ax {
                    pixel.rotate_left(1);
                }
                pixel
            }
            Pixels::Rgb888 => {
                let mut pixel = [bytes[at * 3], bytes[at * 3 + 1], bytes[at * 3 + 2], 0];
                if self.swap_rbuv {
                    pixel.swap(0, 2);
                }
                pixel
            }
            Pixels::Yuv400 => [bytes[at], 0, 0, 0],
        };
        if let Some(csc) = &self.csc {
            let converted = csc.convert(self.pixels, [pixel[0], pixel[1], pixel[2]]);
            pixel[..3].copy_from_slice(&converted);
        }
        pixel
    }
}

impl Csc {
    fn convert(&self, from: Pixels, pixel: [u8; 3]) -> [u8; 3] {
        let yuv = from == Pixels::Yuv420sp;
        let bias = |bias: &[u8; 3], used: bool, i: usize| i32::from(bias[i]) * i32::from(used);
        std::array::from_fn(|row| {
            let sum: i32 = (0..3)
                .map(|i| {
                    let value = i32::from(pixel[i]) - bias(&self.input_bias, yuv, i);
                    i32::from(self.matrix[row][i]) * value
                })
                .sum();
            let value = (sum >> 8) + bias(&self.output_bias, !yuv, row);
            u8::try_from(value.clamp(0, 255)).expect("clamped to a byte")
        })
    }
}

impl Item {
    /// The part that is read.
    fn window(&self, source: &Source) -> Crop {
        self.crop.unwrap_or(Crop {
            x: 0,
            y: 0,
            width: source.width,
            height: source.height,
        })
    }

    /// Says what does not fit the source.
    pub(crate) fn check(&self, source: &Source) -> Result<(), String> {
        let crop = self.window(source);
        if crop.width == 0 || crop.height == 0 {
            return Err("the cropped part has no pixels".to_owned());
        }
        if crop.x.saturating_add(crop.width) > source.width
            || crop.y.saturating_add(crop.height) > source.height
        {
            return Err(format!(
                "the cropped part of {} x {} at {},{} leaves the source picture of {} x {}",
                crop.width, crop.height, crop.x, crop.y, source.width, source.height
            ));
        }
        if source.pixels == Pixels::Yuv420sp
            && !(crop.x.is_multiple_of(2) && crop.y.is_multiple_of(2))
        {
            return Err(format!(
                "the cropped part begins at {},{}, wanted even numbers for YUV420SP_U8",
                crop.x, crop.y
            ));
        }
        let p = &self.padding;
        if let Some(side) = [p.top, p.bottom, p.left, p.right]
            .into_iter()
            .find(|side| *side > MOST_PADDING)
        {
            return Err(format!(
                "padding of {side} pixels, wanted at most {MOST_PADDING}"
            ));
        }
        Ok(())
    }

    /// Width and height of what comes out.
    pub(crate) fn size(&self, source: &Source) -> (usize, usize) {
        let crop = self.window(source);
        (
            crop.width
                .saturating_add(self.padding.left + self.padding.right),
            crop.height
                .saturating_add(self.padding.top + self.padding.bottom),
        )
    }

    /// The half float that a byte of channel `channel` becomes.
    pub(crate) fn normal(&self, channel: usize, byte: u8) -> f16 {
        // Exact: the difference has at most 41 significant bits and the factor 11.
        let difference =
            f64::from(i32::from(byte) - i32::from(self.mean[channel])) - self.min[channel].to_f64();
        nearest_half(difference * self.factor[channel].to_f64())
    }
}

/// Says what does not fit between a source and a target, once [`Source::check`] and [`Item::check`] are content.
pub(crate) fn check_fit(source: &Source, item: &Item, target: Target) -> Result<(), String> {
    let (width, height) = item.size(source);
    if (width, height) != (target.width, target.height) {
        return Err(format!(
            "it makes a picture of {width} x {height}, wanted the model's {} x {} (width x height)",
            target.width, target.height
        ));
    }
    if source.channels() < target.channels {
        return Err(format!(
            "it makes {} channels of {}, wanted the model's {}",
            source.channels(),
            source.pixels.name(),
            target.channels
        ));
    }
    Ok(())
}

/// Rounds to the nearest half, ties to even; what is too large becomes the largest half.
#[allow(clippy::cast_possible_truncation)] // rounding is the purpose
pub(crate) fn nearest_half(value: f64) -> f16 {
    // Rounding to 32 bits and then to 16 would round some values twice. An intermediate value that is rounded to odd
    // keeps, in its last bit, that something was cut off.
    let mut single = value as f32;
    if f64::from(single).abs() > value.abs() {
        single = f32::from_bits(single.to_bits() - 1);
    }
    if f64::from(single) != value && !value.is_nan() {
        single = f32::from_bits(single.to_bits() | 1);
    }
    let half = f16::from_f32(single);
    if half.is_infinite() {
        f16::MAX.copysign(half)
    } else {
        half
    }
}

/// Makes one picture.
///
/// `tables` say, for each channel of the target, what each byte becomes. All must have been checked.
pub(crate) fn picture<T: Copy>(
    (source, item, target): (&Source, &Item, Target),
    bytes: &[u8],
    tables: &[[T; 256]],
    pad: T,
    out: &mut [T],
) {
    let crop = item.window(source);
    let Padding { left, top, .. } = item.padding;
    out.fill(pad);
    let plane = target.width * target.height;
    for y in 0..crop.height {
        for x in 0..crop.width {
            let pixel = source.pixel(bytes, crop.x + x, crop.y + y);
            let at = (top + y) * target.width + left + x;
            for (channel, table) in tables.iter().enumerate() {
                let place = if target.interleaved {
                    at * target.channels + channel
                } else {
                    channel * plane + at
                };
                out[place] = table[usize::from(pixel[channel])];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn source(pixels: Pixels, width: usize, height: usize) -> Source {
        Source {
            pixels,
            width,
            height,
            swap_rbuv: false,
            swap_ax: false,
            csc: None,
        }
    }

    fn item() -> Item {
        Item {
            crop: None,
            padding: Padding::default(),
            mean: [0; 4],
            min: [f16::ZERO; 4],
            factor: [f16::ONE; 4],
        }
    }

    fn target(channels: usize, width: usize, height: usize) -> Target {
        Target {
            channels,
            height,
            width,
            interleaved: false,
        }
    }

    fn bytes_of(source: &Source, item: &Item, target: Target, bytes: &[u8]) -> Vec<u8> {
        source.check().unwrap();
        item.check(source).unwrap();
        check_fit(source, item, target).unwrap();
        let table: [u8; 256] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let mut out = vec![0; target.len()];
        let all = (source, item, target);
        picture(all, bytes, &vec![table; target.channels], 77, &mut out);
        out
    }

    #[test]
    fn red_green_and_blue_become_planes_or_stay_beside_each_other() {
        let rgb = source(Pixels::Rgb888, 2, 1);
        let planes = bytes_of(&rgb, &item(), target(3, 2, 1), &[1, 2, 3, 4, 5, 6]);
        assert_eq!(planes, [1, 4, 2, 5, 3, 6]);
        let beside = Target {
            interleaved: true,
            ..target(3, 2, 1)
        };
        assert_eq!(
            bytes_of(&rgb, &item(), beside, &[1, 2, 3, 4, 5, 6]),
            [1, 2, 3, 4, 5, 6]
        );
    }

    #[test]
    fn swaps_move_channels() {
        let mut rgb = source(Pixels::Rgb888, 1, 1);
        rgb.swap_rbuv = true;
        assert_eq!(
            bytes_of(&rgb, &item(), target(3, 1, 1), &[1, 2, 3]),
            [3, 2, 1]
        );
        let mut xrgb = source(Pixels::Xrgb8888, 1, 1);
        let of = |s: &Source| bytes_of(s, &item(), target(4, 1, 1), &[9, 1, 2, 3]);
        assert_eq!(of(&xrgb), [9, 1, 2, 3]);
        xrgb.swap_ax = true;
        assert_eq!(of(&xrgb), [1, 2, 3, 9]);
        xrgb.swap_rbuv = true;
        assert_eq!(of(&xrgb), [3, 2, 1, 9]);
        xrgb.swap_ax = false;
        assert_eq!(of(&xrgb), [9, 3, 2, 1]);
        let mut nv12 = source(Pixels::Yuv420sp, 2, 2);
        let bytes = [1, 2, 3, 4, 50, 60];
        let of = |s: &Source| bytes_of(s, &item(), target(3, 2, 2), &bytes);
        assert_eq!(of(&nv12), [1, 2, 3, 4, 50, 50, 50, 50, 60, 60, 60, 60]);
        nv12.swap_rbuv = true;
        assert_eq!(of(&nv12)[4..], [60, 60, 60, 60, 50, 50, 50, 50]);
    }

    #[test]
    fn a_crop_of_nv12_takes_the_chroma_that_belongs_to_it() {
        // 4 x 4, and chroma blocks (10,11) (20,21) / (30,31) (40,41).
        let luma: Vec<u8> = (0..16).collect();
        let bytes = [&luma[..], &[10, 11, 20, 21, 30, 31, 40, 41]].concat();
        let cropped = Item {
            crop: Some(Crop {
                x: 2,
                y: 2,
                width: 2,
                height: 1,
            }),
            ..item()
        };
        let nv12 = source(Pixels::Yuv420sp, 4, 4);
        assert_eq!(
            bytes_of(&nv12, &cropped, target(3, 2, 1), &bytes),
            [10, 11, 40, 40, 41, 41]
        );
    }

    #[test]
    fn colours_are_converted_by_hand_computed_values() {
        // Wide range of BT.601. Y 100, U 128, V 228: r = (25600 + 359*100) >> 8 = 240,
        // g = (25600 - 183*100) >> 8 = 7300 >> 8 = 28, b = 100.
        let csc = Csc {
            matrix: [[256, 0, 359], [256, -88, -183], [256, 454, 0]],
            output_bias: [16; 3],
            input_bias: [0, 128, 128],
        };
        let convert = |pixel| csc.convert(Pixels::Yuv420sp, pixel);
        assert_eq!(convert([100, 128, 228]), [240, 28, 100]);
        // g = (-88*127 - 183*127) >> 8 is below 0; b = 454*127 >> 8 = 225; r = 359*127 >> 8 = 178.
        assert_eq!(convert([0, 255, 255]), [178, 0, 225]);
        assert_eq!(convert([255, 255, 255]), [255, 120, 255]);
        // Back: v = (128*250 - 107*10 - 21*20) >> 8 = 30510 >> 8 = 119, + 128.
        // u = (-43*250 - 85*10 + 128*20) >> 8 = -9040 >> 8 = -36 (floor of -35.3), + 128.
        let back = Csc {
            matrix: [[77, 150, 29], [-43, -85, 128], [128, -107, -21]],
            output_bias: [0, 128, 128],
            input_bias: [9; 3],
        };
        // y = (77*250 + 150*10 + 29*20) >> 8 = 21330 >> 8 = 83.
        assert_eq!(back.convert(Pixels::Rgb888, [250, 10, 20]), [83, 92, 247]);
    }

    #[test]
    fn padding_surrounds_the_picture_and_is_not_normalised() {
        let padded = Item {
            padding: Padding {
                top: 1,
                bottom: 0,
                left: 1,
                right: 2,
            },
            ..item()
        };
        let grey = source(Pixels::Yuv400, 1, 1);
        assert_eq!(
            bytes_of(&grey, &padded, target(1, 4, 2), &[5]),
            [77, 77, 77, 77, 77, 5, 77, 77]
        );
    }

    #[test]
    fn normalised_values_are_rounded_once_to_the_nearest_half() {
        let of = |mean, min: f32, factor: f32, byte| {
            let item = Item {
                mean: [mean; 4],
                min: [f16::from_f32(min); 4],
                factor: [f16::from_f32(factor); 4],
                ..item()
            };
            item.normal(0, byte).to_f32()
        };
        assert!((of(10, 0.0, 0.5, 50) - 20.0).abs() < f32::EPSILON);
        assert!((of(124, 0.5, 1.0, 0) + 124.5).abs() < f32::EPSILON);
        // 1/255 as a half is 0.003921509 (1028 / 2^18); 255 of them are 262140 / 2^18 = 0.99998474, and the nearest
        // half to that is 1 (the one below is 0.99951).
        assert!((of(0, 0.0, 1.0 / 255.0, 255) - 1.0).abs() < f32::EPSILON);
        // 7 of them are 7196 / 2^18; halves there lie 2^-16 = 4 / 2^18 apart, and 7196 is one of them.
        assert!((of(0, 0.0, 1.0 / 255.0, 7) - 7196.0 / 262_144.0).abs() < 1e-9);
        // Largest half instead of infinity.
        assert!((of(0, 0.0, 65504.0, 255) - 65504.0).abs() < 0.1);
        assert!((of(255, 0.0, 65504.0, 0) + 65504.0).abs() < 0.1);
    }

    #[test]
    fn a_half_is_not_rounded_twice() {
        // Just above the middle between 1 and the next half; through 32 bits it would be a tie, and go down.
        let middle = 1.0 + f64::powi(2.0, -11);
        let above = middle + f64::powi(2.0, -40);
        assert_eq!(nearest_half(middle), f16::ONE);
        assert_eq!(nearest_half(above).to_bits(), f16::ONE.to_bits() + 1);
        assert_eq!(nearest_half(-above).to_bits(), (-f16::ONE).to_bits() + 1);
        assert_eq!(nearest_half(middle - f64::powi(2.0, -40)), f16::ONE);
        // Below the smallest half's half: zero; above: the smallest.
        assert_eq!(nearest_half(f64::powi(2.0, -25)), f16::ZERO);
        assert_eq!(nearest_half(f64::powi(2.0, -25) * 1.01).to_bits(), 1);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let rgb = source(Pixels::Rgb888, 4, 4);
        let cropped = |x, y, width, height| Item {
            crop: Some(Crop {
                x,
                y,
                width,
                height,
            }),
            ..item()
        };
        assert!(
            cropped(2, 0, 3, 1)
                .check(&rgb)
                .unwrap_err()
                .contains("leaves")
        );
        assert!(cropped(0, 0, 0, 1).check(&rgb).is_err());
        assert!(cropped(1, 1, 2, 2).check(&rgb).is_ok());
        let nv12 = source(Pixels::Yuv420sp, 4, 4);
        assert!(
            cropped(1, 0, 2, 2)
                .check(&nv12)
                .unwrap_err()
                .contains("even")
        );
        assert!(source(Pixels::Yuv420sp, 3, 4).check().is_err());
        assert!(source(Pixels::Rgb888, 0, 4).check().is_err());
        assert!(source(Pixels::Rgb888, 4097, 4).check().is_err());
        let fit = |s, t| check_fit(s, &item(), t);
        assert!(fit(&rgb, target(3, 4, 4)).is_ok());
        assert!(fit(&rgb, target(3, 4, 5)).is_err());
        assert!(fit(&rgb, target(4, 4, 4)).is_err());
    }
}
