//! The figures of a benchmark, as they are written and compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::runner::infer::{FailedBatch, RunInfo, Throughput, stages};
use crate::runner::{Figures, Quantiles, Stage};

/// Outliers that are named; further ones are only counted.
const MOST_OUTLIERS: usize = 20;

/// How a benchmark was set up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The devices.
    pub devices: Vec<i32>,
    /// Batches under way per device.
    pub slots: usize,
    /// Threads for the host's part; 0: each device's own.
    pub workers: usize,
    /// Samples of a batch.
    pub batch: usize,
    /// Whether inputs came from files.
    pub files: bool,
}

/// A batch that took far longer than the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlier {
    /// Its number in the run.
    pub batch: u64,
    /// The stage, or `latency` for the whole way.
    pub stage: String,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// When it began, in seconds from the start.
    pub at: f64,
    /// Where.
    pub device: i32,
    /// Where on the device.
    pub slot: u32,
}

/// A benchmark's report, format 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BenchReport {
    /// The version of this form, 1.
    pub format: u32,
    /// Model, device, library, machine.
    pub run: RunInfo,
    /// How it was set up.
    pub setup: Setup,
    /// Batches that the figures are of.
    pub batches: u64,
    /// Samples that the figures are of.
    pub samples: u64,
    /// The wall-clock time of these, in seconds.
    pub seconds: f64,
    /// Batches at the start that were left out, because the run had not settled.
    pub warm_up: usize,
    /// Whether it settled at all.
    pub settled: bool,
    /// Both ways to count.
    pub throughput: Throughput,
    /// Milliseconds of each stage that happened.
    pub stages: BTreeMap<String, Quantiles>,
    /// Milliseconds from a batch's first touch to its last; with several slots a batch waits for
    /// its turn in between.
    pub latency: Quantiles,
    /// Batches beyond the outer fence (third quartile and three times the quartiles' distance), of
    /// those that are kept.
    pub outliers: Vec<Outlier>,
    /// How many outliers there were.
    pub outlier_count: usize,
    /// Batches that failed.
    pub failed: Vec<FailedBatch>,
    /// Whether it was stopped.
    pub interrupted: bool,
}

impl BenchReport {
    /// Puts figures into words.
    #[must_use]
    pub fn new(
        run: RunInfo,
        setup: Setup,
        (figures, warm_up, settled): (&Figures, usize, bool),
        formula_batch: usize,
    ) -> Self {
        let mut outliers = outliers(figures);
        let outlier_count = outliers.len();
        outliers.truncate(MOST_OUTLIERS);
        Self {
            format: 1,
            run,
            setup,
            batches: figures.batches(),
            samples: figures.items(),
            seconds: figures.wall().as_secs_f64(),
            warm_up,
            settled,
            throughput: Throughput::of(figures, formula_batch),
            stages: stages(figures),
            latency: figures.latency().quantiles(),
            outliers,
            outlier_count,
            failed: Vec::new(),
            interrupted: false,
        }
    }

    /// Returns the stages in their order, and the whole way.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &Quantiles)> {
        Stage::ALL
            .into_iter()
            .filter_map(|stage| Some((stage.name(), self.stages.get(stage.name())?)))
            .chain(std::iter::once(("latency", &self.latency)))
    }

    /// Returns the figures as CSV: a line per stage, milliseconds.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out = String::from("stage,count,min,mean,median,p90,p95,p99,p99.9,max\n");
        for (name, q) in self.rows() {
            let _ = writeln!(
                out,
                "{name},{},{},{},{},{},{},{},{},{}",
                q.count, q.min, q.mean, q.median, q.p90, q.p95, q.p99, q.p99_9, q.max
            );
        }
        out
    }
}

