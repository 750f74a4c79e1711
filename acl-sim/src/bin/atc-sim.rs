//! `atc-sim`: the converter's command, see [`ascendcl::atc`].
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ascendcl::atc::cli::run(std::env::args_os()).into()
}
