//! The list of buffers that a model reads from or writes to.

use std::ffi::c_void;
use std::sync::Arc;

use super::DeviceBuffer;
use crate::raw::{DataBufferHandle, DatasetHandle, ModelHandle};
use crate::stream::Inner as StreamInner;
use crate::{Context, Error, Result};

/// A data set, with its data buffers and the device memory that they name.
///
/// The memory is shared, so it lives at least as long as the data set names it, and a slot is never
/// shorter than it was said to be when it was made.
#[derive(Debug)]
pub(crate) struct Dataset {
    handle: DatasetHandle,
    slots: Vec<Slot>,
    context: Context,
}

#[derive(Debug)]
struct Slot {
    buffer: DataBufferHandle,
    memory: Arc<DeviceBuffer>,
    need: usize,
}

impl Dataset {
    /// Makes a data set over new device memory, one slot per size; at least a byte each.
    pub(crate) fn new(context: &Context, sizes: impl Iterator<Item = usize>) -> Result<Self> {
        let _bound = context.bind()?;
        let handle = context.raw().create_dataset()?;
        let mut dataset = Self {
            handle,
            slots: Vec::new(),
            context: context.clone(),
        };
        for need in sizes {
            let memory = Arc::new(DeviceBuffer::alloc(context, need.max(1))?);
            let raw = context.raw();
            // SAFETY: the memory is `need` bytes long and kept in the slot.
            let buffer = unsafe { raw.create_data_buffer(memory.as_raw(), need.max(1)) }?;
            dataset.slots.push(Slot {
                buffer,
                memory,
                need,
            });
            let slot = dataset.slots.last().expect("just pushed");
            raw.add_data_buffer(&dataset.handle, &slot.buffer)?;
        }
        Ok(dataset)
    }

    pub(crate) fn handle(&self) -> &DatasetHandle {
        &self.handle
    }

    pub(crate) fn memory(&self, index: usize) -> &Arc<DeviceBuffer> {
        &self.slots[index].memory
    }

    /// Puts other memory into a slot, and returns what was there.
    pub(crate) fn replace(
        &mut self,
        index: usize,
        memory: Arc<DeviceBuffer>,
    ) -> Result<Arc<DeviceBuffer>> {
        let slot = &mut self.slots[index];
        self.context.require(memory.context(), "the buffer")?;
        if memory.len() < slot.need {
            return Err(Error::InvalidArgument {
                what: "buffer to bind".into(),
                got: format!("{} bytes", memory.len()),
                want: format!("at least {} bytes", slot.need),
            });
        }
        let (raw, address): (_, *mut c_void) = (self.context.raw(), memory.as_raw());
        // SAFETY: the memory is long enough and kept in the slot; a run that used the old one would
        // own this data set.
        unsafe { raw.update_data_buffer(&slot.buffer, address, slot.need.max(1)) }?;
        Ok(std::mem::replace(&mut slot.memory, memory))
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        let raw = self.context.raw();
        let warn = |error: Error| log::warn!("a data set was not destroyed: {error}");
        let _bound = match self.context.bind() {
            Ok(bound) => bound,
            Err(error) => return warn(error),
        };
        raw.destroy_dataset(&self.handle).unwrap_or_else(warn);
        for slot in &self.slots {
            raw.destroy_data_buffer(&slot.buffer).unwrap_or_else(warn);
        }
    }
}

/// Runs a model, and waits for it. The data sets were made for this model's sizes.
pub(crate) fn execute(
    context: &Context,
    model: &ModelHandle,
    inputs: &Dataset,
    outputs: &Dataset,
) -> Result<()> {
    // SAFETY: the data sets own memory of the model's sizes; the caller holds the model's lock.
    unsafe {
        context
            .raw()
            .execute(model, &inputs.handle, &outputs.handle)
    }
}

/// Queues a run of a model.
///
/// # Safety
///
/// The data sets stay alive until the stream is done with it: a `Pending` owns them.
pub(super) unsafe fn execute_async(
    model: &ModelHandle,
    inputs: &Dataset,
    outputs: &Dataset,
    stream: &StreamInner,
) -> Result<()> {
    let raw = stream.context().raw();
    // SAFETY: the data sets own memory of the model's sizes, and the caller keeps them.
    unsafe { raw.execute_async(model, &inputs.handle, &outputs.handle, stream.handle()) }
}
