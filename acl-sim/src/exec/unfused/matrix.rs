//! Products of matrices.

use super::attributes::Operator;
use super::elementwise::{self, Tail};
use super::half_round::Overflow;
use super::plan::Kernel;
use super::value::{Data, Value};

/// Plans `MatMul` and `MatMulV2` (x1, x2, bias), fused or not.
pub(super) fn plan(op: &Operator<'_>, overflow: Overflow) -> Result<Kernel, String> {
    let (a, b, out) = (op.input(0)?, op.input(1)?, op.output()?);
    let [(m1, k1), (k2, n2), (m, n)] = [a, b, out].map(|view| match view.dims.as_slice() {
        &[rows, columns] => (rows, columns),
        _ => (0, 0),
    });
    if m == 0 || n == 0 {
        return Err(format!(
            "dims {:?} and {:?} are no two matrices",
            a.dims, b.dims
        ));
    }
    let fits = |&[left, right]: &[bool; 2]| {
        let (rows, inner) = if left { (k1, m1) } else { (m1, k1) };
        let (other, columns) = if right { (n2, k2) } else { (k2, n2) };
        rows == m && columns == n && inner == other
    };
    let kept = |names: [&str; 2]| names.into_iter().find_map(|name| op.flag(name));
    let stated = kept(["transpose_x1", "adj_x1"]).zip(kept(["transpose_x2", "adj_x2"]));
    let turned = match stated.filter(|_| !op.is_fused()) {
        Some((left, right)) => {
            let turned = [left, right];
            if !fits(&turned) {
                return Err(format!(
                    "dims {:?} and {:?}, turned {turned:?}, do not make {:?}",
                    a.dims, b.dims, out.dims
                ));
            }
            turned
        }
        None => {
            let all = [[false; 2], [false, true], [true, false], [true; 2]];
            let mut ways = all.into_iter().filter(fits);
            match (ways.next(), ways.next()) {
                (Some(way), None) => way,
                (None, _) => {
                    return Err(format!(
                        "dims {:?} and {:?} do not make {:?}",
                        a.dims, b.dims, out.dims
                    ));
                }
                (Some(_), Some(_)) => {
                    return Err(format!(
                        "which of {:?} and {:?} is transposed is lost, and several ways make {:?}",
                        a.dims, b.dims, out.dims
                    ));
                }
            }
        }
    };
    let tail = Tail::plan(op, 2, n, overflow)?;
    let out = out.clone();
    Ok(Box::new(move |inputs| {
        let present = |slot: usize| inputs[slot].as_ref().ok_or("an input is absent");
        let side = |value: &Value, turned: bool| {
            if turned {
                let mut view = value.view.clone();
                view.dims.reverse();
                value.permuted(&[1, 0], view)
            } else {
                value.clone()
            }
        };
        let (a, b) = (side(present(0)?, turned[0]), side(present(1)?, turned[1]));
        let (x, y) = (a.floats()?, b.floats()?);
        let inner = a.view.dims[1];
        let mut made = vec![0.0_f32; out.count()];
        let rows = made.chunks_mut(n).zip(x.chunks(inner.max(1)));
        let bias = tail.bias(inputs)?;
        elementwise::share(rows, |(made, x): (&mut [f32], &[f32])| {
            for (&v, y) in x.iter().zip(y.chunks(n)) {
                made.iter_mut().zip(y).for_each(|(m, w)| *m += v * w);
            }
            if let Some(bias) = bias {
                made.iter_mut().zip(bias).for_each(|(m, b)| *m += b);
            }
        });
        let value = Value::new(out.clone(), Data::Floats(made));
        tail.run(value, inputs).map(|value| value.data().clone())
    }))
}
