//! `reid demo dgnet`: clothes that change hands, on drawn people and the simulator.

use std::path::PathBuf;

use clap::Args;

use super::super::Session;
use super::super::exit::Failure;

#[derive(Clone, Debug, Args)]
pub(super) struct DgnetArgs {
    /// The folder for everything that the demo makes
    #[arg(long, value_name = "DIR", default_value = "reid-demo-dgnet")]
    out: PathBuf,

    /// How many people to draw
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(2..=200))]
    ids: u32,

    /// By how many cameras they are seen
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(2..=9))]
    cams: u32,

    /// The seed of the drawings and of the pairs
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,

    /// Weights of another DG-Net, any width: the tensors of both checkpoints in one file (safetensors or
    /// torch.save), named gen_a.… and id_a.…
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,

    /// Weights from --seed, untrained: what a network that learnt nothing draws
    #[arg(long, conflicts_with = "weights")]
    untrained: bool,
}

#[cfg(not(feature = "sim"))]
pub(super) fn run(_: &DgnetArgs, _: &Session) -> Result<(), Failure> {
    Err(Failure::environment(
        crate::backend::BackendError::NoSimulator,
    ))
}

#[cfg(feature = "sim")]
pub(super) use simulated::run;

#[cfg(feature = "sim")]
mod simulated {
    use std::path::Path;
    use std::time::Instant;

    use serde_json::json;

    use super::super::super::devices::DevicesArgs;
    use super::super::super::dgnet::{GenerateArgs, failure, run_generate};
    use super::super::super::{DeviceArgs, out};
    use super::super::swaps::{self, Looks};
    use super::super::{distances, features};
    use super::{DgnetArgs, Failure, Session};
    use crate::backend::Backend;
    use crate::dgnet::{Link, People, Truth, prepare, read_pairs};
    use crate::export::{Surplus, dgnet_of_file};
    use crate::files::write_file;
    use crate::graph::dgnet::{Config, Form, Weights, build};
    use crate::graph::onnx::Batch;
    use crate::synth::Options;

    /// A DG-Net at a quarter and an eighth of its width, trained on drawn people by
    /// `tools/train/train_dgnet.py` (seeds from 1000 of the drawings; the demo draws others):
    /// float16, by the names of the reference's state dicts.
    const TRAINED: &[u8] = include_bytes!("../../../weights/dgnet_small.safetensors");

    /// Says what the weights are.
    fn network(arguments: &DgnetArgs) -> String {
        if let Some(path) = &arguments.weights {
            format!("weights from {}", path.display())
        } else if arguments.untrained {
            "untrained weights".to_owned()
        } else {
            "a small network trained on other drawn people".to_owned()
        }
    }

    pub(in crate::cli::demo) fn run(
        arguments: &DgnetArgs,
        session: &Session,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let root = &arguments.out;
        let at = |name: &str| root.join(name);
        std::fs::create_dir_all(root)?;
        // What nobody who sees a picture or a figure of the demo should miss.
        let note = format!(
            "Drawn people, {}, simulated device: not a figure for photographs.",
            network(arguments)
        );
        out!("{note}\n")?;

        let options = Options {
            cameras: arguments.cams,
            train_identities: arguments.ids,
            ..Options::plain(arguments.seed, 1)
        };
        let market = at("market");
        let drawn = super::super::draw_set(&options, &market)?;
        let pytorch = market.join("pytorch");
        prepare(&market, &pytorch, Link::Copy).map_err(failure)?;
        let data = pytorch.join("train_all");
        out!(
            "data      {} drawn pictures of {} people before {} cameras: {}",
            drawn.train,
            arguments.ids,
            arguments.cams,
            data.display()
        )?;

        let (onnx, om) = (at("dgnet.onnx"), at("dgnet.om"));
        build_model(arguments, &onnx, &om)?;
        out!(
            "model     {} (DG-Net: {}) -> {}",
            onnx.display(),
            network(arguments),
            om.display()
        )?;

        let generated = at("generated");
        let device = DevicesArgs {
            backend: Backend::Simulator,
            device: vec![0],
        };
        let generate = GenerateArgs::lossless(&om, &data, &generated, arguments.seed, device);
        run_generate(&generate, session)?;

        let truth = Truth::of(&options);
        let people = People::open(&data).map_err(failure)?;
        let pairs = read_pairs(&generate.pairs_file(), &people).map_err(failure)?;
        let drawn_truth = at("truth");
        let table = distances::measure(&people, &pairs, &truth, &generated, &drawn_truth)?;
        out!("\n{table}")?;

        let network_file = at("features.om");
        super::super::build_features(&network_file)?;
        let fid = features::distances(
            &network_file,
            &data,
            &[&generated.join("off-gan_id"), &drawn_truth],
        )?;
        out!("{fid}")?;

        let opened = DeviceArgs {
            backend: Backend::Simulator,
            device: 0,
        };
        let looks = Looks {
            note: &note,
            truth: &truth,
            people: &people,
        };
        let [sheet, expected] = [at("sheet.png"), at("sheet_truth.png")];
        swaps::draw(&looks, &om, &opened, [&sheet, &expected])?;
        write_report(&at("report.json"), arguments, &table, &fid)?;
        out!("\nsheet     {}", sheet.display())?;
        out!("as drawn  {}", expected.display())?;
        out!("figures   {}", at("report.json").display())?;
        out!(
            "synthetic, simulated, {:.1} s in all",
            began.elapsed().as_secs_f64()
        )?;
        Ok(())
    }

    /// Builds the network and converts it.
    fn build_model(arguments: &DgnetArgs, onnx: &Path, om: &Path) -> Result<(), Failure> {
        let (config, weights) = match &arguments.weights {
            Some(path) => {
                dgnet_of_file(path, Form::Generator, Surplus::Refused).map_err(Failure::ran)?
            }
            None if arguments.untrained => {
                let config = Config::reduced();
                let weights = Weights::seeded(&config, arguments.seed).map_err(Failure::ran)?;
                (config, weights)
            }
            None => {
                let weights = Weights::from_safetensors(TRAINED).map_err(Failure::ran)?;
                (Config::of_weights(&weights).map_err(Failure::ran)?, weights)
            }
        };
        let config = Config {
            form: Form::Generator,
            batch: Batch::Fixed(8),
            ..config
        };
        let graph = build(&config, &weights).map_err(Failure::ran)?;
        write_file(onnx, |file| file.write_all(&graph))?;
        super::super::convert(onnx, om)
    }

    fn write_report(
        path: &Path,
        arguments: &DgnetArgs,
        table: &distances::Table,
        fid: &features::Distances,
    ) -> Result<(), Failure> {
        let report = json!({
            "format": 1,
            "synthetic": true,
            "simulated": true,
            "weights": network(arguments),
            "seed": arguments.seed,
            "errors": table,
            "fid": fid,
        });
        let text = serde_json::to_vec_pretty(&report).map_err(Failure::ran)?;
        write_file(path, |file| file.write_all(&text))?;
        Ok(())
    }
}
