//! Batch-norm statistics taken from images.
//!
//! Drawn filters with drawn or unit statistics make a network whose output
//! hardly depends on its input: behind every ReLU the numbers have a common
//! positive mean, each convolution adds it up, and after fifty layers the
//! mean is nearly all there is. With the true mean and variance of each
//! channel every layer sees what differs between images. So the layers are
//! run one after the other on a few images, and each batch norm is given the
//! statistics of its own input, before the next layer runs.
//!
//! The arithmetic is plain loops in a fixed order, without fused
//! multiply-add: the same weights come out on every machine.
use rayon::prelude::*;

use super::architecture::{Architecture, Bottleneck, Branch, ConvNorm};
use super::build::folded;
use super::config::Config;
use super::error::MgnError;
use super::weights::Weights;

/// Images between two layers: one map a image, each C x H x W.
#[derive(Clone)]
struct Maps {
    channels: usize,
    height: usize,
    width: usize,
    images: Vec<Vec<f32>>,
}

impl Weights {
    /// Sets the running statistics of all batch norms from images.
    ///
    /// `images` holds whole normalised RGB images of the configuration's
    /// height and width, one after the other, each 3 x height x width, C
    /// order. The more there are, the better the statistics of the last
    /// layer, which sees eight vectors of each.
    ///
    /// # Errors
    /// [`MgnError::Images`] if `images` is empty or not whole images;
    /// [`MgnError::Config`] and [`MgnError::Weights`] as
    /// [`build`](super::build).
    pub fn calibrate(&mut self, config: &Config, images: &[f32]) -> Result<(), MgnError> {
        config.check()?;
        self.check(config)?;
        let wanted = 3 * config.height * config.width;
        if images.is_empty() || !images.len().is_multiple_of(wanted) {
            let found = images.len();
            return Err(MgnError::Images { found, wanted });
        }
        let maps = Maps {
            channels: 3,
            height: config.height,
            width: config.width,
            images: images.chunks_exact(wanted).map(<[f32]>::to_vec).collect(),
        };
        let architecture = Architecture::new(&config.channels);
        let x = max_pool(&relu(settle(self, &architecture.stem, &maps)?));
        let mut trunk = x;
        for block in &architecture.trunk {
            trunk = bottleneck(self, block, trunk)?;
        }
        let mut vectors = Vec::new();
        for branch in &architecture.branches {
            let mut x = trunk.clone();
            for block in &branch.blocks {
                x = bottleneck(self, block, x)?;
            }
            pool(branch, &x, &mut vectors);
        }
        let vectors = Maps {
            channels: architecture.reduction.inputs,
            height: 1,
            width: 1,
            images: vectors,
        };
        settle(self, &architecture.reduction, &vectors)?;
        Ok(())
    }
}

/// Runs a convolution, gives its batch norm the statistics of the result, and
/// returns the normalised result.
fn settle(weights: &mut Weights, layer: &ConvNorm, input: &Maps) -> Result<Maps, MgnError> {
    let filters = weights.data(&layer.filters())?;
    let raw = convolve(layer, filters, None, input);
    let plane = raw.height * raw.width;
    let count = (plane * raw.images.len()) as f64;
    for channel in 0..raw.channels {
        let range = channel * plane..(channel + 1) * plane;
        let numbers = || raw.images.iter().flat_map(|image| &image[range.clone()]);
        let mean = numbers().map(|&x| f64::from(x)).sum::<f64>() / count;
        let spread = |x: f32| (f64::from(x) - mean) * (f64::from(x) - mean);
        let variance = numbers().map(|&x| spread(x)).sum::<f64>() / count;
        // A channel that never moves would be blown up to noise.
        let variance = variance.max(1e-3);
        weights.data_mut(&layer.norm_tensor("running_mean"))?[channel] = single(mean);
        weights.data_mut(&layer.norm_tensor("running_var"))?[channel] = single(variance);
    }
    let (filters, bias) = folded(layer, weights)?;
    Ok(convolve(layer, &filters, Some(&bias), input))
}

