//! Models of one operator and the command, for tests of the runner.
#![allow(dead_code)] // each test file uses its own part

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ascend_om::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};

/// Converts a model of one operator with the output `y`.
pub(crate) fn model(
    path: &Path,
    op: &str,
    inputs: &[(&str, &[i64])],
    output: &[i64],
    options: ascendcl::atc::Options,
) -> PathBuf {
    let onnx = ModelProto {
        ir_version: 6,
        opset_import: vec![OperatorSetIdProto {
            version: 11,
            ..Default::default()
        }],
        graph: Some(GraphProto {
            name: "small".into(),
            node: vec![NodeProto {
                op_type: op.into(),
                input: inputs.iter().map(|(name, _)| (*name).into()).collect(),
                output: vec!["y".into()],
                ..Default::default()
            }],
            input: inputs
                .iter()
                .map(|(name, dims)| ValueInfoProto::tensor(name, 1, dims))
                .collect(),
            output: vec![ValueInfoProto::tensor("y", 1, output)],
            ..Default::default()
        }),
        ..Default::default()
    };
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let om = ascendcl::atc::convert_bytes(&onnx.write(), &name, &options).unwrap();
    std::fs::write(path, om).unwrap();
    path.to_owned()
}

/// `y = relu(x)`, float32, `[batch, 4]`.
pub(crate) fn relu(path: &Path, batch: i64) -> PathBuf {
    model(
        path,
        "Relu",
        &[("x", &[batch, 4])],
        &[batch, 4],
        ascendcl::atc::Options::default(),
    )
}

/// `y = a + b`, float32, `[batch, 3]`.
pub(crate) fn add(path: &Path, batch: i64) -> PathBuf {
    let dims = [batch, 3];
    model(
        path,
        "Add",
        &[("a", &dims), ("b", &dims)],
        &dims,
        ascendcl::atc::Options::default(),
    )
}

/// Writes numbers as a raw file.
pub(crate) fn bin(path: &Path, numbers: &[f32]) {
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    std::fs::write(path, bytes).unwrap();
}

/// Reads a raw file of numbers.
pub(crate) fn numbers(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (numbers, rest) = bytes.as_chunks();
    assert!(rest.is_empty());
    numbers
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

/// The command, on the simulator, with nothing from the environment.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reid"));
    command.args(arguments);
    for name in [
        "ACL_LIBRARY",
        "REID_LOG",
        "ACL_SIM_PROFILE",
        "ACL_SIM_TIMING",
        "ACL_SIM_FAULTS",
        "SLURM_ARRAY_TASK_ID",
        "JOB_COMPLETION_INDEX",
    ] {
        command.env_remove(name);
    }
    command
}

pub(crate) fn reid(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Runs the command, which must succeed; returns what it prints.
pub(crate) fn ok(arguments: &[&str]) -> String {
    let output = reid(arguments);
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{arguments:?}: {out}{err}");
    out
}

/// Runs the command; it must end with `code` and say all of `wanted`.
pub(crate) fn fails(arguments: &[&str], code: i32, wanted: &[&str]) {
    check_failure(&reid(arguments), code, wanted);
}

pub(crate) fn check_failure(output: &Output, code: i32, wanted: &[&str]) {
    let (out, err) = texts(output);
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    for wanted in wanted {
        assert!(err.contains(wanted), "should say {wanted:?}: {out}{err}");
    }
    assert!(!err.contains("panicked"), "{err}");
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A folder with a model and inputs, and the arguments that they make.
pub(crate) struct Case {
    pub(crate) folder: tempfile::TempDir,
}

impl Case {
    /// `samples` files of four numbers for a relu of batch `batch`: `s0.bin` holds -1 0 1 2 and so
    /// on, each next file one more.
    pub(crate) fn relu(batch: i64, samples: u16) -> Self {
        let case = Self::empty();
        relu(&case.path("m.om"), batch);
        fs::create_dir(case.path("in")).unwrap();
        for sample in 0..samples {
            bin(&case.path(&format!("in/s{sample}.bin")), &row(sample));
        }
        case
    }

    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn arguments<'a>(&self, more: &[&'a str]) -> Vec<String> {
        let model = self.text("m.om");
        let mut all: Vec<String> = ["infer", "--backend", "sim", "--model", &model]
            .map(str::to_owned)
            .to_vec();
        all.extend(more.iter().map(|word: &&'a str| (*word).to_owned()));
        all
    }

    pub(crate) fn ok(&self, more: &[&str]) -> String {
        ok(&strs(&self.arguments(more)))
    }

    pub(crate) fn fails(&self, more: &[&str], code: i32, wanted: &[&str]) {
        fails(&strs(&self.arguments(more)), code, wanted);
    }

    /// Runs over the folder `in` into the folder `out/r`.
    pub(crate) fn files(&self, more: &[&str]) -> String {
        let (input, output) = (self.text("in"), self.text("out"));
        let mut all = vec![
            "--input",
            &input,
            "--output",
            &output,
            "--output_dirname",
            "r",
        ];
        all.extend(more);
        self.ok(&all)
    }
}

pub(crate) fn strs(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

pub(crate) fn row(sample: u16) -> [f32; 4] {
    let first = f32::from(sample) - 1.0;
    [first, first + 1.0, first + 2.0, first + 3.0]
}

pub(crate) fn relu_of(sample: u16) -> Vec<f32> {
    row(sample).iter().map(|x| x.max(0.0)).collect()
}
