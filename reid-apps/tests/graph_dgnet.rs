//! DG-Net as a graph: names, counts, errors, drawn weights, and the operators that it added.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;

use ascend_om::onnx::ModelProto;
use reid_apps::graph::dgnet::{
    Channels, Config, DgnetError, Form, Weights, build, multiply_accumulates,
};
use reid_apps::graph::mgn::ParameterKind;
use reid_apps::graph::onnx::{Batch, BuildError, Builder, Dim};

#[path = "common/run_onnx.rs"]
mod run_onnx;

use run_onnx::{difference, run, run_named};

/// The smallest network: a channel or two everywhere, and a small image.
fn tiny(form: Form) -> Config {
    Config {
        channels: Channels {
            dim: 1,
            stem: 2,
            planes: [2, 2, 3, 4],
            mlp: 3,
            embedding: 5,
            classes: 6,
        },
        form,
        batch: Batch::Fixed(2),
        height: 64,
        width: 48,
        ..Config::full()
    }
}

/// Numbers between -1 and 1 that repeat nowhere near.
fn noise(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7919 + i / 13) % 2003) as f32 / 1001.5 - 1.0)
        .collect()
}

#[test]
fn the_operators_of_this_network_compute_what_was_meant() {
    let mut g = Builder::new("more");
    let x = g.input("x", Batch::Dynamic, &[1, 3, 4]).unwrap();
    let padded = g.mirror_pad("pad", x, 1).unwrap();
    assert_eq!(g.shape(padded).unwrap()[2..], [5, 6].map(Dim::Fixed));
    g.output(padded).unwrap();
    let w = g
        .floats("w", &[1, 1, 2, 2], &[1.0, 0.0, 0.0, -1.0])
        .unwrap();
    let b = g.floats("b", &[1], &[0.25]).unwrap();
    let apart = g.conv_apart("apart", padded, [w, b], 2, 2).unwrap();
    g.output(apart).unwrap();
    let leaky = g.leaky_relu("leaky", x, 0.5).unwrap();
    g.output(leaky).unwrap();
    let big = g.double("double", x).unwrap();
    g.output(big).unwrap();
    let one = g.floats("one", &[1], &[2.0]).unwrap();
    let zero = g.floats("zero", &[1], &[1.0]).unwrap();
    let normal = g.instance_norm("normal", x, [one, zero], 0.0).unwrap();
    g.output(normal).unwrap();
    // The same by hand: less the mean, divided by the deviation, twice, plus one.
    let mean = g.mean_of_rows("mean", x).unwrap();
    let centred = g.subtract("centred", x, mean).unwrap();
    let squares = g.power("squares", centred, 2.0).unwrap();
    let variance = g.mean_of_rows("variance", squares).unwrap();
    let root = g.sqrt("root", variance).unwrap();
    let unit = g.divide("unit", centred, root).unwrap();
    let two = g.floats("two", &[1, 1, 1, 1], &[2.0]).unwrap();
    let twice = g.multiply("twice", unit, two).unwrap();
    let ones = g.floats("ones", &[1, 1, 1, 1], &[1.0]).unwrap();
    let byhand = g.add_spread("byhand", twice, ones).unwrap();
    g.output(byhand).unwrap();
    let mut used: Vec<&str> = g.operators().collect();
    used.sort_unstable();
    used.dedup();
    assert!(
        used.iter()
            .all(|operator| Builder::OPERATORS.contains(operator))
    );
    let file = g.finish().unwrap();

    let image: Vec<f32> = (0..24_u8).map(|i| f32::from(i) - 12.0).collect();
    let found = run(&file, &image, [2, 1, 3, 4]);
    let at = |row: usize, y: usize, x: usize| image[row * 12 + y * 4 + x];
    let mut wanted = Vec::new();
    for row in 0..2 {
        for y in [1, 0, 1, 2, 1] {
            wanted.extend([1, 0, 1, 2, 3, 2].map(|x| at(row, y, x)));
        }
    }
    assert_eq!(found[0].data, wanted);
    let padded = |row: usize, y: usize, x: usize| wanted[row * 30 + y * 6 + x];
    let taps: Vec<f32> = (0..2)
        .flat_map(|n| [(0, 0), (0, 2), (2, 0), (2, 2)].map(|(y, x)| (n, y, x)))
        .map(|(n, y, x)| padded(n, y, x) - padded(n, y + 2, x + 2) + 0.25)
        .collect();
    assert_eq!(found[1].shape, [2, 1, 2, 2]);
    assert_eq!(found[1].data, taps);
    let leaky: Vec<f32> = image.iter().map(|x| x.max(x / 2.0)).collect();
    assert_eq!(found[2].data, leaky);
    for (i, value) in found[3].data.iter().enumerate() {
        let (row, y, x) = (i / 48, i / 8 % 6, i % 8);
        assert_eq!(*value, at(row, y / 2, x / 2));
    }
    assert!(difference(&found[4].data, &found[5].data) < 1e-6);
    assert!((found[4].data.iter().sum::<f32>() - 24.0).abs() < 1e-4);
}

