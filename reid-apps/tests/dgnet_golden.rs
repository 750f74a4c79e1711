//! DG-Net's pipeline against the reference's own runs: preparation, network inputs, pictures.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Ix3};
use ndarray_npy::read_npy;
use reid_apps::dgnet::{
    Format, InputFolders, Link, Naming, OutputFolder, Pairing, People, denormalise, postprocess,
    postprocess_record, prepare, preprocess, preprocess_record,
};
use reid_apps::imaging::decode_bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn golden() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/golden");
    let folder = env::var_os("GOLDEN_DIR").map_or_else(|| PathBuf::from(default), PathBuf::from);
    if folder.join("dg_out").is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: golden vectors not found at {}", folder.display());
    None
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// All files below a folder, with `/` between the parts of their names.
fn tree(root: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(root).unwrap();
                files.insert(below.to_str().unwrap().to_owned());
            }
        }
    }
    files
}

#[test]
fn golden_folders_of_prepare_market_are_reproduced_but_for_the_choice_of_val() {
    let Some(golden) = golden() else { return };
    let out = tempfile::tempdir().unwrap();
    let market = golden.join("minimarket/Market");
    let wanted: BTreeSet<String> =
        json(&golden.join("minimarket/dgnet_preprocess.json"))["prepare_market_tree"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
    for link in [Link::Copy, Link::Symbolic] {
        let out = out.path().join(format!("{link:?}"));
        prepare(&market, &out, link).unwrap();
        let found = tree(&out);
        // The reference takes the first of each person in the directory's own order.
        let others = |files: &BTreeSet<String>| -> BTreeSet<String> {
            let mut files = files.clone();
            files.retain(|name| !name.starts_with("train/") && !name.starts_with("val/"));
            files
        };
        assert_eq!(others(&found), others(&wanted));
        assert_eq!(found.len(), wanted.len());
        let val: Vec<&String> = found
            .iter()
            .filter(|name| name.starts_with("val/"))
            .collect();
        assert_eq!(val.len(), 4, "one for each person");
        for name in &found {
            let file = out.join(name);
            assert_eq!(file.is_symlink(), link == Link::Symbolic);
            assert!(fs::metadata(file).unwrap().len() > 0);
        }
    }
}

#[test]
fn golden_network_inputs_are_reproduced_to_the_bit_with_their_names() {
    let Some(golden) = golden() else { return };
    let folder = tempfile::tempdir().unwrap();
    let pytorch = folder.path().join("pytorch");
    prepare(&golden.join("minimarket/Market"), &pytorch, Link::Copy).unwrap();
    let people = People::open(&pytorch.join("train_all")).unwrap();
    let wanted = json(&golden.join("minimarket/dgnet_preprocess.json"));

    for (name, class) in wanted["class_to_idx"].as_object().unwrap() {
        let class = usize::try_from(class.as_u64().unwrap()).unwrap();
        assert_eq!(&people.classes[class], name);
    }
    let below = |name: &Value| name.as_str().unwrap().replace("pytorch/train_all/", "");
    let order: Vec<String> = wanted["order"]
        .as_array()
        .unwrap()
        .iter()
        .map(below)
        .collect();
    let found: Vec<&String> = people.samples.iter().map(|sample| &sample.name).collect();
    assert_eq!(found, order.iter().collect::<Vec<_>>());

    // The reference's own pairing, which no seed of ours gives.
    let golden_pairs = wanted["pairs"].as_array().unwrap();
    let lines: Vec<String> = golden_pairs
        .iter()
        .map(|pair| {
            format!(
                "{}\t{}\n",
                below(&pair["content"]),
                below(&pair["structure"])
            )
        })
        .collect();
    let file = folder.path().join("pairs.tsv");
    fs::write(&file, lines.concat()).unwrap();
    let pairs = Pairing::File(&file).pairs(&people).unwrap();
    let open = |name: &str| {
        let record = preprocess_record(name, "golden");
        OutputFolder::open(&folder.path().join(name), &record, &[], false).unwrap()
    };
    let folders = InputFolders {
        content: open("bin_path1"),
        structure: open("bin_path2"),
    };
    let written = preprocess(&people, &pairs, &folders, &|_| {}).unwrap();
    assert_eq!((written.pairs, written.before), (golden_pairs.len(), 0));
    for pair in golden_pairs {
        for stream in ["bin_path1", "bin_path2"] {
            let path = folder
                .path()
                .join(stream)
                .join(pair["bin"].as_str().unwrap());
            let bytes = fs::read(&path).unwrap();
            let hash: String = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(bytes.len() as u64, pair[stream]["bytes"].as_u64().unwrap());
            assert_eq!(
                hash,
                pair[stream]["sha256"].as_str().unwrap(),
                "{}",
                path.display()
            );
        }
    }
    let again = preprocess(&people, &pairs, &folders, &|_| {}).unwrap();
    assert_eq!(again.before, golden_pairs.len());
}

#[test]
fn golden_pictures_are_equal_to_the_byte_before_jpeg_and_within_a_level_after() {
    let Some(golden) = golden() else { return };
    for i in 0..3 {
        let file = |end: &str| golden.join(format!("dg_out/{i}.{end}"));
        let raw: ArrayD<f32> = read_npy(file("raw.npy")).unwrap();
        let raw: Vec<f32> = raw.iter().copied().collect();
        let wanted: ArrayD<u8> = read_npy(file("u8.npy")).unwrap();
        let wanted = wanted.into_dimensionality::<Ix3>().unwrap();
        assert_eq!(wanted.shape(), [256, 128, 3]);
        let picture = denormalise(&raw, 256, 128).unwrap();
        assert!(wanted.iter().eq(picture.rgb()), "picture {i}");

        let reference = fs::read(file("jpg")).unwrap();
        let ours = Format::Jpeg.encode(&picture).unwrap();
        let [theirs, decoded] = [&reference, &ours].map(|bytes| decode_bytes(bytes).unwrap());
        let apart = theirs
            .bytes()
            .iter()
            .zip(decoded.bytes())
            .map(|(a, b)| a.abs_diff(*b));
        let largest = apart.max().unwrap();
        println!(
            "picture {i}: {} bytes, the reference {}, equal {}, largest difference {largest}",
            ours.len(),
            reference.len(),
            ours == reference
        );
        assert!(largest <= 1);
    }
}

#[test]
fn golden_results_become_the_references_files() {
    let Some(golden) = golden() else { return };
    let wanted = json(&golden.join("dg_out/postprocess.json"));
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    fs::create_dir(&results).unwrap();
    fs::write(results.join("sumary.json"), "{}").unwrap();
    fs::write(results.join("2022_summary.json"), "{}").unwrap();
    for (i, name) in wanted["inputs"].as_array().unwrap().iter().enumerate() {
        let name = name.as_str().unwrap();
        let raw = golden.join(format!("dg_out/{i}.raw.npy"));
        // One of each kind that runners write.
        let numbers: ArrayD<f32> = read_npy(&raw).unwrap();
        match i {
            0 => {
                let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
                fs::write(results.join(name), bytes).unwrap();
            }
            1 => {
                fs::copy(&raw, results.join(name.replace(".bin", ".npy"))).unwrap();
            }
            _ => {
                // Runners print six decimals; more keep every bit, so that bytes can be compared.
                let text: Vec<String> = numbers.iter().map(|x| format!("{x:?} ")).collect();
                fs::write(results.join(name.replace(".bin", ".txt")), text.concat()).unwrap();
            }
        }
    }
    let out = folder.path().join("out");
    let record = postprocess_record(&results, Naming::Guide, Format::Png);
    let output = OutputFolder::open(&out, &record, &[], false).unwrap();
    let done = postprocess(&results, &output, Naming::Guide, Format::Png, &|_| {}).unwrap();
    assert!(
        done.failed.is_empty() && done.ignored.is_empty(),
        "{done:?}"
    );
    assert_eq!(done.pictures, 3);
    let mut found = tree(&out);
    found.remove(reid_apps::dgnet::RECORD);
    let names: BTreeSet<String> = wanted["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().replace(".jpg", ".png"))
        .collect();
    assert_eq!(found, names);
    for (name, image) in wanted["images"].as_object().unwrap() {
        let raw = image["raw"].as_str().unwrap().replace(".raw.", ".u8.");
        let pixels: ArrayD<u8> = read_npy(golden.join(raw)).unwrap();
        let file = fs::read(out.join(name.replace(".jpg", ".png"))).unwrap();
        let picture = decode_bytes(&file).unwrap();
        assert!(pixels.iter().eq(picture.bytes()), "{name}");
    }
}
