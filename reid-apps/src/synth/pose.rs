use serde::{Deserialize, Serialize};

use super::{CameraModel, Dice};

const TURN: f32 = 2.0 * core::f32::consts::PI;

/// How a body stands in the picture: viewing side, step and place.
///
/// Angles are in radians; lengths are shares of the picture's width or height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Viewing side: 0 faces the camera, pi shows the back.
    pub yaw: f32,
    /// Phase of the walk.
    pub phase: f32,
    /// Largest angle of the thighs: 0 stands still.
    pub stride: f32,
    /// Largest angle of the arms.
    pub arm_swing: f32,
    /// Bend of the elbows.
    pub elbow: f32,
    /// Forward lean of the trunk.
    pub lean: f32,
    /// Middle of the body, as a share of the width.
    pub centre: f32,
    /// Top of the head of a person of mean height, as a share of the height.
    pub top: f32,
    /// Size: 1 fills nine tenths of the height.
    pub scale: f32,
}

impl Pose {
    /// Takes a pose at random, in the middle of the picture, walking the way
    /// people walk before `camera`; `turn` turns the whole sighting.
    #[must_use]
    pub fn random(dice: &mut Dice, camera: &CameraModel, turn: f32) -> Self {
        Self {
            yaw: camera.yaw + turn + dice.normal() * 0.5,
            phase: dice.range(0.0, TURN),
            stride: dice.range(0.12, 0.5),
            arm_swing: dice.range(0.1, 0.55),
            elbow: dice.range(0.1, 0.7),
            lean: dice.range(-0.02, 0.12),
            centre: 0.5 + dice.normal() * 0.03,
            top: 0.05 + dice.normal() * 0.015,
            scale: 1.0,
        }
    }

    /// Moves the figure to `centre` (a share of the width) and changes its size,
    /// keeping what stands below the middle of the picture below.
    #[must_use]
    pub fn placed(mut self, centre: f32, scale: f32) -> Self {
        self.centre += centre - 0.5;
        self.scale = scale;
        self.top += (1.0 - scale) * 0.4;
        self
    }
}
