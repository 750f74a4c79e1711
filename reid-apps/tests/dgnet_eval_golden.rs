//! DG-Net's evaluation against the vectors of its own evaluator.
//!
//! The folder is `$GOLDEN_DIR`, by default `../shared/golden` beside the workspace; `eval/dgnet_*`
//! were made by `evaluate()` of DG-Net's `evaluate_gpu.py`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use ndarray::{Array1, Array2};
use ndarray_npy::read_npy;
use reid_apps::data::Label;
use reid_apps::data::market1501::Name;
use reid_apps::dgnet_eval::{Weighting, evaluate};
use serde_json::Value;

fn golden() -> Option<PathBuf> {
    let folder = std::env::var_os("GOLDEN_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/golden")),
        PathBuf::from,
    );
    if folder.join("eval/dgnet_ap.npy").is_file() {
        Some(folder.join("eval"))
    } else {
        println!("SKIPPED: golden vectors not found at {}", folder.display());
        None
    }
}

#[test]
fn golden_precisions_and_curve_are_those_of_the_dgnet_evaluator() {
    let Some(folder) = golden() else { return };
    let json = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let names = json("names.json");
    let labels = |key: &str| -> Vec<Label> {
        let names: Vec<String> = serde_json::from_value(names[key].clone()).unwrap();
        names
            .iter()
            .map(|name| Name::parse(name).unwrap().label())
            .collect()
    };
    let query: Array2<f32> = read_npy(folder.join("qf.npy")).unwrap();
    let gallery: Array2<f32> = read_npy(folder.join("gf_all_with_junk.npy")).unwrap();
    // One embedding, so both halves count alike.
    let found = evaluate(
        query.view(),
        &labels("query_names"),
        gallery.view(),
        &labels("gallery_names_all"),
        Weighting::Alpha(1.0),
    )
    .unwrap();
    let precisions: Array1<f64> = read_npy(folder.join("dgnet_ap.npy")).unwrap();
    assert_eq!(found.average_precisions.len(), precisions.len());
    for (query, (found, wanted)) in found.average_precisions.iter().zip(&precisions).enumerate() {
        assert!(
            (found.unwrap_or(-1.0) - wanted).abs() < 1e-9,
            "query {query}: {found:?} {wanted}"
        );
    }
    let curve: Array1<f32> = read_npy(folder.join("dgnet_cmc.npy")).unwrap();
    assert_eq!(found.cmc.len(), curve.len());
    for (rank, (found, wanted)) in found.cmc.iter().zip(&curve).enumerate() {
        assert!(
            (found - f64::from(*wanted)).abs() < 1e-6,
            "rank {}: {found} {wanted}",
            rank + 1
        );
    }
    let figures = &json("results.json")["dgnet_evaluator"];
    assert!((found.mean_average_precision - figures["mAP"].as_f64().unwrap()).abs() < 1e-9);
    for (rank, key) in [(1, "rank1"), (5, "rank5"), (10, "rank10")] {
        assert!(
            (found.rank(rank) - figures[key].as_f64().unwrap()).abs() < 1e-6,
            "{key}"
        );
    }
}
