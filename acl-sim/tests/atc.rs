//! The converter's command line and its files, through the binary.
#![allow(clippy::unwrap_used, clippy::type_complexity)]

#[path = "common/models.rs"]
mod models;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ascend_om::attrs::{AttrTables, Attrs};
use ascend_om::container::{Flavour, Om, PartitionKind};
use ascend_om::describe::describe;
use ascend_om::inout_info::InOutInfo;
use ascend_om::model_def::{AttrValue, decode_model, decode_tasks};
use ascend_om::onnx::elem;
use ascendcl::exec::ModelImage;
use models::{add_relu_argmax, bytes, unary};
use tempfile::TempDir;

fn atc(folder: &Path, args: &[&str]) -> Output {
    let command = env!("CARGO_BIN_EXE_atc-sim");
    Command::new(command)
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

fn setup(onnx: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.onnx"), onnx).unwrap();
    let target = folder.path().join("out.om");
    (folder, target)
}

const BASE: [&str; 3] = ["--framework=5", "--model=m.onnx", "--output=out"];

#[test]
fn a_guides_command_line_succeeds_with_the_vendors_last_line() {
    let (folder, target) = setup(&add_relu_argmax(-1));
    std::fs::write(folder.path().join("keep.txt"), "add\n").unwrap();
    let args = [
        &BASE[..],
        &[
            "--input_shape=x:2,3",
            "--input_format=NCHW",
            "--soc_version=Ascend310P3",
            "--log=error",
            "--keep_dtype=keep.txt",
            "--op_select_implmode=high_precision",
        ],
    ]
    .concat();
    let result = atc(folder.path(), &args);
    let error = String::from_utf8_lossy(&result.stderr);
    assert_eq!(result.status.code(), Some(0), "{error}");
    assert_eq!(
        result.stdout,
        b"ATC run success, welcome to the next use.\n"
    );
    assert!(
        error.contains("--op_select_implmode") && error.lines().count() == 1,
        "{error}"
    );
    let om = std::fs::read(&target).unwrap();
    let out = ModelImage::parse(&om)
        .unwrap()
        .run(&[&bytes(&[1.0; 6])], &[vec![2, 3]])
        .unwrap();
    assert_eq!(out[0].bytes, bytes(&[2.0, 0.0, 4.0].repeat(2)));
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(files.len(), 3, "no temporary file is left: {files:?}");
}

#[test]
fn the_file_has_the_form_of_a_real_one() {
    let (folder, target) = setup(&add_relu_argmax(-1));
    let args = [
        &BASE[..],
        &["--input_shape=x:-1,3", "--dynamic_batch_size=1,8"],
    ]
    .concat();
    assert!(atc(folder.path(), &args).status.success());
    let file = std::fs::read(&target).unwrap();
    let om = Om::parse(&file).unwrap();
    assert_eq!(
        (om.flavour(), om.is_dynamic(), om.header.name.as_str()),
        (Flavour::Device, false, "out")
    );
    let kinds: Vec<u32> = om.root().partitions.iter().map(|p| p.kind.0).collect();
    assert_eq!(kinds, [8, 0, 1, 3, 2]);
    let mut position = 0;
    for part in &om.root().partitions {
        assert_eq!(part.stated_offset, position);
        position += part.bytes.len() as u64;
    }
    let model = decode_model(om.root().require(PartitionKind::MODEL_DEF).unwrap()).unwrap();
    let d = describe(&model).unwrap();
    let info =
        InOutInfo::parse(om.root().require(PartitionKind::MODEL_INOUT_INFO).unwrap()).unwrap();
    assert_eq!(
        (&info.inputs, &info.outputs, &info.gears),
        (&d.inputs, &d.outputs, &d.gears)
    );
    assert!(d.atc_version.starts_with("atc-sim "), "{}", d.atc_version);
    assert!(
        d.atc_cmdline.contains("--dynamic_batch_size=1,8"),
        "{}",
        d.atc_cmdline
    );
    let tasks = decode_tasks(om.root().require(PartitionKind::TASK_INFO).unwrap()).unwrap();
    let weights = om.root().require(PartitionKind::WEIGHTS_DATA).unwrap();
    assert_eq!(
        (d.memory_size, d.weight_size),
        (tasks.memory_size, weights.len() as u64)
    );
    assert_eq!(
        d.operators.iter().find(|(t, _)| t == "Case"),
        Some(&("Case".to_owned(), 1))
    );
    assert_eq!(
        model.graph.len(),
        3,
        "one graph for each gear, and the main one"
    );

    // The constant is where a reader of real files looks for it.
    let plain = AttrTables::default();
    let constant = model.graph[1]
        .op
        .iter()
        .find(|op| op.r#type == b"Const")
        .unwrap();
    let Some(AttrValue::T(value)) = Attrs::new(&constant.attr, &plain).get("value") else {
        panic!("a constant has a value")
    };
    let desc = value.desc.as_ref().unwrap();
    let start = usize::try_from(desc.data_offset).unwrap();
    assert_eq!((start, desc.weight_size), (512, 12));
    assert_eq!(weights[start..start + 12], bytes(&[1.0, -2.0, 3.0]));
}

#[test]
fn wrong_input_gets_its_own_message_and_leaves_no_file() {
    let open = add_relu_argmax(-1);
    let fixed = add_relu_argmax(2);
    let unknown = unary("FancyOp", elem::FLOAT, &[2]);
    let text = unary("Identity", elem::STRING, &[2]);
    // Source, further options, exit code, words on stderr.
    let cases: &[(&[u8], &[&str], i32, &[&str])] = &[
        (
            &open,
            &["--model=absent.onnx"],
            1,
            &["absent.onnx", "cannot read"],
        ),
        (b"no protobuf at all", &[], 1, &["m.onnx", "not", "ONNX"]),
        (b"", &[], 1, &["ONNX"]),
        (
            &fixed,
            &["--input_shape=image:2,3"],
            1,
            &["\"image\"", "x [2, 3]"],
        ),
        (
            &fixed,
            &["--input_shape=x:2,3,1"],
            1,
            &["[2, 3, 1]", "2 dims"],
        ),
        (&open, &[], 1, &["\"x\"", "unknown dims", "--input_shape"]),
        (
            &open,
            &["--input_shape=x:-1,3", "--dynamic_batch_size=4"],
            1,
            &["1 gears", "2 to 100"],
        ),
        (
            &open,
            &["--input_shape=x:-1,3", "--dynamic_batch_size=4,4"],
            1,
            &["twice"],
        ),
        (
            &open,
            &["--input_shape=x:2,3", "--dynamic_batch_size=1,4"],
            1,
            &["no -1"],
        ),
        (
            &open,
            &["--input_shape=x:1,-1", "--dynamic_batch_size=1,4"],
            1,
            &["first dim only"],
        ),
        (
            &open,
            &[
                "--input_shape=x:-1,3",
                "--dynamic_batch_size=1,4",
                "--dynamic_dims=1;4",
            ],
            1,
            &["one kind"],
        ),
        (
            &open,
            &["--input_shape=x:-1,3", "--dynamic_dims=1;4"],
            1,
            &["--input_format=ND"],
        ),
        (&open, &["--input_shape=x:2,4"], 1, &["add", "x [2, 4]"]),
        (
            &open,
            &["--input_shape=x:99999999999999999,3"],
            1,
            &["64 GiB"],
        ),
        (&open, &["--input_shape=x:99999999999,3"], 1, &["64 GiB"]),
        (
            &fixed,
            &["--soc_version=Ascend311"],
            1,
            &["Ascend311", "Ascend310P3"],
        ),
        (&fixed, &["--keep_dtype=absent.txt"], 1, &["absent.txt"]),
        (&fixed, &["--out_nodes=nothing"], 1, &["\"nothing\""]),
        (&unknown, &[], 1, &["the_op", "FancyOp"]),
        (&text, &[], 1, &["\"x\"", "STRING"]),
        (&fixed, &["--input_shape=x:two,3"], 2, &["x:two,3"]),
        (&fixed, &["--framework=3"], 2, &["--framework", "ONNX"]),
        (&fixed, &["--mode=1"], 2, &["--mode"]),
        (&fixed, &["--output_type=FP8"], 2, &["FP8", "FP16"]),
        (&fixed, &["--log=loud"], 2, &["loud"]),
        (
            &fixed,
            &["--insert_op_conf=aipp.cfg"],
            1,
            &["aipp.cfg", "cannot read"],
        ),
        (&fixed, &["--no_such_option=1"], 2, &["no_such_option"]),
        (
            &fixed,
            &["--output=no/such/folder/out"],
            1,
            &["no/such/folder/out.om", "cannot write"],
        ),
    ];
    for (onnx, further, code, words) in cases {
        let (folder, target) = setup(onnx);
        let replaced = |arg: &&&str| {
            !further
                .iter()
                .any(|f| f.split('=').next() == arg.split('=').next())
        };
        let args: Vec<&str> = BASE
            .iter()
            .filter(replaced)
            .chain(further.iter())
            .copied()
            .collect();
        let result = atc(folder.path(), &args);
        let error = String::from_utf8_lossy(&result.stderr);
        assert_eq!(result.status.code(), Some(*code), "{further:?}: {error}");
        assert!(result.stdout.is_empty(), "{further:?}");
        for word in *words {
            assert!(
                error.contains(word),
                "{further:?}: wanted {word} in: {error}"
            );
        }
        assert!(
            !error.contains("panicked") && !target.exists(),
            "{further:?}: {error}"
        );
    }
}

#[test]
fn out_nodes_choose_and_order_the_outputs() {
    let (folder, target) = setup(&add_relu_argmax(2));
    let args = [
        &BASE[..],
        &["--out_nodes=index;add:0", "--output_type=add:0:FP16"],
    ]
    .concat();
    let result = atc(folder.path(), &args);
    assert!(
        result.status.success(),
        "{}",
        String::from_utf8_lossy(&result.stderr)
    );
    let model = ModelImage::parse(&std::fs::read(target).unwrap()).unwrap();
    let outputs: Vec<_> = model
        .info()
        .outputs
        .iter()
        .map(|o| (o.name.as_str(), o.dtype, o.size))
        .collect();
    assert_eq!(outputs, [("ArgMax_2:0:index", 9, 16), ("add:0:s", 1, 12)]);
}

#[test]
fn an_existing_file_is_replaced_and_the_ending_is_not_doubled() {
    let (folder, target) = setup(&add_relu_argmax(2));
    std::fs::write(&target, "old").unwrap();
    let result = atc(
        folder.path(),
        &[
            "--framework",
            "5",
            "--model",
            "m.onnx",
            "--output",
            "out.om",
        ],
    );
    assert!(
        result.status.success(),
        "{}",
        String::from_utf8_lossy(&result.stderr)
    );
    assert!(ModelImage::parse(&std::fs::read(&target).unwrap()).is_ok());
    assert!(!folder.path().join("out.om.om").exists());
}

#[test]
fn damaged_onnx_files_are_refused_or_converted_but_never_panic() {
    let onnx = add_relu_argmax(2);
    let mut tried = 0;
    for at in 0..onnx.len() {
        for bit in [0, 3, 7] {
            let mut bad = onnx.clone();
            bad[at] ^= 1 << bit;
            let _ = ascendcl::atc::convert_bytes(&bad, "m", &ascendcl::atc::Options::default());
            tried += 1;
        }
        let _ = ascendcl::atc::convert_bytes(&onnx[..at], "m", &ascendcl::atc::Options::default());
    }
    println!("{tried} damaged files");
}
