//! `acl-sim`: the simulator's own command, see [`ascendcl::toolkit`].
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ascendcl::toolkit::cli::run(std::env::args_os()).into()
}
