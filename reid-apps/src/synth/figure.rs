//! A person, drawn from solids: the trunk, a skirt and the head are swept row
//! by row, limbs are capsules between the joints of a small walking skeleton.
//!
//! The skeleton lives in three dimensions and is turned by the yaw before it
//! is projected, and patterns are looked up on the surface of the solid. So a
//! person seen from the side shows the step, the logo is on the chest only,
//! and a backpack hides the back but shows its straps in front.

use serde::{Deserialize, Serialize};

use super::canvas::{Ball, Canvas};
use super::identity::{Bag, HairCut, Lower, Pattern, Sleeve};
use super::{Appearance, Body, Colour, Identity, Pose};

/// A person in a pose: everything about the drawing but the camera.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Who it is.
    pub identity: Identity,
    /// How they stand.
    pub pose: Pose,
}

/// The light on one figure and the place of the frame around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage {
    /// Size of the canvas in samples.
    pub(super) width: f32,
    pub(super) height: f32,
    /// Zoom of the frame around its middle, and its shift as shares of the size.
    pub(super) zoom: f32,
    pub(super) shift: [f32; 2],
    /// Factor of the light on the figure.
    pub(super) light: f32,
    /// Side the light comes from, radians.
    pub(super) light_side: f32,
    /// Shift downwards per length towards the camera.
    pub(super) pitch: f32,
}

/// A point of the body: to the side, down from the top of the head, and
/// forward; lengths are shares of the height of the body.
#[derive(Debug, Clone, Copy)]
struct Joint(f32, f32, f32);

/// Parts in the order of their depth.
#[derive(Debug, Clone, Copy)]
enum Part {
    Leg(usize),
    Skirt,
    Trunk,
    Arm(usize),
    Head,
    LongHair,
    Brim,
    Backpack,
    HipBag,
    HandBag,
}

struct Artist<'a> {
    canvas: &'a mut Canvas,
    clothes: &'a Appearance,
    body: &'a Body,
    stage: Stage,
    pose: Pose,
    sin: f32,
    cos: f32,
    /// Samples per height of the body.
    unit: f32,
    /// Middle of the body and top of the head on the canvas.
    x: f32,
    y: f32,
    /// Drop of the body in the step, so that the lower foot stands on the ground.
    drop: f32,
    lamp: Lamp,
    legs: [[Joint; 4]; 2],
    arms: [[Joint; 3]; 2],
}

/// The light on a figure.
#[derive(Debug, Clone, Copy)]
struct Lamp {
    /// Sine and cosine of the side it comes from.
    side: [f32; 2],
    strength: f32,
}

impl Lamp {
    /// Gives the light on a round surface `across` its breadth (-1 left to 1 right).
    fn on(self, across: f32) -> f32 {
        let depth = (1.0 - across * across).max(0.0).sqrt();
        let facing = across * self.side[0] + depth * self.side[1];
        self.strength * (0.66 + 0.40 * facing.max(0.0))
    }
}

/// Half width of the trunk, row by row: height, to the side, to the front.
const TRUNK: [(f32, f32, f32); 8] = [
    (0.150, 0.030, 0.028),
    (0.168, 0.070, 0.050),
    (0.190, 0.108, 0.062),
    (0.240, 0.112, 0.072),
    (0.330, 0.100, 0.072),
    (0.400, 0.093, 0.068),
    (0.480, 0.102, 0.076),
    (0.520, 0.100, 0.074),
];
/// The same for a skirt.
const SKIRT: [(f32, f32, f32); 4] = [
    (0.440, 0.096, 0.072),
    (0.500, 0.112, 0.088),
    (0.600, 0.128, 0.104),
    (0.715, 0.140, 0.118),
];
/// The same for long hair.
const LONG_HAIR: [(f32, f32, f32); 4] = [
    (0.030, 0.048, 0.020),
    (0.090, 0.062, 0.040),
    (0.180, 0.066, 0.034),
    (0.245, 0.046, 0.022),
];
const HEAD: Joint = Joint(0.0, 0.072, 0.008);

