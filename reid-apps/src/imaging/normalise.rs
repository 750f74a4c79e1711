//! From bytes to the numbers that the network reads.

use super::RgbImage;

/// Mean of R, G, B over ImageNet, in units of 0..=1.
pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Standard deviation of R, G, B over ImageNet, in units of 0..=1.
pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Chooses whether rows are written from the left or mirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flip {
    /// As the image is.
    #[default]
    None,
    /// Column `x` of the image becomes column `width - 1 - x` of the tensor.
    Horizontal,
}

/// Writes RGB bytes as normalised float32 planes.
///
/// `(u / 255 - mean) / std`, each of the three operations rounded to float32, as the reference
/// rounds them. There are 256 bytes and 3 channels, so it is a table.
#[derive(Clone, Debug)]
pub struct Normaliser {
    table: [[f32; 256]; 3],
}

impl Normaliser {
    /// Makes the table from mean and standard deviation of R, G, B, in units of 0..=1.
    #[must_use]
    pub fn new(mean: [f32; 3], std: [f32; 3]) -> Normaliser {
        let table = std::array::from_fn(|channel| {
            std::array::from_fn(|level| {
                let level = u8::try_from(level).expect("an index below 256 is a byte");
                (f32::from(level) / 255.0 - mean[channel]) / std[channel]
            })
        });
        Normaliser { table }
    }

    /// Returns the number that stands for a byte of a channel (0 = R, 1 = G, 2 = B).
    ///
    /// # Panics
    ///
    /// When `channel` is above 2.
    #[must_use]
    pub fn level(&self, channel: usize, byte: u8) -> f32 {
        self.table[channel][usize::from(byte)]
    }

    /// Writes `[3, height, width]` float32, planes R, G, B, into `out`.
    ///
    /// # Panics
    ///
    /// When `out` is not `3 * height * width` long.
    pub fn write(&self, image: &RgbImage, flip: Flip, out: &mut [f32]) {
        let (width, plane) = (image.width(), image.width() * image.height());
        assert_eq!(
            out.len(),
            3 * plane,
            "the output is [3, {}, {width}]",
            image.height()
        );
        if plane == 0 {
            return;
        }
        let (red, rest) = out.split_at_mut(plane);
        let (green, blue) = rest.split_at_mut(plane);
        let [table_r, table_g, table_b] = &self.table;
        let lines = red
            .chunks_exact_mut(width)
            .zip(green.chunks_exact_mut(width))
            .zip(blue.chunks_exact_mut(width));
        for (row, ((red, green), blue)) in image.bytes().chunks_exact(width * 3).zip(lines) {
            let (pixels, _) = row.as_chunks::<3>();
            let targets = red.iter_mut().zip(green.iter_mut()).zip(blue.iter_mut());
            for (&[r, g, b], ((red, green), blue)) in pixels.iter().zip(targets) {
                *red = table_r[usize::from(r)];
                *green = table_g[usize::from(g)];
                *blue = table_b[usize::from(b)];
            }
            if flip == Flip::Horizontal {
                red.reverse();
                green.reverse();
                blue.reverse();
            }
        }
    }

    /// Writes `[1, height, width]` float32: the mean `((r + g) + b) / 3` of the three *normalised*
    /// channels. Not luma, and not a mean of bytes: it is what DG-Net's structure encoder reads.
    ///
    /// # Panics
    ///
    /// When `out` is not `height * width` long.
    pub fn write_grey(&self, image: &RgbImage, flip: Flip, out: &mut [f32]) {
        let width = image.width();
        assert_eq!(
            out.len(),
            width * image.height(),
            "the output is [1, {}, {width}]",
            image.height()
        );
        if out.is_empty() {
            return;
        }
        let [table_r, table_g, table_b] = &self.table;
        for (row, line) in image
            .bytes()
            .chunks_exact(width * 3)
            .zip(out.chunks_exact_mut(width))
        {
            let (pixels, _) = row.as_chunks::<3>();
            for (&[r, g, b], grey) in pixels.iter().zip(line.iter_mut()) {
                let sum =
                    table_r[usize::from(r)] + table_g[usize::from(g)] + table_b[usize::from(b)];
                *grey = sum / 3.0;
            }
            if flip == Flip::Horizontal {
                line.reverse();
            }
        }
    }
}

/// Copies planes of rows of `width`, each row mirrored.
pub(super) fn mirror(plain: &[f32], width: usize, flipped: &mut [f32]) {
    for (row, line) in plain
        .chunks_exact(width)
        .zip(flipped.chunks_exact_mut(width))
    {
        for (target, &value) in line.iter_mut().zip(row.iter().rev()) {
            *target = value;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn image() -> RgbImage {
        RgbImage::from_bytes(3, 2, (0..18).map(|n| n * 14).collect()).unwrap()
    }

    #[test]
    fn planes_come_in_the_order_r_g_b_and_rows_from_the_top() {
        let normaliser = Normaliser::new([0.0; 3], [1.0; 3]);
        let mut out = [9.0; 18];
        normaliser.write(&image(), Flip::None, &mut out);
        for (index, value) in out.iter().enumerate() {
            let (channel, pixel) = (index / 6, index % 6);
            let byte = image().bytes()[pixel * 3 + channel];
            assert_eq!(*value, f32::from(byte) / 255.0, "{index}");
        }
    }

    #[test]
    fn the_flip_mirrors_every_row_and_nothing_else() {
        let normaliser = Normaliser::new(IMAGENET_MEAN, IMAGENET_STD);
        let (mut plain, mut flip, mut copy) = ([0.0; 18], [0.0; 18], [0.0; 18]);
        normaliser.write(&image(), Flip::None, &mut plain);
        normaliser.write(&image(), Flip::Horizontal, &mut flip);
        mirror(&plain, 3, &mut copy);
        assert_eq!(flip, copy);
        for index in 0..18 {
            assert_eq!(flip[index], plain[index / 3 * 3 + 2 - index % 3]);
        }
    }

    #[test]
    fn grey_is_the_mean_of_the_normalised_channels() {
        let normaliser = Normaliser::new(IMAGENET_MEAN, IMAGENET_STD);
        let (mut colour, mut grey, mut flip) = ([0.0; 18], [0.0; 6], [0.0; 6]);
        normaliser.write(&image(), Flip::None, &mut colour);
        normaliser.write_grey(&image(), Flip::None, &mut grey);
        normaliser.write_grey(&image(), Flip::Horizontal, &mut flip);
        for index in 0..6 {
            assert_eq!(
                grey[index],
                ((colour[index] + colour[6 + index]) + colour[12 + index]) / 3.0
            );
            assert_eq!(flip[index], grey[index / 3 * 3 + 2 - index % 3]);
        }
    }
}
