//! The steps of the vendor's guide, run as commands.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use ndarray::Array2;
use ndarray_npy::WriteNpyExt as _;
use reid_apps::data::market1501::Dataset;
use reid_apps::data::{Item, ReidDataset};
use reid_apps::eval::{Options, Report, report_features};
use reid_apps::features::{
    DataInfo, DeviceInfo, Features, ModelInfo, Provenance, Row, SetFeatures, ToolInfo,
};
use reid_apps::imaging::Preprocessor;
use reid_apps::synth;
use sha2::{Digest as _, Sha256};

const BYTES: u64 = 589_824;

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

#[track_caller]
fn works(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = reid(arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
    stdout
}

#[track_caller]
fn fails(arguments: &[&str], code: i32, wanted: &[&str]) {
    let (found, _, stderr) = reid(arguments);
    assert_eq!(found, Some(code), "{arguments:?}: {stderr}");
    for wanted in wanted {
        assert!(stderr.contains(wanted), "wanted {wanted:?}: {stderr}");
    }
}

/// A drawn set of few people.
struct Market {
    folder: tempfile::TempDir,
}

impl Market {
    fn draw() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = synth::Options {
            identities: 3,
            cameras: 3,
            shots: 1,
            distractors: Some(2),
            junk: Some(1),
            ..synth::Options::default()
        };
        synth::write_market(&folder.path().join("market"), &options).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn data(&self) -> Dataset {
        Dataset::open(self.path("market")).unwrap()
    }
}

#[test]
fn save_bin_writes_the_bytes_of_the_library_and_goes_on_where_it_stopped() {
    let market = Market::draw();
    let (data, out) = (market.text("market"), market.text("out"));
    let arguments = ["mgn", "save-bin", "--data", &data, "--output", &out];
    works(&arguments);
    let set = market.data();
    let mut preprocessor = Preprocessor::mgn();
    let (mut plain, mut flip) = (
        vec![0.0; preprocessor.output_len()],
        vec![0.0; preprocessor.output_len()],
    );
    for (name, folder) in [("q", set.query()), ("g", set.gallery())] {
        for (row, item) in folder.items.iter().enumerate() {
            preprocessor
                .run_file(&item.path, &mut plain, Some(&mut flip))
                .unwrap();
            for (kind, tensor) in [("bin_data", &plain), ("bin_data_flip", &flip)] {
                let bin = market.path(&format!("out/{kind}/{name}/{row:05}.bin"));
                let wanted: Vec<u8> = tensor.iter().flat_map(|n| n.to_le_bytes()).collect();
                assert!(fs::read(&bin).unwrap() == wanted, "{}", bin.display());
            }
        }
        let files = fs::read_dir(market.path(&format!("out/bin_data/{name}"))).unwrap();
        assert_eq!(files.count(), folder.items.len());
    }

    // One file is lost, one is cut: a second run writes these two pictures and leaves the others.
    let lost = market.path("out/bin_data_flip/g/00001.bin");
    let cut = market.path("out/bin_data/q/00000.bin");
    let kept = market.path("out/bin_data/q/00001.bin");
    fs::remove_file(&lost).unwrap();
    fs::write(&cut, "half").unwrap();
    fs::write(&kept, vec![7; usize::try_from(BYTES).unwrap()]).unwrap();
    let stdout = works(&arguments);
    let total = set.query().items.len() + set.gallery().items.len();
    assert!(
        stdout.contains(&format!("({} were done before)", total - 2)),
        "{stdout}"
    );
    assert_eq!(fs::metadata(&lost).unwrap().len(), BYTES);
    assert_eq!(fs::metadata(&cut).unwrap().len(), BYTES);
    assert_eq!(fs::read(&kept).unwrap()[0], 7, "a whole file is left alone");
}

#[test]
fn save_bin_refuses_files_of_another_set_unless_it_is_forced() {
    let market = Market::draw();
    let (data, out) = (market.text("market"), market.text("out"));
    let arguments = ["mgn", "save-bin", "--data", &data, "--output", &out];
    works(&arguments);
    let gallery = market.data().gallery().items.clone();
    fs::remove_file(&gallery.last().unwrap().path).unwrap();
    fails(&arguments, 1, &["of another data set", "--force"]);
    let last = market.path(&format!("out/bin_data/g/{:05}.bin", gallery.len() - 1));
    assert!(last.exists());
    let mut forced = arguments.to_vec();
    forced.push("--force");
    works(&forced);
    assert!(!last.exists(), "a row beyond the end is gone");
    // Files that nobody knows are not taken for the run's own either.
    fs::remove_file(market.path("out/bin_data/save_bin.json")).unwrap();
    fails(&arguments, 1, &["no save_bin.json"]);
}

#[test]
fn save_bin_names_a_picture_that_cannot_be_read_and_keeps_the_numbers_of_the_others() {
    let market = Market::draw();
    let (data, out) = (market.text("market"), market.text("out"));
    let query = market.data().query().items.clone();
    fs::write(&query[1].path, "text").unwrap();
    let arguments = ["mgn", "save-bin", "--data", &data, "--output", &out];
    fails(&arguments, 1, &[&query[1].name, "1 pictures could not"]);
    assert!(market.path("out/bin_data/q/00000.bin").exists());
    assert!(!market.path("out/bin_data/q/00001.bin").exists());
    assert!(market.path("out/bin_data/q/00002.bin").exists());
}

#[test]
fn info_lists_are_sorted_and_have_the_sizes_of_the_guide_only_where_asked() {
    let market = Market::draw();
    let folder = market.path("bins");
    fs::create_dir(&folder).unwrap();
    for row in [2, 0, 10, 1] {
        let file = File::create(folder.join(format!("{row:05}.bin"))).unwrap();
        file.set_len(BYTES).unwrap();
    }
    let (bins, list) = (market.text("bins"), market.text("q.info"));
    let slashed = format!("{bins}/");
    works(&["mgn", "info", "bin", &slashed, &list, "128", "384"]);
    let lines = |order: [u32; 4], size: &str| -> String {
        let of = order.iter().enumerate();
        of.map(|(index, row)| format!("{index} {bins}/{row:05}.bin {size}\n"))
            .collect()
    };
    let wanted = lines([0, 1, 2, 10], "128 384");
    assert_eq!(fs::read_to_string(&list).unwrap(), wanted);
    fails(
        &["mgn", "info", "bin", &bins, &list, "384", "128"],
        2,
        &["--as-guide"],
    );
    works(&[
        "mgn",
        "info",
        "bin",
        &bins,
        &list,
        "384",
        "128",
        "--as-guide",
    ]);
    let wanted = lines([0, 1, 2, 10], "384 128");
    assert_eq!(fs::read_to_string(&list).unwrap(), wanted);

    fails(
        &["mgn", "info", "bin", &bins, &list, "64", "384"],
        1,
        &["00000.bin", "589824 bytes, wanted 294912"],
    );
    fails(
        &[
            "mgn",
            "info",
            "bin",
            &market.text("market"),
            &list,
            "128",
            "384",
        ],
        1,
        &["no file that ends in .bin"],
    );

    let query = market.text("market/query");
    works(&["mgn", "info", "jpg", &query, &list]);
    let wanted: String = market
        .data()
        .query()
        .items
        .iter()
        .enumerate()
        .map(|(row, item)| format!("{row} {} 64 128\n", item.path.display()))
        .collect();
    assert_eq!(fs::read_to_string(&list).unwrap(), wanted);
}

/// How a runner writes its results.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Benchmark,
    TwoDevices,
    Text,
    Bin,
    Npy,
    ByPicture,
}

