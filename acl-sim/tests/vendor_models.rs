//! Models of the vendor's converter: which run, which are refused, and how near a device's own numbers they come.
//!
//! The files are not part of the project. `OM_SAMPLES` names their folder; without it, and without the default folder,
//! these tests say so and pass.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::PathBuf;

use ascend_om::onnx::{ModelProto, NodeProto, TensorProto};
use ascendcl::exec::{EngineKind, ModelError, ModelImage, VendorOptions};
use half::f16;

fn sample(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("OM_SAMPLES").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/om/samples").into(),
        PathBuf::from,
    );
    let read = std::fs::read(folder.join(name));
    if read.is_err() {
        println!("SKIPPED: {name} not found in {}", folder.display());
    }
    read.ok()
}

fn options(assume: &str, seed: u64) -> VendorOptions {
    let mut options = VendorOptions::default();
    options.assume = assume.into();
    options.seed = seed;
    options
}

fn load(om: &[u8], options: &VendorOptions) -> Result<ModelImage, ModelError> {
    ModelImage::of_vendor(om, EngineKind::Rten, options)
}

fn run(model: &ModelImage, input: &[f32]) -> Vec<f32> {
    let bytes: Vec<u8> = input.iter().flat_map(|v| v.to_le_bytes()).collect();
    let shape = model.info().inputs[0].dims.clone();
    let outputs = model.run(&[&bytes], &[shape]).unwrap();
    floats(&outputs[0].bytes)
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (all, _) = bytes.as_chunks::<4>();
    all.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

/// Numbers between -1 and 1 that no structure of a layout repeats.
fn drawn(count: usize) -> Vec<f32> {
    let mut state = 7_u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(state >> 16).unwrap()) / 32768.0 - 1.0
        })
        .collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let mean = |v: &[f32]| v.iter().map(|&x| f64::from(x)).sum::<f64>() / v.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let product = |x: &[f32], mx: f64, y: &[f32], my: f64| -> f64 {
        let pairs = x.iter().zip(y);
        pairs
            .map(|(&x, &y)| (f64::from(x) - mx) * (f64::from(y) - my))
            .sum()
    };
    product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
}

fn mean_difference(a: &[f32], b: &[f32]) -> f64 {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / a.len() as f64
}

#[test]
fn a_model_whose_operators_keep_their_attributes_runs_and_is_its_two_convolutions() {
    let Some(om) = sample("modelbox_conv2.om") else {
        return;
    };
    let model = load(&om, &options("", 0)).unwrap();
    let x: Vec<f32> = drawn(2048)
        .iter()
        .map(|v| f16::from_f32(*v).to_f32())
        .collect();
    let found = run(&model, &x);
    assert_eq!(found.len(), 256 * 2048);
    assert!(
        found.iter().all(|v| f16::from_f32(*v).to_f32() == *v),
        "not rounded"
    );
    // By hand from the constants: a filter of 33 with 16 zeros on each side, then 256 filters of one.
    let parsed = ascend_om::container::Om::parse(&om).unwrap();
    let root = parsed.root();
    let kind = ascend_om::container::PartitionKind::MODEL_DEF;
    let description = ascend_om::model_def::decode_model(root.require(kind).unwrap()).unwrap();
    let weights = root
        .find(ascend_om::container::PartitionKind::WEIGHTS_DATA)
        .unwrap();
    let all = ascend_om::constants::constants(&description, weights).unwrap();
    let constant = |dims: &[i64]| -> Vec<f64> {
        let found = all.iter().find(|c| c.origin_dims == dims).unwrap();
        ascend_om::unfold::unfold(found).unwrap().values().unwrap()
    };
    let (first, second) = (constant(&[1, 33, 1, 1]), constant(&[1, 1, 1, 256]));
    let half = |v: f64| f64::from(f16::from_f64(v).to_f32());
    let mut largest = 0.0_f64;
    for at in 0..2048_usize {
        let tap = |k: usize| {
            let read = (at + k).checked_sub(16).and_then(|i| x.get(i));
            read.map_or(0.0, |&v| f64::from(v) * first[k])
        };
        let middle = half((0..33).map(tap).sum());
        for (channel, weight) in second.iter().enumerate() {
            let wanted = half(middle * weight);
            let apart = (f64::from(found[channel * 2048 + at]) - wanted).abs();
            largest = largest.max(apart / wanted.abs().max(1e-2));
        }
    }
    println!("largest relative difference {largest:.1e}");
    // One step of half precision, where a sum in another order falls on the other side.
    assert!(largest <= 1.0 / 512.0, "{largest}");
}

