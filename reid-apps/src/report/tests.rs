#![allow(clippy::unwrap_used)]

use std::path::Path;

use ndarray::Array2;

use super::*;
use crate::data::{Camera, PersonId};
use crate::eval::{Options, QueryReport, RerankParameters, report_features};
use crate::features::{
    DataInfo, DeviceInfo, FailedImage, ModelInfo, Provenance, Row, SetFeatures, ToolInfo,
};
use crate::synth::encode_jpeg;
use crate::view::Picture;

/// A name that tries to break out of everything it is put into.
const HOSTILE: &str =
    "\"><script src=http://evil.example/x.js>'&amp;\u{1}\u{202e}</p><img onerror=a()>.jpg";

fn set(names: &[&str], ids: &[i32], cameras: &[u32]) -> SetFeatures {
    let rows: Vec<Row> = names
        .iter()
        .zip(ids.iter().zip(cameras))
        .map(|(name, (&id, &camera))| Row {
            name: (*name).to_owned(),
            id: PersonId(id),
            camera: Camera(camera),
        })
        .collect();
    let plain = Array2::from_shape_fn((rows.len(), 4), |(row, column)| {
        let near = if column == usize::try_from(rows[row].id.0).unwrap_or(0) % 4 {
            5.0
        } else {
            1.0
        };
        near + (row * 7 + column * 3) as f32 / 50.0
    });
    SetFeatures {
        rows,
        flip: plain.clone(),
        plain,
    }
}

fn features(hostile: &str) -> Features {
    Features {
        provenance: Provenance {
            run: "00ff".into(),
            simulated: true,
            device: DeviceInfo {
                soc: format!("soc{hostile}"),
                library: hostile.to_owned(),
                version: hostile.to_owned(),
            },
            model: ModelInfo {
                file: format!("model{hostile}"),
                sha256: "ab".repeat(32),
                dim: 4,
                batch: 1,
            },
            data: DataInfo {
                root: hostile.to_owned(),
                protocol: hostile.to_owned(),
            },
            failed: vec![FailedImage {
                file: hostile.to_owned(),
                error: hostile.to_owned(),
            }],
            tool: ToolInfo::default(),
        },
        query: set(&[hostile, "b.jpg", "c.jpg"], &[1, 2, 9], &[1, 1, 1]),
        gallery: set(
            &["g0.jpg", hostile, "g2.jpg", "g3.jpg"],
            &[1, 2, 1, 0],
            &[2, 2, 1, 3],
        ),
    }
}

fn page(features: &Features, change: impl FnOnce(&mut HtmlReport<'_>)) -> String {
    let options = Options {
        rerank: Some(RerankParameters {
            k1: 2,
            k2: 1,
            lambda: 0.3,
        }),
        ..Options::default()
    };
    let report = report_features(features, &options).unwrap();
    let mut html = HtmlReport::new(&report, features);
    html.command = format!("reid mgn evaluate --features {HOSTILE}");
    html.note = Some(HOSTILE.to_owned());
    change(&mut html);
    html.render().unwrap()
}

/// Reads markup strictly: every element closed in order, every attribute quoted, no bare `&` or
/// `<`. Returns the names of the elements with their attributes.
fn parse(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let body = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let (mut open, mut all) = (Vec::new(), Vec::new());
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        check_text(&rest[..start]);
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed out of order");
            continue;
        }
        let closed = tag.ends_with('/');
        let tag = tag.trim_end_matches('/').trim_end();
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
        let mut list = Vec::new();
        while !attributes.trim().is_empty() {
            let (key, after) = attributes.trim().split_once("=\"").unwrap();
            let (value, after) = after.split_once('"').unwrap();
            check_text(value);
            list.push((key.to_owned(), value.to_owned()));
            attributes = after;
        }
        if !closed {
            open.push(name.to_owned());
        }
        if name == "style" {
            rest = &rest[rest.find("</style>").unwrap()..];
        }
        all.push((name.to_owned(), list));
    }
    assert!(open.is_empty(), "left open: {open:?}");
    all
}

fn check_text(text: &str) {
    for (place, _) in text.match_indices('&') {
        let reference = text[place..].split(';').next().unwrap();
        assert!(
            ["&amp", "&lt", "&gt", "&quot", "&#39"].contains(&reference),
            "bare &: {reference}"
        );
    }
    let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(bad), "control character in {text:?}");
}

