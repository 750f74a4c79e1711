//! Translation between device tensors (bytes and an acl element type) and engine tensors.
//!
//! Engines compute in 32 bits. Wider integers are narrowed only when every value fits, otherwise the run is refused: a
//! wrong number is never produced silently. Floats of 16 and 64 bits become 32-bit ones and back; when the model's
//! output type differs from the graph's (`--output_type`), values are converted as Rust's `as` does: towards zero,
//! saturating, and NaN becomes 0 in integer types. Floats keep NaN and infinities.

use std::borrow::Cow;

use ascend_om::dtype;
use bytemuck::AnyBitPattern;
use half::f16;

use super::engine::{Elements, Tensor};

/// acl numbers of the types that inputs and outputs may have.
const SUPPORTED: &[i32] = &[
    dtype::ACL_FLOAT,
    dtype::ACL_FLOAT16,
    dtype::ACL_INT8,
    dtype::ACL_INT32,
    dtype::ACL_UINT8,
    dtype::ACL_INT64,
    dtype::ACL_DOUBLE,
    dtype::ACL_BOOL,
];

/// Tells whether a model's input or output may have this acl element type.
pub(crate) fn is_supported(acl: i32) -> bool {
    SUPPORTED.contains(&acl)
}

/// Reads `bytes` as elements of type `acl`; aligned ones of an engine's own type are not copied.
///
/// The error is a text that says what was found in the bytes.
pub(crate) fn decode(bytes: &[u8], acl: i32) -> Result<Elements<'_>, String> {
    Ok(match acl {
        dtype::ACL_FLOAT => Elements::F32(cast(bytes)),
        dtype::ACL_INT32 => Elements::I32(cast(bytes)),
        dtype::ACL_INT8 => Elements::I8(cast(bytes)),
        dtype::ACL_UINT8 => Elements::U8(Cow::Borrowed(bytes)),
        dtype::ACL_FLOAT16 => Elements::F32(map(bytes, |b| f16::from_le_bytes(b).to_f32())),
        dtype::ACL_DOUBLE => Elements::F32(map(bytes, narrow)),
        dtype::ACL_BOOL => Elements::I32(map(bytes, |[b]: [u8; 1]| i32::from(b != 0))),
        dtype::ACL_INT64 => {
            let wide = bytes
                .chunks_exact(8)
                .map(|c| i64::from_le_bytes(c.try_into().expect("8 bytes each")));
            let narrow: Result<Vec<i32>, i64> =
                wide.map(|v| i32::try_from(v).map_err(|_| v)).collect();
            let narrow = narrow.map_err(|v| {
                format!(
                    "the 64-bit integer {v}, which the simulator's engine cannot hold in 32 bits"
                )
            })?;
            Elements::I32(Cow::Owned(narrow))
        }
        other => return Err(format!("element type {}", dtype::name(other))),
    })
}

/// Rounds to the nearest 32-bit float; what is too large becomes infinity.
#[allow(clippy::cast_possible_truncation)] // rounding is the purpose
fn narrow(bytes: [u8; 8]) -> f32 {
    f64::from_le_bytes(bytes) as f32
}

fn cast<T: AnyBitPattern + Clone>(bytes: &[u8]) -> Cow<'_, [T]> {
    // Device buffers are 64-byte aligned, so the copy happens only to odd callers.
    match bytemuck::try_cast_slice(bytes) {
        Ok(slice) => Cow::Borrowed(slice),
        Err(_) => Cow::Owned(
            bytes
                .chunks_exact(size_of::<T>())
                .map(bytemuck::pod_read_unaligned)
                .collect(),
        ),
    }
}

fn map<const N: usize, T: Clone>(bytes: &[u8], f: impl Fn([u8; N]) -> T) -> Cow<'_, [T]> {
    Cow::Owned(bytes.as_chunks::<N>().0.iter().map(|c| f(*c)).collect())
}

