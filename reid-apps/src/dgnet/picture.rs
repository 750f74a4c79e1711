//! From the network's numbers to a picture in a file.

use std::io;

use crate::synth::encode_jpeg;
use crate::view::Picture;

/// Mean of R, G, B over ImageNet, in double: the reference postprocesses in double.
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
/// Standard deviation of R, G, B over ImageNet.
const STD: [f64; 3] = [0.229, 0.224, 0.225];

/// The quality that the reference's encoder takes by default.
const JPEG_QUALITY: u8 = 75;

/// The kind of file that pictures are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// JPEG of quality 75 with 4:2:0 chroma, as the reference writes.
    #[default]
    Jpeg,
    /// PNG, which keeps every byte.
    Png,
}

impl Format {
    /// Returns the file extension.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Format::Jpeg => "jpg",
            Format::Png => "png",
        }
    }

    /// Encodes a picture.
    ///
    /// # Errors
    /// [`io::Error`] when a side is 0 or too large for the format.
    pub fn encode(self, picture: &Picture) -> io::Result<Vec<u8>> {
        match self {
            Format::Jpeg => encode_jpeg(picture, JPEG_QUALITY),
            Format::Png => png(picture),
        }
    }
}

fn png(picture: &Picture) -> io::Result<Vec<u8>> {
    let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side(picture.width()), side(picture.height()));
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer
        .write_image_data(picture.rgb())
        .map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(bytes)
}

/// Turns `[3, height, width]` normalised numbers into a picture.
///
/// Each number becomes `(x * std + mean) * 255` in double, is clipped to 0..=255 and **cut**, not
/// rounded, to a byte.
///
/// # Errors
/// What was found: another count of numbers, or numbers that are not finite. A network that
/// overflowed half precision gives such, and bytes would hide it.
pub fn denormalise(numbers: &[f32], height: usize, width: usize) -> Result<Picture, String> {
    let plane = height * width;
    if numbers.len() != 3 * plane || plane == 0 {
        return Err(format!("{} numbers", numbers.len()));
    }
    let wild = numbers.iter().filter(|x| !x.is_finite()).count();
    if wild > 0 {
        return Err(format!("{wild} numbers that are not finite"));
    }
    let mut picture = Picture::filled(width, height, [0; 3]);
    let channels = numbers.chunks_exact(plane).zip(MEAN.iter().zip(&STD));
    for (channel, (values, (mean, std))) in channels.enumerate() {
        let bytes = picture.rgb_mut().iter_mut().skip(channel).step_by(3);
        for (byte, &value) in bytes.zip(values) {
            *byte = cut((f64::from(value) * std + mean) * 255.0);
        }
    }
    Ok(picture)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clipped to a byte's range, and cut because the reference cuts"
)]
fn cut(value: f64) -> u8 {
    value.clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::imaging::decode_bytes;

    /// The number that byte `level` of a channel comes from.
    #[allow(clippy::cast_possible_truncation)]
    fn number(level: f64, channel: usize) -> f32 {
        ((level / 255.0 - MEAN[channel]) / STD[channel]) as f32
    }

    #[test]
    fn levels_are_cut_and_clipped_and_channels_keep_their_places() {
        let levels = [
            [10.4, 10.9, 0.5, -9.0],
            [300.0, 255.2, 254.9, 1.5],
            [7.5; 4],
        ];
        let numbers: Vec<f32> = levels
            .iter()
            .enumerate()
            .flat_map(|(channel, row)| row.map(|level| number(level, channel)))
            .collect();
        let picture = denormalise(&numbers, 2, 2).unwrap();
        assert_eq!(picture.rgb(), [10, 255, 7, 10, 255, 7, 0, 254, 7, 0, 1, 7]);
    }

    #[test]
    fn other_counts_and_wild_numbers_are_told() {
        assert_eq!(denormalise(&[0.0; 11], 2, 2).unwrap_err(), "11 numbers");
        let mut numbers = [0.0; 12];
        numbers[3] = f32::NAN;
        numbers[9] = f32::INFINITY;
        let text = denormalise(&numbers, 2, 2).unwrap_err();
        assert_eq!(text, "2 numbers that are not finite");
    }

    #[test]
    fn both_formats_are_read_back_and_png_keeps_every_byte() {
        let mut picture = Picture::filled(32, 48, [90, 140, 200]);
        picture.rgb_mut()[..60].fill(10);
        let png = decode_bytes(&Format::Png.encode(&picture).unwrap()).unwrap();
        assert_eq!(png.bytes(), picture.rgb());
        let jpeg = Format::Jpeg.encode(&picture).unwrap();
        assert_eq!(jpeg[..2], [0xff, 0xd8]);
        assert_eq!(decode_bytes(&jpeg).unwrap().height(), 48);
    }
}
