//! How a decoded or encoded picture lies in memory, and which memory it may lie in.
//!
//! # The simulator's own choices
//!
//! The facts (heights of a multiple of 16; widths of a multiple of 128, of 64 on newer chips; memory
//! of `acldvppMalloc`, which begins at a multiple of 128) leave open what breaking them does. Here
//! strides that a program gives must be multiples of 64 and of 16, and where it gives none they
//! become multiples of 128 and of 16; other memory than that of `acldvppMalloc`, and pictures that
//! begin within 128 bytes of another address, are refused unless `ACL_SIM_STRICT=0`.

use acl_sys::{ACL_ERROR_INVALID_PARAM, acldvppPixelFormat as Format};

use super::picture::PicDesc;
use crate::machine::failure::{Result, fail};
use crate::machine::strict;

/// The strides of a decoded picture are multiples of these where the program leaves them to us…
const WIDTH_STEP: u32 = 128;
const HEIGHT_STEP: u32 = 16;
/// …and of this one across where it does not.
const LEAST_WIDTH_STEP: u32 = 64;

/// Chroma in a plane of its own, both in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chroma {
    /// How many pixels share a sample, across and down.
    pub(crate) across: usize,
    pub(crate) down: usize,
    /// Red difference first.
    pub(crate) swapped: bool,
}

/// The planes of a format that is decoded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Luma, and chroma unless the picture is grey.
    Luma(Option<Chroma>),
    /// Colours in bytes side by side: 3 or 4.
    Packed { bytes: u32, swapped: bool },
}

impl Layout {
    pub(crate) fn of(format: u32) -> Result<Self> {
        let luma = |across, down, swapped| {
            Self::Luma(Some(Chroma {
                across,
                down,
                swapped,
            }))
        };
        Ok(match Format(format) {
            Format::PIXEL_FORMAT_YUV_400 => Self::Luma(None),
            Format::PIXEL_FORMAT_YUV_SEMIPLANAR_420 => luma(2, 2, false),
            Format::PIXEL_FORMAT_YVU_SEMIPLANAR_420 => luma(2, 2, true),
            Format::PIXEL_FORMAT_YUV_SEMIPLANAR_422 => luma(2, 1, false),
            Format::PIXEL_FORMAT_YVU_SEMIPLANAR_422 => luma(2, 1, true),
            Format::PIXEL_FORMAT_YUV_SEMIPLANAR_440 => luma(1, 2, false),
            Format::PIXEL_FORMAT_YVU_SEMIPLANAR_440 => luma(1, 2, true),
            Format::PIXEL_FORMAT_YUV_SEMIPLANAR_444 => luma(1, 1, false),
            Format::PIXEL_FORMAT_YVU_SEMIPLANAR_444 => luma(1, 1, true),
            Format::PIXEL_FORMAT_RGB_888 => Self::Packed {
                bytes: 3,
                swapped: false,
            },
            Format::PIXEL_FORMAT_BGR_888 => Self::Packed {
                bytes: 3,
                swapped: true,
            },
            Format::PIXEL_FORMAT_RGBA_8888 => Self::Packed {
                bytes: 4,
                swapped: false,
            },
            _ => {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "no picture is decoded to the pixel format {format}; ask for 1 or 2 \
                     (semi-planar 4:2:0), 12 or 13 (RGB, BGR), or 10000 for that of the file"
                ));
            }
        })
    }

    /// Bytes of the first plane for each pixel across.
    pub(crate) fn bytes_across(self) -> u32 {
        match self {
            Self::Luma(_) => 1,
            Self::Packed { bytes, .. } => bytes,
        }
    }

    /// Bytes of a row of the chroma plane, which has the luma's stride for each pair of pixels.
    pub(crate) fn chroma_row(chroma: Chroma, width_stride: u32) -> usize {
        width_stride as usize * 2 / chroma.across
    }

    /// Bytes of a picture of these strides.
    pub(crate) fn size(self, width_stride: u32, height_stride: u32) -> usize {
        let first = width_stride as usize * height_stride as usize;
        match self {
            Self::Luma(Some(chroma)) => {
                let rows = height_stride as usize / chroma.down;
                first + rows * Self::chroma_row(chroma, width_stride)
            }
            Self::Luma(None) | Self::Packed { .. } => first,
        }
    }

    /// Strides where the program gives none.
    pub(crate) fn strides(self, width: u32, height: u32) -> (u32, u32) {
        let bytes = self.bytes_across();
        // The widest step that holds for JPEG and PNG alike: pixels first, then bytes.
        let width = width.next_multiple_of(WIDTH_STEP) * bytes;
        (width, height.next_multiple_of(HEIGHT_STEP))
    }

    /// Completes what a program gave with what the file holds; checks the rules of strides, and
    /// that the memory is large enough.
    pub(crate) fn describe(
        self,
        given: &PicDesc,
        format: u32,
        [width, height]: [u32; 2],
    ) -> Result<PicDesc> {
        let (width_stride, height_stride) = self.strides(width, height);
        let or = |given: u32, own: u32| if given == 0 { own } else { given };
        let found = PicDesc {
            format,
            width,
            height,
            width_stride: or(given.width_stride, width_stride),
            height_stride: or(given.height_stride, height_stride),
            ret_code: 0,
            ..*given
        };
        let least = match self {
            Self::Luma(Some(chroma)) if chroma.across == 2 => width.next_multiple_of(2),
            _ => width * self.bytes_across(),
        };
        let sound = found.width_stride.is_multiple_of(LEAST_WIDTH_STEP)
            && found.width_stride >= least
            && found.height_stride.is_multiple_of(HEIGHT_STEP)
            && found.height_stride >= height;
        if !sound {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the decoded picture is {width}x{height} with strides {}x{}, wanted a multiple of \
                 {LEAST_WIDTH_STEP} that is at least {least} by a multiple of {HEIGHT_STEP} that \
                 is at least {height}",
                found.width_stride,
                found.height_stride
            ));
        }
        let bytes = self.size(found.width_stride, found.height_stride);
        if (found.size as usize) < bytes {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the decoded picture has {} bytes of memory, wanted {bytes}",
                found.size
            ));
        }
        Ok(found)
    }

    /// Bytes that a decoded picture needs where the program gives no strides.
    pub(crate) fn predict(self, width: u32, height: u32) -> Result<u32> {
        let (width_stride, height_stride) = self.strides(width, height);
        let bytes = self.size(width_stride, height_stride);
        u32::try_from(bytes)
            .map_err(|_| fail!(ACL_ERROR_INVALID_PARAM, "the picture needs {bytes} bytes"))
    }
}

/// Checks that memory is of `acldvppMalloc`.
pub(crate) fn check_memory(address: usize, what: &str) -> Result<()> {
    if !strict::on() || super::holds(address) {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "the {what} lies at {address:#x}, which is no memory of acldvppMalloc"
    ))
}

/// Checks that memory to write a result to is of `acldvppMalloc`, and where it begins.
pub(crate) fn check_output(address: usize, what: &str) -> Result<()> {
    check_memory(address, what)?;
    if !strict::on() || address.is_multiple_of(128) {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "the {what} begins at {address:#x}, wanted a multiple of 128"
    ))
}
