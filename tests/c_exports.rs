//! What `libascend_reid.so` shows to the linker.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::BTreeSet;
use std::process::Command;

fn told(variable: &str, tool: &str, arguments: &[&str]) -> Option<String> {
    let Some(tool) = common::compiler(variable, tool) else {
        eprintln!("SKIPPED: {tool} was not found");
        return None;
    };
    let output = Command::new(tool)
        .args(arguments)
        .arg(common::deps().join("libascend_reid.so"))
        .output()
        .unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    let Some(text) = told("NM", "nm", &["-D", "--defined-only"]) else {
        return;
    };
    let exported: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.split(' ').next_back())
        .collect();
    let header = std::fs::read_to_string(common::root().join("include/ascend_reid.h")).unwrap();
    let words = header.split(|c: char| !c.is_ascii_alphanumeric() && !"_(".contains(c));
    let declared: BTreeSet<_> = words
        .filter_map(|word| word.split_once('('))
        .map(|(name, _)| name.trim_start_matches('*'))
        .filter(|name| name.starts_with("areid_"))
        .collect();
    assert_eq!(exported, declared);
    assert!(exported.len() >= 45, "{}", exported.len());
}

#[test]
fn the_library_has_its_own_name_not_the_simulators_and_stays_loaded() {
    let Some(text) = told("READELF", "readelf", &["-d"]) else {
        return;
    };
    assert!(
        text.contains("Library soname: [libascend_reid.so.0]"),
        "{text}"
    );
    assert!(text.contains("NODELETE"), "{text}");
    assert!(
        !text.contains("libascendcl"),
        "AscendCL is opened, not linked: {text}"
    );
}
