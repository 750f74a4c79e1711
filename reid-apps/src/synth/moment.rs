use serde::{Deserialize, Serialize};

use super::{CameraModel, Dice};

/// The side of the picture that something near hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// The feet.
    Bottom,
    /// The left side.
    Left,
    /// The right side.
    Right,
}

/// Something near the camera that hides a part of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Occluder {
    /// Where it is.
    pub edge: Edge,
    /// How much it hides, as a share of the height or width.
    pub extent: f32,
    /// Its brightness, as a factor of the wall's colour.
    pub shade: f32,
}

/// What is different in every picture of one camera.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Seed of the objects behind and of the noise.
    pub seed: u64,
    /// How much of the background's colours is this picture's own.
    pub background_mix: f32,
    /// Zoom of the detector's frame.
    pub zoom: f32,
    /// Shift of the detector's frame, as shares of width and height.
    pub shift: [f32; 2],
    /// Factor of the light on people.
    pub light: f32,
    /// Something in front, if anything.
    pub occluder: Option<Occluder>,
    /// Deviation of the blur on top of the camera's, in picture elements.
    pub blur: f32,
    /// Factor of the camera's exponent.
    pub gamma: f32,
    /// Factor of the camera's exposure.
    pub exposure: f32,
    /// Light across the picture: left and right differ by this much from the middle.
    pub side_shadow: f32,
}

impl Moment {
    /// Takes a moment at random. `hard` 0 leaves out jitter and occluders, 1 is the default.
    #[must_use]
    pub fn random(dice: &mut Dice, camera: &CameraModel, background_mix: f32, hard: f32) -> Self {
        let occluder = dice.chance(0.12 * hard).then(|| {
            let edge = dice.pick(&[Edge::Bottom, Edge::Left, Edge::Right]);
            let extent = if edge == Edge::Bottom {
                dice.range(0.15, 0.40)
            } else {
                dice.range(0.10, 0.35)
            };
            Occluder {
                edge,
                extent,
                shade: dice.range(0.3, 1.2),
            }
        });
        Self {
            seed: dice.bits(),
            background_mix,
            zoom: (1.0 + dice.normal() * 0.05 * hard).clamp(0.7, 1.4),
            shift: [dice.normal() * 0.04 * hard, dice.normal() * 0.04 * hard],
            light: (1.0 + camera.light * dice.range(0.5, 1.2)).max(0.3),
            occluder,
            blur: (dice.normal() * 0.25 * hard).abs(),
            gamma: dice.factor(0.06 * hard),
            exposure: dice.factor(0.10 * hard),
            side_shadow: if dice.chance(0.3) {
                dice.pick(&[-0.35, 0.35])
            } else {
                0.0
            },
        }
    }
}
