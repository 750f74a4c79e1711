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
            if path.ends_with("meta.json") {
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
