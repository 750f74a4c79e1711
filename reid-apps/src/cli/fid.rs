//! `reid fid`: how far generated images are from real ones.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use acl::{Context, Device, Runtime};
use clap::{Args, ValueEnum};
use ndarray::Array2;
use sha2::{Digest, Sha256};

use super::exit::Failure;
use super::{DeviceArgs, Session, out};
use crate::fid::{
    FeatureNetwork, FeatureRecipe, FidError, FidReport, FileKind, ImageSet, KidOptions, Moments,
    NetworkRecord, Sampling, SetRecord, Statistics, file_kind, kernel_distance, read_features,
    read_record, tool,
};
use crate::files::hex;

#[derive(Clone, Debug, Args)]
pub(super) struct FidArgs {
    /// The real images: a folder, features (.npy, .npz) or statistics (.npz with mu and sigma)
    first: PathBuf,

    /// The generated images, in the same forms
    second: PathBuf,

    /// The feature model, for folders of images (.om)
    #[arg(long, value_name = "FILE.om")]
    model: Option<PathBuf>,

    /// What the model reads [default: the model's path with .toml]
    #[arg(long, value_name = "FILE.toml", requires = "model")]
    recipe: Option<PathBuf>,

    /// Choose and drop images as this program does
    #[arg(long, value_name = "PROGRAM")]
    like: Option<Like>,

    /// Compute the kernel distance KID too; holds the features in memory
    #[arg(long)]
    kid: bool,

    /// KID's subsets
    #[arg(long, value_name = "N", default_value_t = 100, requires = "kid")]
    kid_subsets: usize,

    /// Images of each set in a subset of KID
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "kid")]
    kid_size: usize,

    /// Seed of KID's subsets
    #[arg(long, value_name = "N", default_value_t = 0, requires = "kid")]
    seed: u64,

    /// Write the first set's statistics, which TTUR and pytorch-fid read
    #[arg(long, value_name = "FILE.npz")]
    save_first: Option<PathBuf>,

    /// Write the second set's statistics
    #[arg(long, value_name = "FILE.npz")]
    save_second: Option<PathBuf>,

    /// Keep the statistics of folders here, and take them from here where model, recipe, rules and
    /// images are the same
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Print a JSON report (format 1) instead of the lines
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Like {
    /// fid.py of DG-Net's TTUR: at most 12936 images one folder deep, whole batches of 50
    Ttur,
}

/// One set, gathered.
struct Gathered {
    statistics: Statistics,
    record: SetRecord,
    /// `[images, dim]`, for KID.
    features: Option<Array2<f32>>,
}

/// A model on its device.
struct Network {
    network: FeatureNetwork,
    record: NetworkRecord,
    // Last, as the network lives in it.
    _device: (Context, Device, Runtime),
}

pub(super) fn run(arguments: &FidArgs, session: &Session) -> Result<(), Failure> {
    let sampling = match arguments.like {
        None => Sampling::All,
        Some(Like::Ttur) => Sampling::Ttur,
    };
    let paths = [&arguments.first, &arguments.second];
    for path in paths {
        if !path.exists() {
            return Err(Failure::ran(format!(
                "{}: not there; give a folder, .npy or .npz",
                path.display()
            )));
        }
        if path.is_dir() && arguments.model.is_none() {
            return Err(Failure::Usage(format!(
                "{} is a folder of images: --model wants the .om that makes their features (docs/fid.md)",
                path.display()
            )));
        }
    }
    for path in [&arguments.save_first, &arguments.save_second]
        .into_iter()
        .flatten()
    {
        if path.extension().is_none_or(|extension| extension != "npz") {
            return Err(Failure::Usage(format!(
                "{}: wanted a name that ends in .npz",
                path.display()
            )));
        }
    }
    let network = if paths.iter().any(|path| path.is_dir()) {
        open_network(arguments)?
    } else {
        None
    };
    let [first, second] = if let Some(network) = &network {
        let gather = |path: &PathBuf| gather(path, arguments, sampling, network, session);
        [gather(paths[0])?, gather(paths[1])?]
    } else {
        // While one file is read and unpacked, the other's products keep the cores busy.
        let gather = |path: &PathBuf| gather_file(path, arguments, sampling);
        let (first, second) = rayon::join(|| gather(paths[0]), || gather(paths[1]));
        [first?, second?]
    };
    for (set, path) in [
        (&first, &arguments.save_first),
        (&second, &arguments.save_second),
    ] {
        if let Some(path) = path {
            let record = statistics_record(&set.record, sampling, network.as_ref())?;
            set.statistics.write(path, &record).map_err(write_failure)?;
            eprintln!("{} was written", path.display());
        }
    }
    let kid = match (&first.features, &second.features) {
        (Some(one), Some(two)) => {
            let names = [first.record.path.as_str(), second.record.path.as_str()];
            let options = KidOptions {
                subsets: arguments.kid_subsets,
                size: arguments.kid_size,
                seed: arguments.seed,
            };
            Some(kernel_distance(names, one.view(), two.view(), &options).map_err(failure)?)
        }
        _ => None,
    };
    let report = FidReport::new(
        [&first.statistics, &second.statistics],
        [first.record, second.record],
        kid,
        sampling,
        network.map(|network| network.record),
    )
    .map_err(failure)?;
    for warning in &report.warnings {
        log::warn!("{warning}");
    }
    if arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(Failure::ran)?;
        return Ok(out!("{text}")?);
    }
    Ok(out!("{report}")?)
}

