//! `reid verify`: what holds passes, what does not is found.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reid_apps::graph::onnx::{Batch, Builder};
use reid_apps::graph::{dgnet, mgn};

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// An MGN at a sixteenth of its width; `change` may spoil the weights.
    fn mgn(&self, name: &str, batch: Batch, change: impl Fn(&mut mgn::Weights)) -> PathBuf {
        let config = mgn::Config {
            channels: mgn::Channels::divided(16, 8).unwrap(),
            outputs: mgn::Outputs::FeaturesOnly,
            height: 96,
            width: 32,
            batch,
            ..mgn::Config::full()
        };
        let mut weights = mgn::Weights::drawn(&config, 3).unwrap();
        // Small steps of the blocks, as training leaves them: rounding does not grow from layer to layer.
        let steps =
            |name: &str| name.ends_with("bn3.weight") || name.ends_with("downsample.1.weight");
        let names: Vec<(String, usize)> = weights
            .iter()
            .filter(|(name, _)| steps(name))
            .map(|(name, tensor)| (name.to_owned(), tensor.data.len()))
            .collect();
        for (name, count) in names {
            weights
                .insert(name, vec![count], vec![0.25; count])
                .unwrap();
        }
        change(&mut weights);
        self.write(name, &mgn::build(&config, &weights).unwrap())
    }

    fn dgnet(&self, name: &str) -> PathBuf {
        let config = dgnet::Config {
            channels: dgnet::Channels {
                dim: 1,
                stem: 2,
                planes: [2, 2, 3, 4],
                mlp: 3,
                embedding: 5,
                classes: 6,
            },
            batch: Batch::Fixed(2),
            height: 64,
            width: 48,
            ..dgnet::Config::full()
        };
        let weights = dgnet::Weights::seeded(&config, 3).unwrap();
        self.write(name, &dgnet::build(&config, &weights).unwrap())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The same graph as an `.om` of the simulator.
    fn om(&self, onnx: &Path) -> PathBuf {
        ascendcl::atc::convert(onnx, &ascendcl::atc::Options::default()).unwrap()
    }
}

fn reid(paths: &[&Path], rest: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reid"));
    command
        .arg("verify")
        .arg(paths[0])
        .args(["--backend", "sim"]);
    for other in &paths[1..] {
        command.arg("--against").arg(other);
    }
    command.args(rest).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn one_network_in_two_batches_and_two_containers_holds() {
    let files = Files::new();
    let one = files.om(&files.mgn("one.onnx", Batch::Fixed(1), |_| {}));
    let four = files.mgn("four.onnx", Batch::Fixed(4), |_| {});
    let done = reid(&[&four, &one], &["--rows", "6", "--json"]);
    assert!(
        done.status.success(),
        "{}{}",
        text(&done.stdout),
        text(&done.stderr)
    );
    let value: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(value["passed"], true);
    assert_eq!((&value["batch"], &value["rows"]), (&4.into(), &6.into()));
    let names: Vec<&str> = value["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "repeat",
            "place in the batch",
            "input image matters",
            "mirrored",
            "against one.om",
            "half precision of four.onnx"
        ]
    );
    let half = &value["checks"][5]["agreement"];
    let (least, apart) = (
        half["least_cosine"].as_f64().unwrap(),
        half["largest_difference"].as_f64().unwrap(),
    );
    assert!(least > 0.999 && apart > 0.0, "{half}");
}

#[test]
fn one_changed_layer_is_found_and_the_exit_code_says_so() {
    let files = Files::new();
    let right = files.mgn("right.onnx", Batch::Fixed(2), |_| {});
    let wrong = files.mgn("wrong.onnx", Batch::Fixed(2), |weights| {
        let name = "reduction.0.weight";
        let tensor = weights.get(name).unwrap().clone();
        let data = tensor.data.into_iter().rev().collect();
        weights.insert(name, tensor.shape, data).unwrap();
    });
    let done = reid(&[&right, &wrong], &[]);
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stdout));
    let table = text(&done.stdout);
    let line = table
        .lines()
        .find(|line| line.contains("against wrong.onnx"))
        .unwrap();
    assert!(line.starts_with("FAIL"), "{table}");
    assert!(table.contains("ok    repeat"), "{table}");
    assert!(
        text(&done.stderr).contains("1 of 6 checks do not hold"),
        "{}",
        text(&done.stderr)
    );
}

