//! Models, their descriptions, and the data sets that they read and write.

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::MaybeUninit;

use acl_sys::{aclDataBuffer, aclmdlBatch, aclmdlDataset, aclmdlDesc, aclmdlHW, aclmdlIODims};

use super::{Raw, StreamHandle, copy_text, entry};
use crate::{Error, Result};

/// The number of a loaded model.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ModelHandle(u32);

impl ModelHandle {
    pub(crate) fn as_raw(&self) -> u32 {
        self.0
    }
}

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident, $object:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(*mut $object);

        // SAFETY: the object belongs to no thread; who holds the handle decides who calls.
        unsafe impl Send for $name {}
        // SAFETY: through a shared reference the object is only read by calls that take it
        // `const`, or under the model's lock.
        unsafe impl Sync for $name {}
    };
}

handle!(
    /// A model description.
    DescHandle,
    aclmdlDesc
);
handle!(
    /// An ordered list of data buffers.
    DatasetHandle,
    aclmdlDataset
);
handle!(
    /// An address and a size, as a list of buffers holds them.
    DataBufferHandle,
    aclDataBuffer
);

impl DatasetHandle {
    pub(super) fn raw(&self) -> *mut aclmdlDataset {
        self.0
    }
}

/// Says which end of a model is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Input,
    Output,
}

impl Side {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}

/// What a load may be given: device addresses with sizes, null and 0 for "allocate it yourself".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Areas {
    pub(crate) work: (*mut c_void, usize),
    pub(crate) weight: (*mut c_void, usize),
}

pub(super) fn null(call: &'static str) -> Error {
    Error::Acl {
        code: crate::Status(acl_sys::ACL_ERROR_BAD_ALLOC),
        call,
        args: "".into(),
        detail: Some("the function returned a null pointer".into()),
    }
}

/// Loading.
impl Raw {
    pub(crate) fn load_file(self, path: &CStr) -> Result<ModelHandle> {
        let function = entry!(self, aclmdlLoadFromFile);
        let mut id = 0;
        // SAFETY: the path is NUL-terminated and the place is valid for the call.
        let code = unsafe { function(path.as_ptr(), &raw mut id) };
        self.check(code, "aclmdlLoadFromFile", || format!("{path:?}"))?;
        Ok(ModelHandle(id))
    }

    /// # Safety
    ///
    /// The areas are device memory which outlives the model.
    pub(crate) unsafe fn load_file_with(self, path: &CStr, areas: Areas) -> Result<ModelHandle> {
        let function = entry!(self, aclmdlLoadFromFileWithMem);
        let Areas { work, weight } = areas;
        let mut id = 0;
        // SAFETY: as for `load_file`; the caller vouches for the areas.
        let code = unsafe {
            function(
                path.as_ptr(),
                &raw mut id,
                work.0,
                work.1,
                weight.0,
                weight.1,
            )
        };
        self.check(code, "aclmdlLoadFromFileWithMem", || {
            format!(
                "{path:?}, work {} bytes, weights {} bytes",
                work.1, weight.1
            )
        })?;
        Ok(ModelHandle(id))
    }

    /// # Safety
    ///
    /// `model` is `size` readable bytes, on the host in host mode, on the device in device mode.
    pub(crate) unsafe fn load_memory(
        self,
        model: *const c_void,
        size: usize,
    ) -> Result<ModelHandle> {
        let function = entry!(self, aclmdlLoadFromMem);
        let mut id = 0;
        // SAFETY: the caller vouches for the bytes; the place is valid for the call.
        let code = unsafe { function(model, size, &raw mut id) };
        self.check(code, "aclmdlLoadFromMem", || format!("{size} bytes"))?;
        Ok(ModelHandle(id))
    }

    /// # Safety
    ///
    /// As [`Raw::load_memory`] and [`Raw::load_file_with`].
    pub(crate) unsafe fn load_memory_with(
        self,
        model: *const c_void,
        size: usize,
        areas: Areas,
    ) -> Result<ModelHandle> {
        let function = entry!(self, aclmdlLoadFromMemWithMem);
        let Areas { work, weight } = areas;
        let mut id = 0;
        // SAFETY: the caller vouches for the bytes and the areas; the place is valid.
        let code =
            unsafe { function(model, size, &raw mut id, work.0, work.1, weight.0, weight.1) };
        self.check(code, "aclmdlLoadFromMemWithMem", || {
            format!(
                "{size} bytes, work {} bytes, weights {} bytes",
                work.1, weight.1
            )
        })?;
        Ok(ModelHandle(id))
    }

