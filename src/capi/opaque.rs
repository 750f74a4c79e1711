//! What handles point to in the header: nothing that anybody can look into.

/// AscendCL, opened and initialised: a card's library or the simulator.
///
/// Threads: may be used from any thread at any time.
#[derive(Debug)]
pub struct RuntimeHandle(());

/// A device with a context of its own.
///
/// Threads: may be used from any thread at any time.
#[derive(Debug)]
pub struct DeviceHandle(());

/// A loaded model, and device memory for its inputs and outputs.
///
/// Threads: may be used from any thread at any time; runs of one model take turns.
#[derive(Debug)]
pub struct ModelHandle(());

/// A run that was submitted.
///
/// Threads: may be used from any thread at any time.
#[derive(Debug)]
pub struct RunHandle(());

/// A model that turns pictures of people into features (MGN).
///
/// Threads: may be used from any thread at any time; calls take turns.
#[derive(Debug)]
pub struct EmbedderHandle(());

/// Features with ids, to be searched; in host memory, of any model.
///
/// Threads: may be used from any thread at any time; searches run side by side, changes alone.
#[derive(Debug)]
pub struct GalleryHandle(());

/// A model that draws people in other people's clothes (DG-Net).
///
/// Threads: may be used from any thread at any time; calls take turns.
#[derive(Debug)]
pub struct GeneratorHandle(());
