//! The memory that a model reads and writes, made once and used again and again.

mod access;
mod aipp;
mod open;
mod staging;

use std::sync::Arc;

use crate::memory::{Dataset, Pending, Transfer};
use crate::model::{Inner as ModelInner, Run};
use crate::stream::Inner as StreamInner;
use crate::{
    DeviceBuffer, Error, Event, Gear, Launch, Model, ModelDesc, Result, Role, Stream, TensorDesc,
    TensorId,
};

pub use aipp::{Aipp, AippColours};

use staging::Staging;

/// The inputs and outputs of a model, on the device.
///
/// Made by [`Model::bindings`], with memory for the largest gear, which is also the one that is set
/// at first. Every access is checked against the model's description before C is called: name,
/// element type, shape and size. After the first round nothing here allocates.
///
/// Three ways to move data:
///
/// | | in | out | copies on the host |
/// |---|---|---|---|
/// | arrays and slices | [`write`](Self::write), [`write_slice`](Self::write_slice) | [`read`](Self::read), [`read_into`](Self::read_into) | none, if contiguous |
/// | [staging](Self::with_staging) in pinned memory | [`stage`](Self::stage), [`upload`](Self::upload) | [`download`](Self::download), [`staged`](Self::staged) | none |
/// | own device memory | [`bind_input`](Self::bind_input) | [`bind_output`](Self::bind_output) | – |
///
/// **Threads**: `Send`, not `Sync`.
#[derive(Debug)]
pub struct Bindings(Box<Inner>);

#[derive(Debug)]
struct Inner {
    model: Arc<ModelInner>,
    inputs: Dataset,
    outputs: Dataset,
    /// The index of the gear that is set; `None` with fixed shapes.
    gear: Option<usize>,
    /// The bytes of each input's and each output's memory, where the shapes are open.
    open: Option<Rooms>,
    /// The bytes of each input that a dynamic AIPP reads, once its parameters are set.
    aipp: Option<Vec<Option<usize>>>,
    input_dims: Vec<Vec<i64>>,
    output_dims: Vec<Vec<i64>>,
    /// Where the next gear's output dims are put together.
    next_dims: Vec<Vec<i64>>,
    /// For arrays that are not contiguous.
    scratch: Vec<u8>,
    staging: Option<Staging>,
    /// For work that changes streams, one per change.
    hops: Vec<Event>,
    /// The ends of runs in turn. Two of them by turns: when one is recorded again, the wait of the
    /// next run for its last record is certainly over.
    turns: Vec<Arc<Event>>,
    /// The access methods hand out what they would otherwise have to lock.
    _not_sync: std::marker::PhantomData<std::cell::Cell<()>>,
}

/// How much memory the inputs and the outputs of open shapes have.
#[derive(Debug)]
struct Rooms {
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

impl Bindings {
    pub(crate) fn new(model: &Arc<ModelInner>) -> Result<Self> {
        let desc = model.desc();
        for tensor in desc
            .data_inputs()
            .map(|(_, tensor)| tensor)
            .chain(&desc.outputs)
        {
            let empty = tensor.dims.contains(&0);
            if tensor.size == 0 && !empty {
                return Err(Error::InvalidArgument {
                    what: format!("tensor {}", tensor.real_name).into(),
                    got: format!("shape {:?} without bounds", tensor.dims),
                    want: "a bounded shape: compile the model with --dynamic_batch_size, \
                           --dynamic_image_size or --dynamic_dims, or use open_bindings"
                        .to_owned(),
                });
            }
        }
        Self::with_rooms(model, None)
    }