    pub(crate) fn query_size(self, path: &CStr) -> Result<(usize, usize)> {
        let function = entry!(self, aclmdlQuerySize);
        let (mut work, mut weight) = (0, 0);
        // SAFETY: the path is NUL-terminated and both places are valid for the call.
        let code = unsafe { function(path.as_ptr(), &raw mut work, &raw mut weight) };
        self.check(code, "aclmdlQuerySize", || format!("{path:?}"))?;
        Ok((work, weight))
    }

    pub(crate) fn query_size_memory(self, model: &[u8]) -> Result<(usize, usize)> {
        let function = entry!(self, aclmdlQuerySizeFromMem);
        let (mut work, mut weight) = (0, 0);
        let bytes = model.as_ptr().cast::<c_void>();
        // SAFETY: the bytes are readable and both places are valid for the call.
        let code = unsafe { function(bytes, model.len(), &raw mut work, &raw mut weight) };
        self.check(code, "aclmdlQuerySizeFromMem", || {
            format!("{} bytes", model.len())
        })?;
        Ok((work, weight))
    }

    pub(crate) fn unload(self, model: &ModelHandle) -> Result<()> {
        let function = entry!(self, aclmdlUnload);
        // SAFETY: the caller owns the model and drops it, unless the call fails.
        let code = unsafe { function(model.0) };
        self.check(code, "aclmdlUnload", || format!("model {}", model.0))
    }
}

/// Describing.
impl Raw {
    /// Makes a description of a loaded model.
    pub(crate) fn describe(self, model: &ModelHandle) -> Result<DescHandle> {
        let function = entry!(self, aclmdlCreateDesc);
        // SAFETY: the function takes nothing.
        let desc = DescHandle(unsafe { function() });
        if desc.0.is_null() {
            return Err(null("aclmdlCreateDesc"));
        }
        let filled = self.fill_desc(&desc, model);
        if filled.is_err() {
            self.destroy_desc(&desc)
                .unwrap_or_else(|error| log::warn!("{error}"));
        }
        filled.map(|()| desc)
    }

    fn fill_desc(self, desc: &DescHandle, model: &ModelHandle) -> Result<()> {
        let function = entry!(self, aclmdlGetDesc);
        // SAFETY: the description is alive; the library checks the number.
        let code = unsafe { function(desc.0, model.0) };
        self.check(code, "aclmdlGetDesc", || format!("model {}", model.0))
    }

    pub(crate) fn destroy_desc(self, desc: &DescHandle) -> Result<()> {
        let function = entry!(self, aclmdlDestroyDesc);
        // SAFETY: the caller owns the description and drops it.
        let code = unsafe { function(desc.0) };
        self.check(code, "aclmdlDestroyDesc", String::new)
    }

    pub(crate) fn tensor_count(self, desc: &DescHandle, side: Side) -> Result<usize> {
        let function = match side {
            Side::Input => entry!(self, aclmdlGetNumInputs),
            Side::Output => entry!(self, aclmdlGetNumOutputs),
        };
        // SAFETY: the description is alive.
        Ok(unsafe { function(desc.0) })
    }

    pub(crate) fn tensor_size(self, desc: &DescHandle, side: Side, index: usize) -> Result<usize> {
        let function = match side {
            Side::Input => entry!(self, aclmdlGetInputSizeByIndex),
            Side::Output => entry!(self, aclmdlGetOutputSizeByIndex),
        };
        // SAFETY: the description is alive; the library checks the index.
        Ok(unsafe { function(desc.0, index) })
    }

    pub(crate) fn tensor_name(self, desc: &DescHandle, side: Side, index: usize) -> Result<String> {
        let function = match side {
            Side::Input => entry!(self, aclmdlGetInputNameByIndex),
            Side::Output => entry!(self, aclmdlGetOutputNameByIndex),
        };
        // SAFETY: the description is alive; the library checks the index.
        let name = unsafe { function(desc.0, index) };
        // SAFETY: the name lives as long as the description.
        Ok(unsafe { copy_text(name) }.unwrap_or_default())
    }

