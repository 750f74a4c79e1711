//! `reid merge`: the parts of a job become one, be they outputs of a model or features.

use std::path::PathBuf;

use clap::Args;

use super::exit::Failure;
use super::infer::summary_path;
use super::out;
use crate::features::{is_part, merge_parts};
use crate::runner::infer::merge;

#[derive(Clone, Debug, Args)]
pub(super) struct MergeArgs {
    /// The folders that the parts wrote: of `infer`, each with its summary beside it, or of `mgn
    /// extract`
    #[arg(value_name = "FOLDER", required = true)]
    parts: Vec<PathBuf>,

    /// The folder for all of it; of outputs the summary is written beside it
    #[arg(short = 'o', long, value_name = "DIR")]
    output: PathBuf,

    /// Copy the outputs, where hard links would do
    #[arg(long)]
    copy: bool,
}

pub(super) fn run(arguments: &MergeArgs) -> Result<(), Failure> {
    if arguments.parts.iter().any(|folder| is_part(folder)) {
        return run_features(arguments);
    }
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

fn run_features(arguments: &MergeArgs) -> Result<(), Failure> {
    let whole = merge_parts(&arguments.parts, &arguments.output).map_err(Failure::ran)?;
    for failed in &whole.provenance.failed {
        log::warn!("no features: {}", failed.error);
    }
    out!(
        "{} features of {} numbers, of {} parts, in {}",
        whole.query.rows.len() + whole.gallery.rows.len(),
        whole.provenance.model.dim,
        arguments.parts.len(),
        arguments.output.display()
    )?;
    Ok(())
}
