//! What `reid infer` and `reid bench` are asked for in the same words.

use std::path::{Path, PathBuf};

use acl::Runtime;
use clap::Args;

use super::exit::Failure;
use crate::backend::Backend;
use crate::runner::Options;
use crate::runner::infer::{InferError, PureData, Shape, Shard, parse_dims, read_aipp};

/// Batches under way per device unless one is told.
const SLOTS: u8 = 3;

/// Which model, where, at which sizes.
#[derive(Clone, Debug, Args)]
pub(super) struct RunnerArgs {
    /// Per input a folder of .bin and .npy files or an .info list, in the model's order; or files
    #[arg(short = 'i', long, value_name = "PATH,…", value_delimiter = ',')]
    pub(super) input: Vec<PathBuf>,

    /// The devices, counted from 0; batches go to whichever is free
    #[arg(
        short = 'd',
        long,
        visible_alias = "device_id",
        value_name = "N,…",
        value_delimiter = ',',
        default_value = "0"
    )]
    pub(super) device: Vec<i32>,

    /// The AscendCL library: `auto` (ACL_LIBRARY, else the installed toolkit), `sim` (the
    /// simulator inside this program), or a path
    #[arg(long, value_name = "auto|sim|PATH", default_value = "auto")]
    pub(super) backend: Backend,

    /// Batches under way per device [default: the profile's, else 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(super) slots: Option<u8>,

    /// What `reid bench --autotune` found: the model, its batch and the slots, where no option says
    #[arg(long, value_name = "FILE.toml")]
    pub(super) profile: Option<PathBuf>,

    /// Threads that read and write files [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(super) threads: Option<u16>,

    /// How often each batch is run; without --input, how many batches are run
    #[arg(long = "loop", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rounds: Option<u32>,

    /// Runs before the figures begin
    #[arg(
        long = "warmup_count",
        visible_alias = "warmup-count",
        value_name = "N",
        default_value_t = 1
    )]
    pub(super) warmup: u32,

    /// The batch size of the throughput's formula, where the model's first dim is none
    #[arg(long, visible_aliases = ["batch-size", "batch_size"], value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) batchsize: Option<u32>,

    /// The batch size of a model with dynamic batch
    #[arg(
        long = "dymBatch",
        visible_alias = "dym-batch",
        value_name = "N",
        group = "shape"
    )]
    pub(super) dym_batch: Option<u64>,

    /// Height and width of a model with dynamic image size
    #[arg(long = "dymHW", visible_alias = "dym-hw", value_name = "H,W", group = "shape", value_parser = image_size)]
    pub(super) dym_hw: Option<[u64; 2]>,

    /// The dims of a model with gears of dims: "x:1,3,224,224;y:1,5"
    #[arg(
        long = "dymDims",
        visible_alias = "dym-dims",
        value_name = "NAME:D,…;…",
        group = "shape"
    )]
    pub(super) dym_dims: Option<String>,

    /// The shapes of a model with open dims: "x:1,3,224,224;y:1,5"
    #[arg(
        long = "dymShape",
        visible_alias = "dym-shape",
        value_name = "NAME:D,…;…",
        group = "shape"
    )]
    pub(super) dym_shape: Option<String>,

    /// Take the gear of dims from each .npy file's shape
    #[arg(long = "auto_set_dymdims_mode", visible_alias = "auto-set-dymdims-mode", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value = "false", value_parser = switch, hide_default_value = true)]
    pub(super) auto_dims: bool,

    /// Take the open dims from each .npy file's shape
    #[arg(long = "auto_set_dymshape_mode", visible_alias = "auto-set-dymshape-mode", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value = "false", value_parser = switch, hide_default_value = true)]
    pub(super) auto_shape: bool,

    /// Bytes of each output of a model with open dims; grown if they are not enough
    #[arg(
        long = "outputSize",
        visible_alias = "output-size",
        value_name = "BYTES,…",
        value_delimiter = ','
    )]
    pub(super) output_size: Vec<usize>,

    /// The parameters of a dynamic AIPP, as the vendor's tool reads them
    #[arg(
        long = "aipp_config",
        visible_alias = "aipp-config",
        value_name = "FILE"
    )]
    pub(super) aipp_config: Option<PathBuf>,

    /// What inputs hold without --input
    #[arg(long = "pure_data_type", visible_alias = "pure-data-type", value_name = "zero|random", default_value = "zero", value_parser = pure)]
    pub(super) pure: PureData,

    /// A configuration for aclInit (profiling, dumping)
    #[arg(
        long = "acl_json_path",
        visible_alias = "acl-json-path",
        value_name = "FILE.json"
    )]
    pub(super) acl_json: Option<PathBuf>,
}

/// Reads a truth value as the vendor's tool spells it.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" => Ok(true),
        "0" | "false" | "f" | "no" | "n" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

fn image_size(text: &str) -> Result<[u64; 2], String> {
    let (height, width) = text.split_once(',').ok_or("write HEIGHT,WIDTH")?;
    let number = |word: &str| {
        word.trim()
            .parse()
            .map_err(|_| format!("{word:?} is no number; write HEIGHT,WIDTH"))
    };
    Ok([number(height)?, number(width)?])
}

