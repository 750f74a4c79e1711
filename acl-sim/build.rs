//! Builds the variadic shim, gives the shared library its name without a version, and lists the
//! headers that `acl-sim install` carries.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src/capi/app_log.c");
    println!("cargo::rerun-if-changed=vendor-headers/acl");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libascendcl.so");
    // The threads of streams run its code: closing the library must not take that away.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    cc::Build::new()
        .file("src/capi/app_log.c")
        .std("c99")
        .warnings(true)
        .extra_warnings(true)
        .warnings_into_errors(true)
        .compile("ascendcl_sim_app_log");
    list_headers()
}

/// Writes `headers.rs`: each header's path below `include/`, and its text.
fn list_headers() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("vendor-headers");
    let mut found = Vec::new();
    walk(&root.join("acl"), &mut found)?;
    found.sort();
    let mut code = String::from("&[\n");
    for header in &found {
        let name = header.strip_prefix(&root)?;
        writeln!(code, "    ({name:?}, include_str!({header:?})),")?;
    }
    code.push(']');
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("headers.rs");
    std::fs::write(out, code)?;
    Ok(())
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "h") {
            found.push(path);
        }
    }
    Ok(())
}
