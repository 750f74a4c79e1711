//! The parameters of a dynamic AIPP: how pictures become the network's input.

use crate::{Bindings, Error, Result, Role};

/// Parameters of a dynamic AIPP, the same for each picture of a batch.
///
/// The order of the work is: swap of channels, crop, colour conversion, mean and variance, padding.
/// What is left after crop and padding has the size of the network's input.
///
/// **Source**: the `aclmdlSetAIPP*` functions in `acl/acl_mdl.h`.
#[derive(Clone, Debug, PartialEq)]
pub struct Aipp {
    /// The pictures' format: 1 YUV420SP (NV12), 2 XRGB8888, 3 RGB888, 4 YUV400 (grey), 8 bits each.
    pub input_format: u32,
    /// Width and height of the pictures.
    pub source: [i32; 2],
    /// Exchange red with blue, or U with V.
    pub rbuv_swap: bool,
    /// Move the fourth channel to the front.
    pub ax_swap: bool,
    /// Colour conversion.
    pub csc: Option<AippColours>,
    /// Left, top, width and height of the part that is used.
    pub crop: Option<[i32; 4]>,
    /// Rows and columns that are added: top, bottom, left, right.
    pub padding: Option<[i32; 4]>,
    /// Subtracted from each channel.
    pub mean: [i16; 4],
    /// Subtracted from each channel, too; rounded to half precision.
    pub min: [f32; 4],
    /// Each channel is then multiplied by this; rounded to half precision.
    pub var_reciprocal: [f32; 4],
}

/// A colour conversion, in 256ths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AippColours {
    /// Rows of the matrix.
    pub matrix: [[i16; 3]; 3],
    /// Added after the matrix.
    pub output_bias: [u8; 3],
    /// Subtracted before the matrix.
    pub input_bias: [u8; 3],
}

impl Default for Aipp {
    fn default() -> Self {
        Self {
            input_format: 3,
            source: [0; 2],
            rbuv_swap: false,
            ax_swap: false,
            csc: None,
            crop: None,
            padding: None,
            mean: [0; 4],
            min: [0.0; 4],
            var_reciprocal: [1.0; 4],
        }
    }
}

impl Aipp {
    /// Returns the bytes of one picture; `None` for a format that is not known, or without a size.
    #[must_use]
    pub fn picture_bytes(&self) -> Option<usize> {
        let [width, height] = self.source.map(|side| usize::try_from(side).unwrap_or(0));
        let pixels = width.checked_mul(height).filter(|pixels| *pixels > 0)?;
        match self.input_format {
            1 => Some(pixels * 3 / 2),
            2 => pixels.checked_mul(4),
            3 => pixels.checked_mul(3),
            4 => Some(pixels),
            _ => None,
        }
    }
}

impl Bindings {
    /// Sets the parameters of all dynamic AIPPs of the model, for the runs from now on. The inputs
    /// then take as many bytes as the pictures have.
    ///
    /// It is to be set again after the batch size was changed.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the model has no dynamic AIPP, or the pictures are larger than
    /// it was compiled for; [`Error::Acl`] if the parameters do not fit together.
    #[doc(alias = "aclmdlSetInputAIPP")]
    #[doc(alias = "aclmdlCreateAIPP")]
    #[doc(alias = "aclmdlDestroyAIPP")]
    #[doc(alias = "aclmdlGetAippType")]
    #[doc(alias = "aclmdlSetAIPPInputFormat")]
    #[doc(alias = "aclmdlSetAIPPSrcImageSize")]
    #[doc(alias = "aclmdlSetAIPPRbuvSwapSwitch")]
    #[doc(alias = "aclmdlSetAIPPAxSwapSwitch")]
    #[doc(alias = "aclmdlSetAIPPCscParams")]
    #[doc(alias = "aclmdlSetAIPPCropParams")]
    #[doc(alias = "aclmdlSetAIPPPaddingParams")]
    #[doc(alias = "aclmdlSetAIPPDtcPixelMean")]
    #[doc(alias = "aclmdlSetAIPPDtcPixelMin")]
    #[doc(alias = "aclmdlSetAIPPPixelVarReci")]
    pub fn set_aipp(&mut self, aipp: &Aipp) -> Result<()> {
        let model = std::sync::Arc::clone(&self.0.model);
        let desc = model.desc();
        let wrong = |got: String, want: &str| Error::InvalidArgument {
            what: "dynamic AIPP".into(),
            got,
            want: want.to_owned(),
        };
        let picture = aipp.picture_bytes().ok_or_else(|| {
            let got = format!("format {} and size {:?}", aipp.input_format, aipp.source);
            wrong(got, "format 1 to 4, and a width and a height above 0")
        })?;
        let _bound = model.context().bind()?;
        let run = model.begin();
        let raw = model.context().raw();
        let mut sizes = vec![None; desc.inputs.len()];
        for (index, tensor) in desc.inputs.iter().enumerate() {
            if tensor.role != Role::Data {
                continue;
            }
            let Some(hidden) = raw.aipp_input(run.model(), index)? else {
                continue;
            };
            let batch = self.0.input_dims[index].first().copied().unwrap_or(1);
            let batch = u64::try_from(batch).unwrap_or(1);
            let bytes = usize::try_from(batch)
                .ok()
                .and_then(|n| n.checked_mul(picture));
            let Some(bytes) = bytes.filter(|bytes| *bytes <= tensor.size) else {
                let got = format!("{batch} pictures of {picture} bytes");
                let want = format!(
                    "at most {} bytes; compile with a larger max_src_image_size",
                    tensor.size
                );
                return Err(wrong(got, &want));
            };
            raw.set_aipp(run.model(), self.0.inputs.handle(), hidden, batch, aipp)?;
            sizes[index] = Some(bytes);
        }
        drop(run);
        if sizes.iter().all(Option::is_none) {
            return Err(wrong(
                "a model without one".to_owned(),
                "a model compiled with one",
            ));
        }
        self.0.aipp = Some(sizes);
        Ok(())
    }
}
