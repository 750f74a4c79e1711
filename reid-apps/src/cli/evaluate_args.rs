//! What every command that evaluates features can be told, and how it prints the figures.

use clap::Args;

use super::exit::Failure;
use super::out;
use crate::eval::{
    EvalError, GroupReport, Metric, Options, Protocol, Report, ReportError, RerankParameters,
    Section,
};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Evaluation")]
pub(super) struct EvaluationArgs {
    /// The rules of counting: market1501 (the guide's), dgnet (trapezoids, all queries count) or
    /// cuhk03 (one gallery picture of each person, drawn)
    #[arg(long, value_name = "NAME", default_value = "market1501")]
    protocol: Protocol,

    /// The distance between features: euclidean, cosine or dot (re-ranking is always Euclidean)
    #[arg(long, value_name = "NAME", default_value = "euclidean")]
    metric: Metric,

    /// The ranks of the CMC curve to print, instead of the guide's 1, 3, 5 and 10
    #[arg(long, value_name = "K,…", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    ranks: Vec<u32>,

    /// Leave re-ranking out
    #[arg(long)]
    no_rerank: bool,

    /// Re-ranking: neighbours that must be mutual
    #[arg(long, value_name = "N", default_value_t = 20)]
    k1: usize,

    /// Re-ranking: neighbours whose vectors are averaged
    #[arg(long, value_name = "N", default_value_t = 6)]
    k2: usize,

    /// Re-ranking: share of the plain distance, 0 to 1
    #[arg(long, value_name = "X", default_value_t = 0.3)]
    lambda: f64,

    /// Memory for features and distances; beyond it the gallery is gone through in parts
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = bytes)]
    memory: usize,

    /// Draw the queries anew this often for 95 % confidence intervals
    #[arg(long, value_name = "N")]
    bootstrap: Option<usize>,

    /// Draws for each query, where the protocol draws
    #[arg(long, value_name = "N", default_value_t = 10)]
    repeats: usize,

    /// The seed of all draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// List this many of the worst queries
    #[arg(long, value_name = "N", default_value_t = 0)]
    worst: usize,

    /// Print the figures of each person
    #[arg(long)]
    per_identity: bool,

    /// Print the figures of each camera
    #[arg(long)]
    per_camera: bool,
}

/// The guide's ranks; a curve is kept to 100 at least, as the JSON report has it.
const GUIDE_RANKS: [u32; 4] = [1, 3, 5, 10];

impl EvaluationArgs {
    /// Gives the settings of the evaluation.
    pub(super) fn options(&self) -> Options {
        let defaults = Options::default();
        let farthest = self.ranks.iter().max().map_or(0, |&rank| rank as usize);
        Options {
            protocol: self.protocol,
            metric: self.metric,
            rerank: (!self.no_rerank).then_some(RerankParameters {
                k1: self.k1,
                k2: self.k2,
                lambda: self.lambda,
            }),
            max_rank: defaults.max_rank.max(farthest),
            memory: self.memory,
            seed: self.seed,
            repeats: self.repeats,
            bootstrap: self.bootstrap,
            worst: self.worst.max(defaults.worst),
        }
    }

    /// Evaluates, without re-ranking where the set is too small for it, and says so.
    pub(super) fn evaluate(
        &self,
        evaluate: impl Fn(&Options) -> Result<Report, ReportError>,
    ) -> Result<Report, Failure> {
        let mut options = self.options();
        match evaluate(&options) {
            Err(ReportError::Eval(error @ EvalError::TooFewImages { .. })) => {
                log::warn!("without re-ranking: {error}");
                options.rerank = None;
                evaluate(&options)
            }
            other => other,
        }
        .map_err(Failure::ran)
    }

