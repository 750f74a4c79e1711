//! `reid infer --shard` and `reid merge`: parts on several processes make the whole of one.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

mod small_models;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use small_models::*;

/// A model of batch 2 and 13 files.
fn case() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    relu(&folder.path().join("m.om"), 2);
    fs::create_dir(folder.path().join("in")).unwrap();
    for sample in 0..13_u8 {
        let name = format!("in/s{sample}.bin");
        bin(&folder.path().join(name), &[f32::from(sample); 4]);
    }
    folder
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn part(root: &Path, name: &str, shard: &str, environment: &[(&str, &str)]) -> Child {
    let (model, input, out) = (
        text(&root.join("m.om")),
        text(&root.join("in")),
        text(&root.join("parts")),
    );
    command(&[
        "infer",
        "--backend",
        "sim",
        "--model",
        &model,
        "--input",
        &input,
        "--output",
        &out,
        "--output_dirname",
        name,
        "--shard",
        shard,
    ])
    .envs(environment.iter().copied())
    .stdout(Stdio::null())
    .spawn()
    .unwrap()
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    names(folder)
        .into_iter()
        .map(|name| (name.clone(), fs::read(folder.join(name)).unwrap()))
        .collect()
}

fn merge(root: &Path, parts: &[&str], out: &str) -> Vec<String> {
    let mut all = vec![
        "merge".to_owned(),
        "--output".to_owned(),
        text(&root.join(out)),
    ];
    all.extend(
        parts
            .iter()
            .map(|name| text(&root.join("parts").join(name))),
    );
    all
}

fn strs(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

#[test]
fn parts_run_at_once_merge_into_what_one_process_writes() {
    let folder = case();
    let root = folder.path();
    let children = [
        part(root, "p0", "0/3", &[]),
        part(
            root,
            "p1",
            "auto",
            &[
                ("SLURM_ARRAY_TASK_ID", "6"),
                ("SLURM_ARRAY_TASK_MIN", "5"),
                ("SLURM_ARRAY_TASK_COUNT", "3"),
            ],
        ),
        part(root, "p2", "auto/3", &[("JOB_COMPLETION_INDEX", "2")]),
        part(root, "whole", "0/1", &[]),
    ];
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    ok(&strs(&merge(root, &["p2", "p0", "p1"], "merged")));
    assert_eq!(
        files(&root.join("merged")),
        files(&root.join("parts/whole"))
    );
    assert_eq!(names(&root.join("merged")).len(), 13);
    let summary = json(&root.join("merged_summary.json"));
    let info = summary["filesinfo"].as_object().unwrap();
    assert_eq!(info.len(), 13);
    let last = info["12"]["outfiles"][0].as_str().unwrap();
    assert!(last.ends_with("merged/s12_0.bin") && Path::new(last).exists());
    assert_eq!(summary["reid"]["samples"], 13);
}

#[test]
fn parts_that_are_missing_mixed_or_unfinished_are_refused_and_nothing_is_written() {
    let folder = case();
    let root = folder.path();
    let run = |name: &str, shard: &str| {
        assert!(part(root, name, shard, &[]).wait().unwrap().success());
    };
    run("p0", "0/3");
    run("p1", "1/3");
    run("other", "1/2");
    let refuse = |parts: &[&str], wanted: &[&str]| {
        fails(&strs(&merge(root, parts, "merged")), 1, wanted);
        let there = names(root);
        assert!(
            !there.iter().any(|name| name.starts_with("merged")),
            "{there:?}"
        );
    };
    refuse(&["p0", "p1"], &["of 3 parts these are missing: 2"]);
    refuse(&["p0", "p1", "p1"], &["are both part 1"]);
    refuse(&["p0", "other"], &["part 1 of 2", "one of 3"]);
    refuse(&["p0", "nowhere"], &["nowhere", "not finished"]);

    let change = |name: &str, edit: &dyn Fn(&mut serde_json::Value)| -> PathBuf {
        let path = root.join(format!("parts/{name}_summary.json"));
        let mut value = json(&path);
        edit(&mut value);
        fs::write(&path, value.to_string()).unwrap();
        path
    };
    run("p2", "2/3");
    change("p2", &|value| value["reid"]["run"]["sha256"] = "0".into());
    refuse(&["p0", "p1", "p2"], &["different jobs", "model differs"]);
    run("q2", "2/3");
    change("q2", &|value| value["reid"]["interrupted"] = true.into());
    refuse(&["p0", "p1", "q2"], &["stopped before its end"]);
    run("r2", "2/3");
    bin(&root.join("in/s12.bin"), &[1.0; 3]);
    assert_eq!(part(root, "t2", "2/3", &[]).wait().unwrap().code(), Some(1));
    refuse(&["p0", "p1", "t2"], &["t2 has 1 failed batches", "s12.bin"]);
    bin(&root.join("in/s13.bin"), &[1.0; 4]);
    bin(&root.join("in/s12.bin"), &[1.0; 4]);
    run("u2", "2/3");
    refuse(&["p0", "p1", "u2"], &["list of inputs differs"]);
    fails(
        &[
            "infer",
            "--backend",
            "sim",
            "--model",
            "m.om",
            "--shard",
            "0/2",
        ],
        2,
        &["--input"],
    );
    ok(&strs(&merge(root, &["p0", "p1", "r2"], "merged")));
    fails(
        &strs(&merge(root, &["p0", "p1", "r2"], "merged")),
        1,
        &["exists and holds files"],
    );
}
