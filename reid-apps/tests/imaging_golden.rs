//! Compares preprocessing with vectors that the reference programs wrote: Pillow 9.5
//! (libjpeg-turbo 2.1.5) under torchvision 0.9.1, `postprocess_MGN.py --mode save_bin` and
//! `DGnet_preprocess.py`. No tolerance: every byte and every bit of every number.
//!
//! The folder is `GOLDEN_DIR`, or `../shared/golden` beside the workspace. Whatever its
//! `manifest_pre.json` lists is compared.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use ndarray_npy::ReadNpyExt;
use reid_apps::imaging::{
    IMAGENET_MEAN, IMAGENET_STD, Normaliser, Preprocessor, Recipe, RgbImage, decode_file,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The folder with the vectors, or `None` after saying so.
fn golden() -> Option<PathBuf> {
    let folder = std::env::var_os("GOLDEN_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/golden")),
        PathBuf::from,
    );
    if folder.join("manifest_pre.json").is_file() {
        return Some(folder);
    }
    println!("SKIPPED: golden vectors not found at {}", folder.display());
    None
}

fn json(path: &Path) -> Value {
    serde_json::from_reader(File::open(path).unwrap()).unwrap()
}

fn array<T: ndarray_npy::ReadableElement>(path: &Path) -> Vec<T> {
    let array = ArrayD::<T>::read_npy(File::open(path).unwrap()).unwrap();
    array.into_raw_vec_and_offset().0
}

