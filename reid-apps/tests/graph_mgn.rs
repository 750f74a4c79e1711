//! MGN as a graph: names, counts, errors, drawn weights.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;

use ascend_om::onnx::ModelProto;
use reid_apps::graph::mgn::{
    Channels, Config, MgnError, Outputs, ParameterKind, Weights, build, multiply_accumulates,
};
use reid_apps::graph::onnx::{Batch, Builder};

#[path = "common/run_onnx.rs"]
mod run_onnx;

use run_onnx::run;

/// The smallest network: a channel or two everywhere, and a small image.
fn tiny() -> Config {
    Config {
        channels: Channels::divided(64, 5).unwrap(),
        height: 96,
        width: 32,
        ..Config::full()
    }
}

#[test]
fn the_full_network_has_the_published_counts() {
    let config = Config::full();
    assert_eq!(config.parameters().len(), 640);
    assert_eq!(config.parameter_count(), 66_678_200);
    assert_eq!(config.statistic_count(), 129_408);
    assert_eq!(config.feature_length(), 2048);
}

#[test]
fn the_full_network_has_the_names_shapes_and_order_of_the_published_state_dict() {
    let table = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/models/params_mgn.tsv"
    );
    let Ok(table) = fs::read_to_string(Path::new(table)) else {
        println!("SKIPPED: {table} not found");
        return;
    };
    let kind = |kind| match kind {
        ParameterKind::Parameter => "float32\tparameter",
        ParameterKind::Statistic => "float32\tbuffer",
        _ => "int64\tbuffer",
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
            format!("{}\t{shape}\t{}", p.name, kind(p.kind))
        })
        .collect();
    let theirs: Vec<&str> = table.lines().skip(1).collect();
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.len());
}

#[test]
fn the_full_network_costs_twelve_thousand_million_multiplications() {
    // Costs grow with the square of the width but for the first convolution
    // (width times 3) and the classifiers (width times identities), so those
    // of two narrow networks tell those of the full one.
    let cost = |divisor| {
        let config = Config {
            channels: Channels::divided(divisor, 0x2ef).unwrap(),
            ..Config::full()
        };
        let weights = Weights::drawn(&config, 1).unwrap();
        i128::from(multiply_accumulates(&config, &weights).unwrap())
    };
    // cost(width) = a * width^2 + b * width, at 1/32 and 1/16 of the width.
    let (small, large) = (cost(32), cost(16));
    let square = (large - 2 * small) / 2;
    let linear = small - square;
    let full = square * 1024 + linear * 32;
    // 11.88 G of convolutions and 1.5 M of classifiers.
    assert_eq!(full / 10_000_000, 1188, "{full}");
}

#[test]
fn the_same_weights_give_the_same_bytes() {
    let config = tiny();
    let one = build(&config, &Weights::seeded(&config, 3).unwrap()).unwrap();
    let two = build(&config, &Weights::seeded(&config, 3).unwrap()).unwrap();
    assert!(one == two);
    let other = build(&config, &Weights::seeded(&config, 4).unwrap()).unwrap();
    assert!(one != other);
}

#[test]
fn the_shared_reduction_is_stored_once() {
    let config = Config {
        fold_batch_norm: false,
        ..tiny()
    };
    let weights = Weights::drawn(&config, 1).unwrap();
    let filters = &weights.get("reduction.0.weight").unwrap().data;
    let bytes: Vec<u8> = filters.iter().flat_map(|x| x.to_le_bytes()).collect();
    let file = build(&config, &weights).unwrap();
    let stored = file.windows(bytes.len()).filter(|w| *w == bytes).count();
    assert_eq!(stored, 1);
}