/// Half widths at `height`, between the rows of a table by a smooth step.
fn profile(table: &[(f32, f32, f32)], height: f32) -> (f32, f32) {
    let after = table.iter().position(|row| row.0 >= height);
    let after = after.unwrap_or(table.len() - 1).max(1);
    let (low, high) = (table[after - 1], table[after]);
    let t = ((height - low.0) / (high.0 - low.0)).clamp(0.0, 1.0);
    (low.1 + (high.1 - low.1) * t, low.2 + (high.2 - low.2) * t)
}

/// Hips, knees, ankles and toes of both legs.
fn legs(pose: &Pose) -> [[Joint; 4]; 2] {
    [(1.0, 0.0), (-1.0, core::f32::consts::PI)].map(|(side, offset)| {
        let phase = pose.phase + offset;
        let thigh = pose.stride * libm::sinf(phase);
        // The knee bends while its leg swings forward.
        let bend = 0.06 + 1.5 * pose.stride * libm::cosf(phase).max(0.0);
        let shin = thigh - bend;
        let hip = Joint(side * 0.052, 0.490, 0.0);
        let knee = step(hip, thigh, 0.235, 0.0);
        let ankle = step(knee, shin, 0.225, 0.0);
        let foot = (shin * 0.7).clamp(-0.9, 0.4);
        let toe = Joint(
            ankle.0 + side * 0.012,
            ankle.1 + 0.022 - 0.075 * libm::sinf(foot),
            ankle.2 + 0.078 * libm::cosf(foot),
        );
        [hip, knee, ankle, toe]
    })
}

/// Shoulders, elbows and hands of both arms.
fn arms(pose: &Pose, build: f32) -> [[Joint; 3]; 2] {
    [(1.0, core::f32::consts::PI), (-1.0, 0.0)].map(|(side, offset)| {
        let swing = pose.arm_swing * libm::sinf(pose.phase + offset);
        let shoulder = Joint(side * 0.100 * build, 0.198, 0.0);
        let elbow = step(shoulder, swing, 0.150, side * 0.022);
        let bend = swing + pose.elbow * (0.6 + 0.4 * libm::sinf(pose.phase + offset));
        [shoulder, elbow, step(elbow, bend, 0.140, side * 0.004)]
    })
}

/// Goes `length` down from `from`, turned forward by `angle`.
fn step(from: Joint, angle: f32, length: f32, outward: f32) -> Joint {
    Joint(
        from.0 + outward,
        from.1 + length * libm::cosf(angle),
        from.2 + length * libm::sinf(angle),
    )
}

/// Draws `figure`; parts outside the canvas are cut.
pub(super) fn draw(canvas: &mut Canvas, figure: &Figure, stage: Stage) {
    let Figure { identity, pose } = figure;
    let legs = legs(pose);
    let lowest = legs[0][2].1.max(legs[1][2].1);
    let mapped =
        |share: f32, size: f32, shift: f32| ((share - 0.5 - shift) * stage.zoom + 0.5) * size;
    let mut artist = Artist {
        clothes: &identity.appearance,
        body: &identity.body,
        pose: *pose,
        sin: libm::sinf(pose.yaw),
        cos: libm::cosf(pose.yaw),
        unit: stage.height * 0.90 * pose.scale * identity.body.height * stage.zoom,
        x: mapped(pose.centre, stage.width, stage.shift[0]),
        y: mapped(pose.top, stage.height, stage.shift[1]),
        drop: 0.955 - lowest,
        lamp: Lamp {
            side: [libm::sinf(stage.light_side), libm::cosf(stage.light_side)],
            strength: stage.light,
        },
        arms: arms(pose, identity.body.build),
        legs,
        stage,
        canvas,
    };
    artist.ground_shadow();
    for part in artist.order() {
        artist.part(part);
    }
}

