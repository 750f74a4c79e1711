//! `libascend_reid.so` in the hands of C programs, and what it exports.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ascend_om::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};

/// Writes a model of one Relu over 2 x 2 floats.
fn relu(folder: &Path) -> PathBuf {
    let node = NodeProto {
        op_type: "Relu".into(),
        input: vec!["x".into()],
        output: vec!["y".into()],
        ..Default::default()
    };
    let opset = OperatorSetIdProto {
        version: 11,
        ..Default::default()
    };
    let onnx = ModelProto {
        ir_version: 6,
        opset_import: vec![opset],
        graph: Some(GraphProto {
            name: "relu".into(),
            node: vec![node],
            input: vec![ValueInfoProto::tensor("x", 1, &[2, 2])],
            output: vec![ValueInfoProto::tensor("y", 1, &[2, 2])],
            ..Default::default()
        }),
        ..Default::default()
    };
    let om = ascendcl::atc::convert_bytes(&onnx.write(), "relu", &Default::default()).unwrap();
    let path = folder.join("relu.om");
    std::fs::write(&path, om).unwrap();
    path
}

/// Compiles a source with every warning an error, runs it, and returns what it did.
fn run(source: &str, language: &[&str], compiler: &str, folder: &Path, model: &Path) -> Output {
    let program = folder.join(format!("{compiler}{}", language.concat()));
    let output = Command::new(compiler)
        .args(language)
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-I"])
        .arg(common::root().join("include"))
        .arg(common::root().join(source))
        .arg("-o")
        .arg(&program)
        .arg(common::deps().join("libascend_reid.so"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{compiler}: {text}");
    // The loader asks for the soname.
    let soname = folder.join("libascend_reid.so.0");
    if !soname.exists() {
        std::os::unix::fs::symlink(common::deps().join("libascend_reid.so"), soname).unwrap();
    }
    Command::new(program)
        .arg(model)
        .env("LD_LIBRARY_PATH", folder)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{}", texts.concat());
    assert_eq!(texts[1], "", "the library prints nothing by itself");
    texts[0].clone().into_owned()
}

#[test]
fn a_c_program_runs_a_model_with_each_compiler() {
    let folder = tempfile::tempdir().unwrap();
    let model = relu(folder.path());
    for (variable, usual) in [("CC", "gcc"), ("CLANG", "clang")] {
        let Some(compiler) = common::compiler(variable, usual) else {
            eprintln!("SKIPPED: {usual} was not found");
            continue;
        };
        let example = "examples/c/run_model.c";
        let output = run(example, &["-std=c99"], &compiler, folder.path(), &model);
        let text = said(&output);
        assert!(text.ends_with(": 0 0 1 2\n"), "{text}");
    }
}

#[test]
fn two_hundred_wrong_calls_are_refused_with_a_status_and_a_text() {
    let folder = tempfile::tempdir().unwrap();
    let model = relu(folder.path());
    let output = run(
        "tests/c/misuse.c",
        &["-std=c99"],
        "gcc",
        folder.path(),
        &model,
    );
    let text = said(&output);
    let cases: u32 = text.split(' ').next().unwrap().parse().unwrap();
    assert!(cases >= 200, "{text}");
    assert!(text.ends_with(", 0 wrong\n"), "{text}");
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    let Some(nm) = common::compiler("NM", "nm") else {
        eprintln!("SKIPPED: nm was not found");
        return;
    };
    let output = Command::new(nm)
        .args(["-D", "--defined-only"])
        .arg(common::deps().join("libascend_reid.so"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<_> = text
        .lines()
        .filter(|line| !line.contains(" A "))
        .filter_map(|line| line.split(' ').next_back())
        .map(|name| name.split('@').next().unwrap())
        .collect();
    let header = std::fs::read_to_string(common::root().join("include/ascend_reid.h")).unwrap();
    let words = header.split(|c: char| !c.is_ascii_alphanumeric() && !"_(".contains(c));
    let declared: BTreeSet<_> = words
        .filter_map(|word| word.split_once('('))
        .map(|(name, _)| name.trim_start_matches('*'))
        .filter(|name| name.starts_with("areid_"))
        .collect();
    assert_eq!(exported, declared);
    assert!(exported.len() >= 20);
}

#[test]
fn the_library_has_its_own_name_and_not_the_simulators() {
    let Some(readelf) = common::compiler("READELF", "readelf") else {
        eprintln!("SKIPPED: readelf was not found");
        return;
    };
    let output = Command::new(readelf)
        .arg("-d")
        .arg(common::deps().join("libascend_reid.so"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("Library soname: [libascend_reid.so.0]"),
        "{text}"
    );
}
