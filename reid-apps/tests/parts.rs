//! `reid mgn extract` and `reid dgnet generate` on several devices and in parts: the same bytes as
//! on one device in one go.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

mod small_models;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use reid_apps::graph::onnx::Batch;
use reid_apps::graph::{dgnet, mgn};
use reid_apps::synth;
use serde_json::Value;
use small_models::{check_failure, command, json, strs, texts};

/// Images per batch of both models.
const BATCH: usize = 3;

/// What the tests share, made once: a small data set, sorted, and small models.
struct Shared {
    folder: tempfile::TempDir,
}

impl Shared {
    fn get() -> &'static Self {
        static SHARED: OnceLock<Shared> = OnceLock::new();
        SHARED.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let shared = Shared { folder };
            let options = synth::Options {
                identities: 4,
                cameras: 2,
                shots: 1,
                distractors: Some(2),
                junk: Some(1),
                train_identities: 5,
                ..synth::Options::default()
            };
            synth::write_market(&shared.path("market"), &options).unwrap();
            let run = command(&["dgnet", "prepare", "--data", &shared.text("market")]);
            works(run);
            let config = mgn::Config {
                channels: mgn::Channels::divided(16, 8).unwrap(),
                batch: Batch::Fixed(BATCH),
                ..mgn::Config::reduced()
            };
            for seed in [1, 2] {
                let weights = mgn::Weights::seeded(&config, seed).unwrap();
                let onnx = mgn::build(&config, &weights).unwrap();
                shared.convert(&format!("mgn{seed}"), &onnx);
            }
            let config = dgnet::Config {
                channels: dgnet::Channels {
                    dim: 2,
                    stem: 4,
                    planes: [4, 4, 6, 8],
                    mlp: 8,
                    embedding: 8,
                    classes: 8,
                },
                form: dgnet::Form::Generator,
                batch: Batch::Fixed(BATCH),
                height: 128,
                width: 64,
                ..dgnet::Config::full()
            };
            let weights = dgnet::Weights::seeded(&config, 1).unwrap();
            shared.convert("dgnet", &dgnet::build(&config, &weights).unwrap());
            let profile = include_str!("../../acl-sim/profiles/310p3.toml");
            let two = profile.replace("chips = 1", "chips = 2");
            fs::write(shared.path("two.toml"), two).unwrap();
            shared
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn convert(&self, name: &str, onnx: &[u8]) {
        let path = self.path(&format!("{name}.onnx"));
        fs::write(&path, onnx).unwrap();
        ascendcl::atc::convert(&path, &ascendcl::atc::Options::default()).unwrap();
    }

    /// The command, on a machine with two devices.
    fn command(&self, arguments: &[String]) -> std::process::Command {
        let mut command = command(&strs(arguments));
        command.env("ACL_SIM_PROFILE", self.path("two.toml"));
        command
    }

    fn extract(&self, out: &Path, more: &[&str]) -> std::process::Command {
        self.extract_by("mgn1", out, more)
    }

    fn extract_by(&self, model: &str, out: &Path, more: &[&str]) -> std::process::Command {
        let (model, data) = (self.text(&format!("{model}.om")), self.text("market"));
        let out = out.display().to_string();
        let mut all = vec!["mgn", "extract", "--backend", "sim", "--model", &model];
        all.extend(["--data", &data, "--out", &out]);
        all.extend(more);
        self.command(&owned(&all))
    }

    fn generate(&self, out: &Path, more: &[&str]) -> std::process::Command {
        let (model, data) = (self.text("dgnet.om"), self.text("market/pytorch/train_all"));
        let out = out.display().to_string();
        let mut all = vec!["dgnet", "generate", "--backend", "sim", "--model", &model];
        all.extend(["--data", &data, "--out", &out]);
        all.extend(more);
        self.command(&owned(&all))
    }
}

fn owned(all: &[&str]) -> Vec<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
}

fn works(mut command: std::process::Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{out}{err}");
    out
}

fn fails(mut command: std::process::Command, code: i32, wanted: &[&str]) {
    check_failure(&command.output().unwrap(), code, wanted);
}

