//! The benchmarks behind one trait: their names, their lists, and the check of a whole set.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;

use reid_apps::data::{
    Check, DataSetChoice, DataSetKind, Label, PersonId, ReidDataset, check, picture_folders,
};
use reid_apps::synth;

/// A picture that decoders read by its content, whatever its name ends in.
fn picture(level: u8) -> Vec<u8> {
    let mut bytes = b"P5 2 2 255\n".to_vec();
    bytes.extend([level; 4]);
    bytes
}

/// Writes pictures, each with other bytes.
fn fill(root: &Path, names: &[&str]) {
    for (index, name) in names.iter().enumerate() {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let level = u8::try_from(index).unwrap() + u8::try_from(name.len()).unwrap();
        let mut bytes = picture(level);
        bytes.extend(name.as_bytes());
        fs::write(path, bytes).unwrap();
    }
}

fn labels(data: &dyn ReidDataset) -> [Vec<(String, i32, u32)>; 2] {
    [data.query(), data.gallery()].map(|folder| {
        let of = folder.items.iter();
        of.map(|item| (item.name.clone(), item.label.id.0, item.label.camera.0))
            .collect()
    })
}

fn whole(kind: DataSetKind, root: &Path) -> Check {
    let data = kind.open(root).unwrap();
    check(data.as_ref(), kind, || ()).unwrap()
}

const DUKE: [&str; 4] = [
    "query/0005_c2_f0046985.jpg",
    "bounding_box_test/0005_c5_f0051781.jpg",
    "bounding_box_test/0023_c8_f0057000.jpg",
    "bounding_box_train/0001_c2_f0046182.jpg",
];

#[test]
fn duke_is_told_by_its_names_and_gives_the_same_records_as_market() {
    let root = tempfile::tempdir().unwrap();
    fill(root.path(), &DUKE);
    assert_eq!(DataSetKind::detect(root.path()).unwrap(), DataSetKind::Duke);
    let data = DataSetChoice::Auto.open(root.path()).unwrap();
    assert_eq!(data.protocol(), "duke");
    let [query, gallery] = labels(data.as_ref());
    assert_eq!(query, [("0005_c2_f0046985.jpg".to_owned(), 5, 2)]);
    assert_eq!(gallery[1], ("0023_c8_f0057000.jpg".to_owned(), 23, 8));
    let found = whole(DataSetKind::Duke, root.path());
    assert_eq!(found.problems, [] as [&str; 0]);
    assert_eq!(found.sets[2].images, 1);
}

#[test]
fn cuhk03_np_is_told_from_an_export_of_msmt17() {
    let cuhk = tempfile::tempdir().unwrap();
    fill(
        cuhk.path(),
        &[
            "labeled/query/0003_c1_21.png",
            "labeled/bounding_box_test/0003_c2_25.png",
        ],
    );
    let error = DataSetKind::detect(cuhk.path()).unwrap_err().to_string();
    assert!(error.contains("labeled/ and detected/"), "{error}");
    let inner = cuhk.path().join("labeled");
    assert_eq!(DataSetKind::detect(&inner).unwrap(), DataSetKind::Cuhk03Np);
    let [_, gallery] = labels(DataSetKind::Cuhk03Np.open(&inner).unwrap().as_ref());
    assert_eq!(gallery, [("0003_c2_25.png".to_owned(), 3, 2)]);

    let msmt = tempfile::tempdir().unwrap();
    fill(
        msmt.path(),
        &[
            "query/0000_c14_0030.jpg",
            "bounding_box_test/0000_c1_0002.jpg",
            "bounding_box_test/0007_c12_0044.jpg",
        ],
    );
    assert_eq!(
        DataSetKind::detect(msmt.path()).unwrap(),
        DataSetKind::Msmt17
    );
    let data = DataSetKind::Msmt17.open(msmt.path()).unwrap();
    assert_eq!(data.query_labels(), [Label::new(0, 14)]);
    // Person 0 of this set is a person, and no distractor.
    let found = whole(DataSetKind::Msmt17, msmt.path());
    assert_eq!(found.sets[1].distractors, 0);
    assert_eq!(found.sets[1].identities, 2);

    // Two cameras and JPEG: it may be either, so it is asked for.
    let unclear = tempfile::tempdir().unwrap();
    fill(
        unclear.path(),
        &["query/0003_c1_21.jpg", "bounding_box_test/0003_c2_25.jpg"],
    );
    let error = DataSetKind::detect(unclear.path()).unwrap_err().to_string();
    assert!(
        error.contains("MSMT17 or of CUHK03-np") && error.contains("--dataset"),
        "{error}"
    );
}

/// A copy of MSMT17 by its lists.
fn msmt17(root: &Path, query: &str, gallery: &str) {
    fill(
        root,
        &[
            "test/0000/0000_000_01_0303morning_0015_0.jpg",
            "test/0000/0000_013_12_0303morning_0033_1_ex.jpg",
            "test/0001/0001_002_03_0303noon_0100_2.jpg",
        ],
    );
    fs::write(root.join("list_query.txt"), query).unwrap();
    fs::write(root.join("list_gallery.txt"), gallery).unwrap();
}

