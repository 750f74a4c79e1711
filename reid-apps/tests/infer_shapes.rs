//! `reid infer` with models of several sizes: gears, open shapes, dynamic AIPP.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

mod small_models;

use std::fs;

use small_models::*;

#[test]
fn a_gear_is_set_and_one_that_the_model_lacks_is_answered_with_the_list() {
    let case = Case::empty();
    let options = ascendcl::atc::Options {
        input_shape: vec![("x".into(), vec![-1, 4])],
        dynamic_batch_size: vec![1, 2, 4],
        ..Default::default()
    };
    model(
        &case.path("m.om"),
        "Relu",
        &[("x", &[-1, 4])],
        &[-1, 4],
        options,
    );
    fs::create_dir(case.path("in")).unwrap();
    for sample in 0..5 {
        bin(&case.path(&format!("in/s{sample}.bin")), &row(sample));
    }
    case.files(&["--dymBatch", "2"]);
    assert_eq!(
        json(&case.path("out/r_summary.json"))["NPU_compute_time"]["count"],
        3
    );
    assert_eq!(numbers(&case.path("out/r/s4_0.bin")), relu_of(4));
    case.fails(&["--dymBatch", "3"], 3, &["batch size 3", "[1, 2, 4]"]);
    case.fails(
        &["--dymHW", "2,2"],
        2,
        &["--dynamic_image_size", "[1, 2, 4]"],
    );
    case.fails(&["--dymHW", "2"], 2, &["HEIGHT,WIDTH"]);
    case.fails(
        &["--dymHW", "2,2", "--dymBatch", "1"],
        2,
        &["cannot be used with"],
    );
    case.fails(&["--dymDims", "x:2"], 2, &["--dynamic_dims"]);
    let fixed = Case::relu(2, 1);
    fixed.fails(
        &["--dymBatch", "2"],
        2,
        &["--dynamic_batch_size", "fixed shapes"],
    );
}

/// A relu of any rows and columns.
fn open_model(case: &Case) {
    let options = ascendcl::atc::Options {
        input_shape: vec![("x".into(), vec![-1, -1])],
        ..Default::default()
    };
    model(
        &case.path("m.om"),
        "Relu",
        &[("x", &[-1, -1])],
        &[-1, -1],
        options,
    );
}

#[test]
fn open_shapes_are_said_ranged_over_and_taken_from_files() {
    let case = Case::empty();
    open_model(&case);
    case.fails(&[], 2, &["open shape [-1, -1]", "--dymShape"]);
    fs::create_dir(case.path("in")).unwrap();
    bin(&case.path("in/s0.bin"), &row(0));
    bin(&case.path("in/s1.bin"), &row(1));
    case.files(&["--dymShape", "x:2,4"]);
    assert_eq!(numbers(&case.path("out/r/s1_0.bin")), relu_of(1));
    case.fails(
        &["--dymShape", "z:2,4"],
        2,
        &["z, which is no input", "x [-1, -1]"],
    );
    case.fails(&["--dymShape", "x:2"], 2, &["gives x the shape [2]"]);
    // Too little memory for the output is no error: it grows.
    case.files(&["--dymShape", "x:2,4", "--outputSize", "8", "--overwrite"]);
    assert_eq!(numbers(&case.path("out/r/s0_0.bin")), relu_of(0));
    case.fails(
        &["--dymShape", "x:2,4", "--outputSize", "8,8"],
        2,
        &["2 sizes", "1 outputs"],
    );
    let out = case.ok(&["--dymShape_range", "x:1~3,4-8"]);
    assert_eq!(out.matches("  OK  ").count(), 6, "{out}");
    assert!(
        out.contains("x:3,8  OK") && out.contains("6 shapes ran, 0 failed"),
        "{out}"
    );
    let text = case.arguments(&["--dymShape_range", "z:1~2,4"]);
    let run = reid(&strs(&text));
    assert_eq!(run.status.code(), Some(1));
    assert!(texts(&run).0.contains("z:2,4  FAILED"));

    // Files of several shapes, written by the command itself.
    fs::remove_dir_all(case.path("in")).unwrap();
    fs::create_dir(case.path("in")).unwrap();
    for (rows, name) in [(1_u16, "one"), (3, "three"), (2, "two")] {
        let shape = format!("x:{rows},4");
        let all: Vec<f32> = (0..rows).flat_map(row).collect();
        bin(&case.path("raw.bin"), &all);
        let (raw, out) = (case.text("raw.bin"), case.text("npy"));
        case.ok(&[
            "--dymShape",
            &shape,
            "--input",
            &raw,
            "--output",
            &out,
            "--output_dirname",
            name,
            "--outfmt",
            "NPY",
        ]);
        fs::copy(
            case.path(&format!("npy/{name}/raw_0.npy")),
            case.path(&format!("in/{name}.npy")),
        )
        .unwrap();
    }
    case.files(&["--auto_set_dymshape_mode", "1", "--overwrite"]);
    for (rows, name) in [(1_u16, "one"), (3, "three"), (2, "two")] {
        let wanted: Vec<f32> = (0..rows).flat_map(relu_of).collect();
        assert_eq!(numbers(&case.path(&format!("out/r/{name}_0.bin"))), wanted);
    }
    case.fails(&["--auto_set_dymshape_mode", "1"], 2, &[".npy files"]);
    let fixed = Case::relu(2, 1);
    fixed.fails(&["--dymShape", "x:2,4"], 2, &["open dims", "fixed shapes"]);
}

