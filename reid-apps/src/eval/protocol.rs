//! The rules of counting.

use serde::{Deserialize, Serialize};

/// Names the rules by which a ranking becomes numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// The rules of Market-1501 as the MGN reference counts them.
    ///
    /// * Gallery boxes of the query's person under the query's own camera are set aside; other
    ///   persons under that camera stay.
    /// * A query left without a right answer is skipped by every figure, and listed.
    /// * Average precision is the step-wise sum `Σ (Rₙ − Rₙ₋₁) Pₙ` over *distinct* distances: boxes
    ///   at exactly the same distance form one step, so their order does not matter.
    /// * CMC and the inverse negative penalty need an order: boxes at exactly the same distance
    ///   stand in the order of their gallery rows. (The reference leaves that to an unstable sort.)
    #[default]
    Market1501,
}
