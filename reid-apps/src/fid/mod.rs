//! FID and KID: how far a set of generated images is from a set of real ones.

mod error;
mod feature_file;
mod frechet;
mod kid;
mod linear;
mod moments;
mod npy;
mod sampling;
mod statistics;
mod statistics_file;

pub use error::FidError;
pub use feature_file::{FeatureRows, FileKind, file_kind, read_features};
pub use frechet::{Frechet, frechet_distance};
pub use kid::{Kid, KidOptions, kernel_distance};
pub use moments::Moments;
pub use sampling::{Sampling, TTUR_BATCH, TTUR_LIMIT, TTUR_SEED};
pub use statistics::Statistics;
pub use statistics_file::read_record;
