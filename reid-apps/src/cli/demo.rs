//! `reid demo`: the whole path on drawn people and the simulator.

mod dgnet;
#[cfg(feature = "sim")]
mod distances;
#[cfg(feature = "sim")]
mod features;
#[cfg(feature = "sim")]
mod swaps;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand};

use super::Session;
use super::devices::DevicesArgs;
use super::exit::Failure;
use crate::backend::Backend;

#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct DemoArgs {
    /// Without it: MGN finds people again
    #[command(subcommand)]
    of: Option<DemoOf>,

    /// The folder for everything that the demo makes
    #[arg(long, value_name = "DIR", default_value = "reid-demo")]
    out: PathBuf,

    /// How many people to draw
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=500))]
    ids: u32,

    /// By how many cameras they are seen
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(2..=9))]
    cams: u32,

    /// How many gallery pictures of a person each camera takes
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=9))]
    shots: u32,

    /// The seed of the drawings
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,

    /// Weights of another MGN, any width, as safetensors by their state-dict names
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,

    /// Weights from --seed, untrained: what a network that learnt nothing finds
    #[arg(long, conflicts_with = "weights")]
    untrained: bool,
}

#[derive(Clone, Debug, Subcommand)]
enum DemoOf {
    /// DG-Net instead: people in other people's clothes, a sheet of swaps, errors against the drawn truth, FID
    Dgnet(dgnet::DgnetArgs),
}

/// An MGN at an eighth of its width, trained on drawn people by
/// `tools/train/train_mgn.py` (seeds 101 to 107 of the drawings; the demo
/// draws others): float16, by the names of the reference's state dict.
#[cfg(feature = "sim")]
const TRAINED: &[u8] = include_bytes!("../../weights/mgn_small.safetensors");

/// What nobody who sees a picture or a report of the demo should miss.
#[cfg(feature = "sim")]
fn note(arguments: &DemoArgs) -> String {
    format!(
        "Drawn people, {}, simulated device: not a figure for photographs.",
        network(arguments)
    )
}

/// Says what the weights are.
#[cfg(feature = "sim")]
fn network(arguments: &DemoArgs) -> String {
    if let Some(path) = &arguments.weights {
        format!("weights from {}", path.display())
    } else if arguments.untrained {
        "untrained weights".to_owned()
    } else {
        "a small network trained on other drawn people".to_owned()
    }
}

pub(super) fn run(arguments: &DemoArgs, session: &Session) -> Result<(), Failure> {
    match &arguments.of {
        Some(DemoOf::Dgnet(arguments)) => dgnet::run(arguments, session),
        None => run_mgn(arguments, session),
    }
}

#[cfg(not(feature = "sim"))]
fn run_mgn(_: &DemoArgs, _: &Session) -> Result<(), Failure> {
    Err(Failure::environment(
        crate::backend::BackendError::NoSimulator,
    ))
}

#[cfg(feature = "sim")]
fn run_mgn(arguments: &DemoArgs, session: &Session) -> Result<(), Failure> {
    use super::extract::{ExtractArgs, run_extract};
    use super::out;
    use crate::eval::{Options, report_features};
    use crate::features::Features;
    use crate::files::write_file;

    let began = Instant::now();
    let root = &arguments.out;
    let (data, onnx, om, features_dir) = (
        root.join("market"),
        root.join("mgn.onnx"),
        root.join("mgn.om"),
        root.join("features"),
    );
    std::fs::create_dir_all(root)?;

    out!("{}\n", note(arguments))?;

    let summary = draw(arguments, &data)?;
    out!(
        "data      {} drawn pictures: {} queries, {} answers, {} distractors, {} junk; {} people, \
         {} cameras",
        summary.total(),
        summary.query,
        summary.gallery,
        summary.distractors,
        summary.junk,
        summary.identities,
        summary.cameras
    )?;

    build_model(&weights(arguments)?, &onnx, &om)?;
    out!(
        "model     {} (MGN: {}) -> {}",
        onnx.display(),
        network(arguments),
        om.display()
    )?;

    let extract = ExtractArgs {
        model: om,
        data: data.clone(),
        dataset: crate::data::DataSetChoice::default(),
        out: features_dir.clone(),
        strict: true,
        shard: None,
        device: DevicesArgs {
            backend: Backend::Simulator,
            device: vec![0],
        },
    };
    let devices = extract.device.open()?;
    out!("features  {}", run_extract(&extract, &devices, session)?)?;

    let features = Features::read(&features_dir).map_err(Failure::ran)?;
    let report = report_features(&features, &Options::default()).map_err(Failure::ran)?;
    out!("\n{report}")?;
    out!(
        "chance level: mAP {:.4}, rank1 {:.4}",
        report.chance.mean_average_precision,
        report.chance.cmc.first().copied().unwrap_or(0.0)
    )?;
    let json = serde_json::to_string_pretty(&report).map_err(Failure::ran)?;
    write_file(&root.join("report.json"), |file| {
        file.write_all(json.as_bytes())
    })?;

    let picture = root.join("ranking.png");
    let note = note(arguments);
    draw_ranking(&features, &report, &data, &picture, &note)?;
    let page = root.join("report.html");
    super::report::write(&page, &report, &features, Some(&data), Some(&note))?;
    out!("\npicture   {}", picture.display())?;
    out!("report    {}", page.display())?;
    out!("figures   {}", root.join("report.json").display())?;
    out!("simulated, {:.1} s in all", began.elapsed().as_secs_f64())?;
    Ok(())
}

