//! What an evaluation can be told.

use super::{EvalError, Metric, Protocol, RerankParameters};

/// Holds the settings of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The rules of counting.
    pub protocol: Protocol,
    /// The distance between features.
    pub metric: Metric,
    /// Whether, and how, to evaluate a second time with re-ranked distances.
    pub rerank: Option<RerankParameters>,
    /// The length of the CMC curve; at least 1.
    pub max_rank: usize,
    /// Bytes that tiles of distances may take, over all threads. Features and re-ranking sets come
    /// on top, and one row per thread is always taken.
    pub memory: usize,
    /// The seed of draws and of resampling.
    pub seed: u64,
    /// Draws per query under [`Protocol::Cuhk03`]; at least 1.
    pub repeats: usize,
    /// How often to draw the queries anew for a confidence interval; at least 1.
    pub bootstrap: Option<usize>,
    /// How many of the worst queries a report lists.
    pub worst: usize,
}

impl Default for Options {
    /// The reference's evaluation: Euclidean, re-ranked with 20, 6 and 0.3, ranks to 100; 1 GiB. Ten
    /// draws where there are draws, no confidence interval, the ten worst queries.
    fn default() -> Self {
        Self {
            protocol: Protocol::Market1501,
            metric: Metric::Euclidean,
            rerank: Some(RerankParameters::default()),
            max_rank: 100,
            memory: 1 << 30,
            seed: 0,
            repeats: 10,
            bootstrap: None,
            worst: 10,
        }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<(), EvalError> {
        for (name, value) in [
            ("max rank", self.max_rank),
            ("repeats", self.repeats),
            ("bootstrap", self.bootstrap.unwrap_or(1)),
        ] {
            if value == 0 {
                return Err(EvalError::Parameter {
                    name,
                    found: "0".to_owned(),
                    wanted: "at least 1",
                });
            }
        }
        self.rerank.map_or(Ok(()), |parameters| parameters.check())
    }
}
