//! The C header is what the source of the library says.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

/// The files of the library, in the order in which the header has their functions.
const FILES: [&str; 13] = [
    "status",
    "constants",
    "opaque",
    "library",
    "log",
    "runtime",
    "model",
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
