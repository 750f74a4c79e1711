//! `acl_mdl.h`: the operators of a model.
//!
//! Where the documents are silent: the attribute of an operator that lists several names joins them
//! with semicolons; a name that does not fit its place is an error; an array of tensor descriptions
//! is destroyed with its first.

use std::ffi::{c_char, c_void};

use acl_sys::{
    ACL_ATTR_NAME_DATA_DUMP_ORIGIN_OP_NAMES, ACL_ERROR_GE_EXEC_MODEL_ID_INVALID,
    ACL_ERROR_INVALID_PARAM, aclTensorDesc, aclmdlDesc,
};

use super::{getter, lossy, put, require, status, text};
use crate::machine::failure::fail;
use crate::machine::handle::Handle;
use crate::machine::{model, model_desc, objects, op_task};

status! {
    fn aclmdlCreateAndGetOpDesc(
        device: u32,
        stream: u32,
        task: u32,
        name: *mut c_char,
        name_size: usize,
        inputs: *mut *mut aclTensorDesc,
        input_count: *mut usize,
        outputs: *mut *mut aclTensorDesc,
        output_count: *mut usize,
    ) {
        require(name, "the name's place")?;
        require(inputs, "the inputs' place")?;
        require(input_count, "the inputs' number")?;
        require(outputs, "the outputs' place")?;
        require(output_count, "the outputs' number")?;
        model::require_init()?;
        let operator = op_task::get(device, stream, task)?;
        let bytes = operator.name.bytes().chain([0]);
        let wanted = operator.name.len() + 1;
        if wanted > name_size {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "there is room for {name_size} characters of the name, wanted {wanted}"
            ));
        }
        for (index, byte) in bytes.enumerate() {
            let place = name.wrapping_add(index);
            put!(place, byte as c_char)?;
        }
        for (tensors, place, count) in [
            (operator.inputs, inputs, input_count),
            (operator.outputs, outputs, output_count),
        ] {
            put!(count, tensors.len())?;
            put!(place, objects::add_tensors(tensors).map_or(std::ptr::null_mut(), Handle::as_ptr))?;
        }
        Ok(())
    }
}

getter! {
    fn aclmdlGetOpAttr(desc: *mut aclmdlDesc, op: *const c_char, attribute: *const c_char)
    -> *const c_char, or std::ptr::null(); {
        model::require_init()?;
        let (op, attribute) = (text!(op)?, text!(attribute)?);
        let desc = model_desc::get(Handle::from_ptr(desc))?;
        let mut desc = desc.lock();
        if attribute.to_bytes_with_nul() != ACL_ATTR_NAME_DATA_DUMP_ORIGIN_OP_NAMES {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the attribute {} cannot be asked for, only that of the original names",
                lossy(attribute)
            ));
        }
        let model = desc.model.as_ref().ok_or_else(|| {
            fail!(ACL_ERROR_INVALID_PARAM, "the description is not that of a loaded model")
        })?;
        if !model::is_loaded(model) {
            let id = model.id;
            return Err(fail!(ACL_ERROR_GE_EXEC_MODEL_ID_INVALID, "model {id} was unloaded"));
        }
        desc.original_names(&lossy(op))
    }

    fn aclGetTensorDescAddress(desc: *const aclTensorDesc) -> *mut c_void,
    or std::ptr::null_mut(); {
        let desc = objects::tensor(Handle::from_ptr(desc))?;
        let desc = desc.lock();
        // Contents that the description holds itself have an address as well.
        Ok(match &desc.constant {
            Some(bytes) => bytes.as_ptr().cast_mut().cast(),
            None => std::ptr::with_exposed_provenance_mut(desc.address),
        })
    }

    fn aclGetTensorDescByIndex(desc: *mut aclTensorDesc, index: usize) -> *mut aclTensorDesc,
    or std::ptr::null_mut(); {
        let first = objects::tensor(Handle::from_ptr(desc))?;
        let first = first.lock();
        match index.checked_sub(1) {
            None => Ok(desc),
            Some(rest) => {
                let found = first.rest.get(rest).copied();
                found.map(Handle::as_ptr).ok_or_else(|| {
                    fail!(
                        ACL_ERROR_INVALID_PARAM,
                        "index {index} is beyond an array of {} descriptions",
                        first.rest.len() + 1
                    )
                })
            }
        }
    }
}
