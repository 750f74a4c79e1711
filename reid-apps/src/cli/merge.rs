//! `reid merge`: the parts of a job become one.

use std::path::PathBuf;

use clap::Args;

use super::exit::Failure;
use super::infer::summary_path;
use super::out;
use crate::runner::infer::merge;

#[derive(Clone, Debug, Args)]
pub(super) struct MergeArgs {
    /// The folders that the parts wrote, each with its summary beside it
    #[arg(value_name = "FOLDER", required = true)]
    parts: Vec<PathBuf>,

    /// The folder for all outputs; its summary is written beside it
    #[arg(short = 'o', long, value_name = "DIR")]
    output: PathBuf,

    /// Copy the outputs, where hard links would do
    #[arg(long)]
    copy: bool,
}

pub(super) fn run(arguments: &MergeArgs) -> Result<(), Failure> {
    let parts: Vec<(PathBuf, PathBuf)> = arguments
        .parts
        .iter()
        .map(|folder| (folder.clone(), summary_path(folder)))
        .collect();
    let summary = summary_path(&arguments.output);
    let merged =
        merge(&parts, &arguments.output, &summary, arguments.copy).map_err(Failure::ran)?;
    out!(
        "{} samples of {} parts in {}",
        merged.samples,
        parts.len(),
        arguments.output.display()
    )?;
    out!("summary      {}", summary.display())?;
    Ok(())
}
