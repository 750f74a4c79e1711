//! The page, section by section.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::examples::{Example, examples};
use super::thumbnail::thumbnail;
use super::{HtmlReport, ReportError, charts, escape};
use crate::data::{DataSetKind, picture_folders};
use crate::eval::{Section, Standing};
use crate::features::Row;

/// Names in a list of skipped queries or unread images; further ones are only counted.
const MOST_NAMES: usize = 200;

const STYLE: &str = include_str!("style.css");

pub(super) fn render(html: &HtmlReport<'_>) -> Result<String, ReportError> {
    let mut out = String::new();
    head(&mut out, html);
    figures(&mut out, html);
    out.push_str("<h2>Curves</h2>\n<div class=\"charts\">\n");
    let _ = write!(
        out,
        "<figure><figcaption>A right answer among the first ranks (CMC)</figcaption>{}</figure>\n\
         <figure><figcaption>Average precision of the queries</figcaption>{}</figure>\n</div>\n",
        charts::cmc(html.report),
        charts::histogram(html.report)
    );
    let (best, worst) = examples(html)?;
    section(&mut out, html, "Best queries", &best);
    section(&mut out, html, "Worst queries", &worst);
    data(&mut out, html);
    provenance(&mut out, html);
    let _ = write!(
        out,
        "<footer>Written by {} {}. This file refers to nothing outside itself.</footer>\n\
         </main>\n</body>\n</html>\n",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION")
    );
    Ok(out)
}

fn head(out: &mut String, html: &HtmlReport<'_>) {
    let provenance = &html.report.provenance;
    let title = format!("Evaluation of {}", escape(&provenance.model.file));
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; img-src data:\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n<p class=\"soft\">Person re-identification: {} queries against {} \
         gallery images of {}</p>\n",
        html.report.queries,
        html.report.gallery,
        escape(&provenance.data.protocol)
    );
    if html.report.simulated {
        out.push_str(
            "<p class=\"note\"><strong>Simulated device:</strong> the features were computed by \
             the simulator on a CPU, not by a card.</p>\n",
        );
    }
    if let Some(note) = &html.note {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(note));
    }
}

fn rank(cmc: &[f64], rank: usize) -> f64 {
    match rank.min(cmc.len()) {
        0 => 0.0,
        rank => cmc[rank - 1],
    }
}

fn figures(out: &mut String, html: &HtmlReport<'_>) {
    let plain = &html.report.without_reranking;
    out.push_str(
        "<h2>Figures</h2>\n<p class=\"soft\">Without re-ranking:</p>\n<ul class=\"cards\">\n",
    );
    for (name, value) in [
        ("mAP", plain.mean_average_precision),
        ("rank 1", rank(&plain.cmc, 1)),
        ("rank 5", rank(&plain.cmc, 5)),
        ("rank 10", rank(&plain.cmc, 10)),
    ] {
        let _ = writeln!(
            out,
            "<li><b>{:.2} %</b><span>{name}</span></li>",
            value * 100.0
        );
    }
    out.push_str(
        "</ul>\n<div class=\"scroll\"><table class=\"num\">\n<thead><tr><th scope=\"col\">ranking\
         </th><th scope=\"col\">mAP</th><th scope=\"col\">mINP</th><th scope=\"col\">rank 1</th>\
         <th scope=\"col\">rank 3</th><th scope=\"col\">rank 5</th><th scope=\"col\">rank 10</th>\
         </tr></thead>\n<tbody>\n",
    );
    let mut row = |name: &str, map: f64, inverse: Option<f64>, cmc: &[f64]| {
        let inverse = inverse.map_or("–".to_owned(), |value| format!("{value:.4}"));
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{map:.4}</td><td>{inverse}</td>"
        );
        for wanted in [1, 3, 5, 10] {
            let _ = write!(out, "<td>{:.4}</td>", rank(cmc, wanted));
        }
        out.push_str("</tr>\n");
    };
    let mut of = |name: &str, section: &Section| {
        let inverse = Some(section.mean_inverse_negative_penalty);
        row(name, section.mean_average_precision, inverse, &section.cmc);
    };
    of("without re-ranking", plain);
    if let Some(section) = &html.report.with_reranking {
        of("with re-ranking", section);
    }
    let chance = &html.report.chance;
    row("chance", chance.mean_average_precision, None, &chance.cmc);
    out.push_str("</tbody></table></div>\n");
}

fn section(out: &mut String, html: &HtmlReport<'_>, title: &str, examples: &[Example<'_>]) {
    if examples.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<h2>{title}</h2>\n<p class=\"soft\">By average precision without re-ranking. ✓ the same \
         person under another camera, ✗ another person, ○ the same person under the query's own \
         camera, which does not count.</p>\n"
    );
    for example in examples {
        show(out, html, example);
    }
}

fn show(out: &mut String, html: &HtmlReport<'_>, example: &Example<'_>) {
    let score = example.score;
    let query = &html.features.query.rows[example.row];
    let _ = write!(
        out,
        "<h3 class=\"name\">{}</h3>\n<p class=\"soft\">AP {:.3} · {} right in the gallery, the \
         first at rank {}, the last at rank {}</p>\n<ol class=\"strip\" tabindex=\"0\" \
         aria-label=\"Answers to {}\">\n",
        escape(&query.name),
        score.average_precision,
        score.right,
        score.first_right,
        score.last_right,
        escape(&query.name)
    );
    let protocol = &html.report.provenance.data.protocol;
    let [query_folder, gallery_folder] = picture_folders(protocol, &html.data);
    tile(out, &query_folder, query, "query", "query", "");
    for found in &example.answers {
        let row = &html.features.gallery.rows[found.row];
        let (class, sign) = match found.standing {
            Standing::Right => ("right", "✓"),
            Standing::Wrong => ("wrong", "✗"),
            Standing::Removed => ("removed", "○"),
        };
        let head = match found.rank {
            Some(rank) => format!("{sign} {rank}"),
            None => format!("{sign} –"),
        };
        let distance = format!("{:.4}", found.distance);
        tile(out, &gallery_folder, row, class, &head, &distance);
    }
    out.push_str("</ol>\n");
}