fn bottleneck(weights: &mut Weights, block: &Bottleneck, input: Maps) -> Result<Maps, MgnError> {
    let [first, second, third] = &block.convs;
    let x = relu(settle(weights, first, &input)?);
    let x = relu(settle(weights, second, &x)?);
    let mut x = settle(weights, third, &x)?;
    let past = match &block.downsample {
        Some(layer) => settle(weights, layer, &input)?,
        None => input,
    };
    for (sum, other) in x.images.iter_mut().zip(&past.images) {
        sum.iter_mut().zip(other).for_each(|(a, b)| *a += b);
    }
    Ok(relu(x))
}

fn convolve(layer: &ConvNorm, filters: &[f32], bias: Option<&[f32]>, input: &Maps) -> Maps {
    let (kernel, stride, pad) = (layer.kernel, layer.stride, layer.pad());
    let height = (input.height + 2 * pad - kernel) / stride + 1;
    let width = (input.width + 2 * pad - kernel) / stride + 1;
    let rows = layer.inputs * kernel * kernel;
    let images = input
        .images
        .par_iter()
        .map(|image| {
            let patches = patches(layer, input, image, [height, width]);
            let mut out = vec![0.0; layer.outputs * height * width];
            for (o, plane) in out.chunks_exact_mut(height * width).enumerate() {
                plane.fill(bias.map_or(0.0, |b| b[o]));
                let filter = &filters[o * rows..(o + 1) * rows];
                for (&w, patch) in filter.iter().zip(patches.chunks_exact(height * width)) {
                    plane.iter_mut().zip(patch).for_each(|(y, x)| *y += w * x);
                }
            }
            out
        })
        .collect();
    Maps {
        channels: layer.outputs,
        height,
        width,
        images,
    }
}

/// Lays out what each kernel position sees: (C * kh * kw) x (H' * W').
fn patches(layer: &ConvNorm, input: &Maps, image: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let (kernel, stride, pad) = (layer.kernel, layer.stride, layer.pad());
    let mut out = Vec::with_capacity(layer.inputs * kernel * kernel * height * width);
    for plane in image.chunks_exact(input.height * input.width) {
        for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
            for y in 0..height {
                // Underflow wraps to a row far outside, which is padding too.
                let row = (y * stride + ky).wrapping_sub(pad);
                out.extend((0..width).map(|x| {
                    let column = (x * stride + kx).wrapping_sub(pad);
                    if row < input.height && column < input.width {
                        plane[row * input.width + column]
                    } else {
                        0.0
                    }
                }));
            }
        }
    }
    out
}

fn relu(mut maps: Maps) -> Maps {
    for x in maps.images.iter_mut().flatten() {
        *x = x.max(0.0);
    }
    maps
}

/// 3x3, stride 2, padding 1.
fn max_pool(input: &Maps) -> Maps {
    let (height, width) = (input.height.div_ceil(2), input.width.div_ceil(2));
    let images = input
        .images
        .iter()
        .map(|image| {
            let mut out = Vec::with_capacity(input.channels * height * width);
            for plane in image.chunks_exact(input.height * input.width) {
                for y in 0..height {
                    for x in 0..width {
                        let rows = (2 * y).saturating_sub(1)..(2 * y + 2).min(input.height);
                        let columns = (2 * x).saturating_sub(1)..(2 * x + 2).min(input.width);
                        let seen = rows.flat_map(|row| {
                            plane[row * input.width..][columns.clone()].iter().copied()
                        });
                        out.push(seen.fold(f32::NEG_INFINITY, f32::max));
                    }
                }
            }
            out
        })
        .collect();
    Maps {
        channels: input.channels,
        height,
        width,
        images,
    }
}

/// Adds the pooled whole and stripes of each image.
fn pool(branch: &Branch, maps: &Maps, vectors: &mut Vec<Vec<f32>>) {
    let counts = [1, branch.stripes];
    for stripes in counts.into_iter().filter(|&n| n > 0) {
        let part = maps.height / stripes * maps.width;
        for image in &maps.images {
            for stripe in 0..stripes {
                let planes = image.chunks_exact(maps.height * maps.width);
                let largest = |plane: &[f32]| {
                    let seen = &plane[stripe * part..(stripe + 1) * part];
                    seen.iter().copied().fold(f32::NEG_INFINITY, f32::max)
                };
                vectors.push(planes.map(largest).collect());
            }
        }
    }
}

/// Rounds to float32, which is the point here.
#[allow(clippy::cast_possible_truncation)]
fn single(x: f64) -> f32 {
    x as f32
}
