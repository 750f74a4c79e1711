//! What the command refuses before it builds anything, and how.
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::{Command, Output};

/// Runs the command where nothing can be built: there is no cargo.
fn packaging(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_packaging"))
        .args(arguments)
        .env("CARGO", "/nonexistent/cargo")
        .env_remove("SOURCE_DATE_EPOCH")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(
        output.stdout.is_empty(),
        "paths alone go to standard output"
    );
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn wrong_places_and_names_are_refused_before_the_library_is_built() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("out");
    let folder = folder.to_str().unwrap();
    let package = ["package", "--out", folder];
    let maintainer = [&package[..], &["--maintainer", "Ada"]].concat();
    for (arguments, variables, said) in [
        (&[][..], &[][..], "Usage: packaging"),
        (&["package"], &[], "--out"),
        (
            &["install", "--prefix", "usr"],
            &[],
            "--prefix is \"usr\", want an absolute path",
        ),
        (
            &["install", "--libdir", "../lib"],
            &[],
            "--libdir is \"../lib\", want a folder",
        ),
        (
            &maintainer,
            &[],
            "--maintainer is \"Ada\", want a name and an address",
        ),
        (
            &package,
            &[("SOURCE_DATE_EPOCH", "now")],
            "SOURCE_DATE_EPOCH is \"now\", want seconds",
        ),
    ] {
        let (code, text) = packaging(arguments, variables);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
    assert!(!out.path().join("out").exists(), "nothing was begun");
}

#[test]
fn a_machine_without_cargo_is_told_what_to_install() {
    let (code, text) = packaging(&["install", "--destdir", "/nonexistent"], &[]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("/nonexistent/cargo does not start"), "{text}");
    assert!(text.contains("install Rust"), "{text}");
}