#[test]
fn what_does_not_fit_is_an_error_at_the_node() {
    let mut g = Builder::new("wrong");
    let x = g.input("x", Batch::Fixed(1), &[3, 4, 4]).unwrap();
    let y = g.input("y", Batch::Fixed(1), &[3, 4, 5]).unwrap();
    let w = g.floats("w", &[2, 4, 1, 1], &[0.0; 8]).unwrap();
    let b = g.floats("b", &[2], &[0.0; 2]).unwrap();
    let wrong = |found: Result<_, BuildError>, node: &str| {
        let error = found.unwrap_err().to_string();
        assert!(error.starts_with(&format!("node {node}: found")), "{error}");
    };
    wrong(g.multiply("m", x, y), "m");
    wrong(g.add_spread("s", b, x), "s");
    wrong(g.conv_apart("c", x, [w, b], 1, 1), "c");
    wrong(g.mirror_pad("p", x, 3), "p");
    wrong(g.slice_back("k", x, 2, 1, 2), "k");
    wrong(g.slice_back("k", x, 2, 4, 1), "k");
    wrong(g.instance_norm("i", x, [b, b], 0.0), "i");
    wrong(g.double("d", b), "d");
    wrong(g.mean_of_rows("r", b), "r");
    assert_eq!(g.mirror_pad("none", x, 0).unwrap(), x);
}

#[test]
fn the_full_network_has_the_published_counts() {
    let config = Config::full();
    let count = |prefix: &str| -> usize {
        let all = config.parameters();
        all.iter()
            .filter(|p| p.kind == ParameterKind::Parameter && p.name.starts_with(prefix))
            .map(|p| p.count())
            .sum()
    };
    assert_eq!(count("gen_a."), 13_380_675);
    assert_eq!(count("id_a."), 28_427_782);
}

#[test]
fn the_full_network_has_the_names_shapes_and_order_of_the_published_state_dicts() {
    let table = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/models/params_dgnet.tsv"
    );
    let Ok(table) = fs::read_to_string(table) else {
        println!("SKIPPED: {table} not found");
        return;
    };
    let ours: Vec<String> = Config::full()
        .parameters()
        .iter()
        .map(|p| {
            let dims: Vec<String> = p.shape.iter().map(ToString::to_string).collect();
            let shape = if dims.is_empty() {
                "scalar".to_owned()
            } else {
                dims.join("x")
            };
            let kind = match p.kind {
                ParameterKind::Parameter => "float32\tparameter",
                ParameterKind::Statistic => "float32\tbuffer",
                _ => "int64\tbuffer",
            };
            let (checkpoint, name) = p.name.split_once("_a.").unwrap();
            format!("{checkpoint}\t{name}\t{shape}\t{kind}")
        })
        .collect();
    let theirs: Vec<&str> = table.lines().skip(1).collect();
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.len());
}

