//! `reid mgn …`: extract, evaluate, rank.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use acl::{Context, Runtime};
use clap::{Args, Subcommand};
use ndarray::Array2;

use super::evaluate_args::EvaluationArgs;
use super::exit::Failure;
use super::guide::{evaluate_om, info, save_bin};
use super::{DeviceArgs, Session, out};
use crate::data::{DataSetChoice, Folder, ReidDataset, picture_folders};
use crate::eval::{
    FeatureDistances, Metric, Options, ReportError, Standing, embed, rank_query, report_features,
    report_folder,
};
use crate::features::{
    DataInfo, DeviceInfo, FailedImage, Features, ForeignFeatures, ModelInfo, Provenance, Row,
    SetFeatures, ToolInfo, new_run_id,
};
use crate::imaging::decode_file;
use crate::mgn::journal::Set;
use crate::mgn::{Embedder, EmbedderError, ExtractError, Extraction, Outcome, extract};
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
pub(super) struct ExtractArgs {
    /// The MGN, converted to an .om (input N,3,384,128)
    #[arg(long, value_name = "FILE.om")]
    pub(super) model: PathBuf,

    /// The data set's folder
    #[arg(long, value_name = "DIR")]
    pub(super) data: PathBuf,

    /// Which data set it is: auto, market1501, duke, msmt17 or cuhk03-np
    #[arg(long, value_name = "NAME", default_value_t)]
    pub(super) dataset: DataSetChoice,

    /// The folder for the features
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,

    /// End at the first image that cannot be read
    #[arg(long)]
    pub(super) strict: bool,

    #[command(flatten)]
    pub(super) device: DeviceArgs,
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
            let api = arguments
                .device
                .backend
                .open()
                .map_err(Failure::environment)?;
            let summary = run_extract(&arguments, api, session)?;
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

/// How an extraction went.
pub(super) struct Summary {
    features: PathBuf,
    rows: usize,
    dim: usize,
    resumed: usize,
    images_per_second: f64,
    device: String,
    failed: Vec<FailedImage>,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} features of {} numbers in {}",
            self.rows,
            self.dim,
            self.features.display()
        )?;
        if self.resumed > 0 {
            write!(f, " ({} images were done before)", self.resumed)?;
        }
        write!(
            f,
            ", {:.1} images/s on {}",
            self.images_per_second, self.device
        )
    }
}

impl Summary {
    /// Lists the images without features, and fails if there are any.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        if self.failed.is_empty() {
            return Ok(());
        }
        for failed in &self.failed {
            eprintln!("reid: no features: {}", failed.error);
        }
        let count = self.failed.len();
        Err(Failure::ran(format!(
            "{count} images could not be read; the others have features"
        )))
    }
}

/// Extracts on an opened library.
pub(super) fn run_extract(
    arguments: &ExtractArgs,
    api: &'static acl_sys::Api,
    session: &Session,
) -> Result<Summary, Failure> {
    let dataset = open_data(&arguments.data, arguments.dataset)?;
    let runtime = Runtime::init(api).map_err(Failure::environment)?;
    let device = runtime
        .device(arguments.device.device)
        .map_err(Failure::environment)?;
    let context = Context::new(&device).map_err(Failure::environment)?;
    let embedder = Embedder::open(&context, &arguments.model).map_err(Failure::environment)?;
    let soc = device.soc_name().map_err(Failure::environment)?;
    let version = runtime.version().map_or_else(
        |_| "unknown".to_owned(),
        |(major, minor, patch)| format!("{major}.{minor}.{patch}"),
    );
    let source = runtime.source();
    let library = source.path.map_or_else(
        || "in process".to_owned(),
        |path| path.display().to_string(),
    );
    let name = match source.simulator {
        Some(simulator) => format!("{soc} (simulated by {simulator})"),
        None => soc.clone(),
    };
    let interrupted = interruption();
    let total = |set: Set| match set {
        Set::Query => dataset.query().items.len(),
        Set::Gallery => dataset.gallery().items.len(),
    };
    let bars = Set::ALL.map(|set| session.progress(set.name(), total(set)));
    let model = ModelInfo {
        file: embedder.file().to_owned(),
        sha256: embedder.sha256().to_owned(),
        dim: embedder.dim(),
        batch: embedder.batch(),
    };
    let outcome = extract(
        embedder,
        &Extraction {
            data: dataset.as_ref(),
            out: &arguments.out,
            device: &name,
            strict: arguments.strict,
            interrupted: &interrupted,
            progress: &|set, done| bars[usize::from(set == Set::Gallery)].set(done),
        },
    )
    .map_err(extract_failure)?;
    drop(bars);
    let provenance = Provenance {
        run: new_run_id(),
        simulated: runtime.is_simulated(),
        device: DeviceInfo {
            soc,
            library,
            version,
        },
        model,
        data: DataInfo {
            root: arguments.data.display().to_string(),
            protocol: dataset.protocol().to_owned(),
        },
        failed: Vec::new(),
        tool: ToolInfo::default(),
    };
    finish(outcome, provenance, dataset.as_ref(), &arguments.out, name)
}

/// Turns the journal into a features folder.
fn finish(
    mut outcome: Outcome,
    mut provenance: Provenance,
    dataset: &dyn ReidDataset,
    out: &Path,
    device: String,
) -> Result<Summary, Failure> {
    let dim = provenance.model.dim;
    let mut sets = Vec::new();
    for (set, folder) in [
        (Set::Query, dataset.query()),
        (Set::Gallery, dataset.gallery()),
    ] {
        let done = outcome.journal.extracted(set).map_err(Failure::ran)?;
        provenance
            .failed
            .extend(done.failed.iter().map(|failed| FailedImage {
                file: failed.file.display().to_string(),
                error: failed.error.clone(),
            }));
        let rows: Vec<Row> = folder
            .items
            .iter()
            .enumerate()
            .filter(|(position, _)| !done.failed.iter().any(|f| f.position == *position))
            .map(|(_, item)| Row::from(item))
            .collect();
        let matrix = |numbers| Array2::from_shape_vec((rows.len(), dim), numbers);
        let (plain, flip) = (
            matrix(done.plain).map_err(Failure::ran)?,
            matrix(done.flip).map_err(Failure::ran)?,
        );
        sets.push(SetFeatures { rows, plain, flip });
    }
    let failed = provenance.failed.clone();
    let [query, gallery] =
        <[SetFeatures; 2]>::try_from(sets).map_err(|_| Failure::ran("two sets were read"))?;
    let rows = query.rows.len() + gallery.rows.len();
    Features {
        provenance,
        query,
        gallery,
    }
    .write(out)
    .map_err(Failure::ran)?;
    outcome.journal.remove().map_err(Failure::ran)?;
    Ok(Summary {
        features: out.to_owned(),
        rows,
        dim,
        resumed: outcome.resumed,
        images_per_second: outcome.images as f64 / outcome.seconds.max(1e-9),
        device,
        failed,
    })
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

fn extract_failure(error: ExtractError) -> Failure {
    match error {
        ExtractError::Interrupted { .. } => Failure::Interrupted(error.to_string()),
        ExtractError::Embedder(EmbedderError::Read { .. } | EmbedderError::Load { .. }) => {
            Failure::environment(error)
        }
        other => Failure::ran(other),
    }
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
