//! Elements as numbers: bytes of any type become one of three kinds, and numbers become bytes.

#![allow(
    clippy::cast_possible_truncation,
    reason = "rounding and cutting off are what these conversions are for"
)]

use acl_sys::aclDataType;
use half::{bf16, f16};

/// Numbers in the kind they are computed in.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    /// float32, float16 and bfloat16.
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// All integers, wide enough that one operation on two of them is exact.
    Int(Vec<i128>),
}

/// Reads little-endian elements.
macro_rules! elements {
    ($bytes:expr, $type:ty, $into:expr) => {
        $bytes
            .chunks_exact(size_of::<$type>())
            .map(|chunk| {
                let mut element = [0; size_of::<$type>()];
                element.copy_from_slice(chunk);
                $into(<$type>::from_le_bytes(element))
            })
            .collect()
    };
}

/// Types that are computed with.
pub(super) const FLOATS: &[aclDataType] = &[
    aclDataType::ACL_FLOAT,
    aclDataType::ACL_FLOAT16,
    aclDataType::ACL_DOUBLE,
];

/// The same, and integers.
pub(super) const NUMERIC: &[aclDataType] = &[
    aclDataType::ACL_FLOAT,
    aclDataType::ACL_FLOAT16,
    aclDataType::ACL_DOUBLE,
    aclDataType::ACL_INT8,
    aclDataType::ACL_UINT8,
    aclDataType::ACL_INT16,
    aclDataType::ACL_UINT16,
    aclDataType::ACL_INT32,
    aclDataType::ACL_UINT32,
    aclDataType::ACL_INT64,
    aclDataType::ACL_UINT64,
];

/// Types that casts know: the same, and those that are only kept.
pub(super) const CASTABLE: &[aclDataType] = &[
    aclDataType::ACL_FLOAT,
    aclDataType::ACL_FLOAT16,
    aclDataType::ACL_BF16,
    aclDataType::ACL_DOUBLE,
    aclDataType::ACL_BOOL,
    aclDataType::ACL_INT8,
    aclDataType::ACL_UINT8,
    aclDataType::ACL_INT16,
    aclDataType::ACL_UINT16,
    aclDataType::ACL_INT32,
    aclDataType::ACL_UINT32,
    aclDataType::ACL_INT64,
    aclDataType::ACL_UINT64,
];

impl Numbers {
    /// Reads the elements of a tensor; a type that is none of [`CASTABLE`] has none.
    pub(super) fn read(dtype: aclDataType, bytes: &[u8]) -> Self {
        match dtype {
            aclDataType::ACL_FLOAT => Self::F32(elements!(bytes, f32, f32::from)),
            aclDataType::ACL_FLOAT16 => Self::F32(elements!(bytes, f16, f32::from)),
            aclDataType::ACL_BF16 => Self::F32(elements!(bytes, bf16, f32::from)),
            aclDataType::ACL_DOUBLE => Self::F64(elements!(bytes, f64, f64::from)),
            aclDataType::ACL_INT8 => Self::Int(elements!(bytes, i8, i128::from)),
            aclDataType::ACL_UINT8 => Self::Int(elements!(bytes, u8, i128::from)),
            aclDataType::ACL_INT16 => Self::Int(elements!(bytes, i16, i128::from)),
            aclDataType::ACL_UINT16 => Self::Int(elements!(bytes, u16, i128::from)),
            aclDataType::ACL_INT32 => Self::Int(elements!(bytes, i32, i128::from)),
            aclDataType::ACL_UINT32 => Self::Int(elements!(bytes, u32, i128::from)),
            aclDataType::ACL_INT64 => Self::Int(elements!(bytes, i64, i128::from)),
            aclDataType::ACL_UINT64 => Self::Int(elements!(bytes, u64, i128::from)),
            aclDataType::ACL_BOOL => {
                Self::Int(bytes.iter().map(|byte| i128::from(*byte != 0)).collect())
            }
            _ => Self::Int(Vec::new()),
        }
    }

