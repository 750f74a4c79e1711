//! `acl_mdl.h`: datasets, gears and execution.

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, aclDataBuffer, aclTensorDesc, aclmdlDataset, aclmdlIODims, aclrtStream,
};

use super::runtime::handle;
use super::{getter, slice, status};
use crate::exec::Gears;
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::objects::{self, Dataset};
use crate::machine::{model, process};

status! {
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