#[test]
fn the_full_network_costs_eleven_thousand_million_multiplications() {
    // The cost is a square of the width and a line, so three narrow networks tell the full one's.
    let cost = |divisor: usize| {
        let full = Channels::FULL;
        let channels = Channels {
            dim: full.dim / divisor,
            stem: full.stem / divisor,
            planes: full.planes.map(|n| n / divisor),
            mlp: full.mlp / divisor,
            ..full
        };
        let config = Config {
            channels,
            ..Config::full()
        };
        let weights = Weights::seeded(&config, 1).unwrap();
        i128::from(multiply_accumulates(&config, &weights).unwrap())
    };
    let (small, large) = (cost(16), cost(8));
    // cost(n / 16) = a * n^2 + b * n
    let square = (large - 2 * small) / 2;
    let linear = small - square;
    let full = square * 256 + linear * 16;
    assert_eq!(full / 100_000_000, 113, "{full}");
}

#[test]
fn each_form_has_the_names_and_shapes_that_it_promises() {
    for (form, inputs, outputs) in [
        (
            Form::Generator,
            vec![
                ("image1", vec![2, 1, 64, 48]),
                ("image2", vec![2, 3, 64, 48]),
            ],
            vec![("output", vec![2, 3, 64, 48])],
        ),
        (
            Form::GeneratorWithCodes,
            vec![
                ("image1", vec![2, 1, 64, 48]),
                ("image2", vec![2, 3, 64, 48]),
            ],
            vec![
                ("output", vec![2, 3, 64, 48]),
                ("structure", vec![2, 8, 16, 12]),
                ("appearance", vec![2, 64]),
            ],
        ),
        (
            Form::Decoder,
            vec![
                ("structure", vec![2, 8, 16, 12]),
                ("appearance", vec![2, 64]),
            ],
            vec![("output", vec![2, 3, 64, 48])],
        ),
        (
            Form::Embedding,
            vec![("image2", vec![2, 3, 64, 48])],
            vec![("embedding", vec![2, 10])],
        ),
    ] {
        let config = tiny(form);
        let file = build(&config, &Weights::seeded(&config, 3).unwrap()).unwrap();
        let given: Vec<(&str, Vec<f32>, Vec<usize>)> = inputs
            .iter()
            .map(|(name, shape)| (*name, noise(shape.iter().product()), shape.clone()))
            .collect();
        let found = run_named(&file, &given);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let wanted: Vec<&str> = outputs.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, wanted, "{form:?}");
        for ((_, output), (_, shape)) in found.iter().zip(&outputs) {
            assert_eq!(&output.shape, shape, "{form:?}");
            assert!(output.data.iter().all(|x| x.is_finite()), "{form:?}");
        }
    }
}

#[test]
fn the_decoder_gives_for_the_codes_what_the_generator_gives_for_the_images() {
    let both = tiny(Form::GeneratorWithCodes);
    let weights = Weights::seeded(&both, 5).unwrap();
    let image1 = ("image1", noise(2 * 64 * 48), vec![2, 1, 64, 48]);
    let image2 = ("image2", noise(2 * 3 * 64 * 48), vec![2, 3, 64, 48]);
    let mut found: BTreeMap<String, _> =
        run_named(&build(&both, &weights).unwrap(), &[image1, image2])
            .into_iter()
            .collect();
    let codes = ["structure", "appearance"].map(|name| {
        let code = found.remove(name).unwrap();
        (name, code.data, code.shape)
    });
    let decoder = Config {
        form: Form::Decoder,
        ..both
    };
    let decoded = run_named(&build(&decoder, &weights).unwrap(), &codes);
    assert!(difference(&decoded[0].1.data, &found["output"].data) < 1e-6);
}

#[test]
fn seeded_weights_give_the_same_bytes_and_both_images_count() {
    let config = Config {
        channels: Config::reduced().channels,
        ..tiny(Form::Generator)
    };
    let one = build(&config, &Weights::seeded(&config, 3).unwrap()).unwrap();
    assert!(one == build(&config, &Weights::seeded(&config, 3).unwrap()).unwrap());
    assert!(one != build(&config, &Weights::seeded(&config, 4).unwrap()).unwrap());
    let (structure, content) = (noise(2 * 64 * 48), noise(2 * 3 * 64 * 48));
    let picture = |structure: &[f32], content: &[f32]| {
        let image1 = ("image1", structure.to_vec(), vec![2, 1, 64, 48]);
        let image2 = ("image2", content.to_vec(), vec![2, 3, 64, 48]);
        run_named(&one, &[image1, image2]).remove(0).1.data
    };
    let plain = picture(&structure, &content);
    let mirrored: Vec<f32> = structure.iter().rev().copied().collect();
    assert!(difference(&picture(&mirrored, &content), &plain) > 0.05);
    let inverted: Vec<f32> = content.iter().map(|x| 1.0 - 2.0 * x).collect();
    assert!(difference(&picture(&structure, &inverted), &plain) > 0.01);
}

