//! What is simulated: the chip, its memory and its limits.
//!
//! The values that the public documents do not give are this project's choice, and marked so.

/// A kind of device.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// What `aclrtGetSocName` answers.
    pub(crate) soc: &'static std::ffi::CStr,
    /// Chips of this kind.
    pub(crate) chips: u32,
    /// Bytes of device memory per chip. (Our choice: the 24 GB of an Atlas 300I Pro, less a tenth.)
    pub(crate) memory: usize,
    /// Streams per chip, the default ones included.
    pub(crate) streams: usize,
    /// Events per chip.
    pub(crate) events: usize,
    /// The interface's version: major, minor, patch (that of the headers).
    pub(crate) version: (i32, i32, i32),
}

/// An Ascend 310P3, one chip.
pub(crate) static PROFILE: Profile = Profile {
    soc: c"Ascend310P3",
    chips: 1,
    memory: 21 << 30,
    streams: 1024,
    events: 1023,
    version: (1, 17, 0),
};
