//! A benchmark as one HTML file that stands alone, in the manner of [`crate::report`].

use std::fmt::Write as _;

use super::report::BenchReport;
use crate::report::escape;
use crate::runner::{Distribution, Figures, Stage, Trace};

const STYLE: &str = include_str!("../../report/style.css");
/// Colours of the stages: fixed, readable on light and dark.
const COLOURS: &str = ".s0{fill:#8d99a6}.s1{fill:#b08968}.s2{fill:#c9a227}.s3{fill:#2a9d8f}\
    .s4{fill:#1f6fd6}.s5{fill:#8e5bd0}.s6{fill:#d1495b}.s7{fill:#e07a1f}\
    .lane{fill:var(--rule);opacity:.35}.dot{display:inline-block;width:12px;height:12px;\
    margin-right:6px;vertical-align:-1px}";

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 120.0;
const ROW: f64 = 26.0;
/// Batches that the timeline shows.
const SHOWN: usize = 48;

/// Draws the page.
#[must_use]
pub fn page(report: &BenchReport, figures: &Figures) -> String {
    let mut out = String::new();
    let title = format!("Benchmark of {}", escape(&report.run.model));
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}{COLOURS}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n<p class=\"soft\">{} batches of {} in {:.2} s on {} device(s), {} slots \
         each</p>\n",
        report.batches,
        report.setup.batch,
        report.seconds,
        report.setup.devices.len(),
        report.setup.slots
    );
    if report.run.simulated {
        let simulator = report.run.simulator.as_deref().unwrap_or("the simulator");
        let _ = writeln!(
            out,
            "<p class=\"note\"><strong>Simulated device:</strong> {}. These times are those of a \
             CPU or of a model of a card, not of a card.</p>",
            escape(simulator)
        );
    }
    if !report.settled {
        out.push_str(
            "<p class=\"note\">The execution times had not settled: run longer \
             (<code>--duration</code>).</p>\n",
        );
    }
    cards(&mut out, report);
    let _ = write!(
        out,
        "<h2>Timeline</h2>\n<figure><figcaption>The first {} batches after the warm-up, by slot\
         </figcaption>{}{}</figure>\n",
        figures.traces().len().min(SHOWN),
        timeline(figures.traces()),
        legend(figures)
    );
    let _ = write!(
        out,
        "<h2>Latency</h2>\n<div class=\"charts\">\n<figure><figcaption>Executions, ms</figcaption>\
         {}</figure>\n<figure><figcaption>A batch's whole way, ms</figcaption>{}</figure>\n</div>\n",
        histogram("execute", figures.stage(Stage::Execute)),
        histogram("whole", figures.latency())
    );
    table(&mut out, report);
    outliers(&mut out, report);
    facts(&mut out, report);
    let _ = write!(
        out,
        "<footer>Written by {} {}. This file refers to nothing outside itself.</footer>\n</main>\n\
         </body>\n</html>\n",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION")
    );
    out
}

fn cards(out: &mut String, report: &BenchReport) {
    out.push_str("<ul class=\"cards\">\n");
    let execute = report.stages.get("execute").copied().unwrap_or_default();
    for (name, value) in [
        (
            "samples/s of wall-clock time",
            format!("{:.1}", report.throughput.wall),
        ),
        (
            "samples/s by the formula",
            format!("{:.1}", report.throughput.execute),
        ),
        ("ms an execution, median", format!("{:.3}", execute.median)),
        (
            "ms a whole batch, p99",
            format!("{:.3}", report.latency.p99),
        ),
    ] {
        let _ = writeln!(out, "<li><b>{value}</b><span>{name}</span></li>");
    }
    out.push_str(
        "</ul>\n<p class=\"soft\">By the formula: 1000 x batch size / mean milliseconds of an \
         execution, what one device could do if it never waited. Wall clock: samples per second \
         from the first byte of the first batch to the last of the last, all devices together, \
         which is what the run did.</p>\n",
    );
}

