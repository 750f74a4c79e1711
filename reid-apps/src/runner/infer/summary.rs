//! What a run leaves behind in words: `<folder>_summary.json`.

use std::collections::BTreeMap;
use std::path::Path;

use acl::Runtime;
use serde::{Deserialize, Serialize};

use crate::runner::{Figures, Quantiles, Stage};

/// Where a model ran, and which.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The model's file name.
    pub model: String,
    /// The SHA-256 of the model file.
    pub sha256: String,
    /// The chip.
    pub soc: String,
    /// The AscendCL library.
    pub library: String,
    /// Its version.
    pub version: String,
    /// Whether the device is simulated.
    pub simulated: bool,
    /// What simulates it, and with which times.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub simulator: Option<String>,
    /// The machine.
    pub machine: Machine,
    /// This program's version.
    pub tool: String,
}

/// The host of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// The processor.
    pub processor: String,
    /// Threads that run at once.
    pub cores: usize,
    /// The kernel.
    pub system: String,
}

impl Machine {
    /// Looks at this machine; what it does not tell stays empty.
    #[must_use]
    pub fn this() -> Self {
        let text = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let info = text("/proc/cpuinfo");
        let model = info
            .lines()
            .find(|line| line.starts_with("model name") || line.starts_with("CPU part"))
            .and_then(|line| line.split_once(':'))
            .map_or("", |(_, name)| name.trim());
        Self {
            name: text("/proc/sys/kernel/hostname").trim().to_owned(),
            processor: model.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!(
                "{} {} {}",
                text("/proc/sys/kernel/ostype").trim(),
                text("/proc/sys/kernel/osrelease").trim(),
                std::env::consts::ARCH
            ),
        }
    }
}

impl RunInfo {
    pub(super) fn new(runtime: &Runtime, model: &Path, sha256: String, soc: String) -> Self {
        let source = runtime.source();
        Self {
            model: super::inputs::file_name(model),
            sha256,
            soc,
            library: source.path.map_or_else(
                || "in process".to_owned(),
                |path| path.display().to_string(),
            ),
            version: runtime.version().map_or_else(
                |_| "unknown".to_owned(),
                |(major, minor, patch)| format!("{major}.{minor}.{patch}"),
            ),
            simulated: runtime.is_simulated(),
            simulator: source.simulator.map(|text| text.to_string()),
            machine: Machine::this(),
            tool: format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        }
    }

    /// Names the device for people.
    #[must_use]
    pub fn device(&self) -> String {
        match &self.simulator {
            Some(simulator) => format!("{} (simulated by {simulator})", self.soc),
            None => self.soc.clone(),
        }
    }
}

/// The two ways to count throughput.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Throughput {
    /// 1000 x batch size / mean milliseconds of an execution: what one device could do if it never
    /// waited, the formula of the vendor's tool.
    pub execute: f64,
    /// Items per second of wall-clock time, from the first batch's first byte to the last one's
    /// last, on all devices together: what the run did.
    pub wall: f64,
}

impl Throughput {
    /// Computes both; `batch` is what the first formula counts.
    #[must_use]
    pub fn of(figures: &Figures, batch: usize) -> Self {
        let mean = figures.stage(Stage::Execute).quantiles().mean;
        Self {
            execute: if mean > 0.0 {
                1000.0 * batch as f64 / mean
            } else {
                0.0
            },
            wall: figures.wall_rate(),
        }
    }
}

/// The figures of a latency under the keys that readers of the vendor's summary know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The smallest, in milliseconds.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: f64,
    /// 99 per cent are below.
    #[serde(rename = "percentile(99%)")]
    pub percentile: f64,
    /// How many there were.
    pub count: u64,
}

impl From<Quantiles> for Latency {
    fn from(quantiles: Quantiles) -> Self {
        Self {
            min: quantiles.min,
            max: quantiles.max,
            mean: quantiles.mean,
            median: quantiles.median,
            percentile: quantiles.p99,
            count: quantiles.count,
        }
    }
}

/// The files of one sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleFiles {
    /// One per input.
    pub infiles: Vec<String>,
    /// One per output.
    pub outfiles: Vec<String>,
}

/// A batch that failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FailedBatch {
    /// Its files.
    pub files: Vec<String>,
    /// The positions of its samples in the whole list.
    pub samples: Vec<usize>,
    /// Why.
    pub error: String,
}

/// Which part of a larger job a run was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardInfo {
    /// The part, from 0.
    pub index: usize,
    /// How many parts there are.
    pub count: usize,
    /// The first sample of this part.
    pub start: usize,
    /// The sample behind the last one.
    pub end: usize,
    /// Samples of the whole job.
    pub total: usize,
    /// The SHA-256 of all names of the whole job, in order: parts of different lists do not mix.
    pub inputs: String,
}

/// What is ours in a summary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reid {
    /// The version of this part, 1.
    pub format: u32,
    /// Model, device, library, machine.
    pub run: RunInfo,
    /// Figures of each stage that happened, in milliseconds.
    pub stages: BTreeMap<String, Quantiles>,
    /// From a batch's first touch to its last.
    pub latency: Quantiles,
    /// Both kinds.
    pub throughput: Throughput,
    /// Samples that went through.
    pub samples: u64,
    /// Samples of a batch.
    pub batch: usize,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// Batches without outputs.
    pub failed: Vec<FailedBatch>,
    /// Which part it was, of a job in parts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shard: Option<ShardInfo>,
    /// Devices that were lost on the way.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lost: Vec<String>,
}

/// The summary of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The files of each sample, by the sample's number as text.
    pub filesinfo: BTreeMap<Number, SampleFiles>,
    /// The options.
    pub args: serde_json::Value,
    /// Times of the executions.
    #[serde(rename = "NPU_compute_time")]
    pub npu_compute_time: Latency,
    /// Times of the copies to the device.
    #[serde(rename = "H2D_latency")]
    pub h2d_latency: Latency,
    /// Times of the copies from the device.
    #[serde(rename = "D2H_latency")]
    pub d2h_latency: Latency,
    /// 1000 x batch size / mean of `NPU_compute_time`.
    pub throughput: f64,
    /// What is ours.
    pub reid: Reid,
}

/// A number that is a key of JSON, and sorted as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(pub usize);

impl Summary {
    /// Puts the figures of a run in.
    pub fn set_figures(&mut self, figures: &Figures, batch: usize) {
        let of = |stage| Latency::from(figures.stage(stage).quantiles());
        self.npu_compute_time = of(Stage::Execute);
        self.h2d_latency = of(Stage::Upload);
        self.d2h_latency = of(Stage::Download);
        self.reid.throughput = Throughput::of(figures, batch);
        self.throughput = self.reid.throughput.execute;
        self.reid.stages = stages(figures);
        self.reid.latency = figures.latency().quantiles();
        self.reid.samples = figures.items();
        self.reid.batch = batch;
    }
}

/// Returns the figures of each stage that happened.
#[must_use]
pub fn stages(figures: &Figures) -> BTreeMap<String, Quantiles> {
    Stage::ALL
        .into_iter()
        .filter(|stage| figures.stage(*stage).count() > 0)
        .map(|stage| (stage.name().to_owned(), figures.stage(stage).quantiles()))
        .collect()
}
