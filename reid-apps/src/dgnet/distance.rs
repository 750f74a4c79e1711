//! How far pictures are from what they should be.

use crate::view::Picture;

/// Collects the differences of pictures from the true ones, over all channels of the pixels that
/// count, in grey levels of 255.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Distance {
    sum: f64,
    squares: f64,
    count: u64,
}

impl Distance {
    /// Adds one picture. `counts` says which pixels count, row by row; without it all do.
    ///
    /// # Errors
    /// What was found, where the pictures differ in size or `counts` has not one entry a pixel.
    pub fn add(
        &mut self,
        found: &Picture,
        truth: &Picture,
        counts: Option<&[bool]>,
    ) -> Result<(), String> {
        let size = |picture: &Picture| (picture.width(), picture.height());
        let pixels = truth.width() * truth.height();
        let mask = counts.map_or(pixels, <[bool]>::len);
        if size(found) != size(truth) || mask != pixels {
            let ((w, h), (tw, th)) = (size(found), size(truth));
            return Err(format!(
                "found a picture of {w} x {h} for one of {tw} x {th} and {mask} entries that say \
                 which pixels count, wanted one size"
            ));
        }
        let pairs = found
            .rgb()
            .chunks_exact(3)
            .zip(truth.rgb().chunks_exact(3))
            .enumerate()
            .filter(|(pixel, _)| counts.is_none_or(|counts| counts[*pixel]));
        for (_, (found, truth)) in pairs {
            for (a, b) in found.iter().zip(truth) {
                let difference = f64::from(*a) - f64::from(*b);
                self.sum += difference.abs();
                self.squares += difference * difference;
            }
            self.count += 3;
        }
        Ok(())
    }

    /// Returns the mean absolute difference, 0 to 255; NaN before any pixel.
    #[must_use]
    pub fn mean_absolute(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// Returns the peak signal to noise ratio in decibels, of all pixels together: 10 times the
    /// logarithm of 255 squared over the mean square; infinite for equal pictures.
    #[must_use]
    pub fn peak_signal_to_noise(&self) -> f64 {
        10.0 * (255.0 * 255.0 * self.count as f64 / self.squares).log10()
    }
}

/// Says for each pixel, row by row, whether some channel differs by more than `levels`.
///
/// Pictures of two sizes differ nowhere that could be named: the list is then empty.
#[must_use]
pub fn changed(one: &Picture, other: &Picture, levels: u8) -> Vec<bool> {
    if (one.width(), one.height()) != (other.width(), other.height()) {
        return Vec::new();
    }
    let pixels = one.rgb().chunks_exact(3).zip(other.rgb().chunks_exact(3));
    pixels
        .map(|(a, b)| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > levels))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pair() -> (Picture, Picture) {
        let truth = Picture::filled(2, 1, [100, 100, 100]);
        let mut found = truth.clone();
        found.rgb_mut()[..3].copy_from_slice(&[104, 98, 100]);
        (found, truth)
    }

    #[test]
    fn distances_are_those_computed_by_hand_over_all_pixels_or_some() {
        let (found, truth) = pair();
        let mut all = Distance::default();
        all.add(&found, &truth, None).unwrap();
        assert_eq!(all.mean_absolute(), 1.0);
        let wanted = 10.0 * (65025.0_f64 * 6.0 / 20.0).log10();
        assert!((all.peak_signal_to_noise() - wanted).abs() < 1e-12);
        let mut some = Distance::default();
        some.add(&found, &truth, Some(&[true, false])).unwrap();
        assert_eq!(some.mean_absolute(), 2.0);
        let mut none = Distance::default();
        none.add(&found, &truth, Some(&[false, true])).unwrap();
        assert_eq!(
            (none.mean_absolute(), none.peak_signal_to_noise()),
            (0.0, f64::INFINITY)
        );
    }

    #[test]
    fn changed_pixels_are_those_beyond_the_level_in_any_channel() {
        let (found, truth) = pair();
        assert_eq!(changed(&found, &truth, 3), [true, false]);
        assert_eq!(changed(&found, &truth, 4), [false, false]);
        assert!(changed(&found, &Picture::filled(1, 1, [0; 3]), 0).is_empty());
    }

    #[test]
    fn pictures_of_other_sizes_are_refused_with_both() {
        let (found, truth) = pair();
        let mut distance = Distance::default();
        let text = distance
            .add(&found, &Picture::filled(3, 1, [0; 3]), None)
            .unwrap_err();
        assert!(text.contains("2 x 1") && text.contains("3 x 1"), "{text}");
        let text = distance.add(&found, &truth, Some(&[true])).unwrap_err();
        assert!(text.contains("1 entries"), "{text}");
        assert_eq!(distance, Distance::default());
    }
}
