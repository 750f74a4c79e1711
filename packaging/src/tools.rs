//! Programs that are run.

use std::process::Command;

use crate::{Error, Result};

pub(crate) const BINUTILS: &str = "install binutils, which linking with Rust needs anyway";
pub(crate) const RUST: &str = "install Rust with rustup";

/// Runs a program and returns what it wrote to its standard output.
pub(crate) fn run(command: &mut Command, hint: &'static str) -> Result<Vec<u8>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|source| Error::Absent {
        program: program.clone(),
        source,
        hint,
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let first = command.get_args().next();
    let first = first.map_or_else(String::new, |word| format!(" {}", word.to_string_lossy()));
    Err(Error::Tool {
        program: program + &first,
        status: output.status.to_string(),
        text: String::from_utf8_lossy(&output.stderr)
            .trim_end()
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_absent_program_and_a_failing_one_are_told_apart() {
        let error = run(&mut Command::new("/nonexistent/ld"), BINUTILS).unwrap_err();
        assert!(error.to_string().contains("install binutils"), "{error}");
        assert_eq!(error.exit_code(), 3);
        let error = run(Command::new("ls").arg("/nonexistent"), BINUTILS).unwrap_err();
        assert!(
            error.to_string().starts_with("ls /nonexistent failed"),
            "{error}"
        );
        assert_eq!(error.exit_code(), 1);
    }
}
