//! Programs in the manner of public ones, built against an installed toolkit and run on it.
//!
//! A program that needs what the library or the machine does not have ends with 77 and says so; that
//! is printed here as SKIPPED.
#![allow(clippy::unwrap_used)]

#[path = "common/models.rs"]
mod models;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ascend_om::onnx::{GraphProto, ValueInfoProto, elem};
use models::{add_relu_argmax, model, node, unary};
use tempfile::TempDir;

const NOT_HERE: i32 = 77;

struct Toolkit {
    folder: TempDir,
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs")
}

fn show(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

fn exists(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

impl Toolkit {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let test = std::env::current_exe().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_acl-sim"))
            .args(["install", "--link", "--prefix"])
            .arg(folder.path().join("toolkit"))
            .arg("--library")
            .arg(test.parent().unwrap().join("libascendcl.so"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", show(&output));
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command as after `source set_env.sh`.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let toolkit = self.path("toolkit");
        let mut command = Command::new(program);
        command
            .env("DDK_PATH", &toolkit)
            .env("NPU_HOST_LIB", toolkit.join("runtime/lib64/stub"))
            .env("LD_LIBRARY_PATH", toolkit.join("lib64"))
            .current_dir(self.folder.path());
        command
    }

    /// Compiles a program of the folder by the compiler of its language.
    fn build(&self, source: &str) -> PathBuf {
        let (variable, usual, standard) = if source.ends_with(".c") {
            ("CC", "cc", "-std=gnu99")
        } else {
            ("CXX", "c++", "-std=c++11")
        };
        let compiler = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
        let program = self.path(source).with_extension("");
        let toolkit = self.path("toolkit");
        let output = self
            .command(compiler)
            .args([standard, "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"])
            .arg("-I")
            .arg(toolkit.join("acllib/include"))
            .arg(sources().join(source))
            .arg("-o")
            .arg(&program)
            .arg("-L")
            .arg(toolkit.join("acllib/lib64/stub"))
            .args(["-lascendcl", "-lacl_dvpp", "-lruntime"])
            .output()
            .expect("compilers of C and C++ are needed: set CC and CXX");
        assert!(output.status.success(), "{source}: {}", show(&output));
        program
    }

    /// Converts a graph by the toolkit's own `atc`; an option that it does not have is a reason to
    /// skip, any other failure is one to fail.
    fn convert(&self, name: &str, onnx: &[u8], options: &[&str]) -> Result<PathBuf, String> {
        std::fs::write(self.path(&format!("{name}.onnx")), onnx).unwrap();
        let output = self
            .command(self.path("toolkit/bin/atc"))
            .arg("--framework=5")
            .arg(format!("--model={name}.onnx"))
            .arg(format!("--output={name}"))
            .arg("--soc_version=Ascend310P3")
            .args(options)
            .output()
            .unwrap();
        if output.status.success() {
            return Ok(self.path(&format!("{name}.om")));
        }
        let text = show(&output);
        assert!(text.contains("is not supported by the simulator"), "{text}");
        Err(text)
    }

    fn run(&self, program: &Path, arguments: &[&Path]) {
        let output = self
            .command(program)
            .env("ACL_SIM_PROFILE", "300i-duo")
            .args(arguments)
            .output()
            .unwrap();
        let name = program.file_name().unwrap().to_string_lossy();
        if output.status.code() == Some(NOT_HERE) {
            eprintln!("SKIPPED {name}: {}", show(&output));
            return;
        }
        assert!(output.status.success(), "{name}: {}", show(&output));
        // What an orderly program gets on standard error is a finding, and it deserves none.
        let findings = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            findings.is_empty() || name == "wrong_order",
            "{name}: {findings}"
        );
    }

    /// y = relu(x), 1 x 3.
    fn relu(&self) -> PathBuf {
        let onnx = unary("Relu", elem::FLOAT, &[1, 3]);
        self.convert("relu", &onnx, &[]).unwrap()
    }

    fn build_and_run(&self, source: &str, arguments: &[&Path]) {
        self.run(&self.build(source), arguments);
    }
}

/// y = mean of each plane of x, [1, 3, side, side].
fn means(side: i64) -> Vec<u8> {
    model(GraphProto {
        name: "g".into(),
        input: vec![ValueInfoProto::tensor(
            "x",
            elem::FLOAT,
            &[1, 3, side, side],
        )],
        output: vec![ValueInfoProto::tensor("y", elem::FLOAT, &[1, 3, 1, 1])],
        node: vec![node(
            "GlobalAveragePool",
            "pool",
            &["x"],
            &["y"],
            Vec::new(),
        )],
        ..GraphProto::default()
    })
}

#[test]
fn a_model_runs_synchronously_with_the_programs_memory() {
    let toolkit = Toolkit::new();
    let om = toolkit.convert("sum", &add_relu_argmax(1), &[]).unwrap();
    toolkit.build_and_run("sync_infer.cpp", &[&om]);
}

#[test]
fn results_of_queued_runs_come_in_callbacks_of_a_subscribed_thread() {
    let toolkit = Toolkit::new();
    let om = toolkit.relu();
    toolkit.build_and_run("async_callback.c", &[&om]);
}

#[test]
fn a_model_with_batch_gears_runs_with_each() {
    let toolkit = Toolkit::new();
    let onnx = unary("Relu", elem::FLOAT, &[-1, 3]);
    let options = ["--input_shape=x:-1,3", "--dynamic_batch_size=1,2,4"];
    let om = toolkit.convert("geared", &onnx, &options).unwrap();
    toolkit.build_and_run("dynamic_batch.cpp", &[&om]);
}

#[test]
fn two_threads_with_two_streams_each_do_not_disturb_each_other() {
    let toolkit = Toolkit::new();
    let om = toolkit.relu();
    toolkit.build_and_run("two_threads.cpp", &[&om]);
}

#[test]
fn a_model_from_memory_runs_in_a_process_that_starts_twice_with_a_configuration() {
    let toolkit = Toolkit::new();
    let om = toolkit.relu();
    let json = toolkit.path("acl.json");
    std::fs::write(&json, "{}\n").unwrap();
    toolkit.build_and_run("from_memory.c", &[&om, &json]);
}

#[test]
fn cleaning_up_in_the_wrong_order_gives_codes() {
    let toolkit = Toolkit::new();
    let om = toolkit.relu();
    toolkit.build_and_run("wrong_order.c", &[&om]);
}

#[test]
fn preprocessing_is_named_at_run_time() {
    let toolkit = Toolkit::new();
    let program = toolkit.build("dynamic_aipp.cpp");
    let config =
        "aipp_op {\n  related_input_rank: 0\n  aipp_mode: dynamic\n  max_src_image_size: 4096\n}\n";
    std::fs::write(toolkit.path("dynamic.cfg"), config).unwrap();
    let options = ["--input_format=NCHW", "--insert_op_conf=dynamic.cfg"];
    match toolkit.convert("dynamic", &means(16), &options) {
        Ok(om) => toolkit.run(&program, &[&om]),
        Err(refused) => eprintln!("SKIPPED dynamic_aipp: {refused}"),
    }
}

#[test]
fn a_jpeg_is_decoded_resized_and_inferred() {
    let toolkit = Toolkit::new();
    let program = toolkit.build("jpeg_infer.cpp");
    // NV12 of the full range to RGB.
    let config = "aipp_op {\n  related_input_rank: 0\n  aipp_mode: static\n  input_format: YUV420SP_U8\n  \
        src_image_size_w: 64\n  src_image_size_h: 64\n  crop: false\n  csc_switch: true\n  \
        matrix_r0c0: 256\n  matrix_r0c1: 0\n  matrix_r0c2: 359\n  \
        matrix_r1c0: 256\n  matrix_r1c1: -88\n  matrix_r1c2: -183\n  \
        matrix_r2c0: 256\n  matrix_r2c1: 454\n  matrix_r2c2: 0\n  \
        input_bias_0: 0\n  input_bias_1: 128\n  input_bias_2: 128\n}\n";
    std::fs::write(toolkit.path("static.cfg"), config).unwrap();
    let options = ["--input_format=NCHW", "--insert_op_conf=static.cfg"];
    match toolkit.convert("static", &means(64), &options) {
        Ok(om) => toolkit.run(&program, &[&om]),
        Err(refused) => eprintln!("SKIPPED jpeg_infer: {refused}"),
    }
}

#[test]
fn two_chips_run_one_model_each() {
    let toolkit = Toolkit::new();
    let om = toolkit.relu();
    toolkit.build_and_run("two_chips.c", &[&om]);
}

#[test]
fn cmake_builds_all_programs_as_public_samples_are_built() {
    if !exists("cmake") {
        eprintln!("SKIPPED: cmake was not found");
        return;
    }
    let toolkit = Toolkit::new();
    let om = toolkit.relu();
    let build = toolkit.path("build");
    let configure = toolkit
        .command("cmake")
        .arg("-S")
        .arg(sources())
        .arg("-B")
        .arg(&build)
        .output()
        .unwrap();
    assert!(configure.status.success(), "{}", show(&configure));
    let output = toolkit.command("cmake").arg("--build").arg(&build).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", show(&output));
    toolkit.run(&build.join("two_threads"), &[&om]);
    toolkit.run(&build.join("wrong_order"), &[&om]);
}

#[test]
fn a_python_program_calls_the_installed_library_by_ctypes() {
    if !exists("python3") {
        eprintln!("SKIPPED: python3 was not found");
        return;
    }
    let toolkit = Toolkit::new();
    let script = sources().join("host.py");
    let output = toolkit.command("python3").arg(script).output().unwrap();
    assert!(output.status.success(), "{}", show(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text, "4096 bytes there and back\n");
    assert!(output.stderr.is_empty(), "{}", show(&output));
}