    /// Makes bindings with memory of the sizes that the model says, or of `rooms`.
    fn with_rooms(model: &Arc<ModelInner>, rooms: Option<Rooms>) -> Result<Self> {
        let (context, desc) = (model.context(), model.desc());
        let sizes = |tensors: &[TensorDesc]| -> Vec<usize> {
            tensors.iter().map(|tensor| tensor.size).collect()
        };
        let (inputs, outputs) = match &rooms {
            Some(rooms) => (rooms.inputs.clone(), rooms.outputs.clone()),
            None => (sizes(&desc.inputs), sizes(&desc.outputs)),
        };
        let inputs = Dataset::new(context, inputs.into_iter())?;
        let outputs = Dataset::new(context, outputs.into_iter())?;
        let mut bindings = Self(Box::new(Inner {
            model: Arc::clone(model),
            inputs,
            outputs,
            gear: None,
            open: rooms,
            aipp: None,
            input_dims: desc
                .inputs
                .iter()
                .map(|tensor| tensor.dims.clone())
                .collect(),
            output_dims: desc
                .outputs
                .iter()
                .map(|tensor| tensor.dims.clone())
                .collect(),
            next_dims: vec![Vec::new(); desc.outputs.len()],
            scratch: Vec::new(),
            staging: None,
            hops: Vec::new(),
            turns: Vec::new(),
            _not_sync: std::marker::PhantomData,
        }));
        if let Some(largest) = desc.gears.largest() {
            bindings.change_gear(largest)?;
        }
        Ok(bindings)
    }

    /// Returns the model's description.
    #[must_use]
    pub fn desc(&self) -> &ModelDesc {
        self.0.model.desc()
    }

    /// Returns the gear that is set.
    #[must_use]
    pub fn gear(&self) -> Gear<'_> {
        self.0
            .gear
            .map_or(Gear::Static, |gear| self.desc().gears.get(gear))
    }

    /// Sets the batch size, for inputs, outputs and runs from now on.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGear`], which lists the batch sizes that the model has; [`Error::Acl`].
    #[doc(alias = "aclmdlSetDynamicBatchSize")]
    pub fn set_batch(&mut self, batch: u64) -> Result<()> {
        self.set_gear(Gear::Batch(batch))
    }

    /// Sets the height and width of the images, for inputs, outputs and runs from now on.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGear`], which lists the sizes that the model has; [`Error::Acl`].
    #[doc(alias = "aclmdlSetDynamicHWSize")]
    pub fn set_image_size(&mut self, height: u64, width: u64) -> Result<()> {
        self.set_gear(Gear::ImageSize([height, width]))
    }

    /// Sets all dims of all data inputs, in a row, for inputs, outputs and runs from now on.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGear`], which lists the dims that the model has; [`Error::Acl`].
    #[doc(alias = "aclmdlSetInputDynamicDims")]
    pub fn set_dims(&mut self, dims: &[i64]) -> Result<()> {
        self.set_gear(Gear::Dims(dims))
    }

    /// Sets a gear, for inputs, outputs and runs from now on.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGear`], which lists what the model has; [`Error::Acl`].
    pub fn set_gear(&mut self, gear: Gear<'_>) -> Result<()> {
        let gears = &self.desc().gears;
        let Some(index) = gears.find(gear) else {
            let got = match gear {
                Gear::Static => "fixed shapes".to_owned(),
                Gear::Batch(batch) => format!("batch size {batch}"),
                Gear::ImageSize([height, width]) => format!("images of {height} x {width}"),
                Gear::Dims(dims) => format!("the dims {dims:?}"),
            };
            return Err(Error::UnknownGear {
                got,
                gears: gears.clone(),
            });
        };
        if self.0.gear == Some(index) {
            Ok(())
        } else {
            self.change_gear(index)
        }
    }

