//! FID and KID: how far a set of generated images is from a set of real ones.
//!
//! Features come from a file ([`read_features`]) or from a model over a folder ([`ImageSet`],
//! [`FeatureNetwork`], [`FeatureRecipe`]) and go row by row into [`Moments`], whose memory does not
//! grow with them. Two [`Statistics`] give a [`Frechet`] distance; a [`FidReport`] puts it beside
//! everything that it depends on.

mod error;
mod feature_file;
mod frechet;
mod images;
mod kid;
mod linear;
mod moments;
mod network;
mod npy;
mod prepare;
mod recipe;
mod record;
mod sampling;
mod statistics;
mod statistics_file;

pub use error::FidError;
pub use feature_file::{FeatureRows, FileKind, TakeRows, file_kind, read_features};
pub use frechet::{Frechet, frechet_distance};
pub use images::ImageSet;
pub use kid::{Kid, KidOptions, kernel_distance};
pub use moments::Moments;
pub use network::FeatureNetwork;
pub use recipe::{Colours, FeatureRecipe, Layout, Resize, Rule};
pub use record::{FidReport, NetworkRecord, REPORT_FORMAT, SetRecord, tool};
pub use sampling::{Sampling, TTUR_BATCH, TTUR_LIMIT, TTUR_SEED};
pub use statistics::Statistics;
pub use statistics_file::read_record;
