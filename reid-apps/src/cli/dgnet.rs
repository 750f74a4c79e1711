//! `reid dgnet …`: prepare, preprocess, generate, postprocess, export, and sheets to look at.

mod device;
mod export;
mod generate;
mod look;

#[cfg(feature = "sim")]
pub(super) use device::Opened;
#[cfg(feature = "sim")]
pub(super) use generate::{GenerateArgs, run as run_generate};
#[cfg(feature = "sim")]
pub(super) use look::{grid, verdict};

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sha2::{Digest, Sha256};

use super::exit::Failure;
use super::{Session, out};
use crate::dgnet::{
    DgnetError, Format, InputFolders, Link, Naming, OutputFolder, Pair, Pairing, People,
    pairs_text, postprocess, postprocess_record, prepare, preprocess, preprocess_record,
};
use crate::files::{hex, write_file};

#[derive(Debug, Subcommand)]
pub(super) enum DgnetCommand {
    /// Sort Market-1501 into one folder for each person; safe to run again
    Prepare(PrepareArgs),
    /// Write network inputs for other runners: contents and structures, pair by pair
    Preprocess(PreprocessArgs),
    /// Draw people in other people's clothes, from image files to pictures; an interrupted run goes
    /// on
    Generate(generate::GenerateArgs),
    /// Turn the raw results of other runners into pictures
    Postprocess(PostprocessArgs),
    /// Show some contents on some structures as a grid
    Sheet(look::SheetArgs),
    /// Show what lies between two appearances, or between two structures
    Interpolate(look::InterpolateArgs),
    /// Show what `generate` made: content, structure and result side by side
    Contact(look::ContactArgs),
    /// Build the network as ONNX from weights, without PyTorch
    Export(export::ExportArgs),
}

#[derive(Clone, Debug, Args)]
pub(super) struct PrepareArgs {
    /// The root of Market-1501, with query, bounding_box_test and bounding_box_train
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// The folder for the splits [default: pytorch in the data set's root]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// How the images come to their second place
    #[arg(long, value_enum, default_value_t = LinkKind::Copy)]
    link: LinkKind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LinkKind {
    /// Copies
    Copy,
    /// Hard links, which take no room and need the same file system
    Hard,
    /// Symbolic links to absolute paths
    Symlink,
}

/// Which pairs a command works on.
#[derive(Clone, Debug, Args)]
struct PairArgs {
    /// The seed of the drawn pairing
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "pairs")]
    seed: u64,

    /// Structures for each content, each of another person
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "pairs",
          value_parser = clap::value_parser!(u32).range(1..))]
    structures: u32,

    /// A file of pairs instead: on each line the content's path below --data, a tab, the structure's
    #[arg(long, value_name = "FILE.tsv")]
    pairs: Option<PathBuf>,
}

/// What pictures are called, and how they are stored.
#[derive(Clone, Debug, Args)]
struct PictureArgs {
    /// Whose folders and names the pictures get: the Ascend guide's or the DG-Net repository's
    #[arg(long, value_enum, default_value_t = NamesKind::Guide)]
    names: NamesKind,

