//! Turns a folder of images into tensors on one thread, and prints the speed and a hash of all
//! tensors as JSON. `tools/reference/preprocess.py` compares both with Pillow and numpy.
//!
//! ```text
//! cargo run --release -p reid-apps --example preprocess_speed -- mgn FOLDER
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use reid_apps::imaging::{Preprocessor, Recipe};
use sha2::{Digest, Sha256};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (recipe, folder) = match &arguments[..] {
        [network, folder] if network == "mgn" => (Recipe::MGN, folder),
        [network, folder] if network == "dgnet" => (Recipe::DGNET_CONTENT, folder),
        _ => {
            eprintln!("usage: preprocess_speed mgn|dgnet FOLDER");
            return ExitCode::from(2);
        }
    };
    match run(recipe, Path::new(folder)) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(1)
        }
    }
}

fn run(recipe: Recipe, folder: &Path) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let named = |error| format!("{}: {error}; give a folder of images", folder.display());
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(named)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(named)?;
    files.sort();
    if files.is_empty() {
        return Err(format!("{}: no files; give a folder of images", folder.display()).into());
    }
    let mut preprocessor = Preprocessor::new(recipe);
    let mut out = vec![0.0_f32; preprocessor.output_len()];
    // The round that is hashed warms the caches for the one that is timed.
    let mut hash = Sha256::new();
    for file in &files {
        preprocessor.run_file(file, &mut out, None)?;
        for number in &out {
            hash.update(number.to_le_bytes());
        }
    }
    let (start, processor) = (Instant::now(), processor_seconds());
    for file in &files {
        preprocessor.run_file(file, &mut out, None)?;
    }
    let seconds = match (processor, processor_seconds()) {
        (Some(before), Some(after)) => after - before,
        _ => start.elapsed().as_secs_f64(),
    };
    let hex: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let count = u32::try_from(files.len())?;
    Ok(serde_json::json!({
        "images": count,
        "images_per_second": f64::from(count) / seconds,
        "sha256": hex,
    }))
}

/// Returns the time that this thread has had a processor, where the system tells it; other jobs
/// then do not count.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}
