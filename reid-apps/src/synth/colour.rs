use serde::{Deserialize, Serialize};

use super::Dice;

/// A colour: red, green, blue, each from 0 to 1 (sRGB values over 255).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Colour(pub [f32; 3]);

/// Hue, saturation and value of the clothes people wear on the street.
pub(super) const UPPER: &[[f32; 3]] = &[
    [0.00, 0.00, 0.12],
    [0.00, 0.00, 0.30],
    [0.00, 0.00, 0.55],
    [0.00, 0.00, 0.90],
    [0.60, 0.60, 0.35],
    [0.60, 0.55, 0.60],
    [0.58, 0.30, 0.80],
    [0.00, 0.70, 0.55],
    [0.97, 0.40, 0.80],
    [0.33, 0.40, 0.40],
    [0.12, 0.45, 0.75],
    [0.08, 0.50, 0.40],
    [0.78, 0.35, 0.50],
    [0.15, 0.70, 0.85],
];

/// The same below the waist, and for shoes.
pub(super) const LOWER: &[[f32; 3]] = &[
    [0.00, 0.00, 0.10],
    [0.00, 0.00, 0.25],
    [0.00, 0.00, 0.45],
    [0.62, 0.50, 0.35],
    [0.60, 0.35, 0.55],
    [0.10, 0.35, 0.60],
    [0.08, 0.40, 0.35],
    [0.00, 0.00, 0.85],
    [0.30, 0.25, 0.30],
];

/// The same for hair.
pub(super) const HAIR: &[[f32; 3]] = &[
    [0.00, 0.00, 0.08],
    [0.00, 0.00, 0.12],
    [0.07, 0.60, 0.25],
    [0.10, 0.50, 0.50],
    [0.00, 0.00, 0.60],
];

impl Colour {
    /// Makes a colour from hue, saturation and value; the hue wraps at 1.
    #[must_use]
    pub fn hsv(hue: f32, saturation: f32, value: f32) -> Self {
        let hue = (hue - hue.floor()) * 6.0;
        // The six linear pieces of the hue circle, as one formula per channel.
        let channel = |offset: f32| {
            let k = (offset + hue) % 6.0;
            value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
        };
        Self([channel(5.0), channel(3.0), channel(1.0)])
    }

    /// Takes a colour of `palette` and moves it a little; `jitter` 1 is the
    /// spread between two garments of one sort.
    pub(super) fn random(dice: &mut Dice, palette: &[[f32; 3]], jitter: f32) -> Self {
        let [hue, saturation, value] = dice.pick(palette);
        Self::hsv(
            hue + dice.normal() * 0.02 * jitter,
            (saturation + dice.normal() * 0.08 * jitter).clamp(0.0, 1.0),
            (value + dice.normal() * 0.07 * jitter).clamp(0.05, 0.97),
        )
    }

    /// Multiplies all channels; may leave the range 0 to 1, which the camera clips.
    #[must_use]
    pub fn scaled(self, factor: f32) -> Self {
        Self(self.0.map(|c| c * factor))
    }

    /// Goes from this colour (`share` 0) to `other` (`share` 1).
    #[must_use]
    pub fn mixed(self, other: Self, share: f32) -> Self {
        let [r, g, b] = self.0;
        let [or, og, ob] = other.0;
        Self([
            r + (or - r) * share,
            g + (og - g) * share,
            b + (ob - b) * share,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_of_the_circle_are_red_green_blue() {
        assert_eq!(Colour::hsv(0.0, 1.0, 1.0), Colour([1.0, 0.0, 0.0]));
        assert_eq!(Colour::hsv(1.0, 1.0, 1.0), Colour([1.0, 0.0, 0.0]));
        let green = Colour::hsv(1.0 / 3.0, 1.0, 1.0).0;
        assert!(green[1] > 0.999 && green[0] < 1e-5 && green[2] < 1e-5);
        assert_eq!(Colour::hsv(0.3, 0.0, 0.4), Colour([0.4, 0.4, 0.4]));
    }
}
