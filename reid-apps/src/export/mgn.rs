use std::path::Path;

use super::{ExportError, Surplus};
use crate::checkpoint::Checkpoint;
use crate::graph::mgn::{Config, Weights};

/// Reads the weights of an MGN and the configuration that their shapes tell.
///
/// `key` names the dict of a nested checkpoint, see [`Checkpoint::read`].
///
/// # Errors
/// [`ExportError`]: the file cannot be read, or holds the weights of something else; the text lists how they differ.
pub fn mgn_of_checkpoint(
    path: &Path,
    key: Option<&str>,
    surplus: Surplus,
) -> Result<(Config, Weights), ExportError> {
    let wrong = |source| ExportError::Mgn {
        path: path.to_owned(),
        source,
    };
    let mut weights = Weights::new();
    for (name, tensor) in Checkpoint::read(path, key)?.load()? {
        weights
            .insert(name, tensor.shape, tensor.data)
            .map_err(wrong)?;
    }
    // Weights that do not even tell a width are compared with the published network.
    let config = Config::of_weights(&weights).unwrap_or_default();
    let mut differences = weights.differences(&config);
    if surplus == Surplus::LeftOut {
        for (name, _) in std::mem::take(&mut differences.surplus) {
            weights.remove(&name);
        }
    }
    if differences.is_empty() {
        return Ok((config, weights));
    }
    let c = &config.channels;
    Err(ExportError::Differs {
        files: path.display().to_string(),
        network: format!(
            "an MGN (stem {}, layers {:?}, feature {}, {} identities)",
            c.stem, c.planes, c.feature, c.classes
        ),
        differences: Box::new(differences),
    })
}
