//! The drawn data set as a whole: its folders and names, its bytes, and whether
//! it is as hard as it should be.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use reid_apps::synth::{
    Folder, MANIFEST, Manifest, Options, Scene, Shot, SynthError, plan, write_market,
};
use sha2::{Digest, Sha256};

fn small() -> Options {
    Options {
        identities: 6,
        train_identities: 2,
        cameras: 4,
        shots: 2,
        ..Options::default()
    }
}

/// Every file below `root`, by folder and name, with its bytes.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for folder in Folder::ALL {
        for entry in fs::read_dir(root.join(folder.name())).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            files.insert(
                format!("{}/{name}", folder.name()),
                fs::read(&path).unwrap(),
            );
        }
    }
    files
}

fn hash(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hasher = Sha256::new();
    for (name, bytes) in files {
        hasher.update(name.as_bytes());
        hasher.update(bytes);
    }
    hasher
        .finalize()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// Draws into a fresh folder on `threads` threads.
fn drawn(options: &Options, threads: usize) -> BTreeMap<String, Vec<u8>> {
    let root = tempfile::tempdir().unwrap();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| write_market(root.path(), options)).unwrap();
    files(root.path())
}

/// Splits a name by the grammar: person, camera, frame, detection.
fn parsed(name: &str) -> Option<(i32, u32, u32, u32)> {
    let stem = name.strip_suffix(".jpg")?;
    let [person, place, frame, detection] = stem.split('_').collect::<Vec<_>>().try_into().ok()?;
    let (camera, sequence) = place.strip_prefix('c')?.split_once('s')?;
    let whole = |text: &str, digits: usize| {
        (text.len() == digits)
            .then(|| text.parse::<u32>().ok())
            .flatten()
    };
    let person = if person == "-1" {
        -1
    } else {
        i32::try_from(whole(person, 4)?).ok()?
    };
    whole(sequence, 1)?;
    Some((
        person,
        whole(camera, 1)?,
        whole(frame, 6)?,
        whole(detection, 2)?,
    ))
}

#[test]
fn folders_names_and_counts_are_those_of_market_1501() {
    let root = tempfile::tempdir().unwrap();
    let options = small();
    let summary = write_market(root.path(), &options).unwrap();
    let files = files(root.path());
    assert_eq!(files.len(), summary.total());
    let (mut query, mut gallery, mut distractors, mut junk, mut train) = (0, 0, 0, 0, 0);
    for name in files.keys() {
        let (folder, name) = name.split_once('/').unwrap();
        let (person, camera, ..) = parsed(name).unwrap_or_else(|| panic!("{name}"));
        assert!((1..=4).contains(&camera), "{name}");
        match (folder, person) {
            ("query", 1..=6) => query += 1,
            ("bounding_box_test", 1..=6) => gallery += 1,
            ("bounding_box_test", 0) => distractors += 1,
            ("bounding_box_test", -1) => junk += 1,
            ("bounding_box_train", 7..=8) => train += 1,
            _ => panic!("{folder}/{name}"),
        }
    }
    assert_eq!(
        (query, gallery, distractors, junk, train),
        (
            summary.query,
            summary.gallery,
            summary.distractors,
            summary.junk,
            summary.train
        )
    );
    assert_eq!((distractors, junk), (12, 6));
    assert_eq!(gallery, query * 2);
    let text = fs::read(root.path().join(MANIFEST)).unwrap();
    let manifest: Manifest = serde_json::from_slice(&text).unwrap();
    assert!(manifest.synthetic);
    assert_eq!((manifest.options, manifest.summary), (options, summary));
}

