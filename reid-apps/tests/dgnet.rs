//! `reid dgnet …`, run as its users run it: good input, bad input, exit codes.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use reid_apps::graph::dgnet::{Channels, Config, Form, Weights, build};
use reid_apps::graph::onnx::{Batch, Builder};
use reid_apps::imaging::decode_file;
use reid_apps::synth;

fn reid(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reid"))
        .args(arguments)
        .env_remove("ACL_LIBRARY")
        .env_remove("REID_LOG")
        .output()
        .unwrap()
}

/// Runs `reid dgnet`; it must end well. Returns standard output.
fn works(arguments: &[&str]) -> String {
    let output = reid(&[&["dgnet"], arguments].concat());
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {err}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs `reid dgnet`; it must end with `code` and say all of `wanted` on standard error.
fn fails(arguments: &[&str], code: i32, wanted: &[&str]) {
    let output = reid(&[&["dgnet"], arguments].concat());
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
    for wanted in wanted {
        assert!(
            err.contains(wanted),
            "{arguments:?} should say {wanted:?}: {err}"
        );
    }
    assert!(!err.contains("panicked"), "{err}");
}

/// What the tests share, made once: a small data set, sorted, and small models.
struct Shared {
    folder: tempfile::TempDir,
}

/// A small network, and small pictures where the size does not matter.
fn config(form: Form, batch: usize) -> Config {
    Config {
        channels: Channels {
            dim: 2,
            stem: 4,
            planes: [4, 4, 6, 8],
            mlp: 8,
            embedding: 8,
            classes: 8,
        },
        form,
        batch: Batch::Fixed(batch),
        height: 128,
        width: 64,
        ..Config::full()
    }
}

impl Shared {
    fn get() -> &'static Self {
        static SHARED: OnceLock<Shared> = OnceLock::new();
        SHARED.get_or_init(|| {
            let shared = Shared {
                folder: tempfile::tempdir().unwrap(),
            };
            let options = synth::Options {
                identities: 3,
                cameras: 2,
                shots: 1,
                distractors: Some(1),
                junk: Some(1),
                train_identities: 5,
                ..synth::Options::default()
            };
            synth::write_market(&shared.path("market"), &options).unwrap();
            works(&["prepare", "--data", &shared.text("market")]);
            for (name, form, batch) in [
                ("dgnet", Form::Generator, 3),
                ("single", Form::Generator, 1),
                ("codes", Form::GeneratorWithCodes, 4),
                ("decoder", Form::Decoder, 3),
                ("embedding", Form::Embedding, 1),
            ] {
                let config = config(form, batch);
                // What several of them have, they have in common: each tensor depends on the seed and its name.
                let weights = Weights::seeded(&config, 1).unwrap();
                shared.convert(name, &build(&config, &weights).unwrap());
            }
            shared
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn train(&self) -> String {
        self.text("market/pytorch/train_all")
    }

    fn model(&self, name: &str) -> String {
        self.text(&format!("{name}.om"))
    }

    /// The training images, sorted.
    fn images(&self) -> Vec<PathBuf> {
        files(Path::new(&self.train()), "jpg")
    }

    fn convert(&self, name: &str, onnx: &[u8]) {
        let file = self.path(&format!("{name}.onnx"));
        fs::write(&file, onnx).unwrap();
        let options = ascendcl::atc::Options {
            output: Some(self.path(&format!("{name}.om"))),
            ..ascendcl::atc::Options::default()
        };
        ascendcl::atc::convert(&file, &options).unwrap();
    }
}

/// All files below a folder with an extension, sorted; hidden ones too.
fn files(root: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn preparing_again_changes_nothing_and_repairs_what_the_reference_leaves() {
    let shared = Shared::get();
    let out = tempfile::tempdir().unwrap();
    let root = out.path().join("pytorch");
    let market = shared.text("market");
    let arguments = [
        "prepare",
        "--data",
        &market,
        "--out",
        root.to_str().unwrap(),
    ];
    for link in ["hard", "symlink", "copy"] {
        let said = works(&[&arguments[..], &["--link", link]].concat());
        let made: usize = said
            .lines()
            .find_map(|line| line.split_once(" files made"))
            .map(|(count, _)| count.parse().unwrap())
            .unwrap();
        assert_eq!(
            made > 0,
            link == "hard",
            "only the first run has work: {said}"
        );
    }
    let before = files(&root, "jpg");
    let val = files(&root.join("val"), "jpg");
    assert_eq!(
        val.len(),
        fs::read_dir(root.join("train_all")).unwrap().count()
    );
    // A second run of the reference puts the images of val into train, too.
    let twice = root
        .join("train")
        .join(val[0].strip_prefix(root.join("val")).unwrap());
    fs::copy(&val[0], &twice).unwrap();
    assert!(works(&arguments).contains("1 files taken out of the wrong one"));
    assert_eq!(files(&root, "jpg"), before);
}

#[test]
fn a_data_set_without_training_images_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("query")).unwrap();
    let data = folder.path().to_str().unwrap();
    fails(
        &["prepare", "--data", data],
        1,
        &["bounding_box_test", "wants the root"],
    );
}

#[test]
fn network_inputs_are_written_once_with_their_pairs() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (train, content, structure) = (shared.train(), path("bin_path1"), path("bin_path2"));
    let base = [
        "preprocess",
        "--data",
        &train,
        "--content-out",
        &content,
        "--structure-out",
        &structure,
    ];
    let count = shared.images().len();
    assert!(works(&base).contains(&format!("{count} pairs")));
    let (contents, structures) = (
        files(content.as_ref(), "bin"),
        files(structure.as_ref(), "bin"),
    );
    assert_eq!((contents.len(), structures.len()), (count, count));
    for (content, structure) in contents.iter().zip(&structures) {
        assert_eq!(content.file_name(), structure.file_name());
        assert_eq!(fs::metadata(content).unwrap().len(), 393_216);
        assert_eq!(fs::metadata(structure).unwrap().len(), 131_072);
    }
    // Again: nothing to do. Another seed: another run, which is not mixed with this one.
    assert!(works(&base).contains(&format!("({count} were there)")));
    fails(
        &[&base[..], &["--seed", "11"]].concat(),
        2,
        &["another run", "--force"],
    );
    assert_eq!(files(content.as_ref(), "bin"), contents);
    // The written pairs give the same files.
    let pairs = path("bin_path1.pairs.tsv");
    let other = path("again");
    let third = path("again2");
    works(&[
        "preprocess",
        "--data",
        &train,
        "--content-out",
        &other,
        "--structure-out",
        &third,
        "--pairs",
        &pairs,
    ]);
    for (one, two) in contents.iter().zip(files(other.as_ref(), "bin")) {
        assert_eq!(one.file_name(), two.file_name());
        assert_eq!(fs::read(one).unwrap(), fs::read(two).unwrap());
    }
    // Several structures for each content.
    let forced = [&base[..], &["--structures", "3", "--force"]].concat();
    assert!(works(&forced).contains(&format!("{} pairs", 3 * count)));
    assert_eq!(files(content.as_ref(), "bin").len(), 3 * count);
    fails(
        &[&base[..], &["--structures", "6"]].concat(),
        2,
        &["5 people"],
    );
    let same = [
        "preprocess",
        "--data",
        &train,
        "--content-out",
        "x",
        "--structure-out",
        "x",
    ];
    fails(&same, 2, &["give two folders"]);
}

#[test]
fn pictures_do_not_depend_on_batch_or_interruption_and_are_never_mixed() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (train, four, one) = (shared.train(), path("four"), path("one"));
    let (dgnet, single) = (shared.model("dgnet"), shared.model("single"));
    let run = |model: &str, out: &str, more: &[&str]| {
        let base = ["generate", "--model", model, "--data", &train, "--out", out];
        [&base[..], &["--format", "png", "--backend", "sim"], more]
            .concat()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<String>>()
    };
    fn parts(arguments: &[String]) -> Vec<&str> {
        arguments.iter().map(String::as_str).collect()
    }
    let count = shared.images().len();
    assert_ne!(count % 3, 0, "the last batch is to be a short one");
    let said = works(&parts(&run(&dgnet, &four, &[])));
    assert!(
        said.contains(&format!("{count} pictures")) && said.contains("simulated"),
        "{said}"
    );
    let pictures = files(four.as_ref(), "png");
    assert_eq!(pictures.len(), 2 * count);
    let picture = decode_file(&pictures[0]).unwrap();
    assert_eq!((picture.width(), picture.height()), (64, 128));

    // In two goes and one by one: the same pictures.
    works(&parts(&run(&single, &one, &["--limit", "5"])));
    let said = works(&parts(&run(&single, &one, &[])));
    assert!(said.contains("(5 were there)"), "{said}");
    for (a, b) in pictures.iter().zip(files(one.as_ref(), "png")) {
        assert_eq!(
            a.strip_prefix(&four).unwrap(),
            b.strip_prefix(&one).unwrap()
        );
        // A batch of another size is summed in another order, so that a rounded value may step over.
        let (a, b) = (decode_file(a).unwrap(), decode_file(&b).unwrap());
        let steps = a.bytes().iter().zip(b.bytes()).map(|(a, b)| a.abs_diff(*b));
        assert!(steps.max().unwrap() <= 1, "more than a rounding apart");
    }
    // Another model into the same folder.
    let other = run(&dgnet, &one, &[]);
    fails(&parts(&other), 2, &["another run", "model", "--force"]);
    assert_eq!(files(one.as_ref(), "png").len(), 2 * count);
    works(&parts(&run(&dgnet, &one, &["--force", "--limit", "3"])));
    assert_eq!(files(one.as_ref(), "png").len(), 6);
    // The folder with the data in it is not emptied, whatever is asked.
    let precious = run(&dgnet, &shared.text("market"), &["--force"]);
    fails(&parts(&precious), 2, &["will not be emptied", "train_all"]);
    assert_eq!(shared.images().len(), count);
}