    /// The kind of picture: JPEG of quality 75 as the reference, or PNG without loss
    #[arg(long = "format", value_enum, default_value_t = FormatKind::Jpeg)]
    format: FormatKind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum NamesKind {
    Guide,
    Upstream,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatKind {
    Jpeg,
    Png,
}

#[derive(Clone, Debug, Args)]
pub(super) struct PreprocessArgs {
    /// The folder of people, such as Market/pytorch/train_all
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// The folder for the contents, the model's image2
    #[arg(long, value_name = "DIR", default_value = "bin_path1")]
    content_out: PathBuf,

    /// The folder for the structures, the model's image1
    #[arg(long, value_name = "DIR", default_value = "bin_path2")]
    structure_out: PathBuf,

    /// The file that the pairs are written to [default: the content folder's name and .pairs.tsv]
    #[arg(long, value_name = "FILE.tsv")]
    pairs_out: Option<PathBuf>,

    /// Empty the output folders first if they hold something else
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    pairing: PairArgs,
}

#[derive(Clone, Debug, Args)]
pub(super) struct PostprocessArgs {
    /// The folder of raw results: .bin, .npy or .txt, one picture each
    #[arg(long, value_name = "DIR")]
    results: PathBuf,

    /// The folder for off-gan_id and off-gan_bg
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Empty the output folder first if it holds something else
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    pictures: PictureArgs,
}

pub(super) fn run(command: DgnetCommand, session: &Session) -> Result<(), Failure> {
    match command {
        DgnetCommand::Prepare(arguments) => run_prepare(&arguments),
        DgnetCommand::Preprocess(arguments) => run_preprocess(&arguments, session),
        DgnetCommand::Generate(arguments) => generate::run(&arguments, session),
        DgnetCommand::Postprocess(arguments) => run_postprocess(&arguments, session),
        DgnetCommand::Sheet(arguments) => look::run_sheet(&arguments),
        DgnetCommand::Interpolate(arguments) => look::run_interpolate(&arguments),
        DgnetCommand::Contact(arguments) => look::run_contact(&arguments),
        DgnetCommand::Export(arguments) => export::run(&arguments),
    }
}

/// Which exit code an error leads to.
pub(super) fn failure(error: DgnetError) -> Failure {
    if error.is_disk_full() {
        return Failure::environment(error);
    }
    match error {
        DgnetError::Interrupted { .. } => Failure::Interrupted(error.to_string()),
        DgnetError::Occupied { .. }
        | DgnetError::Precious { .. }
        | DgnetError::TooManyStructures { .. } => Failure::Usage(error.to_string()),
        other => Failure::ran(other),
    }
}

impl From<LinkKind> for Link {
    fn from(kind: LinkKind) -> Link {
        match kind {
            LinkKind::Copy => Link::Copy,
            LinkKind::Hard => Link::Hard,
            LinkKind::Symlink => Link::Symbolic,
        }
    }
}

impl PictureArgs {
    fn naming(&self) -> Naming {
        match self.names {
            NamesKind::Guide => Naming::Guide,
            NamesKind::Upstream => Naming::Upstream,
        }
    }

    fn format(&self) -> Format {
        match self.format {
            FormatKind::Jpeg => Format::Jpeg,
            FormatKind::Png => Format::Png,
        }
    }
}

/// The pairs of a run, and how they came about.
struct Paired {
    people: People,
    pairs: Vec<Pair>,
    text: String,
    /// SHA-256 of the pairs, in hexadecimal.
    hash: String,
}

impl PairArgs {
    fn open(&self, data: &std::path::Path) -> Result<Paired, Failure> {
        let people = People::open(data).map_err(failure)?;
        let structures = usize::try_from(self.structures).unwrap_or(usize::MAX);
        let pairing = match &self.pairs {
            Some(path) => Pairing::File(path),
            None => Pairing::Seeded {
                seed: self.seed,
                structures,
            },
        };
        let pairs = pairing.pairs(&people).map_err(failure)?;
        let hash = hex(&Sha256::digest(pairs_text(&people, &pairs, &[])));
        let how = match &self.pairs {
            Some(path) => format!("from {}", path.display()),
            None => format!(
                "drawn with seed {}, {structures} structures each",
                self.seed
            ),
        };
        let notes = [
            format!("{} pairs of images below {}", pairs.len(), data.display()),
            how,
        ];
        Ok(Paired {
            text: pairs_text(&people, &pairs, &notes),
            people,
            pairs,
            hash,
        })
    }
}

fn run_prepare(arguments: &PrepareArgs) -> Result<(), Failure> {
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| arguments.data.join("pytorch"));
    let done = prepare(&arguments.data, &out, arguments.link.into()).map_err(failure)?;
    for (split, count) in &done.images {
        out!("{split:<12} {count} images")?;
    }
    let total: usize = done.images.values().sum();
    out!(
        "{} files made in {}, {} were there",
        done.made,
        out.display(),
        total - done.made
    )?;
    if done.moved > 0 {
        out!(
            "{} files taken out of the wrong one of train and val",
            done.moved
        )?;
    }
    if done.ignored > 0 {
        log::info!("{} files whose names do not end in jpg", done.ignored);
    }
    Ok(())
}

fn run_preprocess(arguments: &PreprocessArgs, session: &Session) -> Result<(), Failure> {
    let paired = arguments.pairing.open(&arguments.data)?;
    if arguments.content_out == arguments.structure_out {
        return Err(Failure::Usage(format!(
            "--content-out and --structure-out are both {}: the files of a pair have the same \
             name; give two folders",
            arguments.content_out.display()
        )));
    }
    let open = |path: &PathBuf, stream| {
        let record = preprocess_record(stream, &paired.hash);
        OutputFolder::open(path, &record, &[&arguments.data], arguments.force).map_err(failure)
    };
    let folders = InputFolders {
        content: open(&arguments.content_out, "content")?,
        structure: open(&arguments.structure_out, "structure")?,
    };
    let pairs_out = arguments.pairs_out.clone().unwrap_or_else(|| {
        let name = arguments.content_out.file_name().unwrap_or_default();
        let name = format!("{}.pairs.tsv", name.to_string_lossy());
        arguments.content_out.with_file_name(name)
    });
    write_text(&pairs_out, &paired.text)?;
    let bar = session.progress("pairs", paired.pairs.len());
    let progress = |done| bar.set(done);
    let done = preprocess(&paired.people, &paired.pairs, &folders, &progress).map_err(failure)?;
    drop(bar);
    out!(
        "{} pairs: contents in {} (image2), structures in {} (image1){}",
        done.pairs,
        arguments.content_out.display(),
        arguments.structure_out.display(),
        before(done.before)
    )?;
    out!("pairs are in {}", pairs_out.display())?;
    Ok(())
}

fn run_postprocess(arguments: &PostprocessArgs, session: &Session) -> Result<(), Failure> {
    let (naming, format) = (arguments.pictures.naming(), arguments.pictures.format());
    if !arguments.results.is_dir() {
        return Err(Failure::ran(format!(
            "{}: no such folder; --results wants the runner's output folder",
            arguments.results.display()
        )));
    }
    let record = postprocess_record(&arguments.results, naming, format);
    let out = OutputFolder::open(
        &arguments.out,
        &record,
        &[&arguments.results],
        arguments.force,
    )
    .map_err(failure)?;
    let count = std::fs::read_dir(&arguments.results)?.count();
    let bar = session.progress("results", count);
    let progress = |done| bar.set(done);
    let done = postprocess(&arguments.results, &out, naming, format, &progress).map_err(failure)?;
    drop(bar);
    for path in &done.ignored {
        log::warn!(
            "{} is no result of the first output and is left out",
            path.display()
        );
    }
    out!(
        "{} pictures in {}{}",
        done.pictures,
        arguments.out.display(),
        before(done.before)
    )?;
    if done.failed.is_empty() {
        return Ok(());
    }
    for error in &done.failed {
        eprintln!("reid: no picture: {error}");
    }
    Err(Failure::ran(format!(
        "{} results gave no picture; the others are written",
        done.failed.len()
    )))
}

fn before(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" ({count} were there)"),
    }
}

fn write_text(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    write_file(path, |file| file.write_all(text.as_bytes()))
        .map(|_| ())
        .map_err(|source| {
            failure(DgnetError::Write {
                path: path.to_owned(),
                source,
            })
        })
}
