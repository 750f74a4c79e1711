//! Times the steps from a file to a network input, one thread, on a drawn 64 x 128 image as the
//! data set has them.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mozjpeg::{ColorSpace, Compress};
use reid_apps::imaging::{
    Decoder, Flip, IMAGENET_MEAN, IMAGENET_STD, Normaliser, Preprocessor, Resizer, RgbImage,
};

/// A picture with gradients and edges, quality 75, 4:2:0.
fn picture(width: usize, height: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let edge = if (x / 9 + y / 13) % 2 == 0 { 60 } else { 0 };
            for value in [x * 2 + edge, y + edge, (x + y) / 2 + edge] {
                bytes.push(u8::try_from(value % 256).expect("below 256"));
            }
        }
    }
    let mut compress = Compress::new(ColorSpace::JCS_RGB);
    compress.set_size(width, height);
    compress.set_quality(75.0);
    compress.set_fastest_defaults();
    let mut started = compress
        .start_compress(Vec::new())
        .expect("memory does not fail");
    started
        .write_scanlines(&bytes)
        .expect("memory does not fail");
    started.finish().expect("memory does not fail")
}

fn imaging(criterion: &mut Criterion) {
    let jpeg = picture(64, 128);
    let mut group = criterion.benchmark_group("imaging");
    group.throughput(Throughput::Elements(1));

    let (mut decoder, mut decoded) = (Decoder::new(), RgbImage::new());
    group.bench_function("decode 64x128 jpeg", |b| {
        b.iter(|| {
            decoder
                .decode_bytes(black_box(&jpeg), "bench", &mut decoded)
                .expect("valid")
        });
    });

    let (mut resizer, mut resized) = (Resizer::new(), RgbImage::new());
    group.bench_function("resize 64x128 to 128x384", |b| {
        b.iter(|| resizer.resize(black_box(&decoded), 128, 384, &mut resized));
    });

    let normaliser = Normaliser::new(IMAGENET_MEAN, IMAGENET_STD);
    let mut tensor = vec![0.0; 3 * 384 * 128];
    group.bench_function("normalise 128x384", |b| {
        b.iter(|| normaliser.write(black_box(&resized), Flip::None, &mut tensor));
    });

    let mut preprocessor = Preprocessor::mgn();
    let mut flip = tensor.clone();
    group.bench_function("mgn, plain", |b| {
        b.iter(|| {
            preprocessor
                .run_bytes(black_box(&jpeg), "bench", &mut tensor, None)
                .expect("valid")
        });
    });
    group.bench_function("mgn, plain and flip", |b| {
        b.iter(|| {
            preprocessor
                .run_bytes(black_box(&jpeg), "bench", &mut tensor, Some(&mut flip))
                .expect("valid");
        });
    });
    group.finish();
}

criterion_group!(benches, imaging);
criterion_main!(benches);
