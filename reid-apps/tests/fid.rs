//! `reid fid` as its users run it, and the files that it shares with other programs.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ndarray::{Array1, Array2};
use ndarray_npy::{NpzReader, NpzWriter, write_npy};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use reid_apps::fid::{FidError, Moments, Statistics, frechet_distance, read_record};
use reid_apps::graph::mgn::{Channels, Config, Weights, build};
use reid_apps::graph::onnx::Batch;

fn drawn(rows: usize, dim: usize, seed: u64) -> Array2<f32> {
    let mut random = Pcg64::seed_from_u64(seed);
    Array2::from_shape_simple_fn((rows, dim), || {
        random.random::<f32>() + random.random::<f32>()
    })
}

fn statistics(features: &Array2<f32>) -> Statistics {
    let mut moments = Moments::new("drawn", features.ncols());
    moments.push(features.as_slice().unwrap()).unwrap();
    moments.finish().unwrap()
}

fn fid(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reid"))
        .arg("fid")
        .args(arguments)
        .current_dir(folder)
        .env_remove("ACL_LIBRARY")
        .env_remove("REID_LOG")
        .output()
        .unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{err}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs the command; it must end with `code` and say `wanted` on standard error.
fn fails(folder: &Path, arguments: &[&str], code: i32, wanted: &str) {
    let output = fid(folder, arguments);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
    assert!(
        err.contains(wanted) && !err.contains("panicked"),
        "{arguments:?} should say {wanted:?}: {err}"
    );
}

#[test]
fn moments_are_those_of_the_definition_far_from_zero_and_however_the_rows_come() {
    let (rows, dim) = (1300, 5);
    let shifted = drawn(rows, dim, 1).mapv(|value| f64::from(value) + 1e6);
    let mut whole = Moments::new("a", dim);
    whole.push(shifted.as_slice().unwrap()).unwrap();
    let whole = whole.finish().unwrap();
    let mut parts = Moments::new("a", dim);
    for part in shifted.as_slice().unwrap().chunks(7 * dim) {
        parts.push(part).unwrap();
    }
    let parts = parts.finish().unwrap();
    assert_eq!((parts.mean(), parts.sigma()), (whole.mean(), whole.sigma()));
    let mean = shifted.mean_axis(ndarray::Axis(0)).unwrap();
    let centred = &shifted - &mean;
    let wanted = centred.t().dot(&centred) / (rows - 1) as f64;
    for (found, wanted) in whole.sigma().iter().zip(&wanted) {
        assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let (one, two) = (drawn(700, 300, 1), drawn(800, 300, 2));
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| frechet_distance(&statistics(&one), &statistics(&two)).unwrap())
    };
    let found = run(1);
    for threads in [2, 3] {
        assert_eq!(run(threads), found, "{threads} threads");
    }
}

#[test]
fn too_few_rows_nan_and_broken_rows_are_refused() {
    let mut moments = Moments::new("set", 3);
    assert!(matches!(
        moments.push(&[1.0_f32; 4]),
        Err(FidError::Width {
            found: 4,
            wanted: 3,
            ..
        })
    ));
    moments.push(&[1.0_f32; 3]).unwrap();
    let error = moments
        .push(&[0.0, f32::INFINITY, 0.0])
        .unwrap_err()
        .to_string();
    assert!(error.contains("row 1, column 1 is inf"), "{error}");
    assert!(matches!(
        moments.finish(),
        Err(FidError::TooFew {
            found: 1,
            wanted: 2,
            ..
        })
    ));
}

