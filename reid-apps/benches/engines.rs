//! The simulator's engines on MGN and DG-Net of full width, side by side: load time and time per run.
//!
//! ```text
//! cargo bench -p reid-apps --bench engines
//! ORT_DYLIB_PATH=…/libonnxruntime.so cargo bench -p reid-apps --features ascendcl-sim/onnxruntime --bench engines
//! ```
//!
//! A machine's load changes from one minute to the next, so runs of the engines alternate, and the
//! ratio of their medians is the figure to look at. Not a criterion bench for that reason.

use std::time::Instant;

use ascendcl::atc::{Options, convert};
use ascendcl::exec::{EngineKind, ModelImage};
use reid_apps::graph::onnx::Batch;
use reid_apps::graph::{dgnet, mgn};

const ROUNDS: usize = 11;

/// Converts a graph and returns the `.om`.
fn converted(graph: Vec<u8>) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let (onnx, om) = (folder.path().join("a.onnx"), folder.path().join("a.om"));
    std::fs::write(&onnx, graph).expect("the folder was just made");
    let options = Options {
        output: Some(om),
        ..Options::default()
    };
    let written = convert(&onnx, &options).expect("the graph converts");
    std::fs::read(written).expect("it was just written")
}

fn mgn(batch: usize) -> Vec<u8> {
    let config = mgn::Config {
        batch: Batch::Fixed(batch),
        ..mgn::Config::full()
    };
    let weights = mgn::Weights::seeded(&config, 1).expect("the architecture is sound");
    converted(mgn::build(&config, &weights).expect("the weights are the architecture's"))
}

fn dgnet(batch: usize) -> Vec<u8> {
    let config = dgnet::Config {
        batch: Batch::Fixed(batch),
        ..dgnet::Config::full()
    };
    let weights = dgnet::Weights::seeded(&config, 1).expect("the architecture is sound");
    converted(dgnet::build(&config, &weights).expect("the weights are the architecture's"))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A pattern of floats, as bytes.
fn pattern(dims: &[i64]) -> Vec<u8> {
    let elements: i64 = dims.iter().product();
    let value = |i: i64| {
        #[allow(clippy::cast_precision_loss)] // below 251
        let value = (i % 251) as f32 / 125.0 - 1.0;
        value.to_le_bytes()
    };
    (0..elements).flat_map(value).collect()
}

fn compare(name: &str, om: &[u8]) {
    let mut engines = Vec::new();
    for kind in [EngineKind::Rten, EngineKind::OnnxRuntime] {
        let begin = Instant::now();
        match ModelImage::parse_for(om, kind) {
            Ok(image) => {
                let load = begin.elapsed().as_secs_f64() * 1e3;
                println!(
                    "{name}: {kind:?} loaded {} MB in {load:.0} ms",
                    om.len() >> 20
                );
                engines.push((kind, image, Vec::new()));
            }
            Err(error) => println!("{name}: {kind:?} is left out: {error}"),
        }
    }
    let Some((_, first, _)) = engines.first() else {
        return;
    };
    let dims: Vec<Vec<i64>> = first.info().inputs.iter().map(|i| i.dims.clone()).collect();
    let inputs: Vec<Vec<u8>> = dims.iter().map(|dims| pattern(dims)).collect();
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    for round in 0..ROUNDS {
        for (_, image, times) in &mut engines {
            let begin = Instant::now();
            image
                .run(&inputs, &dims)
                .expect("the shapes are the model's");
            // The first run of each warms up.
            if round > 0 {
                times.push(begin.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    let medians: Vec<_> = engines
        .into_iter()
        .map(|(kind, _, times)| (kind, median(times)))
        .collect();
    for (kind, time) in &medians {
        println!("{name}: {kind:?} {time:.1} ms a run");
    }
    if let [(_, rten), (_, other)] = medians[..] {
        println!(
            "{name}: rten has {:.2} of onnxruntime's throughput",
            other / rten
        );
    }
}

fn main() {
    for batch in [1_usize, 4] {
        compare(&format!("MGN batch {batch}"), &mgn(batch));
        compare(&format!("DG-Net batch {batch}"), &dgnet(batch));
    }
}
