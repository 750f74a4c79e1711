//! `libascend_reid.so` in the hands of C programs.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "common/nets.rs"]
mod nets;
#[path = "common/programs.rs"]
mod programs;

use std::path::Path;

use programs::{c_compilers, checks, command, compile, cpp_compilers, said};

fn models() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    nets::write_all(folder.path());
    folder
}

#[test]
fn a_c_program_runs_a_model_with_each_compiler() {
    let folder = models();
    for compiler in c_compilers() {
        let example = ["examples/c/run_model.c"];
        let program = compile(folder.path(), &compiler, &example, &["-std=c99"]);
        let mut command = command(folder.path(), &program);
        let text = said(&command.arg(folder.path().join("relu.om")).output().unwrap());
        assert!(text.ends_with(": 0 0 1 2\n"), "{text}");
    }
}

#[test]
fn the_ten_lines_of_the_docs_do_what_they_say() {
    let folder = models();
    let page = std::fs::read_to_string(common::root().join("docs/c-library.md")).unwrap();
    let lines = page
        .split("```")
        .find_map(|block| block.strip_prefix("c\n"));
    let source = format!(
        "#include <stdio.h>\n#include \"ascend_reid.h\"\nint main(void) {{\n{}\
         printf(\"%f\\n\", similarity);\nreturn 0;\n}}\n",
        lines.unwrap()
    );
    // The network of the tests gives three numbers.
    let source = source.replace("2048", "3");
    let file = folder.path().join("ten.c");
    std::fs::write(&file, source).unwrap();
    std::fs::copy(folder.path().join("red.ppm"), folder.path().join("one.jpg")).unwrap();
    std::fs::copy(folder.path().join("red.ppm"), folder.path().join("two.jpg")).unwrap();
    let sources = [file.to_str().unwrap()];
    let program = compile(folder.path(), "gcc", &sources, &["-std=c99"]);
    let mut command = command(folder.path(), &program);
    let text = said(&command.current_dir(folder.path()).output().unwrap());
    assert_eq!(text, "1.000000\n");
}

#[test]
fn wrong_calls_are_refused_with_a_status_and_a_text_each() {
    let folder = models();
    let cases = checks(folder.path(), "misuse", "gcc", &[]);
    let more = checks(folder.path(), "misuse_reid", "gcc", &[]);
    assert!(cases >= 200, "{cases}");
    assert!(more >= 200, "{more}");
}

#[test]
fn models_are_described_run_at_every_gear_and_freed_in_every_order() {
    let folder = models();
    for compiler in c_compilers() {
        assert!(checks(folder.path(), "model", &compiler, &[]) > 100);
    }
}

#[test]
fn submitted_runs_end_in_order_and_can_be_waited_for_polled_and_freed() {
    let folder = models();
    for compiler in c_compilers() {
        assert!(checks(folder.path(), "runs", &compiler, &[]) > 40);
    }
}

#[test]
fn a_device_that_fails_leaves_the_outputs_alone_and_is_told_to_callback_and_waiter() {
    let folder = models();
    let plan = "execution = [{nth = 2, code = 507018}, {nth = 3, code = 507018}]";
    let faults = [("ACL_SIM_FAULTS", plan)];
    assert!(checks(folder.path(), "faults", "gcc", &faults) > 10);
}

#[test]
fn pictures_become_features_and_pictures_and_features_become_figures() {
    let folder = models();
    for compiler in c_compilers() {
        assert!(checks(folder.path(), "reid", &compiler, &[]) > 100);
    }
}

#[test]
fn many_threads_use_one_model_several_models_and_one_gallery() {
    let folder = models();
    assert!(checks(folder.path(), "threads", "gcc", &[]) > 50);
}

#[test]
fn the_log_is_handed_over_and_the_profile_is_chosen_once() {
    let folder = models();
    std::fs::write(folder.path().join("wrong.toml"), "name = 3\n").unwrap();
    assert!(checks(folder.path(), "log", "gcc", &[]) > 10);
}

#[test]
fn what_the_simulator_finds_goes_to_the_log_and_not_to_standard_error() {
    let folder = models();
    let plan = "call = [{name = 'aclrtResetDevice', code = 507899}]";
    let faults = [("ACL_SIM_FAULTS", plan)];
    assert!(checks(folder.path(), "findings", "gcc", &faults) > 5);
}

#[test]
fn the_library_is_opened_closed_and_opened_again() {
    let folder = models();
    assert_eq!(checks(folder.path(), "dlopen", "gcc", &[]), 3);
}

#[test]
fn a_host_with_ascendcl_of_its_own_keeps_it_and_its_context() {
    let folder = models();
    let root = common::root().display();
    let include = format!("-I{root}/vendor-headers");
    let simulator = common::simulator();
    let library = simulator.to_str().unwrap().to_owned();
    let more = ["-std=c99".to_owned(), include, library.clone()];
    let program = compile(folder.path(), "gcc", &["tests/c/host.c"], &more);
    for when in ["first", "later", "ends"] {
        let mut command = command(folder.path(), &program);
        let path = [folder.path(), simulator.parent().unwrap()].map(|p| p.display().to_string());
        let output = command
            .env("LD_LIBRARY_PATH", path.join(":"))
            // A device is not reset while the host has AscendCL, which the simulator calls a leak.
            .env("ACL_SIM_STRICT", "0")
            .args([folder.path(), Path::new(&library), Path::new(when)])
            .output()
            .unwrap();
        let text = said(&output);
        assert!(text.ends_with(", 0 wrong\n"), "{when}: {text}");
    }
}

#[test]
fn the_header_is_included_twice_from_two_files_in_c_and_in_cpp() {
    let folder = tempfile::tempdir().unwrap();
    let sources = ["tests/c/twice_a.c", "tests/c/twice_b.c"];
    let c = c_compilers()
        .into_iter()
        .map(|name| (name, vec!["-std=c99"]));
    let newer = c_compilers()
        .into_iter()
        .map(|name| (name, vec!["-std=c2x"]));
    let cpp = |name| (name, vec!["-std=c++17", "-x", "c++"]);
    for (compiler, more) in c.chain(newer).chain(cpp_compilers().into_iter().map(cpp)) {
        let program = compile_twice(folder.path(), &compiler, &sources, &more);
        let text = said(&command(folder.path(), &program).output().unwrap());
        assert_eq!(text.trim_end(), env!("CARGO_PKG_VERSION"), "{compiler}");
    }
}

/// Compiles each file alone, then links: `-x c++` would take the library for a source.
fn compile_twice(
    folder: &Path,
    compiler: &str,
    sources: &[&str],
    more: &[&str],
) -> std::path::PathBuf {
    let objects: Vec<String> = sources
        .iter()
        .map(|source| {
            let object = folder.join(format!("{}.o", source.replace('/', "_")));
            let output = std::process::Command::new(compiler)
                .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-c", "-I"])
                .arg(common::root().join("include"))
                .args(more)
                .arg(common::root().join(source))
                .arg("-o")
                .arg(&object)
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{compiler} {source}: {text}");
            object.to_str().unwrap().to_owned()
        })
        .collect();
    let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
    compile::<&str>(folder, compiler, &objects, &[])
}
