//! Loading and running models of our own converter; refusing all others.
#![allow(clippy::unwrap_used, clippy::type_complexity)]

#[path = "common/models.rs"]
mod models;

use ascend_om::onnx::elem;
use ascendcl::atc::{Options, OutputType, convert_bytes};
use ascendcl::exec::{Gears, ModelError, ModelImage};
use models::{add_relu_argmax, bytes, floats, global_mean, unary};

fn image(onnx: &[u8], options: &Options) -> ModelImage {
    ModelImage::parse(&convert_bytes(onnx, "m", options).unwrap()).unwrap()
}

fn batch_gears() -> Options {
    Options {
        input_shape: vec![("x".into(), vec![-1, 3])],
        dynamic_batch_size: vec![2, 4, 1],
        ..Options::default()
    }
}

#[test]
fn a_static_model_tells_its_inputs_and_outputs_and_runs() {
    let om = convert_bytes(&add_relu_argmax(2), "m", &Options::default()).unwrap();
    let model = ModelImage::parse(&om).unwrap();
    let info = model.info();
    assert_eq!(
        (info.name.as_str(), info.soc_version.as_str()),
        ("m", "Ascend310P3")
    );
    assert_eq!(info.gears, Gears::None);
    let x = &info.inputs[0];
    assert_eq!(
        (x.name.as_str(), x.dtype, x.format, x.size),
        ("x", 0, 0, 24)
    );
    assert_eq!((&x.dims, &x.dims_v2), (&vec![2, 3], &vec![2, 3]));
    let names: Vec<&str> = info.outputs.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["relu:0:sum", "ArgMax_2:0:index"]);
    assert_eq!((info.outputs[1].dtype, info.outputs[1].size), (9, 16));
    assert_eq!(model.output_dims(1, None), Some(vec![2]));
    assert_eq!(model.output_dims(2, None), None);
    assert_eq!(
        ModelImage::query_size(&om).unwrap(),
        (info.work_size, info.weight_size)
    );
    assert!(info.work_size > 0 && info.weight_size == 1024, "{info:?}");

    let x = bytes(&[0.0, 5.0, -9.0, -1.0, 2.5, -2.0]);
    let out = model.run(&[&x], &[vec![2, 3]]).unwrap();
    assert_eq!(floats(&out[0].bytes), [1.0, 3.0, 0.0, 0.0, 0.5, 1.0]);
    assert_eq!((out[1].dtype, &out[1].dims), (9, &vec![2]));
    assert_eq!(out[1].bytes, [1i64, 2].map(i64::to_le_bytes).concat());
}

#[test]
fn inputs_that_do_not_fit_are_refused_with_both_sizes() {
    let model = image(&add_relu_argmax(2), &Options::default());
    let x = bytes(&[0.0; 6]);
    let cases: [(&[&[u8]], Vec<Vec<i64>>, &str); 5] = [
        (&[], vec![], "found 0 inputs, wanted 1"),
        (
            &[&x[..20]],
            vec![vec![2, 3]],
            "found 20 bytes, wanted 24 bytes",
        ),
        (
            &[&x],
            vec![vec![3, 2]],
            "found shape [3, 2], wanted shape [2, 3]",
        ),
        (&[&x], vec![vec![-1, 3]], "found shape [-1, 3]"),
        (
            &[&[x.clone(), x.clone()].concat()],
            vec![vec![2, 3]],
            "found 48 bytes, wanted 24 bytes",
        ),
    ];
    for (inputs, shapes, want) in cases {
        let error = model.run(inputs, &shapes).unwrap_err();
        assert!(error.to_string().contains(want), "{error}");
        assert_eq!(error.code(), 145_000, "{error}");
    }
}

