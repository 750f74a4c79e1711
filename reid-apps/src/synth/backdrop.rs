//! What stands behind people: wall and ground of the camera, and objects that
//! change from picture to picture.

use super::camera::{Ground, Wall, ground_colour, wall_colour};
use super::canvas::{Ball, Canvas};
use super::{CameraModel, Colour, Dice};

/// A few random heights on a grid, smooth in between: light and dirt.
struct Cloud {
    nodes: Vec<f32>,
}

impl Cloud {
    const COLUMNS: usize = 5;
    const ROWS: usize = 9;

    fn new(dice: &mut Dice, deviation: f32) -> Self {
        Self {
            nodes: (0..Self::COLUMNS * Self::ROWS)
                .map(|_| dice.normal() * deviation)
                .collect(),
        }
    }

    /// Gives the heights along one row, at `y` as a share of the height.
    fn row(&self, y: f32) -> [f32; Self::COLUMNS] {
        let (row, t) = split(y, Self::ROWS);
        let (upper, lower) = self.nodes[row * Self::COLUMNS..].split_at(Self::COLUMNS);
        core::array::from_fn(|i| upper[i] + (lower[i] - upper[i]) * t)
    }
}

/// Looks up in a row of a [`Cloud`], at `x` as a share of the width.
fn along(row: &[f32; Cloud::COLUMNS], x: f32) -> f32 {
    let (column, t) = split(x, Cloud::COLUMNS);
    row[column] + (row[column + 1] - row[column]) * t
}

/// The cell of a grid of `nodes` nodes, and a smooth share inside it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the value is clamped to the size of a small grid"
)]
fn split(share: f32, nodes: usize) -> (usize, f32) {
    let place = (share * (nodes - 1) as f32).clamp(0.0, (nodes - 1) as f32 - 0.001);
    let cell = place as usize;
    let t = place - cell as f32;
    (cell, t * t * (3.0 - 2.0 * t))
}

/// Rounds towards zero. `f32::floor` is a function call on processors without
/// the instruction, and this runs for every sample.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the values are places on the canvas, far below 2^31"
)]
fn whole(value: f32) -> f32 {
    value as i32 as f32
}

/// The part after the point.
fn part(value: f32) -> f32 {
    value - whole(value)
}

/// A cheap pattern of spots: leaves and grass.
fn speckle(x: f32, y: f32, scale: f32) -> f32 {
    let (u, v) = (whole(x / scale), whole(y / scale));
    let n = u * 1.779_5 + v * 10.717_9 + u * v * 0.731;
    part(n * 7.77) - 0.5
}

/// Covers the whole canvas. `mix` 0 keeps the camera's colours, 1 draws new
/// ones; `dice` is this picture's own.
pub(super) fn draw(canvas: &mut Canvas, camera: &CameraModel, mix: f32, dice: &mut Dice) {
    let wall = camera.wall_colour.mixed(wall_colour(dice), mix);
    let ground = camera.ground_colour.mixed(ground_colour(dice), mix);
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let horizon = (camera.horizon + dice.normal() * 0.08).clamp(0.08, 0.9) * height;
    let cloud = Cloud::new(dice, 0.055);
    let offset = dice.range(0.0, width);
    let pace = dice.range(0.16, 0.34) * height;
    canvas.paint(
        (0.0, horizon),
        |y| (y, cloud.row(y / height)),
        |x, (y, light)| {
            let relief = wall_relief(camera.wall, x + offset, *y, pace, horizon);
            wall.scaled(1.0 + along(light, x / width) + relief)
        },
    );
    canvas.paint(
        (horizon, height),
        |y| {
            // Rows of stones get closer towards the horizon.
            let depth = 0.25 * height / (y - horizon + 0.06 * height);
            (y, depth, cloud.row(y / height))
        },
        |x, (y, depth, light)| {
            let relief = ground_relief(camera.ground, x - width / 2.0, *y, *depth, offset, height);
            let near = 0.12 * (y - horizon) / height;
            ground.scaled(0.92 + along(light, x / width) + near + relief)
        },
    );
    canvas.rectangle(
        [
            0.0,
            horizon - 0.006 * height,
            width,
            horizon + 0.004 * height,
        ],
        ground.scaled(0.62),
    );
    let count = dice.between(1, u32::from(camera.clutter));
    for _ in 0..count {
        object(canvas, wall, ground, horizon, dice);
    }
}

