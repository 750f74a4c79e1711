//! What is simulated: the chip, its memory and its limits.
//!
//! The values that the public documents do not give are this project's choice, and marked so.

/// A kind of device.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// What `aclrtGetSocName` answers.
    pub(crate) soc: std::ffi::CString,
    /// Chips of this kind, 1 to 16.
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

/// Returns the profile of this process.
pub(crate) fn profile() -> &'static Profile {
    static PROFILE: std::sync::LazyLock<Profile> = std::sync::LazyLock::new(|| Profile {
        soc: c"Ascend310P3".to_owned(),
        chips: 1,
        memory: 21 << 30,
        streams: 1024,
        events: 1023,
        version: (1, 17, 0),
    });
    &PROFILE
}
