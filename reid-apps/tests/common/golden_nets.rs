//! The narrow networks of the golden folder and their weights, drawn as its README says.
#![allow(dead_code)] // each test uses one of the two

use reid_apps::graph::{dgnet, mgn, onnx::Batch};

#[path = "../../../tests/common/numpy_random.rs"]
pub(crate) mod numpy_random;

use numpy_random::{RandomState, crc32};

/// MGN at a sixteenth of its width with 11 identities.
pub(crate) fn narrow_mgn() -> mgn::Config {
    mgn::Config {
        channels: mgn::Channels::divided(16, 11).unwrap(),
        ..mgn::Config::full()
    }
}

/// DG-Net: a sixteenth of the appearance encoder, an eighth of the generator.
pub(crate) fn narrow_dgnet(form: dgnet::Form, batch: usize) -> dgnet::Config {
    dgnet::Config {
        channels: dgnet::Channels {
            dim: 2,
            stem: 4,
            planes: [4, 8, 16, 32],
            mlp: 32,
            ..dgnet::Channels::FULL
        },
        form,
        batch: Batch::Fixed(batch),
        ..dgnet::Config::full()
    }
}

/// The golden numbers of a tensor; the seed is 2024 for MGN and 2025 for DG-Net.
pub(crate) fn golden_tensor(name: &str, shape: &[usize], seed: u32) -> Vec<f32> {
    let mut random = RandomState::new(crc32(name.as_bytes()) ^ seed);
    let count: usize = shape.iter().product();
    let fan_in: usize = shape.iter().skip(1).product();
    let ends = |suffix: &str| name.ends_with(suffix);
    let mut draw = || {
        if ends("running_var") || ends("gamma") {
            random.uniform(0.5, 1.5)
        } else if shape.len() >= 2 {
            random.normal(0.0, (2.0 / fan_in as f64).sqrt())
        } else if ends("bn3.weight") || ends("downsample.1.weight") {
            random.uniform(0.15, 0.35)
        } else if ends("weight") {
            random.uniform(0.5, 1.5)
        } else {
            random.normal(0.0, 0.1)
        }
    };
    (0..count).map(|_| draw() as f32).collect()
}

/// The seeds of the golden weights.
pub(crate) const MGN_SEED: u32 = 2024;
pub(crate) const DGNET_SEED: u32 = 2025;

/// The golden input of MGN: the first `count` of four images.
pub(crate) fn mgn_images(count: usize) -> Vec<f32> {
    let mut random = RandomState::new(7);
    let numbers = count * 3 * 384 * 128;
    (0..numbers)
        .map(|_| random.normal(0.0, 1.0) as f32)
        .collect()
}

/// The golden inputs of DG-Net: the first `count` of four pairs.
pub(crate) fn dgnet_images(count: usize) -> [(&'static str, Vec<f32>, Vec<usize>); 2] {
    let mut random = RandomState::new(8);
    [("image1", 1), ("image2", 3)].map(|(name, channels)| {
        let size = channels * 256 * 128;
        let mut all: Vec<f32> = (0..4 * size)
            .map(|_| random.normal(0.0, 1.0) as f32)
            .collect();
        all.truncate(count * size);
        (name, all, vec![count, channels, 256, 128])
    })
}
