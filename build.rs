//! Stamps the build: version, and the commit where there is one. Names the shared library, and leaves
//! only `areid_*` visible in it: the simulator inside must not stand in for a host's own AscendCL.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=include/ascend_reid.map");
    let map = concat!(env!("CARGO_MANIFEST_DIR"), "/include/ascend_reid.map");
    println!("cargo::rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
    println!("cargo::rustc-cdylib-link-arg=-Wl,--version-script={map}");
    // Threads of the library may outlive dlclose: their code must stay.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    let version = env!("CARGO_PKG_VERSION");
    let commit = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok());
    let stamp = match commit {
        Some(commit) => format!("{version} ({})", commit.trim()),
        None => version.to_owned(),
    };
    println!("cargo::rustc-env=ASCEND_REID_BUILD={stamp}");
}