const QUERY: &str = "0000/0000_000_01_0303morning_0015_0.jpg 0\n";
const GALLERY: &str =
    "0001/0001_002_03_0303noon_0100_2.jpg 1\n0000/0000_013_12_0303morning_0033_1_ex.jpg 0\n";

#[test]
fn msmt17_is_read_by_its_lists_in_the_order_of_the_paths() {
    let root = tempfile::tempdir().unwrap();
    msmt17(root.path(), QUERY, GALLERY);
    assert_eq!(
        DataSetKind::detect(root.path()).unwrap(),
        DataSetKind::Msmt17
    );
    let data = DataSetKind::Msmt17.open(root.path()).unwrap();
    let [query, gallery] = labels(data.as_ref());
    assert_eq!((query[0].1, query[0].2), (0, 1));
    assert_eq!(
        gallery,
        [
            (
                "0000/0000_013_12_0303morning_0033_1_ex.jpg".to_owned(),
                0,
                12
            ),
            ("0001/0001_002_03_0303noon_0100_2.jpg".to_owned(), 1, 3)
        ]
    );
    assert_eq!(data.train().unwrap(), None);
    // The pictures that a report shows are found where the lists have them.
    let [queries, answers] = picture_folders("msmt17", root.path());
    assert!(queries.join(&query[0].0).is_file());
    assert!(answers.join(&gallery[1].0).is_file());
    assert_eq!(
        whole(DataSetKind::Msmt17, root.path()).problems,
        [] as [&str; 0]
    );
}