const DIM: usize = 6;

/// Features of `rows` pictures whose decimals give their bits back.
fn features(rows: usize, seed: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, DIM), |(row, column)| {
        let number = (row * 31 + column * 17 + seed * 7) % 41;
        f32::from(u16::try_from(number).unwrap()) / 8.0 + 0.125
    })
}

fn write_results(folder: &Path, matrix: &Array2<f32>, items: &[Item], kind: Kind) {
    for (row, values) in matrix.rows().into_iter().enumerate() {
        let text: String = values.iter().map(|value| format!("{value:.6} ")).collect();
        let device = match kind {
            Kind::Benchmark => "dumpOutput_device0",
            Kind::TwoDevices => ["dumpOutput_device0", "dumpOutput_device1"][row % 2],
            Kind::Text | Kind::Bin | Kind::Npy | Kind::ByPicture => "2026_01_02-03_04_05",
        };
        let folder = folder.join(device);
        fs::create_dir_all(&folder).unwrap();
        let of = |output: usize, extension: &str| {
            let name = match kind {
                Kind::ByPicture => items[row].name.replace(".jpg", ""),
                _ => format!("{row:05}"),
            };
            folder.join(format!("{name}_{output}.{extension}"))
        };
        match kind {
            Kind::Benchmark | Kind::TwoDevices => {
                fs::write(of(1, "txt"), text).unwrap();
                fs::write(of(2, "txt"), "9 9 9").unwrap();
            }
            Kind::Text | Kind::ByPicture => {
                fs::write(of(0, "txt"), format!("{text}\n")).unwrap();
                fs::write(of(1, "txt"), "9 9 9\n").unwrap();
                fs::write(folder.join("sumary.json"), "{}").unwrap();
            }
            Kind::Bin => {
                let bytes: Vec<u8> = values.iter().flat_map(|n| n.to_le_bytes()).collect();
                fs::write(of(0, "bin"), bytes).unwrap();
                fs::write(of(1, "bin"), [0; 8]).unwrap();
            }
            Kind::Npy => {
                let row = values.to_owned().into_shape_with_order((1, DIM)).unwrap();
                row.write_npy(File::create(of(0, "npy")).unwrap()).unwrap();
            }
        }
    }
}

