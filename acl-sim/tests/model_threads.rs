//! Several models and several threads at once.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/datasets.rs"]
mod datasets;
#[path = "common/models.rs"]
mod graphs;

use std::sync::Barrier;

use ascend_om::onnx::elem;
use ascendcl::atc::{Options, convert_bytes};
use call::{download, malloc, messages, start, stream, upload};
use datasets::{dataset, execute, load};
use graphs::{bytes, floats, unary};

const THREADS: u8 = 4;
const ROUNDS: u8 = 25;

fn model(op: &str) -> Vec<u8> {
    let onnx = unary(op, elem::FLOAT, &[2, 3]);
    convert_bytes(&onnx, op, &Options::default()).unwrap()
}

#[test]
fn four_threads_run_two_models_on_their_own_streams_and_none_sees_anothers_results() {
    start();
    let (relu, neg) = (load(&model("Relu")), load(&model("Neg")));
    let gate = Barrier::new(THREADS.into());
    let work = |thread: u8| {
        start();
        let stream = stream();
        let (x, y, z) = (malloc(24), malloc(24), malloc(24));
        // y = relu(x), then z = -y, which takes the order of the stream.
        let (first, second) = (dataset(&[(x, 24)]), dataset(&[(y, 24)]));
        let (into, last) = (dataset(&[(y, 24)]), dataset(&[(z, 24)]));
        gate.wait();
        for round in 0..ROUNDS {
            let value = f32::from(thread) * 100.0 + f32::from(round);
            upload(x, &bytes(&[value, -value, 1.0, -1.0, 0.5, value]));
            let results = [value, 0.0, 1.0, 0.0, 0.5, value];
            if round % 5 == 4 {
                assert_eq!(execute(relu, first, second), 0, "{}", messages());
            } else {
                ok!(aclmdlExecuteAsync(relu, first, second, stream));
            }
            ok!(aclmdlExecuteAsync(neg, into, last, stream));
            ok!(aclrtSynchronizeStream(stream));
            assert_eq!(
                floats(&download(y, 24)),
                results,
                "thread {thread}, round {round}"
            );
            assert_eq!(floats(&download(z, 24)), results.map(|value| -value));
        }
        ok!(aclrtDestroyStream(stream));
        for memory in [x, y, z] {
            ok!(aclrtFree(memory));
        }
        for dataset in [first, second, into, last] {
            ok!(aclmdlDestroyDataset(dataset));
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || work(thread));
        }
    });
    ok!(aclmdlUnload(relu));
    ok!(aclmdlUnload(neg));
}

#[test]
fn threads_load_run_and_unload_models_of_their_own_while_others_do() {
    start();
    let om = model("Relu");
    let gate = Barrier::new(THREADS.into());
    let work = |thread: u8| {
        start();
        let (x, y) = (malloc(24), malloc(24));
        gate.wait();
        let mut ids = Vec::new();
        for round in 0..ROUNDS {
            let id = load(&om);
            let value = f32::from(thread) + f32::from(round);
            upload(x, &bytes(&[value; 6]));
            assert_eq!(execute(id, dataset(&[(x, 24)]), dataset(&[(y, 24)])), 0);
            assert_eq!(floats(&download(y, 24)), [value; 6]);
            ok!(aclmdlUnload(id));
            ids.push(id);
        }
        ok!(aclrtFree(x));
        ok!(aclrtFree(y));
        ids
    };
    let mut all: Vec<u32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    all.sort_unstable();
    all.dedup();
    assert_eq!(
        all.len(),
        usize::from(THREADS) * usize::from(ROUNDS),
        "no number came twice"
    );
}
