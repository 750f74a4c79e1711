//! The command `reid`, run as its users run it: good input, bad input, exit codes.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use reid_apps::graph::mgn::{Channels, Config, Weights, build};
use reid_apps::graph::onnx::Batch;
use reid_apps::synth;

fn reid(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reid"))
        .args(arguments)
        .env_remove("ACL_LIBRARY")
        .env_remove("REID_LOG")
        .output()
        .unwrap()
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Runs the command; it must end with `code` and say all of `wanted` on standard error.
fn fails(arguments: &[&str], code: i32, wanted: &[&str]) {
    let output = reid(arguments);
    let (_, err) = text(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
    for wanted in wanted {
        assert!(
            err.contains(wanted),
            "{arguments:?} should say {wanted:?}: {err}"
        );
    }
    assert!(!err.contains("panicked"), "{err}");
}

/// What the tests share, made once: a small data set and small models.
struct Shared {
    folder: tempfile::TempDir,
}

impl Shared {
    fn get() -> &'static Self {
        static SHARED: OnceLock<Shared> = OnceLock::new();
        SHARED.get_or_init(|| {
            let shared = Shared {
                folder: tempfile::tempdir().unwrap(),
            };
            let options = synth::Options {
                identities: 6,
                cameras: 3,
                shots: 2,
                distractors: Some(4),
                junk: Some(2),
                ..synth::Options::default()
            };
            synth::write_market(&shared.path("market"), &options).unwrap();
            shared.model("mgn", Batch::Fixed(4), (384, 128), &[]);
            shared.model("geared", Batch::Dynamic, (384, 128), &[1, 2, 4]);
            shared.model("small", Batch::Fixed(1), (192, 64), &[]);
            shared
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn model(&self, name: &str, batch: Batch, (height, width): (usize, usize), gears: &[u64]) {
        let channels = Channels::divided(16, 8).unwrap();
        let config = Config {
            channels,
            batch,
            height,
            width,
            ..Config::reduced()
        };
        let weights = Weights::seeded(&config, 1).unwrap();
        let onnx = self.path(&format!("{name}.onnx"));
        std::fs::write(&onnx, build(&config, &weights).unwrap()).unwrap();
        let mut options = ascendcl::atc::Options::default();
        if !gears.is_empty() {
            options.input_shape = vec![("image".into(), vec![-1, 3, 384, 128])];
            options.dynamic_batch_size = gears.to_vec();
        }
        ascendcl::atc::convert(&onnx, &options).unwrap();
    }
}

fn extract(model: &Path, data: &Path, out: &Path) -> Vec<String> {
    let path = |path: &Path| path.display().to_string();
    [
        "mgn",
        "extract",
        "--backend",
        "sim",
        "--model",
        &path(model),
        "--data",
        &path(data),
        "--out",
        &path(out),
    ]
    .map(str::to_owned)
    .to_vec()
}

fn strs(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn extract_evaluate_and_rank_work_together_and_say_that_the_device_is_simulated() {
    let shared = Shared::get();
    let out = shared.path("features");
    let arguments = extract(&shared.path("mgn.om"), &shared.path("market"), &out);
    let output = reid(&strs(&arguments));
    let (stdout, err) = text(&output);
    assert!(output.status.success(), "{err}");
    assert!(stdout.contains("simulated by ascendcl-sim"), "{stdout}");
    assert!(
        !out.join("extract.partial").exists(),
        "the journal goes when all is done"
    );

    let features = out.display().to_string();
    let (stdout, err) = text(&reid(&["mgn", "evaluate", "--features", &features]));
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{stdout}{err}");
    assert!(
        lines[0].starts_with("[With    Re-Ranking] mAP: 0."),
        "{stdout}"
    );
    assert!(
        lines[1].starts_with("[Without Re-Ranking] mAP: 0."),
        "{stdout}"
    );
    assert!(err.contains("SIMULATED"), "{err}");

    let (json, _) = text(&reid(&[
        "mgn",
        "evaluate",
        "--features",
        &features,
        "--json",
    ]));
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["simulated"], true);
    let printed = format!(
        "mAP: {:.4}",
        report["without_reranking"]["mAP"].as_f64().unwrap()
    );
    assert!(lines[1].contains(&printed), "{printed} {stdout}");

    let name = report["without_reranking"]["per_query"][0]["name"]
        .as_str()
        .unwrap();
    let output = reid(&[
        "mgn",
        "rank",
        "--features",
        &features,
        "--query",
        name,
        "--top",
        "5",
    ]);
    let (stdout, err) = text(&output);
    assert!(output.status.success(), "{err}");
    assert_eq!(stdout.lines().count(), 6, "{stdout}");
    let png = std::fs::read(out.join("ranking.png")).unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");

    fails(
        &[
            "mgn",
            "rank",
            "--features",
            &features,
            "--query",
            "nobody.jpg",
        ],
        2,
        &["nobody.jpg", "names look like"],
    );
}

#[test]
fn a_model_with_gears_gives_the_features_of_one_with_a_fixed_batch() {
    let shared = Shared::get();
    let read = |name: &str| {
        let out = shared.path(&format!("gears-{name}"));
        let arguments = extract(&shared.path(name), &shared.path("market"), &out);
        let output = reid(&strs(&arguments));
        assert!(output.status.success(), "{}", text(&output).1);
        reid_apps::features::Features::read(&out).unwrap()
    };
    let (fixed, geared) = (read("mgn.om"), read("geared.om"));
    assert_eq!(fixed.gallery.rows, geared.gallery.rows);
    let largest = fixed
        .gallery
        .plain
        .iter()
        .fold(0.0_f32, |a, b| a.max(b.abs()));
    let difference = (&fixed.gallery.plain - &geared.gallery.plain)
        .iter()
        .fold(0.0_f32, |a, b| a.max(b.abs()));
    // Kernels for other batch sizes add up in another order.
    assert!(difference <= 1e-4 * largest, "{difference} of {largest}");
}

#[test]
fn one_bad_image_is_listed_and_the_others_are_kept_unless_strict() {
    let shared = Shared::get();
    let data = shared.path("one-bad");
    copy(&shared.path("market"), &data);
    let victim = first(&data.join("query"));
    let whole = std::fs::read(&victim).unwrap();
    std::fs::write(&victim, &whole[..whole.len() / 2]).unwrap();
    let name = victim.file_name().unwrap().to_str().unwrap().to_owned();

    let out = shared.path("one-bad-features");
    let mut arguments = extract(&shared.path("mgn.om"), &data, &out);
    fails(
        &strs(&arguments),
        1,
        &[&name, "truncated", "1 images could not be read"],
    );
    let features = reid_apps::features::Features::read(&out).unwrap();
    assert_eq!(features.query.position(&name), None);
    assert_eq!(features.provenance.failed.len(), 1);
    assert!(features.query.rows.len() > 5);

    *arguments.last_mut().unwrap() = shared.path("one-bad-strict").display().to_string();
    arguments.push("--strict".to_owned());
    fails(&strs(&arguments), 1, &[&name, "--strict"]);
    assert!(!shared.path("one-bad-strict").join("meta.json").exists());
}

#[test]
fn bad_input_gets_a_message_of_its_own() {
    let shared = Shared::get();
    let (model, market) = (shared.path("mgn.om"), shared.path("market"));
    let out = shared.path("never");
    let run = |model: &Path, data: &Path, code: i32, wanted: &[&str]| {
        fails(&strs(&extract(model, data, &out)), code, wanted);
    };
    run(&model, &shared.path("missing"), 1, &["missing"]);
    let empty = shared.path("empty");
    for folder in ["query", "bounding_box_test"] {
        std::fs::create_dir_all(empty.join(folder)).unwrap();
    }
    run(&model, &empty, 1, &["query"]);
    run(
        &shared.path("missing.om"),
        &market,
        3,
        &["missing.om", ".om file"],
    );
    run(
        &shared.path("small.om"),
        &market,
        3,
        &["[1, 3, 192, 64]", "[N, 3, 384, 128]"],
    );
    run(&shared.path("mgn.onnx"), &market, 3, &["mgn.onnx", "atc"]);

    let bytes = std::fs::read(&model).unwrap();
    let cut = shared.path("cut.om");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    run(&cut, &market, 3, &["cut.om"]);
    let flipped = shared.path("flipped.om");
    let mut changed = bytes;
    let middle = changed.len() / 2;
    changed[middle] ^= 0x10;
    std::fs::write(&flipped, changed).unwrap();
    run(&flipped, &market, 3, &["flipped.om"]);
    assert!(
        !out.join("meta.json").exists(),
        "nothing half-done has a final name"
    );
}

#[test]
fn files_of_two_runs_are_not_evaluated_together() {
    let shared = Shared::get();
    let (one, two) = (shared.path("mixed-1"), shared.path("mixed-2"));
    for (model, out) in [("mgn.om", &one), ("geared.om", &two)] {
        let arguments = extract(&shared.path(model), &shared.path("market"), out);
        assert!(reid(&strs(&arguments)).status.success());
    }
    // Both models have the same weights, and their plain features may be the same to the bit.
    std::fs::copy(two.join("gallery_flip.npy"), one.join("gallery.npy")).unwrap();
    let features = one.display().to_string();
    fails(
        &["mgn", "evaluate", "--features", &features],
        1,
        &["gallery.npy", "two runs"],
    );
}

#[test]
fn without_a_card_the_search_is_told_and_the_simulator_is_not_chosen() {
    let shared = Shared::get();
    let mut arguments = extract(
        &shared.path("mgn.om"),
        &shared.path("market"),
        &shared.path("n"),
    );
    arguments[3] = "/nonexistent/libascendcl.so".to_owned();
    fails(
        &strs(&arguments),
        3,
        &["/nonexistent/libascendcl.so", "--backend sim"],
    );
}

#[test]
fn usage_errors_end_with_2_and_help_with_0() {
    assert_eq!(reid(&["mgn", "extract"]).status.code(), Some(2));
    let output = reid(&["mgn", "extract", "--help"]);
    let (stdout, _) = text(&output);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout.contains("--backend"), "{stdout}");
}

fn first(folder: &Path) -> PathBuf {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.swap_remove(0)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}
