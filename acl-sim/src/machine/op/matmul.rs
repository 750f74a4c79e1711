//! Products of matrices, and of batches of them that are broadcast.

use acl_sys::{ACL_ERROR_OP_INPUT_NOT_MATCH, aclDataType};

use super::elementwise::{broadcast, offsets};
use super::numbers::Numbers;
use super::{Call, Plan, signed};
use crate::machine::failure::{Result, fail};

use aclDataType as T;

/// Types of the inputs, and which the output may have.
const TYPES: &[(aclDataType, &[aclDataType])] = &[
    (T::ACL_FLOAT, &[T::ACL_FLOAT]),
    (T::ACL_FLOAT16, &[T::ACL_FLOAT16, T::ACL_FLOAT]),
    (T::ACL_INT32, &[T::ACL_INT32]),
    (T::ACL_INT8, &[T::ACL_INT32]),
];

/// Something that products are summed in.
pub(super) trait Sum: Copy + Default {
    /// Returns `self + a * b`.
    fn plus(self, a: Self, b: Self) -> Self;
}

impl Sum for f32 {
    fn plus(self, a: Self, b: Self) -> Self {
        self + a * b
    }
}

impl Sum for i64 {
    fn plus(self, a: Self, b: Self) -> Self {
        self.wrapping_add(a.wrapping_mul(b))
    }
}

/// Multiplies an m x k matrix by a k x n one, both row by row.
pub(super) fn multiply<N: Sum>(a: &[N], b: &[N], m: usize, n: usize, k: usize) -> Vec<N> {
    let mut c = vec![N::default(); m * n];
    if n == 0 {
        return c;
    }
    for (row, sums) in c.chunks_exact_mut(n).enumerate() {
        for i in 0..k {
            let factor = a[row * k + i];
            for (sum, other) in sums.iter_mut().zip(&b[i * n..(i + 1) * n]) {
                *sum = sum.plus(factor, *other);
            }
        }
    }
    c
}

/// Returns a matrix of `rows` x `columns`, which is stored the other way round if `turned`.
fn row_by_row<N: Copy>(values: &[N], rows: usize, columns: usize, turned: bool) -> Vec<N> {
    if !turned {
        return values.to_vec();
    }
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| column * rows + row));
    places.map(|place| values[place]).collect()
}

/// A batch of matrices.
#[derive(Clone)]
struct Batch {
    dims: Vec<usize>,
    rows: usize,
    columns: usize,
    turned: bool,
}

impl Batch {
    fn of(call: &Call<'_>, index: usize, turned: bool) -> Result<Self> {
        let dims = call.inputs[index].sizes()?;
        let [batch @ .., first, second] = &dims[..] else {
            return Err(fail!(
                ACL_ERROR_OP_INPUT_NOT_MATCH,
                "input {index} of {} has the dims {dims:?}, wanted at least 2",
                call.op
            ));
        };
        let (rows, columns) = if turned {
            (*second, *first)
        } else {
            (*first, *second)
        };
        Ok(Self {
            dims: batch.to_vec(),
            rows,
            columns,
            turned,
        })
    }

    fn matrix<N: Copy>(&self, values: &[N], number: usize) -> Vec<N> {
        let size = self.rows * self.columns;
        let matrix = &values[number * size..(number + 1) * size];
        row_by_row(matrix, self.rows, self.columns, self.turned)
    }
}

pub(super) fn plan(call: &Call<'_>) -> Result<Plan> {
    let batched = call.op.starts_with("Batch");
    let output = call.counts(2..=if batched { 2 } else { 3 })?.dtype;
    let types: Vec<aclDataType> = TYPES.iter().map(|(input, _)| *input).collect();
    call.takes(0, &types)?;
    call.same_type(0, 1)?;
    call.plain()?;
    let dtype = call.inputs[0].dtype;
    let given = TYPES.iter().find(|(input, _)| *input == dtype);
    call.gives(given.map_or(&[], |(_, outputs)| outputs))?;
    let (turn_a, turn_b) = if batched {
        ("adj_x1", "adj_x2")
    } else {
        ("transpose_x1", "transpose_x2")
    };
    let a = Batch::of(call, 0, call.flag(turn_a)?)?;
    let b = Batch::of(call, 1, call.flag(turn_b)?)?;
    if a.columns != b.rows || !batched && (a.dims.len(), b.dims.len()) != (0, 0) {
        return Err(fail!(
            ACL_ERROR_OP_INPUT_NOT_MATCH,
            "{} of the dims {:?} and {:?} (transposed: {}, {}): {} and {} should be equal",
            call.op,
            call.inputs[0].dims,
            call.inputs[1].dims,
            a.turned,
            b.turned,
            a.columns,
            b.rows
        ));
    }
    let bias = call.inputs.get(2).map(|bias| bias.dtype);
    if let Some(bias) = call.inputs.get(2)
        && (bias.dims != signed(&[b.columns]) || bias.dtype != output)
    {
        return Err(fail!(
            ACL_ERROR_OP_INPUT_NOT_MATCH,
            "the bias has the dims {:?} and the data type {}, wanted [{}] and that of the output",
            bias.dims,
            bias.dtype.0,
            b.columns
        ));
    }
    let mut dims = broadcast(call, &a.dims, &b.dims)?;
    let batch = dims.clone();
    dims.extend([a.rows, b.columns]);
    Ok(Plan::one(signed(&dims), move |inputs| {
        let left = Numbers::read(dtype, &inputs[0]);
        let right = Numbers::read(dtype, &inputs[1]);
        let bias = bias.map(|dtype| Numbers::read(dtype, &inputs[2]));
        let product = match (&left, &right) {
            (Numbers::Int(_), _) => {
                let added = bias.map(|bias| bias.ints());
                let sums = products(&a, &b, &batch, &left.ints(), &right.ints(), added);
                Numbers::Int(sums.into_iter().map(i128::from).collect())
            }
            _ => {
                let added = bias.map(|bias| bias.floats());
                Numbers::F32(products(
                    &a,
                    &b,
                    &batch,
                    &left.floats(),
                    &right.floats(),
                    added,
                ))
            }
        };
        Ok(product.write(output))
    }))
}

fn products<N: Sum + From<u8>>(
    a: &Batch,
    b: &Batch,
    batch: &[usize],
    left: &[N],
    right: &[N],
    bias: Option<Vec<N>>,
) -> Vec<N> {
    let mut out = Vec::new();
    for (i, j) in offsets(&a.dims, batch).zip(offsets(&b.dims, batch)) {
        let (x, y) = (a.matrix(left, i), b.matrix(right, j));
        out.extend(multiply(&x, &y, a.rows, b.columns, a.columns));
    }
    if let Some(bias) = bias {
        let each = bias.iter().cycle();
        out.iter_mut()
            .zip(each)
            .for_each(|(v, b)| *v = v.plus(*b, N::from(1)));
    }
    out
}