#[test]
fn the_page_is_well_formed_and_refers_to_nothing_outside_whatever_the_names_are() {
    let features = features(HOSTILE);
    let page = page(&features, |_| {});
    let elements = parse(&page);
    let allowed = [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "strong",
        "ul",
        "ol",
        "li",
        "b",
        "span",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "figure",
        "figcaption",
        "svg",
        "desc",
        "text",
        "line",
        "polyline",
        "rect",
        "circle",
        "img",
        "details",
        "summary",
        "code",
        "footer",
    ];
    for (name, attributes) in &elements {
        assert!(allowed.contains(&name.as_str()), "<{name}>");
        for (key, value) in attributes {
            assert!(!key.starts_with("on") && key != "href", "{name} {key}");
            if key == "src" {
                assert!(value.starts_with("data:image/jpeg;base64,"), "{value}");
            }
        }
    }
    let (before, after) = page.split_once("<style>").unwrap();
    let (style, after) = after.split_once("</style>").unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    assert!(!before.contains("<script") && !after.contains("<script"));
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_page_says_what_it_must() {
    let features = features("x");
    let page = page(&features, |_| {});
    for wanted in [
        "name=\"viewport\"",
        "prefers-color-scheme",
        "lang=\"en\"",
        "Simulated device",
        &"ab".repeat(32),
        "Queries without a right answer",
        "<code>c.jpg</code>",
        "k1 2, k2 1, lambda 0.3",
        "reid mgn evaluate",
        "Best queries",
        "Worst queries",
        "cannot be read",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
    let figure = |name: &str| format!("<th scope=\"row\">{name}</th><td>");
    for (name, value) in [("queries", "3"), ("gallery images", "4"), ("cameras", "3")] {
        assert!(
            page.contains(&format!("{}{value}<", figure(name))),
            "{name}"
        );
    }
}

#[test]
fn a_report_of_a_real_device_is_not_called_simulated() {
    let mut features = features("x");
    features.provenance.simulated = false;
    let page = page(&features, |html| html.note = None);
    assert!(!page.contains("class=\"note\""));
    assert!(page.contains("<th scope=\"row\">simulated</th><td>no</td>"));
}

#[test]
fn every_picture_is_inside_and_has_a_text_instead() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, picture: &Picture| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, encode_jpeg(picture, 90).unwrap()).unwrap();
    };
    write("query/b.jpg", &Picture::filled(64, 128, [200, 20, 20]));
    write(
        "bounding_box_test/g0.jpg",
        &Picture::filled(640, 320, [20, 200, 20]),
    );
    let features = features("x");
    let page = page(&features, |html| html.data = folder.path().to_owned());
    let images: Vec<_> = parse(&page)
        .into_iter()
        .filter(|(name, _)| name == "img")
        .collect();
    // The query once, the gallery image for both queries.
    assert_eq!(images.len(), 3);
    let mut sizes = Vec::new();
    for (_, attributes) in &images {
        let of = |key: &str| &attributes.iter().find(|(k, _)| k == key).unwrap().1;
        assert!(of("alt").contains("person"), "{}", of("alt"));
        sizes.push((of("width").as_str(), of("height").as_str()));
    }
    sizes.sort_unstable();
    assert_eq!(sizes, [("64", "128"), ("64", "32"), ("64", "32")]);
}

#[test]
fn the_histogram_puts_every_query_into_one_bin() {
    let query = |average_precision| QueryReport {
        name: String::new(),
        average_precision,
        first_right: 1,
        last_right: 1,
        right: 1,
    };
    let bins = charts::bins(&[0.0, 0.049, 0.05, 0.999, 1.0].map(query));
    assert_eq!((bins[0], bins[1], bins[charts::BINS - 1]), (2, 1, 2));
    assert_eq!(bins.iter().sum::<usize>(), 5);
}

#[test]
fn best_and_worst_share_no_query_and_stand_in_order() {
    let features = features("x");
    let report = report_features(
        &features,
        &Options {
            rerank: None,
            ..Options::default()
        },
    )
    .unwrap();
    let html = HtmlReport::new(&report, &features);
    let (best, worst) = examples::examples(&html).unwrap();
    assert_eq!((best.len(), worst.len()), (1, 1));
    assert_ne!(best[0].row, worst[0].row);
    assert!(best[0].score.average_precision >= worst[0].score.average_precision);
}

#[test]
fn a_folder_that_is_not_there_is_named_and_nothing_is_left() {
    let features = features("x");
    let report = report_features(
        &features,
        &Options {
            rerank: None,
            ..Options::default()
        },
    )
    .unwrap();
    let path = Path::new("/nonexistent/report.html");
    let error = HtmlReport::new(&report, &features).write(path).unwrap_err();
    assert!(
        error.to_string().contains("/nonexistent/report.html"),
        "{error}"
    );
}

#[test]
fn a_command_line_is_quoted_as_a_shell_needs_it() {
    assert_eq!(quoted("--top=5"), "--top=5");
    assert_eq!(quoted("a b"), "'a b'");
    assert_eq!(quoted(""), "''");
    assert_eq!(quoted("it's"), r"'it'\''s'");
}
