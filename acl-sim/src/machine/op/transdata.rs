//! Formats: how tensors lie in memory, and `TransData`, which carries one format into another.
//!
//! Padding is zero. Blocks are 16 wide, of 1-byte types 32 (the bytes of a line of the cube unit).

use acl_sys::{
    ACL_ERROR_FORMAT_NOT_MATCH, ACL_ERROR_GE_DATATYPE_INVALID, ACL_ERROR_GE_FORMAT_INVALID,
    ACL_ERROR_GE_SHAPE_INVALID, ACL_ERROR_OP_ATTR_NOT_MATCH, ACL_ERROR_OP_INPUT_NOT_MATCH,
    ACL_ERROR_OP_OUTPUT_NOT_MATCH, aclDataType, aclFormat,
};

use super::{Call, Plan, signed, sizes};
use crate::machine::failure::{Result, fail};
use crate::machine::objects::dtype_size;

use aclFormat as F;

/// The height of a block.
pub(super) const CUBE: usize = 16;

/// Returns the width of a block.
pub(super) fn channel_block(dtype: aclDataType) -> usize {
    if dtype_size(dtype) == 1 { 32 } else { 16 }
}

/// Says whether a format is one without padding.
pub(super) fn is_plain(format: aclFormat) -> bool {
    matches!(
        format,
        F::ACL_FORMAT_ND
            | F::ACL_FORMAT_NCHW
            | F::ACL_FORMAT_NHWC
            | F::ACL_FORMAT_HWCN
            | F::ACL_FORMAT_NDHWC
            | F::ACL_FORMAT_NCDHW
    )
}

/// A tensor's extent, whichever way it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// Batch, channels, height, width.
    Picture([usize; 4]),
    /// Matrices, rows, columns.
    Matrix([usize; 3]),
}

/// For which of the four axes each dim of a plain format stands.
fn axes(format: aclFormat) -> Option<[usize; 4]> {
    Some(match format {
        F::ACL_FORMAT_NCHW | F::ACL_FORMAT_ND => [0, 1, 2, 3],
        F::ACL_FORMAT_NHWC => [0, 2, 3, 1],
        F::ACL_FORMAT_HWCN => [2, 3, 1, 0],
        _ => return None,
    })
}

impl Extent {
    fn of(format: aclFormat, dims: &[usize], other: aclFormat) -> Option<Self> {
        if other == F::ACL_FORMAT_FRACTAL_NZ {
            return Some(match dims {
                [] => return None,
                [columns] => Self::Matrix([1, 1, *columns]),
                [batch @ .., rows, columns] => {
                    Self::Matrix([batch.iter().product(), *rows, *columns])
                }
            });
        }
        let dims: [usize; 4] = dims.try_into().ok()?;
        let mut extent = [0; 4];
        for (dim, axis) in dims.iter().zip(axes(format)?) {
            extent[axis] = *dim;
        }
        Some(Self::Picture(extent))
    }

    /// Returns the dims in a format; of matrices, `plain` are the dims without padding.
    fn dims(&self, format: aclFormat, width: usize, plain: &[usize]) -> Option<Vec<usize>> {
        Some(match (*self, format) {
            (Self::Matrix([_, rows, columns]), F::ACL_FORMAT_FRACTAL_NZ) => {
                let mut dims = plain[..plain.len().saturating_sub(2)].to_vec();
                dims.extend([columns.div_ceil(width), rows.div_ceil(CUBE), CUBE, width]);
                dims
            }
            (Self::Matrix(_), format) if is_plain(format) => plain.to_vec(),
            (Self::Picture([n, c, h, w]), F::ACL_FORMAT_NC1HWC0) => {
                vec![n, c.div_ceil(width), h, w, width]
            }
            (Self::Picture([n, c, h, w]), F::ACL_FORMAT_FRACTAL_Z) => {
                vec![c.div_ceil(width) * h * w, n.div_ceil(CUBE), CUBE, width]
            }
            (Self::Picture(extent), format) => {
                axes(format)?.iter().map(|axis| extent[*axis]).collect()
            }
            _ => return None,
        })
    }

    fn elements(&self) -> usize {
        match self {
            Self::Picture(extent) => extent.iter().product(),
            Self::Matrix(extent) => extent.iter().product(),
        }
    }

    /// Returns where the element lies that is the `index`-th of NCHW, or of the matrices row by row.
    fn place(&self, format: aclFormat, width: usize, index: usize) -> usize {
        match *self {
            Self::Matrix([_, rows, columns]) => {
                if format != F::ACL_FORMAT_FRACTAL_NZ {
                    return index;
                }
                let (column, row) = (index % columns, index / columns % rows);
                let (high, wide) = (rows.div_ceil(CUBE), columns.div_ceil(width));
                let block = (index / columns / rows * wide + column / width) * high + row / CUBE;
                (block * CUBE + row % CUBE) * width + column % width
            }
            Self::Picture([count, channels, height, across]) => {
                let (x, y) = (index % across, index / across % height);
                let plane = index / across / height;
                let (c, n) = (plane % channels, plane / channels);
                match format {
                    F::ACL_FORMAT_NHWC => ((n * height + y) * across + x) * channels + c,
                    F::ACL_FORMAT_HWCN => ((y * across + x) * channels + c) * count + n,
                    F::ACL_FORMAT_NC1HWC0 => {
                        let block = n * channels.div_ceil(width) + c / width;
                        ((block * height + y) * across + x) * width + c % width
                    }
                    F::ACL_FORMAT_FRACTAL_Z => {
                        let line = (c / width * height + y) * across + x;
                        let block = line * count.div_ceil(CUBE) + n / CUBE;
                        (block * CUBE + n % CUBE) * width + c % width
                    }
                    _ => index,
                }
            }
        }
    }
}

