//! The simulator's engines on MGN of full width, side by side: load time and time per run.
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
use reid_apps::graph::mgn::{Config, Weights, build};
use reid_apps::graph::onnx::Batch;

const ROUNDS: usize = 11;

fn model(batch: usize) -> Vec<u8> {
    let config = Config {
        batch: Batch::Fixed(batch),
        ..Config::full()
    };
    let weights = Weights::seeded(&config, 1).expect("the architecture is sound");
    let graph = build(&config, &weights).expect("the weights are the architecture's");
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let (onnx, om) = (folder.path().join("mgn.onnx"), folder.path().join("mgn.om"));
    std::fs::write(&onnx, graph).expect("the folder was just made");
    let options = Options {
        output: Some(om.clone()),
        ..Options::default()
    };
    let written = convert(&onnx, &options).expect("the graph converts");
    std::fs::read(written).expect("it was just written")
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    for batch in [1_usize, 4] {
        let om = model(batch);
        let mut engines = Vec::new();
        for kind in [EngineKind::Rten, EngineKind::OnnxRuntime] {
            let begin = Instant::now();
            match ModelImage::parse_for(&om, kind) {
                Ok(image) => {
                    let load = begin.elapsed().as_secs_f64() * 1e3;
                    println!(
                        "MGN batch {batch}: {kind:?} loaded {} MB in {load:.0} ms",
                        om.len() >> 20
                    );
                    engines.push((kind, image, Vec::new()));
                }
                Err(error) => println!("MGN batch {batch}: {kind:?} is left out: {error}"),
            }
        }
        let shape = [batch, 3, 384, 128];
        let elements: usize = shape.iter().product();
        let input: Vec<u8> = (0..elements)
            .flat_map(|i| {
                #[allow(clippy::cast_precision_loss)] // a pattern, not a measurement
                let value = (i % 251) as f32 / 125.0 - 1.0;
                value.to_le_bytes()
            })
            .collect();
        let dims: Vec<i64> = shape
            .iter()
            .map(|dim| i64::try_from(*dim).unwrap_or(0))
            .collect();
        for round in 0..ROUNDS {
            for (_, image, times) in &mut engines {
                let begin = Instant::now();
                image
                    .run(&[&input], std::slice::from_ref(&dims))
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
            println!("MGN batch {batch}: {kind:?} {time:.1} ms a run");
        }
        if let [(_, rten), (_, other)] = medians[..] {
            println!(
                "MGN batch {batch}: rten has {:.2} of onnxruntime's throughput",
                other / rten
            );
        }
    }
}
