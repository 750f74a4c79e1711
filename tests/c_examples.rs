//! The examples in C, C++ and Python, built as their users would and run.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "common/nets.rs"]
mod nets;
#[path = "common/programs.rs"]
mod programs;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use programs::{c_compilers, command, compile, cpp_compilers, said};

/// Builds an example with each compiler of its language and standard, and hands each program on.
fn each(source: &str, check: impl Fn(&Path, &dyn Fn() -> Command)) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    nets::write_all(folder);
    let (compilers, standards): (_, &[&str]) = if source.ends_with(".c") {
        (c_compilers(), &["-std=c99"])
    } else {
        (cpp_compilers(), &["-std=c++17", "-std=c++20"])
    };
    for compiler in compilers {
        for standard in standards {
            let program = compile(folder, &compiler, &[source], &[standard]);
            check(folder, &|| {
                let mut command = command(folder, &program);
                command.current_dir(folder);
                command
            });
        }
    }
}

/// What a program said that must fail: its code, and its standard error.
fn failed(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    text
}

#[test]
fn any_model_is_run_from_cpp() {
    each("examples/cpp/run_model.cpp", |_, program| {
        let text = said(&program().arg("relu.om").output().unwrap());
        assert!(text.ends_with(": 0 0 1 2\n"), "{text}");
        let text = failed(&program().arg("absent.om").output().unwrap(), 1);
        assert!(
            text.starts_with("AREID_") && text.contains("absent.om"),
            "{text}"
        );
        assert!(failed(&program().output().unwrap(), 2).starts_with("usage"));
        let absent = program().args(["relu.om", "/absent.so"]).output().unwrap();
        assert!(failed(&absent, 3).contains("/absent.so"));
    });
}

#[test]
fn two_photos_are_embedded_and_compared_from_c() {
    each("examples/c/embed_two.c", |_, program| {
        let of = |photos: [&str; 2]| program().arg("mgn.om").args(photos).output().unwrap();
        assert_eq!(said(&of(["red.ppm", "red.ppm"])), "similarity 1.0000\n");
        let text = said(&of(["red.ppm", "grey.ppm"]));
        let number: f64 = text
            .trim_start_matches("similarity ")
            .trim()
            .parse()
            .unwrap();
        assert!(number < 0.9, "{text}");
        let text = failed(&of(["red.ppm", "torn.jpg"]), 1);
        assert!(
            text.starts_with("AREID_PICTURE: ") && text.contains("torn.jpg"),
            "{text}"
        );
        assert!(failed(&program().output().unwrap(), 2).starts_with("usage"));
    });
}

#[test]
fn photos_are_searched_by_another_from_cpp_without_exceptions() {
    each("examples/cpp/embed_two.cpp", |_, program| {
        let of = |photos: &[&str]| program().arg("mgn.om").args(photos).output().unwrap();
        let text = said(&of(&["red.ppm", "grey.ppm", "red.ppm"]));
        assert!(
            text.starts_with("similarity 1.0000 red.ppm\nsimilarity "),
            "{text}"
        );
        assert!(text.ends_with(" grey.ppm\n"), "{text}");
        let text = failed(&of(&["red.ppm", "absent.ppm"]), 1);
        assert!(
            text.starts_with("AREID_FILE: ") && text.contains("absent.ppm"),
            "{text}"
        );
    });
}

#[test]
fn python_compares_two_photos_with_ctypes() {
    let Some(python) = common::compiler("PYTHON", "python3") else {
        eprintln!("SKIPPED: python3 was not found");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    nets::write_all(folder.path());
    let of = |photos: [&str; 2]| {
        let mut command = Command::new(&python);
        command.arg(common::root().join("examples/python/embed_two.py"));
        command.env("ASCEND_REID", common::deps().join("libascend_reid.so"));
        command
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(folder.path());
        command.arg("mgn.om").args(photos).output().unwrap()
    };
    assert_eq!(said(&of(["red.ppm", "red.ppm"])), "similarity 1.0000\n");
    let text = failed(&of(["red.ppm", "absent.ppm"]), 1);
    assert!(
        text.starts_with("AREID_FILE: ") && text.contains("absent.ppm"),
        "{text}"
    );
}

/// Runs a program with bytes for its standard input.
fn fed(command: &mut Command, bytes: &[u8]) -> Output {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // A program that ended early has closed its end; how it ended is what the test looks at.
    let _ = input.write_all(bytes);
    drop(input);
    child.wait_with_output().unwrap()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    assert!(rest.is_empty(), "{} bytes are no floats", bytes.len());
    numbers
        .iter()
        .map(|four| f32::from_ne_bytes(*four))
        .collect()
}

/// Seven photos of 8 x 16 pixels, the second unlike the others: more than one batch of the model.
fn pixels() -> Vec<u8> {
    let colours: [[u8; 3]; 7] = std::array::from_fn(|i| [200, if i == 1 { 200 } else { 20 }, 30]);
    colours
        .iter()
        .flat_map(|colour| colour.repeat(8 * 16))
        .collect()
}

/// What a worker gives for [`pixels`]: seven rows of three, in order.
fn check_rows(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert_eq!(text, "frames: 3 numbers for each photo\n");
    let rows: Vec<_> = floats(&output.stdout)
        .chunks(3)
        .map(<[f32]>::to_vec)
        .collect();
    assert_eq!(rows.len(), 7);
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(*row == rows[0], at != 1, "photo {at}: {row:?}");
    }
}

