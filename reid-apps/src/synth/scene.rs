use serde::{Deserialize, Serialize};

use super::canvas::Canvas;
use super::figure::{self, Figure, Stage};
use super::moment::Edge;
use super::{CameraModel, Dice, Moment, Purpose, backdrop, response};
use crate::view::Picture;

/// Width of a picture of the set.
pub const WIDTH: usize = 64;
/// Height of a picture of the set.
pub const HEIGHT: usize = 128;

/// All that one picture shows, as plain values.
///
/// Every part can be taken from another scene. To see the clothes of `a` on
/// the body of `b`: `b.subject.identity.appearance = a.subject.identity.appearance`
/// and draw again; all other things stay, to the last grain of noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// The camera.
    pub camera: CameraModel,
    /// What is different in every picture of this camera.
    pub moment: Moment,
    /// The person the picture is about; none in some distractors.
    pub subject: Option<Figure>,
    /// A second person, behind the first.
    pub bystander: Option<Figure>,
}

impl Scene {
    /// Draws the picture at 64x128, 8-bit RGB.
    #[must_use]
    pub fn draw(&self) -> Picture {
        self.draw_sized(WIDTH, HEIGHT)
    }

    /// Gives this scene with the subject in the clothes of the subject of `other`; all else stays,
    /// to the last grain of noise. Without a subject in either it is the same scene.
    #[must_use]
    pub fn dressed_as(&self, other: &Self) -> Self {
        let mut scene = self.clone();
        if let (Some(subject), Some(model)) = (&mut scene.subject, &other.subject) {
            subject.identity.appearance = model.identity.appearance;
        }
        scene
    }

    /// Draws the picture at any size; the shape of people follows the height,
    /// blur follows the width. Both sides are at least 1.
    #[must_use]
    pub fn draw_sized(&self, width: usize, height: usize) -> Picture {
        let (width, height) = (width.max(1), height.max(1));
        let mut canvas = Canvas::new(width, height);
        let mut dice = Dice::new(self.moment.seed, Purpose::Backdrop, &[]);
        backdrop::draw(
            &mut canvas,
            &self.camera,
            self.moment.background_mix,
            &mut dice,
        );
        let stage = Stage {
            width: canvas.width as f32,
            height: canvas.height as f32,
            zoom: self.moment.zoom,
            shift: self.moment.shift,
            light: self.moment.light,
            light_side: self.camera.light_side,
            pitch: self.camera.pitch,
        };
        for person in self.bystander.iter().chain(&self.subject) {
            figure::draw(&mut canvas, person, stage);
        }
        self.occlude(&mut canvas);
        let bytes = response::expose(canvas.reduced(), width, &self.camera, &self.moment);
        Picture::new(width, height, bytes).expect("three bytes for each picture element")
    }

    fn occlude(&self, canvas: &mut Canvas) {
        let Some(occluder) = self.moment.occluder else {
            return;
        };
        let (width, height) = (canvas.width as f32, canvas.height as f32);
        let area = match occluder.edge {
            Edge::Bottom => [0.0, height * (1.0 - occluder.extent), width, height],
            Edge::Left => [0.0, 0.0, width * occluder.extent, height],
            Edge::Right => [width * (1.0 - occluder.extent), 0.0, width, height],
        };
        canvas.rectangle(area, self.camera.wall_colour.scaled(occluder.shade));
    }
}