    /// Returns the dims of an input for the gear that is set.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`].
    pub fn input_dims<'t>(&self, id: impl Into<TensorId<'t>>) -> Result<&[i64]> {
        Ok(&self.0.input_dims[self.desc().input(id)?])
    }

    /// Returns the dims of an output for the gear that is set.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`].
    #[doc(alias = "aclmdlGetCurOutputDims")]
    pub fn output_dims<'t>(&self, id: impl Into<TensorId<'t>>) -> Result<&[i64]> {
        Ok(&self.0.output_dims[self.desc().output(id)?])
    }

    /// Binds other device memory as an input, and returns what was bound.
    ///
    /// The buffer may be an output of another model, or shared: what writes to it meanwhile garbles
    /// the run. Streams and events put such work in order.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`]; [`Error::InvalidArgument`] if the buffer is too short for the
    /// largest gear, or the input is hidden; [`Error::ContextMismatch`]; [`Error::Acl`].
    #[doc(alias = "aclUpdateDataBuffer")]
    pub fn bind_input<'t>(
        &mut self,
        id: impl Into<TensorId<'t>>,
        buffer: Arc<DeviceBuffer>,
    ) -> Result<Arc<DeviceBuffer>> {
        let index = self.data_input(id.into())?;
        self.0.inputs.replace(index, buffer)
    }

    /// Binds other device memory as an output, and returns what was bound.
    ///
    /// # Errors
    ///
    /// As [`Bindings::bind_input`].
    #[doc(alias = "aclUpdateDataBuffer")]
    pub fn bind_output<'t>(
        &mut self,
        id: impl Into<TensorId<'t>>,
        buffer: Arc<DeviceBuffer>,
    ) -> Result<Arc<DeviceBuffer>> {
        let index = self.desc().output(id)?;
        self.0.outputs.replace(index, buffer)
    }

    /// Returns the device memory of an input.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`].
    pub fn input_buffer<'t>(&self, id: impl Into<TensorId<'t>>) -> Result<&Arc<DeviceBuffer>> {
        Ok(self.0.inputs.memory(self.desc().input(id)?))
    }

    /// Returns the device memory of an output.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`].
    pub fn output_buffer<'t>(&self, id: impl Into<TensorId<'t>>) -> Result<&Arc<DeviceBuffer>> {
        Ok(self.0.outputs.memory(self.desc().output(id)?))
    }

    /// Queues the copies of all staged inputs to the device; [`Pending`] has the next steps.
    ///
    /// # Errors
    ///
    /// As [`Pending::upload`].
    #[doc(alias = "aclrtMemcpyAsync")]
    pub fn upload_async(self, stream: &Stream) -> Launch<Self> {
        Pending::upload_new(self, stream)
    }

    /// Queues the copies of all outputs to the staging memory.
    ///
    /// # Errors
    ///
    /// As [`Pending::download`].
    #[doc(alias = "aclrtMemcpyAsync")]
    pub fn download_async(self, stream: &Stream) -> Launch<Self> {
        Pending::download_new(self, stream)
    }

    /// Frees everything that was made for the bindings; the same as dropping them.
    #[doc(alias = "aclmdlDestroyDataset")]
    #[doc(alias = "aclDestroyDataBuffer")]
    pub fn close(self) {}
}

/// For the rest of the crate.
impl Bindings {
    pub(crate) fn require_model(&self, model: &Model) -> Result<()> {
        if Arc::ptr_eq(&self.0.model, model.inner()) {
            return Ok(());
        }
        Err(Error::InvalidArgument {
            what: "bindings".into(),
            got: "those of another model".to_owned(),
            want: "bindings made by this model".to_owned(),
        })
    }

    pub(crate) fn require_context(&self, stream: &StreamInner) -> Result<()> {
        self.0
            .model
            .context()
            .require(stream.context(), "the stream")
    }

    pub(crate) fn datasets(&self) -> (&Dataset, &Dataset) {
        (&self.0.inputs, &self.0.outputs)
    }

    /// Tells the library the gear, as it wants before each run. The context is current.
    pub(crate) fn apply_gear(&mut self, run: &mut Run<'_>) -> Result<()> {
        let inner = &*self.0;
        let inputs = &inner.model.desc().inputs;
        let Some(gear) = inner.gear else {
            return Ok(());
        };
        let index = inputs.iter().position(|input| input.role == Role::Gear);
        let index = index.expect("gears are only read where this input is");
        let (raw, dataset) = (inner.model.context().raw(), inner.inputs.handle());
        match inner.model.desc().gears.get(gear) {
            Gear::Static => Ok(()),
            Gear::Batch(batch) => raw.set_batch(run.model(), dataset, index, batch),
            Gear::ImageSize(size) => raw.set_image_size(run.model(), dataset, index, size),
            Gear::Dims(dims) => raw.set_dims(run.model(), dataset, index, dims),
        }
    }

    /// Checks that nothing is missing for a run.
    pub(crate) fn require_ready(&self) -> Result<()> {
        let inputs = &self.desc().inputs;
        if self.0.aipp.is_none() && inputs.iter().any(|input| input.role == Role::Aipp) {
            return Err(Error::InvalidArgument {
                what: "model".into(),
                got: "a dynamic AIPP without parameters".to_owned(),
                want: "its parameters, by Bindings::set_aipp".to_owned(),
            });
        }
        Ok(())
    }

