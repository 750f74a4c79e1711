//! The demo's network finds people whom it never saw; one that learnt nothing does not.
#![allow(clippy::unwrap_used, missing_docs)]
#![cfg(feature = "sim")]

use std::process::Command;

/// Runs the demo and gives its mAP, what it printed, and the chance level.
fn demo(more: &[&str]) -> (f64, String, f64) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_reid"))
        .args([
            "demo", "--ids", "16", "--cams", "4", "--shots", "2", "--out",
        ])
        .arg(folder.path())
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("Drawn people"), "the page says what it is");
    (
        report["without_reranking"]["mAP"].as_f64().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        report["chance"]["mAP"].as_f64().unwrap(),
    )
}

#[test]
fn the_trained_network_finds_people_whom_it_never_saw() {
    let (found, said, chance) = demo(&["--seed", "12"]);
    assert!(found >= 0.60, "mAP {found}, chance {chance}");
    assert!(said.contains("trained on other drawn people"), "{said}");
}

#[test]
fn untrained_weights_find_hardly_more_than_chance() {
    let (found, said, chance) = demo(&["--seed", "12", "--untrained"]);
    assert!(found < 0.30 && chance < 0.2, "mAP {found}, chance {chance}");
    assert!(said.contains("untrained weights"), "{said}");
}
