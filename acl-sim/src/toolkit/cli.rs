//! The command `acl-sim`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::{Options, install};

/// The simulator of AscendCL: lay out a toolkit, compare traces.
#[derive(Debug, Parser)]
#[command(name = "acl-sim", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lay out headers, libraries and scripts as build scripts of AscendCL programs expect them.
    ///
    /// Then: `. DIR/set_env.sh`, and build and run the program as its own instructions say.
    Install {
        /// The folder to lay out; it is made if it is not there.
        #[arg(long, value_name = "DIR")]
        prefix: PathBuf,
        /// The simulator's library [default: libascendcl.so beside this program].
        #[arg(long, value_name = "FILE")]
        library: Option<PathBuf>,
        /// Write into a folder that holds something else.
        #[arg(long)]
        force: bool,
    },
    /// Compare two traces: calls, arguments and results, thread by thread.
    ///
    /// Traces are written by the simulator (ACL_SIM_TRACE=FILE) and by libacl_trace_preload.so, on
    /// a card too. Exit code: 0 the same, 1 different, 2 unreadable.
    Replay {
        /// The first trace.
        left: PathBuf,
        /// The second trace.
        right: PathBuf,
        /// Differences to show.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
}

/// Runs the command.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match arguments.command {
        Command::Install {
            prefix,
            library,
            force,
        } => lay_out(prefix, library, force),
        Command::Replay { left, right, limit } => compare(&left, &right, limit),
    }
}

fn lay_out(prefix: PathBuf, library: Option<PathBuf>, force: bool) -> ExitCode {
    let here = std::env::current_exe().unwrap_or_default();
    let options = Options {
        library: library.unwrap_or_else(|| here.with_file_name("libascendcl.so")),
        converter: Some(here.with_file_name("atc-sim")),
        prefix,
        force,
    };
    if let Err(error) = install(&options) {
        eprintln!("acl-sim: {error}");
        return ExitCode::from(1);
    }
    println!("{}", options.prefix.display());
    eprintln!("next: . {}/set_env.sh", options.prefix.display());
    ExitCode::SUCCESS
}

fn compare(left: &Path, right: &Path, limit: usize) -> ExitCode {
    let read = |path: &Path| {
        acl_trace::read(path).map_err(|error| {
            eprintln!("acl-sim: {error}");
            ExitCode::from(2)
        })
    };
    let (left, right) = match (read(left), read(right)) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(code), _) | (_, Err(code)) => return code,
    };
    let differences = acl_trace::compare(&left, &right);
    for difference in differences.iter().take(limit) {
        println!("{difference}");
    }
    if differences.len() > limit {
        println!("and {} more", differences.len() - limit);
    }
    if differences.is_empty() {
        println!("the same {} calls", left.len());
        return ExitCode::SUCCESS;
    }
    ExitCode::from(1)
}
