//! `reid search` and `reid mgn evaluate --report`, run as their users run them.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use reid_apps::features::Features;

fn reid(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reid"))
        .args(arguments)
        .env_remove("ACL_LIBRARY")
        .env_remove("REID_LOG")
        .output()
        .unwrap()
}

fn fails(arguments: &[&str], code: i32, wanted: &str) {
    let output = reid(arguments);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
    assert!(err.contains(wanted), "should say {wanted:?}: {err}");
}

fn lines(output: &Output) -> Vec<serde_json::Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn an_image_of_the_gallery_finds_itself_first_and_bad_input_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let path = |name: &str| root.join(name).display().to_string();
    let out = path("demo");
    let demo = reid(&["demo", "--out", &out, "--ids", "4", "--cams", "2"]);
    assert!(demo.status.success(), "{demo:?}");
    let page = fs::read_to_string(root.join("demo/report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains("data:image/jpeg;base64,") && page.contains("Simulated device"));

    let (gallery, model) = (path("demo/features"), path("demo/mgn.om"));
    let features = Features::read(&gallery).unwrap();
    let row = &features.gallery.rows[5];
    let image = path(&format!("demo/market/bounding_box_test/{}", row.name));
    let (picture, page) = (path("found.png"), path("page.html"));

    let found = reid(&[
        "search",
        "--gallery",
        &gallery,
        "--model",
        &model,
        "--backend",
        "sim",
        "--top",
        "3",
        "--picture",
        &picture,
        &image,
    ]);
    assert!(found.status.success(), "{found:?}");
    let found = lines(&found);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["simulated"], true);
    let answers = found[0]["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 3);
    assert_eq!(
        (&answers[0]["row"], &answers[0]["rank"]),
        (&5.into(), &1.into())
    );
    assert_eq!(answers[0]["name"], row.name.as_str());
    assert!(answers[0]["distance"].as_f64().unwrap() < 1e-3);
    assert!(fs::read(&picture).unwrap().starts_with(b"\x89PNG"));

    let ready = reid(&["search", "--gallery", &gallery, "--features", &gallery]);
    assert_eq!(lines(&ready).len(), features.query.rows.len());

    let written = reid(&["mgn", "evaluate", "--features", &gallery, "--report", &page]);
    assert!(written.status.success(), "{written:?}");
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains(&features.provenance.model.sha256) && text.contains("mgn evaluate"));

    // One bad image does not keep the others from being found.
    let bad = path("bad.jpg");
    fs::write(&bad, b"no picture").unwrap();
    let arguments = [
        "search",
        "--gallery",
        &gallery,
        "--model",
        &model,
        "--backend",
        "sim",
        &bad,
        &image,
    ];
    fails(&arguments, 1, "1 of 2 images could not be read");
    assert_eq!(lines(&reid(&arguments)).len(), 1);

    fails(&["search", "--gallery", &gallery, &image], 2, "--model");
    fails(
        &[
            "search",
            "--gallery",
            &gallery,
            "--features",
            &gallery,
            "nobody.jpg",
        ],
        2,
        "names look like",
    );
    let absent = path("absent");
    fails(
        &["search", "--gallery", &absent, "--features", &gallery],
        1,
        "absent/meta.json",
    );
    let mut other = fs::read(root.join("demo/mgn.om")).unwrap();
    other.push(0);
    let changed = Path::new(&model).with_file_name("other.om");
    fs::write(&changed, other).unwrap();
    let changed = changed.display().to_string();
    let output = reid(&[
        "search",
        "--gallery",
        &gallery,
        "--model",
        &changed,
        "--backend",
        "sim",
        &image,
    ]);
    assert!(!output.status.success(), "another model was taken");
}
