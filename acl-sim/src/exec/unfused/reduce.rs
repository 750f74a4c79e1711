//! Softmax, place of the largest, mean.

use super::attributes::Operator;
use super::plan::Kernel;
use super::value::{Data, Value};
use super::view::View;

/// Plans `SoftmaxV2`, `ArgMaxD` and `ReduceMeanD`; `None` for another operator.
pub(super) fn plan(op: &Operator<'_>) -> Option<Result<Kernel, String>> {
    match op.kind.as_str() {
        "SoftmaxV2" => Some(one_axis(op, "axes", softmax)),
        "ArgMaxD" => Some(one_axis(op, "dimension", arg_max)),
        "ReduceMeanD" => Some(one_axis(op, "axes", mean)),
        _ => None,
    }
}

/// A function of the numbers along one axis.
type Along = fn(&[f32]) -> Vec<f64>;

fn one_axis(op: &Operator<'_>, attribute: &str, along: Along) -> Result<Kernel, String> {
    if op.is_fused() {
        return Err("it is fused with others".into());
    }
    let (view, out) = (op.input(0)?, op.output()?.clone());
    let stated = match (op.attrs.ints(attribute), op.attrs.int(attribute)) {
        (Some(&[axis]), _) | (None, Some(axis)) => axis,
        (other, _) => {
            return Err(format!(
                "the attribute {attribute} is {other:?}, wanted one axis"
            ));
        }
    };
    let rank = i64::try_from(view.dims.len()).unwrap_or(i64::MAX);
    // In blocks, counted from the front, an axis may be one of the blocks' own.
    if view.is_private() && !(view.physical == "FRACTAL_NZ" && stated == -1) {
        return Err(format!("it works along axis {stated} of {}", view.physical));
    }
    let axis = if stated < 0 { stated + rank } else { stated };
    let axis = usize::try_from(axis).ok().filter(|&a| a < view.dims.len());
    let axis = axis.ok_or_else(|| format!("axis {stated} of dims {:?}", view.dims))?;
    let made = if attribute == "axes" && op.kind == "SoftmaxV2" {
        view.dims[axis]
    } else {
        1
    };
    if view.count() / view.dims[axis].max(1) * made != out.count() {
        return Err(format!(
            "dims {:?} along axis {axis} do not make {:?}",
            view.dims, out.dims
        ));
    }
    Ok(Box::new(move |inputs| {
        let x = inputs
            .first()
            .and_then(Option::as_ref)
            .ok_or("an input is absent")?;
        rows(x, axis, made, along, &out)
    }))
}

#[allow(clippy::cast_possible_truncation)] // places are small, and floats are rounded on purpose
fn rows(x: &Value, axis: usize, made: usize, along: Along, out: &View) -> Result<Data, String> {
    let values = x.floats()?;
    let dims = &x.view.dims;
    let behind: usize = dims[axis + 1..].iter().product();
    let length = dims[axis];
    let mut result = vec![0.0_f64; out.count()];
    for outer in 0..values.len() / (behind * length).max(1) {
        for inner in 0..behind {
            let row: Vec<f32> = (0..length)
                .map(|i| values[(outer * length + i) * behind + inner])
                .collect();
            for (i, value) in along(&row).into_iter().enumerate() {
                result[(outer * made + i) * behind + inner] = value;
            }
        }
    }
    let float = matches!(ascend_om::dtype::name(out.dtype), "FLOAT" | "FLOAT16");
    Ok(if float {
        Data::Floats(result.iter().map(|&v| v as f32).collect())
    } else {
        Data::Ints(result.iter().map(|&v| v as i64).collect())
    })
}

fn softmax(row: &[f32]) -> Vec<f64> {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let parts: Vec<f64> = row.iter().map(|&v| f64::from(v - most).exp()).collect();
    let sum: f64 = parts.iter().sum();
    parts.iter().map(|p| p / sum).collect()
}

#[allow(clippy::cast_precision_loss)]
fn arg_max(row: &[f32]) -> Vec<f64> {
    let first_of_the_largest =
        row.iter()
            .enumerate()
            .fold((0, f32::NEG_INFINITY), |best, (i, &v)| {
                if v > best.1 { (i, v) } else { best }
            });
    vec![first_of_the_largest.0 as f64]
}

#[allow(clippy::cast_precision_loss)]
fn mean(row: &[f32]) -> Vec<f64> {
    vec![row.iter().map(|&v| f64::from(v)).sum::<f64>() / row.len().max(1) as f64]
}