/// The four folders of a guide's evaluation, with the matrices that are in them.
fn write_all(market: &Market, name: &str, kind: Kind) -> [Array2<f32>; 4] {
    let data = market.data();
    let (query, gallery) = (&data.query().items, &data.gallery().items);
    let sets = [
        ("q_bin", query),
        ("q_bin_flip", query),
        ("g_bin", gallery),
        ("g_bin_flip", gallery),
    ];
    let mut seed = 0;
    sets.map(|(folder, items)| {
        seed += 1;
        let matrix = features(items.len(), seed);
        write_results(&market.path(name).join(folder), &matrix, items, kind);
        matrix
    })
}

fn direct(market: &Market, [query, query_flip, gallery, gallery_flip]: [Array2<f32>; 4]) -> Report {
    let data = market.data();
    let rows = |items: &[Item]| items.iter().map(Row::from).collect();
    let unknown = || "x".to_owned();
    let features = Features {
        provenance: Provenance {
            run: unknown(),
            simulated: false,
            device: DeviceInfo {
                soc: unknown(),
                library: unknown(),
                version: unknown(),
            },
            model: ModelInfo {
                file: unknown(),
                sha256: unknown(),
                dim: DIM,
                batch: 1,
            },
            data: DataInfo::default(),
            failed: Vec::new(),
            tool: ToolInfo::default(),
        },
        query: SetFeatures {
            rows: rows(&data.query().items),
            plain: query,
            flip: query_flip,
        },
        gallery: SetFeatures {
            rows: rows(&data.gallery().items),
            plain: gallery,
            flip: gallery_flip,
        },
    };
    let options = Options {
        rerank: None,
        ..Options::default()
    };
    report_features(&features, &options).unwrap()
}

#[test]
fn results_of_every_kind_evaluate_to_the_figures_of_the_direct_way() {
    let market = Market::draw();
    let data = market.text("market");
    for kind in [
        Kind::Benchmark,
        Kind::TwoDevices,
        Kind::Text,
        Kind::Bin,
        Kind::Npy,
        Kind::ByPicture,
    ] {
        let name = format!("{kind:?}");
        let wanted = direct(&market, write_all(&market, &name, kind));
        // The reader of JSON may be one rounding off: both go through it.
        let wanted: Report =
            serde_json::from_str(&serde_json::to_string(&wanted).unwrap()).unwrap();
        let result = market.text(&name);
        let json = works(&[
            "mgn",
            "evaluate-om",
            "--data",
            &data,
            "--result",
            &result,
            "--no-rerank",
            "--json",
        ]);
        let found: Report = serde_json::from_str(&json).unwrap();
        assert_eq!(
            found.without_reranking, wanted.without_reranking,
            "{kind:?}"
        );
    }
}

