//! The arrangement before the zip archive: five pickles, then the storages.
//!
//! The pickles are a magic number, the version of the arrangement, facts on the machine, the value, and the keys of the
//! storages in file order. Each storage is a count of eight bytes and its numbers.

use std::collections::HashMap;

use super::error::{DAMAGED, NO_STATE_DICT, Problem};
use super::pickle::{self, Heap, Value};
use super::storage::{Entry, Place, Storages};
use super::tree::{self, Node};

/// 0x1950a86a20f9469cfc6c as a pickle, behind the byte that tells the protocol.
const MAGIC: &[u8] = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// The only version of the arrangement that was ever written.
const VERSION: i64 = 1001;

pub(super) fn begins(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, _, rest @ ..] if rest.starts_with(MAGIC))
}

pub(super) fn open(file: Vec<u8>) -> Result<(Node, Storages), Problem> {
    let mut at = 0;
    let magic = next(&file, &mut at)?;
    debug_assert!(magic.0 == Value::Other);
    let (version, _) = next(&file, &mut at)?;
    if version != Value::Int(VERSION) {
        return Err(Problem::damaged(
            format!("version {version:?} of the arrangement"),
            VERSION.to_string(),
        ));
    }
    let (facts, heap) = next(&file, &mut at)?;
    let little = heap.entries(facts).into_iter().flatten();
    let mut little = little.filter(|(key, _)| heap.text(*key) == Some("little_endian"));
    if little.any(|(_, value)| *value != Value::Bool(true)) {
        return Err(Problem::new(
            "numbers in big-endian order",
            "little-endian ones",
            "save the state_dict on a little-endian machine",
        ));
    }
    let (value, heap) = next(&file, &mut at)?;
    let (keys, key_heap) = next(&file, &mut at)?;
    let (places, by_key) = places(&file, at, &heap, (keys, &key_heap))?;
    let entry = |id: usize| {
        let tensor = heap.tensors.get(id);
        let found = tensor.and_then(|t| Some((t, heap.storages.get(t.storage)?)));
        let (tensor, record) =
            found.ok_or_else(|| Problem::damaged("a tensor of nothing", "a tensor"))?;
        let place = by_key.get(record.key).ok_or_else(|| {
            Problem::damaged(
                format!("no storage {}", record.key),
                "the numbers of each tensor",
            )
        })?;
        // A storage may itself be a part of another.
        let first = match record.view {
            None => 0,
            Some((first, count)) => {
                let inside = first
                    .checked_add(count)
                    .is_some_and(|end| end <= record.count);
                if !inside {
                    return Err(Problem::damaged(
                        format!("numbers {first} and {count} more of {}", record.count),
                        "a part of the storage",
                    ));
                }
                first
            }
        };
        Ok(Entry {
            storage: *place,
            element: record.element,
            offset: tensor.offset.saturating_add(first),
            shape: tensor.shape.clone(),
            strides: tensor.strides.clone(),
        })
    };
    let tree = tree::plant(&heap, value, &entry)?;
    drop((heap, key_heap));
    Ok((tree, Storages { file, places }))
}

fn next<'a>(file: &'a [u8], at: &mut usize) -> Result<(Value, Heap<'a>), Problem> {
    let rest = file.get(*at..).unwrap_or_default();
    let (value, heap, length) = pickle::run(rest).map_err(|error| {
        let error = pickle::PickleError {
            at: error.at + *at,
            ..error
        };
        Problem::new(
            error.to_string(),
            "the pickle of a state_dict",
            NO_STATE_DICT,
        )
    })?;
    *at += length;
    Ok((value, heap))
}

/// Finds the storages behind the pickles.
fn places<'a>(
    file: &[u8],
    mut at: usize,
    heap: &Heap<'a>,
    (keys, key_heap): (Value, &Heap<'a>),
) -> Result<(Vec<Place>, HashMap<&'a str, usize>), Problem> {
    let mut sizes: HashMap<&str, (usize, usize)> = HashMap::new();
    for record in &heap.storages {
        let size = (record.element.size(), record.count);
        let known = *sizes.entry(record.key).or_insert(size);
        if known.0 != size.0 {
            return Err(Problem::damaged(
                format!("storage {} with numbers of two sizes", record.key),
                "one type of numbers",
            ));
        }
    }
    let keys = key_heap
        .items(keys)
        .ok_or_else(|| Problem::damaged("no list of storages", "their keys in file order"))?;
    let (mut places, mut by_key) = (Vec::new(), HashMap::new());
    for &key in keys {
        let key = key_heap
            .text(key)
            .ok_or_else(|| Problem::damaged("a storage without a name", "its key"))?;
        let &(size, wanted) = sizes.get(key).ok_or_else(|| {
            Problem::damaged(
                format!("storage {key}, which no tensor has"),
                "one of a tensor",
            )
        })?;
        let cut = |wanted: String| {
            Problem::new(
                format!("the end of the file at byte {}", file.len()),
                format!("storage {key} of {wanted} at byte {at}"),
                DAMAGED,
            )
        };
        let count = file.get(at..).and_then(|rest| rest.first_chunk::<8>());
        let count = count.ok_or_else(|| cut("a count".into()))?;
        let count = usize::try_from(i64::from_le_bytes(*count)).ok();
        if count != Some(wanted) {
            return Err(Problem::damaged(
                format!("storage {key} of {count:?} numbers"),
                format!("{wanted}"),
            ));
        }
        let start = at + 8;
        let end = wanted
            .checked_mul(size)
            .and_then(|bytes| start.checked_add(bytes))
            .filter(|&end| end <= file.len());
        let end = end.ok_or_else(|| cut(format!("{wanted} numbers")))?;
        by_key.insert(key, places.len());
        places.push(Place::Plain(start..end));
        at = end;
    }
    Ok((places, by_key))
}
