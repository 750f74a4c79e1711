//! `reid export …`: from a checkpoint to ONNX files and the line for atc.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::exit::Failure;
use super::out;
use crate::export::{AtcLine, ExportError, Surplus, dgnet_of_checkpoints, mgn_of_checkpoint};
use crate::files::write_file;
use crate::graph::dgnet::{Config as DgnetConfig, Deviation, Form, build as build_dgnet};
use crate::graph::mgn::{Config as MgnConfig, Outputs, build as build_mgn};
use crate::graph::onnx::Batch;

#[derive(Debug, Subcommand)]
pub(super) enum ExportCommand {
    /// MGN: features for person re-identification
    Mgn(MgnArgs),
    /// DG-Net: people drawn in other people's clothes
    Dgnet(DgnetArgs),
}

#[derive(Clone, Debug, Args)]
pub(super) struct MgnArgs {
    /// The checkpoint: torch.save of any version, or safetensors
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,

    /// Which outputs the files have
    #[arg(long, value_enum, default_value_t = OutputArg::Features)]
    outputs: OutputArg,

    /// Leave the batch norms as operators of their own
    #[arg(long)]
    keep_batch_norm: bool,

    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Clone, Debug, Args)]
pub(super) struct DgnetArgs {
    /// The generator's checkpoint, for example gen_00100000.pt
    #[arg(long = "gen", value_name = "FILE")]
    generator: PathBuf,

    /// The appearance encoder's checkpoint, for example id_00100000.pt
    #[arg(long = "id", value_name = "FILE")]
    identity: PathBuf,

    /// Which deviation the decoder's layer norm divides by
    #[arg(long, value_enum, default_value_t = LayerNorm::Patched)]
    layer_norm: LayerNorm,

    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Clone, Debug, Args)]
struct CommonArgs {
    /// One file for each of these batch sizes; `dynamic` leaves the batch open
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1", value_parser = batch)]
    batch: Vec<Batch>,

    /// The folder for the ONNX files
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// The dict of the checkpoint that holds the tensors; several levels with dots between
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// Leave tensors out that the network does not know
    #[arg(long)]
    ignore_surplus: bool,

    /// The chip in the lines for atc
    #[arg(long, value_name = "SOC", default_value = "Ascend310P3")]
    soc: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OutputArg {
    /// The features alone, which is all that retrieval reads
    Features,
    /// Features, the three global features and the eight scores, in the order of the published export
    All,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LayerNorm {
    /// The biased one, as in the published export for Ascend
    Patched,
    /// The unbiased one, as in the training
    Upstream,
}

/// What the published conversion leaves in float32: sums over half a million numbers overflow in half precision.
const KEEP: &str = "OpType::InstanceNorm\nOpType::Pow\nOpType::ReduceMean\n";

fn batch(text: &str) -> Result<Batch, String> {
    match text.trim() {
        "dynamic" => Ok(Batch::Dynamic),
        number => match number.parse() {
            Ok(batch @ 1..=4096) => Ok(Batch::Fixed(batch)),
            _ => Err(format!("{number} is no batch; write 1 to 4096, or dynamic")),
        },
    }
}

pub(super) fn run(command: &ExportCommand) -> Result<(), Failure> {
    match command {
        ExportCommand::Mgn(arguments) => mgn(arguments),
        ExportCommand::Dgnet(arguments) => dgnet(arguments),
    }
}

fn mgn(arguments: &MgnArgs) -> Result<(), Failure> {
    let common = &arguments.common;
    let (config, weights) =
        mgn_of_checkpoint(&arguments.weights, common.key.as_deref(), common.surplus())
            .map_err(failure)?;
    let outputs = match (arguments.outputs, config.outputs) {
        (OutputArg::Features, _) => Outputs::FeaturesOnly,
        (OutputArg::All, Outputs::AllTwelve) => Outputs::AllTwelve,
        (OutputArg::All, _) => {
            return Err(Failure::ran(format!(
                "{}: found no classifiers (fc_id_*), wanted them for all twelve outputs; say --outputs features",
                arguments.weights.display()
            )));
        }
    };
    let inputs = vec![(
        config.input_name.clone(),
        vec![3, config.height, config.width],
    )];
    common.make("mgn", inputs, None, |batch| {
        let config = MgnConfig {
            batch,
            outputs,
            fold_batch_norm: !arguments.keep_batch_norm,
            ..config.clone()
        };
        build_mgn(&config, &weights).map_err(Failure::ran)
    })
}

fn dgnet(arguments: &DgnetArgs) -> Result<(), Failure> {
    let common = &arguments.common;
    let (config, weights) = dgnet_of_checkpoints(
        &arguments.generator,
        &arguments.identity,
        common.key.as_deref(),
        Form::Generator,
        common.surplus(),
    )
    .map_err(failure)?;
    let deviation = match arguments.layer_norm {
        LayerNorm::Patched => Deviation::Biased,
        LayerNorm::Upstream => Deviation::Unbiased,
    };
    let size = [config.height, config.width];
    let inputs = [
        (DgnetConfig::STRUCTURE_IMAGE, 1),
        (DgnetConfig::CONTENT_IMAGE, 3),
    ];
    let inputs = inputs.map(|(name, channels)| (name.to_owned(), vec![channels, size[0], size[1]]));
    common.make("dgnet", inputs.to_vec(), Some(KEEP), |batch| {
        let config = DgnetConfig {
            batch,
            deviation,
            ..config
        };
        build_dgnet(&config, &weights).map_err(Failure::ran)
    })
}

/// A missing file is the environment's fault, what it holds is the run's.
fn failure(error: ExportError) -> Failure {
    use crate::checkpoint::CheckpointError;
    match error {
        ExportError::Checkpoint(CheckpointError::Io { .. }) => Failure::environment(error),
        other => Failure::ran(other),
    }
}

impl CommonArgs {
    fn surplus(&self) -> Surplus {
        if self.ignore_surplus {
            Surplus::LeftOut
        } else {
            Surplus::Refused
        }
    }

    /// Writes a file for each batch, and its line for atc to standard output.
    fn make(
        &self,
        name: &str,
        inputs: Vec<(String, Vec<usize>)>,
        keep: Option<&str>,
        build: impl Fn(Batch) -> Result<Vec<u8>, Failure>,
    ) -> Result<(), Failure> {
        let io = |path: &Path, error: &std::io::Error| {
            Failure::ran(format!("{}: {error}", path.display()))
        };
        std::fs::create_dir_all(&self.output).map_err(|error| io(&self.output, &error))?;
        let keep_dtype = match keep {
            None => None,
            Some(text) => {
                let path = self.output.join("keep.cfg");
                write_file(&path, |file| file.write_all(text.as_bytes()))
                    .map_err(|error| io(&path, &error))?;
                Some(path)
            }
        };
        for &batch in &self.batch {
            let file = match batch {
                Batch::Dynamic => format!("{name}_dynamic.onnx"),
                Batch::Fixed(batch) => format!("{name}_bs{batch}.onnx"),
            };
            let path = self.output.join(file);
            let onnx = build(batch)?;
            write_file(&path, |file| file.write_all(&onnx)).map_err(|error| io(&path, &error))?;
            log::info!("{}: {} bytes", path.display(), onnx.len());
            let line = AtcLine {
                keep_dtype: keep_dtype.clone(),
                ..AtcLine::new(&path, &self.soc, batch, inputs.clone())
            };
            out!("{line}")?;
        }
        Ok(())
    }
}
