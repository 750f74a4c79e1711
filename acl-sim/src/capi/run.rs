//! `acl_mdl.h`: loading, datasets, gears and execution.

use std::ffi::{c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acl_sys::{
    ACL_ERROR_GE_EXEC_MODEL_ADDR_INVALID, ACL_ERROR_GE_EXEC_MODEL_PATH_INVALID,
    ACL_ERROR_INVALID_PARAM, aclDataBuffer, aclTensorDesc, aclmdlConfigAttr, aclmdlConfigHandle,
    aclmdlDataset, aclmdlIODims, aclrtStream,
};

use super::runtime::handle;
use super::{getter, put, require, slice, status, text};
use crate::exec::{Gears, ModelImage};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::{Handle, Kind, Table};
use crate::machine::objects::{self, Dataset, Shared};
use crate::machine::{memory, model, process};

status! {
    fn aclmdlLoadFromFile(path: *const c_char, id: *mut u32) {
        require(id, "id")?;
        let bytes = read(path)?;
        put!(id, model::load(&bytes, false, false)?)
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
        let bytes = read(path)?;
        put!(id, load_with(&bytes, (work, work_size), (weight, weight_size))?)
    }

    fn aclmdlLoadFromMem(om: *const c_void, size: usize, id: *mut u32) {
        require(id, "id")?;
        put!(id, model::load(model_bytes(om, size)?, false, false)?)
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
        let bytes = model_bytes(om, size)?;
        put!(id, load_with(bytes, (work, work_size), (weight, weight_size))?)
    }

    fn aclmdlQuerySize(path: *const c_char, work: *mut usize, weight: *mut usize) {
        require(work, "work")?;
        require(weight, "weight")?;
        query(&read(path)?, work, weight)
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

    fn aclmdlDestroyDataset(dataset: *const aclmdlDataset) {
        // The buffers and their memory stay the program's; its own descriptions go, as soon as no
        // queued run leaves others.
        objects::remove_dataset(Handle::from_ptr(dataset)).map(drop)
    }

    fn aclmdlAddDatasetBuffer(dataset: *mut aclmdlDataset, buffer: *mut aclDataBuffer) {
        let dataset = objects::dataset(Handle::from_ptr(dataset))?;
        objects::buffer(Handle::from_ptr(buffer))?;
        dataset.lock().buffers.push(Handle::from_ptr(buffer));
        Ok(())
    }

    fn aclmdlSetDatasetTensorDesc(
        dataset: *mut aclmdlDataset,
        desc: *mut aclTensorDesc,
        index: usize,
    ) {
        let dataset = objects::dataset(Handle::from_ptr(dataset))?;
        let copy = objects::tensor(Handle::from_ptr(desc))?.lock().clone();
        let mut dataset = dataset.lock();
        let count = dataset.buffers.len();
        if index >= count {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "index {index} is beyond the dataset's {count} buffers"
            ));
        }
        dataset.descs.resize(count, None);
        // The dataset keeps a copy: the program may destroy its own at once.
        let old = dataset.descs[index].replace(objects::add_internal_tensor(copy));
        old.into_iter().for_each(|desc| drop(objects::remove_tensor(desc)));
        Ok(())
    }

    fn aclmdlSetDynamicBatchSize(id: u32, dataset: *mut aclmdlDataset, index: usize, batch: u64) {
        let model = model::get(id)?;
        if batch == 0 {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the batch size is 0"));
        }
        gears_are(&model, "batch sizes", |gears| matches!(gears, Gears::Batch(_)))?;
        model.set_gear(Handle::from_ptr(dataset), index, &[batch])
    }

    fn aclmdlSetDynamicHWSize(
        id: u32,
        dataset: *mut aclmdlDataset,
        index: usize,
        height: u64,
        width: u64,
    ) {
        let model = model::get(id)?;
        gears_are(&model, "image sizes", |gears| matches!(gears, Gears::ImageSize(_)))?;
        model.set_gear(Handle::from_ptr(dataset), index, &[height, width])
    }

    fn aclmdlSetInputDynamicDims(
        id: u32,
        dataset: *mut aclmdlDataset,
        index: usize,
        dims: *const aclmdlIODims,
    ) {
        let model = model::get(id)?;
        gears_are(&model, "dims", |gears| matches!(gears, Gears::Dims(_)))?;
        let dims: &[aclmdlIODims] = slice!(dims, 1)?;
        let values = open_values(&model, &dims[0])?;
        model.set_gear(Handle::from_ptr(dataset), index, &values)
    }

    fn aclmdlExecute(id: u32, inputs: *const aclmdlDataset, outputs: *mut aclmdlDataset) {
        let (inputs, outputs) = (Handle::from_ptr(inputs), Handle::from_ptr(outputs));
        model::Run::prepare(id, inputs, outputs, true)?.run()
    }

    fn aclmdlExecuteAsync(
        id: u32,
        inputs: *const aclmdlDataset,
        outputs: *mut aclmdlDataset,
        stream: aclrtStream,
    ) {
        model::require_init()?;
        let stream = process::stream(handle(stream))?;
        let (inputs, outputs) = (Handle::from_ptr(inputs), Handle::from_ptr(outputs));
        let run = model::Run::prepare(id, inputs, outputs, false)?;
        stream.queue(Box::new(move || run.run()))
    }
}