#[test]
fn batch_gears_list_the_hidden_input_and_run_at_each_size_and_at_no_other() {
    let model = image(&add_relu_argmax(-1), &batch_gears());
    let info = model.info();
    assert_eq!(info.gears, Gears::Batch(vec![2, 4, 1]));
    let names: Vec<&str> = info.inputs.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["x", "ascend_mbatch_shape_data"]);
    assert_eq!(
        (&info.inputs[0].dims, info.inputs[0].size),
        (&vec![-1, 3], 48)
    );
    assert_eq!(
        (
            info.inputs[1].dtype,
            &info.inputs[1].dims,
            info.inputs[1].size
        ),
        (3, &vec![1], 4)
    );
    assert_eq!(
        (&info.outputs[0].dims, info.outputs[0].size),
        (&vec![4, 3], 48)
    );
    assert_eq!(model.output_dims(0, Some(0)), Some(vec![2, 3]));
    assert_eq!(model.output_dims(0, Some(2)), Some(vec![1, 3]));
    assert_eq!(model.output_dims(0, Some(3)), None);
    let om = convert_bytes(&add_relu_argmax(-1), "m", &batch_gears()).unwrap();
    let described = ModelImage::describe(&om).unwrap();
    assert_eq!(
        (&described.inputs, &described.outputs, &described.gears),
        (&info.inputs, &info.outputs, &info.gears)
    );
    let largest = bytes(&[1.0; 12]);
    for batch in [1i64, 2, 4] {
        let out = model.run(&[&largest], &[vec![batch, 3]]).unwrap();
        assert_eq!(out[0].dims, [batch, 3]);
        assert_eq!(
            floats(&out[0].bytes),
            [2.0, 0.0, 4.0].repeat(usize::try_from(batch).unwrap())
        );
    }
    let error = model.run(&[&largest], &[vec![3, 3]]).unwrap_err();
    assert_eq!(error.code(), 145_013, "{error}");
}

#[test]
fn image_size_and_dims_gears_run_at_each_size() {
    let by_size = Options {
        input_shape: vec![("x".into(), vec![1, 2, -1, -1])],
        dynamic_image_size: vec![[2, 3], [4, 1]],
        ..Options::default()
    };
    let by_dims = Options {
        dynamic_image_size: Vec::new(),
        dynamic_dims: vec![vec![2, 3], vec![4, 1]],
        input_format: ascendcl::atc::Format::Nd,
        ..by_size.clone()
    };
    for options in [by_size, by_dims] {
        let model = image(&global_mean(), &options);
        assert_eq!(
            (model.info().gears.len(), model.info().gears.values(1)),
            (2, Some(vec![4, 1]))
        );
        for (h, w) in [(2i64, 3i64), (4, 1)] {
            let x: Vec<f32> = (0..2 * h * w)
                .map(|i| if i < h * w { 2.0 } else { 5.0 })
                .collect();
            let out = model.run(&[&bytes(&x)], &[vec![1, 2, h, w]]).unwrap();
            assert_eq!(floats(&out[0].bytes), [2.0, 5.0]);
        }
        let error = model
            .run(&[&bytes(&[0.0; 12])], &[vec![1, 2, 3, 2]])
            .unwrap_err();
        assert_eq!(error.code(), 145_013, "{error}");
    }
}

#[test]
fn element_types_are_taken_and_given_as_the_model_says() {
    let half = |v: f32| half::f16::from_f32(v).to_le_bytes();
    let options = Options {
        input_fp16_nodes: vec!["x".into()],
        output_type: OutputType::All(1),
        ..Options::default()
    };
    let model = image(&unary("Neg", elem::FLOAT, &[2]), &options);
    assert_eq!(
        (model.info().inputs[0].size, model.info().outputs[0].size),
        (4, 4)
    );
    let out = model
        .run(&[&[half(1.5), half(f32::INFINITY)].concat()], &[vec![2]])
        .unwrap();
    assert_eq!(out[0].bytes, [half(-1.5), half(f32::NEG_INFINITY)].concat());

    let model = image(&unary("Neg", elem::INT64, &[2]), &Options::default());
    let out = model
        .run(&[&[7i64, -8].map(i64::to_le_bytes).concat()], &[vec![2]])
        .unwrap();
    assert_eq!(out[0].bytes, [-7i64, 8].map(i64::to_le_bytes).concat());
    let error = model
        .run(
            &[&[1i64 << 40, 0].map(i64::to_le_bytes).concat()],
            &[vec![2]],
        )
        .unwrap_err();
    assert!(error.to_string().contains("1099511627776"), "{error}");

    let model = image(&unary("Identity", elem::UINT8, &[3]), &Options::default());
    assert_eq!(
        model.run(&[&[1, 2, 255]], &[vec![3]]).unwrap()[0].bytes,
        [1, 2, 255]
    );
    let model = image(&unary("Not", elem::BOOL, &[2]), &Options::default());
    assert_eq!(model.run(&[&[0, 1]], &[vec![2]]).unwrap()[0].bytes, [1, 0]);
}

