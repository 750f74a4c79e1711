//! The command line: what was typed becomes what is meant, and the library does the work.
//!
//! Standard output is data; progress and messages go to standard error. Exit codes: 0 done, 1 ran
//! but something failed, 2 usage, 3 environment (library, device or model absent), 130 interrupted.

mod bench;
mod demo;
mod devices;
mod dgnet;
mod doctor;
mod evaluate_args;
mod exit;
mod explain;
mod export;
mod extract;
mod fid;
mod guide;
mod infer;
mod infer_files;
mod merge;
mod mgn;
mod om;
mod progress;
mod report;
mod runner_args;
mod search;
mod tuned;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::backend::Backend;

/// Person re-identification on Huawei Ascend.
#[derive(Debug, Parser)]
#[command(name = "reid", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Say more (-v: what is done, -vv: every step)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,

    /// Show no progress and no warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// MGN: features of people, their evaluation and ranked lists
    #[command(subcommand)]
    Mgn(mgn::MgnCommand),
    /// Any model on files: batches, several devices, outputs as BIN, NPY or TXT, figures
    Infer(Box<infer::InferArgs>),
    /// How fast a model is: stages, percentiles, both throughputs, a page, gates for CI, tuning
    Bench(Box<bench::BenchArgs>),
    /// Join the parts of `infer --shard I/N`, or of `mgn extract --shard I/N`
    Merge(merge::MergeArgs),
    /// Compiled models: what a file holds, whether it will load, its weights, its source
    #[command(subcommand)]
    Om(om::OmCommand),
    /// Why does it not run? One page on library, driver, devices, container, environment, and a smoke run
    Doctor(doctor::DoctorArgs),
    /// Explain a status of AscendCL: meaning, usual causes, cure
    Explain(explain::ExplainArgs),
    /// May a model be trusted? Batches, precisions, an .om against its ONNX, mirrored images, swapped inputs
    Verify(verify::VerifyArgs),
    /// FID and KID: how far generated images are from real ones
    Fid(fid::FidArgs),
    /// Find people in an extracted gallery: one JSON line per image, and a picture if wanted
    Search(search::SearchArgs),
    /// From a checkpoint of PyTorch to ONNX files and the line for atc, without PyTorch
    #[command(subcommand)]
    Export(export::ExportCommand),
    /// DG-Net: people drawn in other people's clothes
    #[command(subcommand)]
    Dgnet(dgnet::DgnetCommand),
    /// Data sets: are they whole, and what do they hold?
    #[command(subcommand)]
    Prepare(guide::prepare::PrepareCommand),
    /// Run the whole path on drawn people and the simulator; needs no card, no model, no data
    Demo(demo::DemoArgs),
}

/// Where a model runs.
#[derive(Clone, Debug, Args)]
struct DeviceArgs {
    /// The AscendCL library: `auto` (ACL_LIBRARY, else the installed toolkit), `sim` (the
    /// simulator inside this program), or a path
    #[arg(long, value_name = "auto|sim|PATH", default_value = "auto")]
    backend: Backend,

    /// The device, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    device: i32,
}

/// What all commands share.
struct Session {
    quiet: bool,
}

/// Runs the command that `arguments` (the program's name first) ask for.
///
/// Returns the exit code; everything that there is to say has been said.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors, and go to standard output; a reader that is gone
            // is none either.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    start_log(&cli);
    let session = Session { quiet: cli.quiet };
    let done = match cli.command {
        Command::Mgn(command) => mgn::run(command, &session),
        Command::Infer(arguments) => infer::run(&arguments, &session),
        Command::Bench(arguments) => bench::run(&arguments, &session),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Om(command) => om::run(command),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Export(command) => export::run(&command),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Fid(arguments) => fid::run(&arguments, &session),
        Command::Search(arguments) => search::run(&arguments),
        Command::Dgnet(command) => dgnet::run(command, &session),
        Command::Prepare(command) => guide::prepare::run(&command, &session),
        Command::Demo(arguments) => demo::run(&arguments, &session),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                eprintln!("reid: {message}");
            }
            failure.code()
        }
    }
}

fn start_log(cli: &Cli) {
    let debug = matches!(&cli.command, Command::Infer(arguments) if arguments.debug);
    let level = match (cli.quiet, if debug { 2 } else { cli.verbose }) {
        (true, _) => log::LevelFilter::Error,
        (false, 0) => log::LevelFilter::Warn,
        (false, 1) => log::LevelFilter::Info,
        (false, _) => log::LevelFilter::Debug,
    };
    // A host or a test may have started a log of its own; then that one stays.
    let _ = env_logger::Builder::new()
        .filter_level(level)
        .parse_env("REID_LOG")
        .format_timestamp_millis()
        .try_init();
}

/// Prints to standard output; a closed pipe ends the command quietly.
macro_rules! out {
    ($($argument:tt)*) => {{
        use std::io::Write as _;
        writeln!(std::io::stdout().lock(), $($argument)*)
    }};
}
use out;

/// Runs with a progress bar on standard error, unless it is no terminal or the user wants quiet.
impl Session {
    fn progress(&self, label: &str, total: usize) -> progress::Progress {
        progress::Progress::new(label, total, self.quiet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
