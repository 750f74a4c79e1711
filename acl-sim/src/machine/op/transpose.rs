//! `Transpose`: the axes in another order, given as the second input or, by `TransposeD`, as the
//! attribute `perm`.

use acl_sys::{ACL_ERROR_OP_ATTR_NOT_MATCH, ACL_ERROR_OP_INPUT_NOT_MATCH, aclDataType};

use super::numbers::Numbers;
use super::{Call, Plan, signed};
use crate::machine::failure::{Result, fail};
use crate::machine::objects::dtype_size;

pub(super) fn plan(call: &Call<'_>) -> Result<Plan> {
    let from_input = call.op == "Transpose";
    let count = if from_input { 2 } else { 1 };
    call.counts(count..=count)?;
    let input = &call.inputs[0];
    call.gives(&[input.dtype])?;
    call.plain()?;
    let (order, code) = if from_input {
        (order_input(call)?, ACL_ERROR_OP_INPUT_NOT_MATCH)
    } else {
        let order = call.ints("perm")?.unwrap_or_default();
        (order, ACL_ERROR_OP_ATTR_NOT_MATCH)
    };
    let dims = input.sizes()?;
    let axes: Vec<usize> = order
        .iter()
        .filter_map(|axis| usize::try_from(*axis).ok())
        .collect();
    let mut sorted = axes.clone();
    sorted.sort_unstable();
    if order.len() != dims.len() || !sorted.iter().copied().eq(0..dims.len()) {
        return Err(fail!(
            code,
            "the order of axes is {order:?}, wanted each of 0 to {} once",
            dims.len().saturating_sub(1)
        ));
    }
    let turned: Vec<usize> = axes.iter().map(|axis| dims[*axis]).collect();
    let width = dtype_size(input.dtype);
    Ok(Plan::one(signed(&turned), move |inputs| {
        Ok(transposed(&inputs[0], width, &dims, &axes))
    }))
}

fn order_input(call: &Call<'_>) -> Result<Vec<i64>> {
    call.takes(1, &[aclDataType::ACL_INT32, aclDataType::ACL_INT64])?;
    let order = &call.inputs[1];
    let value = order.value.as_ref().ok_or_else(|| {
        fail!(
            ACL_ERROR_OP_INPUT_NOT_MATCH,
            "the order of axes has no contents: set them with aclSetTensorConst"
        )
    })?;
    Ok(Numbers::read(order.dtype, value).ints())
}

fn transposed(bytes: &[u8], width: usize, dims: &[usize], axes: &[usize]) -> Vec<u8> {
    let mut strides = vec![width; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = vec![0; dims.len()];
    while out.len() < bytes.len() {
        let from: usize = axes
            .iter()
            .zip(&index)
            .map(|(axis, i)| strides[*axis] * i)
            .sum();
        out.extend_from_slice(&bytes[from..from + width]);
        for (place, axis) in axes.iter().enumerate().rev() {
            index[place] += 1;
            if index[place] < dims[*axis] {
                break;
            }
            index[place] = 0;
        }
    }
    out
}