/// Finds batches beyond the outer fence of their stage, the worst first.
fn outliers(figures: &Figures) -> Vec<Outlier> {
    let mut found = Vec::new();
    let mut look =
        |name: &str, of: &dyn Fn(&crate::runner::Trace) -> Option<crate::runner::Span>| {
            let times = figures.traces().iter().filter_map(of);
            let mut sorted: Vec<f64> = times.map(|span| span.length.as_secs_f64() * 1e3).collect();
            if sorted.len() < 20 {
                return;
            }
            sorted.sort_by(f64::total_cmp);
            let (low, high) = (sorted[sorted.len() / 4], sorted[sorted.len() * 3 / 4]);
            let fence = high + 3.0 * (high - low);
            for trace in figures.traces() {
                let Some(span) = of(trace) else { continue };
                let ms = span.length.as_secs_f64() * 1e3;
                if ms > fence {
                    found.push(Outlier {
                        batch: trace.batch,
                        stage: name.to_owned(),
                        ms,
                        at: span.start.as_secs_f64(),
                        device: trace.device,
                        slot: trace.slot,
                    });
                }
            }
        };
    for stage in [Stage::Upload, Stage::Execute, Stage::Download] {
        look(stage.name(), &|trace| trace.span(stage));
    }
    look("latency", &|trace| Some(trace.whole));
    found.sort_by(|a, b| b.ms.total_cmp(&a.ms).then(a.batch.cmp(&b.batch)));
    found
}

/// What the comparison of two reports says.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Lines for people.
    pub lines: Vec<String>,
    /// What got worse by more than the tolerance.
    pub worse: Vec<String>,
}

/// Compares two reports; `tolerance` is a share, 0.05 for five per cent.
///
/// Judged are both throughputs, the median of the executions and the 99th percentile of the whole
/// way; the other lines are for reading.
#[must_use]
pub fn compare(before: &BenchReport, after: &BenchReport, tolerance: f64) -> Comparison {
    let (mut lines, mut worse) = (Vec::new(), Vec::new());
    let mut differ = |what: &str, a: &str, b: &str| {
        if a != b {
            lines.push(format!("note: {what} differs: {a} / {b}"));
        }
    };
    differ("the model", &before.run.sha256, &after.run.sha256);
    differ("the device", &before.run.device(), &after.run.device());
    differ(
        "the machine",
        &before.run.machine.name,
        &after.run.machine.name,
    );
    differ(
        "the setup",
        &format!("{:?}", before.setup),
        &format!("{:?}", after.setup),
    );
    let mut judge = |name: String, a: f64, b: f64, more_is_better: bool, judged: bool| {
        let change = if a > 0.0 { b / a - 1.0 } else { 0.0 };
        let loss = if more_is_better { -change } else { change };
        let bad = judged && loss > tolerance;
        let mark = if bad { "  WORSE" } else { "" };
        lines.push(format!(
            "{name:<24} {a:>12.3} {b:>12.3}  {:+7.2} %{mark}",
            change * 100.0
        ));
        if bad {
            worse.push(format!("{name}: {a:.3} became {b:.3}"));
        }
    };
    let (a, b) = (before.throughput, after.throughput);
    judge(
        "samples/s, formula".to_owned(),
        a.execute,
        b.execute,
        true,
        true,
    );
    judge(
        "samples/s, wall clock".to_owned(),
        a.wall,
        b.wall,
        true,
        true,
    );
    for (name, a) in before.rows() {
        let Some((_, b)) = after.rows().find(|(other, _)| *other == name) else {
            continue;
        };
        judge(
            format!("{name} median ms"),
            a.median,
            b.median,
            false,
            name == "execute",
        );
        judge(
            format!("{name} p99 ms"),
            a.p99,
            b.p99,
            false,
            name == "latency",
        );
    }
    Comparison { lines, worse }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_beyond_the_tolerance_is_named_and_a_gain_is_not() {
        let mut before = BenchReport {
            throughput: Throughput {
                execute: 100.0,
                wall: 50.0,
            },
            latency: Quantiles {
                p99: 2.0,
                ..Quantiles::default()
            },
            ..BenchReport::default()
        };
        let after = BenchReport {
            throughput: Throughput {
                execute: 200.0,
                wall: 48.0,
            },
            ..before.clone()
        };
        assert!(compare(&before, &after, 0.05).worse.is_empty());
        let worse = compare(&before, &after, 0.03).worse;
        assert_eq!(worse, ["samples/s, wall clock: 50.000 became 48.000"]);
        before.latency.p99 = 1.0;
        before.run.sha256 = "x".to_owned();
        let found = compare(&before, &after, 0.05);
        assert_eq!(found.worse.len(), 1);
        assert!(found.lines[0].contains("the model differs"));
    }
}
