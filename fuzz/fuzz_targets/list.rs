//! Lists of inputs in `.info` files.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use reid_apps::runner::infer::InputFiles;

/// The reader takes a file, so each input becomes one, in memory where the system has such a folder.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let shared = PathBuf::from("/dev/shm");
    let folder = if shared.is_dir() {
        shared
    } else {
        std::env::temp_dir()
    };
    folder.join(format!("reid-fuzz-{}.info", std::process::id()))
});

fuzz_target!(|bytes: &[u8]| {
    if std::fs::write(&*FILE, bytes).is_err() {
        return;
    }
    match InputFiles::read(&[FILE.clone()], &["x".to_owned()]) {
        Ok(files) => assert!((1..=bytes.len()).contains(&files.len())),
        // A file of another kind is not quoted whole.
        Err(error) => assert!(error.to_string().len() < 2000),
    }
});