    /// Returns the full name behind a shortened one; `None` when there is none.
    pub(crate) fn tensor_real_name(self, desc: &DescHandle, name: &str) -> Option<String> {
        let function = self.api.aclmdlGetTensorRealName?;
        let name = CString::new(name).ok()?;
        // SAFETY: the description is alive and the name is NUL-terminated.
        let real = unsafe { function(desc.0, name.as_ptr()) };
        // SAFETY: the name lives as long as the description.
        unsafe { copy_text(real) }.filter(|real| !real.is_empty())
    }

    pub(crate) fn tensor_format(self, desc: &DescHandle, side: Side, index: usize) -> Result<i32> {
        let function = match side {
            Side::Input => entry!(self, aclmdlGetInputFormat),
            Side::Output => entry!(self, aclmdlGetOutputFormat),
        };
        // SAFETY: the description is alive; the library checks the index.
        let format = unsafe { function(desc.0, index) };
        Ok(i32::from_ne_bytes(format.0.to_ne_bytes()))
    }

    pub(crate) fn tensor_dtype(self, desc: &DescHandle, side: Side, index: usize) -> Result<i32> {
        let function = match side {
            Side::Input => entry!(self, aclmdlGetInputDataType),
            Side::Output => entry!(self, aclmdlGetOutputDataType),
        };
        // SAFETY: the description is alive; the library checks the index.
        let dtype = unsafe { function(desc.0, index) };
        Ok(i32::from_ne_bytes(dtype.0.to_ne_bytes()))
    }

    pub(crate) fn tensor_dims(
        self,
        desc: &DescHandle,
        side: Side,
        index: usize,
    ) -> Result<Vec<i64>> {
        let (call, function) = match side {
            Side::Input => ("aclmdlGetInputDims", entry!(self, aclmdlGetInputDims)),
            Side::Output => ("aclmdlGetOutputDims", entry!(self, aclmdlGetOutputDims)),
        };
        let mut dims = empty_dims();
        // SAFETY: the description is alive and the place is valid for the call.
        let code = unsafe { function(desc.0, index, &raw mut dims) };
        self.check(code, call, || format!("index {index}"))?;
        Ok(dims_of(&dims).to_vec())
    }

    /// Returns the dims before a static AIPP; `None` where the library lacks the function.
    pub(crate) fn input_dims_v2(self, desc: &DescHandle, index: usize) -> Result<Option<Vec<i64>>> {
        let Some(function) = self.api.aclmdlGetInputDimsV2 else {
            return Ok(None);
        };
        let mut dims = empty_dims();
        // SAFETY: the description is alive and the place is valid for the call.
        let code = unsafe { function(desc.0, index, &raw mut dims) };
        self.check(code, "aclmdlGetInputDimsV2", || format!("index {index}"))?;
        Ok(Some(dims_of(&dims).to_vec()))
    }

    /// Puts the dims of an output for the gear that was set last into `into`.
    pub(crate) fn current_output_dims(
        self,
        desc: &DescHandle,
        index: usize,
        into: &mut Vec<i64>,
    ) -> Result<()> {
        let function = entry!(self, aclmdlGetCurOutputDims);
        let mut dims = empty_dims();
        // SAFETY: the description is alive and the place is valid for the call.
        let code = unsafe { function(desc.0, index, &raw mut dims) };
        self.check(code, "aclmdlGetCurOutputDims", || format!("index {index}"))?;
        into.clear();
        into.extend_from_slice(dims_of(&dims));
        Ok(())
    }
}

/// Gears.
impl Raw {
    pub(crate) fn dynamic_batches(self, desc: &DescHandle) -> Result<Vec<u64>> {
        let function = entry!(self, aclmdlGetDynamicBatch);
        let mut list = MaybeUninit::<aclmdlBatch>::zeroed();
        // SAFETY: the description is alive and the place is valid for the call.
        let code = unsafe { function(desc.0, list.as_mut_ptr()) };
        self.check(code, "aclmdlGetDynamicBatch", String::new)?;
        // SAFETY: all-zero bytes are a valid value, and the library only writes numbers.
        let list = unsafe { list.assume_init() };
        Ok(list.batch[..list.batchCount.min(list.batch.len())].to_vec())
    }

