//! What the allowed names do when they are called.

use super::PickleError;
use super::heap::{StorageRecord, TensorRecord, Value};
use super::machine::Machine;
use super::names::Name;

/// `callable(*arguments)`.
pub(super) fn reduce(
    machine: &mut Machine<'_>,
    callable: Value,
    arguments: Value,
) -> Result<Value, PickleError> {
    let Value::Name(name) = callable else {
        return Err(machine.mismatch(callable, "a name to call"));
    };
    let Some(list) = machine.heap.items(arguments) else {
        return Err(machine.mismatch(arguments, "a tuple of arguments"));
    };
    match (name, list) {
        (Name::OrderedDict, []) => Ok(machine.make_dict(Vec::new())),
        (Name::OrderedDict, &[pairs]) => ordered_dict(machine, pairs),
        (Name::RebuildTensor, &[storage, offset, shape, strides, ..]) => {
            tensor(machine, [storage, offset, shape, strides])
        }
        (Name::RebuildParameter, &[tensor @ Value::Tensor(_), ..]) => Ok(tensor),
        (Name::Size, &[sizes @ (Value::Tuple(_) | Value::List(_))]) => Ok(sizes),
        (Name::Device | Name::Set, _) => Ok(Value::Other),
        (name, list) => {
            let kinds: Vec<String> = list.iter().take(8).map(|&v| machine.heap.kind(v)).collect();
            Err(machine.stream.error(format!(
                "found {} called with {} ({}), which torch.save does not write",
                name.spelled(),
                list.len(),
                kinds.join(", ")
            )))
        }
    }
}

/// The state of an object; the attributes of dicts and tensors (`_metadata`, hooks) say nothing here.
pub(super) fn build(machine: &Machine<'_>, object: Value) -> Result<(), PickleError> {
    match object {
        Value::Dict(_) | Value::Tensor(_) | Value::Other => Ok(()),
        other => Err(machine.mismatch(other, "a dict or tensor to give attributes to")),
    }
}

fn ordered_dict(machine: &mut Machine<'_>, pairs: Value) -> Result<Value, PickleError> {
    let count = machine.heap.items(pairs).map_or(0, <[Value]>::len);
    machine.spend(count)?;
    let Some(list) = machine.heap.items(pairs) else {
        return Err(machine.mismatch(pairs, "a list of pairs"));
    };
    let pair = |&item: &Value| match machine.heap.items(item) {
        Some(&[key, value]) => Some((key, value)),
        _ => None,
    };
    let made: Option<Vec<_>> = list.iter().map(pair).collect();
    match made {
        Some(made) => Ok(machine.make_dict(made)),
        None => Err(machine.mismatch(pairs, "a list of pairs")),
    }
}

fn tensor(
    machine: &mut Machine<'_>,
    [storage, offset, shape, strides]: [Value; 4],
) -> Result<Value, PickleError> {
    let Value::Storage(storage) = storage else {
        return Err(machine.mismatch(storage, "the storage of a tensor"));
    };
    let Value::Int(first) = offset else {
        return Err(machine.mismatch(offset, "the offset of a tensor"));
    };
    let Ok(first) = usize::try_from(first) else {
        return Err(machine.mismatch(offset, "an offset from 0 on"));
    };
    let sizes = machine
        .heap
        .sizes(shape)
        .zip(machine.heap.sizes(strides))
        .filter(|(shape, strides)| shape.len() == strides.len());
    let Some((shape, strides)) = sizes else {
        return Err(machine.mismatch(shape, "sizes and as many strides, from 0 on"));
    };
    machine.heap.tensors.push(TensorRecord {
        storage,
        offset: first,
        shape,
        strides,
    });
    Ok(Value::Tensor(machine.heap.tensors.len() - 1))
}

/// `('storage', torch.FloatStorage, key, place, count)`, and in legacy files the part of it that is meant.
pub(super) fn persistent(machine: &mut Machine<'_>, id: Value) -> Result<Value, PickleError> {
    let wrong = "('storage', a torch storage, its key, its place, its count)";
    let Some(parts) = machine.heap.items(id) else {
        return Err(machine.mismatch(id, wrong));
    };
    let &[tag, kind, key, _place, count, ref view @ ..] = parts else {
        return Err(machine.mismatch(id, wrong));
    };
    let view = view.first().copied().unwrap_or(Value::None);
    let heap = &machine.heap;
    let size = |value| match value {
        Value::Int(count) => usize::try_from(count).ok(),
        _ => None,
    };
    let (Some("storage"), Value::Name(Name::Storage(element)), Some(key), Some(count)) =
        (heap.text(tag), kind, heap.text(key), size(count))
    else {
        return Err(machine.mismatch(id, wrong));
    };
    let view = match (view, heap.items(view)) {
        (Value::None, _) => None,
        (_, Some(&[_, first, count])) => match (size(first), size(count)) {
            (Some(first), Some(count)) => Some((first, count)),
            _ => return Err(machine.mismatch(view, "first number and count of a part")),
        },
        _ => return Err(machine.mismatch(view, "None, or a part of a storage")),
    };
    machine.heap.storages.push(StorageRecord {
        element,
        key,
        count,
        view,
    });
    Ok(Value::Storage(machine.heap.storages.len() - 1))
}
