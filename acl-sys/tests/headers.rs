//! `vendor-headers/` says what the fact tables beside it say, in the eyes of a C compiler.
//!
//! Each test writes a program of compile-time checks and compiles it: one line per prototype,
//! enumerator, constant, struct size and field. A wrong fact is a compile error, and the whole
//! list of them is printed.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const EVERY_HEADER: &str = "#define ENABLE_DVPP_INTERFACE
#include \"acl/acl.h\"
#include \"acl/acl_op_compiler.h\"
#include \"acl/acl_tdt.h\"
#include \"acl/acl_tdt_queue.h\"
#include \"acl/acl_prof.h\"
#include \"acl/ops/acl_dvpp.h\"
#include \"acl/ops/acl_cblas.h\"
#include \"acl/ops/acl_fv.h\"
";

fn headers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vendor-headers")
}

/// Reads a table: one map per row would be slower to read than a slice by position.
fn table(name: &str) -> Vec<Vec<String>> {
    let path = headers().join("facts").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    let rows: Vec<Vec<String>> = text
        .lines()
        .skip(1)
        .map(|line| {
            line.split('\t')
                .map(|cell| cell.trim_matches('"').to_owned())
                .collect()
        })
        .collect();
    assert!(rows.len() > 50, "{name} has only {} rows", rows.len());
    rows
}

#[derive(Clone, Copy, PartialEq)]
enum Language {
    C99,
    Cpp11,
}

impl Language {
    fn compiler(self) -> String {
        let (variable, default) = if self == Self::C99 {
            ("CC", "cc")
        } else {
            ("CXX", "c++")
        };
        std::env::var(variable).unwrap_or_else(|_| default.to_owned())
    }

    /// A C compiler is needed to build this project; a C++ compiler is not.
    fn available(self) -> bool {
        let found = Command::new(self.compiler())
            .arg("--version")
            .output()
            .is_ok();
        assert!(found || self == Self::Cpp11, "no C compiler: set CC");
        if !found {
            eprintln!("SKIPPED: no C++ compiler (set CXX)");
        }
        found
    }
}

/// Compiles `source` and returns the errors; `Ok` when there are none.
fn compile(language: Language, source: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let (extension, standard) = if language == Language::C99 {
        ("c", "-std=c99")
    } else {
        ("cpp", "-std=c++11")
    };
    let file = folder.path().join(format!("check.{extension}"));
    std::fs::write(&file, source).unwrap();
    let output = Command::new(language.compiler())
        .args([
            standard,
            "-Wall",
            "-Wextra",
            "-Werror",
            "-pedantic",
            "-fsyntax-only",
        ])
        .arg("-I")
        .arg(headers())
        .arg(&file)
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<_> = text
        .lines()
        .filter(|line| line.contains("error"))
        .take(60)
        .collect();
    Err(errors.join("\n"))
}

/// One check that holds at compile time; its name tells what failed.
fn check(source: &mut String, name: &str, condition: &str) {
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    writeln!(source, "typedef char check_{name}[({condition}) ? 1 : -1];").unwrap();
}

fn declarator(parameter: &str) -> String {
    // The tables write `T *const[] name`; C wants `T *const name[]`.
    match parameter.find('[') {
        Some(open) => {
            let (before, rest) = parameter.split_at(open);
            let (brackets, name) = rest.rsplit_once(' ').unwrap();
            format!("{before} {name}{brackets}")
        }
        None => parameter.to_owned(),
    }
}

