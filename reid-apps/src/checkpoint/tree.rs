//! Which of the dicts of a file is meant.

use std::collections::BTreeMap;

use super::error::{DAMAGED, Problem};
use super::pickle::{Heap, Value};
use super::storage::Entry;

/// What a dict holds under a key.
#[derive(Debug)]
pub(super) enum Node {
    Tensor(Entry),
    Dict(Vec<(String, Node)>),
    Other,
}

/// How deep dicts of a checkpoint nest: the dict of an optimizer's states has three levels.
const MAX_DEPTH: usize = 6;

/// Most entries that are looked at: dicts may hold each other many times over.
const MAX_ENTRIES: usize = 1 << 20;

/// Under which keys programs keep the state_dict, among others. DG-Net's files have `a`, and `b` of the
/// other half of its training.
const USUAL: [&str; 7] = [
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "module",
    "weights",
    "a",
];

/// Prefixes of all names that wrappers of a module add.
const WRAPPERS: [&str; 2] = ["module.", "_orig_mod."];

/// Turns the value of a pickle into a tree; `entry` makes an entry of tensor number n.
pub(super) fn plant(
    heap: &Heap<'_>,
    root: Value,
    entry: &dyn Fn(usize) -> Result<Entry, Problem>,
) -> Result<Node, Problem> {
    let mut left = MAX_ENTRIES;
    grow(heap, root, entry, 0, &mut left)
}

fn grow(
    heap: &Heap<'_>,
    value: Value,
    entry: &dyn Fn(usize) -> Result<Entry, Problem>,
    depth: usize,
    left: &mut usize,
) -> Result<Node, Problem> {
    if let Value::Tensor(id) = value {
        return entry(id).map(Node::Tensor);
    }
    let Some(pairs) = heap.entries(value).filter(|_| depth < MAX_DEPTH) else {
        return Ok(Node::Other);
    };
    let mut nodes = Vec::new();
    for &(key, value) in pairs {
        *left = left.checked_sub(1).ok_or_else(|| {
            Problem::new(
                format!("dicts of more than {MAX_ENTRIES} entries"),
                "a state_dict",
                "save the state_dict alone",
            )
        })?;
        // Optimizers count their states by numbers; nothing of that is a network.
        let Some(key) = heap.text(key) else { continue };
        nodes.push((key.to_owned(), grow(heap, value, entry, depth + 1, left)?));
    }
    Ok(Node::Dict(nodes))
}

/// Picks the tensors that are meant, under names without the prefix of a wrapper.
pub(super) fn choose(root: Node, key: Option<&str>) -> Result<BTreeMap<String, Entry>, Problem> {
    let Node::Dict(entries) = root else {
        return Err(Problem::new(
            "a value that is no dict",
            "a state_dict",
            "save it with torch.save(model.state_dict(), file)",
        ));
    };
    let chosen = match key {
        Some(key) => descend(entries, key)?,
        None => guess(entries)?,
    };
    let mut tensors = BTreeMap::new();
    for (name, node) in chosen {
        if let Node::Tensor(entry) = node {
            tensors.insert(name, entry);
        }
    }
    for prefix in WRAPPERS {
        if !tensors.is_empty() && tensors.keys().all(|name| name.starts_with(prefix)) {
            let strip = |(name, entry): (String, Entry)| (name[prefix.len()..].to_owned(), entry);
            tensors = tensors.into_iter().map(strip).collect();
        }
    }
    if tensors.is_empty() {
        return Err(Problem::new("no tensor", "a state_dict", DAMAGED));
    }
    Ok(tensors)
}

type Entries = Vec<(String, Node)>;

fn descend(mut entries: Entries, key: &str) -> Result<Entries, Problem> {
    let absent = |entries: &Entries| {
        Problem::new(
            format!("no dict under the key {key}, but {}", keys(entries)),
            "a dict of tensors",
            "give one of the keys that are there",
        )
    };
    // A key may hold dots itself.
    if let Some(at) = place(&entries, key) {
        return into_dict(entries.swap_remove(at).1).ok_or_else(|| absent(&Vec::new()));
    }
    for part in key.split('.') {
        let Some(at) = place(&entries, part) else {
            return Err(absent(&entries));
        };
        entries = into_dict(entries.swap_remove(at).1).unwrap_or_default();
    }
    Ok(entries)
}

fn guess(mut entries: Entries) -> Result<Entries, Problem> {
    for _ in 0..MAX_DEPTH {
        if holds_tensors(&entries) {
            return Ok(entries);
        }
        let dicts: Vec<usize> = (0..entries.len())
            .filter(|&i| matches!(&entries[i].1, Node::Dict(inner) if !inner.is_empty()))
            .collect();
        let usual = USUAL.iter().find_map(|name| {
            let at = place(&entries, name)?;
            dicts.contains(&at).then_some(at)
        });
        let at = match (usual, dicts.as_slice()) {
            (Some(at), _) | (None, &[at]) => at,
            (None, []) => break,
            (None, _) => {
                return Err(Problem::new(
                    format!("several dicts: {}", keys(&entries)),
                    "one state_dict",
                    "say which with --key",
                ));
            }
        };
        entries = into_dict(entries.swap_remove(at).1).unwrap_or_default();
    }
    Err(Problem::new(
        format!("no tensors, but {}", keys(&entries)),
        "a state_dict",
        "save it with torch.save(model.state_dict(), file)",
    ))
}

fn holds_tensors(entries: &Entries) -> bool {
    entries
        .iter()
        .any(|(_, node)| matches!(node, Node::Tensor(_)))
}

fn place(entries: &Entries, key: &str) -> Option<usize> {
    // Of several entries with one key the last counts, as in Python.
    entries.iter().rposition(|(name, _)| name == key)
}

fn into_dict(node: Node) -> Option<Entries> {
    match node {
        Node::Dict(entries) => Some(entries),
        _ => None,
    }
}

/// Lists the first few keys.
fn keys(entries: &Entries) -> String {
    if entries.is_empty() {
        return "nothing".into();
    }
    let shown: Vec<String> = entries
        .iter()
        .take(6)
        .map(|(key, _)| key.chars().take(60).collect())
        .collect();
    let more = entries.len() - shown.len();
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{tail}", shown.join(", "))
}
