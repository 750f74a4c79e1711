//! The command line of `acl-sim`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{InstallError, Options, install};

/// The simulator's own command.
#[derive(Debug, Parser)]
#[command(name = "acl-sim", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lay out a toolkit folder that build scripts take for the vendor's
    Install(Install),
    /// Compare two traces: calls, arguments and results, thread by thread
    ///
    /// Traces are written by the simulator (ACL_SIM_TRACE=FILE) and by libacl_trace_preload.so, on
    /// a card too. Exit code: 0 the same, 1 different, 2 unreadable.
    Replay(Replay),
}

/// What is typed after `replay`.
#[derive(Args, Debug)]
struct Replay {
    /// The first trace
    left: PathBuf,
    /// The second trace
    right: PathBuf,
    /// How many differences to show
    #[arg(long, default_value_t = 20)]
    limit: usize,
}

/// What is typed after `install`.
#[derive(Args, Debug)]
struct Install {
    /// The folder to make; a toolkit that acl-sim made there before is replaced
    #[arg(long)]
    prefix: PathBuf,
    /// The simulator's libascendcl.so, or its folder [default: beside acl-sim]
    #[arg(long)]
    library: Option<PathBuf>,
    /// Link to the library and to atc-sim where they are
    #[arg(long, conflicts_with = "copy")]
    link: bool,
    /// Copy the library and atc-sim, which is the default
    #[arg(long)]
    copy: bool,
    /// Move a folder aside that is in the way and no toolkit of acl-sim
    #[arg(long)]
    force: bool,
}

/// Runs the command and returns its exit status: 0 done, 1 failed, 2 usage, 3 no library.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // A pipe that closed has read what it wanted.
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    match cli.command {
        Command::Install(typed) => run_install(typed),
        Command::Replay(typed) => run_replay(&typed),
    }
}

fn run_install(typed: Install) -> u8 {
    use std::io::Write;
    let options = Options {
        prefix: typed.prefix,
        library: typed.library,
        link: typed.link,
        force: typed.force,
    };
    match install(&options) {
        Ok(done) => {
            if let Some(moved) = &done.moved {
                eprintln!("acl-sim: what was there is now {}", moved.display());
            }
            if done.converter.is_none() {
                eprintln!(
                    "acl-sim: atc-sim is not beside acl-sim, so the toolkit has no bin/atc: build it \
                     with `cargo build --release -p ascendcl-sim` and install again"
                );
            }
            let line = done.prefix.join("set_env.sh");
            let _ = writeln!(std::io::stdout(), "{}", line.display());
            0
        }
        Err(error) => {
            eprintln!("acl-sim: {error}");
            if matches!(error, InstallError::NoLibrary { .. }) {
                3
            } else {
                1
            }
        }
    }
}

fn run_replay(typed: &Replay) -> u8 {
    use std::io::Write;
    let read = |path: &PathBuf| {
        acl_trace::read(path)
            .map_err(|error| eprintln!("acl-sim: {error}"))
            .ok()
    };
    let (Some(left), Some(right)) = (read(&typed.left), read(&typed.right)) else {
        return 2;
    };
    let differences = acl_trace::compare(&left, &right);
    let mut lines: Vec<_> = differences
        .iter()
        .take(typed.limit)
        .map(ToString::to_string)
        .collect();
    match differences.len() {
        0 => lines.push(format!("the same {} calls", left.len())),
        all if all > typed.limit => lines.push(format!("and {} more", all - typed.limit)),
        _ => {}
    }
    let _ = writeln!(std::io::stdout(), "{}", lines.join("\n"));
    u8::from(!differences.is_empty())
}
