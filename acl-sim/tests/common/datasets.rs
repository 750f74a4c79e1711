//! Models, datasets and descriptions through the table.
#![allow(dead_code)]

use std::ffi::c_void;

use acl_sys::{aclmdlDataset, aclmdlDesc, aclmdlIODims};

use crate::call::messages;

pub(crate) fn try_load(om: &[u8]) -> Result<u32, i32> {
    let mut id = 0;
    match call!(aclmdlLoadFromMem(om.as_ptr().cast(), om.len(), &raw mut id)) {
        0 => Ok(id),
        code => Err(code),
    }
}

pub(crate) fn load(om: &[u8]) -> u32 {
    try_load(om).unwrap_or_else(|code| panic!("{code}: {}", messages()))
}

pub(crate) fn describe(id: u32) -> *mut aclmdlDesc {
    let desc = call!(aclmdlCreateDesc());
    ok!(aclmdlGetDesc(desc, id));
    desc
}

pub(crate) fn empty_dims() -> aclmdlIODims {
    aclmdlIODims {
        name: [0; 128],
        dimCount: 0,
        dims: [0; 128],
    }
}

pub(crate) fn io_dims(dims: &[i64]) -> aclmdlIODims {
    let mut all = empty_dims();
    all.dimCount = dims.len();
    all.dims[..dims.len()].copy_from_slice(dims);
    all
}

pub(crate) fn shape(dims: &aclmdlIODims) -> &[i64] {
    &dims.dims[..dims.dimCount]
}

/// A dataset of buffers, given as address and size.
pub(crate) fn dataset(buffers: &[(*mut c_void, usize)]) -> *mut aclmdlDataset {
    let dataset = call!(aclmdlCreateDataset());
    for (address, size) in buffers {
        let buffer = call!(aclCreateDataBuffer(*address, *size));
        assert!(!buffer.is_null());
        ok!(aclmdlAddDatasetBuffer(dataset, buffer));
    }
    dataset
}

pub(crate) fn execute(id: u32, inputs: *mut aclmdlDataset, outputs: *mut aclmdlDataset) -> i32 {
    call!(aclmdlExecute(id, inputs, outputs))
}
