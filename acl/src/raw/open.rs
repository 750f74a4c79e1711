//! Shapes of models whose dims are open: tensor descriptions in data sets.

use acl_sys::{aclDataType, aclFormat};

use super::model::null;
use super::{DatasetHandle, Raw, entry};
use crate::{DataType, Format, Result};

impl Raw {
    /// Sets the shape of an input; the data set keeps a copy.
    pub(crate) fn set_shape(
        self,
        inputs: &DatasetHandle,
        index: usize,
        (dtype, format): (DataType, Format),
        dims: &[i64],
    ) -> Result<()> {
        let (create, destroy) = (
            entry!(self, aclCreateTensorDesc),
            entry!(self, aclDestroyTensorDesc),
        );
        let set = entry!(self, aclmdlSetDatasetTensorDesc);
        // An array in C counts in `int`; no shape has as many dims as do not fit.
        let count = i32::try_from(dims.len()).unwrap_or(i32::MAX);
        // SAFETY: `dims` holds `count` numbers, which the function copies.
        let desc = unsafe {
            create(
                aclDataType(dtype.0),
                count,
                dims.as_ptr(),
                aclFormat(format.0),
            )
        };
        if desc.is_null() {
            return Err(null("aclCreateTensorDesc"));
        }
        // SAFETY: the data set and the description are alive; the function copies the latter.
        let code = unsafe { set(inputs.raw(), desc, index) };
        // SAFETY: the description was made above and nobody else knows it.
        unsafe { destroy(desc) };
        self.check(code, "aclmdlSetDatasetTensorDesc", || {
            format!("input {index}, dims {dims:?}")
        })
    }

    /// Puts the dims that the last run gave an output into `into`; false where the library says
    /// nothing about it.
    pub(crate) fn shape_of(
        self,
        outputs: &DatasetHandle,
        index: usize,
        into: &mut Vec<i64>,
    ) -> Result<bool> {
        let get = entry!(self, aclmdlGetDatasetTensorDesc);
        let (count, dim) = (
            entry!(self, aclGetTensorDescNumDims),
            entry!(self, aclGetTensorDescDimV2),
        );
        // SAFETY: the data set is alive; what comes back belongs to it.
        let desc = unsafe { get(outputs.raw(), index) };
        if desc.is_null() {
            return Ok(false);
        }
        into.clear();
        // SAFETY: the description lives as long as the data set.
        let dims = unsafe { count(desc) };
        for axis in 0..dims {
            let mut size = 0;
            // SAFETY: as above, and the place is valid for the call.
            let code = unsafe { dim(desc, axis, &raw mut size) };
            self.check(code, "aclGetTensorDescDimV2", || format!("output {index}"))?;
            into.push(size);
        }
        Ok(true)
    }
}
