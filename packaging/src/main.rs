//! The command that installs and packages the C library.

use std::process::ExitCode;

fn main() -> ExitCode {
    packaging::cli::main(std::env::args_os())
}
