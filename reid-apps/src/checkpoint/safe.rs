//! Safetensors files.

use safetensors::{Dtype, SafeTensors};

use super::Element;
use super::error::Problem;
use super::storage::{Entry, Place, Storages};
use super::tree::Node;

/// A length of eight bytes, then JSON.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk::<8>().map(|b| u64::from_le_bytes(*b));
    length.is_some_and(|n| n <= bytes.len() as u64) && bytes.get(8) == Some(&b'{')
}

pub(super) fn open(file: Vec<u8>) -> Result<(Node, Storages), Problem> {
    let parsed = SafeTensors::deserialize(&file).map_err(|error| {
        Problem::damaged(
            format!("no whole safetensors file ({error})"),
            "a safetensors file",
        )
    })?;
    let mut places = Vec::new();
    let mut entries = Vec::new();
    for (name, view) in parsed.iter() {
        let element = match view.dtype() {
            Dtype::BOOL => Element::Bool,
            Dtype::U8 => Element::U8,
            Dtype::I8 => Element::I8,
            Dtype::I16 => Element::I16,
            Dtype::I32 => Element::I32,
            Dtype::I64 => Element::I64,
            Dtype::F16 => Element::F16,
            Dtype::BF16 => Element::Bf16,
            Dtype::F32 => Element::F32,
            Dtype::F64 => Element::F64,
            other => {
                return Err(Problem::new(
                    format!("{name} of the type {other:?}"),
                    "floats of 16, 32 or 64 bits, or integers",
                    "convert the tensor and save the file again",
                ));
            }
        };
        let shape = view.shape().to_vec();
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = shape[axis].saturating_mul(strides[axis]);
        }
        let start = view.data().as_ptr().addr() - file.as_ptr().addr();
        let entry = Entry {
            storage: places.len(),
            element,
            offset: 0,
            shape,
            strides,
        };
        places.push(Place::Plain(start..start + view.data().len()));
        entries.push((name.to_owned(), Node::Tensor(entry)));
    }
    drop(parsed);
    Ok((Node::Dict(entries), Storages { file, places }))
}
