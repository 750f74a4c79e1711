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
    let (query_labels, gallery_labels) = (labels("query_names"), labels("gallery_names_all"));
    // One embedding, so both halves count alike.
    let found = evaluate(
        query.view(),
        &query_labels,
        gallery.view(),
        &gallery_labels,
        Weighting::Alpha(1.0),
    )
    .unwrap();
    // Some boxes stand twice in the gallery under two names. Where one of them is right and the
    // other wrong, the reference's figure is the accident of an unstable sort.
    let tied = |query: Label| {
        let rows = || {
            gallery
                .rows()
                .into_iter()
                .zip(&gallery_labels)
                .filter(|(_, label)| **label != query && label.id.0 != -1)
        };
        rows()
            .filter(|(_, label)| label.id == query.id)
            .any(|(right, _)| rows().any(|(other, label)| label.id != query.id && other == right))
    };
    let tied: Vec<bool> = query_labels.iter().map(|label| tied(*label)).collect();
    let undecided = tied.iter().filter(|tied| **tied).count();
    println!("{undecided} of {} queries hang on equal scores", tied.len());
    assert!(
        undecided * 2 < tied.len(),
        "{undecided} queries not compared"
    );
    let precisions: Array1<f64> = read_npy(folder.join("dgnet_ap.npy")).unwrap();
    assert_eq!(found.average_precisions.len(), precisions.len());
    for (query, (found, wanted)) in found.average_precisions.iter().zip(&precisions).enumerate() {
        // Trading places with one neighbour moves the figure of a single right answer by a half.
        let allowed = if tied[query] { 0.5 } else { 1e-9 };
        assert!(
            (found.unwrap_or(-1.0) - wanted).abs() <= allowed,
            "query {query}: {found:?} {wanted}"
        );
    }
    let slack = undecided as f64 / tied.len() as f64;
    let curve: Array1<f32> = read_npy(folder.join("dgnet_cmc.npy")).unwrap();
    assert_eq!(found.cmc.len(), curve.len());
    for (rank, (found, wanted)) in found.cmc.iter().zip(&curve).enumerate() {
        assert!(
            (found - f64::from(*wanted)).abs() <= slack + 1e-6,
            "rank {}: {found} {wanted}",
            rank + 1
        );
    }
    // Queries without an answer count in both, to the end of the curve.
    assert!((found.cmc[299] - f64::from(curve[299])).abs() < 1e-6);
    let figures = &json("results.json")["dgnet_evaluator"];
    let gap = found.mean_average_precision - figures["mAP"].as_f64().unwrap();
    assert!(gap.abs() <= 0.5 * slack, "mAP off by {gap}");
    for (rank, key) in [(1, "rank1"), (5, "rank5"), (10, "rank10")] {
        let gap = found.rank(rank) - figures[key].as_f64().unwrap();
        assert!(gap.abs() <= slack + 1e-6, "{key} off by {gap}");
    }
    // The reference's own list gives the reference's own mean: it divides by all queries.
    let counted: f64 = precisions
        .iter()
        .filter(|precision| **precision >= 0.0)
        .sum();
    assert!((counted / tied.len() as f64 - figures["mAP"].as_f64().unwrap()).abs() < 1e-9);
}
