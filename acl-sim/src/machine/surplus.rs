//! Buffers that are larger than what a model reads or writes.
//!
//! Such a run succeeds, on a card as well; but who brings 4 pictures to a model of 1 gets the result
//! of the first, and who sized a buffer for another data type reads what nobody wrote. Where shapes
//! are chosen for each run a buffer is sized for the largest, so only a model of one shape is asked.

use super::objects::DataBuffer;
use super::strict::{Finding, find};
use crate::exec::{ModelInfo, TensorInfo};

/// Tells of a buffer that is larger than a tensor of a model whose shapes are fixed.
pub(crate) fn check(
    info: &ModelInfo,
    side: &str,
    tensor: &TensorInfo,
    buffer: DataBuffer,
    need: usize,
) {
    // Gears leave dims open as well.
    let open = info.inputs.iter().any(|input| input.dims.contains(&-1));
    // An empty tensor has a buffer of a byte, and a size that the model itself tells is no mistake.
    let most = need.max(tensor.size).max(1);
    if open || buffer.size <= most {
        return;
    }
    let query = match side {
        "input" => "aclmdlGetInputSizeByIndex",
        _ => "aclmdlGetOutputSizeByIndex",
    };
    find(
        Finding::SizeMismatch,
        format!(
            "the buffer of {side} {} of model {} has {} bytes, of which {need} are used: {query} \
             tells how many it needs",
            tensor.name, info.name, buffer.size
        ),
    );
}