#[test]
fn a_model_that_lost_attributes_runs_under_stated_assumptions_as_near_a_device_as_two_seeds_are() {
    let Some(om) = sample("vae_autoencoder.om") else {
        return;
    };
    let (Some(input), Some(device)) = (
        sample("vae_input_f32_100x784.bin"),
        sample("vae_device_output_f32_100x784.bin"),
    ) else {
        return;
    };
    let (input, device) = (floats(&input), floats(&device));
    let assume = "dilation-1,usual-padding,leaky-relu";
    let seeds: Vec<Vec<f32>> = (1..=3)
        .map(|seed| run(&load(&om, &options(assume, seed)).unwrap(), &input))
        .collect();
    let between = [(0, 1), (0, 2), (1, 2)].map(|(a, b)| correlation(&seeds[a], &seeds[b]));
    let apart = [(0, 1), (0, 2), (1, 2)].map(|(a, b)| mean_difference(&seeds[a], &seeds[b]));
    println!("two seeds: correlation {between:.4?}, mean difference {apart:.5?}");
    let (low, most) = (
        between.iter().copied().fold(1.0, f64::min),
        apart.iter().copied().fold(0.0, f64::max),
    );
    for ours in &seeds {
        let (c, d) = (correlation(ours, &device), mean_difference(ours, &device));
        println!("a seed and the device: correlation {c:.4}, mean difference {d:.5}");
        assert!(c > low - 0.01 && d < 1.1 * most, "{c} {d}");
    }
    // Rows in another order are another picture.
    let turned: Vec<f32> = seeds[0].chunks(784).rev().flatten().copied().collect();
    assert!(correlation(&turned, &device) < 0.5);
    // The same seed gives the same bits.
    assert_eq!(
        seeds[0],
        run(&load(&om, &options(assume, 1)).unwrap(), &input)
    );
}