impl Artist<'_> {
    /// Gives the parts from the farthest to the nearest.
    fn order(&self) -> Vec<Part> {
        let depth = |joint: Joint| joint.2 * self.cos - joint.0 * self.sin;
        let mut parts = vec![(0.0, Part::Trunk), (0.012, Part::Head)];
        for side in 0..2 {
            // Legs come out below the trunk, whichever is nearer.
            parts.push((depth(self.legs[side][0]) - 0.07, Part::Leg(side)));
            let [shoulder, elbow, _] = self.arms[side];
            parts.push((depth(shoulder) + 0.5 * depth(elbow), Part::Arm(side)));
        }
        if matches!(self.clothes.lower, Lower::Skirt | Lower::Dress) {
            parts.push((-0.001, Part::Skirt));
        }
        if self.body.hair_cut == HairCut::Long {
            parts.push((-0.04 * self.cos, Part::LongHair));
        }
        if self.clothes.hat.is_some() {
            parts.push((0.012 + 0.05 * self.cos, Part::Brim));
        }
        match self.clothes.bag {
            Bag::None => {}
            Bag::Backpack => parts.push((-0.11 * self.cos, Part::Backpack)),
            Bag::Shoulder => parts.push((depth(Joint(-0.13, 0.0, 0.02)), Part::HipBag)),
            Bag::Hand => parts.push((1.6 * depth(self.arms[0][1]) + 0.001, Part::HandBag)),
        }
        parts.sort_by(|a, b| a.0.total_cmp(&b.0));
        parts.into_iter().map(|(_, part)| part).collect()
    }

    fn part(&mut self, part: Part) {
        match part {
            Part::Leg(side) => self.leg(side),
            Part::Skirt => self.skirt(),
            Part::Trunk => self.trunk(),
            Part::Arm(side) => self.arm(side),
            Part::Head => self.head(),
            Part::LongHair => self.long_hair(),
            Part::Brim => self.brim(),
            Part::Backpack => self.backpack(),
            Part::HipBag => self.hip_bag(),
            Part::HandBag => self.hand_bag(),
        }
    }

    /// Turns and projects a point of the body.
    fn project(&self, joint: Joint) -> (f32, f32) {
        let Joint(side, down, mut forward) = joint;
        forward += self.pose.lean * (0.5 - down).max(0.0);
        let across = side * self.cos + forward * self.sin;
        let depth = forward * self.cos - side * self.sin;
        (
            self.x + across * self.unit,
            self.y + (down + self.drop + depth * self.stage.pitch) * self.unit,
        )
    }

    fn ball(&self, joint: Joint, radius: f32) -> Ball {
        let (x, y) = self.project(joint);
        Ball {
            x,
            y,
            radius: radius * self.unit,
        }
    }

    fn limb(&mut self, a: Ball, b: Ball, colour: impl Fn(f32) -> Colour) {
        let lamp = self.lamp;
        self.canvas.capsule(a, b, |along, across| {
            colour(along).scaled(lamp.on(across) * 0.96)
        });
    }

    /// Sweeps an elliptic solid around the axis at `forward`. `paint` gets the
    /// direction a point of the surface faces, from the front (radians, to the
    /// side positive), and the height on the body.
    fn solid(
        &mut self,
        table: &[(f32, f32, f32)],
        build: f32,
        forward: f32,
        paint: impl Fn(f32, f32) -> Colour,
    ) {
        let (top, bottom) = (table[0].0, table[table.len() - 1].0);
        let (sin, cos, unit) = (self.sin, self.cos, self.unit);
        let start = self.y + (top + self.drop) * unit;
        let height = |y: f32| top + (y - start) / unit;
        let halves = |y: f32| {
            let (a, b) = profile(table, height(y));
            (a * build * cos, b * build.sqrt() * sin)
        };
        let middle = [top, bottom].map(|down| self.project(Joint(0.0, down, forward)).0);
        let lamp = self.lamp;
        self.canvas.sweep(
            (start, start + (bottom - top) * unit),
            |y| {
                let (a, b) = halves(y);
                let t = (height(y) - top) / (bottom - top);
                let x = middle[0] + (middle[1] - middle[0]) * t;
                let half = (a * a + b * b).sqrt() * unit;
                (x, half, (libm::atan2f(b, a), height(y)))
            },
            |across, &(turn, height)| {
                paint(libm::asinf(across) - turn, height).scaled(lamp.on(across))
            },
        );
    }

    fn ground_shadow(&mut self) {
        let (x, y) = (self.x, self.y + 0.975 * self.unit);
        let lean = -self.lamp.side[0] * 0.10 * self.unit;
        self.canvas
            .shadow((x + lean, y), (0.20 * self.unit, 0.035 * self.unit), 0.45);
    }

    fn leg(&mut self, side: usize) {
        let [hip, knee, ankle, toe] = self.legs[side];
        let build = self.body.build;
        let (clothes, skin) = (*self.clothes, self.body.skin);
        let (thigh, shin) = match clothes.lower {
            Lower::Trousers => (clothes.lower_colour, clothes.lower_colour),
            Lower::Shorts => (clothes.lower_colour, skin),
            Lower::Skirt | Lower::Dress => (skin, skin),
        };
        let bare = clothes.lower != Lower::Trousers;
        let (calf, heel) = if bare { (0.034, 0.021) } else { (0.041, 0.032) };
        let (knee_ball, ankle_ball) = (
            self.ball(knee, calf * build),
            self.ball(ankle, heel * build),
        );
        let heel_ball = self.ball(Joint(ankle.0, ankle.1 + 0.018, ankle.2 - 0.012), 0.024);
        let toe_ball = self.ball(toe, 0.019);
        self.limb(heel_ball, toe_ball, |_| clothes.shoes);
        self.limb(knee_ball, ankle_ball, |_| shin);
        let hip_ball = self.ball(hip, 0.056 * build);
        let cuff = Ball {
            radius: knee_ball.radius
                * if clothes.lower == Lower::Shorts {
                    1.25
                } else {
                    1.0
                },
            ..knee_ball
        };
        self.limb(hip_ball, cuff, |_| thigh);
    }

    fn arm(&mut self, side: usize) {
        let [shoulder, elbow, hand] = self.arms[side];
        let build = self.body.build;
        let (clothes, skin) = (*self.clothes, self.body.skin);
        let short = clothes.sleeve == Sleeve::Short;
        let stripes = f32::from(clothes.stripes);
        let sleeve = move |along: f32| match clothes.pattern {
            Pattern::HorizontalStripes | Pattern::Check
                if (along * stripes * 0.55).fract() < 0.45 =>
            {
                clothes.accent
            }
            _ => clothes.upper,
        };
        let elbow_ball = self.ball(elbow, if short { 0.025 } else { 0.030 } * build);
        let hand_ball = self.ball(hand, if short { 0.018 } else { 0.024 } * build);
        self.limb(elbow_ball, hand_ball, |along| {
            if short { skin } else { sleeve(along) }
        });
        let shoulder_ball = self.ball(shoulder, 0.038 * build);
        self.limb(shoulder_ball, elbow_ball, |along| {
            if short && along > 0.62 {
                skin
            } else {
                sleeve(along)
            }
        });
        let end = self.ball(Joint(hand.0, hand.1 + 0.022, hand.2 + 0.006), 0.018);
        self.limb(hand_ball_at(hand_ball, 0.019 * self.unit), end, |_| skin);
    }

    fn trunk(&mut self) {
        let (clothes, skin, build) = (*self.clothes, self.body.skin, self.body.build);
        let neck = self.ball(Joint(0.0, 0.115, 0.0), 0.028);
        let collar = self.ball(Joint(0.0, 0.165, 0.0), 0.032);
        self.limb(neck, collar, |_| skin.scaled(0.85));
        self.solid(&TRUNK, build, 0.0, |angle, height| {
            trunk_colour(&clothes, skin, angle, height)
        });
    }

    fn skirt(&mut self) {
        let clothes = *self.clothes;
        let plain = if clothes.lower == Lower::Dress {
            clothes.upper
        } else {
            clothes.lower_colour
        };
        self.solid(&SKIRT, self.body.build, 0.0, |angle, height| {
            // Folds deepen towards the hem.
            let fold = libm::sinf(angle * 9.0) * (height - 0.46) * 0.45;
            plain.scaled(1.0 + fold)
        });
    }

    fn head(&mut self) {
        let (x, y) = self.project(HEAD);
        let unit = self.unit;
        let (sin, cos) = (self.sin, self.cos);
        let (skin, hair, hat) = (self.body.skin, self.body.hair, self.clothes.hat);
        let long = self.body.hair_cut == HairCut::Long;
        let lamp = self.lamp;
        let breadth = (0.048 * cos * 0.048 * cos + 0.058 * sin * 0.058 * sin).sqrt();
        // The hair stands out a little above and behind the skull.
        let back = self.project(Joint(0.0, HEAD.1 - 0.008, HEAD.2 - 0.010));
        let crown = hat.unwrap_or(hair);
        self.canvas.ellipse(
            (back.0, back.1),
            (breadth * 1.07 * unit, 0.070 * unit),
            |tx, ty| if ty < -0.1 { crown } else { hair }.scaled(lamp.on(tx) * 0.95),
        );
        self.canvas
            .ellipse((x, y), (breadth * unit, 0.070 * unit), |tx, ty| {
                let towards = (1.0 - tx * tx - ty * ty).max(0.0).sqrt();
                let side = tx * cos - towards * sin;
                let front = tx * sin + towards * cos;
                head_colour(side, ty, front, long, skin, hair, hat).scaled(lamp.on(tx))
            });
    }

    fn long_hair(&mut self) {
        let hair = self.body.hair;
        self.solid(&LONG_HAIR, 1.0, -0.034, |angle, _| {
            hair.scaled(1.0 + 0.10 * libm::sinf(angle * 11.0))
        });
    }

    fn brim(&mut self) {
        let Some(hat) = self.clothes.hat else { return };
        let from = self.ball(Joint(0.0, 0.046, 0.035), 0.013);
        let left = self.ball(Joint(-0.026, 0.048, 0.074), 0.009);
        let right = self.ball(Joint(0.026, 0.048, 0.074), 0.009);
        self.limb(from, left, |_| hat.scaled(0.85));
        self.limb(from, right, |_| hat.scaled(0.85));
        self.limb(left, right, |_| hat.scaled(0.85));
    }

    /// Draws a box with rounded corners around a point of the body.
    fn satchel(&mut self, at: Joint, half: [f32; 3], colour: Colour) {
        let (x, y) = self.project(at);
        let reach = ((half[0] * self.cos).abs() + (half[2] * self.sin).abs()) * self.unit;
        let tall = half[1] * self.unit;
        let lamp = self.lamp;
        self.canvas.sweep(
            (y - tall, y + tall),
            |row| {
                let t = ((row - y) / tall).abs();
                let round = 1.0 - ((t - 0.7) / 0.3).max(0.0) * ((t - 0.7) / 0.3).max(0.0) * 0.35;
                (x, reach * round, (row - y) / tall)
            },
            |across, &t| {
                // A flap, and a pocket below it.
                let seam = if (t + 0.25).abs() < 0.05 || (t > 0.2 && across.abs() > 0.8) {
                    0.72
                } else {
                    1.0
                };
                // Flatter than a cylinder.
                colour.scaled(lamp.on(across * 0.5) * seam)
            },
        );
    }

    fn backpack(&mut self) {
        let colour = self.clothes.bag_colour;
        self.satchel(Joint(0.0, 0.290, -0.105), [0.088, 0.115, 0.052], colour);
    }

    fn hip_bag(&mut self) {
        let colour = self.clothes.bag_colour;
        let out = 0.118 * self.body.build;
        self.satchel(Joint(-out, 0.520, 0.015), [0.030, 0.062, 0.085], colour);
    }

    fn hand_bag(&mut self) {
        let colour = self.clothes.bag_colour;
        let hand = self.arms[0][2];
        let grip = self.ball(Joint(hand.0, hand.1 + 0.015, hand.2), 0.010);
        let top = self.ball(Joint(hand.0, hand.1 + 0.060, hand.2), 0.022);
        self.limb(grip, top, |_| colour.scaled(0.8));
        self.satchel(
            Joint(hand.0, hand.1 + 0.115, hand.2),
            [0.030, 0.060, 0.080],
            colour,
        );
    }
}

