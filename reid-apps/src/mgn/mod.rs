//! MGN: features of people, from image files, on a device.
//!
//! The features of an image are those of the picture plus those of its mirror image, so each batch
//! runs twice. Decoding and resizing happen on the host's threads while the device runs the batch
//! before; what has been computed is kept on disk batch by batch ([`journal`]).

mod embedder;
mod extract;
pub mod journal;
mod session;

pub use embedder::{Embedder, EmbedderError, HEIGHT, IMAGE, Slot, WIDTH};
pub(crate) use extract::data_hash;
pub use extract::{ExtractError, Extraction, Outcome, extract, ranges};
pub use session::{Session, SessionError};
