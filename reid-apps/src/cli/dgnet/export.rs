//! `reid dgnet export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::exit::Failure;
use super::super::out;
use crate::dgnet::DgnetError;
use crate::export::{Surplus, dgnet_of_file};
use crate::files::write_file;
use crate::graph::dgnet::{Config, Form, Weights, build};
use crate::graph::onnx::Batch;

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// The tensors of both checkpoints in one file (safetensors or torch.save), named gen_a.… and id_a.…;
    /// `reid export dgnet` takes the two checkpoints themselves
    #[arg(long, value_name = "FILE", required_unless_present = "seed")]
    weights: Option<PathBuf>,

    /// Draw the weights of a network of reduced width instead; it is untrained
    #[arg(long, value_name = "N", conflicts_with = "weights")]
    seed: Option<u64>,

    /// The batch that is written into the file; 0 leaves it open
    #[arg(long, value_name = "N", default_value_t = 1)]
    batch: usize,

    /// Which part of the network
    #[arg(long, value_enum, default_value_t = Part::Generator)]
    part: Part,

    /// The ONNX file to write
    #[arg(long, value_name = "FILE.onnx")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    /// image1 and image2 to output, as the published export
    Generator,
    /// The same, and the codes as outputs structure and appearance
    Codes,
    /// structure and appearance to output
    Decoder,
    /// image2 to both embeddings of re-identification
    Embedding,
}

pub(super) fn run(arguments: &ExportArgs) -> Result<(), Failure> {
    let form = match arguments.part {
        Part::Generator => Form::Generator,
        Part::Codes => Form::GeneratorWithCodes,
        Part::Decoder => Form::Decoder,
        Part::Embedding => Form::Embedding,
    };
    let batch = match arguments.batch {
        0 => Batch::Dynamic,
        batch => Batch::Fixed(batch),
    };
    let (config, weights) = match &arguments.weights {
        Some(path) => dgnet_of_file(path, form, Surplus::Refused).map_err(Failure::ran)?,
        None => {
            let config = Config {
                form,
                ..Config::reduced()
            };
            let seed = arguments.seed.unwrap_or_default();
            (
                config,
                Weights::seeded(&config, seed).map_err(Failure::ran)?,
            )
        }
    };
    let config = Config {
        form,
        batch,
        ..config
    };
    let onnx = build(&config, &weights).map_err(Failure::ran)?;
    write_file(&arguments.out, |file| file.write_all(&onnx)).map_err(|source| {
        super::failure(DgnetError::Write {
            path: arguments.out.clone(),
            source,
        })
    })?;
    let untrained = if arguments.seed.is_some() {
        ", untrained"
    } else {
        ""
    };
    out!(
        "{} ({} bytes{untrained})",
        arguments.out.display(),
        onnx.len()
    )?;
    Ok(())
}
