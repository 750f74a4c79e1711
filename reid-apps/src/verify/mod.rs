//! Whether a model may be trusted: the same questions put to it in several ways, and to a second model.
//!
//! | check | what is asked | what must hold |
//! |---|---|---|
//! | `repeat` | the same rows again | the same numbers |
//! | `place in the batch` | the rows in reverse order | the same numbers in reverse order, for a batch above 1 |
//! | `input … matters` | one input's rows moved on by one, the others as they were | other numbers, for models of several inputs |
//! | `mirrored` | each image mirrored | nearer to the image's own answer than other images' answers are, for feature vectors |
//! | `half precision` | the ONNX with every result rounded to half precision | cosine at least the threshold |
//! | `against` | the second model: another batch, the ONNX an `.om` was made from, another precision | cosine at least the threshold |
//!
//! Cosines are between the numbers of one row of one output. The threshold of 0.999 is what half precision leaves of a
//! network of this size; two batches of one file should come out at 1.

mod checks;
mod images;
mod measure;
mod subject;

pub use checks::{Check, Options, Verdict, verify};
pub use images::Rows;
pub use measure::Agreement;
pub use subject::{Port, Subject, VerifyError};
