//! `acl_mdl.h`: descriptions.

use std::ffi::{CStr, c_char};

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, aclDataType, aclFormat, aclmdlBatch, aclmdlDesc, aclmdlHW,
    aclmdlIODims,
};

use super::{EMPTY, getter, lossy, put, require, status, text};
use crate::exec::{Gears, TensorInfo};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::model;
use crate::machine::model_desc::{self, Desc};

/// Inputs, then outputs, in the arrays of a description.
const INPUT: usize = 0;
const OUTPUT: usize = 1;

status! {
    fn aclmdlGetDesc(desc: *mut aclmdlDesc, id: u32) {
        let desc = model_desc::get(Handle::from_ptr(desc))?;
        let fresh = Desc::of_model(model::get(id)?);
        desc.lock().replace(fresh);
        Ok(())
    }

    fn aclmdlDestroyDesc(desc: *mut aclmdlDesc) {
        model_desc::remove(Handle::from_ptr(desc))
    }

    fn aclmdlGetInputDims(desc: *const aclmdlDesc, index: usize, dims: *mut aclmdlIODims) {
        put_dims(desc, INPUT, index, dims, |tensor| tensor.dims.clone())
    }

    fn aclmdlGetInputDimsV2(desc: *const aclmdlDesc, index: usize, dims: *mut aclmdlIODims) {
        put_dims(desc, INPUT, index, dims, |tensor| tensor.dims_v2.clone())
    }

    fn aclmdlGetOutputDims(desc: *const aclmdlDesc, index: usize, dims: *mut aclmdlIODims) {
        put_dims(desc, OUTPUT, index, dims, |tensor| tensor.dims.clone())
    }

    fn aclmdlGetCurOutputDims(desc: *const aclmdlDesc, index: usize, dims: *mut aclmdlIODims) {
        model::require_init()?;
        require(dims, "dims")?;
        let current = with(desc, |desc| {
            nth(desc, OUTPUT, index)?;
            let model = desc.model.as_ref().ok_or_else(|| {
                fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the description is not that of a loaded model, so no gear can be set"
                )
            })?;
            model.current_output_dims(index).ok_or_else(|| {
                fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the shapes are open; aclmdlGetDatasetTensorDesc knows them after a run"
                )
            })
        })?;
        put_dims(desc, OUTPUT, index, dims, |_| current)
    }

    fn aclmdlGetInputIndexByName(desc: *const aclmdlDesc, name: *const c_char, index: *mut usize) {
        require(index, "index")?;
        put!(index, index_of(desc, INPUT, text!(name)?)?)
    }

    fn aclmdlGetOutputIndexByName(desc: *const aclmdlDesc, name: *const c_char, index: *mut usize) {
        require(index, "index")?;
        put!(index, index_of(desc, OUTPUT, text!(name)?)?)
    }

    fn aclmdlGetDynamicBatch(desc: *const aclmdlDesc, batch: *mut aclmdlBatch) {
        require(batch, "batch")?;
        let sizes = with(desc, |desc| match &desc.info()?.gears {
            Gears::Batch(sizes) => Ok(sizes.clone()),
            _ => Ok(Vec::new()),
        })?;
        let mut all = aclmdlBatch { batchCount: sizes.len(), batch: [0; 128] };
        all.batch.iter_mut().zip(sizes).for_each(|(to, size)| *to = size);
        put!(batch, all)
    }

    fn aclmdlGetDynamicHW(desc: *const aclmdlDesc, _index: usize, hw: *mut aclmdlHW) {
        require(hw, "hw")?;
        let sizes = with(desc, |desc| match &desc.info()?.gears {
            Gears::ImageSize(sizes) => Ok(sizes.clone()),
            _ => Ok(Vec::new()),
        })?;
        let mut all = aclmdlHW { hwCount: sizes.len(), hw: [[0; 2]; 128] };
        all.hw.iter_mut().zip(sizes).for_each(|(to, size)| *to = size);
        put!(hw, all)
    }

    fn aclmdlGetInputDynamicGearCount(desc: *const aclmdlDesc, _index: usize, count: *mut usize) {
        require(count, "count")?;
        put!(count, with(desc, |desc| Ok(dims_gears(desc)?.len()))?)
    }

    fn aclmdlGetInputDynamicDims(
        desc: *const aclmdlDesc,
        _index: usize,
        dims: *mut aclmdlIODims,
        count: usize,
    ) {
        require(dims, "dims")?;
        let gears = with(desc, dims_gears)?;
        if count < gears.len() {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "there is room for {count} gears, the model has {}",
                gears.len()
            ));
        }
        gears.iter().enumerate().try_for_each(|(position, gear)| {
            let place = dims.wrapping_add(position);
            put!(place, io_dims(c"", gear)?)
        })
    }
}

