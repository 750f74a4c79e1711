//! The engine against reference outputs made by other programs (onnxruntime and torch).
//!
//! Folder: `GOLDEN_DIR`, else `../shared/golden` beside the workspace; `onnx/` in it holds `<net>_div16_*.onnx`, for
//! each `<name>_ortout.npz` (onnxruntime 1.32, array `out`), and `<net>_div16_ref.npz` (torch, batch 4). Inputs are
//! drawn again: net `mgn` by RandomState(7), net `dgnet` by RandomState(8), first input first, batch 4 of which a
//! smaller batch takes the first rows.
//!
//! Metric: max |a - b| / max |b| over the tensor, at most 1e-4: the sums of both programs are in another order, and
//! each of some 100 layers adds about 1e-7.
#![allow(clippy::unwrap_used)]

#[path = "../../tests/common/numpy_random.rs"]
mod numpy_random;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ascendcl::atc::{self, Options};
use ascendcl::exec::{Gears, ModelImage};
use ndarray::{ArrayD, OwnedRepr};
use ndarray_npy::NpzReader;
use numpy_random::RandomState;

const TOLERANCE: f64 = 1e-4;
const DRAWN_BATCH: usize = 4;

fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("GOLDEN_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/golden")),
        PathBuf::from,
    );
    let folder = root.join("onnx");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: golden vectors not found at {}", folder.display());
    None
}

fn networks(folder: &Path) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "onnx"))
        .filter(|p| stem(p).contains("_div16"))
        .collect();
    list.sort();
    list
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// Float arrays of an archive by name; others (notes) are left out.
fn arrays(path: &Path) -> HashMap<String, ArrayD<f32>> {
    let Ok(file) = std::fs::File::open(path) else {
        return HashMap::new();
    };
    let mut archive = NpzReader::new(file).unwrap();
    let names = archive.names().unwrap();
    let read = |name: String| {
        let array = archive
            .by_name::<OwnedRepr<f32>, ndarray::IxDyn>(&name)
            .ok()?;
        Some((name.trim_end_matches(".npy").to_owned(), array))
    };
    names.into_iter().filter_map(read).collect()
}

/// The net's inputs for `batch` rows, as bytes, from the element counts of one row.
fn inputs(net: &str, rows: &[usize], batch: usize) -> Vec<Vec<u8>> {
    let mut rs = RandomState::new(if net.starts_with("mgn") { 7 } else { 8 });
    let draw = |n: &usize| {
        let all = normals(&mut rs, DRAWN_BATCH * n);
        bytemuck::cast_slice(&all[..batch * n]).to_vec()
    };
    rows.iter().map(draw).collect()
}

/// Runs with `batch` rows and gives the first output.
fn run(model: &ModelImage, net: &str, batch: usize) -> ArrayD<f32> {
    let data: Vec<_> = model
        .info()
        .inputs
        .iter()
        .filter(|i| i.name != "ascend_mbatch_shape_data")
        .collect();
    let shape =
        |dims: &[i64]| -> Vec<i64> { [&[i64::try_from(batch).unwrap()], &dims[1..]].concat() };
    let shapes: Vec<Vec<i64>> = data.iter().map(|i| shape(&i.dims)).collect();
    let rows: Vec<usize> = data
        .iter()
        .map(|i| {
            i.dims[1..]
                .iter()
                .map(|&d| usize::try_from(d).unwrap())
                .product()
        })
        .collect();
    let bytes = inputs(net, &rows, batch);
    let views: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    let output = model.run(&views, &shapes).unwrap().swap_remove(0);
    let dims: Vec<usize> = output
        .dims
        .iter()
        .map(|&d| usize::try_from(d).unwrap())
        .collect();
    let values = output
        .bytes
        .chunks_exact(4)
        .map(bytemuck::pod_read_unaligned)
        .collect();
    ArrayD::from_shape_vec(dims, values).unwrap()
}