/// All files of a folder, by path and content; of features' truth all but the name of the run.
fn contents(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut bytes = fs::read(&path).unwrap();
            if path.ends_with("meta.json") || path.ends_with("part.json") {
                let mut meta = json(&path);
                assert!(meta["run"].take().is_string());
                bytes = meta.to_string().into_bytes();
            }
            all.insert(path.strip_prefix(root).unwrap().to_owned(), bytes);
        }
    }
    all
}

/// The models that a traced run executed: one for each device.
fn models_run(trace: &Path) -> BTreeSet<String> {
    fs::read_to_string(trace)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|call| call["call"].as_str().unwrap().starts_with("aclmdlExecute"))
        .map(|call| {
            call["args"]
                .as_object()
                .unwrap()
                .values()
                .next()
                .unwrap()
                .to_string()
        })
        .collect()
}

#[test]
fn features_of_two_devices_are_those_of_one() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let trace = folder.path().join("trace");
    works(shared.extract(&one, &[]));
    let mut run = shared.extract(&two, &["--device", "0,1"]);
    run.env("ACL_SIM_TRACE", &trace);
    let said = works(run);
    assert!(said.contains("on 2 x "), "{said}");
    assert_eq!(models_run(&trace).len(), 2);
    assert_eq!(contents(&one), contents(&two));
}

#[test]
fn pictures_of_two_devices_are_those_of_one() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let trace = folder.path().join("trace");
    works(shared.generate(&one, &[]));
    let mut run = shared.generate(&two, &["--device", "0,1"]);
    run.env("ACL_SIM_TRACE", &trace);
    let said = works(run);
    assert!(said.contains("on 2 x "), "{said}");
    assert_eq!(models_run(&trace).len(), 2);
    assert_eq!(contents(&one), contents(&two));
}

#[test]
fn a_lost_device_leaves_its_batches_to_the_other() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    works(shared.extract(&one, &[]));
    let mut run = shared.extract(&two, &["--device", "0,1"]);
    run.env("ACL_SIM_FAULTS", "[[execution]]\nnth = 3\ncode = 507010");
    let output = run.output().unwrap();
    let (_, err) = texts(&output);
    assert!(output.status.success(), "{err}");
    assert!(err.contains("is gone") && err.contains("507010"), "{err}");
    assert_eq!(contents(&one), contents(&two));
}

#[test]
fn a_device_that_is_not_there_is_named_with_those_that_are() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let wanted = ["--device 7", "there are devices 0 to 1"];
    fails(shared.extract(&out, &["--device", "0,7"]), 3, &wanted);
    fails(shared.generate(&out, &["--device", "0,7"]), 3, &wanted);
    fails(
        shared.extract(&out, &["--device", "0,x"]),
        2,
        &["--device", "x"],
    );
    assert!(!out.exists());
}

#[test]
fn parts_of_a_generation_fill_one_folder_at_once_with_what_one_process_makes() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let (whole, out) = (folder.path().join("whole"), folder.path().join("out"));
    works(shared.generate(&whole, &[]));
    let mut first = shared.generate(&out, &["--shard", "2/4"]);
    let mut second = shared.generate(&out, &["--shard", "auto/4"]);
    second.env("JOB_COMPLETION_INDEX", "1");
    let parts = [&mut first, &mut second].map(|part| part.spawn().unwrap());
    for mut part in parts {
        assert!(part.wait().unwrap().success());
    }
    let pictures = |root: &Path| contents(root).len() - 2;
    let (there, all) = (pictures(&out), pictures(&whole));
    assert!(there < all && there > 0, "{there} of {all}");
    // Whole batches, so that each pair is among the same ones as in one process.
    assert!((there / 2).is_multiple_of(BATCH), "{there}");
    for last in ["0/4", "3/4"] {
        works(shared.generate(&out, &["--shard", last]));
    }
    assert_eq!(contents(&whole), contents(&out));
    let said = works(shared.generate(&out, &[]));
    assert!(said.starts_with("0 pictures"), "{said}");

    fails(
        shared.generate(&out, &["--shard", "3/3"]),
        2,
        &["shards are counted from 0 to 2"],
    );
    fails(
        shared.generate(&out, &["--shard", "0/3", "--force"]),
        2,
        &["cannot be used with"],
    );
    fails(
        shared.generate(&out, &["--shard", "0/3", "--seed", "7"]),
        2,
        &["another run", "pairs"],
    );
}

