//! `acl_base.h`: what tensor descriptions say to operators.

use std::ffi::{c_char, c_void};

use acl_sys::{ACL_ERROR_INVALID_PARAM, aclFormat, aclTensorDesc};

use super::tensor::with;
use super::{host, put, require, slice, status, text};
use crate::machine::failure::fail;
use crate::machine::memory;
use crate::machine::objects::{self, TensorDesc};
use crate::machine::op;

status! {
    fn aclSetTensorConst(desc: *mut aclTensorDesc, data: *mut c_void, length: usize) {
        require(data, "the contents")?;
        let need = with(desc, |desc| Ok(desc.size()))?;
        if length == 0 || length < need {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the contents have {length} bytes, the tensor takes {need}"
            ));
        }
        // A copy, because the program may free its own after the call; it lies in host memory,
        // unless the program runs on the device.
        let contents = if memory::is_device(data.addr()) {
            memory::resolve(data.addr(), length)?.read(<[u8]>::to_vec)
        } else {
            host!(data.cast_const(), length).to_vec()
        };
        with(desc, |desc| {
            desc.constant = Some(contents);
            Ok(())
        })
    }

    fn aclSetTensorDynamicInput(desc: *mut aclTensorDesc, name: *const c_char) {
        let name = text!(name)?.to_owned();
        with(desc, |desc| {
            desc.dynamic_input = Some(name);
            Ok(())
        })
    }

    fn aclSetTensorValueRange(desc: *mut aclTensorDesc, count: usize, ranges: *mut [i64; 2]) {
        let ranges: &[[i64; 2]] = slice!(ranges.cast_const(), count)?;
        if let Some([low, high]) = ranges.iter().find(|[low, high]| *high != -1 && low > high) {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "a range goes from {low} to {high}, wanted the smaller first"
            ));
        }
        with(desc, |desc| {
            desc.value_ranges = ranges.to_vec();
            Ok(())
        })
    }

    fn aclTransTensorDescFormat(
        desc: *const aclTensorDesc,
        format: aclFormat,
        made: *mut *mut aclTensorDesc,
    ) {
        require(made, "the description's place")?;
        let new = with(desc, |desc| {
            let dims = op::transformed(desc.dtype, desc.format, &desc.dims, format)?;
            let mut new = TensorDesc::new(desc.dtype, format, dims);
            new.origin_format = Some(desc.origin_format.unwrap_or(desc.format));
            new.origin_dims = Some(desc.origin_dims.as_ref().unwrap_or(&desc.dims).clone());
            Ok(new)
        })?;
        put!(made, objects::add_tensor(new).as_ptr())
    }
}