/// Writes a tensor as bytes of type `acl`, little-endian; `None` when the type is not supported.
pub(crate) fn encode(tensor: &Tensor<'_>, acl: i32) -> Option<Vec<u8>> {
    macro_rules! encode_as {
        ($values:expr) => {{
            let values = $values.iter().copied();
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss
            )]
            #[allow(
                clippy::cast_lossless,
                clippy::cast_possible_wrap,
                clippy::unnecessary_cast
            )]
            match acl {
                dtype::ACL_FLOAT => bytes_of(values.map(|v| (v as f32).to_le_bytes())),
                dtype::ACL_FLOAT16 => {
                    bytes_of(values.map(|v| f16::from_f32(v as f32).to_le_bytes()))
                }
                dtype::ACL_DOUBLE => bytes_of(values.map(|v| f64::from(v).to_le_bytes())),
                dtype::ACL_INT8 => bytes_of(
                    values
                        .map(|v| to_int(v as f64, i8::MIN.into(), i8::MAX.into()) as i8)
                        .map(i8::to_le_bytes),
                ),
                dtype::ACL_UINT8 => bytes_of(
                    values
                        .map(|v| to_int(v as f64, 0, u8::MAX.into()) as u8)
                        .map(u8::to_le_bytes),
                ),
                dtype::ACL_INT32 => bytes_of(
                    values
                        .map(|v| to_int(v as f64, i32::MIN.into(), i32::MAX.into()) as i32)
                        .map(i32::to_le_bytes),
                ),
                dtype::ACL_INT64 => bytes_of(
                    values
                        .map(|v| to_int(v as f64, i64::MIN, i64::MAX))
                        .map(i64::to_le_bytes),
                ),
                dtype::ACL_BOOL => values.map(|v| u8::from(v as f64 != 0.0)).collect(),
                _ => return None,
            }
        }};
    }
    Some(match &tensor.elements {
        Elements::F32(v) if acl == dtype::ACL_FLOAT && cfg!(target_endian = "little") => {
            bytemuck::cast_slice(v).to_vec()
        }
        Elements::F32(v) => encode_as!(v),
        Elements::I32(v) => encode_as!(v),
        Elements::I8(v) => encode_as!(v),
        Elements::U8(v) => encode_as!(v),
    })
}

/// Towards zero, saturating, NaN to 0. Every engine type fits in 64-bit floats exactly.
#[allow(clippy::cast_possible_truncation)]
fn to_int(value: f64, low: i64, high: i64) -> i64 {
    (value as i64).clamp(low, high)
}

fn bytes_of<const N: usize>(values: impl Iterator<Item = [u8; N]>) -> Vec<u8> {
    values.flatten().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn floats(values: &[f32]) -> Tensor<'_> {
        Tensor {
            dims: vec![values.len()],
            elements: Elements::F32(Cow::Borrowed(values)),
        }
    }

    #[test]
    fn half_precision_survives_a_round_trip_with_nan_and_infinity() {
        let values = [0.0, -1.5, 65504.0, f32::INFINITY, f32::NAN, 1e6];
        let bytes = encode(&floats(&values), dtype::ACL_FLOAT16).unwrap();
        let Elements::F32(back) = decode(&bytes, dtype::ACL_FLOAT16).unwrap() else {
            panic!("float")
        };
        assert_eq!(&back[..4], &values[..4]);
        assert!(back[4].is_nan() && back[5].is_infinite());
    }

    #[test]
    fn floats_become_integers_towards_zero_saturating_and_nan_becomes_0() {
        let values = [1.9, -1.9, 300.0, -300.0, f32::NAN, f32::INFINITY];
        let bytes = encode(&floats(&values), dtype::ACL_UINT8).unwrap();
        assert_eq!(bytes, [1, 0, 255, 0, 0, 255]);
        let bytes = encode(&floats(&values), dtype::ACL_INT8).unwrap();
        assert_eq!(bytes, [1, 255, 127, 128, 0, 127]);
    }

    #[test]
    fn a_64_bit_integer_that_does_not_fit_is_refused_by_value() {
        let bytes: Vec<u8> = [1i64, -7].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(
            decode(&bytes, dtype::ACL_INT64).unwrap(),
            Elements::I32(Cow::Owned(vec![1, -7]))
        );
        let bytes = (1i64 << 40).to_le_bytes();
        assert!(
            decode(&bytes, dtype::ACL_INT64)
                .unwrap_err()
                .contains("1099511627776")
        );
    }

    #[test]
    fn unaligned_bytes_read_the_same() {
        let bytes: Vec<u8> = [1.5f32, -2.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let shifted = [&[0u8][..], &bytes].concat();
        assert_eq!(
            decode(&shifted[1..], dtype::ACL_FLOAT).unwrap(),
            decode(&bytes, dtype::ACL_FLOAT).unwrap()
        );
    }

    #[test]
    fn types_no_engine_has_are_refused() {
        assert!(decode(&[0; 8], 13).is_err());
        assert!(encode(&floats(&[1.0]), 16).is_none());
        assert!(!is_supported(13) && is_supported(9));
    }
}