fn failure(error: FidError) -> Failure {
    match error {
        FidError::Setting { .. } => Failure::Usage(error.to_string()),
        FidError::Device { .. } => Failure::environment(error),
        FidError::Interrupted { .. } => Failure::Interrupted(error.to_string()),
        other => Failure::ran(other),
    }
}

/// A file that cannot be written is the machine's fault: a full disk, a missing folder.
fn write_failure(error: FidError) -> Failure {
    Failure::environment(error)
}

/// What a statistics file says of itself.
fn statistics_record(
    set: &SetRecord,
    sampling: Sampling,
    network: Option<&Network>,
) -> Result<String, Failure> {
    let record = serde_json::json!({
        "set": set,
        "sampling": sampling,
        "network": network.filter(|_| set.kind == "images").map(|network| &network.record),
        "tool": tool(),
    });
    serde_json::to_string(&record).map_err(Failure::ran)
}

fn open_network(arguments: &FidArgs) -> Result<Option<Network>, Failure> {
    let Some(model) = &arguments.model else {
        return Ok(None);
    };
    let path = arguments
        .recipe
        .clone()
        .unwrap_or_else(|| FeatureRecipe::beside(model));
    let mut recipe = FeatureRecipe::read(&path).map_err(Failure::environment)?;
    if matches!(arguments.like, Some(Like::Ttur)) {
        recipe = recipe.like_ttur();
    }
    let api = arguments
        .device
        .backend
        .open()
        .map_err(Failure::environment)?;
    let runtime = Runtime::init(api).map_err(Failure::environment)?;
    let device = runtime
        .device(arguments.device.device)
        .map_err(Failure::environment)?;
    let context = Context::new(&device).map_err(Failure::environment)?;
    let network = FeatureNetwork::open(&context, model, recipe).map_err(Failure::environment)?;
    let soc = device.soc_name().map_err(Failure::environment)?;
    let record = NetworkRecord {
        file: model.display().to_string(),
        sha256: network.sha256().to_owned(),
        recipe: network.recipe().clone(),
        device: match runtime.source().simulator {
            Some(simulator) => format!("{soc} (SIMULATED by {simulator})"),
            None => soc,
        },
        simulated: runtime.is_simulated(),
    };
    Ok(Some(Network {
        network,
        record,
        _device: (context, device, runtime),
    }))
}

/// Brings a set, in whatever form it is, to mean and covariance.
fn gather(
    path: &Path,
    arguments: &FidArgs,
    sampling: Sampling,
    network: &Network,
    session: &Session,
) -> Result<Gathered, Failure> {
    if path.is_dir() {
        gather_images(path, arguments, sampling, network, session)
    } else {
        gather_file(path, arguments, sampling)
    }
}

fn gather_file(path: &Path, arguments: &FidArgs, sampling: Sampling) -> Result<Gathered, Failure> {
    match file_kind(path).map_err(failure)? {
        FileKind::Features(array) => gather_features(path, array.as_deref(), arguments, sampling),
        FileKind::Statistics if arguments.kid => Err(Failure::Usage(format!(
            "{}: statistics hold no features, which --kid needs; give the features or the images",
            path.display()
        ))),
        FileKind::Statistics => {
            let statistics = Statistics::read(path).map_err(failure)?;
            let record = read_record(path).map_err(failure)?;
            let record = SetRecord {
                path: path.display().to_string(),
                kind: "statistics".to_owned(),
                found: None,
                used: statistics.count(),
                sha256: None,
                made_of: record.and_then(|text| serde_json::from_str(&text).ok()),
            };
            Ok(Gathered {
                statistics,
                record,
                features: None,
            })
        }
    }
}

