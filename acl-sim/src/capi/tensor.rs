//! `acl_base.h`: tensor descriptions.

use std::ffi::{c_char, c_int};

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_UNKNOWN_RANK, aclDataType, aclFormat, aclMemType, aclTensorDesc,
};

use super::{EMPTY, getter, put, require, slice, status, text};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::objects::{self, TensorDesc};

status! {
    fn aclGetTensorDescDimV2(desc: *const aclTensorDesc, index: usize, size: *mut i64) {
        require(size, "size")?;
        put!(size, dim(desc, index)?)
    }

    fn aclGetTensorDescDimRange(
        desc: *const aclTensorDesc,
        index: usize,
        count: usize,
        range: *mut i64,
    ) {
        require(range, "range")?;
        if count < 2 {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "there is room for {count} numbers, wanted 2"));
        }
        let size = dim(desc, index)?;
        let range_of = with(desc, |desc| Ok(desc.ranges.get(index).copied()))?;
        let [low, high] = range_of.unwrap_or(if size < 0 { [1, -1] } else { [size, size] });
        put!(range, low)?;
        let second = range.wrapping_add(1);
        put!(second, high)
    }

    fn aclSetTensorShapeRange(desc: *mut aclTensorDesc, count: usize, ranges: *mut [i64; 2]) {
        let ranges: &[[i64; 2]] = slice!(ranges.cast_const(), count)?;
        with(desc, |desc| {
            desc.ranges = ranges.to_vec();
            Ok(())
        })
    }

    fn aclSetTensorFormat(desc: *mut aclTensorDesc, format: aclFormat) {
        with(desc, |desc| {
            desc.storage_format = Some(format);
            Ok(())
        })
    }

    fn aclSetTensorStorageFormat(desc: *mut aclTensorDesc, format: aclFormat) {
        with(desc, |desc| {
            desc.storage_format = Some(format);
            Ok(())
        })
    }

    fn aclSetTensorShape(desc: *mut aclTensorDesc, count: c_int, dims: *const i64) {
        let dims = dims_of(count, dims)?;
        with(desc, |desc| {
            desc.storage_dims = Some(dims);
            Ok(())
        })
    }

    fn aclSetTensorStorageShape(desc: *mut aclTensorDesc, count: c_int, dims: *const i64) {
        let dims = dims_of(count, dims)?;
        with(desc, |desc| {
            desc.storage_dims = Some(dims);
            Ok(())
        })
    }

    fn aclSetTensorOriginFormat(desc: *mut aclTensorDesc, format: aclFormat) {
        with(desc, |desc| {
            desc.origin_format = Some(format);
            Ok(())
        })
    }

    fn aclSetTensorOriginShape(desc: *mut aclTensorDesc, count: c_int, dims: *const i64) {
        let dims = dims_of(count, dims)?;
        with(desc, |desc| {
            desc.origin_dims = Some(dims);
            Ok(())
        })
    }

    fn aclSetTensorPlaceMent(desc: *mut aclTensorDesc, place: aclMemType) {
        if place.0 > aclMemType::ACL_MEMTYPE_HOST_COMPILE_INDEPENDENT.0 {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the kind of memory is {}", place.0));
        }
        with(desc, |desc| {
            desc.place = place;
            Ok(())
        })
    }
}

getter! {
    fn aclCreateTensorDesc(
        dtype: aclDataType,
        count: c_int,
        dims: *const i64,
        format: aclFormat,
    ) -> *mut aclTensorDesc, or std::ptr::null_mut(); {
        let dims = dims_of(count, dims)?;
        Ok(objects::add_tensor(TensorDesc::new(dtype, format, dims)).as_ptr())
    }

    fn aclDestroyTensorDesc(desc: *const aclTensorDesc) -> (), or (); {
        objects::remove_tensors(Handle::from_ptr(desc))
    }

    fn aclGetTensorDescType(desc: *const aclTensorDesc) -> aclDataType,
    or aclDataType::ACL_DT_UNDEFINED; {
        with(desc, |desc| Ok(desc.dtype))
    }

    fn aclGetTensorDescFormat(desc: *const aclTensorDesc) -> aclFormat,
    or aclFormat::ACL_FORMAT_UNDEFINED; {
        with(desc, |desc| Ok(desc.format))
    }

    fn aclGetTensorDescSize(desc: *const aclTensorDesc) -> usize, or 0; {
        with(desc, |desc| Ok(desc.size()))
    }

    fn aclGetTensorDescElementCount(desc: *const aclTensorDesc) -> usize, or 0; {
        with(desc, |desc| Ok(desc.elements()))
    }

    fn aclGetTensorDescNumDims(desc: *const aclTensorDesc) -> usize, or 0; {
        with(desc, |desc| {
            // One dim of -2 stands for a rank that nobody knows.
            Ok(if desc.dims[..] == [-2] { ACL_UNKNOWN_RANK } else { desc.dims.len() })
        })
    }

    fn aclGetTensorDescDim(desc: *const aclTensorDesc, index: usize) -> i64, or -1; {
        dim(desc, index)
    }

    fn aclGetTensorDescName(desc: *mut aclTensorDesc) -> *const c_char, or EMPTY; {
        with(desc, |desc| Ok(desc.name().as_ptr()))
    }

    fn aclSetTensorDescName(desc: *mut aclTensorDesc, name: *const c_char) -> (), or (); {
        let name = if name.is_null() { c"".to_owned() } else { text!(name)?.to_owned() };
        with(desc, |desc| {
            desc.set_name(name);
            Ok(())
        })
    }
}

pub(super) fn with<R>(
    desc: *const aclTensorDesc,
    f: impl FnOnce(&mut TensorDesc) -> Result<R>,
) -> Result<R> {
    let desc = objects::tensor(Handle::from_ptr(desc))?;
    let mut desc = desc.lock();
    f(&mut desc)
}

fn dim(desc: *const aclTensorDesc, index: usize) -> Result<i64> {
    with(desc, |desc| {
        desc.dims.get(index).copied().ok_or_else(|| {
            let count = desc.dims.len();
            fail!(
                ACL_ERROR_INVALID_PARAM,
                "index {index} is beyond the tensor's {count} dims"
            )
        })
    })
}

fn dims_of(count: c_int, dims: *const i64) -> Result<Vec<i64>> {
    let count = usize::try_from(count)
        .map_err(|_| fail!(ACL_ERROR_INVALID_PARAM, "the number of dims is {count}"))?;
    let dims: &[i64] = slice!(dims, count)?;
    if let Some(dim) = dims.iter().find(|dim| **dim < -2) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "a dim is {dim}: wanted 0 or more, or -1"
        ));
    }
    Ok(dims.to_vec())
}
