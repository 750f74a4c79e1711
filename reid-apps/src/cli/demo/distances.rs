//! How far generated pictures are from the drawn truth, beside what copying would give.

use std::fmt;
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use super::super::dgnet::failure;
use super::super::exit::Failure;
use crate::dgnet::{
    Distance, Naming, Pair, PairName, People, Truth, as_structure, changed, resized,
};
use crate::files::write_file;
use crate::imaging::decode_file;
use crate::synth::encode_jpeg;
use crate::view::Picture;

/// Rows and columns that the network draws.
const SIZE: (usize, usize) = (256, 128);
/// What the same scene in other clothes must differ by to count as changed, in grey levels.
const LEVELS: u8 = 8;
/// The quality of the drawn truth's files.
const QUALITY: u8 = 90;

/// One way to get pictures, and how far it is from the truth.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    pub(super) name: &'static str,
    /// Over all pixels, in grey levels of 255.
    pub(super) mean_absolute: f64,
    pub(super) psnr: f64,
    /// Over the pixels that the other clothes change.
    pub(super) mean_absolute_changed: f64,
    pub(super) psnr_changed: f64,
}

/// All ways, over the same pairs.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Table {
    pub(super) pairs: usize,
    /// Share of the pixels that the other clothes change.
    pub(super) changed: f64,
    pub(super) rows: Vec<Row>,
}

const NAMES: [&str; 4] = [
    "generated",
    "content image, copied",
    "structure image, copied, grey as the network gets it",
    "structure image, copied, in colours that the network never gets",
];

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "against the drawn truth: mean error in grey levels of 255, and PSNR in dB; {} pairs, \
             other clothes change {:.0} % of the pixels",
            self.pairs,
            self.changed * 100.0
        )?;
        writeln!(f, "{:>18}{:>18}", "all pixels", "changed pixels")?;
        for row in &self.rows {
            writeln!(
                f,
                "{:>9.2}{:>9.2}{:>9.2}{:>9.2}  {}",
                row.mean_absolute, row.psnr, row.mean_absolute_changed, row.psnr_changed, row.name
            )?;
        }
        Ok(())
    }
}

/// The pictures of one pair: found in the four ways, true, and which pixels changed.
struct Compared {
    ways: [Picture; 4],
    truth: Picture,
    mask: Vec<bool>,
}

/// Compares all pairs, and writes the true pictures into `drawn` for the distance of features.
pub(super) fn measure(
    people: &People,
    pairs: &[Pair],
    truth: &Truth,
    generated: &Path,
    drawn: &Path,
) -> Result<Table, Failure> {
    fs::create_dir_all(drawn)?;
    // In order, so that the sums do not depend on the threads.
    let compared: Vec<Compared> = pairs
        .par_iter()
        .map(|pair| compare(people, *pair, truth, generated, drawn))
        .collect::<Result<_, Failure>>()?;
    let mut all = [Distance::default(); 4];
    let mut some = [Distance::default(); 4];
    let (mut changed, mut pixels) = (0, 0);
    for Compared { ways, truth, mask } in &compared {
        for (way, (all, some)) in ways.iter().zip(all.iter_mut().zip(&mut some)) {
            all.add(way, truth, None).map_err(Failure::ran)?;
            some.add(way, truth, Some(mask)).map_err(Failure::ran)?;
        }
        changed += mask.iter().filter(|&&changed| changed).count();
        pixels += mask.len();
    }
    let rows = NAMES.into_iter().zip(all.iter().zip(&some));
    Ok(Table {
        pairs: pairs.len(),
        changed: changed as f64 / pixels.max(1) as f64,
        rows: rows
            .map(|(name, (all, some))| Row {
                name,
                mean_absolute: all.mean_absolute(),
                psnr: all.peak_signal_to_noise(),
                mean_absolute_changed: some.mean_absolute(),
                psnr_changed: some.peak_signal_to_noise(),
            })
            .collect(),
    })
}

fn compare(
    people: &People,
    pair: Pair,
    truth: &Truth,
    generated: &Path,
    drawn: &Path,
) -> Result<Compared, Failure> {
    let sample = |place: usize| &people.samples[place];
    let (structure, content) = (sample(pair.structure), sample(pair.content));
    let name = PairName::of(structure, content).map_err(failure)?;
    let missing = |what: &str| Failure::ran(format!("{what} is no picture of the drawn set"));
    let scene = truth
        .scene(structure.base_name())
        .ok_or_else(|| missing(&structure.name))?;
    let swap = truth
        .swap(structure.base_name(), content.base_name())
        .ok_or_else(|| missing(&content.name))?;
    let swapped = swap.draw();
    let bytes = encode_jpeg(&swapped, QUALITY)?;
    let file = drawn.join(format!("{}.jpg", name.stem()));
    write_file(&file, |file| file.write_all(&bytes))?;

    let sized = |picture: &Picture| resized(picture, SIZE.1, SIZE.0);
    let of_file = |path: &Path| -> Result<Picture, Failure> {
        let image = decode_file(path).map_err(Failure::ran)?;
        let (width, height) = (image.width(), image.height());
        let picture = Picture::new(width, height, image.into_bytes()).map_err(Failure::ran)?;
        sized(&picture).ok_or_else(|| missing(&path.display().to_string()))
    };
    let [found, _] = name.pictures(Naming::Guide, "png");
    let grey = as_structure(&structure.path).map_err(Failure::ran)?;
    let empty = || missing("an empty drawing");
    let (truth, before) = (
        sized(&swapped).ok_or_else(empty)?,
        sized(&scene.draw()).ok_or_else(empty)?,
    );
    Ok(Compared {
        ways: [
            of_file(&generated.join(found))?,
            of_file(&content.path)?,
            grey.ok_or_else(empty)?,
            of_file(&structure.path)?,
        ],
        mask: changed(&before, &truth, LEVELS),
        truth,
    })
}
