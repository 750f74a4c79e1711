//! Media: channels, pictures, and what is done to pictures (the first version of the interface).
//!
//! # The simulator's own choices
//!
//! Where the public documents are silent: resizing is bilinear between sample centres, in float32,
//! rounded to the nearest value, or takes the nearest sample when interpolation 2 is set; colours
//! follow JPEG (BT.601, full range); a picture that cannot be decoded is an error at synchronisation
//! (148052 for JPEG), and the description's return code says so too. The choices of one part stand in
//! its own module. Channels for video are described, not simulated.

pub(crate) mod border;
pub(crate) mod channel;
pub(crate) mod convert;
pub(crate) mod jpeg;
pub(crate) mod jpege;
pub(crate) mod layout;
pub(crate) mod param;
pub(crate) mod picture;
pub(crate) mod png;
pub(crate) mod tone;
pub(crate) mod video;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acl_sys::{ACL_ERROR_INVALID_PARAM, ACL_ERROR_RT_PARAM_INVALID};

use super::calls::Site;
use super::failure::{Result, fail};
use super::handle::{Handle, Kind, Table};
use super::memory;
use super::objects::Shared;
use border::Border;
use channel::Channel;
use picture::{PicDesc, Roi};
use tone::{Hist, LutMap};
use video::{Vdec, Venc, VencFrame};

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
    take_picture
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

kind_of_object!(
    JPEGE_CONFIGS,
    JpegeConfig,
    jpege::Level,
    add_jpege,
    jpege,
    remove_jpege
);
kind_of_object!(
    BORDERS,
    BorderConfig,
    Border,
    add_border,
    border,
    remove_border
);
kind_of_object!(HISTS, Hist, Hist, add_hist, hist, remove_hist);
kind_of_object!(LUTS, LutMap, LutMap, add_lut, lut, remove_lut);
kind_of_object!(VDECS, VdecChannel, Vdec, add_vdec, vdec, remove_vdec);
kind_of_object!(VENCS, VencChannel, Venc, add_venc, venc, remove_venc);
kind_of_object!(
    VENC_FRAMES,
    VencFrameConfig,
    VencFrame,
    add_venc_frame,
    venc_frame,
    remove_venc_frame
);

/// Removes a picture description that the program made.
pub(crate) fn remove_picture(handle: Handle) -> Result<()> {
    if picture(handle)?.lock().in_batch {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the picture description belongs to a batch: acldvppDestroyBatchPicDesc destroys it"
        ));
    }
    take_picture(handle)
}

/// Batches: their picture descriptions.
static BATCHES: Table<Arc<[Handle]>> = Table::new(Kind::BatchPicDesc);

/// Makes a batch of picture descriptions.
pub(crate) fn add_batch(count: u32) -> Result<Handle> {
    /// As many as one call can take: each has a rectangle or two besides.
    const MOST: u32 = 256;
    if !(1..=MOST).contains(&count) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the batch has {count} pictures, wanted 1 to {MOST}"
        ));
    }
    let desc = PicDesc {
        in_batch: true,
        ..PicDesc::default()
    };
    let pictures = (0..count).map(|_| add_picture(desc)).collect();
    Ok(BATCHES.insert(|_| pictures))
}

/// Returns the picture descriptions of a batch.
pub(crate) fn batch(handle: Handle) -> Result<Arc<[Handle]>> {
    BATCHES
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

/// Removes a batch with its picture descriptions.
pub(crate) fn remove_batch(handle: Handle) -> Result<()> {
    let pictures = BATCHES
        .remove(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))?;
    pictures
        .iter()
        .try_for_each(|picture| take_picture(*picture))
}

/// Has no settings, and nothing that is simulated takes it: it is made and destroyed.
static VDEC_FRAMES: Table<()> = Table::new(Kind::VdecFrameConfig);

pub(crate) fn add_vdec_frame() -> Handle {
    VDEC_FRAMES.insert(|_| ())
}

pub(crate) fn remove_vdec_frame(handle: Handle) -> Result<()> {
    VDEC_FRAMES
        .remove(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

/// Returns what is live, by kind: the calls that made it.
pub(crate) fn live() -> [(Vec<Option<Site>>, &'static str); 14] {
    [
        (CHANNELS.made(|_| true), "channel description"),
        (PICTURES.made(|p| !p.lock().in_batch), "picture description"),
        (BATCHES.made(|_| true), "batch of picture descriptions"),
        (BORDERS.made(|_| true), "border configuration"),
        (HISTS.made(|_| true), "histogram"),
        (LUTS.made(|_| true), "table of values"),
        (STREAMS.made(|_| true), "stream description"),
        (ROIS.made(|_| true), "rectangle"),
        (RESIZES.made(|_| true), "resize configuration"),
        (JPEGE_CONFIGS.made(|_| true), "JPEG encoding configuration"),
        (VDECS.made(|_| true), "video decoding channel description"),
        (
            VDEC_FRAMES.made(|()| true),
            "video decoding frame configuration",
        ),
        (VENCS.made(|_| true), "video encoding channel description"),
        (
            VENC_FRAMES.made(|_| true),
            "video encoding frame configuration",
        ),
    ]
}

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

/// The blocks that were allocated for media: where they begin, and their sizes.
static BLOCKS: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

fn blocks() -> MutexGuard<'static, BTreeMap<usize, usize>> {
    BLOCKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Allocates memory for media: device memory that `acldvppFree` alone frees.
pub(crate) fn alloc(chip: usize, size: usize) -> Result<usize> {
    let address = memory::alloc(chip, size)?;
    blocks().insert(address, size);
    Ok(address)
}

/// Frees memory for media.
pub(crate) fn free(address: usize) -> Result<()> {
    if blocks().remove(&address).is_some() {
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
    blocks().contains_key(&address)
}

/// Says whether an address lies in a block for media.
pub(crate) fn holds(address: usize) -> bool {
    let blocks = blocks();
    let before = blocks.range(..=address).next_back();
    before.is_some_and(|(start, size)| address - start < *size)
}

/// Forgets the blocks, as the end of the process's use does: their addresses are used again.
pub(crate) fn clear() {
    blocks().clear();
}
