//! What can go wrong in a pipeline.

/// Tells why a pipeline could not begin or had to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// A slot's memory could not be had.
    #[error(
        "device {device}: the memory of slot {slot} of {slots} could not be had: {source}; use fewer --slots, or a smaller batch"
    )]
    Slot {
        /// The device.
        device: i32,
        /// The slot, from 1.
        slot: usize,
        /// The slots wanted.
        slots: usize,
        /// What AscendCL said.
        source: acl::Error,
    },
    /// No device is left.
    #[error(
        "device {device} is gone and no other is left: {reason}; `reid doctor` looks at what is wrong"
    )]
    NoDevice {
        /// The last device.
        device: i32,
        /// What AscendCL said.
        reason: String,
    },
}

/// Tells why one batch failed; the others go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError<E> {
    /// The batch could not be filled, or its outputs could not be used.
    #[error(transparent)]
    Work(E),
    /// The device failed at it.
    #[error("device {device}: {source}")]
    Device {
        /// The device.
        device: i32,
        /// What AscendCL said.
        source: acl::Error,
    },
    /// Its device was lost and no other was left.
    #[error("the device was lost before it was done: {0}")]
    Lost(acl::Error),
}
