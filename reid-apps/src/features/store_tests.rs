#![allow(clippy::unwrap_used)]

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use ndarray::{Array1, Array3, ShapeBuilder, array};
use ndarray_npy::{WriteNpyExt, write_npy};

use super::*;
use crate::data::{Camera, PersonId};
use crate::features::{DataInfo, DeviceInfo, FailedImage, ModelInfo, ToolInfo};

fn row(name: &str, id: i32, camera: u32) -> Row {
    Row {
        name: name.to_owned(),
        id: PersonId(id),
        camera: Camera(camera),
    }
}

fn sample(shift: f32) -> Features {
    let query = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]] + shift;
    let gallery = array![[1.5, 2.0, 3.0], [4.0, 5.5, 6.0], [7.0, 8.0, 9.5]] + shift;
    Features {
        provenance: Provenance {
            run: "0123456789abcdef".to_owned(),
            simulated: true,
            device: DeviceInfo {
                soc: "Ascend310P3".to_owned(),
                ..DeviceInfo::default()
            },
            model: ModelInfo {
                dim: 3,
                batch: 2,
                ..ModelInfo::default()
            },
            data: DataInfo {
                root: "Market".to_owned(),
                protocol: "market1501".to_owned(),
            },
            failed: vec![FailedImage {
                file: "bad.jpg".to_owned(),
                error: "cut".to_owned(),
            }],
            tool: ToolInfo::default(),
        },
        query: SetFeatures {
            rows: vec![row("q0", 1, 1), row("q1", 2, 2)],
            flip: &query + 0.25,
            plain: query,
        },
        gallery: SetFeatures {
            rows: vec![row("g0", 1, 2), row("g1", 2, 3), row("g2", 0, 1)],
            flip: &gallery + 0.25,
            plain: gallery,
        },
    }
}

fn written(features: &Features) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    features.write(folder.path()).unwrap();
    folder
}

fn failure(folder: &Path) -> FeatureError {
    Features::read(folder).unwrap_err()
}

/// Replaces a file and puts its new hash into `meta.json`, as one who forges a run would.
fn replace(folder: &Path, file: &str, write: impl FnOnce(&Path)) {
    let path = folder.join(file);
    let meta_path = folder.join(META);
    let old = matrix_file::read(&path).unwrap().1;
    write(&path);
    use sha2::{Digest, Sha256};
    let new = files::hex(&Sha256::digest(fs::read(&path).unwrap()));
    let meta = fs::read_to_string(&meta_path).unwrap();
    fs::write(&meta_path, meta.replace(&old, &new)).unwrap();
}

#[test]
fn what_is_written_is_read_back() {
    let features = sample(0.0);
    let folder = written(&features);
    assert_eq!(Features::read(folder.path()).unwrap(), features);
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "gallery.npy",
            "gallery_flip.npy",
            META,
            "query.npy",
            "query_flip.npy"
        ]
    );
}

#[test]
fn meta_has_the_documented_keys() {
    let folder = written(&sample(0.0));
    let meta: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join(META)).unwrap()).unwrap();
    assert_eq!(meta["format"], 1);
    assert_eq!(meta["run"], "0123456789abcdef");
    assert_eq!(meta["simulated"], true);
    assert_eq!(meta["device"]["soc"], "Ascend310P3");
    assert_eq!(meta["model"]["dim"], 3);
    assert_eq!(meta["data"]["protocol"], "market1501");
    assert_eq!(meta["sets"]["gallery"]["rows"][1]["name"], "g1");
    assert_eq!(meta["sets"]["gallery"]["rows"][1]["id"], 2);
    assert_eq!(meta["sets"]["gallery"]["rows"][1]["camera"], 3);
    assert_eq!(
        meta["sets"]["query"]["plain_sha256"]
            .as_str()
            .unwrap()
            .len(),
        64
    );
    assert_eq!(meta["failed"][0]["file"], "bad.jpg");
    assert_eq!(meta["tool"]["name"], "reid");
}

#[test]
fn a_transposed_matrix_is_written_in_c_order() {
    let mut features = sample(0.0);
    features.query.plain =
        Array2::from_shape_vec((2, 3).f(), vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]).unwrap();
    let folder = written(&features);
    assert_eq!(Features::read(folder.path()).unwrap(), features);
}