#[test]
fn folders_one_by_one_an_output_a_report_and_a_features_folder() {
    let market = Market::draw();
    let wanted = direct(&market, write_all(&market, "r", Kind::Benchmark));
    let folders = ["q_bin", "g_bin", "q_bin_flip", "g_bin_flip"]
        .map(|folder| market.text(&format!("r/{folder}/dumpOutput_device0")));
    let [query, gallery, query_flip, gallery_flip] = folders.each_ref().map(String::as_str);
    let (data, page, out) = (
        market.text("market"),
        market.text("page.html"),
        market.text("kept"),
    );
    let mut arguments = vec!["mgn", "evaluate-om", "--data", &data, "--query", query];
    arguments.extend(["--gallery", gallery, "--query-flip", query_flip]);
    arguments.extend(["--gallery-flip", gallery_flip, "--no-rerank"]);
    let stdout = works(&[&arguments[..], &["--report", &page, "--out", &out]].concat());
    assert_eq!(stdout.trim_end(), wanted.to_string());
    let page = fs::read_to_string(&page).unwrap();
    assert!(page.contains("data:image/jpeg") && page.contains("not recorded"));
    let stdout = works(&["mgn", "evaluate", "--features", &out, "--no-rerank"]);
    assert_eq!(stdout.trim_end(), wanted.to_string());
    // Output 2 is there, and is something else; output 5 is not there.
    fails(
        &[&arguments[..], &["--output-index", "5"]].concat(),
        1,
        &["no file of output 5, but of 1, 2"],
    );
}

#[test]
fn a_set_that_is_not_market_is_evaluated_and_its_report_shows_its_pictures() {
    let market = Market::draw();
    let data = market.data();
    let root = market.path("msmt");
    // The drawn pictures as MSMT17 has them: below test/, with lists.
    let mut lists = [String::new(), String::new()];
    for (list, folder) in lists.iter_mut().zip([data.query(), data.gallery()]) {
        for (row, item) in folder.items.iter().enumerate() {
            let set = if std::ptr::eq(folder, data.query()) {
                0
            } else {
                1
            };
            let (id, camera) = (item.label.id.0, item.label.camera.0);
            let name = format!("{id:04}/{id:04}_{row:03}_{camera:02}_0303noon_000{set}_{set}.jpg");
            let path = root.join("test").join(&name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(&item.path, path).unwrap();
            list.push_str(&format!("{name} {id}\n"));
        }
    }
    fs::write(root.join("list_query.txt"), &lists[0]).unwrap();
    fs::write(root.join("list_gallery.txt"), &lists[1]).unwrap();
    write_all(&market, "r", Kind::Bin);
    let (root, result, page, out) = (
        market.text("msmt"),
        market.text("r"),
        market.text("page.html"),
        market.text("kept"),
    );
    works(&[
        "mgn",
        "evaluate-om",
        "--data",
        &root,
        "--result",
        &result,
        "--no-rerank",
        "--out",
        &out,
    ]);
    works(&[
        "mgn",
        "evaluate",
        "--features",
        &out,
        "--no-rerank",
        "--report",
        &page,
    ]);
    let page = fs::read_to_string(&page).unwrap();
    assert!(page.contains("data:image/jpeg"));
    assert!(!page.contains("cannot be read"));
}

#[test]
fn results_that_are_missing_doubled_foreign_cut_or_no_numbers_are_told_with_their_file() {
    let market = Market::draw();
    let data = market.text("market");
    type Spoil = fn(&Path);
    let cases: [(Kind, Spoil, &[&str]); 11] = [
        (
            Kind::Benchmark,
            |folder| fs::remove_file(folder.join("dumpOutput_device0/00001_1.txt")).unwrap(),
            &["g_bin_flip", "without a result: 00001"],
        ),
        (
            Kind::Benchmark,
            |folder| fs::write(folder.join("dumpOutput_device0/00999_1.txt"), "1 2").unwrap(),
            &["00999_1.txt", "no picture for it"],
        ),
        (
            Kind::TwoDevices,
            |folder| fs::write(folder.join("dumpOutput_device1/00000_1.txt"), "1 2").unwrap(),
            &[
                "a second result for 00000",
                "dumpOutput_device0/00000_1.txt",
            ],
        ),
        (
            Kind::Benchmark,
            |folder| fs::write(folder.join("dumpOutput_device0/00002_1.txt"), "1 2").unwrap(),
            &["00002_1.txt: 2 numbers, wanted 6"],
        ),
        (
            Kind::Benchmark,
            |folder| fs::write(folder.join("dumpOutput_device0/00002_1.txt"), "1 x").unwrap(),
            &["00002_1.txt: \"x\""],
        ),
        (
            Kind::Benchmark,
            |folder| {
                let text = "1 nan 1 1 1 1";
                fs::write(folder.join("dumpOutput_device0/00002_1.txt"), text).unwrap();
            },
            &["00002_1.txt", "number 1 is NaN"],
        ),
        (
            Kind::Bin,
            |folder| fs::write(folder.join("2026_01_02-03_04_05/00000_0.bin"), [1; 7]).unwrap(),
            &["00000_0.bin: 7 bytes"],
        ),
        (
            Kind::Bin,
            |folder| fs::write(folder.join("2026_01_02-03_04_05/00002_0.bin"), [0; 24]).unwrap(),
            &["00002_0.bin: zero throughout"],
        ),
        (
            Kind::Bin,
            |folder| fs::write(folder.join("2026_01_02-03_04_05/00002_0.txt"), "1").unwrap(),
            &["more than one format", "--format"],
        ),
        (
            Kind::Npy,
            |folder| {
                let path = folder.join("2026_01_02-03_04_05/00002_0.npy");
                let bytes = fs::read(&path).unwrap();
                fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
            },
            &["00002_0.npy", "wanted a whole .npy"],
        ),
        (
            Kind::Bin,
            |folder| fs::remove_dir_all(folder.join("2026_01_02-03_04_05")).unwrap(),
            &["g_bin_flip", "no results"],
        ),
    ];
    for (index, (kind, spoil, wanted)) in cases.into_iter().enumerate() {
        let name = format!("case{index}");
        write_all(&market, &name, kind);
        spoil(&market.path(&name).join("g_bin_flip"));
        let result = market.text(&name);
        let arguments = ["mgn", "evaluate-om", "--data", &data, "--result", &result];
        fails(&arguments, 1, wanted);
    }
}

fn golden() -> Option<PathBuf> {
    let root = std::env::var_os("GOLDEN_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/golden")),
        PathBuf::from,
    );
    let folder = root.join("minimarket");
    if folder.join("mgn_save_bin.json").is_file() {
        return Some(folder);
    }
    println!("SKIPPED: golden vectors not found at {}", folder.display());
    None
}

