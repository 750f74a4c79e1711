//! `reid mgn …`: extract, evaluate, rank.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Subcommand};

use super::evaluate_args::EvaluationArgs;
use super::exit::Failure;
use super::extract::{ExtractArgs, run_extract};
use super::guide::{evaluate_om, info, save_bin};
use super::{Session, out};
use crate::data::{DataSetChoice, Folder, ReidDataset, picture_folders};
use crate::eval::{
    FeatureDistances, Metric, Options, ReportError, Standing, embed, rank_query, report_features,
    report_folder,
};
use crate::features::{Features, ForeignFeatures, Provenance, Row};
use crate::imaging::decode_file;
use crate::view::{Answer, Caption, Picture, Ranking, Style, ranking_sheet};

#[derive(Debug, Subcommand)]
pub(super) enum MgnCommand {
    /// Compute the features of a data set; an interrupted run goes on
    Extract(ExtractArgs),
    /// Compute mAP and CMC from features, with and without re-ranking
    Evaluate(EvaluateArgs),
    /// Show who is nearest to a query, as a picture and as text
    Rank(RankArgs),
    /// The guide's preprocessing: every picture as a .bin, plain and mirrored
    SaveBin(save_bin::SaveBinArgs),
    /// The guide's lists of inputs (.info)
    #[command(subcommand)]
    Info(info::InfoCommand),
    /// Compute mAP and CMC from the result folders of another runner
    EvaluateOm(evaluate_om::EvaluateOmArgs),
}

#[derive(Clone, Debug, Args)]
pub(super) struct EvaluateArgs {
    /// The folder that `extract` wrote, or features of another program: .npz, .mat (version 5), or
    /// a description in .json (raw numbers, text, .npy)
    #[arg(long, value_name = "DIR|FILE")]
    features: PathBuf,

    /// Print a JSON report (format 1) instead of the lines
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    evaluation: EvaluationArgs,

    /// Write the report as one HTML file, too
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct RankArgs {
    /// The folder that `extract` wrote
    #[arg(long, value_name = "DIR")]
    features: PathBuf,

    /// The query image's file name; more than one gives a picture of several rows
    #[arg(long, value_name = "NAME", required = true)]
    query: Vec<String>,

    /// The picture to write [default: ranking.png in the features folder]
    #[arg(long, value_name = "FILE.png")]
    out: Option<PathBuf>,

    /// How many gallery images to show
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=50))]
    top: u8,

    /// The data set's folder, where it has moved since the extraction
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) fn run(command: MgnCommand, session: &Session) -> Result<(), Failure> {
    match command {
        MgnCommand::Extract(arguments) => {
            let devices = arguments.device.open()?;
            let summary = run_extract(&arguments, &devices, session)?;
            out!("{summary}")?;
            summary.verdict()
        }
        MgnCommand::Evaluate(arguments) => run_evaluate(&arguments),
        MgnCommand::Rank(arguments) => run_rank(&arguments),
        MgnCommand::SaveBin(arguments) => save_bin::run(&arguments, session),
        MgnCommand::Info(command) => info::run(&command),
        MgnCommand::EvaluateOm(arguments) => evaluate_om::run(&arguments),
    }
}

/// Opens a data set, telling what was left out.
pub(super) fn open_data(
    root: &Path,
    choice: DataSetChoice,
) -> Result<Box<dyn ReidDataset>, Failure> {
    let dataset = choice.open(root).map_err(Failure::ran)?;
    for (name, folder) in [("query", dataset.query()), ("gallery", dataset.gallery())] {
        let Folder {
            items,
            junk,
            rejected,
            ..
        } = folder;
        log::info!(
            "{name}: {} images, {junk} junk, {} rejected",
            items.len(),
            rejected.len()
        );
        for rejected in rejected {
            log::warn!(
                "{} is left out: {}",
                rejected.path.display(),
                rejected.error
            );
        }
    }
    Ok(dataset)
}

/// Returns a flag that Ctrl-C sets.
pub(super) fn interruption() -> Arc<AtomicBool> {
    static FLAG: once_cell::sync::Lazy<Arc<AtomicBool>> = once_cell::sync::Lazy::new(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let set = Arc::clone(&flag);
        let handler = move || {
            if set.swap(true, Ordering::Relaxed) {
                // The second time the user means it.
                std::process::exit(130);
            }
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            log::debug!("Ctrl-C is not caught: {error}");
        }
        flag
    });
    Arc::clone(&FLAG)
}

fn run_evaluate(arguments: &EvaluateArgs) -> Result<(), Failure> {
    let foreign = ForeignFeatures::is_named_so(&arguments.features);
    let mut features = None;
    if foreign {
        let read = ForeignFeatures::read(&arguments.features).map_err(Failure::ran)?;
        features = Some(read.into_features());
    }
    let report = arguments.evaluation.evaluate(|options| match &features {
        Some(features) => report_features(features, options).map_err(ReportError::from),
        None => report_folder(&arguments.features, options),
    })?;
    if let Some(path) = &arguments.report {
        let features = match features {
            Some(features) => features,
            None => Features::read(&arguments.features).map_err(Failure::ran)?,
        };
        super::report::write(path, &report, &features, None, None)?;
    }
    if arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(Failure::ran)?;
        return Ok(out!("{text}")?);
    }
    arguments.evaluation.print(&report)?;
    if !foreign {
        say_where(&report.provenance);
    }
    Ok(())
}

