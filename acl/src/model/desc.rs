//! What a model says about itself, as plain values.

use crate::model::Gears;
use crate::raw::{DescHandle, Raw, Side};
use crate::{DataType, Error, Format, Result};

/// A model's inputs, outputs and gears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelDesc {
    #[doc(alias = "aclmdlGetNumInputs")]
    /// All inputs, in the order of the C API, hidden ones included.
    pub inputs: Vec<TensorDesc>,
    #[doc(alias = "aclmdlGetNumOutputs")]
    /// All outputs.
    pub outputs: Vec<TensorDesc>,
    #[doc(alias = "aclmdlGetDynamicBatch")]
    #[doc(alias = "aclmdlGetDynamicHW")]
    #[doc(alias = "aclmdlGetInputDynamicGearCount")]
    #[doc(alias = "aclmdlGetInputDynamicDims")]
    /// The sizes that the model was compiled for.
    pub gears: Gears,
}

/// An input or output of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorDesc {
    #[doc(alias = "aclmdlGetInputNameByIndex")]
    #[doc(alias = "aclmdlGetOutputNameByIndex")]
    /// The name, at most 127 bytes: the library replaces longer ones.
    pub name: String,
    #[doc(alias = "aclmdlGetTensorRealName")]
    /// The full name; equal to `name` unless that was replaced.
    pub real_name: String,
    #[doc(alias = "aclmdlGetInputDataType")]
    #[doc(alias = "aclmdlGetOutputDataType")]
    /// The element type.
    pub dtype: DataType,
    #[doc(alias = "aclmdlGetInputFormat")]
    #[doc(alias = "aclmdlGetOutputFormat")]
    /// The layout.
    pub format: Format,
    #[doc(alias = "aclmdlGetInputDims")]
    #[doc(alias = "aclmdlGetOutputDims")]
    /// The dims, with -1 where a gear decides (inputs), or those of the largest gear (outputs).
    pub dims: Vec<i64>,
    #[doc(alias = "aclmdlGetInputDimsV2")]
    /// The dims before a static AIPP, whose product fits `size`; else equal to `dims`.
    pub dims_v2: Vec<i64>,
    #[doc(alias = "aclmdlGetInputSizeByIndex")]
    #[doc(alias = "aclmdlGetOutputSizeByIndex")]
    /// Bytes, for the largest gear; 0 if there are no bounds.
    pub size: usize,
    /// What the tensor is for.
    pub role: Role,
}

/// Says what a tensor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Data of the user's.
    Data,
    /// The hidden input that carries the gear; bindings fill it.
    Gear,
    /// The hidden input that carries the parameters of a dynamic AIPP.
    Aipp,
}

/// Names a tensor: by its name, or by its index in the order of the C API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorId<'a> {
    /// By name, short or full; for an output also the last part of a name like `op:0:name`.
    Name(&'a str),
    /// By index from 0.
    Index(usize),
}

impl<'a> From<&'a str> for TensorId<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl<'a> From<&'a String> for TensorId<'a> {
    fn from(name: &'a String) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for TensorId<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl Role {
    fn of_input(name: &str) -> Self {
        // The vendor appends a number when there are several of the second kind.
        if name == "ascend_mbatch_shape_data" {
            Self::Gear
        } else if name.starts_with("ascend_dynamic_aipp_data") {
            Self::Aipp
        } else {
            Self::Data
        }
    }
}

impl TensorDesc {
    fn read(raw: Raw, desc: &DescHandle, side: Side, index: usize) -> Result<Self> {
        let name = raw.tensor_name(desc, side, index)?;
        let real_name = raw
            .tensor_real_name(desc, &name)
            .unwrap_or_else(|| name.clone());
        let dims = raw.tensor_dims(desc, side, index)?;
        let (dims_v2, role) = match side {
            Side::Input => (raw.input_dims_v2(desc, index)?, Role::of_input(&name)),
            Side::Output => (None, Role::Data),
        };
        Ok(Self {
            role,
            dtype: DataType(raw.tensor_dtype(desc, side, index)?),
            format: Format(raw.tensor_format(desc, side, index)?),
            dims_v2: dims_v2.unwrap_or_else(|| dims.clone()),
            dims,
            size: raw.tensor_size(desc, side, index)?,
            name,
            real_name,
        })
    }

    /// Returns the number of bytes for concrete dims; the largest gear's if they are not concrete.
    pub(crate) fn bytes(&self, dims: &[i64]) -> usize {
        let mut bytes = self.dtype.size();
        for dim in dims {
            let dim = usize::try_from(*dim).ok();
            bytes = bytes
                .zip(dim)
                .and_then(|(bytes, dim)| bytes.checked_mul(dim));
        }
        // A static AIPP takes other bytes than the dims say, and memory is `size` bytes long.
        bytes.map_or(self.size, |bytes| bytes.min(self.size))
    }
}