fn parameters(text: &str) -> String {
    text.split(',')
        .map(|p| declarator(p.trim()))
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn every_prototype_is_the_one_of_the_table_in_c() {
    let mut source = EVERY_HEADER.to_owned();
    let rows = table("functions.tsv");
    for row in &rows {
        // A second declaration with another type is an error.
        writeln!(source, "{} {}({});", row[3], row[0], parameters(&row[4])).unwrap();
        // An undeclared function would pass the line above.
        writeln!(
            source,
            "typedef char known_{0}[sizeof(&{0}) ? 1 : -1];",
            row[0]
        )
        .unwrap();
    }
    assert_eq!(rows.len(), 516);
    // In this order: first the use, which needs the header's declaration.
    let (uses, declarations): (Vec<&str>, Vec<&str>) = source[EVERY_HEADER.len()..]
        .lines()
        .partition(|line| line.starts_with("typedef"));
    let source = format!(
        "{EVERY_HEADER}{}\n{}\n",
        uses.join("\n"),
        declarations.join("\n")
    );
    compile(Language::C99, &source).unwrap();
}

#[test]
fn every_prototype_is_the_one_of_the_table_in_cpp() {
    if !Language::Cpp11.available() {
        return;
    }
    // C lets an enumeration stand for an integer; C++ tells them apart.
    let mut source = format!("{EVERY_HEADER}#include <type_traits>\n");
    for row in table("functions.tsv") {
        writeln!(
            source,
            "static_assert(std::is_same<decltype(&{0}), {1} (*)({2})>::value, \"{0}\");",
            row[0],
            row[3],
            parameters(&row[4])
        )
        .unwrap();
    }
    compile(Language::Cpp11, &source).unwrap();
}

#[test]
fn every_enumerator_has_the_value_of_the_table() {
    let mut source = EVERY_HEADER.to_owned();
    for row in table("enums.tsv") {
        check(&mut source, &row[1], &format!("{} == {}", row[1], row[2]));
        check(
            &mut source,
            &format!("{}_type", row[1]),
            &format!("sizeof({}) == 4", row[0]),
        );
    }
    for language in [Language::C99, Language::Cpp11] {
        if language.available() {
            compile(language, &source).unwrap();
        }
    }
}

#[test]
fn every_constant_has_the_value_of_the_table() {
    let mut source = format!("{EVERY_HEADER}#include <string.h>\nint check_all(void);\n");
    let mut body = String::from("int check_all(void) {\n    int wrong = 0;\n");
    let mut numbers = 0;
    for row in table("constants.tsv") {
        let (name, value) = (&row[0], &row[1]);
        if value.parse::<i128>().is_ok() {
            numbers += 1;
            // `static const` is no constant expression in C, so these are compared when run.
            writeln!(body, "    wrong += {name} != {value}{};", suffix(value)).unwrap();
        } else {
            check(
                &mut source,
                name,
                &format!("sizeof({name}) == sizeof(\"{value}\")"),
            );
            writeln!(body, "    wrong += strcmp({name}, \"{value}\") != 0;").unwrap();
        }
    }
    assert!(numbers > 240, "only {numbers} numbers");
    body.push_str("    return wrong;\n}\nint main(void) { return check_all(); }\n");
    let folder = tempfile::tempdir().unwrap();
    let (file, program) = (folder.path().join("c.c"), folder.path().join("c"));
    std::fs::write(&file, source + &body).unwrap();
    let built = Command::new(Language::C99.compiler())
        .args(["-std=c99", "-Wall", "-Werror", "-I"])
        .arg(headers())
        .arg(&file)
        .arg("-o")
        .arg(&program)
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let wrong = Command::new(&program).status().unwrap().code();
    assert_eq!(wrong, Some(0), "so many constants differ from the table");
}

fn suffix(value: &str) -> &'static str {
    if value.parse::<i64>().is_ok() {
        ""
    } else {
        "ULL"
    }
}

#[test]
fn every_struct_has_the_size_and_the_offsets_of_the_table() {
    let mut source = EVERY_HEADER.to_owned();
    for row in table("structs.tsv") {
        let (ty, size, align, field) = (&row[0], &row[3], &row[4], &row[6]);
        let (offset, field_size) = (&row[8], &row[9]);
        let name = format!("{ty}_{field}");
        check(
            &mut source,
            &format!("{name}_size_of_all"),
            &format!("sizeof({ty}) == {size}"),
        );
        let place = format!("offsetof({ty}, {field}) == {offset}");
        check(&mut source, &format!("{name}_offset"), &place);
        let bytes = format!("sizeof((({ty} *)0)->{field}) == {field_size}");
        check(&mut source, &format!("{name}_size"), &bytes);
        let aligned = format!("offsetof(struct {{ char c; {ty} t; }}, t) == {align}");
        if source.matches(&format!("check_{ty}_align[")).count() == 0 {
            check(&mut source, &format!("{ty}_align"), &aligned);
        }
    }
    compile(Language::C99, &source).unwrap();
}

#[test]
fn every_type_of_the_table_is_declared() {
    let mut source = EVERY_HEADER.to_owned();
    for row in table("types.tsv") {
        let (ty, kind, underlying) = (&row[0], &row[1], &row[2]);
        if kind.starts_with("opaque struct") {
            // Equal pointers need equal types.
            writeln!(
                source,
                "extern {ty} *check_{ty}; extern {underlying} *check_{ty};"
            )
            .unwrap();
        } else if kind == "callback" {
            let declared = underlying.replacen("(*)", &format!("(*check_{ty})"), 1);
            writeln!(source, "extern {ty} check_{ty}; extern {declared};").unwrap();
        } else {
            writeln!(
                source,
                "extern {ty} check_{ty}; extern {underlying} check_{ty};"
            )
            .unwrap();
        }
    }
    compile(Language::C99, &source).unwrap();
}

#[test]
fn each_header_stands_alone_in_both_languages() {
    for header in [
        "acl/acl.h",
        "acl/acl_base.h",
        "acl/acl_rt.h",
        "acl/acl_mdl.h",
        "acl/acl_op.h",
        "acl/acl_op_compiler.h",
        "acl/acl_tdt.h",
        "acl/acl_tdt_queue.h",
        "acl/acl_prof.h",
        "acl/ops/acl_dvpp.h",
        "acl/ops/acl_cblas.h",
        "acl/ops/acl_fv.h",
        "acl/error_codes/rt_error_codes.h",
        "acl/error_codes/ge_error_codes.h",
    ] {
        // Twice, because the guard is part of the header.
        let include = format!("#include \"{header}\"\n").repeat(2);
        let source = format!("#define ENABLE_DVPP_INTERFACE\n{include}int used;\n");
        for language in [Language::C99, Language::Cpp11] {
            if language.available() {
                compile(language, &source).unwrap_or_else(|e| panic!("{header}: {e}"));
            }
        }
    }
}

#[test]
fn the_media_header_refuses_to_compile_without_its_macro() {
    let error = compile(Language::C99, "#include \"acl/ops/acl_dvpp.h\"\nint x;\n").unwrap_err();
    assert!(error.contains("ENABLE_DVPP_INTERFACE"), "{error}");
}
