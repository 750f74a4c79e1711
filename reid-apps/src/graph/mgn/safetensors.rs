//! Weights from `.safetensors` files.

use half::f16;
use safetensors::{Dtype, SafeTensors};

use super::error::MgnError;
use super::weights::Weights;

impl Weights {
    /// Reads weights by their state-dict names; half precision is widened to float32.
    ///
    /// # Errors
    /// [`MgnError::Safetensors`] if `bytes` are no such file, or hold a tensor of another type than
    /// F32 or F16.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Weights, MgnError> {
        let refused = |detail: String| MgnError::Safetensors { detail };
        let file = SafeTensors::deserialize(bytes).map_err(|error| refused(error.to_string()))?;
        let mut weights = Weights::new();
        for (name, view) in file.iter() {
            let data = match view.dtype() {
                Dtype::F32 => numbers(view.data(), f32::from_le_bytes),
                Dtype::F16 => numbers(view.data(), |bytes| f16::from_le_bytes(bytes).to_f32()),
                other => return Err(refused(format!("{name} has the type {other:?}"))),
            };
            weights.insert(name, view.shape().to_vec(), data)?;
        }
        Ok(weights)
    }
}

/// Reads numbers of `N` bytes each.
pub(in crate::graph) fn numbers<const N: usize>(
    bytes: &[u8],
    read: impl Fn([u8; N]) -> f32,
) -> Vec<f32> {
    let (whole, _) = bytes.as_chunks::<N>();
    whole.iter().map(|chunk| read(*chunk)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use safetensors::tensor::TensorView;

    fn file(dtype: Dtype, bytes: &[u8]) -> Vec<u8> {
        let view = TensorView::new(dtype, vec![2], bytes).unwrap();
        safetensors::serialize([("reduction.1.bias", view)], None).unwrap()
    }

    #[test]
    fn single_and_half_precision_are_read() {
        let single: Vec<u8> = [1.5_f32, -2.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let half: Vec<u8> = [1.5_f32, -2.0]
            .iter()
            .flat_map(|v| f16::from_f32(*v).to_le_bytes())
            .collect();
        for bytes in [file(Dtype::F32, &single), file(Dtype::F16, &half)] {
            let weights = Weights::from_safetensors(&bytes).unwrap();
            let tensor = weights.get("reduction.1.bias").unwrap();
            assert_eq!((&tensor.shape, &tensor.data), (&vec![2], &vec![1.5, -2.0]));
        }
    }

    #[test]
    fn other_types_and_other_files_are_refused() {
        let error = Weights::from_safetensors(&file(Dtype::U8, &[1, 2])).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("reduction.1.bias has the type U8"),
            "{error}"
        );
        assert!(Weights::from_safetensors(b"PK no such file").is_err());
    }
}
