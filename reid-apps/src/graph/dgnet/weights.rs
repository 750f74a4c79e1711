use std::collections::BTreeMap;

use half::f16;
use safetensors::{Dtype, SafeTensors};

use super::config::Config;
use super::error::DgnetError;
use super::layers::Layers;
use crate::graph::mgn::{Differences, Tensor, numbers};

/// The weights of a DG-Net: the tensors of the generator's checkpoint under `gen_a.`, those of the
/// appearance encoder's under `id_a.`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    tensors: BTreeMap<String, Tensor>,
}

impl Weights {
    /// Begins an empty collection.
    #[must_use]
    pub fn new() -> Weights {
        Weights::default()
    }

    /// Adds a tensor; returns the one it replaces.
    ///
    /// # Errors
    /// [`DgnetError::Count`] if `data` has not as many numbers as `shape` says.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        shape: Vec<usize>,
        data: Vec<f32>,
    ) -> Result<Option<Tensor>, DgnetError> {
        let name = name.into();
        let wanted = shape
            .iter()
            .try_fold(1_usize, |n, &d| n.checked_mul(d))
            .unwrap_or(usize::MAX);
        if wanted != data.len() {
            return Err(DgnetError::Count {
                name,
                found: data.len(),
                wanted,
            });
        }
        Ok(self.tensors.insert(name, Tensor { shape, data }))
    }

    /// Returns a tensor.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// Removes a tensor and returns it.
    pub fn remove(&mut self, name: &str) -> Option<Tensor> {
        self.tensors.remove(name)
    }

    /// Lists the tensors in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, t)| (name.as_str(), t))
    }

    /// Reads a `.safetensors` file; half precision is widened to float32, and integer tensors
    /// (`num_batches_tracked`) are passed over.
    ///
    /// # Errors
    /// [`DgnetError::Safetensors`] if `bytes` are no such file, or hold numbers of another type.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Weights, DgnetError> {
        let refused = |detail: String| DgnetError::Safetensors { detail };
        let file = SafeTensors::deserialize(bytes).map_err(|error| refused(error.to_string()))?;
        let mut weights = Weights::new();
        for (name, view) in file.iter() {
            let data = match view.dtype() {
                Dtype::F32 => numbers(view.data(), f32::from_le_bytes),
                Dtype::F16 => numbers(view.data(), |bytes| f16::from_le_bytes(bytes).to_f32()),
                Dtype::I64 => continue,
                other => return Err(refused(format!("{name} has the type {other:?}"))),
            };
            weights.insert(name, view.shape().to_vec(), data)?;
        }
        Ok(weights)
    }

    /// Compares names and shapes with the architecture of `config`.
    ///
    /// Tensors that its form does not read are not missed; present, they must have the right
    /// shape like the others.
    #[must_use]
    pub fn differences(&self, config: &Config) -> Differences {
        let mut differences = Differences::default();
        let mut wanted: Vec<_> = Layers::new(&config.channels).parameters();
        wanted.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        for (parameter, need) in &wanted {
            let name = &parameter.name;
            match self.get(name) {
                None if !config.reads(*need) => {}
                None => differences
                    .missing
                    .push((name.clone(), parameter.shape.clone())),
                Some(tensor) if tensor.shape != parameter.shape => differences.reshaped.push((
                    name.clone(),
                    tensor.shape.clone(),
                    parameter.shape.clone(),
                )),
                Some(_) => {}
            }
        }
        for (name, tensor) in &self.tensors {
            let known = wanted.binary_search_by(|(parameter, _)| parameter.name.cmp(name));
            if known.is_err() {
                differences
                    .surplus
                    .push((name.clone(), tensor.shape.clone()));
            }
        }
        differences
    }

    /// Checks names and shapes against the architecture of `config`.
    ///
    /// # Errors
    /// [`DgnetError::Weights`] listing all differences.
    pub fn check(&self, config: &Config) -> Result<(), DgnetError> {
        let differences = self.differences(config);
        if differences.is_empty() {
            Ok(())
        } else {
            Err(DgnetError::Weights(differences))
        }
    }

    /// A tensor that [`Weights::check`] has seen.
    pub(super) fn tensor(&self, name: &str) -> Result<&Tensor, DgnetError> {
        self.get(name).ok_or_else(|| missing(name))
    }

    /// The first dimension of a tensor.
    pub(super) fn rows(&self, name: &str) -> Option<usize> {
        self.get(name).and_then(|t| t.shape.first().copied())
    }
}

pub(super) fn missing(name: &str) -> DgnetError {
    DgnetError::Weights(Differences {
        missing: vec![(name.to_owned(), Vec::new())],
        ..Differences::default()
    })
}
