//! What the whole-stack tests share: where the built things are, and a C compiler.

#![allow(dead_code)] // each test binary uses a part

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with the test binaries, and the simulator's `libascendcl.so` beside them.
pub(crate) fn deps() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    test.parent().expect("a file is in a folder").to_owned()
}

/// The simulator's library.
///
/// Cargo builds it with the tests, because it is a dependency of them.
pub(crate) fn simulator() -> PathBuf {
    let library = deps().join("libascendcl.so");
    assert!(
        library.is_file(),
        "{} should have been built with the tests",
        library.display()
    );
    library
}

/// A compiler by its environment variable, else by its usual name.
pub(crate) fn compiler(variable: &str, usual: &str) -> Option<String> {
    let name = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    Command::new(&name)
        .arg("--version")
        .output()
        .is_ok()
        .then_some(name)
}

/// Compiles a C program of the folder `examples/c` against `vendor-headers/` and the simulator.
pub(crate) fn build_c(name: &str, folder: &Path) -> PathBuf {
    let compiler = compiler("CC", "cc").expect("a C compiler is needed: set CC");
    let program = folder.join(name);
    let output = Command::new(compiler)
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"])
        .arg("-I")
        .arg(root().join("vendor-headers"))
        .arg(root().join(format!("examples/c/{name}.c")))
        .arg("-o")
        .arg(&program)
        .arg(simulator())
        .output()
        .expect("the compiler starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    program
}
