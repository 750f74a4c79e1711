//! File names of images and of pairs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reid_apps::data::market1501;
use reid_apps::dgnet::PairName;

fuzz_target!(|name: &str| {
    if let Ok(parsed) = market1501::Name::parse(name) {
        let _ = parsed.label();
    }
    if let Ok(pair) = PairName::parse(name) {
        drop(pair.stem());
    }
});