getter! {
    fn aclmdlCreateDataset() -> *mut aclmdlDataset, or std::ptr::null_mut(); {
        Ok(objects::add_dataset(Dataset::default()).as_ptr())
    }

    fn aclmdlGetDatasetNumBuffers(dataset: *const aclmdlDataset) -> usize, or 0; {
        Ok(objects::dataset(Handle::from_ptr(dataset))?.lock().buffers.len())
    }

    fn aclmdlGetDatasetBuffer(dataset: *const aclmdlDataset, index: usize) -> *mut aclDataBuffer,
    or std::ptr::null_mut(); {
        let dataset = objects::dataset(Handle::from_ptr(dataset))?;
        let dataset = dataset.lock();
        nth(&dataset.buffers, index).map(|buffer| buffer.as_ptr())
    }

    fn aclmdlGetDatasetTensorDesc(dataset: *const aclmdlDataset, index: usize) -> *mut aclTensorDesc,
    or std::ptr::null_mut(); {
        let dataset = objects::dataset(Handle::from_ptr(dataset))?;
        let dataset = dataset.lock();
        Ok(nth(&dataset.descs, index)?.map_or(std::ptr::null_mut(), Handle::as_ptr))
    }

    fn aclmdlCreateConfigHandle() -> *mut aclmdlConfigHandle, or std::ptr::null_mut(); {
        Ok(CONFIGS.insert(|_| Shared::new(Config::default())).as_ptr())
    }
}

fn nth<T: Copy>(values: &[T], index: usize) -> Result<T> {
    values.get(index).copied().ok_or_else(|| {
        let count = values.len();
        fail!(
            ACL_ERROR_INVALID_PARAM,
            "index {index} is beyond the dataset's {count} entries"
        )
    })
}

fn gears_are(model: &model::Loaded, what: &str, is: impl FnOnce(&Gears) -> bool) -> Result<()> {
    if is(&model.info().gears) {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "the model was not converted for several {what}"
    ))
}

/// Picks the values of open dims out of all dims of all inputs.
fn open_values(model: &model::Loaded, given: &aclmdlIODims) -> Result<Vec<u64>> {
    let inputs = model::data_inputs(model.info());
    let wanted: Vec<i64> = inputs
        .iter()
        .flat_map(|input| input.dims.iter().copied())
        .collect();
    let count = given.dimCount;
    let wrong = || {
        fail!(
            acl_sys::ACL_ERROR_GE_DYNAMIC_INPUT_LENGTH_INVALID,
            "{count} dims were given; wanted all dims of all inputs in a row, like {wanted:?}"
        )
    };
    let given = given
        .dims
        .get(..count)
        .filter(|dims| dims.len() == wanted.len());
    let mut values = Vec::new();
    for (have, want) in given.ok_or_else(wrong)?.iter().zip(&wanted) {
        match (u64::try_from(*have), want) {
            (Ok(value), -1) => values.push(value),
            (Ok(_), want) if have == want => {}
            _ => return Err(wrong()),
        }
    }
    Ok(values)
}

fn read(path: *const c_char) -> Result<Vec<u8>> {
    let path = Path::new(std::ffi::OsStr::from_bytes(text!(path)?.to_bytes()));
    read_path(path)
}