    fn change_gear(&mut self, gear: usize) -> Result<()> {
        let before = self.0.gear.replace(gear);
        let model = Arc::clone(&self.0.model);
        let changed = (|| {
            let _bound = model.context().bind()?;
            let mut run = model.begin();
            self.apply_gear(&mut run)?;
            let raw = model.context().raw();
            for (index, dims) in self.0.next_dims.iter_mut().enumerate() {
                raw.current_output_dims(run.desc_handle(), index, dims)?;
            }
            Ok(())
        })();
        if changed.is_err() {
            self.0.gear = before;
            return changed;
        }
        let inner = &mut *self.0;
        // They were for the pictures of another batch.
        inner.aipp = None;
        std::mem::swap(&mut inner.output_dims, &mut inner.next_dims);
        for (index, dims) in self.0.input_dims.iter_mut().enumerate() {
            model.desc().input_dims(index, Some(gear), dims);
        }
        Ok(())
    }

    /// Returns the event for the change of streams number `index`; makes it at the first time.
    pub(crate) fn hop_event(&mut self, index: usize) -> Result<&Event> {
        while self.0.hops.len() <= index {
            let event = Event::new(self.0.model.context())?;
            self.0.hops.push(event);
        }
        Ok(&self.0.hops[index])
    }

    /// Returns the event for the end of the next run in turn; makes it at the first two times.
    pub(crate) fn turn_event(&mut self) -> Result<Arc<Event>> {
        if self.0.turns.len() < 2 {
            let event = Arc::new(Event::new(self.0.model.context())?);
            self.0.turns.push(event);
        }
        self.0.turns.rotate_left(1);
        Ok(Arc::clone(&self.0.turns[0]))
    }

    /// Returns the index of an input that the user fills.
    fn data_input(&self, id: TensorId<'_>) -> Result<usize> {
        let index = self.desc().input(id)?;
        let tensor = &self.desc().inputs[index];
        if tensor.role == Role::Data {
            return Ok(index);
        }
        Err(Error::InvalidArgument {
            what: "input".into(),
            got: format!("{}, which is hidden", tensor.name),
            want: "a data input; gears are set by set_batch, set_image_size and set_dims"
                .to_owned(),
        })
    }

    /// Returns the bytes of an input for the gear that is set.
    fn input_bytes(&self, index: usize) -> usize {
        let tensor = &self.desc().inputs[index];
        if let Some(Some(bytes)) = self.0.aipp.as_ref().map(|sizes| sizes[index]) {
            bytes
        } else if let Some(rooms) = &self.0.open {
            open::bytes(tensor, &self.0.input_dims[index], rooms.inputs[index])
        } else if self.0.gear.is_none() {
            tensor.size
        } else {
            tensor.bytes(&self.0.input_dims[index])
        }
    }

    /// Returns the bytes of an output for the gear that is set.
    fn output_bytes(&self, index: usize) -> usize {
        let tensor = &self.desc().outputs[index];
        if let Some(rooms) = &self.0.open {
            open::bytes(tensor, &self.0.output_dims[index], rooms.outputs[index])
        } else if self.0.gear.is_none() {
            tensor.size
        } else {
            tensor.bytes(&self.0.output_dims[index])
        }
    }

    /// Lists the copies of staged inputs; device and host memory hold the bytes named.
    pub(crate) fn staged_inputs(&self) -> Result<impl Iterator<Item = Transfer<'_>>> {
        let staging = self.staging()?;
        Ok(staging
            .inputs
            .iter()
            .enumerate()
            .filter_map(|(index, host)| {
                let host = host.as_ref()?;
                Some((
                    &**self.0.inputs.memory(index),
                    host,
                    self.input_bytes(index),
                ))
            }))
    }

    /// Lists the copies of outputs; device and host memory hold the bytes named.
    pub(crate) fn staged_outputs(&self) -> Result<impl Iterator<Item = Transfer<'_>>> {
        let staging = self.staging()?;
        Ok(staging
            .outputs
            .iter()
            .enumerate()
            .filter_map(|(index, host)| {
                let host = host.as_ref()?;
                // The size of open shapes is only known after the run: all of the memory is copied.
                let rooms = self.0.open.as_ref();
                let bytes = rooms.map_or_else(|| self.output_bytes(index), |r| r.outputs[index]);
                Some((&**self.0.outputs.memory(index), host, bytes))
            }))
    }

    fn staging(&self) -> Result<&Staging> {
        self.0.staging.as_ref().ok_or_else(staging::absent)
    }
}
