//! `reid dgnet sheet`, `interpolate` and `contact`: pictures for people to look at.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};

use super::super::exit::Failure;
use super::super::{DeviceArgs, out};
use super::device::Opened;
use super::failure;
use super::generate::PAIRS;
use crate::dgnet::sheets::{Cell, Sheet, SheetRow};
use crate::dgnet::{
    Coder, Failed, Generator, Job, Naming, PairName, People, RECORD, Task, generate, permuted,
    read_pairs,
};
use crate::imaging::decode_file;
use crate::view::Picture;

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct SheetArgs {
    /// The DG-Net, converted to an .om
    #[arg(long, value_name = "FILE.om")]
    model: PathBuf,

    /// An image whose clothes are put on; give several
    #[arg(long, value_name = "IMAGE", required_unless_present = "data")]
    content: Vec<PathBuf>,

    /// An image whose pose and background are kept; give several
    #[arg(long, value_name = "IMAGE", required_unless_present = "data")]
    structure: Vec<PathBuf>,

    /// A folder of people to draw contents and structures from instead
    #[arg(long, value_name = "DIR", conflicts_with_all = ["content", "structure"])]
    data: Option<PathBuf>,

    /// How many contents, and how many structures, are drawn from --data
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=40))]
    count: u8,

    /// The seed of that draw
    #[arg(long, value_name = "N", default_value_t = 10)]
    seed: u64,

    /// The sheet to write, .png or .html
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct InterpolateArgs {
    /// The generator with the outputs structure and appearance (`export --part codes`)
    #[arg(long, value_name = "FILE.om")]
    encoder: PathBuf,

    /// The decoder with the inputs structure and appearance (`export --part decoder`)
    #[arg(long, value_name = "FILE.om")]
    decoder: PathBuf,

    /// What changes from the first image to the second
    #[arg(long, value_enum)]
    between: Between,

    /// The first image
    #[arg(long, value_name = "IMAGE")]
    from: PathBuf,

    /// The second image
    #[arg(long, value_name = "IMAGE")]
    to: PathBuf,

    /// The image that gives what does not change [default: the first image]
    #[arg(long, value_name = "IMAGE")]
    keep: Option<PathBuf>,

    /// How many pictures, both ends included
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(2..=40))]
    steps: u8,

    /// The sheet to write, .png or .html
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Between {
    /// Clothes; --keep gives pose and background
    Appearance,
    /// Pose and background; --keep gives the clothes
    Structure,
}

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ContactArgs {
    /// The folder that `generate` wrote
    #[arg(long, value_name = "DIR")]
    run: PathBuf,

    /// The folder of people that it was made from
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// How many pairs to show, evenly spread over the run; 0 for all
    #[arg(long, value_name = "N", default_value_t = 12)]
    count: usize,

    /// The sheet to write, .png or .html
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run_sheet(arguments: &SheetArgs) -> Result<(), Failure> {
    let (contents, structures) = match &arguments.data {
        Some(data) => drawn(data, arguments.seed, usize::from(arguments.count))?,
        None => (arguments.content.clone(), arguments.structure.clone()),
    };
    let opened = Opened::new(&arguments.device)?;
    let generator =
        Generator::open(&opened.context, &arguments.model).map_err(Failure::environment)?;
    let file = generator.file().to_owned();
    let (pictures, failed) = grid(generator, &contents, &structures)?;
    let words = |files: &[PathBuf]| files.iter().map(|file| given(file)).collect();
    let sheet = Sheet {
        title: "Clothes on other bodies".to_owned(),
        subtitle: format!("{file} on {}", opened.name),
        note: opened.note(),
        rows: Sheet::grid(words(&contents), words(&structures), pictures),
    };
    sheet.write(&arguments.out).map_err(failure)?;
    let [across, down] = [contents.len(), structures.len()];
    out!(
        "{}: {across} contents on {down} structures",
        arguments.out.display()
    )?;
    verdict(failed.iter().map(|failed| failed.error.as_str()))
}

/// Generates every content on every structure; returns the pictures row by row, and what failed.
pub(in crate::cli) fn grid(
    generator: Generator,
    contents: &[PathBuf],
    structures: &[PathBuf],
) -> Result<(Vec<Cell>, Vec<Failed>), Failure> {
    let tasks: Vec<Task<'_>> = structures
        .iter()
        .flat_map(|structure| {
            contents
                .iter()
                .map(move |content| Task { structure, content })
        })
        .collect();
    let pictures = Mutex::new(vec![Cell::Missing; tasks.len()]);
    let failed = generate(
        vec![generator],
        &tasks,
        &Job {
            take: &|task, picture| {
                if let Ok(mut pictures) = pictures.lock() {
                    pictures[task] = Cell::Picture(picture);
                }
                Ok(())
            },
            progress: &|_| {},
            interrupted: &AtomicBool::new(false),
        },
    )
    .map_err(failure)?;
    Ok((pictures.into_inner().unwrap_or_default(), failed))
}

pub(super) fn run_interpolate(arguments: &InterpolateArgs) -> Result<(), Failure> {
    let opened = Opened::new(&arguments.device)?;
    let coder = Coder::open(&opened.context, &arguments.encoder, &arguments.decoder)
        .map_err(Failure::environment)?;
    let keep = arguments.keep.as_ref().unwrap_or(&arguments.from);
    let appearance = arguments.between == Between::Appearance;
    let tasks = [&arguments.from, &arguments.to].map(|end| match appearance {
        true => Task {
            structure: keep,
            content: end,
        },
        false => Task {
            structure: end,
            content: keep,
        },
    });
    let codes = coder.encode(&tasks).map_err(failure)?;
    let [first, last] = &codes[..] else {
        return Err(Failure::ran("the encoder gave other than two codes"));
    };
    let steps = arguments.steps;
    let shares: Vec<f32> = (0..steps)
        .map(|i| f32::from(i) / f32::from(steps - 1))
        .collect();
    let between: Vec<_> = shares
        .iter()
        .map(|&share| match appearance {
            true => first.towards_appearance(last, share),
            false => first.towards_structure(last, share),
        })
        .collect();
    let pictures = coder.decode(&between).map_err(failure)?;
    let steps = pictures
        .into_iter()
        .zip(&shares)
        .map(|(picture, share)| (Cell::Picture(picture), format!("{:.0} %", share * 100.0)));
    let (what, kept) = match appearance {
        true => ("appearance", "structure"),
        false => ("structure", "appearance"),
    };
    let row = |label: String, cells| SheetRow { label, cells };
    let sheet = Sheet {
        title: format!("From one {what} to another"),
        subtitle: format!("on {}", opened.name),
        note: opened.note(),
        rows: vec![
            row(
                format!("given: {what} of the first, {what} of the last, {kept} of all"),
                vec![given(&arguments.from), given(&arguments.to), given(keep)],
            ),
            row("drawn".to_owned(), steps.collect()),
        ],
    };
    sheet.write(&arguments.out).map_err(failure)?;
    out!("{}: {} steps", arguments.out.display(), shares.len())?;
    Ok(())
}

pub(super) fn run_contact(arguments: &ContactArgs) -> Result<(), Failure> {
    let record = arguments.run.join(RECORD);
    let record = std::fs::read(&record).ok();
    let record = record.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let record = record
        .filter(|record| record["command"] == "dgnet generate")
        .ok_or_else(|| {
            let path = arguments.run.display();
            Failure::Usage(format!(
                "{path}: no output of `reid dgnet generate`; give its --out"
            ))
        })?;
    let naming = match record["names"].as_str() {
        Some("upstream") => Naming::Upstream,
        _ => Naming::Guide,
    };
    let extension = record["pictures"].as_str().unwrap_or("jpg");
    let people = People::open(&arguments.data).map_err(failure)?;
    let pairs = read_pairs(&arguments.run.join(PAIRS), &people).map_err(failure)?;
    let step = match arguments.count {
        0 => 1,
        count => pairs.len().div_ceil(count),
    };
    let mut rows = Vec::new();
    let mut missing = Vec::new();
    for pair in pairs.iter().step_by(step) {
        let sample = |place: usize| &people.samples[place];
        let (structure, content) = (sample(pair.structure), sample(pair.content));
        let name = PairName::of(structure, content).map_err(failure)?;
        let [file, _] = name.pictures(naming, extension);
        let result = cell(&arguments.run.join(&file));
        if matches!(result, Cell::Missing) {
            missing.push(format!("{file} is not there or cannot be read"));
        }
        rows.push(SheetRow {
            label: file,
            cells: vec![
                (cell(&content.path), "content".to_owned()),
                (cell(&structure.path), "structure".to_owned()),
                (result, "result".to_owned()),
            ],
        });
    }
    let shown = rows.len();
    let simulated = record["simulated"] == true;
    let sheet = Sheet {
        title: "Generated people".to_owned(),
        subtitle: format!("{shown} of {} pairs", pairs.len()),
        note: simulated.then(|| "The device was simulated.".to_owned()),
        rows,
    };
    sheet.write(&arguments.out).map_err(failure)?;
    out!(
        "{}: {shown} of {} pairs",
        arguments.out.display(),
        pairs.len()
    )?;
    verdict(missing.iter().map(String::as_str))
}

pub(in crate::cli) fn verdict<'a>(
    faults: impl ExactSizeIterator<Item = &'a str>,
) -> Result<(), Failure> {
    let count = faults.len();
    for fault in faults {
        eprintln!("reid: no picture: {fault}");
    }
    match count {
        0 => Ok(()),
        count => Err(Failure::ran(format!(
            "{count} pictures are missing from the sheet"
        ))),
    }
}

