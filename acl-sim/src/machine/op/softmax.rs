//! `SoftmaxV2` over one axis, the last unless `axes` says another.

use acl_sys::ACL_ERROR_OP_ATTR_NOT_MATCH;

use super::numbers::{FLOATS, Numbers};
use super::{Call, Plan};
use crate::machine::failure::{Result, fail};

pub(super) fn plan(call: &Call<'_>) -> Result<Plan> {
    call.counts(1..=1)?;
    call.takes(0, FLOATS)?;
    let dtype = call.inputs[0].dtype;
    call.gives(&[dtype])?;
    call.plain()?;
    let dims = call.inputs[0].sizes()?;
    let axes = call.ints("axes")?.unwrap_or_else(|| vec![-1]);
    let rank = i64::try_from(dims.len()).unwrap_or(i64::MAX);
    let axis = match axes[..] {
        [axis] if (-rank..rank).contains(&axis) => usize::try_from(axis.rem_euclid(rank)).ok(),
        _ => None,
    };
    let axis = axis.ok_or_else(|| {
        fail!(
            ACL_ERROR_OP_ATTR_NOT_MATCH,
            "axes is {axes:?}, wanted one axis of {rank}"
        )
    })?;
    let (length, inner) = (dims[axis], dims[axis + 1..].iter().product::<usize>());
    Ok(Plan::one(call.inputs[0].dims.clone(), move |inputs| {
        let mut numbers = Numbers::read(dtype, &inputs[0]);
        match &mut numbers {
            Numbers::F32(values) => {
                over(values, length, inner, f32::max, f32::exp, f32::NEG_INFINITY)
            }
            Numbers::F64(values) => {
                over(values, length, inner, f64::max, f64::exp, f64::NEG_INFINITY)
            }
            Numbers::Int(_) => unreachable!("integers are refused"),
        }
        Ok(numbers.write(dtype))
    }))
}

/// Applies it in place to each row, whose elements lie `inner` apart.
fn over<T>(
    values: &mut [T],
    length: usize,
    inner: usize,
    max: fn(T, T) -> T,
    exp: fn(T) -> T,
    least: T,
) where
    T: Copy + std::ops::Sub<Output = T> + std::ops::Div<Output = T> + std::iter::Sum,
{
    if length * inner == 0 {
        return;
    }
    for block in values.chunks_exact_mut(length * inner) {
        for start in 0..inner {
            let row = || (0..length).map(|i| start + i * inner);
            let top = row().map(|i| block[i]).fold(least, max);
            row()
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|i| block[i] = exp(block[i] - top));
            let sum: T = row().map(|i| block[i]).sum();
            row()
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|i| block[i] = block[i] / sum);
        }
    }
}
