//! `GEMM`: alpha times the product of two matrices and beta times a third, in row-major or in the
//! cube unit's own layout. The functions of `acl_cblas.h` are this operator.

use acl_sys::{ACL_ERROR_OP_INPUT_NOT_MATCH, ACL_ERROR_UNSUPPORTED_DATA_TYPE, aclDataType};

use super::matmul::{Sum, multiply};
use super::numbers::Numbers;
use super::transdata::{CUBE, channel_block};
use super::{Call, Plan, Tensor, signed};
use crate::machine::failure::{Result, fail};

use aclDataType as T;

/// Types of A and B, of C, and of alpha and beta.
const TYPES: &[(aclDataType, aclDataType)] = &[
    (T::ACL_FLOAT16, T::ACL_FLOAT16),
    (T::ACL_FLOAT16, T::ACL_FLOAT),
    (T::ACL_FLOAT, T::ACL_FLOAT),
    (T::ACL_INT8, T::ACL_INT32),
    (T::ACL_INT8, T::ACL_FLOAT),
];

/// How a matrix lies in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) turned: bool,
    /// In blocks, column of blocks by column of blocks, padded with zeros.
    pub(crate) blocks: bool,
    pub(crate) dtype: aclDataType,
}

impl Stored {
    /// Rows and columns as they are stored.
    fn lying(&self) -> (usize, usize) {
        if self.turned {
            (self.columns, self.rows)
        } else {
            (self.rows, self.columns)
        }
    }

    /// Describes its memory.
    pub(crate) fn tensor(&self) -> Tensor {
        let (rows, columns) = self.lying();
        if !self.blocks {
            return Tensor::new(self.dtype, signed(&[rows, columns]));
        }
        let width = channel_block(self.dtype);
        let dims = [columns.div_ceil(width), rows.div_ceil(CUBE), CUBE, width];
        Tensor::new(self.dtype, signed(&dims))
    }

    fn elements(&self) -> usize {
        let (rows, columns) = self.lying();
        if !self.blocks {
            return rows * columns;
        }
        let width = channel_block(self.dtype);
        rows.next_multiple_of(CUBE) * columns.next_multiple_of(width)
    }

    fn place(&self, row: usize, column: usize) -> usize {
        let (row, column) = if self.turned {
            (column, row)
        } else {
            (row, column)
        };
        let (rows, columns) = self.lying();
        if !self.blocks {
            return row * columns + column;
        }
        let width = channel_block(self.dtype);
        let block = column / width * rows.div_ceil(CUBE) + row / CUBE;
        (block * CUBE + row % CUBE) * width + column % width
    }

    fn places(self) -> impl Iterator<Item = usize> {
        (0..self.rows)
            .flat_map(move |row| (0..self.columns).map(move |column| self.place(row, column)))
    }

    fn gather<N: Copy>(&self, values: &[N]) -> Vec<N> {
        self.places().map(|place| values[place]).collect()
    }

    fn scatter<N: Copy + Default>(&self, values: &[N]) -> Vec<N> {
        let mut out = vec![N::default(); self.elements()];
        self.places()
            .zip(values)
            .for_each(|(place, value)| out[place] = *value);
        out
    }
}

/// Checks types and makes the plan for the inputs A, B, C, alpha and beta.
pub(crate) fn product(a: Stored, b: Stored, c: Stored) -> Result<Plan> {
    if a.dtype != b.dtype || !TYPES.contains(&(a.dtype, c.dtype)) {
        return Err(fail!(
            ACL_ERROR_UNSUPPORTED_DATA_TYPE,
            "the data types of A, B and C are {}, {} and {}: wanted float16 with float16 or float32 \
             for C, float32, or int8 with int32 or float32 for C",
            a.dtype.0,
            b.dtype.0,
            c.dtype.0
        ));
    }
    let (m, n, k) = (a.rows, b.columns, a.columns);
    Ok(Plan::one(c.tensor().dims, move |inputs| {
        let read = |index: usize, dtype| Numbers::read(dtype, &inputs[index]);
        let result = if c.dtype == T::ACL_INT32 {
            let x = a.gather(&read(0, a.dtype).ints());
            let y = b.gather(&read(1, b.dtype).ints());
            let z = c.gather(&read(2, c.dtype).ints());
            let (alpha, beta) = (read(3, c.dtype).ints()[0], read(4, c.dtype).ints()[0]);
            let sums = multiply(&x, &y, m, n, k);
            let out: Vec<i64> = scaled(&sums, alpha, &z, beta);
            Numbers::Int(c.scatter(&out).into_iter().map(i128::from).collect())
        } else {
            let x = a.gather(&read(0, a.dtype).floats());
            let y = b.gather(&read(1, b.dtype).floats());
            let z = c.gather(&read(2, c.dtype).floats());
            let (alpha, beta) = (read(3, c.dtype).floats()[0], read(4, c.dtype).floats()[0]);
            let sums = multiply(&x, &y, m, n, k);
            Numbers::F32(c.scatter(&scaled(&sums, alpha, &z, beta)))
        };
        Ok(result.write(c.dtype))
    }))
}

fn scaled<N: Sum>(sums: &[N], alpha: N, others: &[N], beta: N) -> Vec<N> {
    let both = sums.iter().zip(others);
    both.map(|(sum, other)| N::default().plus(alpha, *sum).plus(beta, *other))
        .collect()
}

/// Plans the operator.
pub(super) fn plan(call: &Call<'_>) -> Result<Plan> {
    call.counts(5..=5)?;
    call.plain()?;
    let c = call.inputs[2].dtype;
    call.gives(&[c])?;
    let matrix = |index: usize, turned: bool| {
        let sizes = call.inputs[index].sizes()?;
        let [first, second] = sizes[..] else {
            return Err(fail!(
                ACL_ERROR_OP_INPUT_NOT_MATCH,
                "input {index} of GEMM has the dims {sizes:?}, wanted 2"
            ));
        };
        let (rows, columns) = if turned {
            (second, first)
        } else {
            (first, second)
        };
        Ok(Stored {
            rows,
            columns,
            turned,
            blocks: false,
            dtype: call.inputs[index].dtype,
        })
    };
    let a = matrix(0, call.flag("transpose_a")?)?;
    let b = matrix(1, call.flag("transpose_b")?)?;
    let sum = matrix(2, false)?;
    if a.columns != b.rows || (sum.rows, sum.columns) != (a.rows, b.columns) {
        return Err(fail!(
            ACL_ERROR_OP_INPUT_NOT_MATCH,
            "GEMM of {} x {} by {} x {} and {} x {}",
            a.rows,
            a.columns,
            b.rows,
            b.columns,
            sum.rows,
            sum.columns
        ));
    }
    for index in 3..5 {
        let factor = &call.inputs[index];
        if factor.dtype != c || factor.sizes()?.iter().product::<usize>() != 1 {
            return Err(fail!(
                ACL_ERROR_OP_INPUT_NOT_MATCH,
                "input {index} of GEMM has the dims {:?} and the data type {}, wanted 1 element of \
                 the type of C",
                factor.dims,
                factor.dtype.0
            ));
        }
    }
    product(a, b, sum)
}