    pub(crate) fn dynamic_image_sizes(self, desc: &DescHandle) -> Result<Vec<[u64; 2]>> {
        let function = entry!(self, aclmdlGetDynamicHW);
        let mut list = MaybeUninit::<aclmdlHW>::zeroed();
        // SAFETY: the description is alive and the place is valid; the index is reserved as -1.
        let code = unsafe { function(desc.0, usize::MAX, list.as_mut_ptr()) };
        self.check(code, "aclmdlGetDynamicHW", String::new)?;
        // SAFETY: all-zero bytes are a valid value, and the library only writes numbers.
        let list = unsafe { list.assume_init() };
        Ok(list.hw[..list.hwCount.min(list.hw.len())].to_vec())
    }

    /// Returns the gears of a model with dynamic dims: each is all dims of all inputs in a row.
    pub(crate) fn dynamic_dims(self, desc: &DescHandle) -> Result<Vec<Vec<i64>>> {
        let count = entry!(self, aclmdlGetInputDynamicGearCount);
        let mut gears = 0;
        // SAFETY: the description is alive and the place is valid; the index is reserved as -1.
        let code = unsafe { count(desc.0, usize::MAX, &raw mut gears) };
        self.check(code, "aclmdlGetInputDynamicGearCount", String::new)?;
        if gears == 0 {
            return Ok(Vec::new());
        }
        let function = entry!(self, aclmdlGetInputDynamicDims);
        let mut list = vec![empty_dims(); gears];
        // SAFETY: the description is alive and the list has room for `gears` entries.
        let code = unsafe { function(desc.0, usize::MAX, list.as_mut_ptr(), gears) };
        self.check(code, "aclmdlGetInputDynamicDims", || {
            format!("{gears} gears")
        })?;
        Ok(list.iter().map(|dims| dims_of(dims).to_vec()).collect())
    }

    pub(crate) fn set_batch(
        self,
        model: &ModelHandle,
        inputs: &DatasetHandle,
        index: usize,
        batch: u64,
    ) -> Result<()> {
        let function = entry!(self, aclmdlSetDynamicBatchSize);
        // SAFETY: the data set is alive and its buffer at `index` is device memory.
        let code = unsafe { function(model.0, inputs.0, index, batch) };
        self.check(code, "aclmdlSetDynamicBatchSize", || {
            format!("model {}, input {index}, batch {batch}", model.0)
        })
    }

    pub(crate) fn set_image_size(
        self,
        model: &ModelHandle,
        inputs: &DatasetHandle,
        index: usize,
        [height, width]: [u64; 2],
    ) -> Result<()> {
        let function = entry!(self, aclmdlSetDynamicHWSize);
        // SAFETY: the data set is alive and its buffer at `index` is device memory.
        let code = unsafe { function(model.0, inputs.0, index, height, width) };
        self.check(code, "aclmdlSetDynamicHWSize", || {
            format!(
                "model {}, input {index}, height {height}, width {width}",
                model.0
            )
        })
    }

    pub(crate) fn set_dims(
        self,
        model: &ModelHandle,
        inputs: &DatasetHandle,
        index: usize,
        dims: &[i64],
    ) -> Result<()> {
        let function = entry!(self, aclmdlSetInputDynamicDims);
        let mut list = empty_dims();
        list.dimCount = dims.len();
        // The caller chose one of the gears, which came out of such a list.
        list.dims[..dims.len()].copy_from_slice(dims);
        // SAFETY: the data set is alive, its buffer at `index` is device memory, the list is valid.
        let code = unsafe { function(model.0, inputs.0, index, &raw const list) };
        self.check(code, "aclmdlSetInputDynamicDims", || {
            format!("model {}, input {index}, dims {dims:?}", model.0)
        })
    }
}