#[test]
fn what_is_no_covariance_is_refused_and_constant_features_are_not() {
    let new = |sigma: Array2<f64>| Statistics::new("s", vec![0.0; 2], sigma, None);
    for (sigma, wanted) in [
        (ndarray::array![[1.0, 0.5], [0.4, 1.0]], "not symmetric"),
        (ndarray::array![[1.0, 2.0], [2.0, 1.0]], "at most 1e0"),
        (ndarray::array![[-1.0, 0.0], [0.0, 1.0]], "not negative"),
        (Array2::zeros((2, 3)), "2 x 3"),
        (Array2::zeros((3, 3)), "mu has 2"),
    ] {
        let error = new(sigma).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    let flat = new(Array2::zeros((2, 2))).unwrap();
    let other = new(ndarray::array![[2.0, 0.0], [0.0, 1.0]]).unwrap();
    let found = frechet_distance(&flat, &other).unwrap();
    assert_eq!((found.fid, found.ranks), (3.0, [0, 2]));
}

#[test]
fn features_statistics_and_statistics_of_other_programs_give_the_same_distance() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (one, two) = (drawn(60, 8, 1), drawn(70, 8, 2));
    write_npy(at("a.npy"), &one).unwrap();
    write_npy(at("b.npy"), &two).unwrap();
    let report = json(&fid(
        folder.path(),
        &["a.npy", "b.npy", "--save-first", "a.npz", "--json"],
    ));
    let wanted = frechet_distance(&statistics(&one), &statistics(&two))
        .unwrap()
        .fid;
    let close =
        |report: &serde_json::Value| (report["fid"].as_f64().unwrap() - wanted).abs() < 1e-12;
    assert!(close(&report), "{report} {wanted}");
    assert_eq!(
        (
            report["sets"][1]["used"].as_u64(),
            report["format"].as_u64()
        ),
        (Some(70), Some(1))
    );

    // Ours, read by another reader of numpy's files.
    let mut file = NpzReader::new(fs::File::open(at("a.npz")).unwrap()).unwrap();
    let mu: Array1<f64> = file.by_name("mu.npy").unwrap();
    let sigma: Array2<f64> = file.by_name("sigma.npy").unwrap();
    assert_eq!(mu.as_slice().unwrap(), statistics(&one).mean());
    assert_eq!(&sigma, statistics(&one).sigma());
    assert!(
        read_record(at("a.npz"))
            .unwrap()
            .unwrap()
            .contains("\"used\":60")
    );

    // Theirs, packed, without a count; and packed features.
    let mut file = NpzWriter::new_compressed(fs::File::create(at("theirs.npz")).unwrap());
    file.add_array("mu", &mu).unwrap();
    file.add_array("sigma", &sigma).unwrap();
    file.finish().unwrap();
    let mut file = NpzWriter::new_compressed(fs::File::create(at("features.npz")).unwrap());
    file.add_array("features", &two).unwrap();
    file.finish().unwrap();
    for first in ["a.npz", "theirs.npz"] {
        let report = json(&fid(folder.path(), &[first, "features.npz", "--json"]));
        assert!(close(&report), "{first}: {report} {wanted}");
    }
}

#[test]
fn few_images_are_warned_of_with_the_rank_and_ttur_drops_the_remainder() {
    let folder = tempfile::tempdir().unwrap();
    write_npy(folder.path().join("a.npy"), &drawn(130, 200, 1)).unwrap();
    let output = fid(
        folder.path(),
        &[
            "a.npy",
            "a.npy",
            "--like",
            "ttur",
            "--kid",
            "--kid-size",
            "20",
        ],
    );
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{err}");
    assert!(
        err.contains("100 images for 200 dimensions, so its covariance has rank 99"),
        "{err}"
    );
    assert!(
        out.contains("130 found, 100 used, 30 dropped") && out.contains("KID"),
        "{out}"
    );
}