    /// Writes the elements of a tensor, converted to its type.
    pub(super) fn write(&self, dtype: aclDataType) -> Vec<u8> {
        match dtype {
            aclDataType::ACL_FLOAT => self.each(
                |v| v.to_le_bytes(),
                |v| (v as f32).to_le_bytes(),
                |v| (v as f32).to_le_bytes(),
            ),
            aclDataType::ACL_FLOAT16 => self.each(
                |v| f16::from_f32(v).to_le_bytes(),
                |v| f16::from_f64(v).to_le_bytes(),
                |v| f16::from_f64(v as f64).to_le_bytes(),
            ),
            aclDataType::ACL_BF16 => self.each(
                |v| bf16::from_f32(v).to_le_bytes(),
                |v| bf16::from_f64(v).to_le_bytes(),
                |v| bf16::from_f64(v as f64).to_le_bytes(),
            ),
            aclDataType::ACL_DOUBLE => self.each(
                |v| f64::from(v).to_le_bytes(),
                f64::to_le_bytes,
                |v| (v as f64).to_le_bytes(),
            ),
            aclDataType::ACL_BOOL => self.each(
                |v| [u8::from(v != 0.0)],
                |v| [u8::from(v != 0.0)],
                |v| [u8::from(v != 0)],
            ),
            // From a float Rust's `as` stops at the ends, between integers it keeps the low bits.
            aclDataType::ACL_INT8 => self.each(
                |v| (v as i8).to_le_bytes(),
                |v| (v as i8).to_le_bytes(),
                |v| (v as i8).to_le_bytes(),
            ),
            aclDataType::ACL_UINT8 => self.each(|v| [v as u8], |v| [v as u8], |v| [v as u8]),
            aclDataType::ACL_INT16 => self.each(
                |v| (v as i16).to_le_bytes(),
                |v| (v as i16).to_le_bytes(),
                |v| (v as i16).to_le_bytes(),
            ),
            aclDataType::ACL_UINT16 => self.each(
                |v| (v as u16).to_le_bytes(),
                |v| (v as u16).to_le_bytes(),
                |v| (v as u16).to_le_bytes(),
            ),
            aclDataType::ACL_INT32 => self.each(
                |v| (v as i32).to_le_bytes(),
                |v| (v as i32).to_le_bytes(),
                |v| (v as i32).to_le_bytes(),
            ),
            aclDataType::ACL_UINT32 => self.each(
                |v| (v as u32).to_le_bytes(),
                |v| (v as u32).to_le_bytes(),
                |v| (v as u32).to_le_bytes(),
            ),
            aclDataType::ACL_INT64 => self.each(
                |v| (v as i64).to_le_bytes(),
                |v| (v as i64).to_le_bytes(),
                |v| (v as i64).to_le_bytes(),
            ),
            aclDataType::ACL_UINT64 => self.each(
                |v| (v as u64).to_le_bytes(),
                |v| (v as u64).to_le_bytes(),
                |v| (v as u64).to_le_bytes(),
            ),
            _ => Vec::new(),
        }
    }

    fn each<const N: usize>(
        &self,
        float: impl Fn(f32) -> [u8; N],
        double: impl Fn(f64) -> [u8; N],
        int: impl Fn(i128) -> [u8; N],
    ) -> Vec<u8> {
        match self {
            Self::F32(values) => values.iter().flat_map(|v| float(*v)).collect(),
            Self::F64(values) => values.iter().flat_map(|v| double(*v)).collect(),
            Self::Int(values) => values.iter().flat_map(|v| int(*v)).collect(),
        }
    }

    /// The numbers as float32, for products.
    pub(super) fn floats(&self) -> Vec<f32> {
        match self {
            Self::F32(values) => values.clone(),
            Self::F64(values) => values.iter().map(|v| *v as f32).collect(),
            Self::Int(values) => values.iter().map(|v| *v as f32).collect(),
        }
    }

    /// The numbers as integers, for products.
    pub(super) fn ints(&self) -> Vec<i64> {
        match self {
            Self::F32(values) => values.iter().map(|v| *v as i64).collect(),
            Self::F64(values) => values.iter().map(|v| *v as i64).collect(),
            Self::Int(values) => values.iter().map(|v| *v as i64).collect(),
        }
    }
}
