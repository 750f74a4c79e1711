//! Element types and layouts.
//!
//! Both are newtypes over the C number, because the vendor adds members: a number that this crate
//! does not know survives, and prints as what it is.

use std::fmt;

use bytemuck::Pod;
use half::{bf16, f16};

/// The element type of a tensor.
///
/// **Source**: `aclDataType` in `acl/acl_base.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DataType(pub i32);

/// The layout of a tensor.
///
/// **Source**: `aclFormat` in `acl/acl_base.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format(pub i32);

macro_rules! numbers {
    ($type:ident { $($(#[$doc:meta])* $name:ident = $value:literal, $text:literal;)* }) => {
        impl $type {
            $($(#[$doc])* pub const $name: Self = Self($value);)*

            /// Returns the short name; `None` for an unknown number.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => f.pad(&format!("unknown ({})", self.0)),
                }
            }
        }
    };
}

numbers!(DataType {
    /// Not defined.
    UNDEFINED = -1, "undefined";
    /// 32-bit float.
    F32 = 0, "f32";
    /// 16-bit float, IEEE 754 half.
    F16 = 1, "f16";
    /// 8-bit signed integer.
    I8 = 2, "i8";
    /// 32-bit signed integer.
    I32 = 3, "i32";
    /// 8-bit unsigned integer.
    U8 = 4, "u8";
    /// 16-bit signed integer.
    I16 = 6, "i16";
    /// 16-bit unsigned integer.
    U16 = 7, "u16";
    /// 32-bit unsigned integer.
    U32 = 8, "u32";
    /// 64-bit signed integer.
    I64 = 9, "i64";
    /// 64-bit unsigned integer.
    U64 = 10, "u64";
    /// 64-bit float.
    F64 = 11, "f64";
    /// Truth value of one byte.
    BOOL = 12, "bool";
    /// Strings.
    STRING = 13, "string";
    /// Complex of two 32-bit floats.
    COMPLEX64 = 16, "complex64";
    /// Complex of two 64-bit floats.
    COMPLEX128 = 17, "complex128";
    /// 16-bit float with the exponent of a 32-bit one.
    BF16 = 27, "bf16";
});

numbers!(Format {
    /// Not defined.
    UNDEFINED = -1, "undefined";
    /// Batch, channel, height, width.
    NCHW = 0, "NCHW";
    /// Batch, height, width, channel.
    NHWC = 1, "NHWC";
    /// Any number of dims, in plain order.
    ND = 2, "ND";
    /// Channels in groups of 16 or 32, innermost.
    NC1HWC0 = 3, "NC1HWC0";
    /// Weights in fractal order.
    FRACTAL_Z = 4, "FRACTAL_Z";
    /// Channels in groups of 4, innermost.
    NC1HWC0_C04 = 12, "NC1HWC0_C04";
    /// Height, width, channel, batch.
    HWCN = 16, "HWCN";
    /// Batch, depth, height, width, channel.
    NDHWC = 27, "NDHWC";
    /// Matrices in fractal order.
    FRACTAL_NZ = 29, "FRACTAL_NZ";
    /// Batch, channel, depth, height, width.
    NCDHW = 30, "NCDHW";
    /// As NC1HWC0, with depth.
    NDC1HWC0 = 32, "NDC1HWC0";
    /// Weights with depth in fractal order.
    FRACTAL_Z_3D = 33, "FRACTAL_Z_3D";
});

impl DataType {
    /// Returns the bytes of one element; `None` if there is no fixed number, or it is not known.
    #[must_use]
    #[doc(alias = "aclDataTypeSize")]
    pub const fn size(self) -> Option<usize> {
        Some(match self {
            Self::I8 | Self::U8 | Self::BOOL => 1,
            Self::F16 | Self::I16 | Self::U16 | Self::BF16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 | Self::COMPLEX64 => 8,
            Self::COMPLEX128 => 16,
            _ => return None,
        })
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that is an element of a tensor.
///
/// Sealed: `f32`, `f64`, the integers of 8 to 64 bits, [`half::f16`] and [`half::bf16`].
pub trait Element: Pod + Default + sealed::Sealed {
    /// The element type in the C API.
    const DTYPE: DataType;

    /// Tells whether values of this type can be read from and written to tensors of `dtype`.
    ///
    /// True for the type itself, and for `u8` and truth values, which are bytes of 0 and 1.
    #[must_use]
    fn fits(dtype: DataType) -> bool {
        dtype == Self::DTYPE || (Self::DTYPE == DataType::U8 && dtype == DataType::BOOL)
    }
}

macro_rules! element {
    ($($type:ty = $dtype:ident),*) => {
        $(
            impl sealed::Sealed for $type {}
            impl Element for $type {
                const DTYPE: DataType = DataType::$dtype;
            }
        )*
    };
}

element!(
    f32 = F32,
    f64 = F64,
    f16 = F16,
    bf16 = BF16,
    i8 = I8,
    i16 = I16,
    i32 = I32,
    i64 = I64,
    u8 = U8,
    u16 = U16,
    u32 = U32,
    u64 = U64
);
