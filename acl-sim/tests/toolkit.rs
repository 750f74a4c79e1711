//! `acl-sim install` lays out a toolkit whole, again, and never over something else.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().join("libascendcl.so")
}

fn install(prefix: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_acl-sim"))
        .args(["install", "--prefix"])
        .arg(prefix)
        .arg("--library")
        .arg(library())
        .args(more)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn entries(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_folders_and_libraries_that_build_scripts_name_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("a/toolkit");
    let output = install(&prefix, &["--link"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let line = format!("{}\n", prefix.join("set_env.sh").display());
    assert_eq!(text(&output.stdout), line);
    for name in [
        "include/acl/acl.h",
        "include/acl/ops/acl_dvpp.h",
        "include/acl/error_codes/rt_error_codes.h",
        "runtime/include/acl/acl.h",
        "acllib/include/acl/acl.h",
        "fwkacllib/include/acl/acl.h",
        "x86_64-linux/include/acl/acl.h",
        "aarch64-linux/lib64/libascendcl.so",
        "latest/include/acl/acl.h",
        "ascend-toolkit/latest/lib64/libascendcl.so",
        "runtime/lib64/stub/libascendcl.so",
        "acllib/lib64/stub/libacl_dvpp.so",
        "lib64/libascend_hal.so",
        "version.cfg",
        "set_env.sh",
        "bin/atc",
    ] {
        assert!(prefix.join(name).is_file(), "{name}");
    }
    let one = prefix.join("lib64/libascendcl.so").canonicalize().unwrap();
    for name in [
        "ascendcl",
        "acl_dvpp",
        "acl_op_compiler",
        "acl_cblas",
        "acl_retr",
        "acl_tdt_channel",
        "acl_tdt_queue",
        "msprofiler",
        "runtime",
        "ascend_hal",
    ] {
        let path = prefix.join(format!("runtime/lib64/stub/lib{name}.so"));
        assert_eq!(path.canonicalize().unwrap(), one, "{name}");
    }
}

#[test]
fn a_second_installation_replaces_the_first_and_leaves_nothing_beside() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("toolkit");
    assert!(install(&prefix, &["--link"]).status.success());
    std::fs::write(prefix.join("include/acl/acl.h"), "broken").unwrap();
    assert!(install(&prefix, &["--link"]).status.success());
    let header = std::fs::read_to_string(prefix.join("include/acl/acl.h")).unwrap();
    assert_ne!(header, "broken");
    assert_eq!(entries(folder.path()), ["toolkit"]);
}

#[test]
fn a_folder_that_is_something_else_is_refused_and_with_force_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("mine");
    std::fs::create_dir(&prefix).unwrap();
    std::fs::write(prefix.join("thesis.txt"), "years").unwrap();
    let output = install(&prefix, &["--link"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--force"), "{output:?}");
    assert_eq!(entries(&prefix), ["thesis.txt"]);
    let output = install(&prefix, &["--link", "--force"]);
    assert!(output.status.success(), "{output:?}");
    let aside = folder.path().join("mine.before-acl-sim");
    assert_eq!(entries(&aside), ["thesis.txt"]);
    assert!(prefix.join("include/acl/acl.h").is_file());
    assert_eq!(entries(folder.path()), ["mine", "mine.before-acl-sim"]);
}

#[test]
fn a_library_that_is_not_there_is_an_error_that_says_what_to_build() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("toolkit");
    let output = Command::new(env!("CARGO_BIN_EXE_acl-sim"))
        .args([
            "install",
            "--library",
            "/nowhere/libascendcl.so",
            "--prefix",
        ])
        .arg(&prefix)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("cargo build"), "{output:?}");
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn sourcing_the_script_names_the_toolkit_also_after_it_was_moved() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("it's a toolkit");
    assert!(install(&prefix, &["--link"]).status.success());
    let show = |shell: &str, prefix: &Path| {
        let output = Command::new(shell)
            .arg("-c")
            .arg(". ./set_env.sh; . ./set_env.sh; echo \"$DDK_PATH|$NPU_HOST_LIB|$LD_LIBRARY_PATH\"; command -v atc")
            .current_dir(prefix)
            .env_remove("LD_LIBRARY_PATH")
            .output()
            .unwrap();
        text(&output.stdout)
    };
    let wanted = |prefix: &Path| {
        let prefix = prefix.display();
        format!("{prefix}|{prefix}/runtime/lib64/stub|{prefix}/lib64\n{prefix}/bin/atc\n")
    };
    assert_eq!(show("sh", &prefix), wanted(&prefix));
    if Command::new("bash").arg("--version").output().is_err() {
        eprintln!("SKIPPED: bash was not found");
        return;
    }
    let moved = folder.path().join("elsewhere");
    std::fs::rename(&prefix, &moved).unwrap();
    assert_eq!(show("bash", &moved), wanted(&moved));
}

#[test]
fn traces_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let line = |size: u32| {
        format!(
            r#"{{"seq":0,"thread":0,"call":"aclrtMalloc","args":{{"size":{size}}},"result":0,"at_us":1,"took_ns":1}}"#
        )
    };
    let write = |name: &str, size: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, line(size)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let replay = |left: &str, right: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_acl-sim"));
        let output = command.args(["replay", left, right]).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (a, b, c) = (write("a", 1), write("b", 1), write("c", 2));
    assert_eq!(replay(&a, &b), (Some(0), "the same 1 calls\n".to_owned()));
    let (code, text) = replay(&a, &c);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("size is 1 on the left, 2 on the right"),
        "{text}"
    );
    assert_eq!(replay(&a, "/none").0, Some(2));
}
