//! An `.om` beside an ONNX file: the first four bytes say where the second begins.
#![no_main]

use ascend_om::container::{Om, PartitionKind};
use ascend_om::matching::compare;
use ascend_om::model_def::decode_model;
use ascend_om::onnx::ModelProto;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let length = u32::from_le_bytes(*length) as usize;
    let Some((om, onnx)) = rest.split_at_checked(length.min(rest.len())) else {
        return;
    };
    let (Ok(om), Ok(onnx)) = (Om::parse(om), ModelProto::read(onnx.to_vec().into())) else {
        return;
    };
    let Ok(model) = om.root().require(PartitionKind::MODEL_DEF).and_then(decode_model) else {
        return;
    };
    let weights = om.root().find(PartitionKind::WEIGHTS_DATA).unwrap_or(&[]);
    if let Ok(found) = compare(&model, weights, &onnx) {
        assert!(found.equal + found.folded + found.missing.len() <= found.filters);
        assert!(!found.same() || found.surplus.is_empty());
    }
});
