//! `acl_mdl.h`: loading models.
//!
//! A file is read once, and the weights stay in the memory that it was read into. Memory that the
//! program brings counts as used while the model is loaded.
//!
//! Where the documents are silent: the sizes of a file that cannot be parsed are refused with 145000,
//! as the graph engine does, though loading it is refused with 145006; a model loaded with queues is
//! refused with 200001 after the queues have been counted, because nothing moves data between queues
//! and models here; memory that is brought may be larger than the model needs, not smaller (100000);
//! a priority must be 0 to 7, and changes nothing.

use std::ffi::{c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acl_sys::{
    ACL_ERROR_API_NOT_SUPPORT, ACL_ERROR_GE_EXEC_MODEL_ADDR_INVALID,
    ACL_ERROR_GE_EXEC_MODEL_DATA_SIZE_INVALID, ACL_ERROR_GE_EXEC_MODEL_PATH_INVALID,
    ACL_ERROR_GE_EXEC_MODEL_QUEUE_ID_INVALID, ACL_ERROR_GE_PARAM_INVALID, ACL_ERROR_INVALID_PARAM,
    aclmdlConfigAttr, aclmdlConfigHandle,
};

use super::{getter, put, require, slice, status, text};
use crate::exec::{ModelError, ModelImage, ModelInfo};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::{Handle, Kind, Table};
use crate::machine::memory::{self, Range};
use crate::machine::objects::Shared;
use crate::machine::{model, process};

status! {
    fn aclmdlLoadFromFile(path: *const c_char, id: *mut u32) {
        require(id, "id")?;
        put!(id, Source::File(path_of(path)?).load(Brought::default())?)
    }

    fn aclmdlLoadFromFileWithMem(
        path: *const c_char,
        id: *mut u32,
        work: *mut c_void,
        work_size: usize,
        weight: *mut c_void,
        weight_size: usize,
    ) {
        require(id, "id")?;
        let brought = Brought::new((work.addr(), work_size), (weight.addr(), weight_size));
        put!(id, Source::File(path_of(path)?).load(brought)?)
    }

    fn aclmdlLoadFromFileWithQ(
        path: *const c_char,
        id: *mut u32,
        inputs: *const u32,
        input_count: usize,
        outputs: *const u32,
        output_count: usize,
    ) {
        require(id, "id")?;
        let source = Source::File(path_of(path)?);
        source.with_queues(slice!(inputs, input_count)?, slice!(outputs, output_count)?)
    }

    fn aclmdlLoadFromMem(om: *const c_void, size: usize, id: *mut u32) {
        require(id, "id")?;
        put!(id, Source::Memory(model_bytes(om, size)?).load(Brought::default())?)
    }

    fn aclmdlLoadFromMemWithMem(
        om: *const c_void,
        size: usize,
        id: *mut u32,
        work: *mut c_void,
        work_size: usize,
        weight: *mut c_void,
        weight_size: usize,
    ) {
        require(id, "id")?;
        let brought = Brought::new((work.addr(), work_size), (weight.addr(), weight_size));
        put!(id, Source::Memory(model_bytes(om, size)?).load(brought)?)
    }

    fn aclmdlLoadFromMemWithQ(
        om: *const c_void,
        size: usize,
        id: *mut u32,
        inputs: *const u32,
        input_count: usize,
        outputs: *const u32,
        output_count: usize,
    ) {
        require(id, "id")?;
        let source = Source::Memory(model_bytes(om, size)?);
        source.with_queues(slice!(inputs, input_count)?, slice!(outputs, output_count)?)
    }

    fn aclmdlQuerySize(path: *const c_char, work: *mut usize, weight: *mut usize) {
        require(work, "work")?;
        require(weight, "weight")?;
        query(&read(path_of(path)?)?, work, weight)
    }

    fn aclmdlQuerySizeFromMem(
        om: *const c_void,
        size: usize,
        work: *mut usize,
        weight: *mut usize,
    ) {
        require(work, "work")?;
        require(weight, "weight")?;
        query(model_bytes(om, size)?, work, weight)
    }

    fn aclmdlUnload(id: u32) {
        model::unload(id)
    }

    fn aclmdlDestroyConfigHandle(config: *mut aclmdlConfigHandle) {
        let removed = CONFIGS.remove(Handle::from_ptr(config));
        removed.map(drop).map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
    }

    fn aclmdlSetConfigOpt(
        config: *mut aclmdlConfigHandle,
        attribute: aclmdlConfigAttr,
        value: *const c_void,
        size: usize,
    ) {
        let config = config_of(config)?;
        let bytes: &[u8] = slice!(value.cast(), size)?;
        let mut config = config.lock();
        config.set(attribute, bytes)
    }

    fn aclmdlLoadWithConfig(config: *const aclmdlConfigHandle, id: *mut u32) {
        require(id, "id")?;
        let config = config_of(config.cast_mut())?.lock().clone();
        put!(id, config.load()?)
    }
}

getter! {
    fn aclmdlCreateConfigHandle() -> *mut aclmdlConfigHandle, or std::ptr::null_mut(); {
        Ok(CONFIGS.insert(|_| Shared::new(Config::default())).as_ptr())
    }
}

fn path_of<'a>(path: *const c_char) -> Result<&'a Path> {
    Ok(Path::new(std::ffi::OsStr::from_bytes(
        text!(path)?.to_bytes(),
    )))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    model::require_init()?;
    std::fs::read(path).map_err(|error| {
        let file = path.display();
        fail!(
            ACL_ERROR_GE_EXEC_MODEL_PATH_INVALID,
            "{file}: {error}; name an .om file"
        )
    })
}

fn model_bytes<'a>(om: *const c_void, size: usize) -> Result<&'a [u8]> {
    model::require_init()?;
    if om.is_null() {
        return Err(fail!(
            ACL_ERROR_GE_EXEC_MODEL_ADDR_INVALID,
            "the model is null"
        ));
    }
    if memory::is_device(om.addr()) {
        return Err(fail!(
            ACL_ERROR_GE_EXEC_MODEL_ADDR_INVALID,
            "the model lies in device memory; on a host it is loaded from host memory"
        ));
    }
    slice!(om.cast::<u8>(), size)
}

/// What a model is loaded from.
enum Source<'a> {
    File(&'a Path),
    Memory(&'a [u8]),
}

impl Source<'_> {
    fn image(&self) -> Result<ModelImage> {
        // The context is asked for before the work of parsing, the file before the context.
        let image = match self {
            Self::File(path) => {
                let bytes = read(path)?;
                process::current()?;
                ModelImage::take(bytes, path)
            }
            Self::Memory(bytes) => {
                process::current()?;
                ModelImage::parse(bytes)
            }
        };
        image.map_err(|error| fail!(error.code(), "{error}"))
    }

    fn load(&self, brought: Brought) -> Result<u32> {
        let image = self.image()?;
        let (work, weight) = brought.check(image.info())?;
        model::load(image, work, weight)
    }

    /// Checks what can be checked of a load with queues, which then fails.
    fn with_queues(&self, inputs: &[u32], outputs: &[u32]) -> Result<()> {
        model::require_init()?;
        let wrong = |text: String| fail!(ACL_ERROR_GE_EXEC_MODEL_QUEUE_ID_INVALID, "{text}");
        if inputs.is_empty() && outputs.is_empty() {
            return Err(wrong(
                "no queue was named, neither of inputs nor of outputs".to_owned(),
            ));
        }
        let image = self.image()?;
        let info = image.info();
        for (queues, tensors, side) in [
            (inputs, info.inputs.len(), "input"),
            (outputs, info.outputs.len(), "output"),
        ] {
            let found = queues.len();
            if found != tensors {
                return Err(wrong(format!(
                    "{found} {side} queues were named, the model has {tensors} {side}s"
                )));
            }
        }
        if info.inputs.iter().any(|input| input.dims.contains(&-1)) {
            return Err(fail!(
                ACL_ERROR_GE_PARAM_INVALID,
                "only a model of one shape is loaded with queues"
            ));
        }
        Err(fail!(
            ACL_ERROR_API_NOT_SUPPORT,
            "this simulator runs no models on queues: load without them and call aclmdlExecute"
        ))
    }
}

/// Memory that the program brings for a model: addresses and sizes; an address of 0 is none.
#[derive(Default)]
struct Brought {
    work: (usize, usize),
    weight: (usize, usize),
}

impl Brought {
    fn new(work: (usize, usize), weight: (usize, usize)) -> Self {
        Self { work, weight }
    }

    /// Takes the memory into use, when it is enough for the model.
    fn check(&self, info: &ModelInfo) -> Result<(Option<Range>, Option<Range>)> {
        let take = |what, (address, size): (usize, usize), need: usize| {
            if address == 0 {
                return Ok(None);
            }
            if size < need {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the {what} memory has {size} bytes, the model needs {need}: ask aclmdlQuerySize"
                ));
            }
            if !memory::is_device(address) {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the {what} memory is host memory: allocate it with aclrtMalloc"
                ));
            }
            memory::resolve(address, size).map(Some)
        };
        Ok((
            take("work", self.work, info.work_size)?,
            take("weight", self.weight, info.weight_size)?,
        ))
    }
}

