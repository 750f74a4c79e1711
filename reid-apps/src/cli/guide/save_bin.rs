//! `reid mgn save-bin`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::exit::Failure;
use crate::cli::mgn::{interruption, open_data};
use crate::cli::{Session, out};
use crate::data::DataSetChoice;
use crate::guide::{SaveBin, save_bin};

#[derive(Clone, Debug, Args)]
pub(crate) struct SaveBinArgs {
    /// The data set's folder
    #[arg(long, value_name = "ROOT")]
    data: PathBuf,

    /// Which data set it is: auto, market1501, duke, msmt17 or cuhk03-np
    #[arg(long, value_name = "NAME", default_value_t)]
    dataset: DataSetChoice,

    /// Where bin_data/ and bin_data_flip/ are made [default: ROOT]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Replace the files of another run
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(arguments: &SaveBinArgs, session: &Session) -> Result<(), Failure> {
    let data = open_data(&arguments.data, arguments.dataset)?;
    let output = arguments.output.as_ref().unwrap_or(&arguments.data);
    let total = data.query().items.len() + data.gallery().items.len();
    let bar = session.progress("pictures", total);
    let interrupted = interruption();
    let saved = save_bin(&SaveBin {
        data: data.as_ref(),
        output,
        force: arguments.force,
        interrupted: &interrupted,
        progress: &|done| bar.set(done),
    })
    .map_err(super::failure)?;
    drop(bar);
    let mut line = format!(
        "{} query and {} gallery pictures, plain and mirrored, in {} and {}",
        saved.query,
        saved.gallery,
        output.join("bin_data").display(),
        output.join("bin_data_flip").display()
    );
    if saved.resumed > 0 {
        line.push_str(&format!(" ({} were done before)", saved.resumed));
    }
    out!("{line}")?;
    if saved.failed.is_empty() {
        return Ok(());
    }
    for error in &saved.failed {
        eprintln!("reid: no files: {error}");
    }
    Err(Failure::ran(format!(
        "{} pictures could not be read; the others have their files",
        saved.failed.len()
    )))
}