fn gather_features(
    path: &Path,
    array: Option<&str>,
    arguments: &FidArgs,
    sampling: Sampling,
) -> Result<Gathered, Failure> {
    let mut gathering = Gathering::new(path, arguments.kid);
    let rows = read_features(path, array, sampling, &mut |rows, dim| {
        gathering.push(rows, dim)
    })
    .map_err(failure)?;
    let record = SetRecord {
        path: path.display().to_string(),
        kind: "features".to_owned(),
        found: Some(rows.found as u64),
        used: Some(rows.used as u64),
        sha256: Some(rows.sha256),
        made_of: None,
    };
    gathering.finish(record, rows.dim)
}

fn gather_images(
    path: &Path,
    arguments: &FidArgs,
    sampling: Sampling,
    Network {
        network,
        record: made_by,
        ..
    }: &Network,
    session: &Session,
) -> Result<Gathered, Failure> {
    let set = ImageSet::open(path, sampling).map_err(failure)?;
    let record = SetRecord {
        path: path.display().to_string(),
        kind: "images".to_owned(),
        found: Some(set.found as u64),
        used: Some(set.files.len() as u64),
        sha256: Some(set.sha256.clone()),
        made_of: None,
    };
    let cached = match &arguments.cache {
        // KID needs the features themselves.
        Some(folder) if !arguments.kid => Some(folder.join(cache_name(&set, sampling, made_by)?)),
        _ => None,
    };
    if let Some(cached) = cached.as_ref().filter(|cached| cached.is_file()) {
        log::info!("{}: statistics from {}", path.display(), cached.display());
        let statistics = Statistics::read(cached).map_err(failure)?;
        return Ok(Gathered {
            statistics,
            record,
            features: None,
        });
    }
    let interrupted = super::mgn::interruption();
    let interrupted: &AtomicBool = &interrupted;
    let bar = session.progress("features", set.files.len());
    let mut gathering = Gathering::new(path, arguments.kid);
    network
        .run(&set.files, interrupted, &mut |rows, done| {
            bar.set(done);
            gathering.push(rows, network.dim())
        })
        .map_err(failure)?;
    drop(bar);
    let gathered = gathering.finish(record, network.dim())?;
    if let Some(cached) = cached {
        std::fs::create_dir_all(cached.parent().unwrap_or(Path::new(".")))
            .map_err(Failure::environment)?;
        let text = serde_json::json!({
            "set": &gathered.record, "sampling": sampling, "network": made_by, "tool": tool(),
        });
        gathered
            .statistics
            .write(&cached, &text.to_string())
            .map_err(write_failure)?;
    }
    Ok(gathered)
}

/// Names the file of a set's statistics after everything that they depend on.
fn cache_name(
    set: &ImageSet,
    sampling: Sampling,
    network: &NetworkRecord,
) -> Result<String, Failure> {
    let recipe = serde_json::to_string(&network.recipe).map_err(Failure::ran)?;
    let parts = [
        set.sha256.as_str(),
        &network.sha256,
        &network.device,
        &recipe,
        &format!("{sampling:?}"),
        &tool(),
    ];
    let hash = hex(&Sha256::digest(parts.join("\n").as_bytes()));
    Ok(format!("fid-{}.npz", &hash[..32]))
}

/// Takes rows for the statistics, and keeps them where KID wants them.
struct Gathering {
    name: String,
    moments: Option<Moments>,
    kept: Option<Vec<f32>>,
}

impl Gathering {
    fn new(path: &Path, keep: bool) -> Self {
        Self {
            name: path.display().to_string(),
            moments: None,
            kept: keep.then(Vec::new),
        }
    }

    fn push<T: Copy + Into<f64>>(&mut self, rows: &[T], dim: usize) -> Result<(), FidError> {
        let name = &self.name;
        self.moments
            .get_or_insert_with(|| Moments::new(name.as_str(), dim))
            .push(rows)?;
        if let Some(kept) = &mut self.kept {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "KID takes float32, as networks give it"
            )]
            kept.extend(rows.iter().map(|&value| value.into() as f32));
        }
        Ok(())
    }

    fn finish(self, record: SetRecord, dim: usize) -> Result<Gathered, Failure> {
        let statistics = match self.moments {
            Some(moments) => moments.finish(),
            None => Moments::new(self.name, dim).finish(),
        }
        .map_err(failure)?;
        let features = match self.kept {
            None => None,
            Some(kept) => {
                let rows = kept.len() / dim;
                Some(Array2::from_shape_vec((rows, dim), kept).map_err(Failure::ran)?)
            }
        };
        Ok(Gathered {
            statistics,
            record,
            features,
        })
    }
}