fn query(bytes: &[u8], work: *mut usize, weight: *mut usize) -> Result<()> {
    let unreadable = |error: ModelError| {
        // Loading tells a bad size apart, asking for the sizes does not.
        let code = match error.code() {
            ACL_ERROR_GE_EXEC_MODEL_DATA_SIZE_INVALID => ACL_ERROR_GE_PARAM_INVALID,
            code => code,
        };
        fail!(code, "{error}")
    };
    let (need_work, need_weight) = ModelImage::query_size(bytes).map_err(unreadable)?;
    put!(work, need_work)?;
    put!(weight, need_weight)
}

/// How a model is to be loaded: addresses and sizes as they were set.
#[derive(Clone, Debug, Default)]
struct Config {
    kind: Option<usize>,
    path: Option<PathBuf>,
    memory: (usize, usize),
    work: (usize, usize),
    weight: (usize, usize),
    input_queues: (usize, usize),
    output_queues: (usize, usize),
}

static CONFIGS: Table<Arc<Shared<Config>>> = Table::new(Kind::ModelConfig);

fn config_of(config: *mut aclmdlConfigHandle) -> Result<Arc<Shared<Config>>> {
    let found = CONFIGS.get(Handle::from_ptr(config));
    found.map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

impl Config {
    fn set(&mut self, attribute: aclmdlConfigAttr, bytes: &[u8]) -> Result<()> {
        use aclmdlConfigAttr as A;
        let number = || fixed(attribute, bytes).map(usize::from_ne_bytes);
        match attribute {
            A::ACL_MDL_LOAD_TYPE_SIZET => self.kind = Some(number()?),
            A::ACL_MDL_PATH_PTR => {
                // The value is the pointer itself.
                let pointer = std::ptr::with_exposed_provenance::<c_char>(number()?);
                self.path = Some(path_of(pointer)?.to_owned());
            }
            A::ACL_MDL_MEM_ADDR_PTR => self.memory.0 = number()?,
            A::ACL_MDL_MEM_SIZET => self.memory.1 = number()?,
            A::ACL_MDL_WORKSPACE_ADDR_PTR => self.work.0 = number()?,
            A::ACL_MDL_WORKSPACE_SIZET => self.work.1 = number()?,
            A::ACL_MDL_WEIGHT_ADDR_PTR => self.weight.0 = number()?,
            A::ACL_MDL_WEIGHT_SIZET => self.weight.1 = number()?,
            A::ACL_MDL_INPUTQ_ADDR_PTR => self.input_queues.0 = number()?,
            A::ACL_MDL_INPUTQ_NUM_SIZET => self.input_queues.1 = number()?,
            A::ACL_MDL_OUTPUTQ_ADDR_PTR => self.output_queues.0 = number()?,
            A::ACL_MDL_OUTPUTQ_NUM_SIZET => self.output_queues.1 = number()?,
            A::ACL_MDL_PRIORITY_INT32 => {
                let priority = fixed(attribute, bytes).map(i32::from_ne_bytes)?;
                if !(0..=7).contains(&priority) {
                    return Err(fail!(
                        ACL_ERROR_INVALID_PARAM,
                        "the priority is {priority}, wanted 0 (the highest) to 7"
                    ));
                }
            }
            A::ACL_MDL_WORKSPACE_MEM_OPTIMIZE => {
                let wanted = number()?;
                if wanted > 1 {
                    return Err(fail!(
                        ACL_ERROR_INVALID_PARAM,
                        "ACL_MDL_WORKSPACE_MEM_OPTIMIZE is {wanted}, wanted 0 or 1"
                    ));
                }
            }
            other => {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the attribute {} is not simulated",
                    other.0
                ));
            }
        }
        Ok(())
    }

    fn load(&self) -> Result<u32> {
        let kind = self.kind.ok_or_else(|| {
            fail!(
                ACL_ERROR_INVALID_PARAM,
                "ACL_MDL_LOAD_TYPE_SIZET is not set; it must be"
            )
        })?;
        let source =
            match kind {
                1 | 2 | 5 => {
                    let path = self.path.as_deref();
                    Source::File(path.ok_or_else(|| {
                        fail!(ACL_ERROR_INVALID_PARAM, "ACL_MDL_PATH_PTR is not set")
                    })?)
                }
                3 | 4 | 6 => {
                    let (address, size) = self.memory;
                    let pointer = std::ptr::with_exposed_provenance::<c_void>(address);
                    Source::Memory(model_bytes(pointer, size)?)
                }
                _ => {
                    return Err(fail!(
                        ACL_ERROR_INVALID_PARAM,
                        "the load type is {kind}, wanted 1 to 6"
                    ));
                }
            };
        match kind {
            1 | 3 => source.load(Brought::default()),
            2 | 4 => source.load(Brought::new(self.work, self.weight)),
            _ => {
                let queues = |(address, count): (usize, usize)| {
                    let pointer = std::ptr::with_exposed_provenance::<u32>(address);
                    slice!(pointer, count)
                };
                source.with_queues(queues(self.input_queues)?, queues(self.output_queues)?)?;
                Ok(0)
            }
        }
    }
}

/// Returns a value of the size that an attribute has.
fn fixed<const N: usize>(attribute: aclmdlConfigAttr, bytes: &[u8]) -> Result<[u8; N]> {
    <[u8; N]>::try_from(bytes).map_err(|_| {
        fail!(
            ACL_ERROR_INVALID_PARAM,
            "the attribute {} has a value of {} bytes, wanted {N}",
            attribute.0,
            bytes.len()
        )
    })
}
