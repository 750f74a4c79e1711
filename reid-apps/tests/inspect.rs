//! `reid om` and `reid explain`, run as commands, on real files and on our own.
//!
//! Real files are not part of the project: `OM_SAMPLES` names their folder; without it, and without the default folder,
//! those tests say so and pass.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ascendcl::atc::{Options, convert};
use reid_apps::graph::mgn::{Config, Weights, build};
use reid_apps::graph::onnx::Batch;

fn samples() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/om/samples");
    let folder = std::env::var_os("OM_SAMPLES").map_or_else(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "SKIPPED: sample .om files not found at {}",
        folder.display()
    );
    None
}

fn reid(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reid"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", text(&output.stderr)))
}

#[test]
fn every_sample_is_shown_and_the_encrypted_one_is_named_for_what_it_is() {
    let Some(folder) = samples() else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "om") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let shown = reid(&["om", "show", "--weights", path.to_str().unwrap()]);
        if name.contains("encrypted") {
            assert_eq!(shown.status.code(), Some(1));
            assert!(
                text(&shown.stderr).contains("encrypted"),
                "{}",
                text(&shown.stderr)
            );
            continue;
        }
        assert!(shown.status.success(), "{name}: {}", text(&shown.stderr));
        let kind = if name.starts_with("hiai_") {
            "phones (HiAI)"
        } else {
            "Ascend chips"
        };
        assert!(text(&shown.stdout).contains(kind), "{name}");
    }
}

#[test]
fn a_compiled_network_equals_the_onnx_it_was_made_of_filter_by_filter() {
    let Some(folder) = samples() else { return };
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (om, onnx) = (path("lanenet_122.om"), path("lanenet_122_source.onnx"));
    let found = reid(&["om", "match", &om, &onnx, "--json"]);
    assert!(
        found.status.success(),
        "{}{}",
        text(&found.stdout),
        text(&found.stderr)
    );
    let found = json(&found);
    assert_eq!(
        (&found["convolutions"], &found["convolutions_equal"]),
        (&127.into(), &127.into())
    );
    // The transposed convolutions are followed by normalisations that the ONNX has and the .om has not.
    assert_eq!(
        (&found["filters"], &found["equal"], &found["folded"]),
        (&130.into(), &126.into(), &4.into())
    );
    let other = reid(&["om", "match", &path("nanotrack_head.om"), &onnx]);
    assert_eq!(other.status.code(), Some(1));
    assert!(
        text(&other.stdout).contains("not in the ONNX"),
        "{}",
        text(&other.stdout)
    );
}

#[test]
fn a_model_is_checked_against_a_chip_before_it_is_copied_there() {
    let Some(folder) = samples() else { return };
    let om = folder.join("lanenet_122.om").to_str().unwrap().to_owned();
    let check = |more: &[&str]| reid(&[&["om", "check", om.as_str()], more].concat());
    let good = check(&["--soc", "Ascend310B4", "--memory", "1000", "--cann", "8.0"]);
    assert!(good.status.success(), "{}", text(&good.stderr));
    assert_eq!(
        text(&good.stdout).matches("ok ").count(),
        4,
        "{}",
        text(&good.stdout)
    );
    let other = check(&["--backend", "sim"]);
    assert_eq!(other.status.code(), Some(3));
    assert!(text(&other.stdout).contains("made for Ascend310B4, the chip is Ascend310P3"));
    let small = check(&["--soc", "Ascend310B4", "--memory", "4"]);
    assert_eq!(small.status.code(), Some(3));
    assert!(text(&small.stdout).contains("convert for a smaller batch"));
    let old = check(&["--soc", "Ascend310B4", "--cann", "5.1"]);
    assert_eq!(old.status.code(), Some(3), "{}", text(&old.stdout));
    let phone = folder.join("hiai_conv_op5.om").to_str().unwrap().to_owned();
    let phone = reid(&["om", "check", &phone, "--soc", "Ascend310P3"]);
    assert!(
        text(&phone.stdout).contains("BLOCK  kind"),
        "{}",
        text(&phone.stdout)
    );
}

