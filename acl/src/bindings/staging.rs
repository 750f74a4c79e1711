//! Pinned host memory beside the device memory, for copies without a detour.

use ndarray::{ArrayViewD, ArrayViewMutD};

use super::access::{check_dtype, shape};
use crate::memory::PinnedBuffer;
use crate::{Bindings, Element, Error, Result, Role, TensorDesc, TensorId};

/// One pinned buffer per data input and per output.
#[derive(Debug)]
pub(super) struct Staging {
    pub(super) inputs: Vec<Option<PinnedBuffer>>,
    pub(super) outputs: Vec<Option<PinnedBuffer>>,
}

pub(super) fn absent() -> Error {
    Error::InvalidArgument {
        what: "bindings".into(),
        got: "no staging memory".to_owned(),
        want: "bindings made with_staging".to_owned(),
    }
}

impl Bindings {
    /// Adds pinned host memory for all data inputs and outputs.
    ///
    /// Inputs are then written in place by [`stage`](Self::stage) and copied by
    /// [`upload`](Self::upload) or [`upload_async`](Self::upload_async); outputs are copied by
    /// [`download`](Self::download) or [`Pending::download`](crate::Pending::download) and read in
    /// place by [`staged`](Self::staged). This is what a pipeline wants: nothing is copied on the
    /// host, and the three steps of different batches overlap.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`].
    #[doc(alias = "aclrtMallocHost")]
    pub fn with_staging(mut self) -> Result<Self> {
        let context = self.0.model.context();
        let make = |(tensor, size): (&TensorDesc, usize)| -> Result<Option<PinnedBuffer>> {
            let data = tensor.role == Role::Data && size > 0;
            data.then(|| PinnedBuffer::alloc(context, size)).transpose()
        };
        let all = |tensors: &[TensorDesc], rooms: Option<&Vec<usize>>| {
            let size = |(index, tensor): (usize, &TensorDesc)| {
                rooms.map_or(tensor.size, |rooms| rooms[index])
            };
            let pairs = tensors.iter().enumerate();
            pairs
                .map(|(index, tensor)| make((tensor, size((index, tensor)))))
                .collect::<Result<_>>()
        };
        let rooms = self.0.open.as_ref();
        let inputs = all(&self.desc().inputs, rooms.map(|rooms| &rooms.inputs))?;
        let outputs = all(&self.desc().outputs, rooms.map(|rooms| &rooms.outputs))?;
        self.0.staging = Some(Staging { inputs, outputs });
        Ok(self)
    }

