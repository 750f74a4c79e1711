//! The command `acl-sim`: a toolkit that programs build against, and the comparison of traces.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn library() -> PathBuf {
    let path = std::env::current_exe()
        .unwrap()
        .with_file_name("libascendcl.so");
    assert!(path.exists(), "{} is not built", path.display());
    path
}

fn acl_sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_acl-sim"))
        .args(arguments)
        .output()
        .unwrap()
}

fn install(prefix: &Path, more: &[&str]) -> Output {
    let (prefix, library) = (prefix.to_str().unwrap(), library());
    let mut arguments = vec![
        "install",
        "--prefix",
        prefix,
        "--library",
        library.to_str().unwrap(),
    ];
    arguments.extend(more);
    acl_sim(&arguments)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A program as the public ones are: it links several names, and prints what it found.
const PROGRAM: &str = r#"
#include <stdio.h>
#define ENABLE_DVPP_INTERFACE
#include "acl/acl.h"
#include "acl/ops/acl_dvpp.h"
int main(void) {
    void *p = NULL;
    if (aclInit(NULL) != ACL_ERROR_NONE || aclrtSetDevice(0) != ACL_ERROR_NONE) return 1;
    if (aclrtMalloc(&p, 64, ACL_MEM_MALLOC_HUGE_FIRST) != ACL_ERROR_NONE) return 2;
    printf("%s\n", aclrtGetSocName());
    return aclrtFree(p) || aclrtResetDevice(0) || aclFinalize();
}
"#;

#[test]
fn a_program_builds_and_runs_by_the_environment_of_the_toolkit() {
    let folder = tempfile::tempdir().unwrap();
    // A quote and a blank in the path: scripts must not trip over them.
    let prefix = folder.path().join("it's a toolkit");
    let output = install(&prefix, &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    fs::write(folder.path().join("main.c"), PROGRAM).unwrap();
    let script = r#"
        . "$1/set_env.sh" && cd "$2" &&
        ${CC:-cc} -std=c99 -Wall -Werror -I"$DDK_PATH/runtime/include" main.c -o main \
            -L"$NPU_HOST_LIB" -lascendcl -lacl_dvpp -lacl_cblas -lmsprofiler -lruntime -lascend_hal &&
        ./main && test -x "$DDK_PATH/bin/atc" -o ! -e "$DDK_PATH/bin/atc"
    "#;
    let run = Command::new("bash")
        .args(["-c", script, "bash"])
        .arg(&prefix)
        .arg(folder.path())
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}{}",
        text(&run.stdout),
        text(&run.stderr)
    );
    assert_eq!(text(&run.stdout), "Ascend310P3\n");
    // One library is behind all names, so that there is one machine.
    let needed = Command::new("readelf")
        .arg("-d")
        .arg(folder.path().join("main"))
        .output();
    if let Ok(needed) = needed {
        let needed = text(&needed.stdout);
        assert!(
            needed.contains("[libascendcl.so]") && !needed.contains("libacl_dvpp"),
            "{needed}"
        );
    }
}

#[test]
fn a_toolkit_is_brought_up_to_date_and_foreign_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("toolkit");
    assert!(install(&prefix, &[]).status.success());
    let header = prefix.join("acllib/include/acl/acl_rt.h");
    fs::write(&header, "old").unwrap();
    assert!(install(&prefix, &[]).status.success());
    assert!(fs::read_to_string(&header).unwrap().contains("aclrtMalloc"));
    let stub = prefix.join("runtime/lib64/stub/libacl_retr.so");
    assert_eq!(
        fs::canonicalize(stub).unwrap(),
        fs::canonicalize(prefix.join("lib64/libascendcl.so")).unwrap()
    );
    let drafts = walk(&prefix).into_iter().filter(|path| {
        path.to_string_lossy()
            .ends_with(&std::process::id().to_string())
    });
    assert_eq!(drafts.count(), 0);

    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("letter.txt"), "dear").unwrap();
    let refused = install(&home, &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("--force"),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(walk(&home).len(), 1);
    assert!(install(&home, &["--force"]).status.success());
    assert_eq!(fs::read_to_string(home.join("letter.txt")).unwrap(), "dear");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let inner = entries.flat_map(|path| match path.is_dir() && !path.is_symlink() {
        true => walk(&path),
        false => vec![path],
    });
    inner.collect()
}

#[test]
fn a_library_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("toolkit");
    let output = acl_sim(&[
        "install",
        "--prefix",
        prefix.to_str().unwrap(),
        "--library",
        "/none.so",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("/none.so"));
    assert!(!prefix.exists(), "nothing was written");
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
        fs::write(&path, line(size)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (a, b, c) = (write("a", 1), write("b", 1), write("c", 2));
    let same = acl_sim(&["replay", &a, &b]);
    assert_eq!(
        (same.status.code(), text(&same.stdout)),
        (Some(0), "the same 1 calls\n".to_owned())
    );
    let other = acl_sim(&["replay", &a, &c]);
    assert_eq!(other.status.code(), Some(1));
    assert!(text(&other.stdout).contains("size is 1 on the left, 2 on the right"));
    assert_eq!(acl_sim(&["replay", &a, "/none"]).status.code(), Some(2));
}
