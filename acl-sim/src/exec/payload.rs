//! What makes an `.om` of ours runnable: the graph inside it, and the seal at its end.
//!
//! The container, the description and the weights are in their ordinary places, so that a tool which lists a real file
//! lists this one. Two things are added where such tools skip:
//!
//! - the model attribute [`GRAPH_ATTR`]: the source graph as ONNX bytes, *without* its float constants: those lie in
//!   the weights partition at 512-byte borders, as constants of real files do, and the graph names offset and length;
//! - the seal: the last bytes of the file are an entry of TASK_INFO's attribute map (protobuf readers see an ordinary
//!   key and value) that holds the CRC-32 of everything before the digits. So any flipped bit anywhere in the file is
//!   noticed on loading. It guards against accidents, not against a forger.

use ascend_om::attrs::{AttrTables, Attrs};
use ascend_om::model_def::{AttrValue, ModelDef};

use super::ModelError;

/// Model attribute with the ONNX bytes of the graph.
pub(crate) const GRAPH_ATTR: &str = "atc_sim_graph";
/// Model attribute with the version of this arrangement.
pub(crate) const VERSION_ATTR: &str = "atc_sim_payload_version";
/// Operator attribute that lists the operators of the source which it stands for.
pub(crate) const ORIGINAL_NAMES: &str = "_datadump_original_op_names";
/// The version written and read.
pub(crate) const VERSION: i64 = 1;
/// Border at which every constant begins; the first bytes up to it stay unused, as in real files.
pub(crate) const WEIGHT_ALIGN: usize = 512;

/// Entry of the map `attr` (field 9) of `ModelTaskDef`: key `atc_sim_crc32`, value of eight hexadecimal digits.
const SEAL_HEAD: &[u8] = b"\x4a\x19\x0a\x0datc_sim_crc32\x12\x08";
const DIGITS: usize = 8;
/// Bytes of the whole seal.
const SEAL_LEN: usize = SEAL_HEAD.len() + DIGITS;

/// Gets a seal with no digits yet, to be appended to TASK_INFO, the last partition.
pub(crate) fn blank_seal() -> [u8; SEAL_LEN] {
    let mut seal = [b'0'; SEAL_LEN];
    seal[..SEAL_HEAD.len()].copy_from_slice(SEAL_HEAD);
    seal
}

/// Fills in the digits of the seal that ends `file`.
pub(crate) fn seal(file: &mut [u8]) {
    let digits = file.len() - DIGITS;
    let text = format!("{:08x}", crc32fast::hash(&file[..digits]));
    file[digits..].copy_from_slice(text.as_bytes());
}

/// Checks the seal; `Ok(false)` when the file does not end in one.
pub(crate) fn check_seal(file: &[u8]) -> Result<bool, ModelError> {
    let Some(start) = file.len().checked_sub(SEAL_LEN) else {
        return Ok(false);
    };
    if !file[start..].starts_with(SEAL_HEAD) {
        return Ok(false);
    }
    let digits = file.len() - DIGITS;
    let found = format!("{:08x}", crc32fast::hash(&file[..digits]));
    if found.as_bytes() == &file[digits..] {
        return Ok(true);
    }
    Err(ModelError::Damaged {
        detail: format!(
            "found checksum {found}, wanted {}",
            String::from_utf8_lossy(&file[digits..]).escape_debug()
        ),
    })
}

/// Takes the graph out of the model's attributes; `None` when the file is not ours.
pub(crate) fn take_graph(
    model: &mut ModelDef,
    sealed: bool,
) -> Result<Option<Vec<u8>>, ModelError> {
    let plain = AttrTables::default();
    let version = Attrs::new(&model.attr, &plain).int(VERSION_ATTR);
    let entry = model
        .attr
        .iter_mut()
        .find(|e| e.key == GRAPH_ATTR.as_bytes());
    let value = entry.and_then(|e| e.value.take()).and_then(|v| v.value);
    match (value, version) {
        (None, None) if !sealed => Ok(None),
        (Some(AttrValue::Bt(graph)), Some(VERSION)) if sealed => Ok(Some(graph)),
        (Some(_), Some(other)) if sealed => Err(ModelError::Graph {
            detail: format!(
                "found payload version {other}, wanted {VERSION}; convert the ONNX again with this version's atc-sim"
            ),
        }),
        _ => Err(ModelError::Damaged {
            detail: "found only a part of the marks of a simulator model".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_seal_is_an_entry_of_the_task_message() {
        use prost::Message;
        #[derive(Clone, PartialEq, Message)]
        struct Task {
            #[prost(map = "string, string", tag = "9")]
            attr: std::collections::HashMap<String, String>,
        }
        let task = Task::decode(&blank_seal()[..]).unwrap();
        assert_eq!(task.attr["atc_sim_crc32"], "00000000");
    }

    #[test]
    fn any_flipped_bit_breaks_the_seal() {
        let mut file = [&[7u8; 100][..], &blank_seal()].concat();
        seal(&mut file);
        assert!(check_seal(&file).unwrap());
        for bit in 0..file.len() * 8 {
            let mut bad = file.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(check_seal(&bad), Ok(true)), "bit {bit}");
        }
    }
}
