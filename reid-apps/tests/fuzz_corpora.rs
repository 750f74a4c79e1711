//! What the fuzz targets begin with, and what they found, read by the ordinary build.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

use reid_apps::checkpoint::Checkpoint;
use reid_apps::fid::{Sampling, read_features};
use reid_apps::inspect::{Opened, Summary};
use reid_apps::runner::infer::InputFiles;

/// The files of a target's corpus; none in a package without the folder.
fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("SKIPPED: no corpus at {}", folder.display());
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn checkpoints_of_the_corpus_are_read_or_refused() {
    for path in corpus("pickle") {
        let read = Checkpoint::read(&path, None).map(|file| file.load().unwrap().len());
        match name(&path).as_str() {
            "hostile.pt" | "bare.pkl" => assert!(read.is_err(), "{}", path.display()),
            "mixed.pt" | "legacy.pt" | "deflated.pt" | "nested.pt" => assert_eq!(read.unwrap(), 9),
            _ => drop(read),
        }
    }
}

#[test]
fn arrays_of_the_corpus_are_read_or_refused_without_memory_for_what_they_only_announce() {
    for path in corpus("npy") {
        let read = read_features(&path, None, Sampling::default(), &mut |_, _| Ok(()));
        match name(&path).as_str() {
            "single.npy" => assert_eq!(read.unwrap().found, 2),
            "wide-row-of-nothing.npy" => {
                let error = read.unwrap_err().to_string();
                assert!(error.contains("99000000000"), "{error}");
            }
            _ => drop(read),
        }
    }
}

#[test]
fn models_of_the_corpus_are_summed_up() {
    for path in corpus("om") {
        let bytes = std::fs::read(&path).unwrap();
        let summary = Summary::of(&Opened::new(&path, &bytes).unwrap()).unwrap();
        assert_eq!(summary.inputs.len(), 1, "{}", path.display());
    }
}

#[test]
fn lists_of_the_corpus_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let info = folder.path().join("x.info");
    for path in corpus("list") {
        std::fs::copy(&path, &info).unwrap();
        let read = InputFiles::read(std::slice::from_ref(&info), &["x".to_owned()]);
        match name(&path).as_str() {
            "two" | "blanks" => assert_eq!(read.unwrap().len(), 2, "{}", path.display()),
            "heading" => assert!(read.is_err()),
            _ => drop(read),
        }
    }
}
