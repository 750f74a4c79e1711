//! The C header is what the source of the library says.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "common/programs.rs"]
mod programs;

/// The files of the library, in the order in which the header has their functions.
const FILES: [&str; 14] = [
    "status",
    "constants",
    "opaque",
    "library",
    "log",
    "runtime",
    "model",
    "gears",
    "run",
    "picture",
    "embedder",
    "gallery",
    "figures",
    "generator",
];

/// Constants whose enumeration does not stand in their names.
const SHORT: [(&str, &str); 3] = [
    ("AREID_STATUS_", "AREID_"),
    ("AREID_SIDE_", "AREID_"),
    ("AREID_LANGUAGE_", "AREID_"),
];

fn generated() -> String {
    let root = common::root();
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in FILES {
        builder = builder.with_src(root.join(format!("src/capi/{file}.rs")));
    }
    let mut bytes = Vec::new();
    builder.generate().unwrap().write(&mut bytes);
    let mut text = String::from_utf8(bytes).unwrap();
    for (long, short) in SHORT {
        text = text.replace(long, short);
    }
    // Sections of Rust's documentation.
    text = text.replace("# Safety\n", "The caller sees to it:\n");
    compact(&text)
}

/// Puts comments of one line on one line.
fn compact(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < lines.len() {
        let short = lines[at].trim() == "/*" && lines.get(at + 2).is_some_and(|l| l.trim() == "*/");
        if short {
            let indent = lines[at].trim_end_matches("/*");
            out.push_str(&format!("{indent}/* {} */\n", lines[at + 1].trim()));
            at += 3;
        } else {
            out.push_str(lines[at]);
            out.push('\n');
            at += 1;
        }
    }
    out
}

#[test]
fn the_header_is_what_the_source_says() {
    let path = common::root().join("include/ascend_reid.h");
    let generated = generated();
    if std::env::var_os("WRITE_HEADER").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    let lines = written.lines().zip(generated.lines()).enumerate();
    for (line, (written, generated)) in lines {
        assert_eq!(
            written,
            generated,
            "line {}: write it anew by WRITE_HEADER=1 cargo test -p ascend-reid --test header",
            line + 1
        );
    }
    assert_eq!(written.len(), generated.len());
}

/// Gathers what C is to print of a structure: its size, and the offsets of its members.
macro_rules! layout {
    ($lines:ident, $($name:literal $type:ty { $($member:ident),* $(,)? })*) => {$(
        $lines.push((format!("SIZE({})", $name), format!("{} {}", $name, size_of::<$type>())));
        $(
            let member = stringify!($member);
            let offset = std::mem::offset_of!($type, $member);
            $lines.push((
                format!("AT({}, {member})", $name),
                format!("{}.{member} {offset}", $name),
            ));
        )*
    )*};
}

fn structures() -> Vec<(String, String)> {
    use ascend_reid::capi::*;
    let mut lines = Vec::new();
    layout! { lines,
        "areid_runtime_options" RuntimeOptions { struct_size, backend, reserved, library, profile }
        "areid_tensor_info" TensorInfo { name, dtype, rank, dims, bytes, max_bytes }
        "areid_input" Input { data, bytes }
        "areid_output" Output { data, bytes }
        "areid_picture" Picture { kind, width, height, reserved, stride, data, bytes }
        "areid_embedder_options" EmbedderOptions { struct_size, skip_flip, skip_normalise }
        "areid_gallery_options" GalleryOptions { struct_size, metric, reserved }
        "areid_labelled_set" LabelledSet { count, features, ids, cameras }
        "areid_evaluate_options" EvaluateOptions {
            struct_size, metric, protocol, rerank, skip_normalise, k1, k2, lambda
        }
        "areid_scores" Scores {
            mean_average_precision, mean_inverse_negative_penalty, queries, skipped
        }
    }
    let number = |name: &str, value: i32| (format!("NUMBER({name})"), format!("{name} {value}"));
    lines.push(number("AREID_WRONG_MODEL", Status::WrongModel as i32));
    lines.push(number("AREID_BACKEND_SIMULATOR", Backend::Simulator as i32));
    lines.push(number("AREID_OUTPUTS", Side::Outputs as i32));
    lines.push(number("AREID_CHINESE", Language::Chinese as i32));
    lines.push(number("AREID_LOG_LEVEL_TRACE", LogLevel::Trace as i32));
    lines.push(number("AREID_PICTURE_KIND_NV12", PictureKind::Nv12 as i32));
    lines.push(number("AREID_METRIC_DOT", Metric::Dot as i32));
    lines.push(number("AREID_PROTOCOL_CUHK03", Protocol::Cuhk03 as i32));
    lines.push(number("AREID_GEAR_KIND_DIMS", GearKind::Dims as i32));
    let dims = i32::try_from(MAX_DIMS).unwrap();
    lines.push(number("AREID_MAX_DIMS", dims));
    lines
}

#[test]
fn c_lays_structures_out_as_the_library_does() {
    let lines = structures();
    let header = std::fs::read_to_string(common::root().join("include/ascend_reid.h")).unwrap();
    let declared = header.matches("typedef struct areid_").count();
    let opaque = header.matches("typedef struct areid_").count()
        - header
            .lines()
            .filter(|l| l.starts_with("typedef struct") && l.ends_with('{'))
            .count();
    let sizes = lines
        .iter()
        .filter(|line| line.0.starts_with("SIZE"))
        .count();
    assert_eq!(sizes, declared - opaque, "each structure is compared");
    let folder = tempfile::tempdir().unwrap();
    let asked: String = lines.iter().map(|line| format!("{};\n", line.0)).collect();
    std::fs::write(folder.path().join("layout.inc"), asked).unwrap();
    let include = format!("-I{}", folder.path().display());
    for compiler in programs::c_compilers() {
        let more = ["-std=c99", &include];
        let program = programs::compile(folder.path(), &compiler, &["tests/c/layout.c"], &more);
        let output = programs::command(folder.path(), &program).output().unwrap();
        let text = programs::said(&output);
        let wanted: Vec<&str> = lines.iter().map(|line| line.1.as_str()).collect();
        assert_eq!(text.lines().collect::<Vec<_>>(), wanted, "{compiler}");
    }
}
