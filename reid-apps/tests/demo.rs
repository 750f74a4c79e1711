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

/// Runs the demo of DG-Net and gives its report and what it printed.
fn demo_dgnet(folder: &std::path::Path, more: &[&str]) -> (serde_json::Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_reid"))
        .args(["demo", "dgnet", "--ids", "6", "--cams", "3", "--out"])
        .arg(folder)
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(folder.join("report.json")).unwrap();
    (
        serde_json::from_str(&text).unwrap(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// The error of one way to get pictures, where other clothes change them.
fn changed(report: &serde_json::Value, way: &str) -> f64 {
    let rows = report["errors"]["rows"].as_array().unwrap();
    let named = |row: &&serde_json::Value| row["name"].as_str().unwrap().starts_with(way);
    let row = rows.iter().find(named).unwrap();
    row["mean_absolute_changed"].as_f64().unwrap()
}

#[test]
fn generated_clothes_are_nearer_to_the_drawn_truth_than_either_picture() {
    let folder = tempfile::tempdir().unwrap();
    let (report, said) = demo_dgnet(folder.path(), &["--seed", "12"]);
    let found = changed(&report, "generated");
    for copied in ["content image", "structure image"] {
        let error = changed(&report, copied);
        assert!(found < 0.9 * error, "{found}, {copied}: {error}");
    }
    assert!(
        said.contains("Drawn people") && said.contains("simulated"),
        "{said}"
    );
    assert!(report["synthetic"] == true && report["simulated"] == true);
    for name in ["sheet.png", "sheet_truth.png"] {
        let sheet = image::open(folder.path().join(name)).unwrap().into_rgb8();
        assert!(sheet.width() > 300 && sheet.height() > 300, "{name}");
    }

    // Again into the same folder: nothing is drawn or generated twice, the figures are the same.
    let (again, _) = demo_dgnet(folder.path(), &["--seed", "12"]);
    assert_eq!(report, again);
}

#[test]
fn an_untrained_dgnet_moves_no_clothes() {
    let folder = tempfile::tempdir().unwrap();
    let (report, said) = demo_dgnet(folder.path(), &["--seed", "12", "--untrained"]);
    let (found, copied) = (
        changed(&report, "generated"),
        changed(&report, "content image"),
    );
    assert!(found > 0.9 * copied, "{found}, copied {copied}");
    assert!(said.contains("untrained weights"), "{said}");
}
