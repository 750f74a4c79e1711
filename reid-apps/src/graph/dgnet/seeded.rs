use super::config::Config;
use super::error::DgnetError;
use super::weights::Weights;
use crate::graph::mgn::Stream;

/// Share of a residual branch of the appearance encoder in the sum: with 1, sixteen sums would
/// let the numbers grow sixteen times doubled.
const BRANCH: f32 = 0.25;

impl Weights {
    /// Draws the weights that `config` reads.
    ///
    /// The result is untrained: what it draws depends on both images, and looks like neither.
    /// Filters and linear layers are normal with variance 2 / fan-in, normalisations begin at
    /// scale 1 and shift 0, statistics at mean 0 and variance 1. Each tensor has a stream of its
    /// own, made from `seed` and its name, so the same seed gives the same bits everywhere.
    ///
    /// # Errors
    /// [`DgnetError::Config`] for a configuration that makes no network.
    ///
    /// **Source**: He et al., "Delving Deep into Rectifiers", 2015, equation 10.
    pub fn seeded(config: &Config, seed: u64) -> Result<Weights, DgnetError> {
        config.check()?;
        let mut weights = Weights::new();
        for parameter in config.needed() {
            let count = parameter.count();
            let fan_in: usize = parameter.shape.iter().skip(1).product();
            let data = if parameter.shape.len() >= 2 {
                let deviation = (2.0 / fan_in as f64).sqrt();
                let mut stream = Stream::new(seed, &parameter.name);
                (0..count).map(|_| stream.normal(deviation)).collect()
            } else {
                vec![constant(&parameter.name); count]
            };
            weights.insert(parameter.name, parameter.shape, data)?;
        }
        Ok(weights)
    }
}

/// What the vectors begin as.
fn constant(name: &str) -> f32 {
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    if ends(&["bn3.weight", "downsample.1.weight"]) {
        BRANCH
    } else if ends(&[".weight", ".running_var", ".gamma"]) {
        1.0
    } else {
        0.0
    }
}
