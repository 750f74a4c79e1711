//! The three numbers of re-ranking.

use serde::{Deserialize, Serialize};

use crate::eval::EvalError;

/// Holds the settings of re-ranking.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RerankParameters {
    /// Neighbours that are looked at for reciprocity; at least 1.
    pub k1: usize,
    /// Neighbours whose sets are averaged, the image itself included; 1 to k1 + 1, and 1 is none.
    pub k2: usize,
    /// The share of the plain distance in the result, 0 to 1.
    pub lambda: f64,
}

impl Default for RerankParameters {
    /// The values of the paper and of the reference: 20, 6, 0.3.
    fn default() -> Self {
        Self {
            k1: 20,
            k2: 6,
            lambda: 0.3,
        }
    }
}

impl RerankParameters {
    pub(in crate::eval) fn check(self) -> Result<(), EvalError> {
        let wrong = |name, found: String, wanted| {
            Err(EvalError::Parameter {
                name,
                found,
                wanted,
            })
        };
        if self.k1 == 0 {
            return wrong("k1", self.k1.to_string(), "at least 1");
        }
        // Only the first k1 + 1 places of a ranking are put in order.
        if self.k2 == 0 || self.k2 > self.k1 + 1 {
            return wrong("k2", self.k2.to_string(), "1 to k1 + 1");
        }
        if !(0.0..=1.0).contains(&self.lambda) {
            return wrong("lambda", self.lambda.to_string(), "0 to 1");
        }
        Ok(())
    }

    /// Halves k1, rounding to even: 20 gives 10, 5 gives 2, 7 gives 4.
    pub(super) fn half_k1(self) -> usize {
        match self.k1 % 4 {
            3 => self.k1 / 2 + 1,
            _ => self.k1 / 2,
        }
    }
}