/// Draws what each slot did when.
fn timeline(traces: &[Trace]) -> String {
    let shown = &traces[..traces.len().min(SHOWN)];
    let Some(begin) = shown.iter().map(|trace| trace.whole.start).min() else {
        return "<p>No batch went through.</p>".to_owned();
    };
    let end = shown
        .iter()
        .map(|trace| trace.whole.start + trace.whole.length)
        .max()
        .unwrap_or(begin);
    let all = (end - begin).as_secs_f64().max(1e-9);
    let mut rows: Vec<(i32, u32)> = shown
        .iter()
        .map(|trace| (trace.device, trace.slot))
        .collect();
    rows.sort_unstable();
    rows.dedup();
    let height = ROW * rows.len() as f64 + 34.0;
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"tl-t\">\
         <title id=\"tl-t\">What each slot did when: {} slots, {:.3} ms</title>\n",
        rows.len(),
        all * 1e3
    );
    let scale = (WIDTH - LEFT - 10.0) / all;
    for (index, (device, slot)) in rows.iter().enumerate() {
        let y = ROW * index as f64;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">device {device} slot {slot}</text>\
             <rect class=\"lane\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            LEFT - 8.0,
            y + ROW * 0.68,
            y + 2.0,
            WIDTH - LEFT - 10.0,
            ROW - 4.0
        );
    }
    for trace in shown {
        let row = rows
            .iter()
            .position(|row| *row == (trace.device, trace.slot));
        let y = ROW * row.unwrap_or(0) as f64;
        for stage in Stage::ALL {
            let Some(span) = trace.span(stage) else {
                continue;
            };
            let start = span.start.saturating_sub(begin).as_secs_f64() * scale;
            let width = (span.length.as_secs_f64() * scale).max(0.6);
            let _ = writeln!(
                out,
                "<rect class=\"s{}\" x=\"{:.2}\" y=\"{:.1}\" width=\"{width:.2}\" height=\"{:.1}\">\
                 <title>batch {}: {} {:.3} ms</title></rect>",
                stage as usize,
                LEFT + start,
                y + 4.0,
                ROW - 8.0,
                trace.batch,
                stage.name(),
                span.length.as_secs_f64() * 1e3
            );
        }
    }
    let y = ROW * rows.len() as f64 + 22.0;
    for quarter in 0..=4 {
        let share = f64::from(quarter) / 4.0;
        let anchor = match quarter {
            0 => "start",
            4 => "end",
            _ => "middle",
        };
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{:.2} ms</text>",
            LEFT + share * (WIDTH - LEFT - 10.0),
            all * share * 1e3
        );
    }
    out.push_str("</svg>\n");
    out
}

fn legend(figures: &Figures) -> String {
    let mut out = String::from("<ul class=\"legend\">");
    for stage in Stage::ALL {
        if figures.stage(stage).count() > 0 {
            let _ = write!(
                out,
                "<li><svg class=\"dot\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect \
                 class=\"s{}\" width=\"12\" height=\"12\"/></svg>{}</li>",
                stage as usize,
                stage.name()
            );
        }
    }
    out.push_str("</ul>\n");
    out
}

/// Bars of a histogram.
const BINS: usize = 40;