#[cfg(feature = "sim")]
fn draw(arguments: &DemoArgs, data: &Path) -> Result<crate::synth::Summary, Failure> {
    let options = crate::synth::Options {
        seed: arguments.seed,
        identities: arguments.ids,
        cameras: arguments.cams,
        shots: arguments.shots,
        ..crate::synth::Options::default()
    };
    draw_set(&options, data)
}

/// Draws a set; one of an earlier demo is completed, or replaced if it is another.
#[cfg(feature = "sim")]
fn draw_set(
    options: &crate::synth::Options,
    data: &Path,
) -> Result<crate::synth::Summary, Failure> {
    use crate::synth::{MANIFEST, Manifest, write_market};

    // A set of an earlier demo with other settings is ours to replace; anything else is not.
    let manifest = std::fs::read(data.join(MANIFEST)).ok();
    let earlier = manifest.and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok());
    if earlier.is_some_and(|earlier| earlier.synthetic && earlier.options != *options) {
        std::fs::remove_dir_all(data)?;
    }
    write_market(data, options).map_err(Failure::ran)
}

/// Reads the weights: the trained ones, a file's, or none that learnt anything.
#[cfg(feature = "sim")]
fn weights(arguments: &DemoArgs) -> Result<crate::graph::mgn::Weights, Failure> {
    use crate::graph::mgn::{Config, Weights};

    let Some(path) = &arguments.weights else {
        return if arguments.untrained {
            Weights::seeded(&Config::reduced(), arguments.seed).map_err(Failure::ran)
        } else {
            Weights::from_safetensors(TRAINED).map_err(Failure::ran)
        };
    };
    let named =
        |error: &dyn std::fmt::Display| Failure::ran(format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| named(&error))?;
    Weights::from_safetensors(&bytes).map_err(|error| named(&error))
}

/// Builds the trained network for FID: features of drawn people.
#[cfg(feature = "sim")]
fn build_features(om: &Path) -> Result<(), Failure> {
    let weights = crate::graph::mgn::Weights::from_safetensors(TRAINED).map_err(Failure::ran)?;
    build_model(&weights, &om.with_extension("onnx"), om)
}

/// Builds the network and converts it.
#[cfg(feature = "sim")]
fn build_model(
    weights: &crate::graph::mgn::Weights,
    onnx: &Path,
    om: &Path,
) -> Result<(), Failure> {
    use crate::files::write_file;
    use crate::graph::mgn::{Config, Outputs, build};
    use crate::graph::onnx::Batch;

    let config = Config {
        batch: Batch::Fixed(8),
        outputs: Outputs::FeaturesOnly,
        ..Config::of_weights(weights).map_err(Failure::ran)?
    };
    let graph = build(&config, weights).map_err(Failure::ran)?;
    write_file(onnx, |file| file.write_all(&graph))?;
    convert(onnx, om)
}

#[cfg(feature = "sim")]
fn convert(onnx: &Path, om: &Path) -> Result<(), Failure> {
    let options = ascendcl::atc::Options {
        output: Some(om.to_owned()),
        ..ascendcl::atc::Options::default()
    };
    ascendcl::atc::convert(onnx, &options).map_err(Failure::ran)?;
    Ok(())
}

/// Draws the ranked lists of three queries: the best, one in the middle, the worst.
#[cfg(feature = "sim")]
fn draw_ranking(
    features: &crate::features::Features,
    report: &crate::eval::Report,
    data: &Path,
    picture: &Path,
    note: &str,
) -> Result<(), Failure> {
    let mut queries: Vec<_> = report.without_reranking.per_query.iter().collect();
    queries.sort_by(|a, b| b.average_precision.total_cmp(&a.average_precision));
    let positions = [0, queries.len() / 2, queries.len().saturating_sub(1)];
    let mut names: Vec<String> = Vec::new();
    for position in positions {
        if let Some(query) = queries.get(position)
            && !names.contains(&query.name)
        {
            names.push(query.name.clone());
        }
    }
    super::mgn::rank(features, data, &names, 10)?.draw(picture, Some(note.to_owned()))
}
