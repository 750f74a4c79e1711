use sha2::{Digest, Sha256};

use super::config::{Config, ParameterKind};
use super::error::MgnError;
use super::weights::Weights;

/// Images drawn for the calibration.
const IMAGES: usize = 16;

/// Their size. Statistics of a channel hardly depend on it, the time does.
const SIZE: [usize; 2] = [192, 64];

impl Weights {
    /// Draws weights, and takes the batch-norm statistics from drawn images.
    ///
    /// The result is untrained: its features differ from image to image, but
    /// know nothing of persons. Each tensor has a stream of its own, made from
    /// `seed` and its name. The same seed gives the same bits everywhere.
    ///
    /// Takes a fraction of a second at an eighth of the width, about a hundred
    /// times as long at full width; there [`Weights::drawn`] may do.
    ///
    /// # Errors
    /// [`MgnError::Config`] for a configuration that makes no network.
    pub fn seeded(config: &Config, seed: u64) -> Result<Weights, MgnError> {
        config.check()?;
        let mut weights = Weights::drawn(config, seed)?;
        let small = Config {
            height: SIZE[0],
            width: SIZE[1],
            ..config.clone()
        };
        weights.calibrate(&small, &pictures(seed))?;
        Ok(weights)
    }

    /// Draws weights with unit statistics: scale 1, shift 0, mean 0, variance 1.
    ///
    /// Filters are normal with variance 2 / fan-in (He), linear layers with 1 /
    /// fan-in and zero bias. Good for shapes and speed; the features of
    /// such a network hardly depend on its input, see [`Weights::seeded`].
    ///
    /// # Errors
    /// [`MgnError::Config`] for a configuration that makes no network.
    ///
    /// **Source**: He et al., "Delving Deep into Rectifiers", 2015, equation 10.
    pub fn drawn(config: &Config, seed: u64) -> Result<Weights, MgnError> {
        config.check()?;
        let mut weights = Weights::new();
        for parameter in config.parameters() {
            if parameter.kind == ParameterKind::Counter {
                continue;
            }
            let count = parameter.count();
            let fan_in: usize = parameter.shape.iter().skip(1).product();
            let data = match parameter.shape.len() {
                4 | 2 => {
                    let gain = if parameter.shape.len() == 4 { 2.0 } else { 1.0 };
                    let deviation = (gain / fan_in as f64).sqrt();
                    let mut stream = Stream::new(seed, &parameter.name);
                    (0..count).map(|_| stream.normal(deviation)).collect()
                }
                _ => vec![constant(&parameter.name); count],
            };
            weights.insert(parameter.name, parameter.shape, data)?;
        }
        Ok(weights)
    }
}

/// What the vectors begin as.
fn constant(name: &str) -> f32 {
    if name.ends_with(".weight") || name.ends_with(".running_var") {
        1.0
    } else {
        0.0
    }
}

/// Draws normalised pictures: background, a body of blocks of colour, and
/// stripes, so that colours, edges and textures all occur.
fn pictures(seed: u64) -> Vec<f32> {
    let [height, width] = SIZE;
    let mut out = Vec::with_capacity(IMAGES * 3 * height * width);
    for index in 0..IMAGES {
        let mut stream = Stream::new(seed, &format!("picture {index}"));
        let colours: [[f32; 5]; 3] =
            std::array::from_fn(|_| std::array::from_fn(|_| stream.normal(1.0)));
        let tilt = [stream.normal(0.02), stream.normal(0.02)];
        let wave = [stream.normal(0.4), stream.normal(0.4)];
        let contrast = stream.normal(0.4);
        for colours in &colours {
            for y in 0..height {
                for x in 0..width {
                    let (v, u) = (y as f32, x as f32);
                    let body = x > width / 4 && x < 3 * width / 4 && y > height / 12;
                    let part = if body { 1 + 4 * y / height } else { 0 };
                    let stripe = triangle(wave[0] * v + wave[1] * u) * contrast;
                    let slope = tilt[0] * (v - 96.0) + tilt[1] * (u - 32.0);
                    let grain = stream.normal(0.1);
                    out.push(colours[part] + stripe + slope + grain);
                }
            }
        }
    }
    out
}

/// A wave between -1 and 1 with period 4; no sine, whose last bit differs
/// between systems.
fn triangle(x: f32) -> f32 {
    let phase = x / 4.0 - (x / 4.0).floor();
    4.0 * (phase - 0.5).abs() - 1.0
}

/// SplitMix64, a generator that will never change under us.
///
/// **Source**: Steele et al., "Fast Splittable Pseudorandom Number
/// Generators", 2014.
pub(in crate::graph) struct Stream(u64);

impl Stream {
    pub(in crate::graph) fn new(seed: u64, name: &str) -> Stream {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(name.as_bytes());
        let digest = hash.finalize();
        let start = digest.iter().take(8).rev();
        Stream(start.fold(0, |n, &byte| n << 8 | u64::from(byte)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A nearly normal number with mean 0: the sum of twelve uniform ones.
    ///
    /// Exact methods need a logarithm, whose last bit differs between systems;
    /// of this sum only the tails beyond three deviations are too thin.
    #[allow(clippy::cast_possible_truncation)]
    pub(in crate::graph) fn normal(&mut self, deviation: f64) -> f32 {
        let mut sum = 0_u64;
        for _ in 0..3 {
            let bits = self.next();
            sum += (0..4).map(|i| (bits >> (16 * i)) & 0xffff).sum::<u64>();
        }
        // Twelve uniform integers of 0 to 65535 have the mean 12 * 32767.5 and,
        // but for a part in 2^32, the deviation 65536.
        ((sum as f64 - 393_210.0) / 65536.0 * deviation) as f32
    }
}
