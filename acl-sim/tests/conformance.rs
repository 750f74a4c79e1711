//! The conformance suite, run on the simulator's own library: every case has the code it names.
#![allow(clippy::unwrap_used)]

#[path = "common/models.rs"]
mod models;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ascend_om::onnx::elem;
use ascendcl::atc::{Options, convert_bytes};
use models::unary;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

fn build(program: &Path) {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let output = Command::new(compiler)
        .args(["-std=gnu99", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(program)
        .arg(folder().join("runner.c"))
        .args(["-ldl", "-lpthread"])
        .output()
        .expect("a C compiler is needed: set CC");
    assert!(output.status.success(), "{output:?}");
}

fn run(program: &Path, table: &Path, model: &Path) -> Output {
    let test = std::env::current_exe().unwrap();
    Command::new(program)
        .arg(table)
        .env("ACL_LIBRARY", test.parent().unwrap().join("libascendcl.so"))
        .env("ACL_MODEL", model)
        .output()
        .unwrap()
}

#[test]
fn every_case_has_the_code_it_names_and_a_wrong_one_is_told() {
    let temporary = tempfile::tempdir().unwrap();
    let (program, model) = (
        temporary.path().join("runner"),
        temporary.path().join("relu.om"),
    );
    build(&program);
    let onnx = unary("Relu", elem::FLOAT, &[2, 3]);
    let om = convert_bytes(&onnx, "relu", &Options::default()).unwrap();
    std::fs::write(&model, om).unwrap();

    let output = run(&program, &folder().join("expectations.tsv"), &model);
    let text = String::from_utf8_lossy(&output.stdout);
    let failed: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("not ok"))
        .collect();
    assert!(
        failed.is_empty(),
        "{} cases:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(output.status.success(), "{output:?}");
    let all = text.lines().filter(|line| line.starts_with("ok ")).count();
    let skipped: Vec<_> = text
        .lines()
        .filter(|line| line.contains("# SKIP"))
        .collect();
    assert!(skipped.is_empty(), "{}", skipped.join("\n"));
    assert!(all >= 300, "{all}");

    // The runner can fail: a wrong code, a function that crashes, and one that nobody knows.
    let wrong = temporary.path().join("wrong.tsv");
    let rows = [
        "aclrtMalloc\t2=0\t0\tnowhere",
        "aclInit\tbefore-init 1=1\t0\tnowhere",
        "aclNothing\tgood\t0\tnowhere",
        "aclrtMalloc\t2=0\t100000\tnowhere",
    ];
    std::fs::write(&wrong, rows.map(|row| format!("{row}\n")).concat()).unwrap();
    let output = run(&program, &wrong, &model);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    let results: Vec<_> = text.lines().map(|line| line.starts_with("ok ")).collect();
    assert_eq!(results, [false, false, false, false, true, false], "{text}");
}