fn merge(parts: &[&Path], out: &Path) -> std::process::Command {
    let mut all = vec!["merge".to_owned(), "--output".to_owned()];
    all.extend(
        [out]
            .iter()
            .chain(parts)
            .map(|path| path.display().to_string()),
    );
    command(&strs(&all))
}

#[test]
fn parts_of_an_extraction_merge_into_the_folder_of_one_process() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    works(shared.extract(&path("whole"), &[]));
    let mut auto = shared.extract(&path("p1"), &["--shard", "auto"]);
    auto.env("SLURM_ARRAY_TASK_ID", "1")
        .env("SLURM_ARRAY_TASK_COUNT", "3");
    let mut parts = [
        shared.extract(&path("p0"), &["--shard", "0/3"]),
        auto,
        shared.extract(&path("p2"), &["--shard", "2/3", "--device", "0,1"]),
    ];
    for mut part in parts.each_mut().map(|part| part.spawn().unwrap()) {
        assert!(part.wait().unwrap().success());
    }
    let rows = |part: &str| -> usize {
        let sets = json(&path(part).join("part.json"))["sets"].clone();
        let sets = ["query", "gallery"].map(|set| sets[set]["rows"].as_array().unwrap().len());
        sets.iter().sum()
    };
    assert!(["p0", "p1", "p2"].iter().all(|part| rows(part) >= BATCH));
    // A part is no whole.
    let p1 = path("p1").display().to_string();
    fails(
        command(&["mgn", "evaluate", "--features", &p1]),
        1,
        &["p1", "part 1 of 3", "reid merge"],
    );
    let said = works(merge(
        &[&path("p2"), &path("p0"), &path("p1")],
        &path("all"),
    ));
    assert!(said.contains("of 3 parts, in"), "{said}");
    assert_eq!(contents(&path("whole")), contents(&path("all")));
    let all = path("all").display().to_string();
    works(command(&["mgn", "evaluate", "--features", &all]));

    // More parts than batches: some are empty, and that is well.
    let names: Vec<PathBuf> = (0..40).map(|part| path(&format!("q{part}"))).collect();
    for (part, name) in names.iter().enumerate() {
        works(shared.extract(name, &["--shard", &format!("{part}/40")]));
    }
    let names: Vec<&Path> = names.iter().map(PathBuf::as_path).collect();
    works(merge(&names, &path("forty")));
    assert_eq!(contents(&path("whole")), contents(&path("forty")));
}