impl ModelDesc {
    pub(crate) fn read(raw: Raw, desc: &DescHandle) -> Result<Self> {
        let tensors = |side| -> Result<Vec<TensorDesc>> {
            let count = raw.tensor_count(desc, side)?;
            (0..count)
                .map(|index| TensorDesc::read(raw, desc, side, index))
                .collect()
        };
        let (inputs, outputs) = (tensors(Side::Input)?, tensors(Side::Output)?);
        let geared = inputs.iter().any(|input| input.role == Role::Gear);
        let gears = if geared {
            read_gears(raw, desc)?
        } else {
            Gears::Static
        };
        Ok(Self {
            inputs,
            outputs,
            gears,
        })
    }

    /// Returns the inputs that the user fills, with their indices.
    pub fn data_inputs(&self) -> impl Iterator<Item = (usize, &TensorDesc)> {
        self.inputs
            .iter()
            .enumerate()
            .filter(|(_, input)| input.role == Role::Data)
    }

    /// Returns the index of an input.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`], which lists the names.
    #[doc(alias = "aclmdlGetInputIndexByName")]
    pub fn input<'t>(&self, id: impl Into<TensorId<'t>>) -> Result<usize> {
        find(&self.inputs, Side::Input, id.into())
    }

    /// Returns the index of an output.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`], which lists the names.
    #[doc(alias = "aclmdlGetOutputIndexByName")]
    pub fn output<'t>(&self, id: impl Into<TensorId<'t>>) -> Result<usize> {
        find(&self.outputs, Side::Output, id.into())
    }

    /// Puts the dims of input `index` for gear `gear` into `into`.
    pub(crate) fn input_dims(&self, index: usize, gear: Option<usize>, into: &mut Vec<i64>) {
        let dims = &self.inputs[index].dims;
        into.clear();
        let signed = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
        let open = |dims: &[i64]| dims.iter().filter(|dim| **dim < 0).count();
        match (&self.gears, gear) {
            (Gears::Batch(list), Some(gear)) => {
                into.extend(
                    dims.iter()
                        .map(|dim| if *dim < 0 { signed(list[gear]) } else { *dim }),
                );
            }
            (Gears::ImageSize(list), Some(gear)) => {
                let mut sizes = list[gear].into_iter().map(signed);
                let mut fill = |dim: i64| {
                    if dim < 0 {
                        sizes.next().unwrap_or(dim)
                    } else {
                        dim
                    }
                };
                into.extend(dims.iter().map(|dim| fill(*dim)));
            }
            (Gears::Dims(list), Some(gear)) => {
                let before = || {
                    self.data_inputs()
                        .take_while(|(i, _)| *i < index)
                        .map(|(_, t)| t)
                };
                let list = &list[gear];
                let rank: usize = before().map(|tensor| tensor.dims.len()).sum();
                let ranks: usize = self
                    .data_inputs()
                    .map(|(_, tensor)| tensor.dims.len())
                    .sum();
                if list.len() == ranks && self.inputs[index].role == Role::Data {
                    into.extend_from_slice(&list[rank..rank + dims.len()]);
                } else {
                    // Only the open dims are listed.
                    let skip = before().map(|tensor| open(&tensor.dims)).sum();
                    let mut sizes = list.iter().skip(skip).copied();
                    let mut fill = |dim: i64| {
                        if dim < 0 {
                            sizes.next().unwrap_or(dim)
                        } else {
                            dim
                        }
                    };
                    into.extend(dims.iter().map(|dim| fill(*dim)));
                }
            }
            _ => into.extend_from_slice(dims),
        }
    }
}

fn read_gears(raw: Raw, desc: &DescHandle) -> Result<Gears> {
    let batches = raw.dynamic_batches(desc)?;
    if !batches.is_empty() {
        return Ok(Gears::Batch(batches));
    }
    let sizes = raw.dynamic_image_sizes(desc)?;
    if !sizes.is_empty() {
        return Ok(Gears::ImageSize(sizes));
    }
    let dims = raw.dynamic_dims(desc)?;
    Ok(if dims.is_empty() {
        Gears::Static
    } else {
        Gears::Dims(dims)
    })
}

fn find(tensors: &[TensorDesc], side: Side, id: TensorId<'_>) -> Result<usize> {
    let found = match id {
        TensorId::Index(index) => (index < tensors.len()).then_some(index),
        TensorId::Name(name) => tensors
            .iter()
            .position(|tensor| tensor.name == name || tensor.real_name == name)
            .or_else(|| by_last_part(tensors, name)),
    };
    found.ok_or_else(|| Error::UnknownTensor {
        side: side.word(),
        name: match id {
            TensorId::Name(name) => name.to_owned(),
            TensorId::Index(index) => index.to_string(),
        },
        known: tensors
            .iter()
            .map(|tensor| tensor.real_name.clone())
            .collect(),
    })
}

/// Finds the one tensor whose full name ends in `:name`, as atc names outputs.
fn by_last_part(tensors: &[TensorDesc], name: &str) -> Option<usize> {
    let ends = |tensor: &TensorDesc| {
        tensor
            .real_name
            .strip_suffix(name)
            .is_some_and(|rest| rest.ends_with(':'))
    };
    let mut found = tensors
        .iter()
        .enumerate()
        .filter(|(_, tensor)| ends(tensor));
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}
