//! Our MGN against the reference's own export, with the same weights.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ndarray::Array2;
use ndarray_npy::NpzReader;
use reid_apps::graph::mgn::{Config, Outputs, ParameterKind, Weights, build};
use reid_apps::graph::onnx::Batch;

#[path = "common/golden_nets.rs"]
mod golden_nets;
#[path = "common/run_onnx.rs"]
mod run_onnx;

use golden_nets::numpy_random::{RandomState, crc32};
use golden_nets::{MGN_SEED, golden_tensor, mgn_images as images, narrow_mgn as narrow};
use run_onnx::{Output, difference, run};

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
    for parameter in config.parameters() {
        if parameter.kind != ParameterKind::Counter {
            let data = golden_tensor(&parameter.name, &parameter.shape, MGN_SEED);
            weights
                .insert(parameter.name, parameter.shape, data)
                .unwrap();
        }
    }
    weights
}

/// The narrow golden networks: name, and features that onnxruntime computed.
fn cases(folder: &Path) -> Vec<(String, Array2<f32>)> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix("_ortout.npz") else {
            continue;
        };
        if name.starts_with("mgn_div16") {
            let mut npz = NpzReader::new(File::open(folder.join(&file)).unwrap()).unwrap();
            cases.push((name.to_owned(), npz.by_name("out").unwrap()));
        }
    }
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!cases.is_empty(), "no mgn_div16*_ortout.npz in {folder:?}");
    cases
}

fn run_ours(config: &Config, weights: &Weights, rows: usize) -> Vec<Output> {
    let onnx = build(config, weights).unwrap();
    run(&onnx, &images(rows), [rows, 3, 384, 128])
}

#[test]
fn golden_features_are_reproduced_in_every_form() {
    let Some(folder) = golden() else { return };
    let weights = weights(&narrow());
    for (name, wanted) in cases(&folder) {
        let rows = wanted.nrows();
        for fold_batch_norm in [true, false] {
            for outputs in [Outputs::FeaturesOnly, Outputs::AllTwelve] {
                for batch in [Batch::Fixed(rows), Batch::Dynamic] {
                    let config = Config {
                        outputs,
                        batch,
                        fold_batch_norm,
                        ..narrow()
                    };
                    let found = run_ours(&config, &weights, rows);
                    let count = if outputs == Outputs::AllTwelve { 12 } else { 1 };
                    assert_eq!(found.len(), count);
                    assert_eq!(found[0].shape, wanted.shape());
                    let apart = difference(&found[0].data, wanted.as_slice().unwrap());
                    println!("{name} {batch:?} {outputs:?} folded {fold_batch_norm}: {apart:.1e}");
                    assert!(apart <= TOLERANCE, "{name}: {apart}");
                }
            }
        }
    }
}

#[test]
fn golden_exports_and_ours_agree_in_each_output_by_order() {
    let Some(folder) = golden() else { return };
    let weights = weights(&narrow());
    for (name, features) in cases(&folder) {
        let rows = features.nrows();
        let reference = fs::read(folder.join(format!("{name}.onnx"))).unwrap();
        let wanted = run(&reference, &images(rows), [rows, 3, 384, 128]);
        let outputs = if wanted.len() == 1 {
            Outputs::FeaturesOnly
        } else {
            Outputs::AllTwelve
        };
        for fold_batch_norm in [true, false] {
            let config = Config {
                outputs,
                batch: Batch::Fixed(rows),
                fold_batch_norm,
                ..narrow()
            };
            let found = run_ours(&config, &weights, rows);
            assert_eq!(found.len(), wanted.len());
            for (i, (a, b)) in found.iter().zip(&wanted).enumerate() {
                assert_eq!(a.shape, b.shape, "{name} output {i}");
                let apart = difference(&a.data, &b.data);
                assert!(apart <= TOLERANCE, "{name} output {i}: {apart}");
            }
        }
    }
}

#[test]
fn numpy_numbers_are_those_of_numpy() {
    // numpy 2.4, RandomState(2024) and RandomState(7).
    let mut random = RandomState::new(2024);
    let found: Vec<f64> = (0..3).map(|_| random.normal(0.0, 1.0)).collect();
    assert_eq!(found, NORMALS);
    let mut random = RandomState::new(7);
    let found: Vec<f64> = (0..2).map(|_| random.uniform(0.5, 1.5)).collect();
    assert_eq!(found, UNIFORMS);
    // Past the first 624 words, and the last of many.
    let last = (0..2000).map(|_| random.random_sample()).last().unwrap();
    assert_eq!(last, LAST);
    assert_eq!(crc32(b"backbone.0.weight"), CRC);
}

const NORMALS: [f64; 3] = [1.668047321311954, 0.7373477267548951, -0.2015377573716711];
const UNIFORMS: [f64; 2] = [0.5763082893739572, 1.2799187922401147];
const LAST: f64 = 0.7312204475295214;
const CRC: u32 = 0x8ecfe335;
