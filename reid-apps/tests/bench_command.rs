//! `reid bench`, run as its users run it, on the simulator.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

mod small_models;

use std::fs;

use small_models::*;

#[test]
fn a_benchmark_prints_writes_and_draws_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let model = relu(&folder.path().join("m.om"), 2).display().to_string();
    let (report, csv, html) = (path("r.json"), path("r.csv"), path("r.html"));
    let out = ok(&[
        "bench",
        "--backend",
        "sim",
        "--model",
        &model,
        "--loop",
        "200",
        "--json",
        &report,
        "--csv",
        &csv,
        "--html",
        &html,
    ]);
    assert!(
        out.contains("wall-clock") && out.contains("simulated by"),
        "{out}"
    );
    let report = json(folder.path().join("r.json").as_ref());
    assert_eq!(report["format"], 1);
    let (batches, dropped) = (
        report["batches"].as_u64().unwrap(),
        report["warm_up"].as_u64().unwrap(),
    );
    assert_eq!(batches + dropped, 200);
    assert_eq!(report["samples"].as_u64().unwrap(), 2 * batches);
    assert_eq!(
        report["stages"]["execute"]["count"].as_u64().unwrap(),
        batches
    );
    let wall = report["throughput"]["wall"].as_f64().unwrap();
    let seconds = report["seconds"].as_f64().unwrap();
    assert!((wall * seconds / (2.0 * batches as f64) - 1.0).abs() < 1e-6);

    let csv = fs::read_to_string(folder.path().join("r.csv")).unwrap();
    let header = csv.lines().next().unwrap();
    assert_eq!(header, "stage,count,min,mean,median,p90,p95,p99,p99.9,max");
    let stages: Vec<_> = csv
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(stages, ["H2D", "execute", "D2H", "latency"]);

    let page = fs::read_to_string(folder.path().join("r.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains("Simulated device") && page.contains("device 0 slot 2"));
    assert!(
        page.contains("class=\"s4\"") && !page.contains("http://") && !page.contains("https://")
    );
    for tag in ["svg", "table", "ul", "figure", "main", "tr"] {
        let open =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn gates_fail_with_1_and_say_by_how_much() {
    let folder = tempfile::tempdir().unwrap();
    let model = relu(&folder.path().join("m.om"), 2).display().to_string();
    let all = [
        "bench",
        "--backend",
        "sim",
        "--model",
        &model,
        "--loop",
        "50",
    ];
    let with = |more: &[&'static str]| [&all[..], more].concat();
    ok(&with(&["--min-fps", "1", "--max-p99", "100000"]));
    fails(
        &with(&["--min-fps", "1e12"]),
        1,
        &["samples/s, --min-fps wants 1000000000000"],
    );
    fails(
        &with(&["--max-p99", "0.000001"]),
        1,
        &["p99 is", "--max-p99 allows"],
    );
    fails(&with(&["--duration", "0"]), 2, &["seconds above 0"]);
    fails(&["bench"], 2, &["--model"]);
}

#[test]
fn a_run_ends_at_its_time_and_names_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let model = relu(&folder.path().join("m.om"), 2).display().to_string();
    let all = [
        "bench",
        "--backend",
        "sim",
        "--model",
        &model,
        "--duration",
        "0.2",
        "--json",
    ];
    let report: serde_json::Value = serde_json::from_str(&ok(&all)).unwrap();
    let seconds = report["seconds"].as_f64().unwrap();
    assert!(
        seconds < 60.0 && report["batches"].as_u64().unwrap() > 0,
        "{seconds}"
    );
    let output = command(&all)
        .env("ACL_SIM_FAULTS", "[[execution]]\nnth = 5\ncode = 507011")
        .output()
        .unwrap();
    check_failure(&output, 1, &["507011", "1 batches failed"]);
}

#[test]
fn reports_are_compared_and_the_worse_one_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let model = relu(&folder.path().join("m.om"), 2).display().to_string();
    let (a, b, c) = (path("a.json"), path("b.json"), path("c.json"));
    ok(&[
        "bench",
        "--backend",
        "sim",
        "--model",
        &model,
        "--loop",
        "50",
        "--json",
        &a,
    ]);
    let out = ok(&["bench", "--compare", &a, &a]);
    assert!(out.contains("+0.00 %") && !out.contains("note:"), "{out}");
    let mut worse = json(a.as_ref());
    let wall = worse["throughput"]["wall"].as_f64().unwrap();
    worse["throughput"]["wall"] = (wall * 0.8).into();
    fs::write(&b, worse.to_string()).unwrap();
    fails(
        &["bench", "--compare", &a, &b],
        1,
        &["worse by more than 5 %", "wall clock"],
    );
    ok(&["bench", "--compare", &b, &a]);
    ok(&["bench", "--compare", &a, &b, "--tolerance", "30"]);
    fs::write(&c, "{}").unwrap();
    fails(
        &["bench", "--compare", &a, &c],
        1,
        &["c.json", "reid bench --json"],
    );
    fails(&["bench", "--compare", &a], 2, &["2 values"]);
}

#[test]
fn autotune_finds_the_model_with_the_best_rate_and_writes_it_down() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let small = relu(&folder.path().join("bs1.om"), 1).display().to_string();
    let large = relu(&folder.path().join("bs64.om"), 64)
        .display()
        .to_string();
    let tuned = path("tuned.toml");
    let out = ok(&[
        "bench",
        "--backend",
        "sim",
        "--duration",
        "0.1",
        "--tuned",
        &tuned,
        "--autotune",
        &small,
        &large,
    ]);
    assert_eq!(out.matches("  slots ").count(), 8, "{out}");
    let text: toml::Table = fs::read_to_string(&tuned).unwrap().parse().unwrap();
    assert_eq!(text["model"].as_str().unwrap(), large);
    assert_eq!(text["batch"].as_integer(), Some(64));
    assert_eq!(text["simulated"].as_bool(), Some(true));
    assert_eq!(text["tried"].as_array().unwrap().len(), 8);
    let best = text["samples_per_second"].as_float().unwrap();
    assert!(best > 0.0 && (1..=4).contains(&text["slots"].as_integer().unwrap()));
}

/// A tuned profile of `bs64.om`, beside `bs1.om`.
fn tuned(case: &Case) -> (String, String) {
    let (small, large) = (case.text("bs1.om"), case.text("bs64.om"));
    relu(small.as_ref(), 1);
    relu(large.as_ref(), 64);
    let path = case.text("tuned.toml");
    let mut all = vec!["bench", "--backend", "sim", "--duration", "0.1"];
    all.extend(["--tuned", &path, "--autotune", &small, &large]);
    ok(&all);
    (path, large)
}

#[test]
fn a_profile_chooses_the_model_its_batch_and_the_slots_of_a_run() {
    let case = Case::empty();
    let (path, large) = tuned(&case);
    let text = fs::read_to_string(&path).unwrap();
    // Which number is the fastest depends on the machine; this one is never the default.
    let slots = with_slots(&text, 7);
    fs::write(&path, &slots).unwrap();
    let bench = ["bench", "--backend", "sim", "--loop", "20", "--json"];
    let run = |more: &[&str]| -> serde_json::Value {
        serde_json::from_str(&ok(&[&bench[..], more].concat())).unwrap()
    };
    let report = run(&["--profile", &path]);
    assert_eq!(report["setup"]["batch"], 64);
    assert_eq!(report["setup"]["slots"], 7);
    assert_eq!(report["run"]["model"], "bs64.om");
    assert_eq!(run(&["--model", &large])["setup"]["slots"], 3);
    // What is typed is stronger than the profile.
    assert_eq!(
        run(&["--slots", "2", "--profile", &path])["setup"]["slots"],
        2
    );

    fs::create_dir(case.path("in")).unwrap();
    for sample in 0..3 {
        bin(&case.path(&format!("in/s{sample}.bin")), &row(sample));
    }
    let (input, out) = (case.text("in"), case.text("out"));
    let mut infer = vec!["infer", "--backend", "sim", "--profile", &path];
    infer.extend(["--input", &input, "--output", &out]);
    infer.extend(["--output_dirname", "r"]);
    ok(&infer);
    assert_eq!(numbers(&case.path("out/r/s2_0.bin")), relu_of(2));
    let summary = json(&case.path("out/r_summary.json"));
    assert_eq!(summary["reid"]["run"]["model"], "bs64.om");
    assert_eq!(summary["reid"]["batch"], 64);

    // Profile and models move together when the profile names them without a folder.
    let moved = case.path("moved");
    fs::create_dir(&moved).unwrap();
    fs::rename(&large, moved.join("bs64.om")).unwrap();
    let gone = [&bench[..], &["--profile", &path]].concat();
    fails(&gone, 3, &["tuned.toml", "bs64.om is not there", "--model"]);
    let there = moved.join("tuned.toml").display().to_string();
    fs::write(&there, slots.replace(&large, "bs64.om")).unwrap();
    assert_eq!(run(&["--profile", &there])["setup"]["slots"], 7);
}

/// The profile with another number of slots at its head.
fn with_slots(text: &str, slots: usize) -> String {
    let (head, tail) = text.split_once("\nslots = ").unwrap();
    let (_, tail) = tail.split_once('\n').unwrap();
    format!("{head}\nslots = {slots}\n{tail}")
}

#[test]
fn a_profile_of_another_model_or_that_is_none_is_refused() {
    let case = Case::empty();
    let (path, _) = tuned(&case);
    let small = case.text("bs1.om");
    let with = |more: &[&'static str]| -> Vec<String> {
        let all = ["bench", "--backend", "sim", "--loop", "5", "--profile"];
        let all = all.iter().copied().chain([path.as_str()]);
        all.chain(more.iter().copied()).map(str::to_owned).collect()
    };
    let mut other = with(&["--model"]);
    other.push(small.clone());
    fails(
        &strs(&other),
        2,
        &[
            "tuned.toml is a profile of another model",
            "bs1.om",
            "--autotune",
        ],
    );
    let good = fs::read_to_string(&path).unwrap();
    for (text, wanted) in [
        ("", "missing field"),
        ("model = 3", "invalid type"),
        ("[[", "TOML parse error"),
        (&with_slots(&good, 0), "slots is 0, possible are 1 to 16"),
        (&with_slots(&good, 17), "slots is 17"),
    ] {
        fs::write(&path, text).unwrap();
        fails(
            &strs(&with(&[])),
            2,
            &["tuned.toml", wanted, "reid bench --autotune"],
        );
    }
    fs::remove_file(&path).unwrap();
    fails(&strs(&with(&[])), 2, &["tuned.toml", "No such file"]);
    fails(
        &strs(&with(&["--autotune", "m.om"])),
        2,
        &["cannot be used with"],
    );
}

#[test]
fn a_profile_keeps_the_gear_that_it_was_tuned_with() {
    let case = Case::empty();
    let options = ascendcl::atc::Options {
        input_shape: vec![("x".into(), vec![-1, 4])],
        dynamic_batch_size: vec![1, 2, 4],
        ..Default::default()
    };
    let file = case.path("m.om");
    model(&file, "Relu", &[("x", &[-1, 4])], &[-1, 4], options);
    let (file, path) = (case.text("m.om"), case.text("t.toml"));
    let mut all = vec!["bench", "--backend", "sim", "--duration", "0.05"];
    all.extend(["--dymBatch", "2", "--tuned", &path, "--autotune", &file]);
    ok(&all);
    let run = |more: &[&str]| -> serde_json::Value {
        let all = ["bench", "--backend", "sim", "--loop", "20", "--json"];
        let all = [&all[..], &["--profile", &path], more].concat();
        serde_json::from_str(&ok(&all)).unwrap()
    };
    assert_eq!(run(&[])["setup"]["batch"], 2);
    assert_eq!(run(&["--dymBatch", "4"])["setup"]["batch"], 4);
}
