#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use ndarray::Array2;

use super::top::Top;
use super::*;
use crate::data::{Camera, PersonId};
use crate::eval::{FeatureDistances, Metric, embed, full_matrix};
use crate::features::{
    DataInfo, DeviceInfo, Features, ModelInfo, Provenance, Row, SetFeatures, ToolInfo,
};

/// Features of few values, so that many rows are equal and many distances tie.
fn set(rows: usize, dim: usize, seed: usize) -> SetFeatures {
    let value = |row: usize, column: usize, pass: usize| {
        let mixed = (row % 97 * 31 + column * 17 + pass * 5 + seed) % 11;
        mixed as f32 + if column == 0 { 1.0 } else { 0.0 }
    };
    SetFeatures {
        rows: (0..rows)
            .map(|row| Row {
                name: format!("{row:05}.jpg"),
                id: PersonId(i32::try_from(row % 97).unwrap()),
                camera: Camera(1),
            })
            .collect(),
        plain: Array2::from_shape_fn((rows, dim), |(r, c)| value(r, c, 0)),
        flip: Array2::from_shape_fn((rows, dim), |(r, c)| value(r, c, 1)),
    }
}

fn features(rows: usize, dim: usize) -> Features {
    Features {
        provenance: Provenance {
            run: "1".into(),
            simulated: true,
            device: DeviceInfo::default(),
            model: ModelInfo {
                file: "mgn.om".into(),
                sha256: "aa".into(),
                dim,
                batch: 1,
            },
            data: DataInfo::default(),
            failed: Vec::new(),
            tool: ToolInfo::default(),
        },
        query: set(7, dim, 3),
        gallery: set(rows, dim, 0),
    }
}

fn written(features: &Features) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    features.write(folder.path()).unwrap();
    folder
}

fn unit(set: &SetFeatures) -> Array2<f32> {
    embed("features", set.plain.view(), set.flip.view()).unwrap()
}

/// Sorts the whole matrix, the plain way.
fn brute_force(features: &Features, metric: Metric, top: usize) -> Vec<Vec<Hit>> {
    let (query, gallery) = (unit(&features.query), unit(&features.gallery));
    let matrix = full_matrix(&FeatureDistances::new(metric, query.view(), gallery.view()).unwrap());
    let rows = matrix.rows().into_iter().map(|row| {
        let hits = row.iter().enumerate();
        let mut hits: Vec<Hit> = hits.map(|(row, &distance)| Hit { row, distance }).collect();
        hits.sort_by(|a, b| {
            (a.distance, a.row)
                .partial_cmp(&(b.distance, b.row))
                .unwrap()
        });
        hits.truncate(top);
        hits
    });
    rows.collect()
}

#[test]
fn the_answers_are_those_of_brute_force_to_the_last_bit_for_every_piece_and_number_of_threads() {
    let features = features(1000, 24);
    let folder = written(&features);
    let gallery = Gallery::open(folder.path()).unwrap();
    let query = unit(&features.query);
    for metric in [Metric::Euclidean, Metric::Cosine, Metric::Dot] {
        let wanted = brute_force(&features, metric, 30);
        for (memory, threads) in [(1, 1), (1, 3), (200_000, 2), (1 << 28, 4)] {
            let options = SearchOptions {
                metric,
                top: 30,
                memory,
            };
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let found = pool.install(|| search(&gallery, query.view(), &options).unwrap());
            assert_eq!(found, wanted, "{metric}, {memory} bytes, {threads} threads");
        }
    }
}

#[test]
fn more_answers_than_rows_are_all_rows() {
    let features = features(5, 4);
    let folder = written(&features);
    let gallery = Gallery::open(folder.path()).unwrap();
    let options = SearchOptions {
        top: 100,
        ..SearchOptions::default()
    };
    let found = search(&gallery, unit(&features.query).view(), &options).unwrap();
    assert_eq!(found, brute_force(&features, Metric::Euclidean, 100));
    assert_eq!(found[0].len(), 5);
}

#[test]
fn equal_distances_stand_in_row_order_whatever_the_order_of_offers() {
    let offers = [(2.0, 4), (1.0, 9), (1.0, 3), (2.0, 1), (1.0, 5), (0.5, 8)];
    for shift in 0..offers.len() {
        let mut top = Top::new(4);
        for index in 0..offers.len() {
            let (distance, row) = offers[(index + shift) % offers.len()];
            top.offer(distance, row);
        }
        let wanted = vec![(0.5, 8), (1.0, 3), (1.0, 5), (1.0, 9)];
        assert_eq!(top.into_sorted(), wanted, "shift {shift}");
    }
}

#[test]
fn names_are_picked_out_without_the_others() {
    let folder = written(&features(50, 4));
    let gallery = Gallery::open(folder.path()).unwrap();
    assert_eq!(gallery.rows(), 50);
    let who = gallery.who(&[0, 17, 49, 1000].into()).unwrap();
    let mut names: Vec<_> = who.values().map(|row| row.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["00000.jpg", "00017.jpg", "00049.jpg"]);
    assert_eq!(who[&17].id, PersonId(17));
}