    /// Prints a report as it was asked for.
    ///
    /// Without any option these are the guide's two lines.
    pub(super) fn print(&self, report: &Report) -> Result<(), Failure> {
        let sections = [
            ("With    Re-Ranking", report.with_reranking.as_ref()),
            ("Without Re-Ranking", Some(&report.without_reranking)),
        ];
        for (name, section) in sections {
            let Some(section) = section else { continue };
            out!("[{name}] {}", self.line(section))?;
            if let Some(confidence) = &section.confidence {
                let [mean, penalty, first] = [
                    confidence.mean_average_precision,
                    confidence.mean_inverse_negative_penalty,
                    confidence.rank1,
                ]
                .map(|[low, high]| format!("{low:.4} to {high:.4}"));
                out!(
                    "  {:.0} % of {} resamples: mAP {mean}, mINP {penalty}, rank1 {first}",
                    confidence.level * 100.0,
                    confidence.resamples
                )?;
            }
        }
        let section = report
            .with_reranking
            .as_ref()
            .unwrap_or(&report.without_reranking);
        let ranking = match report.with_reranking {
            Some(_) => "with re-ranking",
            None => "without re-ranking",
        };
        if self.per_camera {
            table("camera", ranking, &section.per_camera)?;
        }
        if self.per_identity {
            table("person", ranking, &section.per_identity)?;
        }
        if self.worst > 0 {
            out!(
                "\n{:<24} {:>6}  first right  last right  right answers   ({ranking})",
                "worst queries",
                "AP"
            )?;
            for name in section.worst.iter().take(self.worst) {
                if let Some(query) = section.query(name) {
                    out!(
                        "{:<24} {:>6.4}  {:>11}  {:>10}  {:>13}",
                        query.name,
                        query.average_precision,
                        query.first_right,
                        query.last_right,
                        query.right
                    )?;
                }
            }
        }
        for name in &report.skipped {
            log::warn!("{name} has no right answer in the gallery");
        }
        Ok(())
    }

    fn line(&self, section: &Section) -> String {
        let (ranks, penalty) = if self.ranks.is_empty() {
            (&GUIDE_RANKS[..], String::new())
        } else {
            let penalty = section.mean_inverse_negative_penalty;
            (&self.ranks[..], format!(" mINP: {penalty:.4}"))
        };
        let mut line = format!("mAP: {:.4}{penalty}", section.mean_average_precision);
        for &rank in ranks {
            line += &format!(" rank{rank}: {:.4}", section.rank(rank as usize));
        }
        line
    }
}

fn table(what: &str, ranking: &str, groups: &[GroupReport]) -> Result<(), Failure> {
    out!("\n{what:>8}  queries     mAP   rank1  mean first right   ({ranking})")?;
    for group in groups {
        out!(
            "{:>8}  {:>7}  {:>6.4}  {:>6.4}  {:>16.2}",
            group.group,
            group.queries,
            group.mean_average_precision,
            group.rank1,
            group.mean_first_right
        )?;
    }
    Ok(())
}

/// Reads a size in bytes: a whole number, with a unit or none.
fn bytes(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "kb" => 1000,
        "m" | "mib" => 1 << 20,
        "mb" => 1_000_000,
        "g" | "gib" => 1 << 30,
        "gb" => 1_000_000_000,
        unit => return Err(format!("unit {unit:?}, wanted KiB, MiB, GiB, kB, MB or GB")),
    };
    let number: usize = digits
        .trim()
        .parse()
        .map_err(|_| format!("{text:?}, wanted a whole number and a unit, as 512MiB"))?;
    number
        .checked_mul(unit)
        .filter(|&size| size > 0)
        .ok_or_else(|| format!("{text:?}, wanted a size that this machine can count, not 0"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::bytes;

    #[test]
    fn sizes_have_units_and_what_is_none_is_told() {
        assert_eq!(bytes("4096"), Ok(4096));
        assert_eq!(bytes("1GiB"), Ok(1 << 30));
        assert_eq!(bytes("3 mb"), Ok(3_000_000));
        for (text, wanted) in [
            ("1 PiB", "unit \"pib\""),
            ("much", "unit \"much\""),
            ("-1", "a whole number"),
            ("0", "not 0"),
            ("99999999999999999999", "a whole number"),
            ("18446744073709551615k", "can count"),
        ] {
            let said = bytes(text).unwrap_err();
            assert!(said.contains(wanted), "{text}: {said}");
        }
    }
}
