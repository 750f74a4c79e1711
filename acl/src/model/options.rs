//! What a load can be given.

use std::sync::Arc;

use crate::DeviceBuffer;

/// The memory that a model needs on the device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelMemory {
    /// For intermediate results; may be shared by models that never run at the same time.
    pub work: usize,
    /// For weights; may be shared by several loads of the same model.
    pub weights: usize,
}

/// Memory of the caller's for a model to be loaded; the library allocates what is not given.
///
/// The model holds the buffers, so they live long enough. That models with one work area never run
/// at the same time is up to the caller: their results would be garbled.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Memory for intermediate results, at least [`ModelMemory::work`] bytes.
    pub work: Option<Arc<DeviceBuffer>>,
    /// Memory for weights, at least [`ModelMemory::weights`] bytes.
    pub weights: Option<Arc<DeviceBuffer>>,
}

impl LoadOptions {
    /// Gives memory for intermediate results.
    #[must_use]
    pub fn work(mut self, buffer: Arc<DeviceBuffer>) -> Self {
        self.work = Some(buffer);
        self
    }

    /// Gives memory for weights.
    #[must_use]
    pub fn weights(mut self, buffer: Arc<DeviceBuffer>) -> Self {
        self.weights = Some(buffer);
        self
    }
}