#[test]
fn a_worker_in_c_reads_pixels_and_files_from_a_pipe_and_writes_features() {
    each("examples/c/frames.c", |folder, program| {
        let run = |size: &[&str], bytes: &[u8]| {
            let mut command = program();
            fed(
                command
                    .env("FRAMES_SIMULATOR", "1")
                    .arg("mgn.om")
                    .args(size),
                bytes,
            )
        };
        check_rows(&run(&["8", "16"], &pixels()));
        let file = |name: &str| {
            let bytes = std::fs::read(folder.join(name)).unwrap();
            let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
            [&length[..], &bytes].concat()
        };
        let files = [file("red.ppm"), file("grey.ppm"), file("red.ppm")].concat();
        let output = run(&[], &files);
        let (rows, whole) = (floats(&output.stdout), run(&["8", "16"], &pixels()));
        assert_eq!(rows.len(), 9);
        assert_eq!(rows[..3], rows[6..]);
        assert_ne!(rows[..3], rows[3..6]);
        assert_eq!(
            rows[..3],
            floats(&whole.stdout)[..3],
            "the file holds the same pixels"
        );
        assert!(run(&[], &[]).stdout.is_empty());

        // What came whole is answered; what is torn is told with its number.
        let output = run(&["8", "16"], &pixels()[..3 * 384 + 5]);
        assert_eq!(floats(&output.stdout).len(), 9);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text.contains("photo 3: the input ends after 5 of 384 bytes"),
            "{text}"
        );
        for (bytes, said) in [
            (
                &b"\x05\0\0"[..],
                "photo 0: the input ends after 3 of 4 bytes",
            ),
            (
                &b"\x05\0\0\0"[..],
                "photo 0: the input ends after its length",
            ),
            (&b"\0\0\0\0"[..], "photo 0: a length of 0, want 1 to"),
            (
                &b"\xff\xff\xff\xff"[..],
                "photo 0: a length of 4294967295, want 1 to",
            ),
            (&b"\x03\0\0\0abc"[..], "AREID_PICTURE"),
        ] {
            let text = failed(&run(&[], bytes), 1);
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(failed(&run(&["0", "16"], &[]), 2).starts_with("usage"));
        assert!(failed(&run(&["8"], &[]), 2).starts_with("usage"));
    });
}

#[test]
fn a_worker_in_cpp_reads_pixels_from_a_pipe_and_writes_features() {
    each("examples/cpp/frames.cpp", |_, program| {
        let run = |size: [&str; 2], bytes: &[u8]| fed(program().arg("mgn.om").args(size), bytes);
        check_rows(&run(["8", "16"], &pixels()));
        let output = run(["8", "16"], &pixels()[..5 * 384 + 5]);
        assert_eq!(floats(&output.stdout).len(), 15);
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            text.contains("photo 5: the input ends after 5 of 384 bytes"),
            "{text}"
        );
        assert!(failed(&run(["8", "x"], &[]), 2).starts_with("usage"));
    });
}

/// The runs of both devices, which are the runs asked for.
fn check_devices(text: &str, want: u32) {
    let count = |device: u32| -> u32 {
        let start = format!("device {device}: ");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&start))
            .unwrap();
        line.trim_end_matches(" runs").parse().unwrap()
    };
    assert_eq!(count(0) + count(1), want, "{text}");
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn threads_on_two_devices_share_runs_from_c_and_cpp() {
    for source in ["examples/c/two_devices.c", "examples/cpp/two_devices.cpp"] {
        each(source, |_, program| {
            let of = |model: &str, runs: &str| program().args([model, runs]).output().unwrap();
            check_devices(&said(&of("two.om", "200")), 200);
            check_devices(&said(&of("relu.om", "0")), 0);
            let text = failed(&of("absent.om", "10"), 1);
            assert!(text.contains("absent.om"), "{text}");
            assert!(failed(&program().output().unwrap(), 2).starts_with("usage"));
        });
    }
}
