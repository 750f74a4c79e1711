//! The command `reid`.

use std::process::ExitCode;

fn main() -> ExitCode {
    reid_apps::cli::main(std::env::args_os())
}