#[test]
fn golden_save_bin_and_info_write_the_bytes_and_lines_of_the_reference() {
    let Some(golden) = golden() else { return };
    let text = fs::read(golden.join("mgn_save_bin.json")).unwrap();
    let wanted: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    let data = golden.join("Market").display().to_string();
    works(&["mgn", "save-bin", "--data", &data, "--output", &out]);
    let bins = wanted["bins"].as_object().unwrap();
    assert_eq!(bins.len(), 66);
    for (name, bin) in bins {
        let hash = Sha256::digest(fs::read(folder.path().join(name)).unwrap());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, bin["sha256"].as_str().unwrap(), "{name}");
    }
    // The reference's lines come in the order of its file system, so INDEX is left out.
    let body = |text: &str, prefix: &str| -> BTreeSet<String> {
        let of = text.lines().map(|line| line.split_once(' ').unwrap().1);
        of.map(|line| line.replacen(prefix, "", 1)).collect()
    };
    for (list, bins) in [
        ("q_bin.info", "bin_data/q"),
        ("g_bin.info", "bin_data/g"),
        ("q_bin_flip.info", "bin_data_flip/q"),
        ("g_bin_flip.info", "bin_data_flip/g"),
    ] {
        let (bins, path) = (format!("{out}/{bins}/"), format!("{out}/{list}"));
        works(&[
            "mgn",
            "info",
            "bin",
            &bins,
            &path,
            "384",
            "128",
            "--as-guide",
        ]);
        let found = body(&fs::read_to_string(&path).unwrap(), &out);
        let wanted = wanted["info_files"][list].as_str().unwrap();
        assert_eq!(found, body(wanted, "./data/market1501"), "{list}");
    }
}

#[test]
fn golden_evaluate_om_prints_the_lines_of_the_reference() {
    let Some(golden) = golden() else { return };
    let path = |name: &str| golden.join(name).display().to_string();
    let (data, result) = (path("Market"), path("result"));
    let stdout = works(&["mgn", "evaluate-om", "--data", &data, "--result", &result]);
    let wanted = fs::read_to_string(golden.join("evaluate_om.txt")).unwrap();
    assert_eq!(stdout.trim_end(), wanted.trim_end());
}
