//! Descriptions of channels and frames for video. They hold what a program sets; the channels
//! themselves are not simulated.

use acl_sys::ACL_ERROR_INVALID_PARAM;

use super::param::params;
use crate::machine::failure::{Result, fail};

/// A channel that decodes video, as described.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Vdec {
    pub(crate) csc: u32,
    pub(crate) out_mode: u32,
    pub(crate) thread: u64,
    /// The address of the program's function.
    pub(crate) callback: usize,
    pub(crate) channel: u32,
    pub(crate) encoding: u32,
    pub(crate) format: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) references: u32,
    pub(crate) bit_depth: u32,
}

params! {
    Vdec, valid;
    0 = csc: u32;
    1 = out_mode: u32;
    2 = thread: u64;
    3 = callback: usize;
    4 = channel: u32;
    5 = encoding: u32;
    6 = format: u32;
    7 = width: u32;
    8 = height: u32;
    9 = references: u32;
    10 = bit_depth: u32;
}

impl Vdec {
    fn valid(&self) -> Result<()> {
        if self.csc > 5 {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the matrix of colours is {}, wanted 0 to 5",
                self.csc
            ));
        }
        check_encoding(self.encoding)
    }
}

/// A channel that encodes video, as described.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Venc {
    pub(crate) thread: u64,
    /// The address of the program's function.
    pub(crate) callback: usize,
    pub(crate) format: u32,
    pub(crate) encoding: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) key_frame_interval: u32,
    pub(crate) buffer: usize,
    pub(crate) buffer_size: u32,
    pub(crate) rate_control: u32,
    pub(crate) source_rate: u32,
    pub(crate) most_bit_rate: u32,
    pub(crate) most_ip_proportion: u32,
    /// The number of the channel; only a created one would have it.
    pub(crate) channel: u32,
}

params! {
    Venc, valid;
    0 = thread: u64;
    1 = callback: usize;
    2 = format: u32;
    3 = encoding: u32;
    4 = width: u32;
    5 = height: u32;
    6 = key_frame_interval: u32;
    7 = buffer: usize;
    8 = buffer_size: u32;
    9 = rate_control: u32;
    10 = source_rate: u32;
    11 = most_bit_rate: u32;
    12 = most_ip_proportion: u32;
}

impl Venc {
    fn valid(&self) -> Result<()> {
        check_encoding(self.encoding)
    }
}

fn check_encoding(encoding: u32) -> Result<()> {
    if encoding <= 3 {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "the encoding is {encoding}, wanted 0 (H.265), 1, 2 or 3 (H.264)"
    ))
}

/// What is asked of the encoder for one frame.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct VencFrame {
    pub(crate) eos: u8,
    pub(crate) force_i_frame: u8,
}
