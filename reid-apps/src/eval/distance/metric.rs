//! The ways of comparing two features.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::eval::EvalError;

/// Names a distance between features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Metric {
    /// `‖q − g‖`. The reference's.
    #[default]
    Euclidean,
    /// `1 − q·g / (‖q‖ ‖g‖)`.
    Cosine,
    /// `−q·g`; the sign makes the largest product the nearest.
    Dot,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Euclidean => "euclidean",
            Self::Cosine => "cosine",
            Self::Dot => "dot",
        })
    }
}

impl FromStr for Metric {
    type Err = EvalError;

    fn from_str(text: &str) -> Result<Self, EvalError> {
        [Self::Euclidean, Self::Cosine, Self::Dot]
            .into_iter()
            .find(|metric| metric.to_string() == text)
            .ok_or_else(|| EvalError::Parameter {
                name: "metric",
                found: text.to_owned(),
                wanted: "euclidean, cosine or dot",
            })
    }
}