fn hand_ball_at(ball: Ball, radius: f32) -> Ball {
    Ball { radius, ..ball }
}

/// Gives the colour of the upper garment where it faces `angle` (0 front, pi
/// back) at `height`.
fn trunk_colour(clothes: &Appearance, skin: Colour, angle: f32, height: f32) -> Colour {
    const TOP: f32 = 0.150;
    const LENGTH: f32 = 0.370;
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let down = (height - TOP) / LENGTH;
    let front = cos > 0.0;
    if front && sin.abs() < 0.34 * (1.0 - (height - TOP) / 0.050) {
        return skin.scaled(0.92);
    }
    match clothes.bag {
        Bag::Backpack if front && (sin.abs() - 0.62).abs() < 0.13 && down < 0.62 => {
            return clothes.bag_colour.scaled(0.9);
        }
        Bag::Shoulder if (sin - (0.75 - 1.65 * down)).abs() < 0.11 => {
            return clothes.bag_colour.scaled(0.9);
        }
        _ => {}
    }
    // Trousers show below the hem of a shirt, a dress goes on.
    if down > 0.93 && clothes.lower != Lower::Dress {
        return clothes.lower_colour;
    }
    let stripes = f32::from(clothes.stripes);
    // Stripes along the body keep one width all around it.
    let around = (angle / (2.0 * core::f32::consts::PI) + 1.0) * stripes * 2.0;
    let across = (down * stripes).fract() < 0.45;
    let along = around.fract() < 0.4;
    let accent = match clothes.pattern {
        Pattern::Plain => false,
        Pattern::HorizontalStripes => across,
        Pattern::VerticalStripes => along,
        Pattern::Check => across != along,
        Pattern::Logo => {
            let (x, y) = (sin / 0.52, (height - 0.290) / 0.062);
            front && x * x + y * y < 1.0
        }
        Pattern::TwoTone => down > 0.5,
        Pattern::Jacket => front && sin.abs() < 0.16 + 0.22 * down,
    };
    if accent {
        clothes.accent
    } else {
        clothes.upper
    }
}

/// Gives the colour of the head at a point of the unit sphere: `side`, `down`
/// and `front` in the frame of the head.
fn head_colour(
    side: f32,
    down: f32,
    front: f32,
    long: bool,
    skin: Colour,
    hair: Colour,
    hat: Option<Colour>,
) -> Colour {
    if let Some(hat) = hat
        && down < -0.30
    {
        return hat;
    }
    let line = if long && front < 0.30 {
        2.0
    } else if front > 0.0 {
        0.20 - 0.75 * front
    } else {
        0.20 - 0.45 * front
    };
    if down < line {
        return hair;
    }
    if front > 0.0 {
        let eye = (side.abs() - 0.38) / 0.16;
        let lid = (down - 0.02) / 0.09;
        if eye * eye + lid * lid < 1.0 {
            return skin.scaled(0.28);
        }
        if side.abs() < 0.22 && (down - 0.56).abs() < 0.05 {
            return skin.mixed(Colour([0.45, 0.1, 0.1]), 0.6);
        }
    }
    skin
}
