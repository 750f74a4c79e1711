//! C and C++ programs that use the library: compiled with every warning an error, and run.
#![allow(dead_code)] // each test binary uses a part

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The compilers of C that there are; those that are not are told.
pub(crate) fn c_compilers() -> Vec<String> {
    found(&[("CC", "gcc"), ("CLANG", "clang")])
}

/// The compilers of C++ that there are; those that are not are told.
pub(crate) fn cpp_compilers() -> Vec<String> {
    found(&[("CXX", "g++"), ("CLANGXX", "clang++")])
}

fn found(names: &[(&str, &str)]) -> Vec<String> {
    let found = names.iter().filter_map(|(variable, usual)| {
        let compiler = crate::common::compiler(variable, usual);
        if compiler.is_none() {
            eprintln!("SKIPPED: {usual} was not found");
        }
        compiler
    });
    found.collect()
}

/// Words of a variable by which a job runs these tests in another way: under a sanitizer or Valgrind.
fn words(variable: &str) -> Vec<String> {
    let text = std::env::var(variable).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// Compiles and links sources (paths from the workspace on) with the library; `more` goes to the
/// compiler as it is, and so does what the variable `C_PROGRAM_FLAGS` says. The library is that of the
/// tests, or the one that the variable `C_PROGRAM_LIBRARY` names.
pub(crate) fn compile<S: AsRef<OsStr>>(
    folder: &Path,
    compiler: &str,
    sources: &[&str],
    more: &[S],
) -> PathBuf {
    let library = std::env::var_os("C_PROGRAM_LIBRARY").map(PathBuf::from);
    let library = library.unwrap_or_else(|| crate::common::deps().join("libascend_reid.so"));
    // The loader asks for the soname. Tests of one process may come here at once.
    let soname = folder.join("libascend_reid.so.0");
    if let Err(error) = std::os::unix::fs::symlink(&library, soname) {
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    }
    let stem = Path::new(sources[0]).file_stem().unwrap();
    let program = folder.join(format!("{}.{compiler}", stem.to_string_lossy()));
    let output = Command::new(compiler)
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-I"])
        .arg(crate::common::root().join("include"))
        .args(
            sources
                .iter()
                .map(|source| crate::common::root().join(source)),
        )
        .args(more)
        .arg("-o")
        .arg(&program)
        .arg(library)
        .args(["-pthread", "-ldl", "-lm"])
        .args(words("C_PROGRAM_FLAGS"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{compiler} {sources:?}: {text}");
    program
}

/// A program that was compiled in `folder`, ready to be run, behind the command and words of the
/// variable `C_PROGRAM_RUNNER` if that is set.
pub(crate) fn command(folder: &Path, program: &Path) -> Command {
    let mut runner = words("C_PROGRAM_RUNNER").into_iter();
    let mut command = match runner.next() {
        None => Command::new(program),
        Some(first) => {
            let mut command = Command::new(first);
            command.args(runner).arg(program);
            command
        }
    };
    command.env("LD_LIBRARY_PATH", folder);
    command
}

/// What a program said; it must have succeeded, and the library must have printed nothing.
pub(crate) fn said(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    let status = output.status;
    assert!(status.success(), "{status}: {}", texts.concat());
    assert_eq!(texts[1], "", "the library prints nothing by itself");
    texts[0].clone().into_owned()
}

/// Runs a program of `tests/c` as C99 on the models in `folder`, and returns how many checks it made.
pub(crate) fn checks(
    folder: &Path,
    name: &str,
    compiler: &str,
    environment: &[(&str, &str)],
) -> u32 {
    let source = format!("tests/c/{name}.c");
    // POSIX threads and dlopen are no part of C99.
    let standard = ["-std=c99", "-D_POSIX_C_SOURCE=200809L"];
    let program = compile(folder, compiler, &[&source], &standard);
    let mut command = command(folder, &program);
    let output = command
        .arg(folder)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = said(&output);
    assert!(text.ends_with(", 0 wrong\n"), "{name}: {text}");
    let last = text.lines().next_back().unwrap();
    last.split(' ').next().unwrap().parse().unwrap()
}
