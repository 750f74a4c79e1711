#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array2, array};
use tempfile::TempDir;

use super::ForeignFeatures;
use crate::features::FeatureError;

/// Files that `testdata/make.py` wrote, with numpy 2 and scipy 1.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/features/foreign/testdata")
        .join(name)
}

fn failure(path: &Path) -> String {
    ForeignFeatures::read(path).unwrap_err().to_string()
}

fn wanted(rows: u8) -> Array2<f32> {
    Array2::from_shape_fn((usize::from(rows), 2), |(row, column)| {
        [row as f32 + 1.0, -0.5][column]
    })
}

#[test]
fn arrays_of_scipy_and_numpy_are_read_alike() {
    for name in [
        "plain.mat",
        "compressed.mat",
        "doubles.mat",
        "plain.npz",
        "compressed.npz",
    ] {
        let found = ForeignFeatures::read(data(name)).unwrap();
        assert_eq!(found.query.plain, wanted(3), "{name}");
        assert_eq!(found.gallery.plain, wanted(4), "{name}");
        assert_eq!(found.gallery.flip, None, "{name}");
        let truth: Vec<_> = found
            .gallery
            .rows
            .iter()
            .map(|row| (row.name.as_str(), row.id.0, row.camera.0))
            .collect();
        assert_eq!(
            truth,
            [
                ("gallery[0]", 1, 2),
                ("gallery[1]", 2, 3),
                ("gallery[2]", 3, 300),
                ("gallery[3]", 0, 2)
            ],
            "{name}"
        );
    }
}

#[test]
fn other_dtypes_and_orders_are_named_with_their_array() {
    let text = failure(&data("doubles.npz"));
    assert!(text.contains("query_f") && text.contains("<f8"), "{text}");
    let text = failure(&data("columns.npz"));
    assert!(
        text.contains("gallery_f") && text.contains("Fortran order"),
        "{text}"
    );
}

#[test]
fn a_file_cut_anywhere_is_an_error_and_no_crash() {
    let folder = TempDir::new().unwrap();
    for name in ["plain.mat", "compressed.mat", "plain.npz", "compressed.npz"] {
        let whole = fs::read(data(name)).unwrap();
        let path = folder.path().join(name);
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            // What fills the last element up may be missing; nothing else may.
            match ForeignFeatures::read(&path) {
                Err(error) => assert!(error.to_string().contains(name), "{name} {length}: {error}"),
                Ok(found) => assert_eq!(found.gallery.plain, wanted(4), "{name} {length}"),
            }
        }
    }
}

#[test]
fn damaged_bytes_are_an_error_or_other_numbers_and_no_crash() {
    let folder = TempDir::new().unwrap();
    for name in ["plain.mat", "compressed.mat", "plain.npz", "compressed.npz"] {
        let whole = fs::read(data(name)).unwrap();
        let path = folder.path().join(name);
        for at in 0..whole.len() {
            for bits in [0xff, 0x80] {
                let mut bytes = whole.clone();
                bytes[at] ^= bits;
                fs::write(&path, bytes).unwrap();
                drop(ForeignFeatures::read(&path));
            }
        }
    }
}

#[test]
fn files_of_another_kind_say_what_to_do() {
    let folder = TempDir::new().unwrap();
    let cases: [(&str, &[u8], &str); 4] = [
        ("a.mat", b"MATLAB 7.3 MAT-file, and so on", "savemat"),
        ("b.mat", b"nothing of the kind", "does not begin"),
        ("c.npz", b"nothing of the kind", "no whole ZIP archive"),
        ("d.json", b"{\"query\": 3}", "wanted for query and gallery"),
    ];
    for (name, bytes, wanted) in cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let text = failure(&path);
        assert!(text.contains(name) && text.contains(wanted), "{text}");
    }
    assert!(failure(Path::new("features.pkl")).contains("wanted .npz, .mat or .json"));
}

/// A description, with a gallery as bare numbers and queries as text.
struct Described {
    folder: TempDir,
    json: serde_json::Value,
}