#[test]
fn gears_of_dims_are_set_by_name_and_by_each_files_shape() {
    let case = Case::empty();
    let options = ascendcl::atc::Options {
        input_shape: vec![("x".into(), vec![-1, -1])],
        input_format: ascendcl::atc::Format::Nd,
        dynamic_dims: vec![vec![1, 4], vec![2, 4], vec![2, 8]],
        ..Default::default()
    };
    model(
        &case.path("m.om"),
        "Relu",
        &[("x", &[-1, -1])],
        &[-1, -1],
        options,
    );
    fs::create_dir(case.path("in")).unwrap();
    bin(&case.path("in/s0.bin"), &row(0));
    bin(&case.path("in/s1.bin"), &row(1));
    case.files(&["--dymDims", "x:2,4", "--outfmt", "NPY"]);
    case.fails(&["--dymDims", "x:3,4"], 3, &["[3, 4]", "[2, 8]"]);
    fs::rename(case.path("out/r"), case.path("npy")).unwrap();
    let (npy, out) = (case.text("npy"), case.text("out"));
    case.ok(&[
        "--auto_set_dymdims_mode",
        "1",
        "--input",
        &npy,
        "--output",
        &out,
        "--output_dirname",
        "a",
    ]);
    assert_eq!(numbers(&case.path("out/a/s1_0_0.bin")), relu_of(1));
}

#[test]
fn a_dynamic_aipp_takes_its_parameters_from_a_file() {
    let case = Case::empty();
    fs::write(
        case.path("aipp.cfg"),
        "aipp_op { aipp_mode: dynamic max_src_image_size: 1000 }",
    )
    .unwrap();
    let options = ascendcl::atc::Options {
        insert_op_conf: Some(case.path("aipp.cfg")),
        ..Default::default()
    };
    let dims = [2, 3, 2, 4];
    model(&case.path("m.om"), "Relu", &[("x", &dims)], &dims, options);
    case.fails(&[], 2, &["dynamic AIPP", "--aipp_config"]);
    let config = case.text("aipp.config");
    let text = "[aipp_op]\ninput_format : RGB888_U8\nsrc_image_size_w : 4\nsrc_image_size_h : 2\n\
                mean_chn_0 : 10\nvar_reci_chn_1 : 0.5\n";
    fs::write(&config, text).unwrap();
    // Pictures of 2 x 4 pixels, three bytes each.
    fs::create_dir(case.path("in")).unwrap();
    let picture: Vec<u8> = (0..24).collect();
    fs::write(case.path("in/p0.bin"), &picture).unwrap();
    fs::write(case.path("in/p1.bin"), [20; 24]).unwrap();
    case.files(&["--aipp_config", &config]);
    let planes = numbers(&case.path("out/r/p0_0.bin"));
    let wanted: Vec<f32> = (0..3_u8)
        .flat_map(|channel| (0..8_u8).map(move |pixel| (channel, f32::from(3 * pixel + channel))))
        .map(|(channel, value)| match channel {
            0 => (value - 10.0).max(0.0),
            1 => value / 2.0,
            _ => value,
        })
        .collect();
    assert_eq!(planes, wanted);
    assert_eq!(
        numbers(&case.path("out/r/p1_0.bin"))[..9],
        [10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0]
    );
    fs::write(&config, text.replace("RGB888_U8", "RGB")).unwrap();
    case.fails(
        &["--aipp_config", &config],
        1,
        &["aipp.config", "line 2", "YUV420SP_U8"],
    );
    fs::write(&config, text.replace("_w : 4", "_w : 4000")).unwrap();
    case.fails(
        &["--aipp_config", &config],
        3,
        &["pictures of 24000 bytes", "max_src_image_size"],
    );
    fs::write(&config, text).unwrap();
    let fixed = Case::relu(2, 1);
    fixed.fails(&["--aipp_config", &config], 2, &["this one has none"]);
}