/// Says what the features were made on; a simulated device is never passed over in silence.
fn say_where(provenance: &Provenance) {
    let device = &provenance.device;
    let what = if provenance.simulated {
        "SIMULATED device"
    } else {
        "device"
    };
    eprintln!(
        "{what} {} ({}), model {}, data {}",
        device.soc, device.library, provenance.model.file, provenance.data.root
    );
}

fn run_rank(arguments: &RankArgs) -> Result<(), Failure> {
    let features = Features::read(&arguments.features).map_err(Failure::ran)?;
    let root = match &arguments.data {
        Some(root) => root.clone(),
        None => PathBuf::from(&features.provenance.data.root),
    };
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| arguments.features.join("ranking.png"));
    let note = features
        .provenance
        .simulated
        .then(|| "The device was simulated.".to_owned());
    let ranked = rank(
        &features,
        &root,
        &arguments.query,
        usize::from(arguments.top),
    )?;
    for line in &ranked.text {
        out!("{line}")?;
    }
    ranked.draw(&out, note)?;
    eprintln!("{} was written", out.display());
    say_where(&features.provenance);
    Ok(())
}

/// Ranked lists, to print and to draw.
pub(super) struct RankedLists {
    pub(super) text: Vec<String>,
    rankings: Vec<Ranking>,
    subtitle: String,
}

/// Ranks the gallery for some queries.
pub(super) fn rank(
    features: &Features,
    root: &Path,
    names: &[String],
    top: usize,
) -> Result<RankedLists, Failure> {
    let query = embed(
        "query features",
        features.query.plain.view(),
        features.query.flip.view(),
    )
    .map_err(Failure::ran)?;
    let gallery = embed(
        "gallery features",
        features.gallery.plain.view(),
        features.gallery.flip.view(),
    )
    .map_err(Failure::ran)?;
    let distances = FeatureDistances::new(Metric::Euclidean, query.view(), gallery.view())
        .map_err(Failure::ran)?;
    let (query_labels, gallery_labels) = (features.query.labels(), features.gallery.labels());
    let options = Options {
        rerank: None,
        ..Options::default()
    };
    let report = report_features(features, &options).map_err(Failure::ran)?;
    let [query_folder, gallery_folder] = picture_folders(&features.provenance.data.protocol, root);
    let mut lists = RankedLists {
        text: Vec::new(),
        rankings: Vec::new(),
        subtitle: format!(
            "{} of {} gallery images, Euclidean distance, no re-ranking",
            top,
            gallery_labels.len()
        ),
    };
    for name in names {
        let row = features.query.position(name).ok_or_else(|| {
            let examples: Vec<_> = features
                .query
                .rows
                .iter()
                .take(3)
                .map(|row| row.name.as_str())
                .collect();
            Failure::Usage(format!(
                "no query is called {name}; names look like {}",
                examples.join(", ")
            ))
        })?;
        let nearest = rank_query(&distances, row, &query_labels, &gallery_labels, top)
            .map_err(Failure::ran)?;
        let per_query = &report.without_reranking.per_query;
        let precision = per_query
            .iter()
            .find(|q| q.name == *name)
            .map(|q| q.average_precision);
        lists.text.push(match precision {
            Some(precision) => format!("{name}  AP {precision:.4}"),
            None => format!("{name}  has no right answer in the gallery"),
        });
        let mut answers = Vec::new();
        for found in &nearest {
            let Some(rank) = found.rank else { continue };
            let row = &features.gallery.rows[found.row];
            let right = found.standing == Standing::Right;
            let verdict = if right { "right" } else { "wrong" };
            lists.text.push(format!(
                "{rank:>4}  {:.4}  {verdict}  {}",
                found.distance, row.name
            ));
            answers.push(Answer {
                picture: picture(&gallery_folder.join(&row.name)),
                label: label(row),
                distance: found.distance,
                right,
            });
        }
        lists.rankings.push(Ranking {
            picture: picture(&query_folder.join(name)),
            name: name.clone(),
            label: label(&features.query.rows[row]),
            average_precision: precision,
            answers,
        });
    }
    Ok(lists)
}

impl RankedLists {
    /// Draws the lists into a PNG.
    pub(super) fn draw(&self, path: &Path, note: Option<String>) -> Result<(), Failure> {
        let caption = Caption {
            title: "Nearest people".to_owned(),
            subtitle: self.subtitle.clone(),
            note,
        };
        let sheet = ranking_sheet(&caption, &self.rankings, &Style::default());
        sheet.write_png(path).map_err(Failure::ran)
    }
}

fn label(row: &Row) -> String {
    format!("{} cam {}", row.id, row.camera)
}

/// Reads a picture for a sheet; one that cannot be read is shown as missing there.
fn picture(path: &Path) -> Option<Picture> {
    match decode_file(path) {
        Ok(image) => {
            let (width, height) = (image.width(), image.height());
            Picture::new(width, height, image.into_bytes()).ok()
        }
        Err(error) => {
            log::warn!("{error}");
            None
        }
    }
}
