//! The invariants of ARCHITECTURE.md that a program can check.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(common::root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The packages of this workspace that `package` needs to build (not to test).
fn needs(metadata: &serde_json::Value, package: &str) -> Vec<String> {
    let packages = metadata["packages"].as_array().unwrap();
    let names: Vec<_> = packages
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    let package = packages.iter().find(|p| p["name"] == package).unwrap();
    let mut needs: Vec<String> = package["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|d| d["kind"] != "dev" && names.contains(&d["name"].as_str().unwrap()))
        .map(|d| d["name"].as_str().unwrap().to_owned())
        .collect();
    needs.sort();
    needs
}

#[test]
fn dependencies_point_one_way() {
    let metadata = metadata();
    for (package, wanted) in [
        ("ascendcl-sys", vec![]),
        ("ascend-om", vec![]),
        ("ascend-reid-packaging", vec![]),
        ("ascendcl", vec!["ascendcl-sys"]),
        ("ascendcl-trace", vec![]),
        (
            "ascendcl-trace-preload",
            vec!["ascendcl-sys", "ascendcl-trace"],
        ),
        (
            "ascendcl-sim",
            vec!["ascend-om", "ascendcl-sys", "ascendcl-trace"],
        ),
        (
            "reid-apps",
            vec!["ascend-om", "ascendcl", "ascendcl-sim", "ascendcl-sys"],
        ),
        (
            "ascend-reid",
            vec!["ascendcl", "reid-apps", "soname-of-libascend-reid"],
        ),
    ] {
        assert_eq!(needs(&metadata, package), wanted, "{package}");
    }
}

#[test]
fn the_simulator_is_an_option_of_the_command() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let reid = packages.iter().find(|p| p["name"] == "reid-apps").unwrap();
    let simulator = reid["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["name"] == "ascendcl-sim" && d["kind"] != "dev")
        .unwrap();
    assert_eq!(simulator["optional"], true);
}

#[test]
fn the_bindings_link_nothing() {
    let text = std::fs::read_to_string(common::root().join("acl-sys/src/bindings.rs")).unwrap();
    assert!(text.len() > 100_000);
    assert!(
        !text.contains("extern \"C\" {"),
        "an extern block would ask the linker for AscendCL"
    );
    assert!(!text.contains("#[link"), "a link attribute would too");
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn unsafe_code_stays_in_its_homes() {
    let homes = [
        "acl-sys/src/load.rs",
        "acl-sys/src/api.rs",
        "acl-sys/src/bindings.rs",
        "acl/src/raw",
        "acl/src/memory",
        "acl-sim/src/capi",
        "acl-sim/src/machine/device_memory",
        "acl-trace/src/value.rs",
        "acl-trace/preload/src/lib.rs",
        "src/capi",
    ];
    let mut files = Vec::new();
    for package in [
        "acl-sys",
        "acl",
        "acl-sim",
        "acl-trace",
        "acl-trace/preload",
        "om",
        "packaging",
        "reid-apps",
        ".",
    ] {
        sources(&common::root().join(package).join("src"), &mut files);
    }
    assert!(files.len() > 60, "only {} sources were found", files.len());
    let outside: Vec<_> = files
        .iter()
        .map(|file| (file, std::fs::read_to_string(file).unwrap()))
        .filter(|(_, text)| {
            text.lines().map(str::trim_start).any(|line| {
                !line.starts_with("//")
                    && (line.contains("unsafe {") || line.contains("unsafe impl"))
            })
        })
        .map(|(file, _)| {
            file.strip_prefix(common::root())
                .unwrap()
                .display()
                .to_string()
        })
        .map(|file| file.replace("./", ""))
        .filter(|file| !homes.iter().any(|home| file.starts_with(home)))
        .collect();
    assert_eq!(outside, [""; 0], "move the unsafe code to one of {homes:?}");
}
