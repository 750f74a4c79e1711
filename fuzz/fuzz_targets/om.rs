//! A whole `.om`: container, description, constants, and the graph's drawing and summary.
#![no_main]

use std::path::Path;

use ascend_om::constants::constants;
use ascend_om::unfold::unfold;
use libfuzzer_sys::fuzz_target;
use reid_apps::inspect::{Opened, Summary, drawing, print};

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = Opened::new(Path::new("fuzz.om"), bytes) else {
        return;
    };
    if let Ok(summary) = Summary::of(&file) {
        print(&summary, &mut std::io::sink()).expect("a sink takes all");
    }
    for constant in constants(&file.model, file.weights()).unwrap_or_default() {
        // Padding may be 32 times the contents, never the other way.
        if let Ok(logical) = unfold(&constant) {
            assert!(logical.bytes.len() <= constant.bytes.len());
        }
    }
    drop(drawing::dot(&file.model));
});
