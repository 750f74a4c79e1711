//! Models: loaded, described and run.

mod desc;
mod gears;
mod options;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{cell::Cell, marker::PhantomData};

pub use desc::{ModelDesc, Role, TensorDesc, TensorId};
pub use gears::{Gear, Gears};
pub use options::{LoadOptions, ModelMemory};

use crate::memory::{self, Origin};
use crate::raw::{DescHandle, ModelHandle};
use crate::stream::Inner as StreamInner;
use crate::{Bindings, Context, Error, Event, Launch, Pending, Result, Stream};

/// A model on a device.
///
/// [`Bindings`] hold the memory that a run reads and writes. They are made once and used again and
/// again; several of them let one batch be filled while another runs.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let om: Vec<u8> = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/relu.rs"));
/// let runtime = acl::Runtime::init(ascendcl::api())?;
/// let context = acl::Context::new(&runtime.device(0)?)?;
/// let model = acl::Model::from_memory(&context, &om)?;
/// let mut bindings = model.bindings()?;
/// bindings.write("x", ndarray::array![[-1.0_f32, 2.0], [-3.0, 4.0]].view())?;
/// model.execute(&mut bindings)?;
/// let y: ndarray::ArrayD<f32> = bindings.read(0)?;
/// assert_eq!(y.as_slice(), Some(&[0.0, 2.0, 0.0, 4.0][..]));
/// # Ok(()) }
/// ```
///
/// **Threads**: `Send`, not `Sync`: AscendCL does not let two threads run one model at once. Load
/// it once per thread (weights can be shared by [`LoadOptions`]), or give the model to one thread
/// and send it the bindings, which are `Send`.
#[derive(Debug)]
pub struct Model {
    inner: Arc<Inner>,
    not_sync: PhantomData<Cell<()>>,
}

/// The model as bindings and work under way hold it.
#[derive(Debug)]
pub(crate) struct Inner {
    handle: Option<ModelHandle>,
    desc_handle: DescHandle,
    desc: ModelDesc,
    /// Setting a gear and running must not mix with the same on another thread: bindings can.
    flights: Mutex<Flights>,
    /// Held for the memory that the library was given.
    _options: LoadOptions,
    context: Context,
}

/// Runs that were queued and not waited for.
#[derive(Debug, Default)]
struct Flights {
    count: usize,
    /// The stream of the newest, by address: a model may run on one stream at a time only.
    stream: usize,
    /// The end of the newest, if it was queued in turn: then a run on another stream can wait for it.
    end: Option<Arc<Event>>,
}

impl Model {
    /// Loads a compiled model (`.om`) from a file; the library allocates its memory.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`] if the file is missing, corrupt, or compiled for another chip or release.
    #[doc(alias = "aclmdlLoadFromFile")]
    pub fn from_file(context: &Context, path: impl AsRef<Path>) -> Result<Self> {
        Self::from_file_with(context, path, LoadOptions::default())
    }

    /// Loads a compiled model from a file, with the caller's work or weight memory.
    ///
    /// # Errors
    ///
    /// As [`Model::from_file`]; [`Error::ContextMismatch`] if the memory is of another context.
    #[doc(alias = "aclmdlLoadFromFileWithMem")]
    pub fn from_file_with(
        context: &Context,
        path: impl AsRef<Path>,
        options: LoadOptions,
    ) -> Result<Self> {
        Self::load(context, Origin::File(path.as_ref()), options)
    }

    /// Loads a compiled model from the bytes of an `.om`, which are not needed afterwards.
    ///
    /// # Errors
    ///
    /// As [`Model::from_file`].
    #[doc(alias = "aclmdlLoadFromMem")]
    pub fn from_memory(context: &Context, om: &[u8]) -> Result<Self> {
        Self::from_memory_with(context, om, LoadOptions::default())
    }

    /// Loads a compiled model from bytes, with the caller's work or weight memory.
    ///
    /// # Errors
    ///
    /// As [`Model::from_file_with`].
    #[doc(alias = "aclmdlLoadFromMemWithMem")]
    pub fn from_memory_with(context: &Context, om: &[u8], options: LoadOptions) -> Result<Self> {
        Self::load(context, Origin::Memory(om), options)
    }