#[test]
fn nan_goes_in_and_comes_out() {
    let model = image(&unary("Sqrt", elem::FLOAT, &[3]), &Options::default());
    let out = model
        .run(&[&bytes(&[-1.0, f32::NAN, 4.0])], &[vec![3]])
        .unwrap();
    let y = floats(&out[0].bytes);
    assert!(y[0].is_nan() && y[1].is_nan() && y[2] == 2.0, "{y:?}");
}

#[test]
fn one_model_runs_on_several_threads_at_once() {
    let model = image(&add_relu_argmax(-1), &batch_gears());
    std::thread::scope(|scope| {
        for t in 0..4u8 {
            let model = &model;
            scope.spawn(move || {
                for _ in 0..50 {
                    let v = f32::from(t);
                    let out = model.run(&[&bytes(&[v; 6])], &[vec![2, 3]]).unwrap();
                    let row = [v + 1.0, (v - 2.0).max(0.0), v + 3.0];
                    assert_eq!(floats(&out[0].bytes), row.repeat(2));
                }
            });
        }
    });
}

#[test]
fn every_flipped_bit_and_every_truncation_is_noticed() {
    let om = convert_bytes(&add_relu_argmax(-1), "m", &batch_gears()).unwrap();
    assert!(ModelImage::parse(&om).is_ok());
    // Every byte, one of its bits each (the seal's own test goes through all bits).
    for at in 0..om.len() {
        let mut bad = om.clone();
        bad[at] ^= 1 << (at % 8);
        let error = ModelImage::parse(&bad).expect_err("a flipped bit");
        assert!(error.code() > 0, "byte {at}");
        assert!(
            !matches!(error, ModelError::VendorModel { .. }),
            "byte {at}: {error}"
        );
    }
    for cut in (0..om.len()).step_by(7) {
        let error = ModelImage::parse(&om[..cut]).expect_err("a truncation");
        assert_eq!(error.code(), 145_006, "cut at {cut}: {error}");
        assert!(ModelImage::query_size(&om[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn what_is_no_model_is_told_what_it_is() {
    let cases: [(&[u8], &str); 5] = [
        (b"", "an empty file"),
        (b"PK\x03\x04zip", "zip archive"),
        (
            b"version https://git-lfs.github.com/spec/v1",
            "git lfs pull",
        ),
        (&unary("Neg", elem::FLOAT, &[1]), "atc-sim --framework=5"),
        (&[0x77; 300], "found bytes 77 77"),
    ];
    for (bytes, want) in cases {
        let error = ModelImage::parse(bytes).unwrap_err();
        assert!(error.to_string().contains(want), "{error}");
        assert_eq!(error.code(), 145_006);
    }
}

#[test]
fn real_device_models_are_refused_with_the_way_out_and_still_tell_their_sizes() {
    let folder = std::env::var_os("OM_SAMPLES").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/om/samples").into(),
        std::path::PathBuf::from,
    );
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!(
            "SKIPPED: sample .om files not found at {}",
            folder.display()
        );
        return;
    };
    for path in entries
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "om"))
    {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        if name == "modelbox_conv2.om" {
            // All of its operators keep their attributes.
            ModelImage::parse(&bytes).unwrap();
            continue;
        }
        let error = ModelImage::parse(&bytes).unwrap_err();
        println!("{name}: {} {error}", error.code());
        if name.contains("encrypted") {
            assert!(error.to_string().contains("encrypted"), "{name}: {error}");
            continue;
        }
        assert!(
            matches!(error, ModelError::VendorModel { .. }),
            "{name}: {error}"
        );
        assert!(
            error.to_string().contains("atc-sim --framework=5 --model="),
            "{name}"
        );
        if name.starts_with("hiai_") {
            assert!(error.to_string().contains("phone"), "{name}: {error}");
        } else {
            let (work, weight) = ModelImage::query_size(&bytes).unwrap();
            assert!(work > 0 && weight > 0, "{name}");
        }
    }
}