getter! {
    fn aclmdlCreateDesc() -> *mut aclmdlDesc, or std::ptr::null_mut(); {
        Ok(model_desc::add().as_ptr())
    }

    fn aclmdlGetNumInputs(desc: *mut aclmdlDesc) -> usize, or 0; {
        with(desc, |desc| Ok(desc.info()?.inputs.len()))
    }

    fn aclmdlGetNumOutputs(desc: *mut aclmdlDesc) -> usize, or 0; {
        with(desc, |desc| Ok(desc.info()?.outputs.len()))
    }

    fn aclmdlGetInputSizeByIndex(desc: *mut aclmdlDesc, index: usize) -> usize, or 0; {
        with(desc, |desc| Ok(nth(desc, INPUT, index)?.size))
    }

    fn aclmdlGetOutputSizeByIndex(desc: *mut aclmdlDesc, index: usize) -> usize, or 0; {
        with(desc, |desc| Ok(nth(desc, OUTPUT, index)?.size))
    }

    fn aclmdlGetInputNameByIndex(desc: *const aclmdlDesc, index: usize) -> *const c_char, or EMPTY; {
        name(desc, INPUT, index)
    }

    fn aclmdlGetOutputNameByIndex(desc: *const aclmdlDesc, index: usize) -> *const c_char, or EMPTY; {
        name(desc, OUTPUT, index)
    }

    fn aclmdlGetTensorRealName(desc: *const aclmdlDesc, short: *const c_char) -> *const c_char,
    or std::ptr::null(); {
        let short = text!(short)?;
        with(desc, |desc| {
            for side in [INPUT, OUTPUT] {
                let names = desc.names[side].iter().zip(&desc.real[side]);
                for (name, real) in names {
                    if name.as_c_str() == short || real.as_c_str() == short {
                        return Ok(real.as_ptr());
                    }
                }
            }
            Err(fail!(ACL_ERROR_INVALID_PARAM, "the model has no tensor {}", lossy(short)))
        })
    }

    fn aclmdlGetInputFormat(desc: *const aclmdlDesc, index: usize) -> aclFormat,
    or aclFormat::ACL_FORMAT_UNDEFINED; {
        with(desc, |desc| Ok(aclFormat(nth(desc, INPUT, index)?.format)))
    }

    fn aclmdlGetOutputFormat(desc: *const aclmdlDesc, index: usize) -> aclFormat,
    or aclFormat::ACL_FORMAT_UNDEFINED; {
        with(desc, |desc| Ok(aclFormat(nth(desc, OUTPUT, index)?.format)))
    }

    fn aclmdlGetInputDataType(desc: *const aclmdlDesc, index: usize) -> aclDataType,
    or aclDataType::ACL_DT_UNDEFINED; {
        with(desc, |desc| Ok(aclDataType(nth(desc, INPUT, index)?.dtype)))
    }

    fn aclmdlGetOutputDataType(desc: *const aclmdlDesc, index: usize) -> aclDataType,
    or aclDataType::ACL_DT_UNDEFINED; {
        with(desc, |desc| Ok(aclDataType(nth(desc, OUTPUT, index)?.dtype)))
    }
}

/// Calls `f` with what a description handle stands for.
fn with<R>(desc: *const aclmdlDesc, f: impl FnOnce(&Desc) -> Result<R>) -> Result<R> {
    let desc = model_desc::get(Handle::from_ptr(desc))?;
    let desc = desc.lock();
    f(&desc)
}

fn nth(desc: &Desc, side: usize, index: usize) -> Result<&TensorInfo> {
    let info = desc.info()?;
    let (all, word) = if side == INPUT {
        (&info.inputs, "inputs")
    } else {
        (&info.outputs, "outputs")
    };
    all.get(index).ok_or_else(|| {
        let count = all.len();
        fail!(
            ACL_ERROR_INVALID_PARAM,
            "index {index} is beyond the model's {count} {word}"
        )
    })
}

/// The pointer lives as long as the description, which keeps all names it ever had.
fn name(desc: *const aclmdlDesc, side: usize, index: usize) -> Result<*const c_char> {
    with(desc, |desc| {
        nth(desc, side, index)?;
        Ok(desc.names[side][index].as_ptr())
    })
}

fn index_of(desc: *const aclmdlDesc, side: usize, name: &CStr) -> Result<usize> {
    with(desc, |desc| {
        desc.info()?;
        let names = &desc.names[side];
        let found = names.iter().position(|known| known.as_c_str() == name);
        let found = found.or_else(|| {
            desc.real[side]
                .iter()
                .position(|known| known.as_c_str() == name)
        });
        found.ok_or_else(|| {
            let known: Vec<_> = names.iter().map(|name| lossy(name)).collect();
            let (name, known) = (lossy(name), known.join(", "));
            fail!(
                ACL_ERROR_INVALID_PARAM,
                "the model has no tensor {name}; it has {known}"
            )
        })
    })
}

pub(super) fn io_dims(name: &CStr, dims: &[i64]) -> Result<aclmdlIODims> {
    let mut all = aclmdlIODims {
        name: [0; 128],
        dimCount: dims.len(),
        dims: [0; 128],
    };
    if dims.len() > all.dims.len() {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "{} dims, at most 128 are told",
            dims.len()
        ));
    }
    // The names were made to fit with their NUL.
    all.name
        .iter_mut()
        .zip(name.to_bytes())
        .for_each(|(to, byte)| *to = *byte as c_char);
    all.dims
        .iter_mut()
        .zip(dims)
        .for_each(|(to, dim)| *to = *dim);
    Ok(all)
}

fn put_dims(
    desc: *const aclmdlDesc,
    side: usize,
    index: usize,
    into: *mut aclmdlIODims,
    dims: impl FnOnce(&TensorInfo) -> Vec<i64>,
) -> Result<()> {
    require(into, "dims")?;
    let all = with(desc, |desc| {
        let tensor = nth(desc, side, index)?;
        io_dims(&desc.names[side][index], &dims(tensor))
    })?;
    put!(into, all)
}

/// The gears of a model with dynamic dims: all dims of all inputs in a row, per gear.
fn dims_gears(desc: &Desc) -> Result<Vec<Vec<i64>>> {
    let info = desc.info()?;
    let Gears::Dims(gears) = &info.gears else {
        return Ok(Vec::new());
    };
    Ok((0..gears.len())
        .map(|gear| model::gear_shapes(info, gear).concat())
        .collect())
}