/// Data sets and execution.
impl Raw {
    pub(crate) fn create_dataset(self) -> Result<DatasetHandle> {
        let function = entry!(self, aclmdlCreateDataset);
        // SAFETY: the function takes nothing.
        let dataset = unsafe { function() };
        if dataset.is_null() {
            Err(null("aclmdlCreateDataset"))
        } else {
            Ok(DatasetHandle(dataset))
        }
    }

    pub(crate) fn destroy_dataset(self, dataset: &DatasetHandle) -> Result<()> {
        let function = entry!(self, aclmdlDestroyDataset);
        // SAFETY: the caller owns the data set and drops it.
        let code = unsafe { function(dataset.0) };
        self.check(code, "aclmdlDestroyDataset", String::new)
    }

    /// # Safety
    ///
    /// `address` is device memory of `size` bytes, which stays valid while a run may use it.
    pub(crate) unsafe fn create_data_buffer(
        self,
        address: *mut c_void,
        size: usize,
    ) -> Result<DataBufferHandle> {
        let function = entry!(self, aclCreateDataBuffer);
        // SAFETY: the caller vouches for the range.
        let buffer = unsafe { function(address, size) };
        if buffer.is_null() {
            Err(null("aclCreateDataBuffer"))
        } else {
            Ok(DataBufferHandle(buffer))
        }
    }

    /// # Safety
    ///
    /// As [`Raw::create_data_buffer`], and no run that uses the old address is under way.
    pub(crate) unsafe fn update_data_buffer(
        self,
        buffer: &DataBufferHandle,
        address: *mut c_void,
        size: usize,
    ) -> Result<()> {
        let function = entry!(self, aclUpdateDataBuffer);
        // SAFETY: the buffer is alive; the caller vouches for the range.
        let code = unsafe { function(buffer.0, address, size) };
        self.check(code, "aclUpdateDataBuffer", || {
            format!("{size} bytes at {address:p}")
        })
    }

    pub(crate) fn destroy_data_buffer(self, buffer: &DataBufferHandle) -> Result<()> {
        let function = entry!(self, aclDestroyDataBuffer);
        // SAFETY: the caller owns the buffer and drops it, after the data set that lists it.
        let code = unsafe { function(buffer.0) };
        self.check(code, "aclDestroyDataBuffer", String::new)
    }

    pub(crate) fn add_data_buffer(
        self,
        dataset: &DatasetHandle,
        buffer: &DataBufferHandle,
    ) -> Result<()> {
        let function = entry!(self, aclmdlAddDatasetBuffer);
        // SAFETY: both are alive, and the data set is destroyed first.
        let code = unsafe { function(dataset.0, buffer.0) };
        self.check(code, "aclmdlAddDatasetBuffer", String::new)
    }

    /// # Safety
    ///
    /// The data sets hold, in the model's order, live device memory of at least the sizes that the
    /// model's description gives, and nothing else uses the model meanwhile.
    pub(crate) unsafe fn execute(
        self,
        model: &ModelHandle,
        inputs: &DatasetHandle,
        outputs: &DatasetHandle,
    ) -> Result<()> {
        let function = entry!(self, aclmdlExecute);
        // SAFETY: the caller vouches for the data sets.
        let code = unsafe { function(model.0, inputs.0, outputs.0) };
        self.check(code, "aclmdlExecute", || format!("model {}", model.0))
    }

    /// # Safety
    ///
    /// As [`Raw::execute`], until `stream` is done with it.
    pub(crate) unsafe fn execute_async(
        self,
        model: &ModelHandle,
        inputs: &DatasetHandle,
        outputs: &DatasetHandle,
        stream: &StreamHandle,
    ) -> Result<()> {
        let function = entry!(self, aclmdlExecuteAsync);
        // SAFETY: the caller vouches for the data sets; the stream is alive.
        let code = unsafe { function(model.0, inputs.0, outputs.0, stream.raw()) };
        self.check(code, "aclmdlExecuteAsync", || {
            format!("model {}, stream {:p}", model.0, stream.raw())
        })
    }
}

fn empty_dims() -> aclmdlIODims {
    aclmdlIODims {
        name: [0 as c_char; 128],
        dimCount: 0,
        dims: [0; 128],
    }
}

fn dims_of(dims: &aclmdlIODims) -> &[i64] {
    &dims.dims[..dims.dimCount.min(dims.dims.len())]
}
