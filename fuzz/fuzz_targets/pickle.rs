//! A checkpoint in any arrangement, and the numbers of its tensors.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use reid_apps::checkpoint::{Checkpoint, pickle};

fuzz_target!(|bytes: &[u8]| {
    // Bare pickles get far more of the fuzzer's changes than those inside of archives do.
    drop(pickle::run(bytes));
    if let Ok(file) = Checkpoint::parse(Path::new("fuzz.pt"), bytes.to_vec(), None)
        && let Ok(tensors) = file.load()
    {
        for tensor in tensors.values() {
            assert_eq!(tensor.shape.iter().product::<usize>(), tensor.data.len());
        }
    }
});
