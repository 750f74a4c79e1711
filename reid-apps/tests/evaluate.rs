//! `reid mgn evaluate` over features of this and of other programs, run as its users run it.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const DIM: usize = 3;
/// Person, camera, features. One wrong answer lies between the two right ones of the first query.
const QUERY: [(i32, u32, [f32; DIM]); 3] = [
    (1, 1, [1.0, 0.0, 0.0]),
    (2, 1, [0.0, 1.0, 0.0]),
    (9, 1, [0.0, 0.0, 1.0]),
];
const GALLERY: [(i32, u32, [f32; DIM]); 5] = [
    (1, 2, [1.0, 0.1, 0.0]),
    (2, 2, [1.0, 0.2, 0.1]),
    (0, 2, [0.1, 1.0, 0.0]),
    (2, 1, [0.0, 1.0, 0.0]),
    (1, 3, [0.9, 0.1, 0.3]),
];

fn raw(rows: &[(i32, u32, [f32; DIM])]) -> Vec<u8> {
    rows.iter()
        .flat_map(|row| row.2)
        .flat_map(f32::to_le_bytes)
        .collect()
}

fn description(rows: &[(i32, u32, [f32; DIM])], file: &str) -> serde_json::Value {
    serde_json::json!({
        "features": file,
        "dtype": "<f4",
        "shape": [rows.len(), DIM],
        "ids": rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "cameras": rows.iter().map(|row| row.1).collect::<Vec<_>>(),
    })
}

fn set(folder: &Path) -> String {
    fs::write(folder.join("q.bin"), raw(&QUERY)).unwrap();
    fs::write(folder.join("g.bin"), raw(&GALLERY)).unwrap();
    let whole = serde_json::json!({
        "query": description(&QUERY, "q.bin"),
        "gallery": description(&GALLERY, "g.bin"),
    });
    let path = folder.join("features.json");
    fs::write(&path, whole.to_string()).unwrap();
    path.display().to_string()
}

fn evaluate(features: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reid"))
        .args(["mgn", "evaluate", "--features", features])
        .args(more)
        .output()
        .unwrap()
}

fn says(features: &str, more: &[&str]) -> String {
    let output = evaluate(features, more);
    assert!(output.status.success(), "{more:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn figures_follow_the_protocol_and_ranks_that_were_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let features = set(folder.path());
    // Query 1: right answers at 1 and 3, (1 + 2/3) / 2. Query 2: its own camera's box is set aside, so its one answer
    // is second, after the distractor. Query 9 has no answer.
    let guide = says(&features, &["--no-rerank", "--ranks", "1,2"]);
    assert_eq!(
        guide,
        "[Without Re-Ranking] mAP: 0.6667 mINP: 0.5833 rank1: 0.5000 rank2: 1.0000\n"
    );
    // Trapezoids: query 1 has (1 + (1/2 + 2/3) / 2) / 2, query 2 has (0 + 1/2) / 2; all three count.
    let dgnet = says(&features, &["--no-rerank", "--protocol", "dgnet"]);
    assert!(
        dgnet.starts_with("[Without Re-Ranking] mAP: 0.3472 rank1: 0.3333"),
        "{dgnet}"
    );
    for metric in ["cosine", "dot"] {
        let figures = says(
            &features,
            &["--no-rerank", "--metric", metric, "--ranks", "1,2"],
        );
        assert_eq!(figures, guide, "rows of length one: {metric}");
    }
    let reranked = says(&features, &["--k1", "3", "--k2", "2"]);
    assert!(
        reranked.starts_with("[With    Re-Ranking] mAP: "),
        "{reranked}"
    );
}

#[test]
fn tables_intervals_and_the_worst_queries_are_printed_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let features = set(folder.path());
    let said = says(
        &features,
        &[
            "--no-rerank",
            "--per-camera",
            "--per-identity",
            "--worst",
            "1",
            "--bootstrap",
            "200",
        ],
    );
    assert!(
        said.contains("95 % of 200 resamples: mAP 0.5000 to 0.8333"),
        "{said}"
    );
    assert!(said.contains("  camera  queries     mAP   rank1"), "{said}");
    assert!(said.contains("       1        2  0.6667  0.5000"), "{said}");
    assert!(
        said.contains("       2        1  0.5000  0.0000"),
        "person 2: {said}"
    );
    let worst = said.split("worst queries").nth(1).unwrap();
    assert!(
        worst.contains("query[1]") && !worst.contains("query[0]"),
        "{said}"
    );
}

#[test]
fn what_is_wrong_with_features_is_named_with_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let features = set(folder.path());
    let fails = |more: &[&str], wanted: &str| {
        let output = evaluate(&features, more);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && output.stdout.is_empty(),
            "{said}"
        );
        assert!(said.contains(wanted), "should say {wanted:?}: {said}");
    };
    fails(
        &["--protocol", "market"],
        "wanted market1501, dgnet or cuhk03",
    );
    fails(&["--memory", "1 parsec"], "unit \"parsec\"");
    fails(&["--bootstrap", "0"], "at least 1");
    fails(&["--k1", "3"], "k2: found 6, wanted 1 to k1 + 1");
    fails(&["--k1", "3", "--k2", "2", "--lambda", "2"], "lambda");

    let gallery = folder.path().join("g.bin");
    let mut bytes = raw(&GALLERY);
    bytes[12..16].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&gallery, &bytes).unwrap();
    fails(&["--no-rerank"], "g.bin");
    fails(&["--no-rerank"], "gallery[1]");
    bytes[12..24].fill(0);
    fs::write(&gallery, &bytes).unwrap();
    fails(&["--no-rerank"], "gallery[1]");
    bytes.pop();
    fs::write(&gallery, &bytes).unwrap();
    fails(&["--no-rerank"], "g.bin");

    fs::write(&gallery, raw(&GALLERY)).unwrap();
    let text = fs::read_to_string(&features).unwrap();
    for (from, to, wanted) in [
        ("\"cameras\":[1,1,1]", "\"cameras\":[1,1]", "cameras"),
        ("\"ids\":[1,2,9]", "\"ids\":[1,2,9,4]", "persons"),
        ("\"shape\":[3,3]", "\"shape\":[3,2]", "q.bin"),
        ("<f4", "<i4", "<i4"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        fs::write(&features, text.replace(from, to)).unwrap();
        fails(&["--no-rerank"], wanted);
    }
}
