//! Channels for pictures: what a program asks of one, and what it may be used for.
//!
//! # The simulator's own choices
//!
//! A channel may be used for everything until a mode is set; then only for what the mode names. The
//! number of a channel is given when it is created and cannot be set. A size of the channel binds
//! once both its width and its height are set: a picture of more pixels is refused.

use std::sync::atomic::{AtomicU64, Ordering};

use acl_sys::ACL_ERROR_INVALID_PARAM;

use super::param::params;
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;

/// What a channel can be used for: the bits of its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Use {
    Pictures = 1,
    JpegDecoder = 2,
    JpegEncoder = 4,
    PngDecoder = 8,
}

impl Use {
    fn name(self) -> &'static str {
        match self {
            Self::Pictures => "work on pictures (1)",
            Self::JpegDecoder => "decoding JPEG (2)",
            Self::JpegEncoder => "encoding JPEG (4)",
            Self::PngDecoder => "decoding PNG (8)",
        }
    }
}

/// Every use.
const ALL: u32 = 15;

/// A channel: made when it was created, and not only described.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel {
    pub(crate) created: bool,
    pub(crate) mode: u32,
    pub(crate) id: u64,
    /// The matrix between colours and luma with chroma.
    pub(crate) csc: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// What the JPEG decoder does with odd sizes: 0 and 2 round down, 1 up.
    pub(crate) precision: u32,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            created: false,
            mode: ALL,
            id: 0,
            csc: 0,
            width: 0,
            height: 0,
            precision: 0,
        }
    }
}

params! {
    Channel, valid;
    0 = csc: u32;
    1 = mode: u32;
    2 = id: u64;
    3 = height: u32;
    4 = width: u32;
    5 = precision: u32;
}

impl Channel {
    fn valid(&self) -> Result<()> {
        let (value, what, wanted) = match self {
            _ if self.mode == 0 || self.mode & !ALL != 0 => (self.mode, "mode", "some bits of 15"),
            _ if self.csc > 5 => (self.csc, "matrix of colours", "0 to 5"),
            _ if self.precision > 2 => (self.precision, "precision mode", "0 to 2"),
            _ => return Ok(()),
        };
        Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the channel's {what} is {value}, wanted {wanted}"
        ))
    }

    /// Sets a parameter as a program does.
    pub(crate) fn set(&mut self, number: u32, bytes: &[u8]) -> Result<()> {
        if number == 2 {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the number of a channel is given by acldvppCreateChannel and cannot be set"
            ));
        }
        super::param::Params::set_param(self, number, bytes)
    }

    /// Makes a described channel one that can be used.
    pub(crate) fn create(&mut self) -> Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        if self.created {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the channel has been created already"
            ));
        }
        self.created = true;
        self.id = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Fails when a picture has more pixels than the channel was made for.
    pub(crate) fn check_size(&self, width: u32, height: u32) -> Result<()> {
        let pixels = |width: u32, height: u32| u64::from(width) * u64::from(height);
        let most = pixels(self.width, self.height);
        if most == 0 || pixels(width, height) <= most {
            return Ok(());
        }
        Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "a picture of {width}x{height} does not fit a channel of {}x{}",
            self.width,
            self.height
        ))
    }
}

/// Returns a channel as it is now; fails unless it is created and made for a use.
pub(crate) fn ready(handle: Handle, wanted: Use) -> Result<Channel> {
    super::check_channel(handle)?;
    let channel = *super::channel(handle)?.lock();
    if channel.mode & wanted as u32 == 0 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the channel's mode {} does not have {}",
            channel.mode,
            wanted.name()
        ));
    }
    Ok(channel)
}