#[test]
fn a_model_that_treats_the_places_of_a_batch_differently_is_found() {
    let files = Files::new();
    let mut builder = Builder::new("places");
    let x = builder.input("x", Batch::Fixed(2), &[4]).unwrap();
    let numbers = [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0];
    let own = builder.floats("own", &[2, 4], &numbers).unwrap();
    let sum = builder.add_spread("y", x, own).unwrap();
    builder.output(sum).unwrap();
    let onnx = files.write("places.onnx", &builder.finish().unwrap());
    let done = reid(&[&onnx], &["--rows", "2"]);
    let table = text(&done.stdout);
    assert_eq!(done.status.code(), Some(1), "{table}{}", text(&done.stderr));
    assert!(table.contains("FAIL  place in the batch"), "{table}");
    assert!(table.contains("ok    repeat"), "{table}");
}

#[test]
fn each_input_of_a_network_of_two_must_matter() {
    let files = Files::new();
    let onnx = files.dgnet("dgnet.onnx");
    let done = reid(&[&onnx], &[]);
    let table = text(&done.stdout);
    for wanted in ["ok    input image1 matters", "ok    input image2 matters"] {
        assert!(table.contains(wanted), "{table}{}", text(&done.stderr));
    }
    // A mirrored picture is no nearer to its original.
    assert!(!table.contains("mirrored"), "{table}");
}

#[test]
fn given_images_are_asked_with_and_what_is_not_there_is_the_environments_fault() {
    let files = Files::new();
    let onnx = files.mgn("m.onnx", Batch::Dynamic, |_| {});
    let mut images = Vec::new();
    for shade in [40_u8, 120, 200] {
        let path = files.folder.path().join(format!("{shade}.ppm"));
        let mut bytes = b"P6\n32 96\n255\n".to_vec();
        bytes.extend(
            (0..32 * 96 * 3_u32).map(|i| shade.wrapping_add(u8::try_from(i % 7 * 9).unwrap())),
        );
        std::fs::write(&path, bytes).unwrap();
        images.push(path.display().to_string());
    }
    let mut arguments = vec!["--batch", "2", "--images"];
    arguments.extend(images.iter().map(String::as_str));
    let done = reid(&[&onnx], &arguments);
    assert!(
        text(&done.stdout).contains("batch 2, 3 given rows"),
        "{}{}",
        text(&done.stdout),
        text(&done.stderr)
    );
    let absent = reid(&[Path::new("/nowhere.om")], &[]);
    assert_eq!(absent.status.code(), Some(3));
    let absent = reid(&[&onnx], &["--images", "/nowhere.jpg"]);
    assert_eq!(absent.status.code(), Some(3), "{}", text(&absent.stderr));
    let bad = reid(&[&onnx], &["--threshold", "2"]);
    assert_eq!(bad.status.code(), Some(2));
}

#[test]
fn a_model_that_answers_the_same_to_every_image_is_found_though_it_is_alone() {
    let files = Files::new();
    let sound = files.om(&files.mgn("sound.onnx", Batch::Fixed(1), |_| {}));
    let done = reid(&[&sound], &["--rows", "2"]);
    assert!(done.status.success(), "{}", text(&done.stdout));
    assert!(text(&done.stdout).contains("no other form of the network was compared"));

    let deaf = files.mgn("deaf.onnx", Batch::Fixed(1), |weights| {
        let (name, shape, count) = weights
            .iter()
            .find(|(_, tensor)| tensor.shape.len() == 4 && tensor.shape[1] == 3)
            .map(|(name, tensor)| (name.to_owned(), tensor.shape.clone(), tensor.data.len()))
            .unwrap();
        weights.insert(name, shape, vec![0.0; count]).unwrap();
    });
    let done = reid(&[&files.om(&deaf)], &["--rows", "2"]);
    assert_eq!(done.status.code(), Some(1), "{}", text(&done.stdout));
    let failed: Vec<String> = text(&done.stdout)
        .lines()
        .filter(|line| line.starts_with("FAIL"))
        .map(str::to_owned)
        .collect();
    assert!(
        failed.iter().any(|line| line.contains("matters")),
        "{failed:?}"
    );
}
