//! `reid prepare`: data sets, before anything is run on them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Args, Subcommand};

use crate::cli::exit::Failure;
use crate::cli::{Session, out};
use crate::data::{DataSetChoice, check};

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PrepareCommand {
    /// Look at every file of a data set: counts, people, cameras, junk, pictures that cannot be read
    Check(CheckArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArgs {
    /// The data set's folder
    #[arg(value_name = "ROOT")]
    root: PathBuf,

    /// Which data set it is: auto, market1501, duke, msmt17 or cuhk03-np
    #[arg(long, value_name = "NAME", default_value_t)]
    dataset: DataSetChoice,

    /// Print a JSON report (format 1) instead of the table
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &PrepareCommand, session: &Session) -> Result<(), Failure> {
    let PrepareCommand::Check(arguments) = command;
    let kind = arguments
        .dataset
        .kind(&arguments.root)
        .map_err(Failure::ran)?;
    let data = kind.open(&arguments.root).map_err(Failure::ran)?;
    let train = data.train().map_err(Failure::ran)?;
    let total = data.query().items.len()
        + data.gallery().items.len()
        + train.map_or(0, |train| train.items.len());
    let bar = session.progress("pictures", total);
    let done = AtomicUsize::new(0);
    let found = check(data.as_ref(), kind, || {
        bar.set(done.fetch_add(1, Ordering::Relaxed) + 1);
    })
    .map_err(Failure::ran)?;
    drop(bar);
    if arguments.json {
        let text = serde_json::to_string_pretty(&found).map_err(Failure::ran)?;
        out!("{text}")?;
    } else {
        out!("{found}")?;
    }
    if found.problems.is_empty() {
        return Ok(());
    }
    Err(Failure::ran(format!(
        "{}: {}",
        arguments.root.display(),
        found.problems.join("; ")
    )))
}