/// Draws contents and structures: the first pairs of a permutation whose persons differ.
fn drawn(data: &Path, seed: u64, count: usize) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Failure> {
    let people = People::open(data).map_err(failure)?;
    let mut pairs = permuted(&people, seed, 1).map_err(failure)?;
    // In the drawn order, so that neighbours in a folder do not stand together.
    pairs.sort_by_key(|pair| pair.structure);
    let mut taken = (Vec::new(), Vec::new());
    let mut met = (Vec::new(), Vec::new());
    for pair in pairs {
        let sample = |place: usize| &people.samples[place];
        for (place, files, classes) in [
            (pair.content, &mut taken.0, &mut met.0),
            (pair.structure, &mut taken.1, &mut met.1),
        ] {
            let sample = sample(place);
            if files.len() < count && !classes.contains(&sample.class) {
                classes.push(sample.class);
                files.push(sample.path.clone());
            }
        }
    }
    Ok(taken)
}

/// An image that was given, with its name.
fn given(path: &Path) -> (Cell, String) {
    let name = path.file_stem().unwrap_or_default();
    (cell(path), name.to_string_lossy().into_owned())
}

fn cell(path: &Path) -> Cell {
    match decode_file(path) {
        Ok(image) => {
            let (width, height) = (image.width(), image.height());
            Picture::new(width, height, image.into_bytes()).map_or(Cell::Missing, Cell::Picture)
        }
        Err(error) => {
            log::warn!("{error}");
            Cell::Missing
        }
    }
}
