#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis, array};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::*;
use crate::data::{Camera, PersonId};
use crate::eval::{
    DistanceMatrix, FeatureDistances, Metric, RerankParameters, Reranked, embed, report_features,
};
use crate::features::{Features, Provenance, Row, SetFeatures};

fn labels(count: usize, people: i32, random: &mut Pcg64) -> Vec<Label> {
    (0..count)
        .map(|_| Label::new(random.random_range(0..people), random.random_range(1..4)))
        .collect()
}

fn features(rows: usize, dim: usize, random: &mut Pcg64) -> Array2<f32> {
    let plain = Array2::from_shape_simple_fn((rows, dim), || random.random_range(-1.0_f32..1.0));
    embed("test", plain.view(), Array2::zeros((rows, dim)).view()).unwrap()
}

fn random_set(random: &mut Pcg64) -> (Array2<f32>, Array2<f32>, Vec<Label>, Vec<Label>) {
    let (query, mut gallery) = (features(130, 17, random), features(700, 17, random));
    // Twins at both ends: their distances must be equal to the last bit in every tile.
    for twin in 0..40 {
        let row = gallery.row(twin).to_owned();
        gallery.row_mut(699 - twin).assign(&row);
    }
    (
        query,
        gallery,
        labels(130, 20, random),
        labels(700, 20, random),
    )
}

#[test]
fn figures_of_a_set_computed_by_hand() {
    let query = [Label::new(1, 1), Label::new(2, 1), Label::new(3, 1)];
    let gallery = [
        Label::new(1, 2),
        Label::new(2, 2),
        Label::new(2, 3),
        Label::new(3, 1),
    ];
    let matrix = array![
        [0.5, 0.1, 0.9, 0.2], // person 1: right at rank 3: AP 1/3
        [0.9, 0.1, 0.8, 0.2], // person 2: right at 1 and 3: AP (1 + 2/3) / 2
        [0.1, 0.2, 0.3, 0.0], // person 3: only under the same camera: skipped
    ];
    let scores = evaluate(
        &DistanceMatrix(matrix.view()),
        &query,
        &gallery,
        &Options::default(),
    )
    .unwrap();
    assert_eq!(scores.skipped, [2]);
    assert!((scores.mean_average_precision - (1.0 / 3.0 + 5.0 / 6.0) / 2.0).abs() < 1e-15);
    assert!((scores.mean_inverse_negative_penalty - (1.0 / 3.0 + 2.0 / 3.0) / 2.0).abs() < 1e-15);
    assert_eq!(scores.cmc[..4], [0.5, 0.5, 1.0, 1.0]);
    assert_eq!(
        (scores.cmc.len(), scores.rank(1), scores.rank(1000)),
        (100, 0.5, 1.0)
    );
    assert_eq!(
        scores.to_string(),
        "mAP: 0.5833 rank1: 0.5000 rank3: 1.0000 rank5: 1.0000 rank10: 1.0000"
    );
}

#[test]
fn a_first_answer_beyond_the_curve_is_a_miss_of_the_whole_curve() {
    let gallery = [Label::new(0, 1), Label::new(0, 1), Label::new(1, 2)];
    let matrix = array![[1.0, 2.0, 3.0]];
    let options = Options {
        max_rank: 2,
        ..Options::default()
    };
    let scores = evaluate(
        &DistanceMatrix(matrix.view()),
        &[Label::new(1, 1)],
        &gallery,
        &options,
    )
    .unwrap();
    assert_eq!(scores.cmc, [0.0, 0.0]);
}

#[test]
fn no_figure_depends_on_the_order_of_gallery_or_queries() {
    let mut random = Pcg64::seed_from_u64(5);
    let (query, gallery, query_labels, gallery_labels) = random_set(&mut random);
    let run = |query: &Array2<f32>, gallery: &Array2<f32>, ql: &[Label], gl: &[Label]| {
        let distances =
            FeatureDistances::new(Metric::Euclidean, query.view(), gallery.view()).unwrap();
        evaluate(&distances, ql, gl, &Options::default()).unwrap()
    };
    let straight = run(&query, &gallery, &query_labels, &gallery_labels);
    let order: Vec<usize> = (0..700).map(|row| (row * 331 + 17) % 700).collect();
    let turned_labels: Vec<Label> = order.iter().map(|&row| gallery_labels[row]).collect();
    let turned = run(
        &query,
        &gallery.select(Axis(0), &order),
        &query_labels,
        &turned_labels,
    );
    let precision = |scores: &Scores| -> Vec<f64> {
        scores
            .queries
            .iter()
            .map(|query| query.average_precision)
            .collect()
    };
    assert_eq!(precision(&straight), precision(&turned));

    let back: Vec<usize> = (0..130).rev().collect();
    let back_labels: Vec<Label> = back.iter().map(|&row| query_labels[row]).collect();
    let reversed = run(
        &query.select(Axis(0), &back),
        &gallery,
        &back_labels,
        &gallery_labels,
    );
    let gap = reversed.mean_average_precision - straight.mean_average_precision;
    assert!(gap.abs() < 1e-14, "{gap}");
    assert_eq!(reversed.cmc, straight.cmc);
}