/// Gives the light of a wall, as a share.
fn wall_relief(wall: Wall, x: f32, y: f32, pace: f32, horizon: f32) -> f32 {
    let (u, v) = (part(x / pace), part((horizon - y) / (1.3 * pace)));
    match wall {
        Wall::Panels => {
            if u < 0.05 || v < 0.03 {
                -0.22
            } else {
                0.0
            }
        }
        Wall::Windows => {
            if (0.25..0.80).contains(&u) && (0.25..0.80).contains(&v) {
                if u + v < 0.9 { -0.25 } else { -0.42 }
            } else {
                0.05
            }
        }
        Wall::Hedge => 0.28 * speckle(x, y, 5.0) + 0.22 * speckle(x, y, 11.0),
        Wall::Posts => {
            if u < 0.14 {
                -0.32
            } else {
                0.0
            }
        }
    }
}

/// Gives the light of the ground, as a share.
fn ground_relief(ground: Ground, x: f32, y: f32, depth: f32, offset: f32, height: f32) -> f32 {
    let row = depth * 6.0 + offset * 0.01;
    let column = x * depth * 18.0 / height + offset * 0.01 + 40.0;
    match ground {
        Ground::Asphalt => 0.06 * speckle(x + offset + 900.0, y, 3.0),
        Ground::Tiles => {
            if part(row) < 0.10 || part(column) < 0.07 {
                -0.20
            } else {
                0.08 * part((whole(row) + whole(column)) * 0.5)
            }
        }
        Ground::Bands => {
            if part(row * 0.5) < 0.32 {
                0.30
            } else {
                -0.04
            }
        }
        Ground::Grass => 0.20 * speckle(x + offset + 900.0, y, 4.0),
    }
}

/// Puts one object somewhere: a box, a bush, a post or a bench.
fn object(canvas: &mut Canvas, wall: Colour, ground: Colour, horizon: f32, dice: &mut Dice) {
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let base = if dice.chance(0.5) { wall } else { ground };
    let shade = dice.range(0.4, 1.5);
    let colour = Colour(
        base.scaled(shade)
            .0
            .map(|c| (c + dice.normal() * 0.07).clamp(0.0, 1.0)),
    );
    let x = dice.range(-0.2, 1.1) * width;
    let y = dice.range(-0.1, 1.0) * height;
    let (w, h) = (
        dice.range(0.05, 0.5) * width,
        dice.range(0.05, 0.7) * height,
    );
    match dice.below(6) {
        0..=2 => {
            canvas.rectangle([x, y, x + w, y + h], colour);
            canvas.rectangle([x, y, x + w * 0.18, y + h], colour.scaled(0.8));
        }
        3 => canvas.ellipse((x, y), (w * 0.6, h * 0.4), |tx, ty| {
            colour.scaled(1.0 - 0.15 * tx - 0.15 * ty)
        }),
        4 => {
            let thick = dice.range(0.01, 0.03) * width;
            let ball = |y: f32| Ball {
                x,
                y,
                radius: thick,
            };
            canvas.capsule(
                ball(y - h),
                ball(horizon.max(y) + 0.1 * height),
                |_, side| colour.scaled(0.9 - 0.3 * side),
            );
        }
        _ => {
            let seat = horizon + 0.05 * height;
            canvas.rectangle([x, seat, x + w * 1.5, seat + 0.02 * height], colour);
            for leg in [x + 0.1 * w, x + 1.3 * w] {
                canvas.rectangle(
                    [leg, seat, leg + 0.03 * width, seat + 0.08 * height],
                    colour.scaled(0.7),
                );
            }
        }
    }
}