/// Counts the kept values from the smallest to the 99.9th percentile; the last bin holds the rest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the bins, clamped"
)]
fn histogram(id: &str, distribution: &Distribution) -> String {
    let q = distribution.quantiles();
    if q.count == 0 {
        return "<p>Not measured.</p>".to_owned();
    }
    let (low, high) = (q.min, q.p99_9.max(q.min * 1.000_001 + 1e-9));
    let mut bins = [0_usize; BINS];
    for value in distribution.first() {
        let bin = (value - low) / (high - low) * BINS as f64;
        bins[(bin.max(0.0) as usize).min(BINS - 1)] += 1;
    }
    let most = bins.iter().copied().max().unwrap_or(1).max(1) as f64;
    let (width, height) = (480.0, 220.0);
    let mut out = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"h-{id}\">\
         <title id=\"h-{id}\">{} values from {:.3} to {:.3} ms, median {:.3}</title>\n",
        q.count, q.min, q.max, q.median
    );
    let across = |ms: f64| 10.0 + (ms - low) / (high - low) * (width - 20.0);
    for (bin, count) in bins.iter().enumerate() {
        let (x, step) = (
            10.0 + bin as f64 * (width - 20.0) / BINS as f64,
            (width - 20.0) / BINS as f64,
        );
        let tall = *count as f64 / most * 160.0;
        let _ = writeln!(
            out,
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"><title>{:.3} ms: \
             {count}</title></rect>",
            x + 0.5,
            180.0 - tall,
            step - 1.0,
            low + (high - low) * bin as f64 / BINS as f64
        );
    }
    let median = across(q.median);
    let _ = writeln!(
        out,
        "<line class=\"mean\" x1=\"{median:.1}\" y1=\"14\" x2=\"{median:.1}\" y2=\"180\"/>\
         <text x=\"10\" y=\"202\">{low:.3}</text>\
         <text x=\"{:.1}\" y=\"202\" text-anchor=\"end\">{high:.3} (p99.9)</text>\
         <text x=\"{:.1}\" y=\"216\" text-anchor=\"middle\">median {:.3}</text></svg>",
        width - 10.0,
        width / 2.0,
        q.median
    );
    out
}

fn table(out: &mut String, report: &BenchReport) {
    out.push_str(
        "<h2>Stages</h2>\n<div class=\"scroll\"><table class=\"num\">\n<thead><tr><th scope=\"col\">\
         ms</th>",
    );
    for name in [
        "min", "mean", "median", "p90", "p95", "p99", "p99.9", "max", "count",
    ] {
        let _ = write!(out, "<th scope=\"col\">{name}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (name, q) in report.rows() {
        let _ = write!(out, "<tr><th scope=\"row\">{name}</th>");
        for value in [q.min, q.mean, q.median, q.p90, q.p95, q.p99, q.p99_9, q.max] {
            let _ = write!(out, "<td>{value:.3}</td>");
        }
        let _ = writeln!(out, "<td>{}</td></tr>", q.count);
    }
    out.push_str("</tbody></table></div>\n");
}

fn outliers(out: &mut String, report: &BenchReport) {
    if report.outliers.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<h2>Outliers</h2>\n<p class=\"soft\">{} beyond the third quartile and three times the \
         quartiles' distance.</p>\n<div class=\"scroll\"><table class=\"num\">\n<thead><tr>\
         <th scope=\"col\">batch</th><th scope=\"col\">stage</th><th scope=\"col\">ms</th>\
         <th scope=\"col\">at, s</th><th scope=\"col\">device</th><th scope=\"col\">slot</th></tr>\
         </thead>\n<tbody>\n",
        report.outlier_count
    );
    for outlier in &report.outliers {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{:.3}</td><td>{:.3}</td><td>{}</td>\
             <td>{}</td></tr>",
            outlier.batch,
            escape(&outlier.stage),
            outlier.ms,
            outlier.at,
            outlier.device,
            outlier.slot
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn facts(out: &mut String, report: &BenchReport) {
    out.push_str("<h2>Where this comes from</h2>\n<table class=\"facts\">\n<tbody>\n");
    let run = &report.run;
    let machine = &run.machine;
    for (name, value) in [
        ("device", run.device()),
        ("library", format!("{} ({})", run.library, run.version)),
        ("model", format!("{}, SHA-256 {}", run.model, run.sha256)),
        (
            "machine",
            format!(
                "{}: {}, {} cores, {}",
                machine.name, machine.processor, machine.cores, machine.system
            ),
        ),
        (
            "pipeline",
            format!(
                "{} slots on each of {:?}, {} worker threads, batch {}",
                report.setup.slots, report.setup.devices, report.setup.workers, report.setup.batch
            ),
        ),
        ("warm-up left out", format!("{} batches", report.warm_up)),
        ("failed", format!("{} batches", report.failed.len())),
        ("program", run.tool.clone()),
    ] {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>",
            escape(&value)
        );
    }
    out.push_str("</tbody></table>\n");
}
