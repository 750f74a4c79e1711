//! Evaluation of DG-Net's embedding, by DG-Net's own conventions.
//!
//! DG-Net's appearance encoder gives two embeddings of 512 numbers each, of which the second is
//! weighted by alpha. Its evaluator counts otherwise than the one of MGN ([`crate::eval`]), so the
//! figures of the two do not compare:
//!
//! | | here | [`crate::eval`] |
//! |---|---|---|
//! | average precision | trapezoidal: mean of the precision before and at each right answer | steps |
//! | CMC and mAP divide by | **all** queries, also those without a right answer | those with one |
//! | junk, id -1 | may be in the gallery, is removed for every query | is not in the gallery |
//! | equal scores | stand in the reverse order of their rows | are one step |
//!
//! **Source**: the conventions of NVlabs/DG-Net, `test_2label.py` and `evaluate_gpu.py`.

mod embed;
mod evaluate;

pub use embed::{HALF, Weighting, embed_halves};
pub use evaluate::{DgnetScores, evaluate};

/// Tells why an evaluation could not be made. Rows count from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DgnetEvalError {
    /// Two things that belong together differ in size.
    #[error("{what}: found {found}, wanted {wanted}; both must come from the same extraction")]
    Shape {
        /// What was counted.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The size it should have.
        wanted: usize,
    },
    /// The features cannot be two embeddings.
    #[error(
        "{what}: {found} numbers per row, wanted an even number (2 x 512 of DG-Net); take the model's output with both embeddings"
    )]
    Halves {
        /// The matrix.
        what: &'static str,
        /// Numbers per row.
        found: usize,
    },
    /// There is nothing to evaluate.
    #[error("{set}: no rows, wanted at least one; extract the features again")]
    Empty {
        /// The set.
        set: &'static str,
    },
    /// An embedding is zero throughout, NaN or infinite.
    #[error(
        "{what}: row {row}, embedding {half} is {found}, wanted a direction; extract the features of this image again"
    )]
    Row {
        /// The matrix.
        what: &'static str,
        /// The row.
        row: usize,
        /// 1 or 2.
        half: usize,
        /// `zero throughout` or `not finite`.
        found: &'static str,
    },
    /// Alpha is no number.
    #[error("alpha: found {0}, wanted a finite number, not negative, such as 0.5")]
    Alpha(f64),
}