#[test]
fn no_digit_depends_on_threads_or_tiles() {
    let mut random = Pcg64::seed_from_u64(6);
    let (query, gallery, query_labels, gallery_labels) = random_set(&mut random);
    let run = |threads, memory| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let options = Options {
                memory,
                ..Options::default()
            };
            let distances =
                FeatureDistances::new(Metric::Euclidean, query.view(), gallery.view()).unwrap();
            let parameters = RerankParameters::default();
            let reranked = Reranked::new(query.view(), gallery.view(), parameters).unwrap();
            [
                evaluate(&distances, &query_labels, &gallery_labels, &options).unwrap(),
                evaluate(&reranked, &query_labels, &gallery_labels, &options).unwrap(),
            ]
        })
    };
    let one = run(1, 1 << 30);
    for (threads, memory) in [(2, 1 << 30), (5, 100_000), (3, 0)] {
        assert_eq!(
            run(threads, memory),
            one,
            "{threads} threads, {memory} bytes"
        );
    }
}

#[test]
fn nan_no_answer_and_wrong_counts_are_refused() {
    let (query, gallery) = (
        [Label::new(1, 1), Label::new(2, 1)],
        [Label::new(1, 2), Label::new(3, 1)],
    );
    let run = |matrix: &Array2<f64>, query: &[Label], gallery: &[Label]| {
        evaluate(
            &DistanceMatrix(matrix.view()),
            query,
            gallery,
            &Options::default(),
        )
        .unwrap_err()
    };
    let nan = array![[1.0, 2.0], [1.0, f64::NAN]];
    assert_eq!(
        run(&nan, &query, &gallery),
        EvalError::NotANumber {
            query: 1,
            gallery: 1
        }
    );
    let good = array![[1.0, 2.0], [1.0, 2.0]];
    assert_eq!(
        run(&good, &query, &[gallery[1]; 2]),
        EvalError::NoAnswer { queries: 2 }
    );
    assert!(matches!(
        run(&good, &query[..1], &gallery),
        EvalError::Shape { found: 1, .. }
    ));
    assert!(matches!(
        run(&good, &query, &gallery[..1]),
        EvalError::Shape { found: 1, .. }
    ));
    let none = Options {
        max_rank: 0,
        ..Options::default()
    };
    let error = evaluate(&DistanceMatrix(good.view()), &query, &gallery, &none).unwrap_err();
    assert!(
        matches!(
            error,
            EvalError::Parameter {
                name: "max rank",
                ..
            }
        ),
        "{error}"
    );
}

fn set(prefix: &str, plain: Array2<f32>, labels: &[Label]) -> SetFeatures {
    let rows = labels.iter().enumerate().map(|(row, label)| Row {
        name: format!("{prefix}{row}"),
        id: PersonId(label.id.0),
        camera: Camera(label.camera.0),
    });
    SetFeatures {
        rows: rows.collect(),
        flip: Array2::zeros(plain.dim()),
        plain,
    }
}

#[test]
fn a_report_prints_two_lines_and_survives_json() {
    let mut random = Pcg64::seed_from_u64(7);
    let (query, gallery, mut query_labels, gallery_labels) = random_set(&mut random);
    query_labels[3] = Label::new(99, 1);
    let features = Features {
        provenance: Provenance {
            run: "ab".to_owned(),
            simulated: true,
            device: Default::default(),
            model: Default::default(),
            data: Default::default(),
            failed: Vec::new(),
            tool: Default::default(),
        },
        query: set("q", query, &query_labels),
        gallery: set("g", gallery, &gallery_labels),
    };
    let report = report_features(&features, &Options::default()).unwrap();
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(
        lines[0].starts_with("[With    Re-Ranking] mAP: 0."),
        "{text}"
    );
    assert!(
        lines[1].starts_with("[Without Re-Ranking] mAP: 0."),
        "{text}"
    );
    assert_eq!(report.skipped, ["q3"]);
    // Features and labels are both random, so plain figures lie near the chance level.
    let (found, chance) = (
        report.without_reranking.mean_average_precision,
        report.chance.mean_average_precision,
    );
    assert!((found - chance).abs() < 0.02, "{found} {chance}");

    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["simulated"], true);
    assert_eq!(json["metric"], "euclidean");
    assert_eq!(json["protocol"], "market1501");
    assert_eq!(json["rerank"]["k1"], 20);
    assert_eq!(
        json["without_reranking"]["cmc"].as_array().unwrap().len(),
        100
    );
    assert_eq!(json["without_reranking"]["per_query"][3]["name"], "q4");
    assert!(json["with_reranking"]["mAP"].is_number() && json["chance"]["mAP"].is_number());
    let _: crate::eval::Report = serde_json::from_value(json).unwrap();

    let plain = Options {
        rerank: None,
        ..Options::default()
    };
    assert_eq!(
        report_features(&features, &plain).unwrap().to_string(),
        lines[1]
    );
}

