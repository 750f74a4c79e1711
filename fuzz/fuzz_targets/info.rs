//! The description of inputs and outputs that newer `.om` files carry beside the graph.
#![no_main]

use ascend_om::inout_info::InOutInfo;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    drop(InOutInfo::parse(bytes));
});