#[test]
fn a_list_that_contradicts_itself_is_refused_with_its_line() {
    for (query, gallery, wanted) in [
        (
            QUERY,
            "no number\n",
            "list_gallery.txt: line 1: \"no number\"",
        ),
        (QUERY, "../0000_000_01_0303morning_0015_0.jpg 0", "line 1"),
        (
            &*QUERY.repeat(2),
            GALLERY,
            "list_query.txt: line 2: 0000/0000_000_01_0303morning_0015_0.jpg is listed twice, first in line 1",
        ),
        (
            QUERY,
            "0001/0001_002_03_0303noon_0100_2.jpg 1\n0001/0001_003_03_0303noon_0100_2.jpg 2",
            "line 2: 0001/0001_003_03_0303noon_0100_2.jpg is person 2, and other pictures of 0001 are person 1",
        ),
    ] {
        let root = tempfile::tempdir().unwrap();
        msmt17(root.path(), query, gallery);
        let Err(error) = DataSetKind::Msmt17.open(root.path()) else {
            panic!("{query:?} {gallery:?} was taken");
        };
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn a_name_outside_the_grammar_is_rejected_with_the_part_that_is_wrong() {
    for (kind, good, bad, wanted) in [
        (
            DataSetKind::Duke,
            "0005_c2_f0046985.jpg",
            "0005_c2_0046985.jpg",
            "the frame is \"0046985\", wanted f and digits",
        ),
        (
            DataSetKind::Duke,
            "0005_c2_f0046985.jpg",
            "-1_c2_f0046985.jpg",
            "the person is \"-1\"",
        ),
        (
            DataSetKind::Duke,
            "0005_c2_f0046985.jpg",
            "0005_2_f0046985.jpg",
            "the camera is \"2\", wanted c and digits",
        ),
        (
            DataSetKind::Duke,
            "0005_c2_f0046985.jpg",
            "0005_c2_f0046985.JPG",
            "the extension is \"JPG\"",
        ),
        (
            DataSetKind::Cuhk03Np,
            "0003_c1_21.png",
            "0003_c3_21.png",
            "wanted c1 or c2",
        ),
        (
            DataSetKind::Cuhk03Np,
            "0003_c1_21.png",
            "0003_c1.png",
            "three fields",
        ),
        (
            DataSetKind::Msmt17,
            "0000_c14_0030.jpg",
            "0000_c14_x.jpg",
            "the box is \"x\"",
        ),
        (
            DataSetKind::Msmt17,
            "0000_c14s1_000451_03.jpg",
            "-1_c14s1_000451_03.jpg",
            "the person is \"-1\"",
        ),
        (
            DataSetKind::Msmt17,
            "0000_c14_0030.jpg",
            "+1_c14_0030.jpg",
            "the person is \"+1\"",
        ),
    ] {
        let root = tempfile::tempdir().unwrap();
        let names = [
            format!("query/{good}"),
            format!("bounding_box_test/{good}"),
            format!("bounding_box_test/{bad}"),
        ];
        fill(root.path(), &names.each_ref().map(String::as_str));
        let data = kind.open(root.path()).unwrap();
        assert_eq!(data.gallery().items.len(), 1, "{bad}");
        let rejected = &data.gallery().rejected;
        assert_eq!(rejected.len(), 1, "{bad}");
        let error = rejected[0].error.to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

fn small(root: &Path) {
    let options = synth::Options {
        identities: 4,
        train_identities: 2,
        cameras: 3,
        shots: 1,
        distractors: Some(3),
        junk: Some(2),
        ..synth::Options::default()
    };
    synth::write_market(root, &options).unwrap();
}

fn reid(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_reid"))
        .args(arguments)
        .env_remove("REID_LOG")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn a_whole_set_is_counted_and_has_nothing_wrong() {
    let root = tempfile::tempdir().unwrap();
    small(root.path());
    let path = root.path().to_str().unwrap();
    let (code, stdout, stderr) = reid(&["prepare", "check", path, "--json"]);
    assert_eq!(code, Some(0), "{stderr}{stdout}");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["dataset"], "market1501");
    let manifest = fs::read(root.path().join(synth::MANIFEST)).unwrap();
    let manifest: synth::Manifest = serde_json::from_slice(&manifest).unwrap();
    let gallery = &json["sets"][1];
    assert_eq!(
        gallery["images"],
        manifest.summary.gallery + manifest.summary.distractors
    );
    assert_eq!(gallery["distractors"], 3);
    assert_eq!(gallery["junk"], 2);
    assert_eq!(gallery["identities"], 4);
    assert_eq!(json["sets"][0]["images"], manifest.summary.query);
    assert_eq!(json["sets"][2]["images"], manifest.summary.train);
    let (code, stdout, _) = reid(&["prepare", "check", path]);
    assert_eq!(code, Some(0));
    assert!(stdout.ends_with("nothing wrong\n"), "{stdout}");
}

#[test]
fn a_set_with_cut_absent_foreign_and_doubled_files_is_told_and_ends_with_1() {
    let root = tempfile::tempdir().unwrap();
    small(root.path());
    let gallery = root.path().join("bounding_box_test");
    let mut names: Vec<_> = fs::read_dir(&gallery)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("0001"))
        .collect();
    names.sort();
    let bytes = fs::read(gallery.join(&names[0])).unwrap();
    // The same picture under another person's name, one cut in half, one that is text.
    fs::write(gallery.join("0003_c1s1_999999_09.jpg"), &bytes).unwrap();
    fs::write(gallery.join(&names[1]), &bytes[..bytes.len() / 2]).unwrap();
    fs::write(gallery.join("0003_c2s1_999998_09.jpg"), "text").unwrap();
    fs::write(gallery.join("0003-c2.jpg"), &bytes).unwrap();
    fs::write(gallery.join("Thumbs.db"), "x").unwrap();

    let path = root.path().to_str().unwrap();
    let (code, stdout, stderr) = reid(&["prepare", "check", path, "--json"]);
    assert_eq!(code, Some(1), "{stdout}");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let set = &json["sets"][1];
    let file = |list: &str| set[list][0]["file"].as_str().unwrap().to_owned();
    assert!(file("cut").ends_with(&names[1]), "{stdout}");
    assert!(file("unreadable").ends_with("0003_c2s1_999998_09.jpg"));
    assert!(file("rejected").ends_with("0003-c2.jpg"));
    assert_eq!(set["ignored"], 1);
    assert_eq!(json["duplicates"].as_array().unwrap().len(), 1);
    assert_eq!(json["duplicates"][0]["contradicts"], true);
    assert_eq!(json["problems"].as_array().unwrap().len(), 4, "{stdout}");
    assert!(stderr.contains("cut short"), "{stderr}");

    let (code, stdout, _) = reid(&["prepare", "check", path]);
    assert_eq!(code, Some(1));
    assert!(stdout.contains("same bytes, other label"), "{stdout}");
}

#[test]
fn a_folder_of_no_known_set_and_an_unknown_name_are_refused() {
    let root = tempfile::tempdir().unwrap();
    fill(
        root.path(),
        &["query/holiday.jpg", "bounding_box_test/b.jpg"],
    );
    let path = root.path().to_str().unwrap();
    let (code, _, stderr) = reid(&["prepare", "check", path]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("holiday.jpg") && stderr.contains("--dataset"),
        "{stderr}"
    );
    let (code, _, stderr) = reid(&["prepare", "check", path, "--dataset", "marked"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("cuhk03-np"), "{stderr}");
    let (code, _, stderr) = reid(&["prepare", "check", "no/such/folder"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("no/such/folder"), "{stderr}");
}

#[test]
fn only_market_1501_has_distractors() {
    for kind in DataSetKind::ALL {
        let wanted = (kind == DataSetKind::Market1501).then_some(PersonId::DISTRACTOR);
        assert_eq!(kind.distractor(), wanted);
        assert_eq!(DataSetKind::of_protocol(kind.name()), Some(kind));
    }
}
