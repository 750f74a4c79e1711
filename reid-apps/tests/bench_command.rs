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
