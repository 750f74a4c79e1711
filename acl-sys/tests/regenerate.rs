//! The checked-in bindings are what bindgen makes of `vendor-headers/`, on either architecture.
//!
//! To bring them up to date after a change of the headers:
//! `ACL_SYS_UPDATE=1 cargo test -p ascendcl-sys --test regenerate`

#![cfg(feature = "bindgen")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../codegen/mod.rs"]
mod codegen;

use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn generate(target: Option<&str>) -> Option<String> {
    if !codegen::headers::libclang_available() {
        eprintln!("SKIPPED: libclang was not found, so nothing can be generated");
        return None;
    }
    let include = Path::new(ROOT).join("vendor-headers");
    let raw = codegen::headers::generate(&include, target, true).unwrap();
    Some(codegen::table::generate(&raw, None).unwrap())
}

#[test]
fn the_checked_in_bindings_equal_fresh_output() {
    let Some(fresh) = generate(None) else { return };
    let path = Path::new(ROOT).join("src/bindings.rs");
    if std::env::var_os("ACL_SYS_UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap();
    if let Some((number, (old, new))) = checked_in
        .lines()
        .zip(fresh.lines())
        .enumerate()
        .find(|(_, (old, new))| old != new)
    {
        panic!(
            "src/bindings.rs is out of date at line {}: {old:?}, fresh {new:?}; \
             run with ACL_SYS_UPDATE=1",
            number + 1
        );
    }
    assert_eq!(
        checked_in.len(),
        fresh.len(),
        "one is a prefix of the other"
    );
}

#[test]
fn the_bindings_are_equal_on_x86_64_and_aarch64() {
    let Some(x86) = generate(Some("x86_64-unknown-linux-gnu")) else {
        return;
    };
    let arm = generate(Some("aarch64-unknown-linux-gnu")).unwrap();
    assert!(x86.contains("c_char"), "the API has strings");
    assert_eq!(
        x86, arm,
        "char is signed on one and unsigned on the other: use c_char"
    );
}

#[test]
fn a_toolkit_with_more_functions_gives_a_table_with_more_entries() {
    if !codegen::headers::libclang_available() {
        eprintln!("SKIPPED: libclang was not found, so nothing can be generated");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let acl = folder.path().join("acl");
    std::fs::create_dir(&acl).unwrap();
    std::fs::write(
        acl.join("acl.h"),
        "typedef int aclError;\naclError aclInit(const char *path);\naclError aclNewer(int x);\n",
    )
    .unwrap();
    let raw = codegen::headers::generate(folder.path(), None, true).unwrap();
    let text = codegen::table::generate(&raw, Some(&["aclInit".to_owned()])).unwrap();
    assert_eq!(
        codegen::table::names(&text).unwrap(),
        ["aclInit", "aclNewer"]
    );
    let listed = text.split("macro_rules! for_each_function").nth(1).unwrap();
    assert!(
        listed.contains("aclInit") && !listed.contains("aclNewer"),
        "{listed}"
    );
}
