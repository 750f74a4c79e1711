//! Features and statistics in `.npy` files.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use reid_apps::fid::{Sampling, read_features};

/// The reader takes a file, so each input becomes one, in memory where the system has such a folder.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let shared = PathBuf::from("/dev/shm");
    let folder = if shared.is_dir() {
        shared
    } else {
        std::env::temp_dir()
    };
    folder.join(format!("reid-fuzz-{}.npy", std::process::id()))
});

fuzz_target!(|bytes: &[u8]| {
    if std::fs::write(&*FILE, bytes).is_err() {
        return;
    }
    let mut count = 0;
    let read = read_features(&FILE, None, Sampling::default(), &mut |rows, _| {
        count += rows.len();
        Ok(())
    });
    if let Ok(rows) = read {
        assert_eq!(count, rows.used * rows.dim);
    }
});