#[test]
fn an_image_that_cannot_be_read_costs_its_pairs_alone() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("people");
    for (i, image) in shared.images().iter().take(6).enumerate() {
        let person = data.join(format!("{i:04}"));
        fs::create_dir_all(&person).unwrap();
        fs::copy(image, person.join(format!("{i:04}_c1s1_000000_01.jpg"))).unwrap();
    }
    let broken = data.join("0002/0002_c1s1_000000_01.jpg");
    fs::write(&broken, b"\xff\xd8 no picture").unwrap();
    let out = folder.path().join("out");
    let arguments = [
        "generate",
        "--model",
        &shared.model("dgnet"),
        "--data",
        data.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--names",
        "upstream",
        "--backend",
        "sim",
    ];
    let name = "0002_c1s1_000000_01.jpg";
    fails(&arguments, 1, &[name, "the others are written"]);
    let made = files(&out, "jpg").len();
    assert!(
        made == 8 || made == 10,
        "one or two pairs of six are lost: {made}"
    );
    fs::remove_file(&broken).unwrap();
    fs::copy(&shared.images()[0], data.join("0002/short_name.jpg")).unwrap();
    fails(&arguments, 1, &["short_name.jpg", "1 underscores", "three"]);
}

#[test]
fn models_that_are_no_generator_are_told_apart() {
    let shared = Shared::get();
    let image = |g: &mut Builder, name: &str, channels, width| {
        g.input(name, Batch::Fixed(1), &[channels, 32, width])
            .unwrap()
    };
    // The first input has three channels, the second one: exported the wrong way round.
    let mut g = Builder::new("swapped");
    let (a, b) = (
        image(&mut g, "image1", 3, 16),
        image(&mut g, "image2", 1, 16),
    );
    let b = g.concat("b", &[b, b, b], 1).unwrap();
    let x = g.add("output", a, b).unwrap();
    g.output(x).unwrap();
    shared.convert("swapped", &g.finish().unwrap());
    // The picture is of another size than the images.
    let mut g = Builder::new("small");
    let (a, b) = (
        image(&mut g, "image1", 1, 16),
        image(&mut g, "image2", 3, 16),
    );
    let a = g.concat("a", &[a, a, a], 1).unwrap();
    let x = g.add("sum", a, b).unwrap();
    let x = g.slice("output", x, 3, 0, 8).unwrap();
    g.output(x).unwrap();
    shared.convert("cut", &g.finish().unwrap());
    // Images of two sizes.
    let mut g = Builder::new("sizes");
    let (a, b) = (
        image(&mut g, "image1", 1, 8),
        image(&mut g, "image2", 3, 16),
    );
    let a = g.concat("a", &[a, a, a], 1).unwrap();
    let a = g.concat("wide", &[a, a], 3).unwrap();
    let x = g.add("output", a, b).unwrap();
    g.output(x).unwrap();
    shared.convert("sizes", &g.finish().unwrap());

    let (train, folder) = (shared.train(), tempfile::tempdir().unwrap());
    let out = folder.path().join("out");
    let missing = shared.model("absent");
    for (model, wanted) in [
        (
            shared.model("swapped"),
            &["inputs are swapped", "image1 has 3 channels"][..],
        ),
        (
            shared.model("cut"),
            &["output has shape [1, 3, 32, 8]", "[1, 3, 32, 16]"],
        ),
        (shared.model("sizes"), &["images of one size"]),
        (
            shared.model("embedding"),
            &["it has 1 inputs (image2)", "two, image1 and image2"],
        ),
        (shared.model("decoder"), &["is no DG-Net"]),
        (missing, &["absent.om", "--model wants an .om"]),
        (shared.images()[0].to_str().unwrap().to_owned(), &["jpg"]),
    ] {
        let arguments = [
            "generate",
            "--model",
            &model,
            "--data",
            &train,
            "--out",
            out.to_str().unwrap(),
            "--backend",
            "sim",
        ];
        fails(&arguments, 3, wanted);
        assert!(
            !out.exists(),
            "nothing is made for a model that does not fit"
        );
    }
}