/// Hides that distances can be screened.
struct Plain<'a>(&'a dyn DistanceRows);

impl DistanceRows for Plain<'_> {
    fn queries(&self) -> usize {
        self.0.queries()
    }

    fn gallery(&self) -> usize {
        self.0.gallery()
    }

    fn fill(&self, rows: std::ops::Range<usize>, out: ndarray::ArrayViewMut2<'_, f64>) {
        self.0.fill(rows, out);
    }
}

/// Features of few directions: very many distances are equal, or differ in their last digits only.
fn crowded(rows: usize, dim: usize, random: &mut Pcg64) -> Array2<f32> {
    let plain = Array2::from_shape_fn((rows, dim), |(row, column)| {
        let level = if (row * 7 + column * 3) % 5 < 2 {
            1.0
        } else {
            2.0
        };
        match random.random_range(0..40) {
            0 => level + 1e-6,
            1 => level * 1.0001,
            _ => level,
        }
    });
    embed("test", plain.view(), Array2::zeros((rows, dim)).view()).unwrap()
}

#[test]
fn rough_distances_lead_to_the_figures_of_the_exact_ones() {
    let mut random = Pcg64::seed_from_u64(11);
    let mut crowd = random_set(&mut random);
    crowd.0 = crowded(130, 17, &mut random);
    crowd.1 = crowded(700, 17, &mut random);
    let mut large = random_set(&mut random);
    large.0 *= 300.0;
    for (row, mut values) in large.1.rows_mut().into_iter().enumerate() {
        values *= 1.0 + row as f32 / 9.0;
    }
    for (what, (query, gallery, query_labels, gallery_labels)) in [
        ("random", random_set(&mut random)),
        ("crowded", crowd),
        ("of many lengths", large),
    ] {
        let same = |name: &str, source: &dyn DistanceRows| {
            assert!(source.screen().is_some(), "{what}, {name}: no screen");
            for protocol in [Protocol::Market1501, Protocol::DgNet] {
                let options = Options {
                    protocol,
                    ..Options::default()
                };
                let scored = |source| evaluate(source, &query_labels, &gallery_labels, &options);
                assert_eq!(
                    scored(source),
                    scored(&Plain(source)),
                    "{what}, {name}, {protocol}"
                );
            }
        };
        for metric in [Metric::Euclidean, Metric::Cosine, Metric::Dot] {
            let source = FeatureDistances::new(metric, query.view(), gallery.view()).unwrap();
            same(&metric.to_string(), &source);
        }
        for (k1, k2, lambda) in [(20, 6, 0.3), (5, 1, 0.0), (7, 3, 1.0)] {
            let parameters = RerankParameters { k1, k2, lambda };
            let source = Reranked::new(query.view(), gallery.view(), parameters).unwrap();
            same(&format!("{parameters:?}"), &source);
        }
    }
}

#[test]
fn a_query_without_answer_counts_as_zero_under_dgnet_and_not_at_all_otherwise() {
    let query = [Label::new(1, 1), Label::new(3, 1)];
    let gallery = [Label::new(1, 2), Label::new(3, 1), Label::new(2, 2)];
    let matrix = array![[0.5, 0.9, 0.8], [0.1, 0.2, 0.3]];
    let of = |protocol| {
        let options = Options {
            protocol,
            ..Options::default()
        };
        let scores = evaluate(&DistanceMatrix(matrix.view()), &query, &gallery, &options).unwrap();
        assert_eq!(scores.skipped, [1]);
        (
            scores.mean_average_precision,
            scores.mean_inverse_negative_penalty,
            scores.rank(1),
        )
    };
    assert_eq!(of(Protocol::Market1501), (1.0, 1.0, 1.0));
    assert_eq!(of(Protocol::DgNet), (0.5, 0.5, 0.5));
    assert_eq!(of(Protocol::Cuhk03), (1.0, 1.0, 1.0));
}