#[test]
fn bad_files_are_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let good = drawn(20, 4, 1);
    write_npy(at("good.npy"), &good).unwrap();
    write_npy(at("wide.npy"), &drawn(20, 5, 1)).unwrap();
    write_npy(at("one.npy"), &drawn(1, 4, 1)).unwrap();
    write_npy(at("ints.npy"), &Array2::<i32>::zeros((3, 4))).unwrap();
    let mut nan = good.clone();
    nan[(3, 2)] = f32::NAN;
    write_npy(at("nan.npy"), &nan).unwrap();
    let bytes = fs::read(at("good.npy")).unwrap();
    fs::write(at("cut.npy"), &bytes[..bytes.len() - 9]).unwrap();
    fs::write(at("long.npy"), [bytes.as_slice(), b"x"].concat()).unwrap();
    fs::write(at("text.npy"), "no array at all").unwrap();
    fs::write(at("cut.npz"), "PK").unwrap();
    let mut file = NpzWriter::new(fs::File::create(at("half.npz")).unwrap());
    file.add_array("mu", &Array1::<f64>::zeros(4)).unwrap();
    file.finish().unwrap();
    let mut file = NpzWriter::new(fs::File::create(at("skew.npz")).unwrap());
    file.add_array("mu", &Array1::<f64>::zeros(4)).unwrap();
    file.add_array("sigma", &Array2::<f64>::zeros((4, 5)))
        .unwrap();
    file.finish().unwrap();
    for (name, wanted) in [
        ("wide.npy", "differ in dimension"),
        ("one.npy", "1 rows, wanted at least 2"),
        ("ints.npy", "dtype <i4"),
        ("nan.npy", "row 3, column 2 is NaN"),
        ("cut.npy", "ends in row 19 of 20"),
        ("long.npy", "bytes follow the last row"),
        ("text.npy", "wanted a .npy array"),
        ("cut.npz", "not a whole .npz"),
        ("half.npz", "no array sigma among [mu]"),
        ("skew.npz", "it is 4 x 5"),
        ("absent.npy", "not there"),
    ] {
        fails(folder.path(), &["good.npy", name], 1, wanted);
    }
    fails(folder.path(), &["good.npy", "."], 2, "--model");
    fails(
        folder.path(),
        &["good.npy", "good.npy", "--save-first", "x.npy"],
        2,
        "ends in .npz",
    );
    fails(
        folder.path(),
        &["good.npy", "good.npy", "--save-first", "no/x.npz"],
        3,
        "x.npz",
    );
    assert!(!at("no").exists());
}

/// Makes a small model, its recipe, and two folders of pictures.
fn pictures(folder: &Path) {
    let config = Config {
        channels: Channels::divided(16, 8).unwrap(),
        batch: Batch::Fixed(4),
        height: 192,
        width: 64,
        ..Config::reduced()
    };
    let onnx = folder.join("model.onnx");
    fs::write(
        &onnx,
        build(&config, &Weights::seeded(&config, 1).unwrap()).unwrap(),
    )
    .unwrap();
    ascendcl::atc::convert(&onnx, &ascendcl::atc::Options::default()).unwrap();
    fs::write(folder.join("model.toml"), "height = 192\nwidth = 64\n").unwrap();
    let mut random = Pcg64::seed_from_u64(9);
    for set in ["real", "made"] {
        let inner = folder.join(set).join("0001");
        fs::create_dir_all(&inner).unwrap();
        for picture in 0..7 {
            let mut bytes = b"P6 16 32 255\n".to_vec();
            bytes.extend((0..16 * 32 * 3).map(|_| random.random::<u8>()));
            fs::write(inner.join(format!("{picture}.ppm")), bytes).unwrap();
        }
    }
}

#[test]
fn folders_go_through_the_model_and_the_cache_and_say_that_the_device_is_simulated() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    pictures(root);
    let base = [
        "real",
        "made",
        "--model",
        "model.om",
        "--backend",
        "sim",
        "--json",
    ];
    let plain = json(&fid(root, &base));
    assert!(plain["fid"].as_f64().unwrap() > 0.0);
    assert_eq!(plain["network"]["simulated"], true);
    assert_eq!(plain["sets"][0]["used"], 7);
    assert!(
        plain["warnings"].to_string().contains("7 images for"),
        "{}",
        plain["warnings"]
    );
    let cached = [&base[..], &["--cache", "kept"]].concat();
    for round in 0..2 {
        assert_eq!(
            json(&fid(root, &cached))["fid"],
            plain["fid"],
            "round {round}"
        );
        assert_eq!(fs::read_dir(root.join("kept")).unwrap().count(), 2);
    }
    // Another picture is another set.
    fs::copy(root.join("made/0001/0.ppm"), root.join("real/0001/0.ppm")).unwrap();
    assert_ne!(json(&fid(root, &cached))["fid"], plain["fid"]);

    fs::write(root.join("real/0001/3.ppm"), "P6 16 32 255\nshort").unwrap();
    fails(root, &base, 1, "3.ppm");
    fs::write(root.join("model.toml"), "height = 96\nwidth = 64\n").unwrap();
    fails(root, &base, 3, "the recipe makes [N, 3, 96, 64]");
    fs::remove_file(root.join("model.toml")).unwrap();
    fails(root, &base, 3, "needs a recipe");
}
