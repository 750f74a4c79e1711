//! Media: channels, pictures, and what is done to pictures (the first version of the interface).
//!
//! # The simulator's own choices
//!
//! Where the public documents are silent: resizing is bilinear between sample centres, in float32,
//! rounded to the nearest value, or takes the nearest sample when interpolation 2 is set; chroma of a
//! JPEG file is averaged over 2x2 pixels for the semi-planar formats; colours follow JPEG (BT.601,
//! full range); a decoded picture whose description has no strides gets 128 by 16; a picture that
//! cannot be decoded is 148052 at synchronisation, and the description's return code says so too.

pub(crate) mod jpeg;
pub(crate) mod picture;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use acl_sys::{ACL_ERROR_INVALID_PARAM, ACL_ERROR_RT_PARAM_INVALID};

use super::failure::{Result, fail};
use super::handle::{Handle, Kind, Table};
use super::memory;
use super::objects::Shared;
use picture::{PicDesc, Roi};

/// A piece of a stream, as encoders and decoders take it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StreamDesc {
    pub(crate) data: usize,
    pub(crate) size: u32,
    pub(crate) format: u32,
    pub(crate) eos: u8,
    pub(crate) ret_code: u32,
    pub(crate) timestamp: u64,
}

/// A channel: made when it was created, and not only described.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Channel {
    pub(crate) created: bool,
    pub(crate) mode: u32,
}

/// Gives one kind of object its three functions.
macro_rules! kind_of_object {
    ($table:ident, $kind:ident, $type:ty, $add:ident, $get:ident, $remove:ident) => {
        static $table: Table<Arc<Shared<$type>>> = Table::new(Kind::$kind);

        pub(crate) fn $add(value: $type) -> Handle {
            $table.insert(|_| Shared::new(value))
        }

        pub(crate) fn $get(handle: Handle) -> Result<Arc<Shared<$type>>> {
            $table
                .get(handle)
                .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
        }

        pub(crate) fn $remove(handle: Handle) -> Result<()> {
            $table
                .remove(handle)
                .map(drop)
                .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
        }
    };
}

kind_of_object!(
    PICTURES,
    PicDesc,
    PicDesc,
    add_picture,
    picture,
    remove_picture
);
kind_of_object!(
    CHANNELS,
    ChannelDesc,
    Channel,
    add_channel,
    channel,
    remove_channel
);
kind_of_object!(
    STREAMS,
    StreamDesc,
    StreamDesc,
    add_stream,
    stream,
    remove_stream
);
kind_of_object!(ROIS, RoiConfig, Roi, add_roi, roi, remove_roi);
kind_of_object!(
    RESIZES,
    ResizeConfig,
    u32,
    add_resize,
    resize,
    remove_resize
);

/// Fails unless a channel is described and created.
pub(crate) fn check_channel(handle: Handle) -> Result<()> {
    if channel(handle)?.lock().created {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "the channel is described but not created: call acldvppCreateChannel first"
    ))
}

/// The blocks that were allocated for media.
static BLOCKS: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());

/// Allocates memory for media: device memory that `acldvppFree` alone frees.
pub(crate) fn alloc(chip: usize, size: usize) -> Result<usize> {
    let address = memory::alloc(chip, size)?;
    BLOCKS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(address);
    Ok(address)
}

/// Frees memory for media.
pub(crate) fn free(address: usize) -> Result<()> {
    let known = BLOCKS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&address);
    if known {
        return memory::free(address);
    }
    super::strict::find(
        super::strict::Finding::BadFree,
        format!("acldvppFree of {address:#x}, which is no live block of acldvppMalloc"),
    );
    Err(fail!(
        ACL_ERROR_RT_PARAM_INVALID,
        "{address:#x} is no live block of acldvppMalloc: freed before, or another's"
    ))
}

/// Says whether a block is one for media.
pub(crate) fn owns(address: usize) -> bool {
    let blocks = BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    blocks.contains(&address)
}
