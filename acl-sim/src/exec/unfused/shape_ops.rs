//! Transposition and concatenation.

use super::attributes::Operator;
use super::plan::Kernel;
use super::value::{Data, Value};

/// Plans `TransposeD` and `ConcatD`/`ConcatV2D`; `None` for another operator.
pub(super) fn plan(op: &Operator<'_>) -> Option<Result<Kernel, String>> {
    match op.kind.as_str() {
        "TransposeD" => Some(transpose(op)),
        "ConcatD" | "ConcatV2D" => Some(concat(op)),
        _ => None,
    }
}

fn plain(op: &Operator<'_>) -> Result<(), String> {
    let views = op.inputs.iter().flatten().chain(&op.outputs);
    match views.into_iter().find(|view| view.is_private()) {
        Some(view) => Err(format!(
            "it works on {}, whose axes are blocks",
            view.physical
        )),
        None if op.is_fused() => Err("it is fused with others".into()),
        None => Ok(()),
    }
}

fn transpose(op: &Operator<'_>) -> Result<Kernel, String> {
    plain(op)?;
    let (view, out) = (op.input(0)?, op.output()?.clone());
    let order = op.sizes("perm", view.dims.len())?;
    let mut seen = order.clone();
    seen.sort_unstable();
    let whole = seen.into_iter().eq(0..view.dims.len());
    let dims: Option<Vec<usize>> = order.iter().map(|&a| view.dims.get(a).copied()).collect();
    if !whole || dims.as_ref() != Some(&out.dims) {
        return Err(format!(
            "dims {:?} in the order {order:?} are not {:?}",
            view.dims, out.dims
        ));
    }
    Ok(Box::new(move |inputs| {
        let x = inputs
            .first()
            .and_then(Option::as_ref)
            .ok_or("an input is absent")?;
        Ok(x.permuted(&order, out.clone()).data().clone())
    }))
}

fn concat(op: &Operator<'_>) -> Result<Kernel, String> {
    plain(op)?;
    let out = op.output()?.clone();
    let stated = op.attrs.int("concat_dim");
    let axis = stated.and_then(|axis| {
        let rank = i64::try_from(out.dims.len()).ok()?;
        usize::try_from(if axis < 0 { axis + rank } else { axis }).ok()
    });
    let axis = axis.filter(|&a| a < out.dims.len());
    let axis = axis.ok_or_else(|| format!("the attribute concat_dim is {stated:?}"))?;
    let parts: Vec<_> = op.inputs.iter().flatten().collect();
    let fits = |dims: &[usize]| {
        dims.len() == out.dims.len() && (0..dims.len()).all(|i| i == axis || dims[i] == out.dims[i])
    };
    let total: usize = parts.iter().filter_map(|v| v.dims.get(axis)).sum();
    if !parts.iter().all(|v| fits(&v.dims)) || total != out.dims[axis] {
        return Err(format!(
            "its inputs do not make {:?} along axis {axis}",
            out.dims
        ));
    }
    let behind: usize = out.dims[axis + 1..].iter().product();
    let before: usize = out.dims[..axis].iter().product();
    Ok(Box::new(move |inputs| {
        let parts: Vec<&Value> = inputs.iter().flatten().collect();
        let mut made = Vec::with_capacity(out.count());
        for row in 0..before {
            for part in &parts {
                let length = part.view.dims[axis] * behind;
                made.extend_from_slice(&part.floats()?[row * length..][..length]);
            }
        }
        Ok(Data::Floats(made))
    }))
}
