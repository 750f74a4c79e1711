//! The zip arrangement.

use std::collections::HashMap;
use std::io::Cursor;

use zip::{CompressionMethod, ZipArchive};

use super::error::{NO_STATE_DICT, Problem};
use super::pickle;
use super::storage::{Entry, Place, Storages};
use super::tree::{self, Node};

/// Longest pickle that is read: that of the full MGN has 0.1 MB.
const MAX_PICKLE: u64 = 16 << 20;

/// How much longer than its deflated form a storage may be. Trained numbers hardly shrink, and a storage below
/// [`FREE`] costs nothing.
const MOST_INFLATED: usize = 64;
const FREE: usize = 1 << 20;

/// An entry of the archive.
struct Item {
    place: Place,
    size: usize,
}

pub(super) fn open(file: Vec<u8>) -> Result<(Node, Storages), Problem> {
    let items = items(&file)?;
    let pickle_name = items
        .keys()
        .filter(|name| *name == "data.pkl" || name.ends_with("/data.pkl"))
        .min_by_key(|name| name.len());
    let Some(pickle_name) = pickle_name.cloned() else {
        return Err(Problem::new(
            "a zip archive without data.pkl",
            "a checkpoint of PyTorch",
            "give the file that torch.save wrote",
        ));
    };
    let root = pickle_name.strip_suffix("data.pkl").unwrap_or_default();
    if items.contains_key(&format!("{root}constants.pkl")) {
        return Err(Problem::new(
            "a TorchScript archive",
            "a state_dict",
            "load it with torch.jit.load and save its state_dict with torch.save",
        ));
    }
    let mut storages = Storages {
        file,
        places: Vec::new(),
    };
    if let Some(order) = items.get(&format!("{root}byteorder")) {
        let order = whole(&mut storages, order, 16)?;
        if order != b"little" {
            return Err(Problem::new(
                "numbers in big-endian order",
                "little-endian ones",
                "save the state_dict on a little-endian machine",
            ));
        }
    }
    let program = items
        .get(&pickle_name)
        .ok_or_else(|| Problem::damaged("no data.pkl", "one"))?;
    let program = whole(&mut storages, program, MAX_PICKLE)?;
    let problem = |error: pickle::PickleError| {
        Problem::new(
            error.to_string(),
            "the pickle of a state_dict",
            NO_STATE_DICT,
        )
    };
    let (value, heap, _) = pickle::run(&program).map_err(problem)?;
    let mut by_key: HashMap<&str, usize> = HashMap::new();
    let mut records = Vec::with_capacity(heap.storages.len());
    for record in &heap.storages {
        let index = match by_key.get(record.key) {
            Some(&index) => index,
            None => {
                let item = items.get(&format!("{root}data/{}", record.key));
                storages.places.push(match item {
                    Some(item) => item.place.clone(),
                    None => Place::Absent(record.key.chars().take(60).collect()),
                });
                by_key.insert(record.key, storages.places.len() - 1);
                storages.places.len() - 1
            }
        };
        let wanted = record.count.checked_mul(record.element.size());
        let found = storages.size(index);
        if Some(found) != wanted {
            return Err(Problem::damaged(
                format!("storage {} of {found} bytes", record.key),
                format!("{} numbers of {:?}", record.count, record.element),
            ));
        }
        records.push((index, record.element));
    }
    let entry = |id: usize| {
        let tensor = heap.tensors.get(id);
        let found = tensor.and_then(|t| Some((t, records.get(t.storage)?)));
        let (tensor, &(storage, element)) =
            found.ok_or_else(|| Problem::damaged("a tensor of nothing", "a tensor"))?;
        Ok(Entry {
            storage,
            element,
            offset: tensor.offset,
            shape: tensor.shape.clone(),
            strides: tensor.strides.clone(),
        })
    };
    let tree = tree::plant(&heap, value, &entry)?;
    Ok((tree, storages))
}

/// Reads a small entry whole.
fn whole(storages: &mut Storages, item: &Item, limit: u64) -> Result<Vec<u8>, Problem> {
    if item.size as u64 > limit {
        return Err(Problem::new(
            format!("an entry of {} bytes", item.size),
            format!("at most {limit}"),
            "save the state_dict alone",
        ));
    }
    storages.places.push(item.place.clone());
    let bytes = storages
        .bytes(storages.places.len() - 1)
        .map(std::borrow::Cow::into_owned);
    storages.places.pop();
    bytes
}

/// Lists the archive by name.
fn items(file: &[u8]) -> Result<HashMap<String, Item>, Problem> {
    let broken = |error: zip::result::ZipError| {
        Problem::damaged(
            format!("no whole zip archive ({error})"),
            "a checkpoint of PyTorch",
        )
    };
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(broken)?;
    let mut items = HashMap::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(broken)?;
        let name = entry.name().to_owned();
        let method = entry.compression();
        let sizes = [entry.data_start(), entry.compressed_size(), entry.size()]
            .map(|size| usize::try_from(size).ok());
        let [Some(start), Some(packed), Some(size)] = sizes else {
            return Err(Problem::damaged(
                format!("{name}: sizes beyond memory"),
                "sizes of a file",
            ));
        };
        let range = start
            .checked_add(packed)
            .filter(|&end| end <= file.len())
            .map(|end| start..end);
        let Some(range) = range else {
            return Err(Problem::damaged(
                format!("{name}: an entry beyond the end of the file"),
                "a whole archive",
            ));
        };
        let place = match method {
            CompressionMethod::Stored if packed == size && !entry.encrypted() => {
                Place::Plain(range)
            }
            CompressionMethod::Deflated
                if (size <= FREE || size / MOST_INFLATED <= packed) && !entry.encrypted() =>
            {
                Place::Deflated(range, size)
            }
            CompressionMethod::Deflated => {
                return Err(Problem::new(
                    format!("{name}: {size} bytes deflated into {packed}"),
                    format!("at most {MOST_INFLATED} times as many"),
                    "save the state_dict again with torch.save, which does not deflate",
                ));
            }
            _ => {
                return Err(Problem::new(
                    format!("{name}: an entry packed as {method:?}"),
                    "a stored or deflated one",
                    "save the state_dict again with torch.save",
                ));
            }
        };
        items.insert(name, Item { place, size });
    }
    Ok(items)
}
