#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

fn tree(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    root
}

fn names(folder: &Folder) -> Vec<&str> {
    folder.items.iter().map(|item| item.name.as_str()).collect()
}

#[test]
fn a_name_gives_person_camera_sequence_frame_and_box() {
    let name = Name::parse("0002_c1s3_000451_07.jpg").unwrap();
    assert_eq!(
        name,
        Name {
            id: PersonId(2),
            camera: Camera(1),
            sequence: 3,
            frame: 451,
            bounding_box: 7
        }
    );
    assert_eq!(
        Name::parse("-1_c6s4_000001_02.jpg").unwrap().id,
        PersonId::JUNK
    );
    assert_eq!(
        Name::parse("0002_c12s1_000451_03.jpg").unwrap().camera,
        Camera(12)
    );
}

#[test]
fn a_wrong_name_says_which_part_is_wrong_and_shows_a_right_one() {
    for (name, part) in [
        ("00x2_c1s1_000451_03.jpg", NamePart::Person),
        ("_c1s1_000451_03.jpg", NamePart::Person),
        ("-2_c1s1_000451_03.jpg", NamePart::Person),
        ("99999999999_c1s1_000451_03.jpg", NamePart::Person),
        ("0002_k1s1_000451_03.jpg", NamePart::Camera),
        ("0002_c1_000451_03.jpg", NamePart::Camera),
        ("0002_cs1_000451_03.jpg", NamePart::Camera),
        ("0002_c1s_000451_03.jpg", NamePart::Sequence),
        ("0002_c1s1_f451_03.jpg", NamePart::Frame),
        ("0002_c1s1_000451_+3.jpg", NamePart::Box),
        ("0002_c1s1_000451_03.JPG", NamePart::Extension),
        ("0002_c1s1_000451_03.npy", NamePart::Extension),
        ("0002_c1s1_000451_03", NamePart::Extension),
        ("0002_c1s1_000451.jpg", NamePart::Shape),
        ("0002_c1s1_000451_03_extra.jpg", NamePart::Shape),
    ] {
        let error = Name::parse(name).unwrap_err();
        assert_eq!(error.part, part, "{name}: {error}");
        assert!(error.to_string().contains(EXAMPLE), "{error}");
        assert!(error.to_string().starts_with(name), "{error}");
    }
}

#[test]
fn every_kind_of_file_meets_its_verdict() {
    let keep = Verdict::Keep(Label::new(2, 1));
    for name in [
        "0002_c1s1_000451_03.jpg",
        "0002_c1s1_000451_03.jpg.jpg",
        "0002_c1s1_000451_03.jpgfoo",
        "0002_c1s1_000451_03.png",
    ] {
        assert_eq!(Rule.judge(name), keep, "{name}");
    }
    for name in ["-1_c1s1_000451_03.jpg", "-1_anything.png"] {
        assert_eq!(Rule.judge(name), Verdict::Junk, "{name}");
    }
    for name in [
        "Thumbs.db",
        "readme.txt",
        "noext",
        ".jpg",
        "a.mat",
        ".DS_Store",
    ] {
        assert_eq!(Rule.judge(name), Verdict::Ignore, "{name}");
    }
    for name in [
        "0002-c1.jpg",
        "0002_c1s1_000451_03.JPG",
        "portrait.jpeg",
        "0002_c1s1_000451_03.npy",
        "0002_c1s1_000451_03.1.jpg",
        "Ä_c1s1.jpg",
    ] {
        assert!(
            matches!(Rule.judge(name), Verdict::Reject(_)),
            "{name}: {:?}",
            Rule.judge(name)
        );
    }
}

#[test]
fn a_folder_is_sorted_by_path_bytes_and_counted() {
    let root = tree(&[
        "query/0003_c1s1_000001_00.jpg",
        "query/0002_c2s1_000001_00.jpg",
        "query/0002_c1s1_000001_00.jpg",
        "bounding_box_test/a/0002_c1s1_000001_00.jpg",
        "bounding_box_test/a.d/0002_c1s1_000001_00.jpg",
        "bounding_box_test/0000_c1s1_000001_01.jpg",
        "bounding_box_test/-1_c1s1_000001_01.jpg",
        "bounding_box_test/Thumbs.db",
        "bounding_box_test/IMG_1.jpg",
    ]);
    let set = Dataset::open(root.path()).unwrap();
    assert_eq!(
        names(set.query()),
        [
            "0002_c1s1_000001_00.jpg",
            "0002_c2s1_000001_00.jpg",
            "0003_c1s1_000001_00.jpg"
        ]
    );
    // '.' (0x2e) comes before '/' (0x2f).
    let gallery = set.gallery();
    assert_eq!(
        names(gallery),
        [
            "0000_c1s1_000001_01.jpg",
            "a.d/0002_c1s1_000001_00.jpg",
            "a/0002_c1s1_000001_00.jpg"
        ]
    );
    assert_eq!(
        (gallery.junk, gallery.distractors(), gallery.ignored),
        (1, 1, 1)
    );
    assert_eq!(gallery.rejected.len(), 1);
    assert!(gallery.rejected[0].path.ends_with("IMG_1.jpg"));
    assert_eq!(set.query_labels()[2], Label::new(3, 1));
}

#[test]
fn a_missing_root_a_missing_folder_and_an_empty_folder_have_their_own_messages() {
    let missing = Dataset::open("/no/such/root").unwrap_err();
    assert!(
        matches!(missing, DataError::MissingRoot { .. }),
        "{missing}"
    );

    let root = tree(&["query/0002_c1s1_000001_00.jpg"]);
    let folder = Dataset::open(root.path()).unwrap_err();
    assert!(
        matches!(folder, DataError::MissingFolder { .. }),
        "{folder}"
    );
    assert!(folder.to_string().contains("bounding_box_test"), "{folder}");

    let root = tree(&[
        "query/0002_c1s1_000001_00.jpg",
        "bounding_box_test/-1_c1s1_000001_01.jpg",
    ]);
    let empty = Dataset::open(root.path()).unwrap_err().to_string();
    assert!(
        empty.contains("no image that counts (1 junk, 0 with"),
        "{empty}"
    );

    let root = tree(&["query"]);
    let file = Dataset::open(root.path()).unwrap_err();
    assert!(matches!(file, DataError::NotAFolder { .. }), "{file}");
}