impl Described {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("q.txt"), "# two rows\n1 2.5\n\n3,\t-4\n").unwrap();
        let numbers: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        fs::write(folder.path().join("g.bin"), numbers).unwrap();
        let json = serde_json::json!({
            "query": {"features": "q.txt", "ids": [1, 2], "cameras": [1, 1], "names": ["a", "b"]},
            "gallery": {"features": "g.bin", "dtype": "<f4", "shape": [3, 2],
                        "ids": [1, 2, 0], "cameras": [2, 2, 3]},
        });
        Self { folder, json }
    }

    fn read(&self) -> Result<ForeignFeatures, FeatureError> {
        let path = self.folder.path().join("sets.json");
        fs::write(&path, self.json.to_string()).unwrap();
        ForeignFeatures::read(path)
    }

    fn fails(edit: impl FnOnce(&mut Self), wanted: &[&str]) {
        let mut described = Self::new();
        edit(&mut described);
        let text = described.read().unwrap_err().to_string();
        for word in wanted {
            assert!(text.contains(word), "{word:?} not in {text}");
        }
    }
}

#[test]
fn a_description_joins_text_and_bare_numbers_with_persons_and_cameras() {
    let mut described = Described::new();
    let found = described.read().unwrap();
    assert_eq!(found.query.plain, array![[1.0, 2.5], [3.0, -4.0]]);
    assert_eq!(
        found.gallery.plain,
        array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    );
    assert_eq!(found.query.rows[1].name, "b");
    assert_eq!(found.gallery.rows[2].name, "gallery[2]");
    described.json["query"]["flip"] = "q.txt".into();
    assert_eq!(
        described.read().unwrap().query.flip,
        Some(found.query.plain)
    );
}

#[test]
fn parts_that_do_not_belong_together_are_named_with_file_and_row() {
    let write = |name: &'static str, text: &'static str| {
        move |d: &mut Described| fs::write(d.folder.path().join(name), text).unwrap()
    };
    let set = |set: &'static str, key: &'static str, value: serde_json::Value| {
        move |d: &mut Described| d.json[set][key] = value
    };
    Described::fails(
        write("q.txt", "1 nan\n3 4"),
        &["q.txt", "row 0 (a), column 1"],
    );
    Described::fails(write("q.txt", "1 2\n0 0"), &["q.txt", "row 1 (b) is zero"]);
    Described::fails(
        write("q.txt", "1 2\n3"),
        &["q.txt", "line 2: 1 numbers, wanted 2"],
    );
    Described::fails(write("q.txt", "1 2\n3 x"), &["q.txt", "line 2: \"x\""]);
    Described::fails(
        write("q.txt", "1 2 3\n4 5 6"),
        &["g.bin", "numbers per row 2", "3"],
    );
    Described::fails(write("q.txt", "# nothing\n"), &["q.txt", "no rows"]);
    Described::fails(write("g.bin", "cut"), &["g.bin", "3 bytes, wanted 24"]);
    Described::fails(
        |d| {
            fs::write(d.folder.path().join("f.txt"), "1 2").unwrap();
            d.json["query"]["flip"] = "f.txt".into();
        },
        &["f.txt", "rows 1", "the plain features have 2"],
    );
    let json = |value| value;
    Described::fails(
        set("gallery", "cameras", json(serde_json::json!([1, 2]))),
        &["cameras 2", "3"],
    );
    Described::fails(
        set("gallery", "ids", json(serde_json::json!([1]))),
        &["persons 1", "3"],
    );
    Described::fails(
        set("query", "names", json(serde_json::json!(["a", "a"]))),
        &["a is both row 0 and row 1 of query"],
    );
    Described::fails(
        set("query", "cameras", json(serde_json::json!([1, -1]))),
        &["camera of query row 1 is -1"],
    );
    Described::fails(
        set("gallery", "dtype", json("<f8".into())),
        &["g.bin", "<f8"],
    );
    Described::fails(
        set("gallery", "shape", json(serde_json::Value::Null)),
        &["no shape for", "g.bin"],
    );
    Described::fails(
        set("query", "shape", json(serde_json::json!([2, 3]))),
        &["q.txt", "2 of 3"],
    );
    Described::fails(
        set("query", "features", json("away.npy".into())),
        &["away.npy", "No such file"],
    );
}