#[test]
fn weights_come_out_as_arrays_and_our_own_models_are_shown_drawn_and_matched() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let config = Config {
        batch: Batch::Fixed(1),
        ..Config::reduced()
    };
    let weights = Weights::seeded(&config, 3).unwrap();
    std::fs::write(path("mgn.onnx"), build(&config, &weights).unwrap()).unwrap();
    let options = Options {
        output: Some(path("mgn.om").into()),
        ..Options::default()
    };
    convert(Path::new(&path("mgn.onnx")), &options).unwrap();

    let shown = reid(&[
        "om",
        "show",
        &path("mgn.om"),
        "--json",
        "--dot",
        &path("g.dot"),
        "--svg",
        &path("g.svg"),
    ]);
    let shown = json(&shown);
    assert_eq!(shown[0]["soc_version"], "Ascend310P3");
    assert_eq!(
        shown[0]["inputs"][0]["dims"],
        serde_json::json!([1, 3, 384, 128])
    );
    let svg = std::fs::read_to_string(path("g.svg")).unwrap();
    assert_eq!(
        svg.matches("<rect").count(),
        svg.matches("<title>").count() + 1
    );
    assert!(
        std::fs::read_to_string(path("g.dot"))
            .unwrap()
            .starts_with("digraph")
    );

    let written = reid(&["om", "weights", &path("mgn.om"), "-o", &path("npy")]);
    assert!(written.status.success(), "{}", text(&written.stderr));
    let list: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path("npy/weights.json")).unwrap()).unwrap();
    let list = list.as_array().unwrap();
    assert!(list.len() > 20);
    for entry in list {
        let file = folder
            .path()
            .join("npy")
            .join(entry["file"].as_str().unwrap());
        let dims: Vec<usize> = serde_json::from_value(entry["dims"].clone()).unwrap();
        let shape = match entry["dtype"].as_str().unwrap() {
            "FLOAT" => ndarray_npy::read_npy::<_, ndarray::ArrayD<f32>>(&file)
                .unwrap()
                .shape()
                .to_vec(),
            "INT64" => ndarray_npy::read_npy::<_, ndarray::ArrayD<i64>>(&file)
                .unwrap()
                .shape()
                .to_vec(),
            other => panic!("{other}"),
        };
        assert_eq!(shape, dims, "{file:?}");
    }
    let same = reid(&["om", "match", &path("mgn.om"), &path("mgn.onnx")]);
    assert!(
        same.status.success(),
        "{}{}",
        text(&same.stdout),
        text(&same.stderr)
    );
    let mut changed = weights;
    changed = Weights::seeded(&config, 4).unwrap_or(changed);
    std::fs::write(path("other.onnx"), build(&config, &changed).unwrap()).unwrap();
    let other = reid(&["om", "match", &path("mgn.om"), &path("other.onnx")]);
    assert_eq!(other.status.code(), Some(1), "{}", text(&other.stdout));

    let cut = std::fs::read(path("mgn.om")).unwrap();
    std::fs::write(path("cut.om"), &cut[..cut.len() / 2]).unwrap();
    let cut = reid(&["om", "show", &path("cut.om")]);
    assert!(
        text(&cut.stderr).contains("cut.om") && text(&cut.stderr).contains("truncated"),
        "{}",
        text(&cut.stderr)
    );
}

#[test]
fn a_status_is_explained_by_number_and_by_name_in_either_language() {
    let by_number = reid(&["explain", "107002", "--lang", "en"]);
    let by_name = reid(&["explain", "rt_context_null", "--lang", "en"]);
    assert_eq!(by_number.stdout, by_name.stdout);
    assert!(text(&by_number.stdout).contains("contexts are current per thread"));
    assert!(text(&reid(&["explain", "107002", "--lang", "zh"]).stdout).contains("处理"));
    let unknown = reid(&["explain", "10700"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        text(&unknown.stderr).contains("ACL_ERROR_RT_PARAM_INVALID (107000)"),
        "{}",
        text(&unknown.stderr)
    );
    for line in ["error code is 107002,", "ret=107002", "0X1a1fa"] {
        let found = reid(&["explain", line, "--lang", "en"]);
        assert_eq!(text(&found.stdout), text(&by_number.stdout), "{line}");
    }
    // As headers of old releases spell it.
    let misspelt = reid(&["explain", "ACL_ERROR_RT_INTERNEL_ERROR"]);
    assert!(text(&misspelt.stdout).contains("(507000)"));
    let empty = text(&reid(&["explain", ""]).stderr);
    assert!(
        empty.contains("lists all") && !empty.contains("near"),
        "{empty}"
    );
    let all = json(&reid(&["explain", "--json"]));
    assert!(all.as_array().unwrap().len() > 150);
}

#[test]
fn what_is_no_model_is_refused_by_its_beginning_however_long_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("long.om");
    // Without contents on the disk, and longer than any memory.
    let made = std::fs::File::create(&long).and_then(|file| file.set_len(8 << 40));
    if made.is_err() {
        println!("SKIPPED: the file system has no files of 8 TiB");
        return;
    }
    let path = long.to_str().unwrap();
    for command in ["show", "check"] {
        let refused = reid(&["om", command, path]);
        assert_eq!(refused.status.code(), Some(1));
        let said = text(&refused.stderr);
        assert!(said.contains("wanted the .om magic"), "{said}");
    }
    let output = folder.path().join("out");
    let output = output.to_str().unwrap();
    let refused = reid(&["export", "mgn", "--weights", path, "-o", output]);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("found another kind of file"), "{said}");
    let absent = reid(&["om", "check", "/nowhere.om"]);
    assert_eq!(absent.status.code(), Some(3));
}