#[test]
fn without_the_assumptions_each_operator_is_refused_by_name_and_reason() {
    let Some(om) = sample("vae_autoencoder.om") else {
        return;
    };
    let error = load(&om, &options("", 0)).unwrap_err();
    let text = error.to_string();
    assert_eq!(error.code(), 145_000);
    for wanted in [
        "3 of its 46 operators",
        "Abs recognition/lrelu/Abs",
        "ACL_SIM_ASSUME=leaky-relu",
        "Conv2DBackpropInputD generation/g_h1/conv2d_transposegeneration/Relu_1",
        "ACL_SIM_ASSUME=dilation-1,usual-padding",
        "ACL_SIM_ONNX_DIR",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let error = load(&om, &options("dilation-2", 0)).unwrap_err();
    assert!(
        error.to_string().contains("names \"dilation-2\""),
        "{error}"
    );
}

#[test]
fn a_dilated_network_is_refused_whatever_is_assumed_as_long_as_operators_are_unknown() {
    let Some(om) = sample("lanenet_122.om") else {
        return;
    };
    let error = load(&om, &options("dilation-1,usual-padding,leaky-relu", 0)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("operators do not say what they do"),
        "{error}"
    );
}

#[test]
fn the_onnx_it_was_made_from_runs_it_in_half_precision() {
    let (Some(om), Some(onnx)) = (sample("lanenet_122.om"), sample("lanenet_122_source.onnx"))
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("my_122_anenet.onnx");
    std::fs::write(&source, onnx).unwrap();
    let mut options = VendorOptions::default();
    options.folders.push(folder.path().to_owned());
    let model = load(&om, &options).unwrap();
    let found = run(&model, &drawn(3 * 256 * 512));
    assert_eq!(found.len(), 2 * 256 * 512);
    let mut subnormal = 0;
    for value in &found {
        // Numbers that half precision holds with fewer bits keep eleven.
        subnormal += usize::from(value.abs() < 6.2e-5);
        assert!(
            value.abs() < 6.2e-5 || f16::from_f32(*value).to_f32() == *value,
            "{value}"
        );
    }
    assert!(subnormal < found.len() / 100);
    // The converted ONNX computes in float32: near, and not the same.
    let wide = ascendcl::atc::Options {
        input_shape: vec![("input_image".into(), vec![1, 3, 256, 512])],
        ..Default::default()
    };
    let bytes = std::fs::read(&source).unwrap();
    let wide =
        ModelImage::parse(&ascendcl::atc::convert_bytes(&bytes, "wide", &wide).unwrap()).unwrap();
    let wide = run(&wide, &drawn(3 * 256 * 512));
    let c = correlation(&found, &wide);
    println!("half against float: correlation {c:.6}");
    assert!(c > 0.999 && found != wide, "{c}");
}

#[test]
fn another_network_beside_the_model_is_refused() {
    let (Some(om), Some(mut onnx)) = (sample("lanenet_122.om"), sample("lanenet_122_source.onnx"))
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    // A float in the middle of the weights.
    let middle = onnx.len() / 2;
    onnx[middle..middle + 64].fill(0x3f);
    let source = folder.path().join("other.onnx");
    std::fs::write(&source, onnx).unwrap();
    let mut options = VendorOptions::default();
    options.sources.push(source);
    let error = load(&om, &options).unwrap_err().to_string();
    assert!(
        error.contains("other.onnx: not shown to be the same network"),
        "{error}"
    );
}

#[test]
fn a_network_with_a_layer_more_than_the_model_is_refused() {
    let (Some(om), Some(onnx)) = (sample("lanenet_122.om"), sample("lanenet_122_source.onnx"))
    else {
        return;
    };
    // All filters of the model are in it, and inputs and outputs stay; what it computes does not.
    let mut onnx = ModelProto::read(onnx.into()).unwrap();
    let graph = onnx.graph.as_mut().unwrap();
    let output = graph.output[0].name.clone();
    for node in &mut graph.node {
        for name in node.input.iter_mut().chain(&mut node.output) {
            if *name == output {
                *name = "inner".into();
            }
        }
    }
    let weights: Vec<f32> = (0..36_u8).map(f32::from).collect();
    graph.initializer.push(TensorProto::from_f32(
        "extra.weight",
        &[2, 2, 3, 3],
        &weights,
    ));
    graph.node.push(NodeProto {
        op_type: "Conv".into(),
        name: "extra".into(),
        input: vec!["inner".into(), "extra.weight".into()],
        output: vec![output],
        ..NodeProto::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("longer.onnx");
    std::fs::write(&source, onnx.write()).unwrap();
    let mut options = VendorOptions::default();
    options.sources.push(source);
    let error = load(&om, &options).unwrap_err().to_string();
    assert!(
        error.contains("1 filters of the ONNX are not in the model, the first is extra.weight"),
        "{error}"
    );
}

#[test]
fn damaged_copies_end_in_errors_or_in_numbers_and_never_in_a_panic() {
    let assume = options("dilation-1,usual-padding,leaky-relu", 1);
    let (mut loaded, mut refused) = (0, 0);
    for name in [
        "modelbox_conv2.om",
        "vae_autoencoder.om",
        "a3c_pong_a.om",
        "nms_sub_model.om",
    ] {
        let Some(om) = sample(name) else { continue };
        let parsed = ascend_om::container::Om::parse(&om).unwrap();
        let kind = ascend_om::container::PartitionKind::MODEL_DEF;
        let description = parsed
            .root()
            .partitions
            .iter()
            .find(|p| p.kind == kind)
            .unwrap();
        let start = usize::try_from(description.offset).unwrap();
        let mut state = 11_u64;
        let mut next = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        for _ in 0..250 {
            let mut bad = om.clone();
            for _ in 0..=next(4) {
                let at = start + next(description.bytes.len());
                bad[at] = u8::try_from(next(256)).unwrap();
            }
            let Ok(model) = load(&bad, &assume) else {
                refused += 1;
                continue;
            };
            loaded += 1;
            let inputs: Vec<Vec<u8>> = model
                .info()
                .inputs
                .iter()
                .map(|i| vec![0; i.size.min(1 << 20)])
                .collect();
            let views: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
            let shapes: Vec<Vec<i64>> =
                model.info().inputs.iter().map(|i| i.dims.clone()).collect();
            // Running the large one each time would take minutes.
            if name == "modelbox_conv2.om" {
                drop(model.run(&views, &shapes));
            }
        }
    }
    println!("{loaded} loaded, {refused} refused");
}
