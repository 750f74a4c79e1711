//! Descriptions that the calls on pictures take: batches, borders, histograms, tables.

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, acldvppBatchPicDesc, acldvppBorderConfig, acldvppBorderType,
    acldvppHist, acldvppLutMap, acldvppPicDesc,
};

use super::{getter, put, require, status};
use crate::machine::dvpp::border::Border;
use crate::machine::dvpp::tone::{Hist, LutMap};
use crate::machine::dvpp::{self};
use crate::machine::failure::fail;
use crate::machine::handle::Handle;

/// Defines the setter and the getter of a border's width.
macro_rules! widths {
    ($($set:ident, $get:ident: $field:ident;)*) => {
        status! {$(
            fn $set(config: *mut acldvppBorderConfig, width: u32) {
                dvpp::border(Handle::from_ptr(config))?.lock().$field = width;
                Ok(())
            }
        )*}

        getter! {$(
            fn $get(config: *const acldvppBorderConfig) -> u32, or 0; {
                Ok(dvpp::border(Handle::from_ptr(config))?.lock().$field)
            }
        )*}
    };
}

widths! {
    acldvppSetBorderConfigTop, acldvppGetBorderConfigTop: top;
    acldvppSetBorderConfigBottom, acldvppGetBorderConfigBottom: bottom;
    acldvppSetBorderConfigLeft, acldvppGetBorderConfigLeft: left;
    acldvppSetBorderConfigRight, acldvppGetBorderConfigRight: right;
}

status! {
    fn acldvppDestroyBatchPicDesc(batch: *mut acldvppBatchPicDesc) {
        dvpp::remove_batch(Handle::from_ptr(batch))
    }

    fn acldvppDestroyBorderConfig(config: *mut acldvppBorderConfig) {
        dvpp::remove_border(Handle::from_ptr(config))
    }

    fn acldvppSetBorderConfigBorderType(config: *mut acldvppBorderConfig, kind: acldvppBorderType) {
        if kind.0 > acldvppBorderType::BORDER_REFLECT_101.0 {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the border is of type {}, wanted 0 to 3", kind.0));
        }
        dvpp::border(Handle::from_ptr(config))?.lock().kind = kind.0;
        Ok(())
    }

    fn acldvppSetBorderConfigValue(config: *mut acldvppBorderConfig, index: u32, value: f64) {
        let border = dvpp::border(Handle::from_ptr(config))?;
        let mut border = border.lock();
        let place = border.values.get_mut(index as usize).ok_or_else(|| {
            fail!(ACL_ERROR_INVALID_PARAM, "value {index} of a border was set, wanted 0 to 3")
        })?;
        if !value.is_finite() {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "a border has the value {value}"));
        }
        *place = value;
        Ok(())
    }

    fn acldvppDestroyHist(hist: *mut acldvppHist) {
        dvpp::remove_hist(Handle::from_ptr(hist))
    }

    fn acldvppClearHist(hist: *mut acldvppHist) {
        dvpp::hist(Handle::from_ptr(hist))?.lock().clear();
        Ok(())
    }

    fn acldvppGetHistData(hist: *mut acldvppHist, dim: u32, data: *mut *mut u32, len: *mut u16) {
        require(data, "the data's place")?;
        require(len, "the length's place")?;
        let part = dvpp::hist(Handle::from_ptr(hist))?.lock().part(dim)?;
        put!(data, part)?;
        put!(len, 256)
    }

    fn acldvppDestroyLutMap(table: *mut acldvppLutMap) {
        dvpp::remove_lut(Handle::from_ptr(table))
    }

    fn acldvppGetLutMapData(
        table: *const acldvppLutMap,
        dim: u32,
        data: *mut *mut u8,
        len: *mut u32,
    ) {
        require(data, "the data's place")?;
        require(len, "the length's place")?;
        let part = dvpp::lut(Handle::from_ptr(table))?.lock().part(dim)?;
        put!(data, part)?;
        put!(len, LutMap::LEN)
    }
}

getter! {
    fn acldvppCreateBatchPicDesc(count: u32) -> *mut acldvppBatchPicDesc,
    or std::ptr::null_mut(); {
        Ok(dvpp::add_batch(count)?.as_ptr())
    }

    fn acldvppGetPicDesc(batch: *mut acldvppBatchPicDesc, index: u32) -> *mut acldvppPicDesc,
    or std::ptr::null_mut(); {
        let batch = dvpp::batch(Handle::from_ptr(batch))?;
        let found = batch.get(index as usize).ok_or_else(|| {
            fail!(
                ACL_ERROR_INVALID_PARAM,
                "picture {index} of a batch of {} was asked for",
                batch.len()
            )
        })?;
        Ok(found.as_ptr())
    }

    fn acldvppCreateBorderConfig() -> *mut acldvppBorderConfig, or std::ptr::null_mut(); {
        Ok(dvpp::add_border(Border::default()).as_ptr())
    }

    fn acldvppGetBorderConfigBorderType(config: *const acldvppBorderConfig) -> acldvppBorderType,
    or acldvppBorderType(0); {
        Ok(acldvppBorderType(dvpp::border(Handle::from_ptr(config))?.lock().kind))
    }

    fn acldvppGetBorderConfigValue(config: *const acldvppBorderConfig, index: u32) -> f64, or 0.0; {
        let border = *dvpp::border(Handle::from_ptr(config))?.lock();
        border.values.get(index as usize).copied().ok_or_else(|| {
            fail!(ACL_ERROR_INVALID_PARAM, "value {index} of a border was asked for, wanted 0 to 3")
        })
    }

    fn acldvppCreateHist() -> *mut acldvppHist, or std::ptr::null_mut(); {
        Ok(dvpp::add_hist(Hist::default()).as_ptr())
    }

    fn acldvppGetHistDims(hist: *mut acldvppHist) -> u32, or 0; {
        Ok(dvpp::hist(Handle::from_ptr(hist))?.lock().dims)
    }

    fn acldvppGetHistRetCode(hist: *mut acldvppHist) -> u32, or 0; {
        Ok(dvpp::hist(Handle::from_ptr(hist))?.lock().ret_code)
    }

    fn acldvppCreateLutMap() -> *mut acldvppLutMap, or std::ptr::null_mut(); {
        Ok(dvpp::add_lut(LutMap::default()).as_ptr())
    }

    fn acldvppGetLutMapDims(table: *const acldvppLutMap) -> u32, or 0; {
        dvpp::lut(Handle::from_ptr(table))?;
        Ok(LutMap::DIMS)
    }
}
