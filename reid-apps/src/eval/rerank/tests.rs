#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use ndarray::{Array2, array};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::*;
use crate::eval::{embed, full_matrix};

fn random(rows: usize, dim: usize, seed: u64) -> Array2<f32> {
    let mut random = Pcg64::seed_from_u64(seed);
    let plain = Array2::from_shape_simple_fn((rows, dim), || random.random_range(-1.0_f32..1.0));
    embed("test", plain.view(), Array2::zeros((rows, dim)).view()).unwrap()
}

fn reranked(
    query: &Array2<f32>,
    gallery: &Array2<f32>,
    parameters: RerankParameters,
) -> Array2<f64> {
    let source = Reranked::new(query.view(), gallery.view(), parameters).unwrap();
    full_matrix(&source)
}

/// The steps of the paper once more, dense and plain, over the whole matrix of pairs.
fn dense(query: &Array2<f32>, gallery: &Array2<f32>, p: RerankParameters) -> Array2<f64> {
    let all = ndarray::concatenate![ndarray::Axis(0), *query, *gallery].mapv(f64::from);
    let n = all.nrows();
    let squared = all.dot(&all.t()).mapv(|s| 2.0 - 2.0 * s);
    let m = Array2::from_shape_fn((n, n), |(i, j)| {
        squared[[i, j]] / squared.row(i).iter().copied().fold(f64::MIN, f64::max)
    });
    let rank: Vec<Vec<usize>> = (0..n)
        .map(|i| {
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&a, &b| m[[i, a]].total_cmp(&m[[i, b]]));
            order
        })
        .collect();
    let reciprocal = |i: usize, k: usize| -> BTreeSet<usize> {
        rank[i][..=k]
            .iter()
            .copied()
            .filter(|&j| rank[j][..=k].contains(&i))
            .collect()
    };
    let half = (0..=p.k1)
        .find(|&half| half as f64 == (p.k1 as f64 / 2.0).round_ties_even())
        .unwrap();
    let mut v = Array2::<f64>::zeros((n, n));
    for i in 0..n {
        let original = reciprocal(i, p.k1);
        let mut set = original.clone();
        for &c in &original {
            let close = reciprocal(c, half);
            if close.intersection(&original).count() as f64 > 2.0 / 3.0 * close.len() as f64 {
                set.extend(close);
            }
        }
        let sum: f64 = set.iter().map(|&j| (-m[[i, j]]).exp()).sum();
        set.iter()
            .for_each(|&j| v[[i, j]] = (-m[[i, j]]).exp() / sum);
    }
    let v = Array2::from_shape_fn((n, n), |(i, t)| {
        rank[i][..p.k2].iter().map(|&j| v[[j, t]]).sum::<f64>() / p.k2 as f64
    });
    let q = query.nrows();
    Array2::from_shape_fn((q, n - q), |(i, j)| {
        let shared: f64 = (0..n).map(|t| v[[i, t]].min(v[[q + j, t]])).sum();
        (1.0 - p.lambda) * (1.0 - shared / (2.0 - shared)) + p.lambda * m[[i, q + j]]
    })
}

#[test]
fn sparse_sets_give_what_the_dense_formulas_give() {
    let (query, gallery) = (random(9, 5, 1), random(70, 5, 2));
    for (k1, k2, lambda) in [
        (20, 6, 0.3),
        (8, 1, 0.5),
        (7, 3, 0.0),
        (5, 6, 1.0),
        (1, 2, 0.2),
        (78, 79, 0.3),
    ] {
        let parameters = RerankParameters { k1, k2, lambda };
        let (found, wanted) = (
            reranked(&query, &gallery, parameters),
            dense(&query, &gallery, parameters),
        );
        let worst = (&found - &wanted)
            .iter()
            .fold(0.0_f64, |worst, gap| worst.max(gap.abs()));
        assert!(worst < 1e-10, "k1 {k1}, k2 {k2}, lambda {lambda}: {worst}");
    }
}

#[test]
fn neighbours_at_equal_distance_stand_in_row_order() {
    let (query, mut gallery) = (random(9, 5, 3), random(70, 5, 4));
    for twin in 0..30 {
        let row = gallery.row(twin).to_owned();
        gallery.row_mut(69 - twin).assign(&row);
    }
    let parameters = RerankParameters {
        k1: 6,
        k2: 4,
        lambda: 0.3,
    };
    let gap = reranked(&query, &gallery, parameters) - dense(&query, &gallery, parameters);
    assert!(gap.iter().all(|gap| gap.abs() < 1e-10), "{gap}");
}

#[test]
fn half_of_k1_is_rounded_to_even() {
    let half = |k1| {
        RerankParameters {
            k1,
            ..RerankParameters::default()
        }
        .half_k1()
    };
    assert_eq!([20, 8, 7, 5, 3, 1].map(half), [10, 4, 4, 2, 2, 0]);
}

#[test]
fn fewer_images_than_k1_and_one_more_are_refused() {
    let (query, gallery) = (random(3, 4, 1), random(17, 4, 2));
    let parameters = RerankParameters::default();
    let error = Reranked::new(query.view(), gallery.view(), parameters).unwrap_err();
    assert_eq!(
        error,
        EvalError::TooFewImages {
            images: 20,
            wanted: 21
        }
    );
    assert_eq!(
        reranked(&query, &random(18, 4, 2), parameters).dim(),
        (3, 18)
    );
}

#[test]
fn parameters_out_of_range_are_named() {
    let (query, gallery) = (random(3, 4, 1), random(30, 4, 2));
    let default = RerankParameters::default();
    for (parameters, wanted) in [
        (RerankParameters { k1: 0, ..default }, "k1"),
        (RerankParameters { k2: 0, ..default }, "k2"),
        (RerankParameters { k2: 22, ..default }, "k2"),
        (
            RerankParameters {
                lambda: 1.5,
                ..default
            },
            "lambda",
        ),
        (
            RerankParameters {
                lambda: f64::NAN,
                ..default
            },
            "lambda",
        ),
    ] {
        let error = Reranked::new(query.view(), gallery.view(), parameters).unwrap_err();
        assert!(
            matches!(error, EvalError::Parameter { name, .. } if name == wanted),
            "{error}"
        );
    }
}

#[test]
fn one_image_repeated_has_equal_and_finite_distances() {
    let query = array![[1.0_f32, 0.0]];
    let gallery = Array2::from_shape_fn((8, 2), |(_, column)| f32::from(column == 0));
    let distances = reranked(
        &query,
        &gallery,
        RerankParameters {
            k1: 3,
            k2: 2,
            lambda: 0.3,
        },
    );
    assert!(
        distances.iter().all(|distance| distance.is_finite()),
        "{distances}"
    );
}

#[test]
fn features_that_are_not_finite_are_named() {
    let (query, mut gallery) = (random(2, 4, 1), random(30, 4, 2));
    gallery[[7, 1]] = f32::NAN;
    let parameters = RerankParameters::default();
    assert!(matches!(
        Reranked::new(query.view(), gallery.view(), parameters),
        Err(EvalError::NotFinite { .. })
    ));
}
