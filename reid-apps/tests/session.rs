//! Pictures in a program's hands, through MGN and DG-Net, against the networks themselves.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]

use std::path::Path;

use acl::{Context, Runtime};
use reid_apps::backend::Backend;
use reid_apps::dgnet::{self, Generator, denormalise};
use reid_apps::graph::dgnet::{Form, Weights as DgnetWeights, build as build_dgnet};
use reid_apps::graph::mgn::{Weights, build};
use reid_apps::graph::onnx::Batch;
use reid_apps::imaging::{PixelFormat, Pixels, Preprocessor, Recipe, Source};
use reid_apps::mgn::{Embedder, Session};

#[path = "common/golden_nets.rs"]
mod golden_nets;
#[path = "common/run_onnx.rs"]
mod run_onnx;

use golden_nets::{narrow_dgnet, narrow_mgn};
use run_onnx::{difference, run, run_named};

/// What the engine's own sums may differ by in another order.
const TOLERANCE: f32 = 1e-4;

fn context() -> Context {
    let api = Backend::Simulator.open().unwrap();
    Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap()
}

const WIDTH: usize = 20;
const HEIGHT: usize = 44;

/// Pictures of stripes, each of its own, not the same from both sides.
fn pictures(count: usize) -> Vec<Vec<u8>> {
    let byte = |picture: usize, place: usize| {
        let (x, y) = (place / 3 % WIDTH, place / 3 / WIDTH);
        u8::try_from((x * x + 7 * picture * y + 31 * (place % 3)) % 256).unwrap()
    };
    (0..count)
        .map(|picture| {
            (0..WIDTH * HEIGHT * 3)
                .map(|place| byte(picture, place))
                .collect()
        })
        .collect()
}

fn sources(pictures: &[Vec<u8>]) -> Vec<Source<'_>> {
    let source = |bytes| {
        Source::Pixels(Pixels {
            format: PixelFormat::Rgb,
            width: WIDTH,
            height: HEIGHT,
            stride: 0,
            bytes,
        })
    };
    pictures.iter().map(|bytes| source(bytes)).collect()
}

/// The numbers of pictures, plain and mirrored, as a network reads them.
fn numbers(sources: &[Source<'_>], recipe: Recipe) -> [Vec<f32>; 2] {
    let mut preprocessor = Preprocessor::new(recipe);
    let length = preprocessor.output_len();
    let mut all = [(); 2].map(|()| vec![0.0; sources.len() * length]);
    let [plain, flip] = &mut all;
    let rows = plain
        .chunks_exact_mut(length)
        .zip(flip.chunks_exact_mut(length));
    for (source, (plain, flip)) in sources.iter().zip(rows) {
        source.run(&mut preprocessor, plain, Some(flip)).unwrap();
    }
    all
}

#[test]
fn features_are_those_of_the_network_for_any_number_of_pictures_and_both_passes() {
    let mut config = narrow_mgn();
    let weights = Weights::seeded(&config, 5).unwrap();
    let pictures = pictures(5);
    let sources = sources(&pictures);
    config.batch = Batch::Fixed(5);
    let whole = build(&config, &weights).unwrap();
    let wanted = numbers(&sources, Recipe::MGN)
        .map(|pass| run(&whole, &pass, [5, 3, 384, 128]).remove(0).data);
    // Two whole batches and a rest.
    config.batch = Batch::Fixed(2);
    let onnx = build(&config, &weights).unwrap();
    let om = ascendcl::atc::convert_bytes(&onnx, "mgn", &Default::default()).unwrap();
    let embedder = Embedder::load(&context(), Path::new("mgn.om"), &om).unwrap();
    let mut session = Session::new(embedder).unwrap();
    let [plain, flip] = session.features(&sources, true).unwrap();
    for (found, wanted) in [&plain, &flip].into_iter().zip(&wanted) {
        assert!(difference(found, wanted) < TOLERANCE);
    }
    assert!(difference(&flip, &wanted[0]) > 0.01, "the passes differ");
    let [alone, none] = session.features(&sources, false).unwrap();
    assert_eq!((alone, none.len()), (plain, 0));
    let torn = [sources[0], Source::Bytes(b"no picture"), sources[1]];
    let text = session.features(&torn, true).unwrap_err().to_string();
    assert!(text.starts_with("picture 1: image in memory"), "{text}");
    assert_eq!(
        session.features(&[], true).unwrap(),
        [const { Vec::<f32>::new() }; 2]
    );
}

#[test]
fn drawn_pictures_are_those_of_the_network() {
    let config = narrow_dgnet(Form::Generator, 3);
    let weights = DgnetWeights::seeded(&config, 6).unwrap();
    let pictures = pictures(6);
    let sources = sources(&pictures);
    let (structures, contents) = sources.split_at(3);
    let [grey, _] = numbers(structures, Recipe::DGNET_STRUCTURE);
    let [colour, _] = numbers(contents, Recipe::DGNET_CONTENT);
    let inputs = [
        ("image1", grey, vec![3, 1, 256, 128]),
        ("image2", colour, vec![3, 3, 256, 128]),
    ];
    let wanted = run_named(&build_dgnet(&config, &weights).unwrap(), &inputs);
    let onnx = build_dgnet(&narrow_dgnet(Form::Generator, 2), &weights).unwrap();
    let om = ascendcl::atc::convert_bytes(&onnx, "dgnet", &Default::default()).unwrap();
    let generator = Generator::load(&context(), Path::new("dgnet.om"), &om).unwrap();
    let mut session = dgnet::Session::new(generator).unwrap();
    let drawn = session.draw(structures, contents).unwrap();
    assert_eq!(drawn.len(), 3);
    let rows = wanted[0].1.data.chunks_exact(3 * 256 * 128);
    for (found, wanted) in drawn.iter().zip(rows) {
        let wanted = denormalise(wanted, 256, 128).unwrap();
        let bytes = found.rgb().iter().zip(wanted.rgb());
        // A number beside a whole level may fall to either side.
        assert!(bytes.clone().all(|(a, b)| a.abs_diff(*b) <= 1));
        assert!(bytes.filter(|(a, b)| a != b).count() < 300);
    }
    let text = session.draw(structures, &contents[..2]).unwrap_err();
    assert!(text.to_string().contains("3 structures and 2 contents"));
}