#[test]
fn a_file_of_another_run_is_named_with_both_hashes() {
    let (one, two) = (written(&sample(0.0)), written(&sample(0.5)));
    let path = one.path().join("gallery_flip.npy");
    fs::copy(two.path().join("gallery_flip.npy"), &path).unwrap();
    let error = failure(one.path());
    assert!(
        matches!(&error, FeatureError::Mixed { what: "sha256", .. }),
        "{error}"
    );
    let text = error.to_string();
    for part in [
        "features of two runs mixed",
        "gallery_flip.npy",
        "meta.json says",
        "run `reid mgn extract` again",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn other_row_counts_and_widths_are_mixed_runs() {
    let folder = written(&sample(0.0));
    replace(folder.path(), "query_flip.npy", |path| {
        write_npy(path, &Array2::<f32>::ones((1, 3))).unwrap();
    });
    let error = failure(folder.path());
    assert!(
        matches!(&error, FeatureError::Mixed { what: "rows", .. }),
        "{error}"
    );

    let folder = written(&sample(0.0));
    replace(folder.path(), "gallery.npy", |path| {
        write_npy(path, &Array2::<f32>::ones((3, 4))).unwrap();
    });
    let error = failure(folder.path());
    assert!(
        matches!(
            &error,
            FeatureError::Mixed {
                what: "numbers per row",
                ..
            }
        ),
        "{error}"
    );

    let mut short = sample(0.0);
    short.gallery.rows.pop();
    let error = short.write(folder.path()).unwrap_err();
    assert!(
        matches!(&error, FeatureError::Mixed { what: "rows", .. }),
        "{error}"
    );
}

#[test]
fn a_cut_file_and_extra_bytes_are_damage() {
    for length in [0, 5, 60, 130, 141] {
        let folder = written(&sample(0.0));
        let file = OpenOptions::new()
            .write(true)
            .open(folder.path().join("query.npy"))
            .unwrap();
        file.set_len(length).unwrap();
        let error = failure(folder.path());
        assert!(
            matches!(&error, FeatureError::Damaged { .. }),
            "{length}: {error}"
        );
        assert!(error.to_string().contains("query.npy"), "{error}");
    }
    let folder = written(&sample(0.0));
    let mut file = OpenOptions::new()
        .append(true)
        .open(folder.path().join("query.npy"))
        .unwrap();
    file.write_all(b"tail").unwrap();
    let error = failure(folder.path());
    assert!(error.to_string().contains("4 bytes too many"), "{error}");
}

#[test]
fn another_dtype_order_or_number_of_axes_is_refused() {
    type Case = (&'static str, fn(&Path));
    let cases: [Case; 4] = [
        ("dtype '<f8'", |path| {
            write_npy(path, &Array2::<f64>::ones((2, 3))).unwrap()
        }),
        ("Fortran order", |path| {
            write_npy(path, &Array2::<f32>::ones((2, 3).f())).unwrap()
        }),
        ("1 axes", |path| {
            write_npy(path, &Array1::<f32>::ones(6)).unwrap()
        }),
        ("3 axes", |path| {
            write_npy(path, &Array3::<f32>::ones((1, 2, 3))).unwrap()
        }),
    ];
    for (wanted, write) in cases {
        let folder = written(&sample(0.0));
        replace(folder.path(), "query.npy", write);
        let error = failure(folder.path()).to_string();
        assert!(
            error.contains(wanted) && error.contains("query.npy"),
            "{error}"
        );
    }
}

#[test]
fn a_number_that_is_not_finite_and_a_zero_row_are_named_by_file_row_and_image() {
    for value in [f32::NAN, f32::INFINITY] {
        let mut features = sample(0.0);
        features.gallery.flip[[1, 2]] = value;
        let error = failure(written(&features).path()).to_string();
        assert!(
            error.contains("gallery_flip.npy: row 1 (g1), column 2 is"),
            "{error}"
        );
    }
    let mut features = sample(0.0);
    features.query.plain.row_mut(0).fill(-0.0);
    let error = failure(written(&features).path()).to_string();
    assert!(
        error.contains("query.npy: row 0 (q0) is zero throughout"),
        "{error}"
    );
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    let mut features = sample(0.0);
    features.gallery.rows[2].name = "g0".to_owned();
    let error = failure(written(&features).path()).to_string();
    assert!(
        error.contains("g0 is both row 0 and row 2 of gallery"),
        "{error}"
    );
}

#[test]
fn a_folder_without_meta_or_with_a_strange_one_says_so() {
    let folder = written(&sample(0.0));
    let path: PathBuf = folder.path().join(META);
    let text = fs::read_to_string(&path).unwrap();

    fs::write(&path, text.replace("\"format\": 1", "\"format\": 7")).unwrap();
    assert!(matches!(
        failure(folder.path()),
        FeatureError::Format { found: 7, .. }
    ));
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    assert!(matches!(failure(folder.path()), FeatureError::Meta { .. }));
    fs::write(&path, "{}").unwrap();
    assert!(matches!(failure(folder.path()), FeatureError::Meta { .. }));
    fs::remove_file(&path).unwrap();
    assert!(matches!(
        failure(folder.path()),
        FeatureError::Incomplete { .. }
    ));
    let absent = failure(&folder.path().join("absent"));
    assert!(matches!(absent, FeatureError::Io { .. }), "{absent}");
}

#[test]
fn a_failed_write_leaves_no_meta_and_no_temporary_file() {
    let folder = written(&sample(0.0));
    // A folder in the place of the second file makes the rename fail.
    fs::remove_file(folder.path().join("query_flip.npy")).unwrap();
    fs::create_dir_all(folder.path().join("query_flip.npy/x")).unwrap();
    assert!(matches!(
        sample(0.5).write(folder.path()),
        Err(FeatureError::Io { .. })
    ));
    assert!(matches!(
        failure(folder.path()),
        FeatureError::Incomplete { .. }
    ));
    let partial = fs::read_dir(folder.path()).unwrap().any(|entry| {
        entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .ends_with(".partial")
    });
    assert!(!partial);
}

#[test]
fn a_written_matrix_is_the_bytes_that_numpy_would_expect() {
    let folder = written(&sample(0.0));
    let mut expected = Vec::new();
    sample(0.0).query.plain.write_npy(&mut expected).unwrap();
    let bytes = fs::read(folder.path().join("query.npy")).unwrap();
    assert_eq!(bytes, expected);
    assert!(bytes.starts_with(b"\x93NUMPY"));
}
