//! Pictures that are pixels already: frames of a camera or of a video decoder.

use super::{ImageProblem, MAX_PIXELS, RgbImage};

/// How pixels lie in memory. All samples are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// R, G, B for each pixel.
    Rgb,
    /// B, G, R for each pixel, as OpenCV holds pictures.
    Bgr,
    /// A plane of Y; behind its last row a plane of half the height, rounded up, with U, V for each
    /// two by two pixels, rows as far apart as those of Y. BT.601 of limited range (Y from 16 to
    /// 235), as cameras and video decoders give it.
    Nv12,
}

/// Pixels in somebody else's memory.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    /// The layout.
    pub format: PixelFormat,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bytes from the beginning of a row to that of the next; 0 for rows without a gap.
    pub stride: usize,
    /// The memory, at least [`Pixels::bytes_wanted`] long.
    pub bytes: &'a [u8],
}

impl Pixels<'_> {
    fn row_bytes(&self) -> Option<usize> {
        match self.format {
            PixelFormat::Rgb | PixelFormat::Bgr => self.width.checked_mul(3),
            // Each pair of columns has a U and a V.
            PixelFormat::Nv12 => self.width.checked_next_multiple_of(2),
        }
    }

    /// Bytes from row to row.
    fn step(&self) -> Option<usize> {
        match self.stride {
            0 => self.row_bytes(),
            stride => Some(stride),
        }
    }

    /// Counts the bytes up to the end of the last row; `None` if that is beyond any memory.
    #[must_use]
    pub fn bytes_wanted(&self) -> Option<usize> {
        let rows = match self.format {
            PixelFormat::Rgb | PixelFormat::Bgr => self.height,
            PixelFormat::Nv12 => self.height.checked_add(self.height.div_ceil(2))?,
        };
        let before = self.step()?.checked_mul(rows.checked_sub(1)?)?;
        before.checked_add(self.row_bytes()?)
    }

    fn check(&self) -> Result<(), ImageProblem> {
        let (width, height) = (self.width, self.height);
        let wrong = |found: String, wanted: String| ImageProblem::Pixels { found, wanted };
        if width == 0 || height == 0 {
            return Err(wrong(
                format!("{width} x {height} pixels"),
                "at least one".to_owned(),
            ));
        }
        if width.checked_mul(height).is_none_or(|n| n > MAX_PIXELS) {
            return Err(ImageProblem::TooLarge { width, height });
        }
        let row = self.row_bytes().unwrap_or(usize::MAX);
        if self.stride != 0 && self.stride < row {
            let wanted = format!("at least the {row} bytes of a row, or 0");
            return Err(wrong(format!("a stride of {} bytes", self.stride), wanted));
        }
        match self.bytes_wanted() {
            Some(wanted) if wanted <= self.bytes.len() => Ok(()),
            wanted => Err(wrong(
                format!("{} bytes", self.bytes.len()),
                wanted.map_or_else(
                    || "a stride that memory can hold".to_owned(),
                    |wanted| format!("at least {wanted} for {width} x {height} pixels"),
                ),
            )),
        }
    }

    /// Copies the pixels to `out` as RGB, whose memory is reused.
    ///
    /// NV12: each U and V counts for its two by two pixels;
    /// `R = 1.164 (Y - 16) + 1.596 (V - 128)`,
    /// `G = 1.164 (Y - 16) - 0.813 (V - 128) - 0.392 (U - 128)`,
    /// `B = 1.164 (Y - 16) + 2.017 (U - 128)`, in integers with eight bits behind the point,
    /// rounded and clipped.
    ///
    /// **Source**: ITU-R BT.601-7, section 2.5, for eight bits.
    ///
    /// # Errors
    /// [`ImageProblem::Pixels`] for no pixels, a stride shorter than a row or too little memory,
    /// [`ImageProblem::TooLarge`]; `out` is then as it was.
    pub fn copy_to(&self, out: &mut RgbImage) -> Result<(), ImageProblem> {
        self.check()?;
        let step = self.step().unwrap_or_default();
        let width = self.width;
        let target = out.reshape(width, self.height);
        for (y, line) in target.chunks_exact_mut(width * 3).enumerate() {
            let row = &self.bytes[y * step..];
            match self.format {
                PixelFormat::Rgb => line.copy_from_slice(&row[..width * 3]),
                PixelFormat::Bgr => {
                    let pixels = row[..width * 3].chunks_exact(3);
                    for (to, from) in line.chunks_exact_mut(3).zip(pixels) {
                        to.copy_from_slice(&[from[2], from[1], from[0]]);
                    }
                }
                PixelFormat::Nv12 => {
                    let chroma = &self.bytes[(self.height + y / 2) * step..];
                    for (x, (to, &luma)) in line.chunks_exact_mut(3).zip(row).enumerate() {
                        let pair = x / 2 * 2;
                        to.copy_from_slice(&rgb_of(luma, chroma[pair], chroma[pair + 1]));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Turns one sample of BT.601, limited range, into R, G, B.
fn rgb_of(y: u8, u: u8, v: u8) -> [u8; 3] {
    let luma = 298 * (i32::from(y) - 16) + 128;
    let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
    [409 * v, -100 * u - 208 * v, 516 * u].map(|chroma| to_byte((luma + chroma) >> 8))
}

#[expect(clippy::cast_sign_loss, reason = "clipped to a byte's range")]
fn to_byte(level: i32) -> u8 {
    level.clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pixels(format: PixelFormat, size: [usize; 2], stride: usize, bytes: &[u8]) -> Pixels<'_> {
        let [width, height] = size;
        Pixels {
            format,
            width,
            height,
            stride,
            bytes,
        }
    }

    #[test]
    fn rgb_and_bgr_lose_their_gaps_and_bgr_its_order() {
        let bytes = [1, 2, 3, 4, 5, 6, 99, 7, 8, 9, 10, 11, 12];
        let mut image = RgbImage::new();
        for (format, wanted) in [
            (PixelFormat::Rgb, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
            (PixelFormat::Bgr, [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]),
        ] {
            pixels(format, [2, 2], 7, &bytes)
                .copy_to(&mut image)
                .unwrap();
            assert_eq!((image.width(), image.height()), (2, 2));
            assert_eq!(image.bytes(), wanted);
        }
    }

    #[test]
    fn nv12_gives_the_colours_of_bt_601_to_each_two_by_two() {
        // Black, white; below them red and blue of full strength, as the standard codes them.
        let bytes = [
            16, 235, 81, 41, // Y
            235, 16, 81, 41, // Y
            128, 128, 90, 240, // U V of the first pair, then of the second
        ];
        let mut image = RgbImage::new();
        pixels(PixelFormat::Nv12, [4, 2], 0, &bytes)
            .copy_to(&mut image)
            .unwrap();
        let at = |place: usize| <[u8; 3]>::try_from(&image.bytes()[place * 3..][..3]).unwrap();
        assert_eq!([at(0), at(1)], [[0; 3], [255; 3]]);
        assert_eq!(at(4), [255; 3], "the second row has the same chroma");
        let [red, green, blue] = at(2);
        assert!(red >= 253 && green <= 2 && blue <= 2, "{:?}", at(2));
    }

    #[test]
    fn odd_sizes_share_the_last_chroma() {
        let bytes = [16, 16, 235, 0, 16, 16, 16, 0, 16, 16, 235, 0];
        let chroma = [128; 8];
        let all: Vec<u8> = bytes.iter().chain(&chroma).copied().collect();
        let mut image = RgbImage::new();
        pixels(PixelFormat::Nv12, [3, 3], 4, &all)
            .copy_to(&mut image)
            .unwrap();
        assert_eq!(image.bytes()[2 * 3..3 * 3], [255; 3]);
        assert_eq!(image.bytes()[8 * 3..], [255; 3]);
        assert_eq!(image.bytes()[..2 * 3], [0; 6]);
    }

    #[test]
    fn too_little_memory_short_strides_and_no_pixels_are_told_and_nothing_is_written() {
        let mut image = RgbImage::from_bytes(1, 1, vec![7; 3]).unwrap();
        for (format, size, stride, bytes, word) in [
            (PixelFormat::Rgb, [2, 2], 0, 11, "at least 12"),
            (PixelFormat::Rgb, [2, 2], 5, 99, "stride of 5"),
            (PixelFormat::Rgb, [0, 2], 0, 99, "0 x 2"),
            (PixelFormat::Nv12, [3, 3], 0, 19, "at least 20"),
            (PixelFormat::Nv12, [4, 2], 8, 19, "at least 20"),
            (PixelFormat::Bgr, [1, 3], usize::MAX / 2, 99, "stride that"),
            (PixelFormat::Bgr, [usize::MAX, 2], 0, 99, "scale it down"),
        ] {
            let memory = vec![0; bytes];
            let problem = pixels(format, size, stride, &memory).copy_to(&mut image);
            let text = problem.unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
            assert_eq!((image.width(), image.bytes()), (1, &[7; 3][..]));
        }
        let enough = vec![0; 20];
        assert!(
            pixels(PixelFormat::Nv12, [3, 3], 0, &enough)
                .copy_to(&mut image)
                .is_ok()
        );
    }
}
