//! The rules of counting.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::EvalError;

/// Names the rules by which a ranking becomes numbers.
///
/// Under each of them gallery boxes of the query's person under the query's own camera are set
/// aside (other persons under that camera stay), and wherever an order is needed, boxes at exactly
/// the same distance stand in the order of their gallery rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// The rules of Market-1501 as the MGN reference counts them.
    ///
    /// * A query left without a right answer is skipped by every figure, and listed.
    /// * Average precision is the step-wise sum `Σ (Rₙ − Rₙ₋₁) Pₙ` over *distinct* distances: boxes
    ///   at exactly the same distance form one step, so their order does not matter.
    /// * CMC and the inverse negative penalty need an order. (The reference leaves that of equal
    ///   distances to an unstable sort.)
    #[default]
    Market1501,
    /// The rules of DG-Net's repository, which are those of the first evaluators of Market-1501.
    ///
    /// * Average precision is trapezoidal: for each right answer the mean of the precision just
    ///   before it and at it, where the precision before the first place is 1.
    /// * Every figure is divided by *all* queries: one without a right answer counts as zero.
    DgNet,
    /// The rules of CUHK03, one gallery box per person ("single gallery shot").
    ///
    /// * For every query and every draw, one of the boxes that are not set aside is drawn for each
    ///   person of the gallery, evenly; the right answer's place among these is the query's rank.
    ///   CMC is the share of queries and draws together; average precision and inverse negative
    ///   penalty are the mean of `1 / rank`, as each draw has one right answer.
    /// * Draws follow from the seed, the query's row and the number of the draw alone.
    /// * A query without a right answer is skipped by every figure, and listed.
    ///
    /// Source: Li, Zhao, Xiao, Wang: "DeepReID", CVPR 2014, section 5.
    Cuhk03,
}

impl Protocol {
    /// Tells whether a query without a right answer counts as zero instead of not at all.
    #[must_use]
    pub fn counts_all(self) -> bool {
        self == Self::DgNet
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Market1501 => "market1501",
            Self::DgNet => "dgnet",
            Self::Cuhk03 => "cuhk03",
        })
    }
}

impl FromStr for Protocol {
    type Err = EvalError;

    fn from_str(text: &str) -> Result<Self, EvalError> {
        [Self::Market1501, Self::DgNet, Self::Cuhk03]
            .into_iter()
            .find(|protocol| protocol.to_string() == text)
            .ok_or_else(|| EvalError::Parameter {
                name: "protocol",
                found: text.to_owned(),
                wanted: "market1501, dgnet or cuhk03",
            })
    }
}
