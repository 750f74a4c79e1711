//! The licences of what is linked into the library.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::tools::{RUST, run};
use crate::{Error, Result};

/// The platforms that the library is built for: one list for all, so that packages for two of them
/// have the same documents.
const PLATFORMS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// Lists the crates inside of the library with version, licence and origin, and then the texts of
/// their licences, each once.
///
/// # Errors
/// If cargo is absent or fails, or a licence's file cannot be read.
pub fn third_party(root: &Path) -> Result<String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(root);
    command.args(["metadata", "--format-version=1", "--locked", "--offline"]);
    for platform in PLATFORMS {
        command.args(["--filter-platform", platform]);
    }
    let output = run(&mut command, RUST)?;
    let bad = |found: String| Error::NotTheLibrary {
        path: root.to_owned(),
        found,
        wanted: "the checkout of ascend-reid".to_owned(),
    };
    let metadata: Value =
        serde_json::from_slice(&output).map_err(|error| bad(error.to_string()))?;
    let packages = inside(&metadata, "ascend-reid");
    if packages.is_empty() {
        return Err(bad("no package ascend-reid".to_owned()));
    }
    let mut text = String::from(
        "The library holds code of these packages. Their licences follow, each with the packages\n\
         that it came with.\n\n",
    );
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages
        .values()
        .filter(|package| !package["source"].is_null())
    {
        let word = |key: &str| package[key].as_str().unwrap_or("-");
        let name = format!("{} {}", word("name"), word("version"));
        let (licence, origin) = (word("license"), word("repository"));
        text.push_str(&format!("{name}: {licence}; {origin}\n"));
        let folder = Path::new(word("manifest_path")).parent().unwrap_or(root);
        for licence in licence_texts(folder)? {
            texts.entry(licence).or_default().push(name.clone());
        }
    }
    for (licence, names) in texts {
        let line = "=".repeat(78);
        let names = names.join(", ");
        text.push_str(&format!("\n{line}\n{names}\n{line}\n{licence}\n"));
    }
    Ok(text)
}

/// The packages that a package is linked with, by name and version, itself included: no tests' and no
/// build scripts' dependencies.
fn inside<'a>(metadata: &'a Value, name: &str) -> BTreeMap<(String, String), &'a Value> {
    let list = |value: &'a Value| value.as_array().map_or(&[][..], Vec::as_slice);
    let by_id = |all: &'a Value| -> BTreeMap<&'a str, &'a Value> {
        let pairs = list(all).iter();
        pairs
            .filter_map(|one| Some((one["id"].as_str()?, one)))
            .collect()
    };
    let packages = by_id(&metadata["packages"]);
    let nodes = by_id(&metadata["resolve"]["nodes"]);
    let own = packages.iter().find(|(_, package)| package["name"] == name);
    let mut open: Vec<&str> = own.map(|(id, _)| *id).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dep in nodes.get(id).map_or(&[][..], |node| list(&node["deps"])) {
            let linked = list(&dep["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"].is_null());
            open.extend(dep["pkg"].as_str().filter(|_| linked));
        }
    }
    let found = seen.iter().filter_map(|id| packages.get(id));
    let key = |package: &Value, name: &str| package[name].as_str().unwrap_or("").to_owned();
    found
        .map(|package| ((key(package, "name"), key(package, "version")), *package))
        .collect()
}

/// The texts in a package's folder whose names say that they are about rights.
fn licence_texts(folder: &Path) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::file("list", folder))? {
        let path = entry.map_err(Error::file("list", folder))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        let name = name.to_ascii_uppercase();
        let about = [
            "LICENSE",
            "LICENCE",
            "COPYING",
            "NOTICE",
            "COPYRIGHT",
            "UNLICENSE",
        ];
        if path.is_file() && about.iter().any(|start| name.starts_with(start)) {
            paths.push(path);
        }
    }
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let bytes = std::fs::read(&path).map_err(Error::file("read", &path))?;
        texts.push(String::from_utf8_lossy(&bytes).trim_end().replace('\r', ""));
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_what_is_linked_counts() {
        let metadata: Value = serde_json::from_str(
            r#"{"packages": [
                {"id": "a", "name": "own", "version": "1"}, {"id": "b", "name": "linked", "version": "2"},
                {"id": "c", "name": "for-tests", "version": "3"}, {"id": "d", "name": "deep", "version": "4"}],
             "resolve": {"nodes": [
                {"id": "a", "deps": [
                    {"pkg": "b", "dep_kinds": [{"kind": null}, {"kind": "dev"}]},
                    {"pkg": "c", "dep_kinds": [{"kind": "dev"}]}]},
                {"id": "b", "deps": [{"pkg": "d", "dep_kinds": [{"kind": null}]},
                                     {"pkg": "a", "dep_kinds": [{"kind": null}]}]},
                {"id": "c", "deps": []}, {"id": "d", "deps": []}]}}"#,
        )
        .unwrap();
        let found = inside(&metadata, "own");
        let names: Vec<_> = found.keys().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["deep", "linked", "own"]);
        assert!(inside(&metadata, "absent").is_empty());
    }

    #[test]
    fn licences_are_told_by_their_files_names() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("LICENSE-MIT", "mit\r\n"),
            ("README.md", "read"),
            ("copying.md", "gpl"),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        assert_eq!(licence_texts(folder.path()).unwrap(), ["mit", "gpl"]);
        let error = licence_texts(&folder.path().join("absent")).unwrap_err();
        assert!(error.to_string().contains("absent: cannot list"), "{error}");
    }
}