#[test]
fn wrong_weights_are_listed_in_full_in_one_error() {
    let config = tiny();
    let mut weights = Weights::drawn(&config, 1).unwrap();
    weights.remove("p2.1.0.downsample.1.bias").unwrap();
    weights.remove("fc_id_2048_0.bias").unwrap();
    weights
        .insert("p4.weight", vec![2, 1], vec![0.0; 2])
        .unwrap();
    weights
        .insert("reduction.0.weight", vec![2, 2], vec![0.0; 4])
        .unwrap();
    let error = build(&config, &weights).unwrap_err();
    let MgnError::Weights(differences) = &error else {
        panic!("{error}");
    };
    let missing: Vec<&str> = differences.missing.iter().map(|m| m.0.as_str()).collect();
    assert_eq!(missing, ["fc_id_2048_0.bias", "p2.1.0.downsample.1.bias"]);
    assert_eq!(differences.surplus, [("p4.weight".to_owned(), vec![2, 1])]);
    assert_eq!(differences.reshaped.len(), 1);
    let line = error.to_string();
    assert!(line.contains("1 surplus: p4.weight 2x1"), "{line}");
    assert!(
        line.contains("reduction.0.weight found 2x2 wanted 4x32x1x1"),
        "{line}"
    );
    assert!(!line.contains('\n'));
}

#[test]
fn features_alone_need_no_classifiers_and_no_counters() {
    let config = Config {
        outputs: Outputs::FeaturesOnly,
        ..tiny()
    };
    let mut weights = Weights::drawn(&config, 1).unwrap();
    let names: Vec<String> = weights.iter().map(|(n, _)| n.to_owned()).collect();
    for name in names.iter().filter(|n| n.starts_with("fc_id")) {
        weights.remove(name).unwrap();
    }
    let read = Config::of_weights(&weights).unwrap();
    assert_eq!(read.outputs, Outputs::FeaturesOnly);
    build(&config, &weights).unwrap();
    weights
        .insert("backbone.1.num_batches_tracked", vec![], vec![7.0])
        .unwrap();
    build(&config, &weights).unwrap();
    let all = tiny();
    let error = build(&all, &weights).unwrap_err().to_string();
    assert!(error.contains("16 missing: fc_id_2048_0.bias 5"), "{error}");
}

#[test]
fn widths_are_read_from_the_weights() {
    let config = Config::reduced();
    let weights = Weights::drawn(&config, 1).unwrap();
    let read = Config::of_weights(&weights).unwrap();
    assert_eq!(read.channels, config.channels);
    assert_eq!(read.outputs, Outputs::AllTwelve);
    assert!(Config::of_weights(&Weights::new()).is_err());
}

#[test]
fn sizes_that_make_no_network_are_refused() {
    let wrong = [
        Config {
            height: 100,
            ..tiny()
        },
        Config { width: 0, ..tiny() },
        Config {
            batch: Batch::Fixed(0),
            ..tiny()
        },
        Config {
            input_name: String::new(),
            ..tiny()
        },
        Config {
            channels: Channels {
                feature: 0,
                ..Channels::FULL
            },
            ..tiny()
        },
    ];
    for config in wrong {
        let error = Weights::drawn(&config, 1).unwrap_err();
        assert!(matches!(error, MgnError::Config { .. }), "{error}");
    }
    assert!(Channels::divided(3, 1).is_err());
    assert!(Channels::divided(0, 1).is_err());
    let count = Weights::new().insert("x", vec![2, 2], vec![0.0; 3]);
    assert!(matches!(count, Err(MgnError::Count { .. })));
    // A name that another tensor has.
    let config = Config {
        output_name: "backbone.0".to_owned(),
        ..tiny()
    };
    let weights = Weights::drawn(&tiny(), 1).unwrap();
    assert!(matches!(build(&config, &weights), Err(MgnError::Graph(_))));
}

