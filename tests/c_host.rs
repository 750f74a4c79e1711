//! C programs run unmodified against the headers and the simulator's library.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::process::Command;

#[test]
fn a_c_program_says_hello_through_the_headers_and_the_library() {
    let folder = tempfile::tempdir().unwrap();
    let program = common::build_c("hello_acl", folder.path());
    let output = Command::new(program)
        .env("LD_LIBRARY_PATH", common::deps())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}{err}");
    assert!(out.starts_with("hello from Ascend"), "{out}");
    assert!(out.contains("4096 bytes there and back"), "{out}");
    assert_eq!(err, "", "a clean program gets no finding");
}

#[test]
fn the_library_has_a_soname_without_a_version() {
    let Some(readelf) = common::compiler("READELF", "readelf") else {
        eprintln!("SKIPPED: readelf was not found");
        return;
    };
    let output = Command::new(readelf)
        .arg("-d")
        .arg(common::simulator())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("Library soname: [libascendcl.so]"), "{text}");
}
