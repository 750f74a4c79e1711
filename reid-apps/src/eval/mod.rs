//! How well features find people: distances, average precision, CMC and re-ranking.
//!
//! The numbers of a re-identification paper depend on details that its formulas leave open: what
//! equal distances mean, whether a query without an answer counts, which boxes of the gallery are
//! set aside. Each is decided here as the reference program decides it, and where that program
//! leaves the decision to an unstable sort, by a rule that is stated ([`Protocol`]).
//!
//! Everything works on *rows of distances* ([`DistanceRows`]): one query against the whole gallery,
//! a tile of queries at a time, in parallel, so that the full matrix never exists unless somebody
//! asks for it. No result depends on the size of a tile or the number of threads.
//!
//! The path of one evaluation: [`embed`] → [`FeatureDistances`] and [`Reranked`] → [`evaluate`] →
//! [`Report`]; [`report_features`] walks it for a features folder.

mod bootstrap;
mod chance;
mod count;
mod distance;
mod embed;
mod error;
mod evaluate;
mod groups;
mod options;
mod protocol;
mod ranked;
mod report;
mod rerank;
mod score;
mod scores;
mod single_shot;
mod stored;
mod tiles;

pub use bootstrap::Confidence;
pub use chance::Chance;
pub use count::{Screen, ScreenTile};
pub use distance::{DistanceMatrix, DistanceRows, FeatureDistances, Metric, full_matrix};
pub use embed::embed;
pub use error::EvalError;
pub use evaluate::evaluate;
pub use groups::GroupReport;
pub use options::Options;
pub use protocol::Protocol;
pub use ranked::{Ranked, Standing, rank_query};
pub use report::{QueryReport, REPORT_FORMAT, Report, Section, report_features};
pub use rerank::{RerankParameters, Reranked};
pub use score::QueryScore;
pub use scores::Scores;
pub use stored::{ReportError, report_folder};
