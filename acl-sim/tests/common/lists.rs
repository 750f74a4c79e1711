//! The lists of what is not simulated, as the sources have them.

use std::collections::BTreeMap;
use std::path::Path;

/// The functions that are not simulated, and the type of what each returns; empty for a status.
pub(crate) fn not_simulated() -> BTreeMap<String, String> {
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/capi/not_simulated");
    let mut all = BTreeMap::new();
    for file in std::fs::read_dir(lists).expect("the lists are there") {
        let file = file.expect("the folder can be read").path();
        let text = std::fs::read_to_string(file).expect("a list can be read");
        for line in text.lines() {
            let Some(line) = line.strip_prefix("    fn ") else {
                continue;
            };
            let (name, rest) = line.split_once('(').expect("a function has arguments");
            if name.starts_with('$') {
                continue; // the macro that defines them
            }
            assert!(acl_sys::Api::NAMES.contains(&name), "no function {name}");
            let returned = rest.split_once("-> ").map_or("", |(_, value)| value);
            let returned = returned.split(" = ").next().unwrap_or_default();
            all.insert(name.to_owned(), returned.to_owned());
        }
    }
    assert!(!all.is_empty(), "the lists have another form than this");
    all
}
