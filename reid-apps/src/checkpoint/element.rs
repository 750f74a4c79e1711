use half::{bf16, f16};

/// The type of a tensor's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)] // the names say it
pub enum Element {
    Bool,
    U8,
    I8,
    I16,
    I32,
    I64,
    F16,
    Bf16,
    F32,
    F64,
}

impl Element {
    /// Gets the type by the name that PyTorch's storages have, for example `FloatStorage`.
    #[must_use]
    pub fn of_storage(name: &str) -> Option<Self> {
        Some(match name {
            "BoolStorage" => Self::Bool,
            "ByteStorage" => Self::U8,
            "CharStorage" => Self::I8,
            "ShortStorage" => Self::I16,
            "IntStorage" => Self::I32,
            "LongStorage" => Self::I64,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "FloatStorage" => Self::F32,
            "DoubleStorage" => Self::F64,
            _ => return None,
        })
    }

    /// Counts the bytes of a number.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    /// Reads number `index` of little-endian `bytes`; 0 beyond their end, which callers have excluded.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // rounding is the purpose
    pub(super) fn read(self, bytes: &[u8], index: usize) -> f32 {
        fn at<const N: usize>(bytes: &[u8], index: usize) -> [u8; N] {
            bytes
                .as_chunks::<N>()
                .0
                .get(index)
                .copied()
                .unwrap_or([0; N])
        }
        match self {
            Self::Bool => f32::from(u8::from(at::<1>(bytes, index) != [0])),
            Self::U8 => f32::from(u8::from_le_bytes(at(bytes, index))),
            Self::I8 => f32::from(i8::from_le_bytes(at(bytes, index))),
            Self::I16 => f32::from(i16::from_le_bytes(at(bytes, index))),
            Self::I32 => i32::from_le_bytes(at(bytes, index)) as f32,
            Self::I64 => i64::from_le_bytes(at(bytes, index)) as f32,
            Self::F16 => f16::from_le_bytes(at(bytes, index)).to_f32(),
            Self::Bf16 => bf16::from_le_bytes(at(bytes, index)).to_f32(),
            Self::F32 => f32::from_le_bytes(at(bytes, index)),
            Self::F64 => f64::from_le_bytes(at(bytes, index)) as f32,
        }
    }
}
