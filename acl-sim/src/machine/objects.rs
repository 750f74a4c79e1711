//! Objects that are values: data buffers, datasets, tensor descriptions.

use std::ffi::{CStr, CString};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acl_sys::{ACL_ERROR_INVALID_PARAM, aclDataType, aclFormat, aclMemType};

use super::calls::Site;
use super::failure::{Result, fail};
use super::handle::{Handle, Kind, Table};

/// A shared value behind a lock.
pub(crate) struct Shared<T>(Mutex<T>);

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Arc<Self> {
        Arc::new(Self(Mutex::new(value)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A named piece of memory; the memory is the program's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DataBuffer {
    pub(crate) address: usize,
    pub(crate) size: usize,
}

/// The buffers of a model's inputs or outputs, in order.
#[derive(Debug, Default)]
pub(crate) struct Dataset {
    pub(crate) buffers: Vec<Handle>,
    /// Shapes that were set, or that a run left; parallel to `buffers` as far as it goes.
    pub(crate) descs: Vec<Option<Handle>>,
}

impl Drop for Dataset {
    fn drop(&mut self) {
        // Not `remove_tensor`: one that the program has destroyed itself is no finding here.
        for desc in self.descs.drain(..).flatten() {
            let _ = TENSORS.remove(desc);
        }
    }
}

/// What a tensor looks like.
#[derive(Clone, Debug)]
pub(crate) struct TensorDesc {
    pub(crate) dtype: aclDataType,
    pub(crate) format: aclFormat,
    pub(crate) dims: Vec<i64>,
    pub(crate) ranges: Vec<[i64; 2]>,
    name: CString,
    /// Names that were replaced: the program may still hold pointers to them.
    replaced: Vec<CString>,
    /// Made by the simulator, as a part of a dataset: the program does not destroy it.
    internal: bool,
    /// Where the tensor lies in device memory, if that is known; else 0.
    pub(crate) address: usize,
    /// The others of an array, of which this is the first.
    pub(crate) rest: Vec<Handle>,
    pub(crate) storage_format: Option<aclFormat>,
    pub(crate) storage_dims: Option<Vec<i64>>,
    pub(crate) origin_format: Option<aclFormat>,
    pub(crate) origin_dims: Option<Vec<i64>>,
    /// Where the tensor's memory is.
    pub(crate) place: aclMemType,
    /// The contents, where an operator needs them before it runs.
    pub(crate) constant: Option<Vec<u8>>,
    /// The name of the list of inputs that it is one of.
    pub(crate) dynamic_input: Option<CString>,
    pub(crate) value_ranges: Vec<[i64; 2]>,
}

impl TensorDesc {
    pub(crate) fn new(dtype: aclDataType, format: aclFormat, dims: Vec<i64>) -> Self {
        Self {
            dtype,
            format,
            dims,
            ranges: Vec::new(),
            name: CString::default(),
            replaced: Vec::new(),
            internal: false,
            address: 0,
            rest: Vec::new(),
            storage_format: None,
            storage_dims: None,
            origin_format: None,
            origin_dims: None,
            place: aclMemType::ACL_MEMTYPE_DEVICE,
            constant: None,
            dynamic_input: None,
            value_ranges: Vec::new(),
        }
    }

    /// The name, which stays where it is as long as the description lives.
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    pub(crate) fn set_name(&mut self, name: CString) {
        if name != self.name {
            self.replaced.push(std::mem::replace(&mut self.name, name));
        }
    }

    /// Returns the number of elements; 0 when a dim is unknown or the product overflows.
    pub(crate) fn elements(&self) -> usize {
        self.dims
            .iter()
            .map(|dim| usize::try_from(*dim).ok())
            .try_fold(1_usize, |product, dim| product.checked_mul(dim?))
            .unwrap_or(0)
    }

    pub(crate) fn size(&self) -> usize {
        self.elements().saturating_mul(dtype_size(self.dtype))
    }
}

/// Returns the bytes of an element; 0 for an unknown type.
pub(crate) fn dtype_size(dtype: aclDataType) -> usize {
    match dtype {
        aclDataType::ACL_INT8 | aclDataType::ACL_UINT8 | aclDataType::ACL_BOOL => 1,
        aclDataType::ACL_FLOAT16
        | aclDataType::ACL_BF16
        | aclDataType::ACL_INT16
        | aclDataType::ACL_UINT16 => 2,
        aclDataType::ACL_FLOAT | aclDataType::ACL_INT32 | aclDataType::ACL_UINT32 => 4,
        aclDataType::ACL_INT64
        | aclDataType::ACL_UINT64
        | aclDataType::ACL_DOUBLE
        | aclDataType::ACL_COMPLEX64 => 8,
        aclDataType::ACL_COMPLEX128 => 16,
        _ => 0,
    }
}

static BUFFERS: Table<Arc<Shared<DataBuffer>>> = Table::new(Kind::DataBuffer);
static DATASETS: Table<Arc<Shared<Dataset>>> = Table::new(Kind::Dataset);
static TENSORS: Table<Arc<Shared<TensorDesc>>> = Table::new(Kind::TensorDesc);

/// Gives one kind of object its four functions.
macro_rules! kind_of_object {
    ($table:ident, $type:ty, $add:ident, $get:ident, $remove:ident) => {
        pub(crate) fn $add(value: $type) -> Handle {
            $table.insert(|_| Shared::new(value))
        }

        pub(crate) fn $get(handle: Handle) -> Result<Arc<Shared<$type>>> {
            $table
                .get(handle)
                .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
        }

        pub(crate) fn $remove(handle: Handle) -> Result<Arc<Shared<$type>>> {
            $table.remove(handle).map_err(|complaint| {
                super::strict::find(super::strict::Finding::BadHandle, complaint.clone());
                fail!(ACL_ERROR_INVALID_PARAM, "{complaint}")
            })
        }
    };
}

kind_of_object!(BUFFERS, DataBuffer, add_buffer, buffer, remove_buffer);
kind_of_object!(DATASETS, Dataset, add_dataset, dataset, remove_dataset);
kind_of_object!(TENSORS, TensorDesc, add_tensor, tensor, remove_tensor);

/// Adds a tensor description that belongs to a dataset, which takes it along when it goes.
pub(crate) fn add_internal_tensor(desc: TensorDesc) -> Handle {
    add_tensor(TensorDesc {
        internal: true,
        ..desc
    })
}

/// Adds an array of tensor descriptions and returns the first, which takes the others along when it
/// goes; nothing when it is empty.
pub(crate) fn add_tensors(descs: Vec<TensorDesc>) -> Option<Handle> {
    let mut descs = descs.into_iter();
    let first = descs.next()?;
    let rest = descs.map(add_internal_tensor).collect();
    Some(add_tensor(TensorDesc { rest, ..first }))
}

/// Removes a tensor description, and with it the array of which it is the first.
pub(crate) fn remove_tensors(first: Handle) -> Result<()> {
    let rest = std::mem::take(&mut remove_tensor(first)?.lock().rest);
    rest.into_iter().for_each(|desc| drop(TENSORS.remove(desc)));
    Ok(())
}

/// Returns what is live and the program's to destroy, by kind: the calls that made it.
pub(crate) fn live() -> [(Vec<Option<Site>>, &'static str); 3] {
    [
        (BUFFERS.made(|_| true), "data buffer"),
        (DATASETS.made(|_| true), "dataset"),
        (
            TENSORS.made(|desc| !desc.lock().internal),
            "tensor description",
        ),
    ]
}