#[test]
fn parts_of_an_extraction_that_make_no_whole_are_refused_and_nothing_is_written() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let run = |name: &str, shard: &str| works(shared.extract(&path(name), &["--shard", shard]));
    run("p0", "0/3");
    run("p1", "1/3");
    run("p2", "2/3");
    run("other", "1/2");
    works(shared.extract_by("mgn2", &path("m1"), &["--shard", "1/3"]));
    works(shared.extract(&path("whole"), &[]));
    fs::create_dir_all(path("begun/extract.partial")).unwrap();
    fs::create_dir(path("bare")).unwrap();
    let refuse = |parts: &[&str], wanted: &[&str]| {
        let parts: Vec<PathBuf> = parts.iter().map(|name| path(name)).collect();
        let parts: Vec<&Path> = parts.iter().map(PathBuf::as_path).collect();
        fails(merge(&parts, &path("all")), 1, wanted);
        assert!(!path("all").exists() && !path("all.partial").exists());
    };
    refuse(&["p0", "p1"], &["of 3 parts these are missing: 2"]);
    refuse(&["p0", "p1", "p1"], &["are both part 1"]);
    refuse(&["p0", "other"], &["other is part 1 of 2", "one of 3"]);
    refuse(
        &["p0", "m1", "p2"],
        &["m1", "different extractions", "model differs"],
    );
    refuse(
        &["p0", "p1", "whole"],
        &["whole is a whole extraction", "--shard I/N"],
    );
    refuse(
        &["p0", "p1", "begun"],
        &["begun is not finished", "run this part again"],
    );
    refuse(&["p0", "p1", "bare"], &["bare holds no part"]);
    refuse(&["p0", "p1", "nowhere"], &["nowhere holds no part"]);

    let edit = |name: &str, pointer: &str, value: Value| {
        let file = path(name).join("part.json");
        let mut text = json(&file);
        let old = std::mem::replace(text.pointer_mut(pointer).unwrap(), value);
        fs::write(&file, text.to_string()).unwrap();
        old
    };
    for (pointer, value, wanted) in [
        ("/part/data", "0".into(), "data set differs"),
        ("/device/soc", "Ascend910".into(), "chip differs"),
        (
            "/simulated",
            false.into(),
            "kind of device differs (real and simulated)",
        ),
        ("/part/first/1", 1.into(), "begins at image 1"),
        ("/part/images/0", 7.into(), "in all; run this part again"),
        ("/format", 9.into(), "layout 9"),
    ] {
        let old = edit("p2", pointer, value);
        refuse(&["p0", "p1", "p2"], &["p2", wanted]);
        edit("p2", pointer, old);
    }
    let numbers = path("p2/gallery.npy");
    let good = fs::read(&numbers).unwrap();
    fs::write(&numbers, &good[..good.len() - 4]).unwrap();
    refuse(&["p0", "p1", "p2"], &["gallery.npy"]);
    fs::write(&numbers, good).unwrap();
    // An earlier try may have died.
    fs::create_dir(path("all.partial")).unwrap();
    fs::write(path("all.partial/x"), "x").unwrap();
    works(merge(
        &[&path("p0"), &path("p1"), &path("p2")],
        &path("all"),
    ));
    assert_eq!(contents(&path("whole")), contents(&path("all")));
    fails(
        merge(&[&path("p0"), &path("p1"), &path("p2")], &path("all")),
        1,
        &["exists and holds files"],
    );
}

#[test]
fn a_bad_image_in_a_part_is_told_and_noted_in_the_whole_as_in_one_go() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let data = path("market");
    for (name, bytes) in contents(&shared.path("market")) {
        let file = data.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    let mut images: Vec<_> = fs::read_dir(data.join("bounding_box_test"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            !path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("-1")
        })
        .collect();
    images.sort();
    fs::write(&images[images.len() - 1], "no picture").unwrap();
    let (model, data) = (shared.text("mgn1.om"), data.display().to_string());
    let extract = |name: &str, more: &[&str], code: i32| {
        let out = path(name).display().to_string();
        let mut all = vec!["mgn", "extract", "--backend", "sim", "--model", &model];
        all.extend(["--data", &data, "--out", &out]);
        all.extend(more);
        let output = command(&all).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{:?}", texts(&output));
    };
    extract("whole", &[], 1);
    extract("p0", &["--shard", "0/2"], 0);
    extract("p1", &["--shard", "1/2"], 1);
    works(merge(&[&path("p0"), &path("p1")], &path("all")));
    assert_eq!(contents(&path("whole")), contents(&path("all")));
    let failed = json(&path("all/meta.json"))["failed"].clone();
    assert_eq!(failed.as_array().unwrap().len(), 1);
}

#[test]
fn a_part_goes_on_where_it_stopped_and_never_where_another_part_did() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let stop = |name: &str| {
        let mut run = shared.extract(&path(name), &["--shard", "0/2"]);
        run.env("ACL_SIM_FAULTS", "[[execution]]\nnth = 5\ncode = 507011");
        fails(run, 1, &["507011"]);
        assert!(path(name).join("extract.partial").exists());
    };
    let run = |name: &str, shard: &str| works(shared.extract(&path(name), &["--shard", shard]));
    run("p0", "0/2");
    run("p1", "1/2");
    stop("same");
    let said = run("same", "0/2");
    assert!(said.contains("images were done before"), "{said}");
    assert_eq!(contents(&path("same")), contents(&path("p0")));
    stop("other");
    let said = run("other", "1/2");
    assert!(!said.contains("done before"), "{said}");
    assert_eq!(contents(&path("other")), contents(&path("p1")));
}
