//! `src/tables.rs` and `unwrapped.txt` are generated, by this test:
//! `ACL_REGENERATE=1 cargo test -p ascendcl --test tables` writes them anew.
#![allow(clippy::unwrap_used)]
#![cfg(not(miri))]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the lines of a fact table as columns; `None` outside of the project's own tree.
fn facts(name: &str) -> Option<Vec<Vec<String>>> {
    let path = root().join("../vendor-headers/facts").join(name);
    let text = std::fs::read_to_string(&path)
        .inspect_err(|_| println!("SKIPPED: no {}", path.display()))
        .ok()?;
    Some(
        text.lines()
            .skip(1)
            .map(|line| line.split('\t').map(str::to_owned).collect())
            .collect(),
    )
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn text_of(folder: &str) -> String {
    let files = rust_files(&root().join(folder));
    files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect()
}

/// Finds the functions that `raw` calls: `entry!(self, NAME)` and `self.api.NAME`.
fn wrapped() -> BTreeSet<String> {
    let text = text_of("src/raw");
    let names = acl::Api::NAMES;
    let called = |name: &str| {
        [
            format!("entry!(self, {name})"),
            format!("self.api.{name}?"),
            format!("self.api.{name} "),
            format!("self.api.{name}."),
        ]
        .iter()
        .any(|form| text.contains(form))
    };
    names
        .iter()
        .filter(|name| called(name))
        .map(|name| (*name).to_owned())
        .collect()
}

/// The facts have only the name of these; here is what they mean.
const MEANINGS: [(i32, &str); 34] = [
    (145_000, "the model or an argument is wrong"),
    (145_001, "the graph engine is not initialised"),
    (145_002, "the model's path is wrong"),
    (145_003, "no loaded model has this id"),
    (145_004, "the model's key file is wrong"),
    (145_005, "encrypted models are not supported"),
    (145_006, "the model's size is wrong: cut short, or no model"),
    (145_007, "the model's address is wrong"),
    (145_008, "a queue id is wrong"),
    (145_009, "the model is loaded already"),
    (145_010, "the number of partitions in the model is wrong"),
    (
        145_011,
        "the hidden input that carries the gear has no memory",
    ),
    (
        145_012,
        "the hidden input that carries the gear is too small",
    ),
    (145_013, "the model was not compiled for this size"),
    (145_014, "the AIPP parameters hold no batch"),
    (145_015, "the input has no AIPP of this kind"),
    (145_016, "the AIPP mode is wrong"),
    (145_017, "the operator's task type is wrong"),
    (145_018, "the operator's kernel type is wrong"),
    (145_019, "the path of the plug-in manager is wrong"),
    (145_020, "the format is wrong"),
    (145_021, "the shape is wrong"),
    (145_022, "the data type is wrong"),
    (245_000, "the graph engine could not allocate memory"),
    (245_001, "the graph engine could not use memory"),
    (245_002, "the graph engine could not use device memory"),
    (545_000, "internal fault of the graph engine"),
    (545_001, "the graph engine could not load the model"),
    (545_002, "the model's graph partition could not be loaded"),
    (545_003, "the model's weight partition could not be loaded"),
    (545_004, "the model's task partition could not be loaded"),
    (545_005, "the model's kernel partition could not be loaded"),
    (545_008, "the model's tensors could not be described"),
    (545_009, "the model could not be unloaded"),
];

fn meaning(code: i32, fact: &str) -> String {
    match MEANINGS.iter().find(|(known, _)| *known == code) {
        Some((_, meaning)) => (*meaning).to_owned(),
        None => fact.trim_start_matches("[from name] ").to_owned(),
    }
}

fn status_rows(constants: &[Vec<String>]) -> BTreeMap<i32, (String, String)> {
    let mut rows = BTreeMap::new();
    for row in constants {
        let (name, value, fact) = (&row[0], row[1].parse::<i32>(), &row[4]);
        let (Ok(code), true) = (
            value,
            name.starts_with("ACL_ERROR_") || name == "ACL_SUCCESS",
        ) else {
            continue;
        };
        // Several names may have one value: the first one stands, but for the old name of success.
        if !rows.contains_key(&code) || name == "ACL_SUCCESS" {
            rows.insert(code, (name.clone(), meaning(code, fact)));
        }
    }
    rows
}

fn render(constants: &[Vec<String>], functions: &[Vec<String>]) -> String {
    let mut text = String::from(
        "//! Names and meanings of status codes, and the releases of the functions that are wrapped.\n\
         //!\n\
         //! Generated by `ACL_REGENERATE=1 cargo test -p ascendcl --test tables`, from\n\
         //! `vendor-headers/facts`; do not edit.\n\n\
         /// Status codes in order: number, name, meaning.\n\
         #[rustfmt::skip]\n\
         pub(crate) const STATUS: &[(i32, &str, &str)] = &[\n",
    );
    for (code, (name, meaning)) in status_rows(constants) {
        writeln!(text, "    ({code}, {name:?}, {meaning:?}),").unwrap();
    }
    text.push_str(
        "];\n\n/// Returns the first CANN release that has a function.\n\
         pub(crate) fn since(symbol: &str) -> &'static str {\n    match symbol {\n",
    );
    let wrapped = wrapped();
    let mut early = "3.3 or earlier".to_owned();
    for row in functions.iter().filter(|row| wrapped.contains(&row[0])) {
        if row[6].starts_with("3.3") {
            early.clone_from(&row[6]);
        } else {
            writeln!(text, "        {:?} => {:?},", row[0], row[6]).unwrap();
        }
    }
    write!(text, "        _ => {early:?},\n    }}\n}}\n").unwrap();
    text
}

fn compare(file: &str, want: &str) {
    let path = root().join(file);
    if std::env::var_os("ACL_REGENERATE").is_some() {
        std::fs::write(&path, want).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == want,
        "{file} is out of date: run this test with ACL_REGENERATE=1"
    );
}

#[test]
fn the_tables_are_what_the_facts_say() {
    let (Some(constants), Some(functions)) = (facts("constants.tsv"), facts("functions.tsv"))
    else {
        return;
    };
    compare("src/tables.rs", &render(&constants, &functions));
}

#[test]
fn every_status_of_the_facts_has_a_name_and_a_meaning() {
    let Some(constants) = facts("constants.tsv") else {
        return;
    };
    for (code, (name, meaning)) in status_rows(&constants) {
        let status = acl::Status(code);
        assert_eq!(status.name(), Some(name.as_str()), "{code}");
        assert_eq!(status.meaning(), Some(meaning.as_str()), "{code}");
    }
    assert_eq!(acl::Status(-1).name(), None);
}

#[test]
fn every_function_is_wrapped_or_listed_as_not_wrapped() {
    let wrapped = wrapped();
    let mut text = String::new();
    for name in acl::Api::NAMES
        .iter()
        .filter(|name| !wrapped.contains(**name))
    {
        writeln!(text, "{name}").unwrap();
    }
    if acl::Api::NAMES.len() == 516 {
        compare("unwrapped.txt", &text);
    } else {
        println!("SKIPPED: built with the headers of a toolkit, not the project's own");
    }
}

#[test]
fn every_wrapped_function_is_found_by_its_c_name_in_the_docs() {
    // Every call does these by itself.
    let inside = [
        "aclGetRecentErrMsg",
        "aclrtGetCurrentContext",
        "aclrtSetCurrentContext",
    ];
    let text = text_of("src");
    let missing: Vec<_> = wrapped()
        .into_iter()
        .filter(|name| !inside.contains(&name.as_str()))
        .filter(|name| !text.contains(&format!("alias = \"{name}\"")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