#[test]
fn the_training_folder_exists_even_when_it_is_empty() {
    let root = tempfile::tempdir().unwrap();
    let options = Options {
        identities: 1,
        train_identities: 0,
        ..small()
    };
    let summary = write_market(root.path(), &options).unwrap();
    assert_eq!(summary.train, 0);
    assert_eq!(
        fs::read_dir(root.path().join("bounding_box_train"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn every_query_has_a_right_answer_under_another_camera() {
    let shots = plan(&Options::default());
    let mut gallery: BTreeMap<i32, BTreeSet<u32>> = BTreeMap::new();
    for shot in shots.iter().filter(|s| s.folder == Folder::Gallery) {
        gallery.entry(shot.person).or_default().insert(shot.camera);
    }
    for query in shots.iter().filter(|s| s.folder == Folder::Query) {
        let others = gallery[&query.person]
            .iter()
            .filter(|&&c| c != query.camera);
        assert!(others.count() >= 1, "{}", query.file_name());
    }
    let names: BTreeSet<_> = shots.iter().map(|s| (s.folder, s.file_name())).collect();
    assert_eq!(names.len(), shots.len(), "two pictures of one name");
}

/// Sides and sampling factors from the frame header of a baseline JPEG.
fn frame_header(jpeg: &[u8]) -> Option<(u16, u16, Vec<u8>)> {
    let mut at = 2;
    while at + 4 <= jpeg.len() {
        let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at..at + 2] == [0xff, 0xc0] {
            let body = &jpeg[at + 4..];
            let side = |i: usize| u16::from_be_bytes([body[i], body[i + 1]]);
            let factors = body[6..].chunks(3).take(usize::from(body[5])).map(|c| c[1]);
            return Some((side(3), side(1), factors.collect()));
        }
        at += 2 + length;
    }
    None
}

#[test]
fn files_are_baseline_jpeg_of_64_by_128_with_4_2_0_chroma() {
    for (name, bytes) in drawn(
        &Options {
            identities: 2,
            ..small()
        },
        2,
    ) {
        let header = frame_header(&bytes).unwrap_or_else(|| panic!("{name}: not baseline"));
        assert_eq!(header, (64, 128, vec![0x22, 0x11, 0x11]), "{name}");
    }
}

#[test]
fn the_same_options_give_the_same_bytes_at_any_number_of_threads() {
    let first = drawn(&small(), 1);
    assert_eq!(hash(&first), hash(&drawn(&small(), 1)));
    assert_eq!(hash(&first), hash(&drawn(&small(), 2)));
    let other = drawn(&Options { seed: 8, ..small() }, 2);
    assert_ne!(hash(&first), hash(&other));
}

#[test]
fn one_more_identity_leaves_the_others_as_they_were() {
    let of_three = |options: &Options| -> Vec<Shot> {
        plan(options)
            .into_iter()
            .filter(|s| (1..=3).contains(&s.person))
            .collect()
    };
    assert_eq!(
        of_three(&small()),
        of_three(&Options {
            identities: 9,
            ..small()
        })
    );
}

#[test]
fn drawing_again_completes_a_set_but_never_mixes_two() {
    let root = tempfile::tempdir().unwrap();
    write_market(root.path(), &small()).unwrap();
    let before = files(root.path());
    let victim = root.path().join(before.keys().next().unwrap());
    fs::remove_file(&victim).unwrap();
    write_market(root.path(), &small()).unwrap();
    assert_eq!(before, files(root.path()));
    let error = write_market(root.path(), &Options { seed: 8, ..small() }).unwrap_err();
    assert!(matches!(error, SynthError::Occupied { .. }), "{error}");
    assert_eq!(before, files(root.path()));
}

#[test]
fn an_option_outside_its_range_is_named() {
    let cases = [
        (
            Options {
                cameras: 1,
                ..small()
            },
            "cameras",
        ),
        (
            Options {
                cameras: 10,
                ..small()
            },
            "cameras",
        ),
        (
            Options {
                identities: 0,
                ..small()
            },
            "identities",
        ),
        (
            Options {
                shots: 0,
                ..small()
            },
            "shots",
        ),
        (
            Options {
                camvar: f32::NAN,
                ..small()
            },
            "camvar",
        ),
        (
            Options {
                bgmix: 1.5,
                ..small()
            },
            "bgmix",
        ),
    ];
    for (options, name) in cases {
        let root = tempfile::tempdir().unwrap();
        let error = write_market(root.path(), &options).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "{name}");
    }
}

#[test]
fn clothes_change_bodies_and_nothing_else_changes() {
    let shots = plan(&small());
    let of = |person: i32| {
        shots
            .iter()
            .find(|s| s.person == person)
            .unwrap()
            .scene
            .clone()
    };
    let (a, mut b) = (of(1), of(2));
    let before = b.draw();
    b.subject.as_mut().unwrap().identity.appearance = a.subject.unwrap().identity.appearance;
    let after = b.draw();
    let changed = (0..128 * 64).filter(|&i| before.at(i % 64, i / 64) != after.at(i % 64, i / 64));
    let changed = changed.count();
    assert!(
        (200..6000).contains(&changed),
        "{changed} of 8192 picture elements"
    );
    // The scenery beside the person is the same to the last grain of noise.
    assert_eq!(before.at(0, 0), after.at(0, 0));
    let text = serde_json::to_string(&b).unwrap();
    let read: Scene = serde_json::from_str(&text).unwrap();
    assert_eq!(read.draw(), after);
}

/// Unit vectors of 16x32 picture elements, mean removed: what a template matcher sees.
fn pixels(shot: &Shot) -> Vec<f32> {
    let picture = shot.scene.draw();
    let mut small = vec![0.0_f32; 16 * 32 * 3];
    for (place, byte) in picture.rgb().iter().enumerate() {
        let (x, y, channel) = (place / 3 % 64, place / 192, place % 3);
        small[((y / 4) * 16 + x / 4) * 3 + channel] += f32::from(*byte) / 4080.0;
    }
    normalised(small)
}

/// Colour histograms of six stripes, as unit vectors.
fn colours(shot: &Shot) -> Vec<f32> {
    let picture = shot.scene.draw();
    let mut counts = vec![0.0_f32; 6 * 512];
    for (i, rgb) in picture.rgb().chunks_exact(3).enumerate() {
        let bin = rgb.iter().fold(0, |bin, &c| bin * 8 + usize::from(c / 32));
        counts[(i / 64 * 6 / 128) * 512 + bin] += 1.0;
    }
    normalised(counts.into_iter().map(f32::sqrt).collect())
}

fn normalised(mut vector: Vec<f32>) -> Vec<f32> {
    let mean = vector.iter().sum::<f32>() / vector.len() as f32;
    vector.iter_mut().for_each(|v| *v -= mean);
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|v| *v /= length);
    vector
}

/// Mean average precision over all queries; pictures of the same person by the
/// same camera are left out.
fn mean_ap(options: &Options, describe: fn(&Shot) -> Vec<f32>) -> f32 {
    let shots = plan(options);
    let described = |folder| -> Vec<(i32, u32, Vec<f32>)> {
        let shots = shots.iter().filter(|s| s.folder == folder && s.person >= 0);
        shots.map(|s| (s.person, s.camera, describe(s))).collect()
    };
    let (query, gallery) = (described(Folder::Query), described(Folder::Gallery));
    let mut sum = 0.0;
    for (person, camera, vector) in &query {
        let mut scores: Vec<(f32, bool)> = gallery
            .iter()
            .filter(|(p, c, _)| p != person || c != camera)
            .map(|(p, _, v)| (v.iter().zip(vector).map(|(a, b)| a * b).sum(), p == person))
            .collect();
        scores.sort_by(|a, b| b.0.total_cmp(&a.0));
        let ranks = scores
            .iter()
            .enumerate()
            .filter(|(_, s)| s.1)
            .map(|(rank, _)| rank);
        let precisions: Vec<f32> = ranks
            .enumerate()
            .map(|(found, rank)| (found + 1) as f32 / (rank + 1) as f32)
            .collect();
        sum += precisions.iter().sum::<f32>() / precisions.len() as f32;
    }
    sum / query.len() as f32
}

#[test]
fn neither_pixels_nor_colours_solve_the_default_set_but_both_beat_chance() {
    let options = Options::default();
    for (what, describe) in [
        ("pixels", pixels as fn(&Shot) -> Vec<f32>),
        ("colours", colours),
    ] {
        let found = mean_ap(&options, describe);
        println!("{what}: mAP {found:.3}");
        // Chance is 0.02; a network that knows people reaches 0.6 and more.
        assert!((0.03..0.25).contains(&found), "{what}: mAP {found}");
    }
}
