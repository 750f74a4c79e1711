//! Stamps the build: version, and the commit where there is one. Leaves only `areid_*` visible in the
//! shared library: the simulator inside must not stand in for a host's own AscendCL.
//!
//! The symbols have no versions, as rustc leaves no way to give them any: it always hands the linker a
//! version script of its own, which lists each exported name under no version. lld takes the exact
//! names of that before the pattern of a second script, in whatever order they come, and GNU ld ends
//! with "anonymous version tag cannot be combined with other version tags"; names with a version in
//! the assembly (`.symver`) need such a second script. The soname tells incompatible releases apart.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
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
