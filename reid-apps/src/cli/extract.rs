//! `reid mgn extract`.

use std::path::PathBuf;

use clap::Args;
use ndarray::Array2;

use super::Session;
use super::devices::{Devices, DevicesArgs};
use super::exit::Failure;
use super::mgn::{interruption, open_data};
use super::runner_args::parse_shard;
use crate::data::{DataSetChoice, ReidDataset};
use crate::features::{
    DataInfo, DeviceInfo, FailedImage, Features, ModelInfo, Part, Provenance, Row, SetFeatures,
    ToolInfo, new_run_id,
};
use crate::mgn::journal::Set;
use crate::mgn::{Embedder, EmbedderError, ExtractError, Extraction, Outcome, extract, ranges};
use crate::runner::infer::Shard;

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

    /// Do one part of the images: part I of N, from 0; `auto` asks Slurm's or Kubernetes' environment.
    /// Each part has a folder of its own, `reid merge` joins them
    #[arg(long, value_name = "I/N|auto")]
    pub(super) shard: Option<String>,

    #[command(flatten)]
    pub(super) device: DevicesArgs,
}

/// How an extraction went.
pub(super) struct Summary {
    features: PathBuf,
    rows: usize,
    dim: usize,
    resumed: usize,
    images_per_second: f64,
    device: String,
    part: Option<Shard>,
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
        if let Some(Shard { index, count }) = self.part {
            write!(f, ", part {index} of {count}")?;
        }
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

/// Extracts on opened devices.
pub(super) fn run_extract(
    arguments: &ExtractArgs,
    devices: &Devices,
    session: &Session,
) -> Result<Summary, Failure> {
    let shard = parse_shard(arguments.shard.as_deref())?;
    let dataset = open_data(&arguments.data, arguments.dataset)?;
    let runtime = &devices.runtime;
    let embedders =
        Embedder::open_all(&devices.contexts, &arguments.model).map_err(Failure::environment)?;
    let Some(embedder) = embedders.first() else {
        return Err(Failure::Usage("--device names no device".to_owned()));
    };
    let version = runtime.version().map_or_else(
        |_| "unknown".to_owned(),
        |(major, minor, patch)| format!("{major}.{minor}.{patch}"),
    );
    let source = runtime.source();
    let library = source.path.map_or_else(
        || "in process".to_owned(),
        |path| path.display().to_string(),
    );
    let interrupted = interruption();
    let [query, gallery] = ranges(dataset.as_ref(), embedder.batch(), shard);
    let bars = [(Set::Query, query), (Set::Gallery, gallery)]
        .map(|(set, range)| session.progress(set.name(), range.len()));
    let model = ModelInfo {
        file: embedder.file().to_owned(),
        sha256: embedder.sha256().to_owned(),
        dim: embedder.dim(),
        batch: embedder.batch(),
    };
    let outcome = extract(
        embedders,
        &Extraction {
            data: dataset.as_ref(),
            out: &arguments.out,
            device: &devices.name,
            shard,
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
            soc: devices.soc.clone(),
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
    let part = shard.map(|shard| Part {
        index: shard.index,
        count: shard.count,
        data: outcome.data.clone(),
        first: [0, 1].map(|set| outcome.ranges[set].start),
        images: [0, 1].map(|set| outcome.ranges[set].len()),
        total: [dataset.query(), dataset.gallery()].map(|folder| folder.items.len()),
    });
    let summary = Summary {
        features: arguments.out.clone(),
        rows: 0,
        dim: provenance.model.dim,
        resumed: outcome.resumed,
        images_per_second: outcome.images as f64 / outcome.seconds.max(1e-9),
        device: devices.title(),
        part: shard,
        failed: Vec::new(),
    };
    finish(outcome, provenance, dataset.as_ref(), part, summary)
}

/// Turns the journal into a features folder.
fn finish(
    mut outcome: Outcome,
    mut provenance: Provenance,
    dataset: &dyn ReidDataset,
    part: Option<Part>,
    mut summary: Summary,
) -> Result<Summary, Failure> {
    let dim = provenance.model.dim;
    let mut sets = Vec::new();
    let [query, gallery] = outcome.ranges.clone();
    for (set, folder, range) in [
        (Set::Query, dataset.query(), query),
        (Set::Gallery, dataset.gallery(), gallery),
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
            .take(range.end)
            .skip(range.start)
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
    summary.failed.clone_from(&provenance.failed);
    let [query, gallery] =
        <[SetFeatures; 2]>::try_from(sets).map_err(|_| Failure::ran("two sets were read"))?;
    summary.rows = query.rows.len() + gallery.rows.len();
    let features = Features {
        provenance,
        query,
        gallery,
    };
    match part {
        None => features.write(&summary.features),
        Some(part) => features.write_part(&summary.features, &part),
    }
    .map_err(Failure::ran)?;
    outcome.journal.remove().map_err(Failure::ran)?;
    Ok(summary)
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