    fn load(context: &Context, origin: Origin<'_>, options: LoadOptions) -> Result<Self> {
        let _bound = context.bind()?;
        let raw = context.raw();
        let handle = memory::load(context, origin, &options)?;
        let described = raw.describe(&handle).and_then(|desc_handle| {
            match ModelDesc::read(raw, &desc_handle) {
                Ok(desc) => Ok((desc_handle, desc)),
                Err(error) => {
                    raw.destroy_desc(&desc_handle)
                        .unwrap_or_else(|error| log::warn!("{error}"));
                    Err(error)
                }
            }
        });
        match described {
            Ok((desc_handle, desc)) => {
                let inner = Arc::new(Inner {
                    handle: Some(handle),
                    desc_handle,
                    desc,
                    flights: Mutex::default(),
                    _options: options,
                    context: context.clone(),
                });
                Ok(Self {
                    inner,
                    not_sync: PhantomData,
                })
            }
            Err(error) => {
                raw.unload(&handle)
                    .unwrap_or_else(|error| log::warn!("{error}"));
                Err(error)
            }
        }
    }

    /// Says how much work and weight memory a model file needs.
    ///
    /// # Errors
    ///
    /// As [`Model::from_file`].
    #[doc(alias = "aclmdlQuerySize")]
    pub fn query_size(context: &Context, path: impl AsRef<Path>) -> Result<ModelMemory> {
        let path = memory::c_path(path.as_ref())?;
        let _bound = context.bind()?;
        let (work, weights) = context.raw().query_size(&path)?;
        Ok(ModelMemory { work, weights })
    }

    /// Says how much work and weight memory a model in memory needs.
    ///
    /// # Errors
    ///
    /// As [`Model::from_file`].
    #[doc(alias = "aclmdlQuerySizeFromMem")]
    pub fn query_size_from_memory(context: &Context, om: &[u8]) -> Result<ModelMemory> {
        let _bound = context.bind()?;
        let (work, weights) = context.raw().query_size_memory(om)?;
        Ok(ModelMemory { work, weights })
    }

    /// Returns the description: tensors, sizes and gears.
    #[must_use]
    #[doc(alias = "aclmdlCreateDesc")]
    #[doc(alias = "aclmdlGetDesc")]
    #[doc(alias = "aclmdlDestroyDesc")]
    pub fn desc(&self) -> &ModelDesc {
        &self.inner.desc
    }

