//! Our DG-Net against the reference's own export, with the same weights.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis, IxDyn, Slice};
use ndarray_npy::NpzReader;
use reid_apps::graph::dgnet::{Channels, Config, Form, Weights, build};
use reid_apps::graph::onnx::Batch;

#[path = "../../tests/common/numpy_random.rs"]
mod numpy_random;
#[path = "common/run_onnx.rs"]
mod run_onnx;

use numpy_random::{RandomState, crc32};
use run_onnx::{difference, run_named};

/// What the engine's own sums may differ by in another order.
const TOLERANCE: f32 = 1e-4;

/// The seed of the golden weights and that of the golden inputs.
const SEEDS: [u32; 2] = [2025, 8];

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

/// The golden networks: a sixteenth of the appearance encoder, an eighth of the generator.
fn narrow(form: Form, batch: usize) -> Config {
    Config {
        channels: Channels {
            dim: 2,
            stem: 4,
            planes: [4, 8, 16, 32],
            mlp: 32,
            ..Channels::FULL
        },
        form,
        batch: Batch::Fixed(batch),
        ..Config::full()
    }
}

/// Draws the golden weights as the golden folder's README says.
fn weights(config: &Config) -> Weights {
    let mut weights = Weights::new();
    for parameter in config.needed() {
        let name = &parameter.name;
        let mut random = RandomState::new(crc32(name.as_bytes()) ^ SEEDS[0]);
        let fan_in: usize = parameter.shape.iter().skip(1).product();
        let ends = |suffix: &str| name.ends_with(suffix);
        let data = (0..parameter.count())
            .map(|_| {
                let x = if ends("running_var") || ends("gamma") {
                    random.uniform(0.5, 1.5)
                } else if parameter.shape.len() >= 2 {
                    random.normal(0.0, (2.0 / fan_in as f64).sqrt())
                } else if ends("bn3.weight") || ends("downsample.1.weight") {
                    random.uniform(0.15, 0.35)
                } else if ends("weight") {
                    random.uniform(0.5, 1.5)
                } else {
                    random.normal(0.0, 0.1)
                };
                x as f32
            })
            .collect();
        weights.insert(name, parameter.shape.clone(), data).unwrap();
    }
    weights
}

/// The first `count` of the four golden pairs.
fn images(count: usize) -> [(&'static str, Vec<f32>, Vec<usize>); 2] {
    let mut random = RandomState::new(SEEDS[1]);
    [("image1", 1), ("image2", 3)].map(|(name, channels)| {
        let size = channels * 256 * 128;
        let mut all: Vec<f32> = (0..4 * size)
            .map(|_| random.normal(0.0, 1.0) as f32)
            .collect();
        all.truncate(count * size);
        (name, all, vec![count, channels, 256, 128])
    })
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
