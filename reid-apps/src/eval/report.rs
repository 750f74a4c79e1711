//! What an evaluation says in the end.

use std::fmt;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::groups;
use super::scores::{rank_of, write_line};
use super::{
    Chance, Confidence, DistanceRows, EvalError, FeatureDistances, GroupReport, Metric, Options,
    Protocol, QueryScore, RerankParameters, Reranked, Scores, embed, evaluate,
};
use crate::data::Label;
use crate::features::{Features, Provenance, Row, SetFeatures};

/// The version of the report's JSON form.
pub const REPORT_FORMAT: u32 = 1;

/// Holds a finished evaluation.
///
/// `Display` gives the reference's lines, re-ranked first, and nothing else:
///
/// ```text
/// [With    Re-Ranking] mAP: 0.8374 rank1: 0.8298 rank3: 0.9574 rank5: 0.9787 rank10: 1.0000
/// [Without Re-Ranking] mAP: 0.6408 rank1: 0.8511 rank3: 0.9787 rank5: 0.9787 rank10: 1.0000
/// ```
///
/// The JSON form has one key per field; keys may be added under the same `format`, and a key that
/// changes its meaning changes the number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The form's version, [`REPORT_FORMAT`].
    pub format: u32,
    /// Whether a simulator stood in for the card when the features were made.
    pub simulated: bool,
    /// Where the features come from.
    pub provenance: Provenance,
    /// The rules of counting.
    pub protocol: Protocol,
    /// The distance between features.
    pub metric: Metric,
    /// The number of queries, skipped ones included.
    pub queries: usize,
    /// The number of gallery rows.
    pub gallery: usize,
    /// The names of queries without any right answer.
    pub skipped: Vec<String>,
    /// What a random ranking would score.
    pub chance: Chance,
    /// The settings of re-ranking, if it was done.
    pub rerank: Option<RerankParameters>,
    /// The figures with re-ranking, if it was done.
    pub with_reranking: Option<Section>,
    /// The figures of the plain distances.
    pub without_reranking: Section,
}

/// Holds the figures of one ranking, with the queries by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Mean average precision, 0 to 1.
    #[serde(rename = "mAP")]
    pub mean_average_precision: f64,
    /// Mean inverse negative penalty, 0 to 1.
    #[serde(rename = "mINP")]
    pub mean_inverse_negative_penalty: f64,
    /// Element `k` is the share of queries with a right answer among the first `k + 1`.
    pub cmc: Vec<f64>,
    /// How far the figures would vary with other queries, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// The queries that count, in row order.
    pub per_query: Vec<QueryReport>,
    /// The names of the worst queries, lowest precision first, equal ones in row order.
    #[serde(default)]
    pub worst: Vec<String>,
    /// The figures of each person that is searched for, ascending.
    #[serde(default)]
    pub per_identity: Vec<GroupReport>,
    /// The figures of each camera that is searched from, ascending.
    #[serde(default)]
    pub per_camera: Vec<GroupReport>,
}

/// Holds the figures of one query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryReport {
    /// The image's name.
    pub name: String,
    /// Its average precision, 0 to 1.
    pub average_precision: f64,
    /// The rank of the nearest right answer, from 1.
    pub first_right: usize,
    /// The rank of the farthest right answer, from 1.
    pub last_right: usize,
    /// Right answers in the gallery.
    pub right: usize,
}

impl Section {
    fn new(scores: Scores, rows: &[Row], worst: usize) -> Self {
        let name = |score: &QueryScore| rows[score.query].name.clone();
        let per_query = scores.queries.iter().map(|score| QueryReport {
            name: name(score),
            average_precision: score.average_precision,
            first_right: score.first_right,
            last_right: score.last_right,
            right: score.right,
        });
        Self {
            mean_average_precision: scores.mean_average_precision,
            mean_inverse_negative_penalty: scores.mean_inverse_negative_penalty,
            confidence: scores.confidence,
            per_query: per_query.collect(),
            worst: groups::worst(&scores.queries, worst)
                .into_iter()
                .map(|index| name(&scores.queries[index]))
                .collect(),
            per_identity: groups::group(&scores.queries, rows, |row| i64::from(row.id.0)),
            per_camera: groups::group(&scores.queries, rows, |row| i64::from(row.camera.0)),
            cmc: scores.cmc,
        }
    }

    /// Returns the share of queries with a right answer among the first `rank`, from 1; beyond the
    /// curve's end its last value.
    #[must_use]
    pub fn rank(&self, rank: usize) -> f64 {
        rank_of(&self.cmc, rank)
    }

    /// Finds a query that counts by its name.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&QueryReport> {
        self.per_query.iter().find(|query| query.name == name)
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_line(f, self.mean_average_precision, &self.cmc)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(section) = &self.with_reranking {
            writeln!(f, "[With    Re-Ranking] {section}")?;
        }
        write!(f, "[Without Re-Ranking] {}", self.without_reranking)
    }
}

/// Evaluates a features folder.
///
/// # Errors
/// [`EvalError`], in particular [`EvalError::TooFewImages`] if re-ranking is asked for and the set
/// is too small for it.
pub fn report_features(features: &Features, options: &Options) -> Result<Report, EvalError> {
    options.check()?;
    let unit = |what, set: &SetFeatures| embed(what, set.plain.view(), set.flip.view());
    let query = unit("query features", &features.query)?;
    let gallery = unit("gallery features", &features.gallery)?;
    let parts = Parts {
        provenance: &features.provenance,
        rows: &features.query.rows,
        query_labels: &features.query.labels(),
        gallery_labels: &features.gallery.labels(),
    };
    report_units(&parts, query.view(), gallery.view(), options)
}

/// What a report says besides figures.
pub(super) struct Parts<'a> {
    pub(super) provenance: &'a Provenance,
    pub(super) rows: &'a [Row],
    pub(super) query_labels: &'a [Label],
    pub(super) gallery_labels: &'a [Label],
}

/// Evaluates features of length one.
pub(super) fn report_units(
    parts: &Parts<'_>,
    query: ArrayView2<'_, f32>,
    gallery: ArrayView2<'_, f32>,
    options: &Options,
) -> Result<Report, EvalError> {
    let scored = |source: &dyn DistanceRows| {
        evaluate(source, parts.query_labels, parts.gallery_labels, options)
    };
    let plain = scored(&FeatureDistances::new(options.metric, query, gallery)?)?;
    let reranked = match options.rerank {
        None => None,
        Some(parameters) => Some(scored(&Reranked::new(query, gallery, parameters)?)?),
    };
    parts.assemble(plain, reranked, options)
}

impl Parts<'_> {
    pub(super) fn assemble(
        &self,
        plain: Scores,
        reranked: Option<Scores>,
        options: &Options,
    ) -> Result<Report, EvalError> {
        let (query, gallery) = (self.query_labels, self.gallery_labels);
        let none = EvalError::NoAnswer {
            queries: query.len(),
        };
        let chance = Chance::of(query, gallery, options.max_rank, options.protocol).ok_or(none)?;
        let skipped = plain.skipped.iter();
        let section = |scores| Section::new(scores, self.rows, options.worst);
        Ok(Report {
            format: REPORT_FORMAT,
            simulated: self.provenance.simulated,
            provenance: self.provenance.clone(),
            protocol: options.protocol,
            metric: options.metric,
            queries: query.len(),
            gallery: gallery.len(),
            skipped: skipped.map(|&row| self.rows[row].name.clone()).collect(),
            chance,
            rerank: options.rerank,
            with_reranking: reranked.map(section),
            without_reranking: section(plain),
        })
    }
}
