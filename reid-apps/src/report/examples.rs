//! The queries that are shown, with their answers.

use crate::eval::{FeatureDistances, QueryReport, Ranked, embed, rank_query};

use super::{HtmlReport, ReportError};

/// A query with the gallery boxes nearest to it.
pub(super) struct Example<'a> {
    pub(super) score: &'a QueryReport,
    pub(super) row: usize,
    pub(super) answers: Vec<Ranked>,
}

/// Returns the best and the worst queries by the plain distances' average precision.
///
/// Best come best first, worst come worst first; equal ones stand in row order. No query is in both
/// lists: of few queries, the better half goes to the best.
pub(super) fn examples<'a>(
    html: &HtmlReport<'a>,
) -> Result<(Vec<Example<'a>>, Vec<Example<'a>>), ReportError> {
    let features = html.features;
    let mut order: Vec<(usize, &QueryReport)> = Vec::new();
    for score in &html.report.without_reranking.per_query {
        if let Some(row) = features.query.position(&score.name) {
            order.push((row, score));
        }
    }
    order.sort_by(|a, b| {
        let by_precision = b.1.average_precision.total_cmp(&a.1.average_precision);
        by_precision.then(a.0.cmp(&b.0))
    });
    let best = html.examples.min(order.len().div_ceil(2));
    let worst = html.examples.min(order.len() - best);
    if best == 0 {
        return Ok((Vec::new(), Vec::new()));
    }

    let query = embed(
        "query features",
        features.query.plain.view(),
        features.query.flip.view(),
    )?;
    let gallery = embed(
        "gallery features",
        features.gallery.plain.view(),
        features.gallery.flip.view(),
    )?;
    let distances = FeatureDistances::new(html.report.metric, query.view(), gallery.view())?;
    let labels = (features.query.labels(), features.gallery.labels());
    let example = |&(row, score): &(usize, &'a QueryReport)| -> Result<_, ReportError> {
        let answers = rank_query(&distances, row, &labels.0, &labels.1, html.answers)?;
        Ok(Example {
            score,
            row,
            answers,
        })
    };
    let best = order[..best].iter().map(example).collect::<Result<_, _>>();
    let worst = order[order.len() - worst..].iter().rev().map(example);
    Ok((best?, worst.collect::<Result<_, _>>()?))
}
