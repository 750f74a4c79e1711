//! The two charts, as SVG that takes its colours from the page.

use std::fmt::Write as _;

use crate::eval::{QueryReport, Report};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 56.0;

/// Ranks shown: further right every curve worth showing is flat.
const RANKS: usize = 50;
/// Bars of the histogram.
pub(super) const BINS: usize = 20;

fn x(share: f64) -> f64 {
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn y(share: f64) -> f64 {
    HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}

/// Opens an SVG with title and description, which a screen reader reads instead of it.
fn open(id: &str, title: &str, description: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{title}</title>\
         <desc id=\"{id}-d\">{description}</desc>\n"
    )
}

fn text(out: &mut String, (x, y): (f64, f64), anchor: &str, words: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>"
    );
}

fn line(out: &mut String, class: &str, [x1, y1, x2, y2]: [f64; 4]) {
    let _ = writeln!(
        out,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

/// Draws grid lines with a number at each, and what the numbers count.
fn grid(out: &mut String, ticks: &[(f64, String)], below: &str) {
    for (share, words) in ticks {
        line(out, "grid", [x(0.0), y(*share), x(1.0), y(*share)]);
        text(out, (x(0.0) - 8.0, y(*share) + 5.0), "end", words);
    }
    text(out, (x(0.5), HEIGHT - 6.0), "middle", below);
}

/// Draws the CMC curves: plain, re-ranked where there is one, and chance.
pub(super) fn cmc(report: &Report) -> String {
    let plain = &report.without_reranking.cmc;
    let ranks = plain.len().min(RANKS).min(report.gallery).max(1);
    let share = |curve: &[f64], rank: usize| curve.get(rank - 1).copied().unwrap_or(0.0) * 100.0;
    let mut curves: Vec<(&str, &[f64])> = vec![("plain", plain)];
    if let Some(section) = &report.with_reranking {
        curves.push(("rerank", &section.cmc));
    }
    curves.push(("chance", &report.chance.cmc));

    let description = format!(
        "Share of queries with a right answer among the first ranks, without re-ranking: \
         {:.1} % at rank 1, {:.1} % at rank {ranks}.",
        share(plain, 1),
        share(plain, ranks)
    );
    let mut out = open(
        "cmc",
        "CMC curve: cumulative matching characteristic",
        &description,
    );
    let ticks: Vec<_> = (0..=4)
        .map(|quarter| {
            let percent = quarter * 25;
            (f64::from(percent) / 100.0, format!("{percent} %"))
        })
        .collect();
    grid(&mut out, &ticks, "rank");
    let across = |rank: usize| x((rank - 1) as f64 / (ranks.max(2) - 1) as f64);
    for rank in [1, 5, 10, 20, 30, 40, 50]
        .into_iter()
        .filter(|&r| r <= ranks)
    {
        let words = rank.to_string();
        text(
            &mut out,
            (across(rank), HEIGHT - BOTTOM + 24.0),
            "middle",
            &words,
        );
    }
    // The first curve is drawn last and lies on top.
    for (class, curve) in curves.iter().rev() {
        let points: Vec<String> = (1..=ranks)
            .map(|rank| format!("{:.1},{:.1}", across(rank), y(share(curve, rank) / 100.0)))
            .collect();
        if let ([only], true) = (&points[..], ranks == 1) {
            let (px, py) = only.split_once(',').unwrap_or(("0", "0"));
            let _ = writeln!(
                out,
                "<circle class=\"dot {class}\" cx=\"{px}\" cy=\"{py}\" r=\"4\"/>"
            );
        } else {
            let points = points.join(" ");
            let _ = writeln!(
                out,
                "<polyline class=\"curve {class}\" points=\"{points}\"/>"
            );
        }
    }
    out.push_str("</svg>\n<ul class=\"legend\">");
    for (class, curve) in &curves {
        let name = match *class {
            "plain" => "without re-ranking",
            "rerank" => "with re-ranking",
            _ => "chance",
        };
        let _ = write!(
            out,
            "<li><svg class=\"key\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><polyline \
             class=\"curve {class}\" points=\"0,4 28,4\"/></svg> {name}, rank 1: {:.1} %</li>",
            share(curve, 1)
        );
    }
    out.push_str("</ul>\n");
    out
}

/// Counts queries by average precision: bin `k` holds `k / BINS` up to, not including, the next;
/// the last holds 1 too.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a precision is 0 to 1; anything else is clamped into the outer bins"
)]
pub(super) fn bins(queries: &[QueryReport]) -> [usize; BINS] {
    let mut bins = [0; BINS];
    for query in queries {
        let bin = (query.average_precision.clamp(0.0, 1.0) * BINS as f64) as usize;
        bins[bin.min(BINS - 1)] += 1;
    }
    bins
}

/// Draws how the queries' average precision is distributed.
pub(super) fn histogram(report: &Report) -> String {
    let section = &report.without_reranking;
    let bins = bins(&section.per_query);
    let most = bins.iter().copied().max().unwrap_or(0).max(1);
    let low = bins[..BINS / 5].iter().sum::<usize>();
    let high = bins[BINS - BINS / 5..].iter().sum::<usize>();
    let description = format!(
        "Number of queries by average precision, {} in all: {low} below 0.2, {high} from 0.8; \
         the mean is {:.3}.",
        section.per_query.len(),
        section.mean_average_precision
    );
    let mut out = open("hist", "Average precision of the queries", &description);
    let step = step(most);
    let top = most.div_ceil(step) * step;
    let ticks: Vec<_> = (0..=top / step)
        .map(|tick| {
            (
                tick as f64 * step as f64 / top as f64,
                (tick * step).to_string(),
            )
        })
        .collect();
    grid(&mut out, &ticks, "average precision (count of queries)");
    for (bin, &count) in bins.iter().enumerate() {
        let (from, to) = (bin as f64 / BINS as f64, (bin + 1) as f64 / BINS as f64);
        let height = count as f64 / top as f64;
        let _ = writeln!(
            out,
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
             <title>{from:.2} to {to:.2}: {count}</title></rect>",
            x(from) + 1.0,
            y(height),
            x(to) - x(from) - 2.0,
            y(0.0) - y(height)
        );
    }
    for fifth in 0..=5 {
        let share = f64::from(fifth) / 5.0;
        text(
            &mut out,
            (x(share), HEIGHT - BOTTOM + 24.0),
            "middle",
            &format!("{share:.1}"),
        );
    }
    let mean = x(section.mean_average_precision);
    line(&mut out, "mean", [mean, TOP, mean, HEIGHT - BOTTOM]);
    let (anchor, shift) = if mean > WIDTH * 0.7 {
        ("end", -6.0)
    } else {
        ("start", 6.0)
    };
    let words = format!("mAP {:.3}", section.mean_average_precision);
    text(&mut out, (mean + shift, TOP + 12.0), anchor, &words);
    out.push_str("</svg>\n");
    out
}

/// Returns a round number that divides `most` into at most five parts.
fn step(most: usize) -> usize {
    let mut power = 1;
    loop {
        for factor in [1, 2, 5] {
            if most <= factor * power * 5 {
                return factor * power;
            }
        }
        power *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_of_the_axis_is_round_and_gives_at_most_five_parts() {
        for (most, wanted) in [(1, 1), (5, 1), (6, 2), (25, 5), (26, 10), (3368, 1000)] {
            assert_eq!(step(most), wanted, "{most}");
        }
    }
}
