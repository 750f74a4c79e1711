//! `acl_tdt.h`: channels.

use std::ffi::{c_char, c_void};

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_MAX_DIM_CNT, aclDataType, acltdtChannelHandle, acltdtDataItem,
    acltdtDataset, acltdtTensorType,
};

use super::runtime::milliseconds;
use super::{EMPTY, getter, host, put, require, slice, status, text};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::span::Span;
use crate::machine::tdt::channel;
use crate::machine::tdt::item::{self, Bytes, Dataset, Item, Shape};

status! {
    fn acltdtAddDataItem(dataset: *mut acltdtDataset, item: *mut acltdtDataItem) {
        item::add(Handle::from_ptr(dataset), Handle::from_ptr(item))
    }

    fn acltdtDestroyChannel(channel: *mut acltdtChannelHandle) {
        channel::destroy(Handle::from_ptr(channel))
    }

    fn acltdtDestroyDataItem(item: *mut acltdtDataItem) {
        item::destroy_item(Handle::from_ptr(item))
    }

    fn acltdtDestroyDataset(dataset: *mut acltdtDataset) {
        item::take_dataset(Handle::from_ptr(dataset)).map(drop)
    }

    fn acltdtGetDimsFromItem(item: *const acltdtDataItem, dims: *mut i64, count: usize) {
        let have = with(item, |item| item.shape.dims.clone())?;
        if count < have.len() {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "there is room for {count} dims, wanted {}",
                have.len()
            ));
        }
        for (index, dim) in have.into_iter().enumerate() {
            require(dims, "dims")?;
            let place = dims.wrapping_add(index);
            put!(place, dim)?;
        }
        Ok(())
    }

    fn acltdtQueryChannelSize(channel: *const acltdtChannelHandle, size: *mut usize) {
        require(size, "size")?;
        put!(size, channel::len(Handle::from_ptr(channel))?)
    }

    fn acltdtReceiveTensor(
        channel: *const acltdtChannelHandle,
        dataset: *mut acltdtDataset,
        timeout: i32,
    ) {
        let timeout = milliseconds(timeout)?;
        channel::receive(Handle::from_ptr(channel), Handle::from_ptr(dataset), timeout)
    }

    fn acltdtSendTensor(
        channel: *const acltdtChannelHandle,
        dataset: *const acltdtDataset,
        timeout: i32,
    ) {
        let timeout = milliseconds(timeout)?;
        channel::send(Handle::from_ptr(channel), Handle::from_ptr(dataset), timeout)
    }

    fn acltdtStopChannel(channel: *mut acltdtChannelHandle) {
        channel::stop(Handle::from_ptr(channel))
    }
}

getter! {
    fn acltdtCreateChannel(device: u32, name: *const c_char) -> *mut acltdtChannelHandle,
    or std::ptr::null_mut(); {
        let name = text!(name)?.to_owned();
        channel::create(device, name, channel::CAPACITY).map(Handle::as_ptr)
    }

    fn acltdtCreateChannelWithCapacity(
        device: u32,
        name: *const c_char,
        capacity: usize,
    ) -> *mut acltdtChannelHandle, or std::ptr::null_mut(); {
        channel::create(device, text!(name)?.to_owned(), capacity).map(Handle::as_ptr)
    }

    fn acltdtCreateDataItem(
        kind: acltdtTensorType,
        dims: *const i64,
        count: usize,
        dtype: aclDataType,
        data: *mut c_void,
        size: usize,
    ) -> *mut acltdtDataItem, or std::ptr::null_mut(); {
        let last = acltdtTensorType::ACL_TENSOR_DATA_ABNORMAL.0;
        if !(0..=last).contains(&kind.0) {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the kind of item is {}, wanted 0 to {last}",
                kind.0
            ));
        }
        if count > ACL_MAX_DIM_CNT as usize {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "there are {count} dims, wanted at most {ACL_MAX_DIM_CNT}"
            ));
        }
        let dims: &[i64] = slice!(dims, count)?;
        if let Some(dim) = dims.iter().find(|dim| **dim < 0) {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "a dim is {dim}, wanted 0 or more"));
        }
        if size > 0 {
            require(data, "data")?;
        }
        let span = Span { start: host!(data.cast_const(), size), len: size };
        let shape = Shape { kind: kind.0, dims: dims.to_vec(), dtype };
        Ok(item::add_item(Item { shape, bytes: Bytes::Program(span) }).as_ptr())
    }

    fn acltdtCreateDataset() -> *mut acltdtDataset, or std::ptr::null_mut(); {
        Ok(item::add_dataset(Dataset::default()).as_ptr())
    }

    fn acltdtGetDataAddrFromItem(item: *const acltdtDataItem) -> *mut c_void,
    or std::ptr::null_mut(); {
        with(item, Item::address).map(<*mut u8>::cast)
    }

    fn acltdtGetDataItem(dataset: *const acltdtDataset, index: usize) -> *mut acltdtDataItem,
    or std::ptr::null_mut(); {
        let dataset = item::dataset(Handle::from_ptr(dataset))?;
        let dataset = dataset.lock();
        let count = dataset.items.len();
        let item = dataset.items.get(index).ok_or_else(|| {
            fail!(ACL_ERROR_INVALID_PARAM, "index {index} is beyond the dataset's {count} items")
        })?;
        Ok(item.as_ptr())
    }

    fn acltdtGetDataSizeFromItem(item: *const acltdtDataItem) -> usize, or 0; {
        with(item, Item::size)
    }

    fn acltdtGetDataTypeFromItem(item: *const acltdtDataItem) -> aclDataType,
    or aclDataType::ACL_DT_UNDEFINED; {
        with(item, |item| item.shape.dtype)
    }

    fn acltdtGetDatasetName(dataset: *const acltdtDataset) -> *const c_char, or EMPTY; {
        let dataset = item::dataset(Handle::from_ptr(dataset))?;
        // The name stays where it is as long as the dataset lives.
        Ok(dataset.lock().name().as_ptr())
    }

    fn acltdtGetDatasetSize(dataset: *const acltdtDataset) -> usize, or 0; {
        Ok(item::dataset(Handle::from_ptr(dataset))?.lock().items.len())
    }

    fn acltdtGetDimNumFromItem(item: *const acltdtDataItem) -> usize, or 0; {
        with(item, |item| item.shape.dims.len())
    }

    fn acltdtGetTensorTypeFromItem(item: *const acltdtDataItem) -> acltdtTensorType,
    or acltdtTensorType::ACL_TENSOR_DATA_UNDEFINED; {
        with(item, |item| acltdtTensorType(item.shape.kind))
    }
}

fn with<R>(item: *const acltdtDataItem, f: impl FnOnce(&Item) -> R) -> Result<R> {
    let item = item::item(Handle::from_ptr(item))?;
    let item = item.lock();
    Ok(f(&item))
}