#[test]
fn wrong_weights_are_listed_in_full_in_one_error() {
    let config = tiny(Form::Generator);
    let mut weights = Weights::seeded(&config, 1).unwrap();
    weights.remove("gen_a.dec.model.3.norm.gamma");
    weights
        .insert("gen_a.mlp_w2.model.1.fc.bias", vec![2], vec![0.0; 2])
        .unwrap();
    weights.insert("net.fc", vec![1], vec![0.0]).unwrap();
    let Err(DgnetError::Weights(differences)) = build(&config, &weights) else {
        panic!("wrong weights were taken");
    };
    assert_eq!(
        differences.missing,
        [("gen_a.dec.model.3.norm.gamma".to_owned(), vec![4])]
    );
    assert_eq!(differences.surplus, [("net.fc".to_owned(), vec![1])]);
    let name = "gen_a.mlp_w2.model.1.fc.bias".to_owned();
    assert_eq!(differences.reshaped, [(name, vec![2], vec![3])]);
}

#[test]
fn tensors_that_nothing_reads_may_be_there_or_not() {
    let mut config = tiny(Form::Generator);
    let mut weights = Weights::seeded(&config, 1).unwrap();
    let plain = build(&config, &weights).unwrap();
    for parameter in config.parameters() {
        if weights.get(&parameter.name).is_none() {
            let zeros = vec![0.0; parameter.count()];
            weights
                .insert(parameter.name, parameter.shape, zeros)
                .unwrap();
        }
    }
    assert!(plain == build(&config, &weights).unwrap());
    config.form = Form::Embedding;
    build(&config, &weights).unwrap();
}

#[test]
fn sizes_that_make_no_network_are_refused_by_name() {
    for (change, field) in [
        (
            Config {
                height: 96,
                ..tiny(Form::Generator)
            },
            "height",
        ),
        (
            Config {
                width: 32,
                ..tiny(Form::Generator)
            },
            "width",
        ),
        (
            Config {
                width: 56,
                ..tiny(Form::Generator)
            },
            "width",
        ),
        (
            Config {
                batch: Batch::Fixed(0),
                ..tiny(Form::Generator)
            },
            "batch",
        ),
    ] {
        let error = Weights::seeded(&change, 1).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
    let config = Config {
        channels: Channels {
            dim: 0,
            ..Channels::FULL
        },
        ..Config::full()
    };
    assert!(
        Weights::seeded(&config, 1)
            .unwrap_err()
            .to_string()
            .contains("dim: found 0")
    );
}

#[test]
fn widths_are_read_from_the_weights() {
    let config = Config {
        batch: Batch::Dynamic,
        ..tiny(Form::Generator)
    };
    let mut weights = Weights::seeded(&config, 1).unwrap();
    let found = Config::of_weights(&weights).unwrap().channels;
    let wanted = Channels {
        embedding: Channels::FULL.embedding,
        classes: Channels::FULL.classes,
        ..config.channels
    };
    assert_eq!(found, wanted);
    let decoder = tiny(Form::Decoder);
    let alone = Weights::seeded(&decoder, 1).unwrap();
    assert_eq!(Config::of_weights(&alone).unwrap().channels.dim, 1);
    weights = Weights::new();
    assert!(Config::of_weights(&weights).is_err());
}

#[test]
fn the_file_holds_only_operators_of_the_converter() {
    let config = tiny(Form::GeneratorWithCodes);
    let file = build(&config, &Weights::seeded(&config, 1).unwrap()).unwrap();
    let model = ModelProto::read(file.into()).unwrap();
    for node in model.graph.unwrap().node {
        assert!(
            Builder::OPERATORS.contains(&node.op_type.as_str()),
            "{}",
            node.op_type
        );
    }
}
