//! The simulator's library has every function of the API, and a loader finds them all.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use acl_sys::Api;

#[test]
fn the_loaded_simulator_has_all_516_functions_and_says_that_it_simulates() {
    let api = Api::open(common::simulator()).unwrap();
    let absent: Vec<_> = Api::NAMES
        .iter()
        .filter(|name| api.has(name) != Some(true))
        .collect();
    assert_eq!(absent, [&""; 0]);
    assert_eq!(Api::NAMES.len(), 516);
    let simulator = api.source.simulator.unwrap();
    assert!(simulator.contains("ascendcl-sim"), "{simulator}");
}

#[test]
fn the_table_in_process_has_them_too() {
    let api = ascendcl::api();
    let absent: Vec<_> = Api::NAMES
        .iter()
        .filter(|name| api.has(name) != Some(true))
        .collect();
    assert_eq!(absent, [&""; 0]);
    assert_eq!(api.source.path, None);
    assert!(api.source.simulator.is_some());
}

#[test]
fn one_library_is_opened_once_however_its_path_is_spelled() {
    let library = common::simulator();
    let folder = library.parent().unwrap();
    let roundabout = folder
        .join("..")
        .join(folder.file_name().unwrap())
        .join("libascendcl.so");
    let first = Api::open(&library).unwrap();
    assert!(std::ptr::eq(first, Api::open(folder).unwrap()));
    assert!(std::ptr::eq(first, Api::open(roundabout).unwrap()));
}
