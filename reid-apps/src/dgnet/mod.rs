//! DG-Net: people drawn in other people's clothes, from image files, on a device.
//!
//! The steps of the guide, each usable alone: [`prepare`] sorts a data set into one folder for each
//! person, [`Pairing`] says who wears whose clothes, [`preprocess`] writes network inputs for other
//! runners and [`postprocess`] reads their results, [`generate`] does all of it without files in
//! between. [`OutputFolder`] keeps runs apart. Sheets to look at are in [`sheets`].
//!
//! Terms, as the network's authors use them: the *structure* image gives pose, hair, face and
//! background, and loses its colours; the *content* image gives the clothes. The picture is the
//! content's person in the structure's pose.

mod codes;
mod distance;
mod error;
mod generator;
mod names;
mod output;
mod pairing;
mod people;
mod picture;
mod postprocess;
mod prepare;
mod preprocess;
mod run;
mod session;
pub mod sheets;
mod truth;

pub use codes::{Coder, Codes};
pub use distance::{Distance, changed};
pub use error::DgnetError;
pub use generator::{Generator, GeneratorError, Pictures, Shape};
pub use names::{Naming, PairName};
pub use output::{OutputFolder, RECORD};
pub use pairing::{Pair, Pairing, pairs_text, permuted, read_pairs};
pub use people::{People, Sample};
pub use picture::{Format, denormalise};
pub use postprocess::{Postprocessed, postprocess, postprocess_record};
pub use prepare::{Link, Prepared, prepare};
pub use preprocess::{InputFolders, Written, preprocess, preprocess_record};
pub use run::{Failed, Job, Task, generate};
pub use session::{Session, SessionError};
pub use truth::{Truth, as_structure, resized};