fn pure(text: &str) -> Result<PureData, String> {
    match text {
        "zero" => Ok(PureData::Zero),
        "random" => Ok(PureData::Random),
        _ => Err("write zero or random".to_owned()),
    }
}

impl RunnerArgs {
    /// Returns the sizes to run at.
    pub(super) fn shape(&self) -> Result<Shape, Failure> {
        let npy = |option: &str| {
            let any = |path: &PathBuf| path.extension().is_some_and(|ext| ext == "bin");
            if self.input.is_empty() || self.input.iter().any(any) {
                return Err(Failure::Usage(format!(
                    "{option} takes shapes from .npy files; name some by --input"
                )));
            }
            Ok(())
        };
        if self.auto_dims {
            npy("--auto_set_dymdims_mode")?;
            return Ok(Shape::AutoDims);
        }
        if self.auto_shape {
            npy("--auto_set_dymshape_mode")?;
            return Ok(Shape::AutoOpen);
        }
        Ok(if let Some(batch) = self.dym_batch {
            Shape::Batch(batch)
        } else if let Some(size) = self.dym_hw {
            Shape::ImageSize(size)
        } else if let Some(text) = &self.dym_dims {
            Shape::Dims(parse_dims(text).map_err(Failure::Usage)?)
        } else if let Some(text) = &self.dym_shape {
            Shape::Open(parse_dims(text).map_err(Failure::Usage)?)
        } else {
            Shape::Default
        })
    }

    /// Tells whether an option chooses the sizes.
    pub(super) fn has_shape(&self) -> bool {
        self.auto_dims
            || self.auto_shape
            || self.dym_batch.is_some()
            || self.dym_hw.is_some()
            || self.dym_dims.is_some()
            || self.dym_shape.is_some()
    }

    /// Reads the parameters of a dynamic AIPP.
    pub(super) fn aipp(&self) -> Result<Option<acl::Aipp>, Failure> {
        self.aipp_config
            .as_deref()
            .map(read_aipp)
            .transpose()
            .map_err(failure)
    }

    /// Returns slots and workers; without files each device's thread does everything.
    pub(super) fn options(&self) -> Options {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.map_or(cores, usize::from);
        Options {
            slots: usize::from(self.slots.unwrap_or(SLOTS)),
            workers: if self.input.is_empty() { 0 } else { threads },
        }
    }

    /// Opens the library and initialises it, with a configuration where one is wanted.
    pub(super) fn runtime(&self, config: Option<&Path>) -> Result<Runtime, Failure> {
        let api = self.backend.open().map_err(Failure::environment)?;
        let runtime = match config.or(self.acl_json.as_deref()) {
            Some(config) => {
                if let Err(error) = std::fs::metadata(config) {
                    return Err(Failure::Usage(format!("{}: {error}", config.display())));
                }
                Runtime::init_with_config(api, config)
            }
            None => Runtime::init(api),
        };
        runtime.map_err(Failure::environment)
    }
}

/// Reads `--shard`.
pub(super) fn parse_shard(text: Option<&str>) -> Result<Option<Shard>, Failure> {
    text.map(|text| Shard::parse(text, |name| std::env::var(name).ok()))
        .transpose()
        .map_err(Failure::Usage)
}

/// Which exit code an error of a run deserves.
pub(super) fn failure(error: InferError) -> Failure {
    match error {
        InferError::Misfit(text) => Failure::Usage(text),
        InferError::File { path, problem } if path.extension().is_some_and(|e| e == "om") => {
            Failure::environment(format!("{}: {problem}", path.display()))
        }
        InferError::Acl(error) => Failure::environment(error),
        other => Failure::ran(other),
    }
}

/// Writes a configuration for aclInit that switches profiling or dumping on.
pub(super) fn acl_json(
    folder: &Path,
    model: &Path,
    profiler: bool,
    dump: bool,
) -> Result<PathBuf, Failure> {
    let output = |name: &str| -> Result<String, Failure> {
        let path = folder.join(name);
        std::fs::create_dir_all(&path)?;
        // The library wants a whole path.
        Ok(std::fs::canonicalize(path)?.display().to_string())
    };
    let mut config = serde_json::Map::new();
    if profiler {
        config.insert(
            "profiler".to_owned(),
            serde_json::json!({
                "switch": "on", "aicpu": "on", "aic_metrics": "", "output": output("profiler")?
            }),
        );
    }
    if dump {
        let name = model.file_stem().unwrap_or_default().to_string_lossy();
        config.insert(
            "dump".to_owned(),
            serde_json::json!({
                "dump_path": output("dump")?, "dump_mode": "all",
                "dump_list": [{"model_name": name}]
            }),
        );
    }
    let path = folder.join("acl.json");
    let text = serde_json::to_string_pretty(&config).map_err(Failure::ran)?;
    crate::files::write_file(&path, |file| file.write_all(text.as_bytes()))?;
    Ok(path)
}
