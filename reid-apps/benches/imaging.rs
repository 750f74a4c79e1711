//! Times the steps from a file to a network input, one thread, on a drawn 64 x 128 image as the
//! data set has them.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mozjpeg::{ColorSpace, Compress};
use reid_apps::imaging::{
    BatchPreprocessor, Decoder, Flip, IMAGENET_MEAN, IMAGENET_STD, Normaliser, Preprocessor,
    Recipe, Resizer, RgbImage,
};

const RECIPES: [(&str, Recipe); 2] = [("mgn", Recipe::MGN), ("dgnet", Recipe::DGNET_CONTENT)];

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

    // Resize and normalise in one: what `Preprocessor` runs where the processor allows it.
    for (name, recipe) in RECIPES {
        let mut out = vec![0.0; recipe.output_len()];
        let mut flip = out.clone();
        let mut fused = Preprocessor::new(recipe);
        let mut steps = Preprocessor::step_by_step(recipe);
        for (path, preprocessor) in [("fused", &mut fused), ("step by step", &mut steps)] {
            group.bench_function(format!("{name}: resize and normalise, {path}"), |b| {
                b.iter(|| preprocessor.run_image(black_box(&decoded), &mut out, None));
            });
        }
        group.bench_function(format!("{name}: jpeg to tensor"), |b| {
            b.iter(|| fused.run_bytes(black_box(&jpeg), "bench", &mut out, None));
        });
        group.bench_function(format!("{name}: jpeg to tensor and mirror"), |b| {
            b.iter(|| fused.run_bytes(black_box(&jpeg), "bench", &mut out, Some(&mut flip)));
        });
    }
    group.finish();

    let files: Vec<(String, &[u8])> = (0..64).map(|n| (n.to_string(), &jpeg[..])).collect();
    let mut group = criterion.benchmark_group("imaging, 64 images at once");
    group.throughput(Throughput::Elements(64));
    for (name, recipe) in RECIPES {
        let batch = BatchPreprocessor::new(recipe);
        let mut out = vec![0.0; recipe.output_len() * files.len()];
        group.bench_function(format!("{name}: all cores"), |b| {
            b.iter(|| batch.run_bytes(black_box(&files), &mut out, None));
        });
    }
    group.finish();
}

criterion_group!(benches, imaging);
criterion_main!(benches);
