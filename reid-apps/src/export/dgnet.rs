use std::path::Path;

use super::{ExportError, Surplus};
use crate::checkpoint::Checkpoint;
use crate::graph::dgnet::{Config, Form, Weights};
use crate::graph::mgn::Tensor;

/// Reads the weights of a DG-Net from the two checkpoints of its training, `gen_*.pt` and `id_*.pt`, and the
/// configuration that their shapes tell.
///
/// Without a `key` the dict `a` of each is taken where there are several.
///
/// # Errors
/// [`ExportError`]: a file cannot be read, or holds the weights of something else; the text lists how they differ.
pub fn dgnet_of_checkpoints(
    generator: &Path,
    identity: &Path,
    key: Option<&str>,
    form: Form,
    surplus: Surplus,
) -> Result<(Config, Weights), ExportError> {
    let mut named = Vec::new();
    for (path, prefix) in [(generator, "gen_a."), (identity, "id_a.")] {
        let tensors = Checkpoint::read(path, key)?.load()?;
        named.extend(tensors.into_iter().map(|(name, tensor)| {
            // Files that were joined and split again keep the prefix.
            let bare = name.strip_prefix(prefix).unwrap_or(&name);
            (format!("{prefix}{bare}"), tensor)
        }));
    }
    let files = format!("{}, {}", generator.display(), identity.display());
    checked(files, named, form, surplus)
}

/// Reads the weights of a DG-Net from one file with the tensors of both checkpoints, named `gen_a.…` and `id_a.…`.
///
/// # Errors
/// As [`dgnet_of_checkpoints`].
pub fn dgnet_of_file(
    path: &Path,
    form: Form,
    surplus: Surplus,
) -> Result<(Config, Weights), ExportError> {
    let tensors = Checkpoint::read(path, None)?.load()?;
    let named = tensors.into_iter().collect();
    checked(path.display().to_string(), named, form, surplus)
}

fn checked(
    files: String,
    tensors: Vec<(String, Tensor)>,
    form: Form,
    surplus: Surplus,
) -> Result<(Config, Weights), ExportError> {
    let wrong = |source| ExportError::Dgnet {
        files: files.clone(),
        source,
    };
    let mut weights = Weights::new();
    for (name, tensor) in tensors {
        // Old checkpoints have no counters, and nothing reads them.
        if !name.ends_with(".num_batches_tracked") {
            weights
                .insert(name, tensor.shape, tensor.data)
                .map_err(wrong)?;
        }
    }
    let config = Config {
        form,
        // Weights that do not even tell a width are compared with the published network.
        ..Config::of_weights(&weights).unwrap_or_default()
    };
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
        network: format!(
            "a DG-Net (dim {}, stem {}, layers {:?}, mlp {})",
            c.dim, c.stem, c.planes, c.mlp
        ),
        files,
        differences: Box::new(differences),
    })
}