/// Two unlike images of the full size: a grey ramp, and blocks of colour.
fn two_images() -> Vec<f32> {
    let size = 384 * 128;
    let ramp = (0..3 * size).map(|i| (i % size / 128) as f32 / 96.0 - 2.0);
    let blocks = (0..3 * size).map(|i| {
        let (channel, row, column) = (i / size, i % size / 128, i % 128);
        let body = row > 40 && (32..96).contains(&column);
        if body && (row / 120 + channel) % 3 == 0 {
            1.5
        } else {
            -1.0
        }
    });
    ramp.chain(blocks).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn seeded_features_depend_on_the_image_and_stay_in_range() {
    for divisor in [16, 8] {
        for seed in [0, 1, 2] {
            let config = Config {
                channels: Channels::divided(divisor, 32).unwrap(),
                ..Config::reduced()
            };
            let weights = Weights::seeded(&config, seed).unwrap();
            let onnx = build(&config, &weights).unwrap();
            let found = run(&onnx, &two_images(), [2, 3, 384, 128]);
            let length = config.feature_length();
            let (a, b) = found[0].data.split_at(length);
            assert_eq!(b.len(), length);
            let alike = cosine(a, b);
            println!("1/{divisor} seed {seed}: cosine {alike:.3}");
            assert!(
                alike < 0.9,
                "the features hardly depend on the image: {alike}"
            );
            for features in [a, b] {
                assert!(features.iter().all(|x| (0.0..100.0).contains(x)));
                for part in features.chunks_exact(config.channels.feature) {
                    let alive = part.iter().filter(|x| **x > 0.0).count();
                    assert!(alive > 0, "a vector of zeros");
                }
                let alive = features.iter().filter(|x| **x > 0.0).count();
                assert!(alive * 4 > length, "{alive} of {length}");
            }
        }
    }
}

#[test]
fn folding_and_the_batch_do_not_change_the_features() {
    let config = tiny();
    let weights = Weights::seeded(&config, 5).unwrap();
    let images: Vec<f32> = (0..2 * 3 * 96 * 32)
        .map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0)
        .collect();
    let dynamic = run(&build(&config, &weights).unwrap(), &images, [2, 3, 96, 32]);
    let one = Config {
        batch: Batch::Fixed(1),
        fold_batch_norm: false,
        ..config
    };
    let one = build(&one, &weights).unwrap();
    for (row, image) in images.chunks_exact(3 * 96 * 32).enumerate() {
        let outputs = run(&one, image, [1, 3, 96, 32]);
        assert_eq!(outputs.len(), 12);
        for (single, both) in outputs.iter().zip(&dynamic) {
            let length = single.data.len();
            let wanted = &both.data[row * length..(row + 1) * length];
            assert!(run_onnx::difference(&single.data, wanted) < 1e-4);
        }
    }
}

#[test]
fn calibration_refuses_part_of_an_image() {
    let config = tiny();
    let mut weights = Weights::drawn(&config, 1).unwrap();
    for images in [&[][..], &[0.0; 17][..]] {
        let error = weights.calibrate(&config, images).unwrap_err();
        assert!(matches!(error, MgnError::Images { .. }));
    }
}

#[test]
fn the_file_says_what_goes_in_and_out() {
    let config = tiny();
    let weights = Weights::drawn(&config, 1).unwrap();
    let file = build(&config, &weights).unwrap();
    let model = ModelProto::read(file.into()).unwrap();
    assert_eq!(model.ir_version, 6);
    assert_eq!(model.opset_import[0].version, Builder::OPSET);
    let graph = model.graph.unwrap();
    assert_eq!(graph.input.len(), 1);
    assert_eq!(graph.input[0].name, "image");
    assert_eq!(graph.input[0].dims().unwrap(), [-1, 3, 96, 32]);
    let outputs: Vec<(&str, Vec<i64>)> = graph
        .output
        .iter()
        .map(|o| (o.name.as_str(), o.dims().unwrap()))
        .collect();
    let wanted = [
        ("features", 32),
        ("p1.feature", 4),
        ("p2.feature", 4),
        ("p3.feature", 4),
        ("fc_id_2048_0", 5),
        ("fc_id_2048_1", 5),
        ("fc_id_2048_2", 5),
        ("fc_id_256_1_0", 5),
        ("fc_id_256_1_1", 5),
        ("fc_id_256_2_0", 5),
        ("fc_id_256_2_1", 5),
        ("fc_id_256_2_2", 5),
    ];
    assert_eq!(
        outputs,
        wanted.map(|(name, length)| (name, vec![-1, length]))
    );
    for node in &graph.node {
        assert!(Builder::OPERATORS.contains(&node.op_type.as_str()));
    }
    // A fixed batch is a number.
    let fixed = Config {
        batch: Batch::Fixed(4),
        ..config
    };
    let model = ModelProto::read(build(&fixed, &weights).unwrap().into()).unwrap();
    let graph = model.graph.unwrap();
    assert_eq!(graph.input[0].dims().unwrap()[0], 4);
    assert_eq!(graph.output[11].dims().unwrap(), [4, 5]);
}
