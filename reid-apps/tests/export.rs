//! From checkpoints to ONNX: `reid export`, against the reference's own export.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reid_apps::graph::dgnet::Form;

#[path = "common/checkpoint_file.rs"]
mod checkpoint_file;
#[path = "common/golden_nets.rs"]
mod golden_nets;
#[path = "common/run_onnx.rs"]
mod run_onnx;

use checkpoint_file::{Named, legacy, zipped};
use golden_nets::{
    DGNET_SEED, MGN_SEED, dgnet_images, golden_tensor, mgn_images, narrow_dgnet, narrow_mgn,
};
use run_onnx::{difference, run, run_named};

/// The same engine computes both, from weights that are the same bits; what is left is the order in which a
/// batch norm is folded.
const TOLERANCE: f32 = 1e-5;

fn golden() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/golden");
    let folder = env::var_os("GOLDEN_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let folder = folder.join("onnx");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: golden vectors not found at {}", folder.display());
    None
}

fn mgn_tensors() -> Vec<Named> {
    let all = narrow_mgn().parameters();
    all.into_iter()
        .map(|p| {
            let data = golden_tensor(&p.name, &p.shape, MGN_SEED);
            (p.name, p.shape, data)
        })
        .collect()
}

/// The tensors of one of DG-Net's checkpoints, under the names that it has there.
fn dgnet_tensors(prefix: &str) -> Vec<Named> {
    let all = narrow_dgnet(Form::Generator, 1).parameters();
    all.into_iter()
        .filter_map(|p| {
            let name = p.name.strip_prefix(prefix)?.to_owned();
            let data = golden_tensor(&p.name, &p.shape, DGNET_SEED);
            Some((name, p.shape, data))
        })
        .collect()
}

