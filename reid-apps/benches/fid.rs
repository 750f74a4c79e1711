//! FID of two sets of features, against numpy and scipy in the same run.
//!
//! `cargo bench -p reid-apps --bench fid` draws two sets of 3,234 x 2048 float32 features (a quarter
//! of Market-1501's training images), with `REID_BENCH_FULL=1` of 12,936 x 2048; writes them as
//! `.npy`; and goes from the files to the number by our code and by `tools/reference/fid.py`. The
//! Python is `$REID_PYTHON` (default `python3`) with numpy and scipy; without those ours runs alone.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use ndarray::Array2;
use ndarray_npy::WriteNpyExt;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use reid_apps::fid::{Moments, Sampling, Statistics, frechet_distance, read_features};

const DIM: usize = 2048;
/// Runs of ours, of which the middle one counts.
const RUNS: usize = 3;

/// Draws features as a network's pooled ones are: not negative, correlated, of unequal variance.
fn draw(path: &Path, rows: usize, shift: f32, seed: u64) {
    let mut random = Pcg64::seed_from_u64(seed);
    let mut features = Array2::<f32>::zeros((rows, DIM));
    for mut row in features.rows_mut() {
        let mut last = 0.0;
        for (column, value) in row.iter_mut().enumerate() {
            last = 0.7 * last + random.random::<f32>() - 0.5 + shift;
            *value = last.max(0.0) / (1.0 + 0.001 * column as f32);
        }
    }
    let mut writer = BufWriter::new(File::create(path).expect("the folder can be written to"));
    features
        .write_npy(&mut writer)
        .expect("the file can be written");
    writer.flush().expect("the file can be written");
}

fn statistics(path: &Path) -> Statistics {
    let mut moments = Moments::new(path.display().to_string(), DIM);
    let mut take = |rows: &[f64], _| moments.push(rows);
    read_features(path, None, Sampling::All, &mut take).expect("drawn features are finite");
    moments.finish().expect("there are enough rows")
}

/// Returns the largest memory that the process had so far, in bytes; Linux alone tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Draws in a process of its own, so that the memory of drawing is not taken for that of FID.
fn draw_apart(path: &Path, rows: usize, shift: f32, seed: u64) {
    let program = std::env::current_exe().expect("the bench knows its own path");
    let status = Command::new(program)
        .arg("draw-features")
        .arg(path)
        .args([rows.to_string(), shift.to_string(), seed.to_string()])
        .status()
        .expect("the bench can start itself");
    assert!(status.success(), "drawing failed");
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, path, rows, shift, seed] = arguments.as_slice()
        && word == "draw-features"
    {
        let number = "the bench passes numbers to itself";
        return draw(
            Path::new(path),
            rows.parse().expect(number),
            shift.parse().expect(number),
            seed.parse().expect(number),
        );
    }
    if arguments.iter().any(|argument| argument == "--test") {
        // `cargo test --benches` asks only whether it runs.
        return;
    }
    let full = std::env::var_os("REID_BENCH_FULL").is_some();
    let rows = if full { 12_936 } else { 3_234 };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = [("a", 0.1, 1), ("b", 0.12, 2)].map(|(name, shift, seed)| {
        let path = folder.path().join(format!("{name}.npy"));
        draw_apart(&path, rows, shift, seed);
        path
    });
    println!("two sets of {rows} x {DIM} float32 features, from .npy files to the FID");
    let mut runs: Vec<(f64, f64, f64)> = (0..RUNS).map(|_| ours(&files)).collect();
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (seconds, reading, fid) = runs[RUNS / 2];
    println!("ours            {seconds:8.2} s (statistics {reading:.2} s)  FID {fid:.9}");
    if let Some(bytes) = peak_memory() {
        println!("                peak memory {:.0} MB", bytes as f64 / 1e6);
    }
    reference(&files, seconds, fid);
}

/// Returns the seconds in all, those for the statistics, and the FID.
fn ours(files: &[PathBuf; 2]) -> (f64, f64, f64) {
    let began = Instant::now();
    let (first, second) = rayon::join(|| statistics(&files[0]), || statistics(&files[1]));
    let reading = began.elapsed().as_secs_f64();
    let found = frechet_distance(&first, &second).expect("drawn sets have a distance");
    (began.elapsed().as_secs_f64(), reading, found.fid)
}

fn reference(files: &[PathBuf; 2], seconds: f64, fid: f64) {
    let python = std::env::var_os("REID_PYTHON").unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/reference/fid.py");
    let output = match Command::new(&python).arg(script).args(files).output() {
        Ok(output) if output.status.success() => output,
        Ok(output) => {
            println!(
                "numpy + scipy   left out: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
            return;
        }
        Err(error) => {
            println!(
                "numpy + scipy   left out: {}: {error}",
                python.to_string_lossy()
            );
            return;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let number = |key: &str| -> f64 {
        let rest = text.split_once(key).map_or("", |(_, rest)| rest);
        rest.split_whitespace()
            .next()
            .and_then(|word| word.parse().ok())
            .expect("the script prints its figures")
    };
    let (theirs, wanted) = (number("seconds"), number("fid"));
    println!(
        "ratio           {:8.1} times as fast, relative gap {:.1e}",
        theirs / seconds,
        ((fid - wanted) / wanted).abs()
    );
}