/// Compares the first rows of `got` with `want`, as far as both have them; gives the metric.
fn compare(what: &str, got: &ArrayD<f32>, want: &ArrayD<f32>) -> f64 {
    assert_eq!(got.shape()[1..], want.shape()[1..], "{what}");
    let shared = got.shape()[0].min(want.shape()[0]) * want.shape()[1..].iter().product::<usize>();
    let pairs = got.iter().zip(want).take(shared);
    let (mut difference, mut scale) = (0f64, 0f64);
    for (a, b) in pairs {
        assert!(a.is_finite(), "{what}");
        difference = difference.max(f64::from((a - b).abs()));
        scale = scale.max(f64::from(b.abs()));
    }
    let metric = difference / scale;
    println!("{what}: {metric:.1e} ({:?})", got.shape());
    assert!(
        metric <= TOLERANCE,
        "{what}: found {metric:e}, wanted at most {TOLERANCE:e}"
    );
    metric
}

#[test]
fn golden_networks_give_the_reference_outputs() {
    let Some(folder) = folder() else { return };
    let mut compared = 0;
    for path in networks(&folder) {
        let name = stem(&path);
        let net = name.split('_').next().unwrap().to_owned();
        let dynamic = name.ends_with("_dyn");
        let mut options = Options::default();
        if dynamic {
            options.input_shape = vec![("image".into(), vec![-1, 3, 384, 128])];
            options.dynamic_batch_size = vec![1, 4];
        }
        let onnx = std::fs::read(&path).unwrap();
        let model =
            ModelImage::parse(&atc::convert_bytes(&onnx, &name, &options).unwrap()).unwrap();
        let batches: Vec<usize> = match &model.info().gears {
            Gears::Batch(b) => b.iter().map(|&b| usize::try_from(b).unwrap()).collect(),
            _ => vec![usize::try_from(model.info().inputs[0].dims[0]).unwrap()],
        };
        let ort = arrays(&folder.join(format!("{name}_ortout.npz")));
        let torch = arrays(&folder.join(format!("{net}_div16_ref.npz")));
        for batch in batches {
            let got = run(&model, &net, batch);
            assert_eq!(got.shape()[0], batch, "{name}");
            for (array, want) in ort
                .iter()
                .chain(torch.iter().filter(|(k, _)| k.ends_with("_bs4")))
            {
                compare(&format!("{name} batch {batch} against {array}"), &got, want);
                compared += 1;
            }
        }
    }
    println!("{compared} comparisons");
}

/// Draws `count` numbers as `normal(size=count).astype(float32)` does.
#[allow(clippy::cast_possible_truncation)]
fn normals(random: &mut RandomState, count: usize) -> Vec<f32> {
    (0..count).map(|_| random.normal(0.0, 1.0) as f32).collect()
}

#[test]
fn draws_are_numpys() {
    // RandomState(7).normal(size=4), and the bits of RandomState(8).normal(size=3)
    let want7 = [
        1.690_525_703_800_356_f64,
        -0.465_937_370_540_832_8,
        0.032_820_163_678_584_4,
        0.407_516_282_996_507_83,
    ];
    let mut rs = RandomState::new(7);
    for want in want7 {
        assert!((rs.normal(0.0, 1.0) - want).abs() < 1e-14, "{want}");
    }
    let mut rs = RandomState::new(8);
    for bits in [
        0x3fb7_5931_3b1f_81c0u64,
        0x3ff1_75e4_e221_7dc5,
        0xbfff_26ca_56b8_8ebf,
    ] {
        let want = f64::from_bits(bits);
        assert!((rs.normal(0.0, 1.0) - want).abs() <= want.abs() * 4.0 * f64::EPSILON);
    }
    // The last of RandomState(7).normal(size=(4, 3, 384, 128)), and the sum: the whole sequence is right.
    let mut rs = RandomState::new(7);
    let (mut sum, mut last) = (0.0, 0.0);
    for _ in 0..4 * 3 * 384 * 128 {
        last = rs.normal(0.0, 1.0);
        sum += last;
    }
    assert!((last - f64::from_bits(0x3fe3_db5a_b2eb_63d3)).abs() < 1e-14);
    assert!((sum - -489.386_412_028_852_5_f64).abs() < 1e-6, "{sum}");
}