    /// Returns the context that the model was loaded in.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.inner.context
    }

    /// Returns the C number, for calls that this crate does not wrap.
    #[must_use]
    pub fn as_raw(&self) -> u32 {
        self.inner.handle().as_raw()
    }

    /// Makes bindings: the device memory of all inputs and outputs, for the largest gear.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`] when the device is full; [`Error::InvalidArgument`] if the model has a shape
    /// without bounds.
    #[doc(alias = "aclmdlCreateDataset")]
    #[doc(alias = "aclmdlAddDatasetBuffer")]
    #[doc(alias = "aclCreateDataBuffer")]
    pub fn bindings(&self) -> Result<Bindings> {
        Bindings::new(&self.inner)
    }

    /// Makes bindings for a model whose shapes are open: `inputs` and `outputs` are the bytes of
    /// memory for each, in the order of the C API. Shapes are then set by
    /// [`Bindings::set_shapes`], as often as wanted.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`] when the device is full; [`Error::InvalidArgument`] if the model has gears, or
    /// the numbers of sizes are not those of its inputs and outputs.
    #[doc(alias = "aclmdlCreateDataset")]
    pub fn open_bindings(&self, inputs: &[usize], outputs: &[usize]) -> Result<Bindings> {
        Bindings::new_open(&self.inner, inputs, outputs)
    }

    /// Runs the model, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`]; [`Error::InvalidArgument`] if the bindings are of another model;
    /// [`Error::Busy`] while queued runs were not waited for.
    #[doc(alias = "aclmdlExecute")]
    pub fn execute(&self, bindings: &mut Bindings) -> Result<()> {
        bindings.require_model(self)?;
        bindings.require_ready()?;
        let mut run = self.inner.begin();
        if run.flights.count > 0 {
            return Err(Error::Busy {
                what: "the model",
                why: "wait for the queued runs first",
            });
        }
        let _bound = self.inner.context.bind()?;
        bindings.apply_gear(&mut run)?;
        let (inputs, outputs) = bindings.datasets();
        memory::execute(&self.inner.context, run.model(), inputs, outputs)
    }

    /// Queues a run on a stream. The bindings come back from [`Pending::wait`].
    ///
    /// # Errors
    ///
    /// The bindings, and: [`Error::Acl`]; [`Error::InvalidArgument`] if they are of another model;
    /// [`Error::ContextMismatch`] if the stream is of another context; [`Error::Busy`] while runs
    /// on another stream were not waited for, because AscendCL runs a model on one stream at a time.
    #[doc(alias = "aclmdlExecuteAsync")]
    pub fn execute_async(&self, bindings: Bindings, stream: &Stream) -> Launch<Bindings> {
        Pending::execute_new(self, bindings, stream)
    }

    /// Unloads the model. Dropping does the same, and logs what this returns.
    ///
    /// # Errors
    ///
    /// The model, and [`Error::InUse`] while bindings or work under way hold it, or [`Error::Acl`].
    #[doc(alias = "aclmdlUnload")]
    pub fn close(self) -> Result<(), (Self, Error)> {
        let again = |inner| Self {
            inner,
            not_sync: PhantomData,
        };
        match Arc::try_unwrap(self.inner) {
            Ok(mut inner) => match inner.release() {
                Ok(()) => Ok(()),
                Err(error) => Err((again(Arc::new(inner)), error)),
            },
            Err(shared) => {
                let holders = Arc::strong_count(&shared) - 1;
                Err((
                    again(shared),
                    Error::InUse {
                        what: "Model",
                        holders,
                    },
                ))
            }
        }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Registers a run on `stream`, unless one is `held` already. `in_turn` runs that are under way
    /// on another stream are waited for on the device.
    pub(crate) fn take_off(
        &self,
        stream: &StreamInner,
        held: bool,
        in_turn: bool,
    ) -> Result<(Run<'_>, Option<Flight>)> {
        let mut run = self.inner.begin();
        let address = std::ptr::from_ref(stream).addr();
        if run.flights.count > 0 && run.flights.stream != address {
            match &run.flights.end {
                Some(end) if in_turn => stream
                    .context()
                    .raw()
                    .stream_wait_event(stream.handle(), end.handle())?,
                _ => {
                    return Err(Error::Busy {
                        what: "the model",
                        why: "it is queued on another stream; wait for that, queue all runs by \
                              execute_in_turn, or load the model once more",
                    });
                }
            }
        }
        run.flights.stream = address;
        run.flights.end = None;
        let flight = (!held).then(|| {
            run.flights.count += 1;
            Flight(Arc::clone(&self.inner))
        });
        Ok((run, flight))
    }
}

/// Counts as a run under way until it is dropped.
#[derive(Debug)]
pub(crate) struct Flight(Arc<Inner>);

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.lock().count -= 1;
    }
}

/// The model's lock, held while a gear is set and a run is started.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    inner: &'a Inner,
    flights: MutexGuard<'a, Flights>,
}

impl Run<'_> {
    /// Notes the mark that ends the run which was queued last.
    pub(crate) fn ends_at(&mut self, end: Arc<Event>) {
        self.flights.end = Some(end);
    }

    pub(crate) fn model(&self) -> &ModelHandle {
        self.inner.handle()
    }

    pub(crate) fn desc_handle(&self) -> &DescHandle {
        &self.inner.desc_handle
    }
}

impl Inner {
    pub(crate) fn begin(&self) -> Run<'_> {
        Run {
            inner: self,
            flights: self.lock(),
        }
    }

    pub(crate) fn desc(&self) -> &ModelDesc {
        &self.desc
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    fn lock(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self) -> &ModelHandle {
        self.handle
            .as_ref()
            .expect("only close and drop take the handle, and they own the model")
    }

    fn release(&mut self) -> Result<()> {
        let Some(handle) = self.handle.take() else {
            return Ok(());
        };
        let raw = self.context.raw();
        let done = self.context.bind().and_then(|_bound| raw.unload(&handle));
        if done.is_err() {
            self.handle = Some(handle);
        }
        done
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            log::warn!("a model was not unloaded: {error}");
        }
        if let Err(error) = self.context.raw().destroy_desc(&self.desc_handle) {
            log::warn!("a model description was not destroyed: {error}");
        }
    }
}
