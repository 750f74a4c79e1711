//! The demo's sheet: some people's clothes on other people's bodies.

use std::path::Path;

use super::super::DeviceArgs;
use super::super::dgnet::{Opened, grid, verdict};
use super::super::exit::Failure;
use crate::dgnet::sheets::{Cell, Sheet};
use crate::dgnet::{DgnetError, Generator, People, Sample, Truth};
use crate::imaging::decode_file;
use crate::view::Picture;

/// People across and down; fewer where the set has fewer.
const ACROSS: usize = 6;
const DOWN: usize = 5;

/// What sheets are drawn from.
pub(super) struct Looks<'a> {
    pub(super) note: &'a str,
    pub(super) truth: &'a Truth,
    pub(super) people: &'a People,
}

/// Draws the generated sheet, and the same one as it would be drawn.
pub(super) fn draw(
    looks: &Looks<'_>,
    model: &Path,
    device: &DeviceArgs,
    files: [&Path; 2],
) -> Result<(), Failure> {
    let (contents, structures) = looks.choose();
    let paths = |samples: &[&Sample]| samples.iter().map(|s| s.path.clone()).collect::<Vec<_>>();
    let opened = Opened::new(device)?;
    let generator = Generator::open(&opened.context, model).map_err(Failure::environment)?;
    let file = generator.file().to_owned();
    let (pictures, failed) = grid(generator, &paths(&contents), &paths(&structures))?;
    let drawn = structures.iter().flat_map(|structure| {
        contents.iter().map(|content| {
            let swap = looks.truth.swap(structure.base_name(), content.base_name());
            swap.map_or(Cell::Missing, |scene| Cell::Picture(scene.draw()))
        })
    });
    let (drawn, by_network) = (drawn.collect(), format!("{file} on {}", opened.name));
    for (path, title, subtitle, cells) in [
        (files[0], "Clothes on other bodies", by_network, pictures),
        (
            files[1],
            "Clothes on other bodies, as drawn",
            "no network: what the one that was trained should give".to_owned(),
            drawn,
        ),
    ] {
        let sheet = Sheet {
            title: title.to_owned(),
            subtitle,
            note: Some(looks.note.to_owned()),
            rows: Sheet::grid(shown(&contents), shown(&structures), cells),
        };
        sheet
            .write(path)
            .map_err(|error: DgnetError| super::super::dgnet::failure(error))?;
    }
    verdict(failed.iter().map(|failed| failed.error.as_str()))
}

impl<'a> Looks<'a> {
    /// Chooses one picture of each person for the clothes, the one that faces the camera most, and
    /// one of each of the others for the bodies, the one that is turned most to a side.
    fn choose(&self) -> (Vec<&'a Sample>, Vec<&'a Sample>) {
        let classes = self.people.classes.len();
        let across = ACROSS.min(classes / 2).max(1);
        let down = DOWN.min(classes - across).max(1);
        let of = |class: usize, score: fn(f32) -> f32| {
            let samples = self.people.samples.iter().filter(|s| s.class == class);
            let scored = samples.filter_map(|sample| {
                let yaw = self.truth.scene(sample.base_name())?.subject?.pose.yaw;
                Some((score(yaw), sample))
            });
            scored
                .max_by(|(a, _), (b, _)| a.total_cmp(b))
                .map(|(_, sample)| sample)
        };
        (
            (0..across)
                .filter_map(|class| of(class, libm::cosf))
                .collect(),
            (across..across + down)
                .filter_map(|class| of(class, |yaw| libm::sinf(yaw).abs()))
                .collect(),
        )
    }
}

fn shown(samples: &[&Sample]) -> Vec<(Cell, String)> {
    let cell = |path: &Path| {
        let image = decode_file(path).ok()?;
        let (width, height) = (image.width(), image.height());
        Picture::new(width, height, image.into_bytes()).ok()
    };
    let named = |sample: &&Sample| {
        let name = sample.base_name().trim_end_matches(".jpg").to_owned();
        (
            cell(&sample.path).map_or(Cell::Missing, Cell::Picture),
            name,
        )
    };
    samples.iter().map(named).collect()
}
