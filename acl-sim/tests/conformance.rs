//! The conformance suite, run on the simulator's own library: every case has the code it names.
#![allow(clippy::unwrap_used)]

#[path = "common/cut.rs"]
mod cut;
#[path = "common/lists.rs"]
mod lists;
#[path = "common/models.rs"]
mod models;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ascend_om::container::PartitionKind as Kind;
use ascend_om::onnx::elem;
use ascendcl::atc::{Format, Options, convert_bytes};
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

/// Writes the models of the cases, `y = relu(x)`; returns the variables that name them.
fn convert(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    std::fs::create_dir_all(folder).unwrap();
    let conf = folder.join("aipp.cfg");
    std::fs::write(
        &conf,
        "aipp_op { aipp_mode: dynamic max_src_image_size: 2000 }",
    )
    .unwrap();
    let x = |dims: &[i64]| vec![("x".to_owned(), dims.to_vec())];
    let rows = [
        ("ACL_MODEL", vec![2, 3], Options::default()),
        (
            "ACL_MODEL_BATCH",
            vec![-1, 3],
            Options {
                input_shape: x(&[-1, 3]),
                dynamic_batch_size: vec![1, 2],
                ..Options::default()
            },
        ),
        (
            "ACL_MODEL_HW",
            vec![1, 2, -1, -1],
            Options {
                input_shape: x(&[1, 2, -1, -1]),
                dynamic_image_size: vec![[2, 3], [4, 1]],
                ..Options::default()
            },
        ),
        (
            "ACL_MODEL_DIMS",
            vec![-1, 3, -1],
            Options {
                input_shape: x(&[-1, 3, -1]),
                input_format: Format::Nd,
                dynamic_dims: vec![vec![1, 2], vec![4, 1]],
                ..Options::default()
            },
        ),
        (
            "ACL_MODEL_AIPP",
            vec![1, 3, 8, 12],
            Options {
                insert_op_conf: Some(conf),
                ..Options::default()
            },
        ),
    ];
    let write = |(variable, dims, options): (&'static str, Vec<i64>, Options)| {
        let path = folder.join(variable).with_extension("om");
        let onnx = unary("Relu", elem::FLOAT, &dims);
        let om = convert_bytes(&onnx, "relu", &options).unwrap();
        std::fs::write(path.with_extension("onnx"), onnx).unwrap();
        std::fs::write(&path, om).unwrap();
        (variable, path)
    };
    let mut all: Vec<_> = rows.into_iter().map(write).collect();

    // Files that lack something, and one whose AIPP is of a kind that there is not.
    let weights = models::chain(2, 64);
    let om = convert_bytes(&weights, "chain", &Options::default()).unwrap();
    let mut mode = std::fs::read(folder.join("ACL_MODEL_AIPP.om")).unwrap();
    let known = b"dynamic_aipp";
    let places: Vec<_> = (0..mode.len())
        .filter(|at| mode[*at..].starts_with(known))
        .collect();
    for at in places {
        mode[at + known.len() - 1] = b'x';
    }
    cut::seal(&mut mode);
    let damaged = [
        (
            "ACL_MODEL_WEIGHTLESS",
            cut::without(&om, Kind::WEIGHTS_DATA),
        ),
        ("ACL_MODEL_TASKLESS", cut::without(&om, Kind::TASK_INFO)),
        ("ACL_MODEL_DEFLESS", cut::without(&om, Kind::MODEL_DEF)),
        (
            "ACL_MODEL_GRAPH",
            cut::with(&om, |kind| kind == Kind::MODEL_DEF),
        ),
        ("ACL_MODEL_MODE", mode),
    ];
    for (variable, bytes) in damaged {
        let path = folder.join(variable).with_extension("om");
        std::fs::write(&path, bytes).unwrap();
        all.push((variable, path));
    }
    all
}

fn run(program: &Path, table: &Path, models: &[(&'static str, PathBuf)]) -> Output {
    let test = std::env::current_exe().unwrap();
    Command::new(program)
        .arg(table)
        .env("ACL_LIBRARY", test.parent().unwrap().join("libascendcl.so"))
        .envs(models.iter().map(|(variable, path)| (variable, path)))
        .output()
        .unwrap()
}

/// Functions that are simulated and have no case, and why.
const WITHOUT: &[(&str, &str)] = &[];

#[test]
fn every_function_that_is_simulated_has_a_case() {
    let cases = std::fs::read_to_string(folder().join("expectations.tsv")).unwrap();
    let cases: BTreeSet<_> = cases
        .lines()
        .filter_map(|line| line.split_once('\t').map(|(function, _)| function))
        .collect();
    let missing = lists::not_simulated();
    let excused = |name: &str| WITHOUT.iter().any(|(known, _)| *known == name);
    let names = acl_sys::Api::NAMES.iter().copied();
    let without: Vec<_> = names
        .filter(|name| !missing.contains_key(*name) && !cases.contains(name) && !excused(name))
        .collect();
    assert!(without.is_empty(), "no case: {without:?}");
}

#[test]
fn each_case_says_what_where_and_why_and_stands_once() {
    let text = std::fs::read_to_string(folder().join("expectations.tsv")).unwrap();
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        let columns: Vec<_> = line.split('\t').collect();
        assert_eq!(columns.len(), 4, "{line}");
        assert!(columns.iter().all(|column| !column.is_empty()), "{line}");
        assert!(seen.insert((columns[0], columns[1])), "twice: {line}");
    }
}

#[test]
fn every_case_has_the_code_it_names_and_a_wrong_one_is_told() {
    let temporary = tempfile::tempdir().unwrap();
    let program = temporary.path().join("runner");
    build(&program);
    let folder_of_models = std::env::var_os("CONFORMANCE_MODELS").map(PathBuf::from);
    let models = convert(folder_of_models.as_deref().unwrap_or(temporary.path()));

    let output = run(&program, &folder().join("expectations.tsv"), &models);
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
    assert!(all >= 3000, "{all}");

    // The runner can fail: a wrong code, a function that crashes, and one that nobody knows.
    let wrong = temporary.path().join("wrong.tsv");
    let rows = [
        "aclrtMalloc\t2=0\t0\tnowhere",
        "aclInit\tbefore-init 1=1\t0\tnowhere",
        "aclNothing\tgood\t0\tnowhere",
        "aclrtMalloc\t2=0\t100000\tnowhere",
    ];
    std::fs::write(&wrong, rows.map(|row| format!("{row}\n")).concat()).unwrap();
    let output = run(&program, &wrong, &models);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    let results: Vec<_> = text.lines().map(|line| line.starts_with("ok ")).collect();
    assert_eq!(results, [false, false, false, false, true, false], "{text}");
}