#[test]
fn raw_results_give_the_pictures_that_the_direct_way_gives() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    fs::create_dir(&results).unwrap();
    let name = "000_001_gan0872_c4s2_090259_02_0.bin";
    let numbers: Vec<u8> = (0..3 * 256 * 128)
        .flat_map(|i| ((i % 97) as f32 / 40.0 - 1.2).to_le_bytes())
        .collect();
    fs::write(results.join(name), &numbers).unwrap();
    fs::write(
        results.join("000_001_gan0872_c4s2_090259_02_1.bin"),
        [0; 16],
    )
    .unwrap();
    fs::write(results.join("notes.md"), "x").unwrap();
    fs::write(results.join("sumary.json"), "{}").unwrap();
    let out = folder.path().join("out");
    let base = [
        "postprocess",
        "--results",
        results.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    assert!(works(&base).contains("1 pictures"));
    let file = "000/001_000_gangan0872_c4s2_090259_02.jpg";
    let id = fs::read(out.join("off-gan_id").join(file)).unwrap();
    let bg = out.join("off-gan_bg/001/001_000_gangan0872_c4s2_090259_02.jpg");
    assert_eq!(id, fs::read(bg).unwrap());
    assert!(works(&base).contains("(1 were there)"));
    fails(
        &[&base[..], &["--names", "upstream"]].concat(),
        2,
        &["--force", "guide", "upstream"],
    );

    // Of another size, not finite, badly named: each is told, the good one is written.
    fs::write(
        results.join("000_002_gan0872_c4s2_090259_02_0.bin"),
        &numbers[..400],
    )
    .unwrap();
    let mut wild = numbers.clone();
    wild[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(results.join("000_003_gan0872_c4s2_090259_02_0.bin"), wild).unwrap();
    fs::write(results.join("000_004_gan0872_0.bin"), &numbers).unwrap();
    let wanted = [
        "000_002_gan0872_c4s2_090259_02_0.bin: found 100 numbers",
        "1 numbers that are not finite",
        "000_004_gan0872_0.bin: found 3 underscores",
        "3 results gave no picture",
    ];
    fails(&base, 1, &wanted);
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let other = folder.path().join("other");
    let arguments = [
        "postprocess",
        "--results",
        empty.to_str().unwrap(),
        "--out",
        other.to_str().unwrap(),
    ];
    fails(&arguments, 1, &["no results", "the date in its name"]);
}

#[test]
fn sheets_show_swaps_steps_and_a_run() {
    let shared = Shared::get();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (train, dgnet) = (shared.train(), shared.model("dgnet"));
    let images: Vec<String> = shared
        .images()
        .iter()
        .map(|image| image.to_str().unwrap().to_owned())
        .collect();
    let size = |file: &str| {
        let picture = decode_file(file.as_ref()).unwrap();
        (picture.width(), picture.height())
    };
    let swap = path("swap.png");
    works(&[
        "sheet",
        "--model",
        &dgnet,
        "--data",
        &train,
        "--count",
        "3",
        "--out",
        &swap,
        "--backend",
        "sim",
    ]);
    assert!(size(&swap).0 > 4 * 128 && size(&swap).1 > 4 * 256);
    let page = path("swap.html");
    works(&[
        "sheet",
        "--model",
        &dgnet,
        "--content",
        &images[0],
        "--content",
        &images[5],
        "--structure",
        &images[1],
        "--out",
        &page,
        "--backend",
        "sim",
    ]);
    let page = fs::read_to_string(page).unwrap();
    // Two contents, one structure, two results.
    assert_eq!(page.matches("data:image/png;base64,").count(), 5);
    assert!(page.contains("The device was simulated."));

    let (codes, decoder) = (shared.model("codes"), shared.model("decoder"));
    for between in ["appearance", "structure"] {
        let out = path(&format!("{between}.html"));
        works(&[
            "interpolate",
            "--encoder",
            &codes,
            "--decoder",
            &decoder,
            "--between",
            between,
            "--from",
            &images[0],
            "--to",
            &images[5],
            "--steps",
            "5",
            "--out",
            &out,
            "--backend",
            "sim",
        ]);
        let page = fs::read_to_string(out).unwrap();
        assert_eq!(
            page.matches("data:image/png;base64,").count(),
            3 + 5,
            "{between}"
        );
        assert!(page.contains("50 %"));
    }
    let wrong = path("wrong.png");
    let interpolate = |encoder: &str, decoder: &str, wanted: &[&str]| {
        let arguments = [
            "interpolate",
            "--encoder",
            encoder,
            "--decoder",
            decoder,
            "--between",
            "structure",
            "--from",
            &images[0],
            "--to",
            &images[5],
            "--out",
            &wrong,
            "--backend",
            "sim",
        ];
        fails(&arguments, 3, wanted);
    };
    interpolate(&dgnet, &decoder, &["dgnet.om", "one called structure"]);
    interpolate(&codes, &dgnet, &["dgnet.om", "one called structure"]);

    let run = path("run");
    let generate = [
        "generate",
        "--model",
        &dgnet,
        "--data",
        &train,
        "--out",
        &run,
        "--backend",
        "sim",
    ];
    works(&generate);
    let contact = path("contact.png");
    let arguments = [
        "contact", "--run", &run, "--data", &train, "--count", "4", "--out", &contact,
    ];
    let said = works(&arguments);
    assert!(said.contains("4 of") || said.contains("3 of"), "{said}");
    assert!(size(&contact).1 > 3 * 256);
    fails(
        &[
            "contact", "--run", &train, "--data", &train, "--out", &contact,
        ],
        2,
        &["no output of `reid dgnet generate`"],
    );
}

#[test]
fn the_network_is_exported_from_weights_or_a_seed() {
    let shared = Shared::get();
    let out = shared.text("exported.onnx");
    let said = works(&["export", "--seed", "3", "--batch", "2", "--out", &out]);
    assert!(said.contains("untrained"), "{said}");
    shared.convert("exported", &fs::read(&out).unwrap());
    assert!(shared.path("exported.om").is_file());
    for part in ["codes", "decoder", "embedding"] {
        works(&["export", "--seed", "3", "--part", part, "--out", &out]);
    }
    let weights = shared.text("none.safetensors");
    fs::write(&weights, b"no tensors").unwrap();
    fails(
        &["export", "--weights", &weights, "--out", &out],
        1,
        &["none.safetensors", "safetensors file"],
    );
    fails(&["export", "--out", &out], 2, &["--weights"]);
}
