//! Evaluation and re-ranking on drawn features.
//!
//! `cargo bench -p reid-apps --bench eval` runs a quarter of Market-1501's rows; with
//! `REID_BENCH_FULL=1` all of them (3368 queries, 15913 gallery rows of 2048 numbers).

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use reid_apps::data::Label;
use reid_apps::eval::{
    DistanceMatrix, FeatureDistances, Metric, Options, RerankParameters, Reranked, embed, evaluate,
    full_matrix,
};

const DIM: usize = 2048;
const PEOPLE: u32 = 750;
const CAMERAS: u32 = 6;

struct Drawn {
    query: Array2<f32>,
    gallery: Array2<f32>,
    query_labels: Vec<Label>,
    gallery_labels: Vec<Label>,
}

fn draw(queries: usize, gallery: usize) -> Drawn {
    let mut random = Pcg64::seed_from_u64(1);
    let centres = Array2::from_shape_simple_fn((PEOPLE as usize, DIM), || random.random::<f32>());
    let mut set = |rows: usize| {
        let mut features = Array2::<f32>::zeros((rows, DIM));
        let mut labels = Vec::with_capacity(rows);
        for mut row in features.rows_mut() {
            let person = random.random_range(0..PEOPLE);
            row.assign(&centres.row(person as usize));
            row.mapv_inplace(|value| value + random.random::<f32>());
            labels.push(Label::new(
                person.cast_signed() + 1,
                random.random_range(1..=CAMERAS),
            ));
        }
        let none = Array2::zeros(features.dim());
        (
            embed("drawn", features.view(), none.view()).expect("drawn features are finite"),
            labels,
        )
    };
    let (query, query_labels) = set(queries);
    let (gallery, gallery_labels) = set(gallery);
    Drawn {
        query,
        gallery,
        query_labels,
        gallery_labels,
    }
}

fn benches(criterion: &mut Criterion) {
    let full = std::env::var_os("REID_BENCH_FULL").is_some();
    let (queries, gallery) = if full { (3368, 15913) } else { (842, 3978) };
    let drawn = draw(queries, gallery);
    let options = Options::default();
    let mut group = criterion.benchmark_group(format!("evaluate {queries}x{gallery}x{DIM}"));
    group.sample_size(10).warm_up_time(Duration::from_millis(1));

    let run = |distances: &dyn reid_apps::eval::DistanceRows| {
        let scores = evaluate(
            distances,
            &drawn.query_labels,
            &drawn.gallery_labels,
            &options,
        );
        black_box(scores.expect("drawn people have answers"))
    };
    let plain = || {
        FeatureDistances::new(Metric::Euclidean, drawn.query.view(), drawn.gallery.view())
            .expect("drawn features are finite")
    };
    group.bench_function("euclidean", |bencher| bencher.iter(|| run(&plain())));
    group.bench_function("re-ranked", |bencher| {
        bencher.iter(|| {
            let parameters = RerankParameters::default();
            let source = Reranked::new(drawn.query.view(), drawn.gallery.view(), parameters);
            run(&source.expect("there are enough images"))
        });
    });
    let matrix = full_matrix(&plain());
    group.bench_function("counting alone", |bencher| {
        bencher.iter(|| run(&DistanceMatrix(matrix.view())));
    });
    group.finish();
}

criterion_group!(eval, benches);
criterion_main!(eval);
