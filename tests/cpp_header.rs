//! `ascend_reid.hpp`: both modes, both compilers, several standards.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "common/nets.rs"]
mod nets;
#[path = "common/programs.rs"]
mod programs;

use programs::{command, compile, cpp_compilers, said};

/// Runs the test programs built with some flags, and returns how many checks each made.
fn cases(sources: &[&str], flags: &[&str]) -> Vec<u32> {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    nets::write_all(folder);
    let compilers = cpp_compilers();
    let count = |compiler: &String| {
        let more = [flags, &["-Wshadow", "-Wconversion"]].concat();
        let program = compile(folder, compiler, sources, &more);
        let text = said(&command(folder, &program).arg(folder).output().unwrap());
        assert!(
            text.ends_with(", 0 wrong\n"),
            "{compiler} {flags:?}: {text}"
        );
        text.lines()
            .next_back()
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    };
    compilers.iter().map(count).collect()
}

#[test]
fn units_that_throw_and_units_that_return_work_in_one_program() {
    let both = ["tests/cpp/throwing.cpp", "tests/cpp/returning.cpp"];
    for standard in ["-std=c++17", "-std=c++20"] {
        for count in cases(&both, &[standard]) {
            assert!(count >= 60, "{count}");
        }
    }
}

#[test]
fn the_header_needs_neither_exceptions_nor_type_information() {
    let flags = ["-std=c++17", "-fno-exceptions", "-fno-rtti", "-DALONE"];
    for count in cases(&["tests/cpp/returning.cpp"], &flags) {
        assert!(count >= 24, "{count}");
    }
}

#[test]
fn a_result_that_is_not_looked_at_and_a_path_that_is_gone_do_not_compile() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("wrong.cpp");
    for (body, word) in [
        ("areid::version();", "nodiscard"),
        (
            "auto p = areid::picture::file(std::string(\"x\")); (void)p;",
            "deleted",
        ),
        (
            "const auto a = areid::runtime(); auto b = a; (void)b;",
            "deleted",
        ),
    ] {
        let text = format!(
            "#define ASCEND_REID_NO_EXCEPTIONS\n#include \"ascend_reid.hpp\"\nint main() {{ {body} }}\n"
        );
        std::fs::write(&source, text).unwrap();
        for compiler in cpp_compilers() {
            let output = std::process::Command::new(&compiler)
                .args([
                    "-std=c++17",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-fsyntax-only",
                    "-I",
                ])
                .arg(common::root().join("include"))
                .arg(&source)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{compiler} took {body}");
            assert!(said.contains(word), "{compiler}: {said}");
        }
    }
}

#[test]
fn the_lines_of_the_docs_compare_two_photos() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    nets::write_all(folder);
    for name in ["a.jpg", "b.jpg"] {
        std::fs::copy(folder.join("red.ppm"), folder.join(name)).unwrap();
    }
    let page = std::fs::read_to_string(common::root().join("docs/c-packaging.md")).unwrap();
    let lines = page
        .split("```")
        .find_map(|block| block.strip_prefix("cpp\n"));
    // The tests have no card.
    let lines = lines
        .unwrap()
        .replace("runtime::open()", "runtime::simulator()");
    let text =
        format!("#include <cstdio>\n#include \"ascend_reid.hpp\"\nint main() {{\n{lines}}}\n");
    let source = folder.join("docs.cpp");
    std::fs::write(&source, text).unwrap();
    for compiler in cpp_compilers() {
        let sources = [source.to_str().unwrap()];
        let program = compile(folder, &compiler, &sources, &["-std=c++17"]);
        let text = said(
            &command(folder, &program)
                .current_dir(folder)
                .output()
                .unwrap(),
        );
        assert_eq!(text, "1.000000\n", "{compiler}");
    }
}