pub(super) fn plan(call: &Call<'_>) -> Result<Plan> {
    let output = call.counts(1..=1)?;
    let input = &call.inputs[0];
    call.gives(&[input.dtype])?;
    for (name, found) in [("src_format", input.format), ("dst_format", output.format)] {
        if let Some(wanted) = call.text(name)?
            && format_of(&wanted) != Some(found)
        {
            return Err(fail!(
                ACL_ERROR_OP_ATTR_NOT_MATCH,
                "{name} is {wanted:?}, and the tensor has the format {}",
                found.0
            ));
        }
    }
    if let Some(groups) = ["groups", "group"]
        .iter()
        .find_map(|name| call.int(name).transpose())
        && groups? != 1
    {
        return Err(fail!(
            ACL_ERROR_OP_ATTR_NOT_MATCH,
            "TransData of groups is not simulated, wanted 1"
        ));
    }
    let unknown = || {
        fail!(
            ACL_ERROR_FORMAT_NOT_MATCH,
            "TransData from the format {} with the dims {:?} to the format {}: wanted NCHW, NHWC or \
             HWCN with 4 dims and NC1HWC0 or FRACTAL_Z, or ND and FRACTAL_NZ",
            input.format.0,
            input.dims,
            output.format.0
        )
    };
    // The side without padding tells what there is.
    let (plain, other, backwards) = match (is_plain(input.format), is_plain(output.format)) {
        (true, _) => (input, output, false),
        (false, true) => (output, input, true),
        (false, false) => return Err(unknown()),
    };
    if backwards && plain.is_open() {
        return Err(fail!(
            ACL_ERROR_OP_OUTPUT_NOT_MATCH,
            "the dims of the output are {:?}: padding does not tell them",
            plain.dims
        ));
    }
    let width = channel_block(input.dtype);
    let lying = plain.sizes()?;
    let extent = Extent::of(plain.format, &lying, other.format).ok_or_else(unknown)?;
    let padded = extent
        .dims(other.format, width, &lying)
        .ok_or_else(unknown)?;
    if backwards && input.dims != signed(&padded) {
        return Err(fail!(
            ACL_ERROR_OP_INPUT_NOT_MATCH,
            "the input has the dims {:?}, wanted {padded:?} for an output of {lying:?}",
            input.dims
        ));
    }
    let (from, to) = (input.format, output.format);
    let bytes = dtype_size(input.dtype);
    let dims = if backwards { &lying } else { &padded };
    let size = dims.iter().product::<usize>() * bytes;
    let inferred = signed(dims);
    Ok(Plan::one(inferred, move |inputs| {
        let mut out = vec![0; size];
        for index in 0..extent.elements() {
            let source = extent.place(from, width, index) * bytes;
            let target = extent.place(to, width, index) * bytes;
            out[target..target + bytes].copy_from_slice(&inputs[0][source..source + bytes]);
        }
        Ok(out)
    }))
}

fn format_of(name: &str) -> Option<aclFormat> {
    Some(match name {
        "ND" => F::ACL_FORMAT_ND,
        "NCHW" => F::ACL_FORMAT_NCHW,
        "NHWC" => F::ACL_FORMAT_NHWC,
        "HWCN" => F::ACL_FORMAT_HWCN,
        "NC1HWC0" => F::ACL_FORMAT_NC1HWC0,
        "FRACTAL_Z" => F::ACL_FORMAT_FRACTAL_Z,
        "FRACTAL_NZ" => F::ACL_FORMAT_FRACTAL_NZ,
        _ => return None,
    })
}

/// Returns the dims that a tensor has in another format, for `aclTransTensorDescFormat`.
pub(crate) fn transformed(
    dtype: aclDataType,
    format: aclFormat,
    dims: &[i64],
    to: aclFormat,
) -> Result<Vec<i64>> {
    if dtype_size(dtype) == 0 {
        return Err(fail!(
            ACL_ERROR_GE_DATATYPE_INVALID,
            "elements of the data type {} have no size",
            dtype.0
        ));
    }
    if format == to {
        return Ok(dims.to_vec());
    }
    let known = |format| {
        axes(format).is_some()
            || matches!(
                format,
                F::ACL_FORMAT_NC1HWC0 | F::ACL_FORMAT_FRACTAL_Z | F::ACL_FORMAT_FRACTAL_NZ
            )
    };
    if axes(format).is_none() || !known(to) {
        return Err(fail!(
            ACL_ERROR_GE_FORMAT_INVALID,
            "from the format {} to {}: wanted NCHW, NHWC, HWCN or ND to those, NC1HWC0, FRACTAL_Z or \
             FRACTAL_NZ",
            format.0,
            to.0
        ));
    }
    let wrong = || {
        fail!(
            ACL_ERROR_GE_SHAPE_INVALID,
            "the dims {dims:?} do not fit the formats {} and {}",
            format.0,
            to.0
        )
    };
    let lying = sizes(dims).map_err(|_| wrong())?;
    Extent::of(format, &lying, to)
        .and_then(|extent| extent.dims(to, channel_block(dtype), &lying))
        .map(|dims| signed(&dims))
        .ok_or_else(wrong)
}
