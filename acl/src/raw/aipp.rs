//! Parameters of a dynamic AIPP.

use acl_sys::{aclAippInputFormat, aclmdlAIPP, aclmdlInputAippType};

use super::model::null;
use super::{DatasetHandle, ModelHandle, Raw, entry};
use crate::{Aipp, Result};

/// A set of parameters, destroyed at its end.
struct Set {
    raw: Raw,
    set: *mut aclmdlAIPP,
}

impl Drop for Set {
    fn drop(&mut self) {
        let Some(function) = self.raw.api.aclmdlDestroyAIPP else {
            return;
        };
        // SAFETY: the set was made by the library and is used nowhere else.
        let code = unsafe { function(self.set) };
        let done = self.raw.check(code, "aclmdlDestroyAIPP", String::new);
        done.unwrap_or_else(|error| log::warn!("{error}"));
    }
}

/// Calls a setter that takes the set and numbers.
macro_rules! set {
    ($set:expr, $name:ident($($value:expr),*)) => {{
        let set: &Set = $set;
        let function = entry!(set.raw, $name);
        // SAFETY: the set is alive; the other arguments are numbers.
        let code = unsafe { function(set.set $(, $value)*) };
        set.raw.check(code, stringify!($name), String::new)?;
    }};
}

impl Raw {
    /// Returns the hidden input with the parameters of data input `index`; `None` without a dynamic
    /// AIPP.
    pub(crate) fn aipp_input(self, model: &ModelHandle, index: usize) -> Result<Option<usize>> {
        let function = entry!(self, aclmdlGetAippType);
        let mut kind = aclmdlInputAippType::ACL_DATA_WITHOUT_AIPP;
        let mut attached = 0;
        // SAFETY: the model is loaded and both places are valid for the call.
        let code = unsafe { function(model.as_raw(), index, &raw mut kind, &raw mut attached) };
        self.check(code, "aclmdlGetAippType", || format!("input {index}"))?;
        let dynamic = kind == aclmdlInputAippType::ACL_DATA_WITH_DYNAMIC_AIPP;
        Ok(dynamic.then_some(attached))
    }

    /// Writes parameters, the same for each of `batch` pictures, into the hidden input `index`.
    pub(crate) fn set_aipp(
        self,
        model: &ModelHandle,
        inputs: &DatasetHandle,
        index: usize,
        batch: u64,
        aipp: &Aipp,
    ) -> Result<()> {
        let function = entry!(self, aclmdlCreateAIPP);
        // SAFETY: the function takes a number.
        let set = unsafe { function(batch) };
        if set.is_null() {
            return Err(null("aclmdlCreateAIPP"));
        }
        let set = Set { raw: self, set };
        let format = aclAippInputFormat(aipp.input_format);
        let [width, height] = aipp.source;
        let (swap_rb, swap_ax) = (i8::from(aipp.rbuv_swap), i8::from(aipp.ax_swap));
        set!(&set, aclmdlSetAIPPInputFormat(format));
        set!(&set, aclmdlSetAIPPSrcImageSize(width, height));
        set!(&set, aclmdlSetAIPPRbuvSwapSwitch(swap_rb));
        set!(&set, aclmdlSetAIPPAxSwapSwitch(swap_ax));
        if let Some(csc) = &aipp.csc {
            let ([m0, m1, m2], [o0, o1, o2], [i0, i1, i2]) =
                (csc.matrix, csc.output_bias, csc.input_bias);
            set!(
                &set,
                aclmdlSetAIPPCscParams(
                    1, m0[0], m0[1], m0[2], m1[0], m1[1], m1[2], m2[0], m2[1], m2[2], o0, o1, o2,
                    i0, i1, i2
                )
            );
        }
        let ([e0, e1, e2, e3], [n0, n1, n2, n3]) = (aipp.mean, aipp.min);
        let [v0, v1, v2, v3] = aipp.var_reciprocal;
        for picture in 0..batch {
            if let Some([x, y, width, height]) = aipp.crop {
                set!(
                    &set,
                    aclmdlSetAIPPCropParams(1, x, y, width, height, picture)
                );
            }
            if let Some([top, bottom, left, right]) = aipp.padding {
                set!(
                    &set,
                    aclmdlSetAIPPPaddingParams(1, top, bottom, left, right, picture)
                );
            }
            set!(&set, aclmdlSetAIPPDtcPixelMean(e0, e1, e2, e3, picture));
            set!(&set, aclmdlSetAIPPDtcPixelMin(n0, n1, n2, n3, picture));
            set!(&set, aclmdlSetAIPPPixelVarReci(v0, v1, v2, v3, picture));
        }
        let function = entry!(self, aclmdlSetInputAIPP);
        // SAFETY: the data set is alive, its buffer at `index` is device memory, the set is alive.
        let code = unsafe { function(model.as_raw(), inputs.raw(), index, set.set) };
        self.check(code, "aclmdlSetInputAIPP", || {
            format!("model {}, input {index}, {batch} pictures", model.as_raw())
        })
    }
}