/// Writes one thumbnail with what is known of it.
fn tile(out: &mut String, folder: &Path, row: &Row, class: &str, head: &str, distance: &str) {
    let name = escape(&row.name);
    let meaning = match class {
        "query" => "query",
        "right" => "same person",
        "wrong" => "another person",
        _ => "same person, same camera",
    };
    let _ = write!(out, "<li class=\"{class}\"><div class=\"pic\">");
    match thumbnail(&folder.join(&row.name)) {
        Some((uri, width, height)) => {
            let _ = write!(
                out,
                "<img src=\"{uri}\" width=\"{width}\" height=\"{height}\" alt=\"{meaning}: person \
                 {}, camera {}, {name}\" title=\"{name}\"/>",
                row.id, row.camera
            );
        }
        None => out.push_str("cannot be read"),
    }
    let _ = writeln!(
        out,
        "</div><b>{head}</b><span>id {} cam {}</span><span>{distance}</span></li>",
        row.id, row.camera
    );
}

fn data(out: &mut String, html: &HtmlReport<'_>) {
    let (query, gallery) = (&html.features.query.rows, &html.features.gallery.rows);
    let kind = DataSetKind::of_protocol(&html.report.provenance.data.protocol);
    // In most sets 0 is a person like any other.
    let distractor = kind.unwrap_or(DataSetKind::Market1501).distractor();
    let people = |rows: &[Row]| {
        let of = rows.iter().map(|row| row.id);
        of.filter(|&id| Some(id) != distractor)
            .collect::<BTreeSet<_>>()
            .len()
    };
    let cameras: BTreeSet<_> = query.iter().chain(gallery).map(|row| row.camera).collect();
    let distractors = gallery
        .iter()
        .filter(|row| Some(row.id) == distractor)
        .count();
    let failed = &html.report.provenance.failed;
    out.push_str("<h2>Data</h2>\n<table class=\"facts\"><tbody>\n");
    fact(out, "queries", &query.len().to_string());
    fact(
        out,
        "of them without a right answer",
        &html.report.skipped.len().to_string(),
    );
    fact(out, "gallery images", &gallery.len().to_string());
    fact(out, "of them distractors", &distractors.to_string());
    fact(out, "people in the queries", &people(query).to_string());
    fact(out, "people in the gallery", &people(gallery).to_string());
    fact(out, "cameras", &cameras.len().to_string());
    fact(
        out,
        "images that could not be read",
        &failed.len().to_string(),
    );
    out.push_str("</tbody></table>\n");
    let skipped = html.report.skipped.iter().map(String::clone).collect();
    names(
        out,
        "Queries without a right answer (they do not count)",
        skipped,
    );
    let failed = failed
        .iter()
        .map(|one| format!("{}: {}", one.file, one.error));
    names(out, "Images that could not be read", failed.collect());
}

fn names(out: &mut String, title: &str, names: Vec<String>) {
    if names.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<details><summary>{title}: {}</summary>\n<ul>\n",
        names.len()
    );
    for name in names.iter().take(MOST_NAMES) {
        let _ = writeln!(out, "<li class=\"soft\"><code>{}</code></li>", escape(name));
    }
    if let Some(more @ 1..) = names.len().checked_sub(MOST_NAMES) {
        let _ = writeln!(out, "<li class=\"soft\">and {more} more</li>");
    }
    out.push_str("</ul></details>\n");
}

/// Writes a row of a table of facts; the value is escaped here.
fn fact(out: &mut String, name: &str, value: &str) {
    let value = if value.is_empty() { "unknown" } else { value };
    let value = escape(value);
    let _ = writeln!(
        out,
        "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>"
    );
}

fn provenance(out: &mut String, html: &HtmlReport<'_>) {
    let report = html.report;
    let from = &report.provenance;
    out.push_str("<h2>Provenance</h2>\n<table class=\"facts\"><tbody>\n");
    fact(out, "model", &from.model.file);
    fact(out, "SHA-256 of the model", &from.model.sha256);
    fact(out, "feature length", &from.model.dim.to_string());
    fact(out, "batch", &from.model.batch.to_string());
    fact(out, "device", &from.device.soc);
    fact(
        out,
        "simulated",
        if report.simulated { "yes" } else { "no" },
    );
    fact(out, "runtime library", &from.device.library);
    fact(out, "runtime version", &from.device.version);
    fact(out, "data", &from.data.root);
    fact(out, "extraction", &from.run);
    let tool = format!("{} {}", from.tool.name, from.tool.version);
    fact(out, "extracted by", &tool);
    fact(out, "distance", &report.metric.to_string());
    let rules = format!("{:?}", report.protocol).to_lowercase();
    fact(out, "rules of counting", &rules);
    let rerank = report.rerank.map_or("no".to_owned(), |p| {
        format!("k1 {}, k2 {}, lambda {}", p.k1, p.k2, p.lambda)
    });
    fact(out, "re-ranking", &rerank);
    if !html.command.is_empty() {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">command</th><td><code>{}</code></td></tr>",
            escape(&html.command)
        );
    }
    out.push_str("</tbody></table>\n");
}