    /// Returns the staging memory of an input, to fill: its elements for the gear that is set.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`], [`Error::DtypeMismatch`]; [`Error::InvalidArgument`] without
    /// [staging](Self::with_staging).
    pub fn stage<'t, T: Element>(&mut self, id: impl Into<TensorId<'t>>) -> Result<&mut [T]> {
        let index = self.data_input(id.into())?;
        check_dtype::<T>(&self.desc().inputs[index])?;
        let bytes = self.input_bytes(index);
        let staging = self.0.staging.as_mut().ok_or_else(absent)?;
        match &mut staging.inputs[index] {
            Some(buffer) => elements_mut(&mut buffer.as_mut_bytes()[..bytes]),
            None => Ok(&mut []),
        }
    }

    /// Returns the staging memory of an input, to fill: its bytes for the gear that is set, whatever
    /// the element type.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`]; [`Error::InvalidArgument`] without [staging](Self::with_staging).
    pub fn stage_bytes<'t>(&mut self, id: impl Into<TensorId<'t>>) -> Result<&mut [u8]> {
        let index = self.data_input(id.into())?;
        let bytes = self.input_bytes(index);
        let staging = self.0.staging.as_mut().ok_or_else(absent)?;
        Ok(match &mut staging.inputs[index] {
            Some(buffer) => &mut buffer.as_mut_bytes()[..bytes],
            None => &mut [],
        })
    }

    /// Returns the staging memory of an output: its bytes for the gear that is set, whatever the
    /// element type.
    ///
    /// # Errors
    ///
    /// As [`Bindings::stage_bytes`].
    pub fn staged_bytes<'t>(&self, id: impl Into<TensorId<'t>>) -> Result<&[u8]> {
        let index = self.desc().output(id)?;
        Ok(match &self.staging()?.outputs[index] {
            Some(buffer) => &buffer.as_bytes()[..self.output_bytes(index)],
            None => &[],
        })
    }

    /// Returns the staging memory of an input, to fill, as an array of its shape.
    ///
    /// # Errors
    ///
    /// As [`Bindings::stage`].
    pub fn stage_array<'t, T: Element>(
        &mut self,
        id: impl Into<TensorId<'t>>,
    ) -> Result<ArrayViewMutD<'_, T>> {
        let index = self.data_input(id.into())?;
        let shape = shape(&self.desc().inputs[index], &self.0.input_dims[index])?;
        ArrayViewMutD::from_shape(shape, self.stage(index)?)
            .map_err(|error| misfit(&error.to_string()))
    }

    /// Returns the staging memory of an output: its elements for the gear that is set.
    ///
    /// # Errors
    ///
    /// As [`Bindings::stage`].
    pub fn staged<'t, T: Element>(&self, id: impl Into<TensorId<'t>>) -> Result<&[T]> {
        let index = self.desc().output(id)?;
        check_dtype::<T>(&self.desc().outputs[index])?;
        match &self.staging()?.outputs[index] {
            Some(buffer) => {
                let bytes = &buffer.as_bytes()[..self.output_bytes(index)];
                bytemuck::try_cast_slice(bytes).map_err(|error| misfit(&format!("{error:?}")))
            }
            None => Ok(&[]),
        }
    }

    /// Returns the staging memory of an output, as an array of its shape.
    ///
    /// # Errors
    ///
    /// As [`Bindings::stage`].
    pub fn staged_array<'t, T: Element>(
        &self,
        id: impl Into<TensorId<'t>>,
    ) -> Result<ArrayViewD<'_, T>> {
        let index = self.desc().output(id)?;
        let shape = shape(&self.desc().outputs[index], &self.0.output_dims[index])?;
        ArrayViewD::from_shape(shape, self.staged(index)?)
            .map_err(|error| misfit(&error.to_string()))
    }

    /// Copies all staged inputs to the device, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`]; [`Error::InvalidArgument`] without [staging](Self::with_staging).
    #[doc(alias = "aclrtMemcpy")]
    pub fn upload(&mut self) -> Result<()> {
        self.staged_inputs()?.try_for_each(|(device, host, bytes)| {
            device.slice(..bytes)?.write(&host.as_bytes()[..bytes])
        })
    }

    /// Copies all outputs to the staging memory, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`]; [`Error::InvalidArgument`] without [staging](Self::with_staging).
    #[doc(alias = "aclrtMemcpy")]
    pub fn download(&mut self) -> Result<()> {
        self.read_shapes()?;
        for index in 0..self.desc().outputs.len() {
            let bytes = self.output_bytes(index);
            let inner = &mut *self.0;
            let staging = inner.staging.as_mut().ok_or_else(absent)?;
            if let Some(host) = &mut staging.outputs[index] {
                let device = inner.outputs.memory(index).slice(..bytes)?;
                device.copy_to_host(&mut host.as_mut_bytes()[..bytes])?;
            }
        }
        Ok(())
    }
}

fn elements_mut<T: Element>(bytes: &mut [u8]) -> Result<&mut [T]> {
    bytemuck::try_cast_slice_mut(bytes).map_err(|error| misfit(&format!("{error:?}")))
}

#[cold]
fn misfit(error: &str) -> Error {
    Error::InvalidArgument {
        what: "staging memory as elements".into(),
        got: error.to_owned(),
        want: "memory whose size and shape agree".to_owned(),
    }
}
