//! Operators that work element by element, of one input or of two that are broadcast.

use acl_sys::ACL_ERROR_OP_INPUT_NOT_MATCH;

use super::numbers::{FLOATS, NUMERIC, Numbers};
use super::{Call, Plan, signed, transdata};
use crate::machine::failure::{Result, fail};

/// Computes with two numbers of one floating type.
macro_rules! float_pair {
    ($name:ident, $type:ty) => {
        fn $name(op: &str) -> fn($type, $type) -> $type {
            match op {
                "Sub" => |a, b| a - b,
                "Mul" => |a, b| a * b,
                "Div" | "RealDiv" => |a, b| a / b,
                // A NaN stays one, whichever side it is on.
                "Maximum" => |a, b| if a > b || a.is_nan() { a } else { b },
                "Minimum" => |a, b| if a < b || a.is_nan() { a } else { b },
                _ => |a, b| a + b,
            }
        }
    };
}

float_pair!(pair_f32, f32);
float_pair!(pair_f64, f64);

fn pair_int(op: &str) -> fn(i128, i128) -> i128 {
    match op {
        "Sub" => |a, b| a - b,
        "Mul" => |a, b| a.wrapping_mul(b),
        "Div" | "RealDiv" => |a, b| a.checked_div(b).unwrap_or(0),
        "Maximum" => |a, b| a.max(b),
        "Minimum" => |a, b| a.min(b),
        _ => |a, b| a + b,
    }
}

/// Computes with one number of a floating type.
macro_rules! float_one {
    ($name:ident, $type:ty) => {
        fn $name(op: &str) -> fn($type) -> $type {
            match op {
                "Relu" => |v| if v < 0.0 { 0.0 } else { v },
                "Sigmoid" => |v| 1.0 / (1.0 + (-v).exp()),
                "Tanh" => <$type>::tanh,
                "Sqrt" => <$type>::sqrt,
                "Rsqrt" => |v| 1.0 / v.sqrt(),
                "Exp" => <$type>::exp,
                "Log" => <$type>::ln,
                "Abs" => <$type>::abs,
                "Neg" => |v| -v,
                _ => |v| v * v,
            }
        }
    };
}

float_one!(one_f32, f32);
float_one!(one_f64, f64);

fn one_int(op: &str) -> fn(i128) -> i128 {
    match op {
        "Relu" => |v| v.max(0),
        "Abs" => i128::abs,
        "Neg" => |v| -v,
        _ => |v| v.wrapping_mul(v),
    }
}

pub(super) fn unary(call: &Call<'_>) -> Result<Plan> {
    call.counts(1..=1)?;
    let of_ints = matches!(call.op, "Relu" | "Abs" | "Neg" | "Square");
    call.takes(0, if of_ints { NUMERIC } else { FLOATS })?;
    let dtype = call.inputs[0].dtype;
    call.gives(&[dtype])?;
    let (float, double, int) = (one_f32(call.op), one_f64(call.op), one_int(call.op));
    Ok(Plan::one(call.inputs[0].dims.clone(), move |inputs| {
        let mut numbers = Numbers::read(dtype, &inputs[0]);
        match &mut numbers {
            Numbers::F32(values) => values.iter_mut().for_each(|v| *v = float(*v)),
            Numbers::F64(values) => values.iter_mut().for_each(|v| *v = double(*v)),
            Numbers::Int(values) => values.iter_mut().for_each(|v| *v = int(*v)),
        }
        Ok(numbers.write(dtype))
    }))
}

pub(super) fn identity(call: &Call<'_>) -> Result<Plan> {
    call.counts(1..=1)?;
    call.gives(&[call.inputs[0].dtype])?;
    Ok(Plan::one(call.inputs[0].dims.clone(), |inputs| {
        Ok(inputs[0].clone())
    }))
}

pub(super) fn binary(call: &Call<'_>) -> Result<Plan> {
    call.counts(2..=2)?;
    call.takes(0, NUMERIC)?;
    call.same_type(0, 1)?;
    let (a, b) = (&call.inputs[0], &call.inputs[1]);
    // A padded format can be added to the same, not broadcast: its dims are not the tensor's.
    let padded = !transdata::is_plain(a.format) || !transdata::is_plain(b.format);
    if padded && (a.format != b.format || a.dims != b.dims) {
        return Err(fail!(
            ACL_ERROR_OP_INPUT_NOT_MATCH,
            "{} of the formats {} and {} with the dims {:?} and {:?}: broadcast ND alone",
            call.op,
            a.format.0,
            b.format.0,
            a.dims,
            b.dims
        ));
    }
    let dtype = a.dtype;
    call.gives(&[dtype])?;
    let (a, b) = (a.sizes()?, b.sizes()?);
    let dims = broadcast(call, &a, &b)?;
    let inferred = signed(&dims);
    let (float, double, int) = (pair_f32(call.op), pair_f64(call.op), pair_int(call.op));
    Ok(Plan::one(inferred, move |inputs| {
        let left = Numbers::read(dtype, &inputs[0]);
        let right = Numbers::read(dtype, &inputs[1]);
        let places = || offsets(&a, &dims).zip(offsets(&b, &dims));
        let result = match (&left, &right) {
            (Numbers::F32(x), Numbers::F32(y)) => {
                Numbers::F32(places().map(|(i, j)| float(x[i], y[j])).collect())
            }
            (Numbers::F64(x), Numbers::F64(y)) => {
                Numbers::F64(places().map(|(i, j)| double(x[i], y[j])).collect())
            }
            (Numbers::Int(x), Numbers::Int(y)) => {
                Numbers::Int(places().map(|(i, j)| int(x[i], y[j])).collect())
            }
            _ => unreachable!("both were read as one type"),
        };
        Ok(result.write(dtype))
    }))
}

/// Returns the dims of two tensors together: dims are matched from the last, and 1 fits any.
pub(super) fn broadcast(call: &Call<'_>, a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let dim = |dims: &[usize], axis: usize| {
        (axis + dims.len())
            .checked_sub(rank)
            .map_or(1, |axis| dims[axis])
    };
    let dims = (0..rank).map(|axis| match (dim(a, axis), dim(b, axis)) {
        (x, y) if x == y => Some(x),
        (1, x) | (x, 1) => Some(x),
        _ => None,
    });
    dims.collect::<Option<Vec<usize>>>().ok_or_else(|| {
        fail!(
            ACL_ERROR_OP_INPUT_NOT_MATCH,
            "the dims {a:?} and {b:?} of {}'s inputs do not broadcast: wanted equal ones, or 1",
            call.op
        )
    })
}

/// Walks the elements of a tensor in the order of one that it is broadcast to.
pub(super) fn offsets(dims: &[usize], to: &[usize]) -> impl Iterator<Item = usize> {
    let missing = to.len() - dims.len();
    let mut strides = vec![0; to.len()];
    let mut stride = 1;
    for (axis, dim) in dims.iter().enumerate().rev() {
        strides[missing + axis] = if *dim == 1 { 0 } else { stride };
        stride *= dim;
    }
    let to = to.to_vec();
    let mut index = vec![0; to.len()];
    let mut offset = 0;
    (0..to.iter().product()).map(move |_| {
        let here = offset;
        for axis in (0..to.len()).rev() {
            index[axis] += 1;
            offset += strides[axis];
            if index[axis] < to[axis] {
                break;
            }
            offset -= strides[axis] * to[axis];
            index[axis] = 0;
        }
        here
    })
}