fn reid(arguments: &[&str], paths: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reid"));
    command.args(arguments);
    for (option, path) in paths {
        command.arg(option).arg(path);
    }
    command.output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn golden_exports_of_mgn_come_out_of_every_kind_of_checkpoint() {
    let Some(golden) = golden() else { return };
    let folder = tempfile::tempdir().unwrap();
    let tensors = mgn_tensors();
    let wrapped: Vec<Named> = tensors
        .iter()
        .map(|(name, shape, data)| (format!("module.{name}"), shape.clone(), data.clone()))
        .collect();
    for (name, bytes) in [
        ("zip.pt", zipped(&tensors, None)),
        ("legacy.pt", legacy(&tensors, None)),
        ("wrapped.pt", zipped(&wrapped, Some("state_dict"))),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let out = folder.path().join(format!("{name}.d"));
        let done = reid(
            &["export", "mgn", "--outputs", "all", "--batch", "4,dynamic"],
            &[("--weights", &path), ("--output", &out)],
        );
        assert!(done.status.success(), "{}", stderr(&done));
        let lines = String::from_utf8(done.stdout).unwrap();
        let model = out.join("mgn_bs4.onnx");
        let wanted = format!("--model={}", model.display());
        assert!(lines.lines().next().unwrap().contains(&wanted), "{lines}");
        assert_eq!(lines.lines().count(), 2);

        let shape = [4, 3, 384, 128];
        let reference = fs::read(golden.join("mgn_div16_bs4.onnx")).unwrap();
        let wanted = run(&reference, &mgn_images(4), shape);
        for file in ["mgn_bs4.onnx", "mgn_dynamic.onnx"] {
            let found = run(&fs::read(out.join(file)).unwrap(), &mgn_images(4), shape);
            assert_eq!(found.len(), 12);
            for (i, (a, b)) in found.iter().zip(&wanted).enumerate() {
                assert_eq!(a.shape, b.shape);
                let apart = difference(&a.data, &b.data);
                println!("{name} {file} output {i}: {apart:.1e}");
                assert!(apart <= TOLERANCE, "{name} {file} output {i}: {apart}");
            }
        }
    }
}

#[test]
fn golden_exports_of_dgnet_come_out_of_its_two_checkpoints() {
    let Some(golden) = golden() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (generator, identity) = (folder.path().join("gen.pt"), folder.path().join("id.pt"));
    fs::write(&generator, zipped(&dgnet_tensors("gen_a."), Some("a"))).unwrap();
    fs::write(&identity, legacy(&dgnet_tensors("id_a."), Some("a"))).unwrap();
    let read = |file: &str, name: &str, rows: usize| {
        let file = fs::File::open(golden.join(file)).unwrap();
        let mut npz = ndarray_npy::NpzReader::new(file).unwrap();
        let all: ndarray::ArrayD<f32> = npz.by_name(name).unwrap();
        let size = 3 * 256 * 128;
        all.iter().take(rows * size).copied().collect::<Vec<f32>>()
    };
    let mut found = Vec::new();
    for norm in ["patched", "upstream"] {
        let out = folder.path().join(norm);
        let done = reid(
            &["export", "dgnet", "--batch", "1,4", "--layer-norm", norm],
            &[
                ("--gen", &generator),
                ("--id", &identity),
                ("--output", &out),
            ],
        );
        assert!(done.status.success(), "{}", stderr(&done));
        let lines = String::from_utf8(done.stdout).unwrap();
        assert!(
            lines.contains("image1:4,1,256,128;image2:4,3,256,128"),
            "{lines}"
        );
        assert!(lines.contains("--keep_dtype="), "{lines}");
        let onnx = fs::read(out.join("dgnet_bs1.onnx")).unwrap();
        found.push(run_named(&onnx, &dgnet_images(1)).remove(0).1.data);
        if norm == "patched" {
            let reference = fs::read(golden.join("dgnet_div16_bs4.onnx")).unwrap();
            let wanted = run_named(&reference, &dgnet_images(4)).remove(0).1.data;
            let onnx = fs::read(out.join("dgnet_bs4.onnx")).unwrap();
            let ours = run_named(&onnx, &dgnet_images(4)).remove(0).1.data;
            let apart = difference(&ours, &wanted);
            println!("patched, on the same engine: {apart:.1e}");
            assert!(apart <= TOLERANCE, "{apart}");
        }
    }
    let upstream = read("dgnet_div16_ref.npz", "output_bs4_upstream", 1);
    let patched = read("dgnet_div16_ref.npz", "output_bs4", 1);
    let between = difference(&patched, &upstream);
    let [ours_patched, ours_upstream] = found.as_slice() else {
        panic!("two exports")
    };
    let apart = difference(ours_upstream, &upstream);
    println!("upstream against PyTorch: {apart:.1e}; the two norms: {between:.1e}");
    // PyTorch sums in another order.
    assert!(apart <= 1e-4, "{apart}");
    let ours = difference(ours_patched, ours_upstream);
    assert!(
        ours > 0.0 && ours < 10.0 * between.max(1e-6),
        "{ours} {between}"
    );
}

#[test]
fn weights_that_differ_are_told_as_a_list_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut tensors = mgn_tensors();
    tensors[0].0 = "backbone.0.weights".into();
    let bias = tensors
        .iter()
        .position(|(n, ..)| n == "reduction.1.bias")
        .unwrap();
    tensors[bias].1 = vec![2, 8];
    let path = folder.path().join("x.pt");
    fs::write(&path, zipped(&tensors, None)).unwrap();
    let out = folder.path().join("out");
    let done = reid(
        &["export", "mgn"],
        &[("--weights", &path), ("--output", &out)],
    );
    let text = stderr(&done);
    assert_eq!(done.status.code(), Some(1), "{text}");
    assert!(text.contains("x.pt"), "{text}");
    assert!(
        text.contains("nearest in the file: backbone.0.weights"),
        "{text}"
    );
    assert!(
        text.contains("reduction.1.bias   found 2x8, wanted 16"),
        "{text}"
    );
    assert!(text.contains("surplus: 1"), "{text}");
    assert!(!out.exists());
}

#[test]
fn surplus_tensors_may_be_left_out_and_missing_ones_may_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut tensors = mgn_tensors();
    tensors.push(("center_loss.centers".into(), vec![2], vec![0.0; 2]));
    let path = folder.path().join("x.pt");
    let out = folder.path().join("out");
    let paths: [(&str, &Path); 2] = [("--weights", &path), ("--output", &out)];
    fs::write(&path, zipped(&tensors, None)).unwrap();
    let refused = reid(&["export", "mgn"], &paths);
    assert!(stderr(&refused).contains("center_loss.centers"));
    let done = reid(&["export", "mgn", "--ignore-surplus"], &paths);
    assert!(done.status.success(), "{}", stderr(&done));
    tensors.remove(0);
    fs::write(&path, zipped(&tensors, None)).unwrap();
    let refused = reid(&["export", "mgn", "--ignore-surplus"], &paths);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("missing: 1"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn an_absent_checkpoint_is_the_environments_fault_and_a_bad_batch_one_of_usage() {
    let done = reid(
        &[
            "export",
            "mgn",
            "--weights",
            "/nowhere.pt",
            "-o",
            "/nowhere",
        ],
        &[],
    );
    assert_eq!(done.status.code(), Some(3), "{}", stderr(&done));
    let done = reid(
        &["export", "mgn", "--weights", "x", "-o", "y", "--batch", "0"],
        &[],
    );
    assert_eq!(done.status.code(), Some(2));
}
