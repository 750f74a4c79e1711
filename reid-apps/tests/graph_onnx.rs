//! The ONNX builder: shapes, names, operators, results.
#![allow(clippy::unwrap_used, missing_docs)]

use reid_apps::graph::onnx::{Batch, BuildError, Builder, Dim, Window};

#[path = "common/run_onnx.rs"]
mod run_onnx;

use run_onnx::run;

const POOL: Window = Window {
    kernel: [3, 3],
    stride: [2, 2],
    pad: [1, 1],
};

fn found_and_wanted(error: BuildError) -> (String, String) {
    match error {
        BuildError::Shape { found, wanted, .. } => (found, wanted),
        other => panic!("{other}"),
    }
}

#[test]
fn a_graph_of_every_operator_computes_what_was_meant() {
    let mut g = Builder::new("all");
    let x = g.input("x", Batch::Dynamic, &[1, 4, 4]).unwrap();
    let w = g.floats("w", &[2, 1, 1, 1], &[1.0, -1.0]).unwrap();
    let b = g.floats("b", &[2], &[0.0, 1.0]).unwrap();
    let y = g.conv("conv", x, w, Some(b), [1, 1], [0, 0]).unwrap();
    let vectors = ["s", "h", "m", "v"].map(|n| g.floats(n, &[2], &[2.0, 2.0]).unwrap());
    // (y - 2) / sqrt(2 + 2) * 2 + 2 = y
    let y = g.batch_norm("norm", y, vectors, 2.0).unwrap();
    let y = g.relu("relu", y).unwrap();
    let y = g.add("twice", y, y).unwrap();
    let y = g.max_pool("pool", y, POOL).unwrap();
    assert_eq!(g.shape(y).unwrap()[1..], [2, 2, 2].map(Dim::Fixed));
    let top = g.slice("top", y, 2, 0, 1).unwrap();
    let flat = g.flatten("flat", y).unwrap();
    let shaped = g.reshape("shaped", top, &[4, 1]).unwrap();
    let squeezed = g.squeeze("squeezed", shaped, &[2]).unwrap();
    let all = g.concat("all", &[flat, squeezed], 1).unwrap();
    let sum = g.floats("ones", &[1, 12], &[1.0; 12]).unwrap();
    let bias = g.floats("bias", &[1], &[0.5]).unwrap();
    let out = g.gemm("out", all, sum, bias).unwrap();
    g.output(all).unwrap();
    g.output(out).unwrap();
    let mut used: Vec<&str> = g.operators().collect();
    used.sort_unstable();
    let network = [
        "Add",
        "BatchNormalization",
        "Concat",
        "Conv",
        "Flatten",
        "Gemm",
        "MaxPool",
        "Relu",
        "Reshape",
        "Slice",
        "Squeeze",
    ];
    assert_eq!(used, network);
    assert!(
        used.iter()
            .all(|operator| Builder::OPERATORS.contains(operator))
    );
    let file = g.finish().unwrap();

    // Rows of 0 0 0 0 / 1 1 1 1 / 2 2 2 2 / 3 3 3 3, and the same less ten.
    let rows = |from: f32| (0..16_u8).map(move |i| f32::from(i / 4) + from);
    let image: Vec<f32> = rows(0.0).chain(rows(-10.0)).collect();
    let found = run(&file, &image, [2, 1, 4, 4]);
    // Channel 0 is x, channel 1 is 1 - x, doubled, largest of rows 0..=1 and 1..=3.
    let first = [2.0, 2.0, 6.0, 6.0, 2.0, 2.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0];
    let second = [
        0.0, 0.0, 0.0, 0.0, 22.0, 22.0, 20.0, 20.0, 0.0, 0.0, 22.0, 22.0,
    ];
    assert_eq!(found[0].shape, [2, 12]);
    assert!(run_onnx::difference(&found[0].data, &[first, second].concat()) < 1e-6);
    assert!(run_onnx::difference(&found[1].data, &[28.5, 128.5]) < 1e-6);
}

#[test]
fn what_does_not_fit_is_an_error_at_the_node() {
    let mut g = Builder::new("wrong");
    let x = g.input("x", Batch::Fixed(1), &[3, 4, 4]).unwrap();
    let y = g.input("y", Batch::Fixed(1), &[3, 4, 5]).unwrap();
    let w = g.floats("w", &[2, 4, 1, 1], &[0.0; 8]).unwrap();
    let flat = g.flatten("flat", x).unwrap();

    let error = g.conv("c", x, w, None, [1, 1], [0, 0]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("node c: found 3 input channels")
    );
    let (found, wanted) = found_and_wanted(g.add("a", x, y).unwrap_err());
    assert_eq!(
        (found.as_str(), wanted.as_str()),
        ("1x3x4x5 (y)", "1x3x4x4")
    );
    found_and_wanted(g.concat("a", &[x, y], 1).unwrap_err());
    found_and_wanted(g.concat("a", &[], 1).unwrap_err());
    found_and_wanted(g.concat("a", &[x, x], 4).unwrap_err());
    found_and_wanted(g.slice("a", x, 1, 2, 4).unwrap_err());
    found_and_wanted(g.slice("a", x, 1, 2, 2).unwrap_err());
    found_and_wanted(g.squeeze("a", x, &[1]).unwrap_err());
    found_and_wanted(g.reshape("a", x, &[47]).unwrap_err());
    found_and_wanted(g.max_pool("a", flat, POOL).unwrap_err());
    let wide = Window {
        kernel: [9, 9],
        ..POOL
    };
    found_and_wanted(g.max_pool("a", x, wide).unwrap_err());
    let still = Window {
        stride: [0, 1],
        ..POOL
    };
    found_and_wanted(g.max_pool("a", x, still).unwrap_err());
    found_and_wanted(g.gemm("a", flat, w, w).unwrap_err());
    found_and_wanted(g.batch_norm("a", x, [w; 4], 0.1).unwrap_err());
    found_and_wanted(g.floats("a", &[3], &[0.0; 4]).unwrap_err());
    let huge = found_and_wanted(g.floats("a", &[usize::MAX, 2], &[]).unwrap_err());
    assert!(huge.0.contains("0 numbers"));
}

#[test]
fn names_are_used_once_and_values_stay_with_their_graph() {
    let mut g = Builder::new("names");
    let x = g.input("x", Batch::Fixed(1), &[3]).unwrap();
    let duplicate = BuildError::DuplicateName { name: "x".into() };
    assert_eq!(g.relu("x", x).unwrap_err(), duplicate);
    assert_eq!(g.floats("x", &[], &[1.0]).unwrap_err(), duplicate);
    g.output(x).unwrap();
    assert_eq!(g.output(x).unwrap_err(), duplicate);
    let y = g.relu("y", x).unwrap();
    let mut other = Builder::new("other");
    let foreign = BuildError::ForeignValue { node: "z".into() };
    assert_eq!(other.relu("z", y).unwrap_err(), foreign);
}

#[test]
fn a_graph_without_ends_is_not_written() {
    let empty = Builder::new("empty").finish().unwrap_err();
    assert!(empty.to_string().contains("no input"));
    let mut g = Builder::new("open");
    g.input("x", Batch::Fixed(1), &[3]).unwrap();
    assert!(g.finish().unwrap_err().to_string().contains("no output"));
}
