use serde::{Deserialize, Serialize};

use super::{Colour, Dice, Purpose};

/// What stands behind people before one camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wall {
    /// A wall with panels.
    Panels,
    /// A front with windows.
    Windows,
    /// A hedge.
    Hedge,
    /// A fence of posts.
    Posts,
}

/// What people walk on before one camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Asphalt.
    Asphalt,
    /// Paving stones.
    Tiles,
    /// A road with bright bands.
    Bands,
    /// Grass.
    Grass,
}

/// One camera: its scenery, its light and its response.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CameraModel {
    /// Colour of what stands behind.
    pub wall_colour: Colour,
    /// Colour of the ground.
    pub ground_colour: Colour,
    /// What stands behind.
    pub wall: Wall,
    /// What lies below.
    pub ground: Ground,
    /// Where they meet, as a share of the height.
    pub horizon: f32,
    /// Factor of each channel: the white balance.
    pub gain: [f32; 3],
    /// Factor of all channels.
    pub exposure: f32,
    /// Exponent of the response.
    pub gamma: f32,
    /// 0 is grey, 1 leaves the colours.
    pub saturation: f32,
    /// Deviation of the blur, in picture elements of a 64x128 picture.
    pub blur: f32,
    /// Deviation of the noise, in grey levels of 255.
    pub noise: f32,
    /// JPEG quality, 80 to 94.
    pub quality: u8,
    /// Spread of the light on people.
    pub light: f32,
    /// Side the light comes from, radians; 0 is from behind the camera.
    pub light_side: f32,
    /// Way people mostly face, radians; 0 is towards the camera.
    pub yaw: f32,
    /// How steeply it looks down: shift downwards per length towards the camera.
    pub pitch: f32,
    /// Largest number of objects behind a person.
    pub clutter: u8,
}

pub(super) fn wall_colour(dice: &mut Dice) -> Colour {
    Colour::hsv(dice.unit(), dice.range(0.05, 0.3), dice.range(0.3, 0.8))
}

pub(super) fn ground_colour(dice: &mut Dice) -> Colour {
    Colour::hsv(
        dice.range(0.08, 0.18),
        dice.range(0.05, 0.25),
        dice.range(0.3, 0.75),
    )
}

impl CameraModel {
    /// Makes camera `number` (from 0) of the set with this seed.
    ///
    /// `variation` is how much cameras differ in light and response: 0 not at
    /// all, 0.5 the default, 1 hard.
    #[must_use]
    pub fn random(seed: u64, number: u32, variation: f32) -> Self {
        let dice = &mut Dice::new(seed, Purpose::Camera, &[u64::from(number)]);
        let v = variation;
        Self {
            wall_colour: wall_colour(dice),
            ground_colour: ground_colour(dice),
            wall: dice.pick(&[Wall::Panels, Wall::Windows, Wall::Hedge, Wall::Posts]),
            ground: dice.pick(&[Ground::Asphalt, Ground::Tiles, Ground::Bands, Ground::Grass]),
            horizon: dice.range(0.25, 0.70),
            gain: [
                dice.factor(v * 0.10),
                dice.factor(v * 0.10),
                dice.factor(v * 0.10),
            ],
            exposure: dice.factor(v * 0.22),
            gamma: dice.factor(v * 0.15),
            saturation: (0.9 + dice.normal() * 0.15 * v).clamp(0.55, 1.15),
            blur: (0.35 + dice.normal() * 0.3).abs() * (0.3 + 0.7 * v),
            noise: 2.0 + 5.0 * v * dice.unit(),
            quality: u8::try_from(dice.between(80, 94)).expect("at most 94"),
            light: v * dice.normal() * 0.18,
            light_side: dice.range(-1.2, 1.2),
            yaw: dice.range(0.0, 2.0 * core::f32::consts::PI),
            pitch: dice.range(0.06, 0.22),
            clutter: u8::try_from(dice.between(3, 9)).expect("at most 9"),
        }
    }
}
