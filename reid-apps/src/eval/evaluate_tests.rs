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
            let reranked = Reranked::new(query.view(), gallery.view(), parameters, memory).unwrap();
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
