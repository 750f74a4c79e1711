//! Loading MGN at full width in the simulator: time and peak memory, each load in a process of its own.
//!
//! ```text
//! cargo bench -p reid-apps --bench load
//! ```
//!
//! Peak memory is the system's own account (`VmHWM`). The weights are all but a few kilobytes of the
//! file, so that the ratio to the file is that to the weights. Not a criterion bench, because peak
//! memory needs fresh processes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use acl::{Context, Device, Model, Runtime};
use ascendcl::atc::{Options, convert};
use reid_apps::graph::mgn::{Config, Weights, build};
use reid_apps::graph::onnx::Batch;

/// Says to a child which file to load, and how.
const JOB: &str = "REID_BENCH_LOAD";

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the system keeps accounts");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("VmHWM is a number")
}

fn child(job: &str) {
    let (way, path) = job.split_once(':').expect("the parent wrote it");
    let runtime = Runtime::init(ascendcl::api()).expect("the simulator starts");
    let context =
        Context::new(&Device::new(&runtime, 0).expect("it has a device")).expect("a context");
    let begin = Instant::now();
    let model = if way == "file" {
        Model::from_file(&context, Path::new(path))
    } else {
        Model::from_memory(&context, &std::fs::read(path).expect("the parent wrote it"))
    };
    let took = begin.elapsed().as_secs_f64() * 1e3;
    drop(model.expect("the model is sound"));
    #[allow(clippy::cast_precision_loss)] // some hundred million
    let ratio =
        (peak_kib() * 1024) as f64 / std::fs::metadata(path).expect("it is there").len() as f64;
    println!(
        "from {way}: {took:.0} ms, peak of the process {} MiB, {ratio:.2} times the file",
        peak_kib() >> 10
    );
}

fn model(folder: &Path) -> PathBuf {
    let config = Config {
        batch: Batch::Fixed(1),
        ..Config::full()
    };
    let weights = Weights::seeded(&config, 1).expect("the architecture is sound");
    let graph = build(&config, &weights).expect("the weights are the architecture's");
    let (onnx, om) = (folder.join("mgn.onnx"), folder.join("mgn.om"));
    std::fs::write(&onnx, graph).expect("the folder was just made");
    let options = Options {
        output: Some(om),
        ..Options::default()
    };
    convert(&onnx, &options).expect("the graph converts")
}

fn main() {
    if let Ok(job) = std::env::var(JOB) {
        child(&job);
        return;
    }
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let om = model(folder.path());
    let size = std::fs::metadata(&om).expect("it was just written").len();
    println!("MGN at full width, {} MiB", size >> 20);
    for way in ["file", "memory", "file", "memory"] {
        let program = std::env::current_exe().expect("this program has a path");
        let job = format!("{way}:{}", om.display());
        let done = Command::new(program).env(JOB, job).status();
        assert!(done.expect("this program runs").success());
    }
}
