//! FID against the numbers that the reference program gave.
//!
//! The folder is `$GOLDEN_DIR`, by default `../shared/golden` beside the workspace. `fid/fid.json`
//! was made by TTUR's `calculate_frechet_distance` with scipy 1.7.3 (`fid`) and by an independent
//! eigenvalue formula (`symmetric_form`).
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use ndarray_npy::read_npy;
use reid_apps::fid::{Moments, Statistics, frechet_distance};
use serde_json::Value;

fn golden() -> Option<PathBuf> {
    let folder = std::env::var_os("GOLDEN_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/golden")),
        PathBuf::from,
    );
    if folder.join("fid/fid.json").is_file() {
        Some(folder.join("fid"))
    } else {
        println!("SKIPPED: golden vectors not found at {}", folder.display());
        None
    }
}

fn cases(folder: &Path) -> Vec<(String, Value)> {
    let all: Value = serde_json::from_slice(&fs::read(folder.join("fid.json")).unwrap()).unwrap();
    let all = all.as_object().unwrap().clone();
    assert!(all.len() >= 4, "fid.json lists {} cases", all.len());
    all.into_iter().collect()
}

/// Gathers a set, in calls of `rows` rows.
fn statistics(folder: &Path, name: &str, rows: usize) -> Statistics {
    let features: Array2<f32> = read_npy(folder.join(format!("{name}.npy"))).unwrap();
    let mut moments = Moments::new(name, features.ncols());
    for part in features.as_slice().unwrap().chunks(rows * features.ncols()) {
        moments.push(part).unwrap();
    }
    moments.finish().unwrap()
}

#[test]
fn golden_distances_are_those_of_the_reference() {
    let Some(folder) = golden() else { return };
    for (name, wanted) in cases(&folder) {
        let [first, second] =
            ["a", "b"].map(|set| statistics(&folder, &format!("{name}_{set}"), 7));
        let counts = wanted["n"].as_array().unwrap();
        assert_eq!(first.count(), counts[0].as_u64(), "{name}");
        assert_eq!(second.count(), counts[1].as_u64(), "{name}");
        for (first, second) in [(&first, &second), (&second, &first)] {
            let found = frechet_distance(first, second).unwrap();
            let symmetric = wanted["symmetric_form"].as_f64().unwrap();
            let reference = wanted["fid"].as_f64().unwrap();
            println!(
                "{name}: {} against {symmetric} and {reference}, {found:?}",
                found.fid
            );
            // Where the sets are equal the distance is the rounding of its parts, so it is
            // measured by those.
            let scale = symmetric
                .abs()
                .max(1e-3 * (found.traces[0] + found.traces[1]));
            assert!(
                (found.fid - symmetric).abs() <= 1e-6 * scale,
                "{name}: {}",
                found.fid
            );
            assert!(
                (found.fid - reference).abs() <= 1e-6 * scale,
                "{name}: {}",
                found.fid
            );
        }
    }
}

#[test]
fn golden_singular_covariances_have_the_rank_that_their_images_allow() {
    let Some(folder) = golden() else { return };
    let first = statistics(&folder, "singular_a", 60);
    let second = statistics(&folder, "singular_b", 60);
    assert_eq!(frechet_distance(&first, &second).unwrap().ranks, [59, 49]);
}