/// Searches a folder whose file was changed, and returns what the error says.
fn refused(change: impl FnOnce(&Path)) -> String {
    let features = features(20, 4);
    let folder = written(&features);
    change(folder.path());
    let query = unit(&features.query);
    let done = Gallery::open(folder.path())
        .map_err(SearchError::from)
        .and_then(|gallery| search(&gallery, query.view(), &SearchOptions::default()));
    done.unwrap_err().to_string()
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_gallery_is_refused_by_file_with_what_was_found() {
    type Change = fn(&Path);
    let cases: [(&str, Change, &[&str]); 9] = [
        (
            "cut",
            |f| edit(&f.join("gallery.npy"), |b| b.truncate(b.len() - 5)),
            &["gallery.npy", "cut"],
        ),
        (
            "cut in the header",
            |f| edit(&f.join("gallery_flip.npy"), |b| b.truncate(9)),
            &["gallery_flip.npy", "cut in its header"],
        ),
        (
            "too long",
            |f| edit(&f.join("gallery.npy"), |b| b.push(0)),
            &["1 bytes too many"],
        ),
        (
            "no npy",
            |f| edit(&f.join("gallery.npy"), |b| b[0] = b'x'),
            &["does not begin"],
        ),
        (
            "one number changed",
            |f| {
                edit(&f.join("gallery.npy"), |b| {
                    let n = b.len();
                    b[n - 4] ^= 1;
                })
            },
            &["sha256", "meta.json says"],
        ),
        (
            "not a number",
            |f| {
                edit(&f.join("gallery_flip.npy"), |b| {
                    let n = b.len();
                    b[n - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
                })
            },
            &["gallery_flip.npy", "row 19 (00019.jpg), column 3 is NaN"],
        ),
        (
            "zero",
            |f| {
                edit(&f.join("gallery.npy"), |b| {
                    let n = b.len();
                    b[n - 16..].fill(0);
                })
            },
            &["row 19 (00019.jpg) is zero throughout"],
        ),
        (
            "absent",
            |f| fs::remove_file(f.join("gallery.npy")).unwrap(),
            &["gallery.npy", "No such file"],
        ),
        (
            "unfinished",
            |f| fs::remove_file(f.join("meta.json")).unwrap(),
            &["no meta.json here"],
        ),
    ];
    for (name, change, wanted) in cases {
        let text = refused(change);
        for wanted in wanted {
            assert!(
                text.contains(wanted),
                "{name}: should say {wanted:?}: {text}"
            );
        }
    }
}

#[test]
fn another_dtype_another_order_and_another_shape_are_told_apart() {
    let header = |from: &'static str, to: &'static str| {
        move |folder: &Path| {
            edit(&folder.join("gallery.npy"), |bytes| {
                let place = bytes.windows(from.len()).position(|w| w == from.as_bytes());
                let place = place.unwrap();
                bytes[place..place + from.len()].copy_from_slice(to.as_bytes());
            });
        }
    };
    for (from, to, wanted) in [
        ("<f4", "<i4", "dtype <i4"),
        ("False", "True ", "Fortran order"),
        ("(20, 4)", "(80,  )", "1 axes"),
        ("(20, 4)", "(10, 8)", "found rows 10"),
        ("(20, 4)", "(99, 4)", "the file is cut"),
    ] {
        let text = refused(header(from, to));
        assert!(text.contains(wanted), "{wanted:?}: {text}");
    }
}

#[test]
fn a_gallery_that_is_not_there_and_another_layout_are_named() {
    let error = Gallery::open(Path::new("/nonexistent/gallery")).unwrap_err();
    assert!(
        error.to_string().contains("/nonexistent/gallery/meta.json"),
        "{error}"
    );
    let text = refused(|folder| {
        fs::write(folder.join("meta.json"), "{\"format\": 99}").unwrap();
    });
    assert!(text.contains("layout 99, wanted 1"), "{text}");
}

#[test]
fn queries_of_another_model_or_length_are_refused() {
    let folder = written(&features(20, 4));
    let gallery = Gallery::open(folder.path()).unwrap();
    let mut other = features(20, 4);
    other.provenance.model.sha256 = "bb".into();
    let other = written(&other);
    let error = Queries::read(other.path(), &[], &gallery)
        .unwrap_err()
        .to_string();
    for wanted in ["bb", "aa", "mgn.om", "cannot be compared"] {
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
    let wide = written(&features(20, 6));
    let error = Queries::read(wide.path(), &[], &gallery).unwrap_err();
    assert!(
        matches!(
            error,
            SearchError::Dim {
                found: 6,
                wanted: 4,
                ..
            }
        ),
        "{error}"
    );
    let error = Queries::read(&wide.path().join("query.npy"), &[], &gallery).unwrap_err();
    assert!(
        matches!(
            error,
            SearchError::Dim {
                found: 6,
                wanted: 4,
                ..
            }
        ),
        "{error}"
    );
    let query = Array2::from_elem((1, 6), 1.0_f32);
    let error = search(&gallery, query.view(), &SearchOptions::default()).unwrap_err();
    assert!(
        matches!(
            error,
            SearchError::Dim {
                found: 6,
                wanted: 4,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn queries_come_from_a_folder_by_name_and_from_a_matrix_by_row() {
    let features = features(20, 4);
    let folder = written(&features);
    let gallery = Gallery::open(folder.path()).unwrap();
    let all = Queries::read(folder.path(), &[], &gallery).unwrap();
    assert_eq!(all.features, unit(&features.query));
    let names = ["00005.jpg".to_owned(), "00001.jpg".to_owned()];
    let two = Queries::read(folder.path(), &names, &gallery).unwrap();
    assert_eq!(two.names, names);
    assert_eq!(two.features.row(0), all.features.row(5));
    let rows = Queries::read(&folder.path().join("query.npy"), &[], &gallery).unwrap();
    assert_eq!((rows.names.len(), rows.names[6].as_str()), (7, "row 6"));
    let error = Queries::read(folder.path(), &["x".to_owned()], &gallery).unwrap_err();
    assert!(
        error.to_string().contains("names look like 00000.jpg"),
        "{error}"
    );
}
