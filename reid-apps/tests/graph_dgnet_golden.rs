//! Our DG-Net against the reference's own export, with the same weights.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis, IxDyn, Slice};
use ndarray_npy::NpzReader;
use reid_apps::graph::dgnet::{Config, Form, Weights, build};

#[path = "common/golden_nets.rs"]
mod golden_nets;
#[path = "common/run_onnx.rs"]
mod run_onnx;

use golden_nets::{DGNET_SEED, dgnet_images as images, golden_tensor, narrow_dgnet as narrow};
use run_onnx::{difference, run_named};

/// What the engine's own sums may differ by in another order.
const TOLERANCE: f32 = 1e-4;

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

fn weights(config: &Config) -> Weights {
    let mut weights = Weights::new();
    for parameter in config.needed() {
        let data = golden_tensor(&parameter.name, &parameter.shape, DGNET_SEED);
        weights
            .insert(parameter.name, parameter.shape, data)
            .unwrap();
    }
    weights
}

fn array(path: &Path, name: &str) -> ArrayD<f32> {
    let mut npz = NpzReader::new(File::open(path).unwrap()).unwrap();
    npz.by_name(name).unwrap()
}

/// The largest difference from `wanted` relative to its largest number, over the rows that both have.
fn apart(found: &[f32], wanted: &ArrayD<f32>) -> f32 {
    let rows = found.len() / (wanted.len() / wanted.shape()[0]);
    let wanted = wanted.slice_axis(Axis(0), Slice::from(..rows));
    difference(found, &wanted.iter().copied().collect::<Vec<_>>())
}

#[test]
fn golden_pictures_are_reproduced_at_both_batch_sizes() {
    let Some(folder) = golden() else { return };
    let weights = weights(&narrow(Form::Generator, 1));
    for batch in [1, 4] {
        let onnx = build(&narrow(Form::Generator, batch), &weights).unwrap();
        let found = run_named(&onnx, &images(batch));
        assert_eq!(found[0].1.shape, [batch, 3, 256, 128]);
        for (file, name) in [
            (format!("dgnet_div16_bs{batch}_ortout.npz"), "out"),
            ("dgnet_div16_ref.npz".to_owned(), "output_bs4"),
        ] {
            let wanted = array(&folder.join(&file), name);
            let apart = apart(&found[0].1.data, &wanted);
            println!("batch {batch} against {file}: {apart:.1e}");
            assert!(apart <= TOLERANCE, "{file}: {apart}");
        }
    }
}

#[test]
fn golden_codes_are_reproduced() {
    let Some(folder) = golden() else { return };
    let config = narrow(Form::GeneratorWithCodes, 1);
    let onnx = build(&config, &weights(&config)).unwrap();
    let found = run_named(&onnx, &images(1));
    let codes = folder.join("dgnet_div16_codes.npz");
    for ((_, output), name) in found[1..].iter().zip(["content", "id"]) {
        let wanted = array(&codes, name);
        let wanted = wanted.to_shape(IxDyn(&output.shape)).unwrap().to_owned();
        let apart = apart(&output.data, &wanted);
        println!("{name}: {apart:.1e}");
        assert!(apart <= TOLERANCE, "{name}: {apart}");
    }
}

#[test]
fn golden_exports_run_on_the_same_engine_give_the_same() {
    let Some(folder) = golden() else { return };
    let reference = fs::read(folder.join("dgnet_div16_bs4.onnx")).unwrap();
    let wanted = run_named(&reference, &images(4));
    let config = narrow(Form::Generator, 4);
    let found = run_named(&build(&config, &weights(&config)).unwrap(), &images(4));
    let apart = difference(&found[0].1.data, &wanted[0].1.data);
    println!("on the same engine: {apart:.1e}");
    assert!(apart <= TOLERANCE, "{apart}");
}
