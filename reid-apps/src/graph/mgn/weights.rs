use std::collections::BTreeMap;

use super::architecture::Architecture;
use super::config::{Config, Outputs, Parameter, ParameterKind};
use super::error::{Differences, MgnError};

/// A float32 tensor, C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Its shape; empty for a scalar.
    pub shape: Vec<usize>,
    /// Its numbers.
    pub data: Vec<f32>,
}

/// The weights of an MGN by their state-dict names.
///
/// `num_batches_tracked` may be in it or not: inference does not read it.
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
    /// [`MgnError::Count`] if `data` has not as many numbers as `shape` says.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        shape: Vec<usize>,
        data: Vec<f32>,
    ) -> Result<Option<Tensor>, MgnError> {
        let name = name.into();
        let wanted = shape
            .iter()
            .try_fold(1_usize, |n, &d| n.checked_mul(d))
            .unwrap_or(usize::MAX);
        if wanted != data.len() {
            return Err(MgnError::Count {
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

    /// Compares names and shapes with the architecture of `config`.
    ///
    /// Counters are never missed, nor are classifiers if only the features
    /// are wanted; present, they must have the right shape like the others.
    #[must_use]
    pub fn differences(&self, config: &Config) -> Differences {
        let architecture = Architecture::new(&config.channels);
        let wanted: BTreeMap<String, Parameter> = architecture
            .parameters()
            .into_iter()
            .map(|p| (p.name.clone(), p))
            .collect();
        let mut differences = Differences::default();
        for (name, parameter) in &wanted {
            let optional = parameter.kind == ParameterKind::Counter
                || (config.outputs == Outputs::FeaturesOnly && architecture.is_classifier(name));
            match self.get(name) {
                None if optional => {}
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
            if !wanted.contains_key(name) {
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
    /// [`MgnError::Weights`] listing all differences.
    pub fn check(&self, config: &Config) -> Result<(), MgnError> {
        let differences = self.differences(config);
        if differences.is_empty() {
            Ok(())
        } else {
            Err(MgnError::Weights(differences))
        }
    }

    /// The numbers of a tensor that [`Weights::check`] has seen.
    pub(super) fn data(&self, name: &str) -> Result<&[f32], MgnError> {
        match self.get(name) {
            Some(tensor) => Ok(&tensor.data),
            None => Err(missing(name)),
        }
    }

    pub(super) fn data_mut(&mut self, name: &str) -> Result<&mut [f32], MgnError> {
        match self.tensors.get_mut(name) {
            Some(tensor) => Ok(&mut tensor.data),
            None => Err(missing(name)),
        }
    }

    /// The first dimension of a tensor.
    pub(super) fn rows(&self, name: &str) -> Result<usize, MgnError> {
        let first = self.get(name).and_then(|t| t.shape.first().copied());
        first.ok_or_else(|| missing(name))
    }
}

fn missing(name: &str) -> MgnError {
    MgnError::Weights(Differences {
        missing: vec![(name.to_owned(), Vec::new())],
        ..Differences::default()
    })
}