fn read_path(path: &Path) -> Result<Vec<u8>> {
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

/// Checks memory that the program brings for a model; says whether there is any.
fn brought(what: &str, memory: (*mut c_void, usize), need: usize) -> Result<bool> {
    let (pointer, size) = memory;
    if pointer.is_null() {
        return Ok(false);
    }
    if size < need {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the {what} memory has {size} bytes, the model needs {need}: ask aclmdlQuerySize"
        ));
    }
    memory::resolve(pointer.addr(), size).map(|_| true)
}

fn load_with(
    bytes: &[u8],
    work: (*mut c_void, usize),
    weight: (*mut c_void, usize),
) -> Result<u32> {
    let (work_need, weight_need) =
        ModelImage::query_size(bytes).map_err(|error| fail!(error.code(), "{error}"))?;
    let own_work = brought("work", work, work_need)?;
    let own_weight = brought("weight", weight, weight_need)?;
    model::load(bytes, own_work, own_weight)
}

fn query(bytes: &[u8], work: *mut usize, weight: *mut usize) -> Result<()> {
    let (need_work, need_weight) =
        ModelImage::query_size(bytes).map_err(|error| fail!(error.code(), "{error}"))?;
    put!(work, need_work)?;
    put!(weight, need_weight)
}

/// How a model is to be loaded.
#[derive(Clone, Debug, Default)]
struct Config {
    kind: Option<usize>,
    path: Option<PathBuf>,
    memory: (usize, usize),
    work: (usize, usize),
    weight: (usize, usize),
}

static CONFIGS: Table<Arc<Shared<Config>>> = Table::new(Kind::ModelConfig);

fn config_of(config: *mut aclmdlConfigHandle) -> Result<Arc<Shared<Config>>> {
    let found = CONFIGS.get(Handle::from_ptr(config));
    found.map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

impl Config {
    fn set(&mut self, attribute: aclmdlConfigAttr, bytes: &[u8]) -> Result<()> {
        use aclmdlConfigAttr as A;
        let number = || {
            let eight = <[u8; 8]>::try_from(bytes).map(usize::from_ne_bytes);
            eight.map_err(|_| {
                fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the attribute {} has a value of {} bytes, wanted 8",
                    attribute.0,
                    bytes.len()
                )
            })
        };
        match attribute {
            A::ACL_MDL_LOAD_TYPE_SIZET => self.kind = Some(number()?),
            A::ACL_MDL_PATH_PTR => {
                // The value is the pointer itself.
                let pointer = std::ptr::with_exposed_provenance::<c_char>(number()?);
                let path = text!(pointer)?;
                self.path = Some(PathBuf::from(std::ffi::OsStr::from_bytes(path.to_bytes())));
            }
            A::ACL_MDL_MEM_ADDR_PTR => self.memory.0 = number()?,
            A::ACL_MDL_MEM_SIZET => self.memory.1 = number()?,
            A::ACL_MDL_WORKSPACE_ADDR_PTR => self.work.0 = number()?,
            A::ACL_MDL_WORKSPACE_SIZET => self.work.1 = number()?,
            A::ACL_MDL_WEIGHT_ADDR_PTR => self.weight.0 = number()?,
            A::ACL_MDL_WEIGHT_SIZET => self.weight.1 = number()?,
            A::ACL_MDL_PRIORITY_INT32 | A::ACL_MDL_WORKSPACE_MEM_OPTIMIZE => {}
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
        let pointer = |(address, size): (usize, usize)| {
            (
                std::ptr::with_exposed_provenance_mut::<c_void>(address),
                size,
            )
        };
        let owned;
        let bytes = match kind {
            1 | 2 => {
                let path = self
                    .path
                    .as_deref()
                    .ok_or_else(|| fail!(ACL_ERROR_INVALID_PARAM, "ACL_MDL_PATH_PTR is not set"))?;
                owned = read_path(path)?;
                &owned[..]
            }
            3 | 4 => {
                let (address, size) = pointer(self.memory);
                model_bytes(address, size)?
            }
            _ => {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the load type is {kind}; simulated are 1 to 4 (file or memory, with or \
                     without the program's own work and weight memory)"
                ));
            }
        };
        if kind == 1 || kind == 3 {
            return model::load(bytes, false, false);
        }
        load_with(bytes, pointer(self.work), pointer(self.weight))
    }
}