fn sha(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn le_bytes(numbers: &[f32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

/// Collects every failing case, so that one run shows all of them.
#[derive(Default)]
struct Table {
    compared: usize,
    failures: Vec<String>,
}

impl Table {
    fn compare<T: PartialEq + Display>(&mut self, case: &str, found: &[T], wanted: &[T]) {
        self.compared += 1;
        if found.len() != wanted.len() {
            self.fail(format!(
                "{case}: {} values, wanted {}",
                found.len(),
                wanted.len()
            ));
            return;
        }
        let wrong = found.iter().zip(wanted).filter(|(f, w)| f != w).count();
        if let Some(first) = found.iter().zip(wanted).position(|(f, w)| f != w) {
            let (f, w) = (&found[first], &wanted[first]);
            self.fail(format!(
                "{case}: index {first} is {f}, wanted {w}; {wrong} of {} differ",
                wanted.len()
            ));
        }
    }

    fn compare_bits(&mut self, case: &str, found: &[f32], wanted: &[f32]) {
        let bits = |numbers: &[f32]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
        let before = self.failures.len();
        self.compare(case, &bits(found), &bits(wanted));
        if self.failures.len() > before {
            let first = found
                .iter()
                .zip(wanted)
                .position(|(f, w)| f.to_bits() != w.to_bits());
            if let Some(i) = first {
                self.fail(format!(
                    "{case}: as numbers {:e}, wanted {:e}",
                    found[i], wanted[i]
                ));
            }
        }
    }

    fn compare_sha(&mut self, case: &str, bytes: &[u8], wanted: &Value) {
        self.compared += 1;
        let (found, wanted) = (sha(bytes), wanted.as_str().unwrap());
        if found != wanted {
            self.fail(format!("{case}: sha256 {found}, wanted {wanted}"));
        }
    }

    fn fail(&mut self, line: String) {
        self.failures.push(line);
    }

    fn finish(self, at_least: usize) {
        println!(
            "{} comparisons, {} failures",
            self.compared,
            self.failures.len()
        );
        assert!(self.failures.is_empty(), "\n{}\n", self.failures.join("\n"));
        assert!(
            self.compared >= at_least,
            "only {} comparisons: is the folder complete?",
            self.compared
        );
    }
}

/// The golden images by stem; their extensions vary.
fn images(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder.join("images")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
}

/// All results of one image.
struct Results {
    decoded: RgbImage,
    mgn_u8: Vec<u8>,
    mgn: Vec<f32>,
    mgn_flip: Vec<f32>,
    dg_u8: Vec<u8>,
    dg_rgb: Vec<f32>,
    dg_gray: Vec<f32>,
}

fn run(path: &Path) -> Result<Results, String> {
    let decoded = decode_file(path).map_err(|error| error.to_string())?;
    let mut mgn = Preprocessor::mgn();
    let mut plain = vec![0.0; mgn.output_len()];
    let mut flip = plain.clone();
    mgn.run_file(path, &mut plain, Some(&mut flip))
        .map_err(|error| error.to_string())?;
    let mut content = Preprocessor::new(Recipe::DGNET_CONTENT);
    let mut rgb = vec![0.0; content.output_len()];
    content
        .run_file(path, &mut rgb, None)
        .map_err(|error| error.to_string())?;
    let mut structure = Preprocessor::new(Recipe::DGNET_STRUCTURE);
    let mut grey = vec![0.0; structure.output_len()];
    structure
        .run_image(&decoded, &mut grey, None)
        .map_err(|error| error.to_string())?;
    Ok(Results {
        decoded,
        mgn_u8: mgn.resized().bytes().to_vec(),
        mgn: plain,
        mgn_flip: flip,
        dg_u8: content.resized().bytes().to_vec(),
        dg_rgb: rgb,
        dg_gray: grey,
    })
}

#[test]
fn golden_vectors_of_every_listed_image_are_met_to_the_bit() {
    let Some(folder) = golden() else { return };
    let images = images(&folder);
    let manifest = json(&folder.join("manifest_pre.json"));
    let (mut table, mut done) = (Table::default(), BTreeMap::new());
    for entry in manifest.as_array().unwrap() {
        let name = entry["file"].as_str().unwrap();
        let Some((stem, kind)) = name.strip_prefix("pre/").and_then(|n| n.split_once('.')) else {
            continue;
        };
        if kind.contains("_ijg9") || stem.starts_with("normalise_lut") || !kind.ends_with("npy") {
            continue;
        }
        let Some(image) = images.get(stem) else {
            table.fail(format!("{name}: no image {stem}.* in images/"));
            continue;
        };
        let results = match done.entry(stem.to_owned()).or_insert_with(|| run(image)) {
            Ok(results) => results,
            Err(error) => {
                table.fail(format!("{name}: {error}"));
                continue;
            }
        };
        let path = folder.join(name);
        match kind {
            "decoded.npy" => {
                let shape =
                    [results.decoded.height(), results.decoded.width(), 3].map(|n| n as u64);
                let wanted: Vec<u64> = entry["shape"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|n| n.as_u64().unwrap())
                    .collect();
                table.compare(&format!("{name}, shape"), &shape, &wanted);
                table.compare(name, results.decoded.bytes(), &array(&path));
            }
            "mgn_u8.npy" => table.compare(name, &results.mgn_u8, &array(&path)),
            "dg_u8.npy" => table.compare(name, &results.dg_u8, &array(&path)),
            "mgn.npy" => table.compare_bits(name, &results.mgn, &array(&path)),
            // An array that numpy flipped may lie mirrored in memory; the file is in C order.
            "mgn_flip.npy" => table.compare_bits(name, &results.mgn_flip, &array(&path)),
            "dg_rgb.npy" => table.compare_bits(name, &results.dg_rgb, &array(&path)),
            "dg_gray.npy" => table.compare_bits(name, &results.dg_gray, &array(&path)),
            other => table.fail(format!(
                "{name}: the kind {other} is not compared by this test"
            )),
        }
    }
    table.finish(1);
}

#[test]
fn golden_sums_of_the_full_tensors_agree() {
    let Some(folder) = golden() else { return };
    let images = images(&folder);
    let mut table = Table::default();
    for (stem, wanted) in json(&folder.join("pre/stats.json")).as_object().unwrap() {
        let image = images
            .get(stem)
            .unwrap_or_else(|| panic!("no image {stem}.* in images/"));
        let results = match run(image) {
            Ok(results) => results,
            Err(error) => {
                table.fail(format!("{stem}: {error}"));
                continue;
            }
        };
        table.compare_sha(
            &format!("{stem} decoded"),
            results.decoded.bytes(),
            &wanted["sha_decoded"],
        );
        for (kind, numbers) in [
            ("sha_mgn_bin", &results.mgn),
            ("sha_mgn_flip_bin", &results.mgn_flip),
            ("sha_dg_rgb_bin", &results.dg_rgb),
            ("sha_dg_gray_bin", &results.dg_gray),
        ] {
            table.compare_sha(&format!("{stem} {kind}"), &le_bytes(numbers), &wanted[kind]);
        }
    }
    table.finish(5);
}

#[test]
fn golden_table_of_normalised_bytes_is_met_to_the_bit() {
    let Some(folder) = golden() else { return };
    let normaliser = Normaliser::new(IMAGENET_MEAN, IMAGENET_STD);
    let levels = (0..=255).flat_map(|byte| (0..3).map(move |channel| (channel, byte)));
    let found: Vec<f32> = levels
        .map(|(channel, byte)| normaliser.level(channel, byte))
        .collect();
    let mut table = Table::default();
    table.compare_bits(
        "normalise_lut.npy",
        &found,
        &array(&folder.join("pre/normalise_lut.npy")),
    );
    table.finish(1);
}

#[test]
fn golden_bins_of_the_small_market_are_met_to_the_bit() {
    let Some(folder) = golden() else { return };
    let listing = folder.join("minimarket/mgn_save_bin.json");
    if !listing.is_file() {
        println!("SKIPPED: golden vectors not found at {}", listing.display());
        return;
    }
    let mut table = Table::default();
    let mut preprocessor = Preprocessor::mgn();
    let mut plain = vec![0.0; preprocessor.output_len()];
    let mut flip = plain.clone();
    for (bin, about) in json(&listing)["bins"].as_object().unwrap() {
        let image = folder
            .join("minimarket/Market")
            .join(about["source"].as_str().unwrap());
        match preprocessor.run_file(&image, &mut plain, Some(&mut flip)) {
            Ok(()) => {
                let numbers = if bin.contains("bin_data_flip") {
                    &flip
                } else {
                    &plain
                };
                table.compare_sha(bin, &le_bytes(numbers), &about["sha256"]);
            }
            Err(error) => table.fail(format!("{bin}: {error}")),
        }
    }
    table.finish(1);
}

#[test]
fn golden_pairs_of_the_small_market_are_met_to_the_bit() {
    let Some(folder) = golden() else { return };
    let listing = folder.join("minimarket/dgnet_preprocess.json");
    if !listing.is_file() {
        println!("SKIPPED: golden vectors not found at {}", listing.display());
        return;
    }
    let mut table = Table::default();
    for pair in json(&listing)["pairs"].as_array().unwrap() {
        for (role, bin, recipe) in [
            ("content", "bin_path1", Recipe::DGNET_CONTENT),
            ("structure", "bin_path2", Recipe::DGNET_STRUCTURE),
        ] {
            // prepare-market.py copies bounding_box_train/NAME to train_all/ID/NAME.
            let name = Path::new(pair[role].as_str().unwrap()).file_name().unwrap();
            let image = folder
                .join("minimarket/Market/bounding_box_train")
                .join(name);
            let mut preprocessor = Preprocessor::new(recipe);
            let mut out = vec![0.0; preprocessor.output_len()];
            let case = format!("{} {role}", pair["bin"]);
            match preprocessor.run_file(&image, &mut out, None) {
                Ok(()) => table.compare_sha(&case, &le_bytes(&out), &pair[bin]["sha256"]),
                Err(error) => table.fail(format!("{case}: {error}")),
            }
        }
    }
    table.finish(1);
}
