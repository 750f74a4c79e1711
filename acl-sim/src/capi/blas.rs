//! `acl_cblas.h`: products of matrices.
//!
//! Own choices: leading dims and increments are -1, which stands for matrices without gaps; alpha
//! and beta have the type of C, and lie on the device or in the program's own memory; a handle
//! takes A, B, C, alpha and beta and gives C; beta 0 still reads C. A vector is a matrix of one
//! column. As every operator, the product must have been loaded or compiled, as "GEMM".

use std::ffi::{c_int, c_void};

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, aclComputeType, aclDataType, aclFloat16, aclTransType, aclopHandle,
    aclrtStream,
};

use super::runtime::handle;
use super::{host, put, require, status};
use crate::machine::failure::{Result, fail};
use crate::machine::objects::{DataBuffer, dtype_size};
use crate::machine::op::attr::{Attributes, Value};
use crate::machine::op::gemm::{self, Stored};
use crate::machine::op::run::{self, Planned, Source};
use crate::machine::op::{Call, Tensor, registry};
use crate::machine::{memory, process};

const HALF: aclDataType = aclDataType::ACL_FLOAT16;
const INT8: aclDataType = aclDataType::ACL_INT8;
const INT32: aclDataType = aclDataType::ACL_INT32;

status! {
    fn aclblasGemmEx(
        trans_a: aclTransType, trans_b: aclTransType, trans_c: aclTransType,
        m: c_int, n: c_int, k: c_int,
        alpha: *const c_void,
        a: *const c_void, lda: c_int, type_a: aclDataType,
        b: *const c_void, ldb: c_int, type_b: aclDataType,
        beta: *const c_void,
        c: *mut c_void, ldc: c_int, type_c: aclDataType,
        compute: aclComputeType, stream: aclrtStream,
    ) {
        Product::gemm((trans_a, trans_b, trans_c), (m, n, k), (type_a, type_b, type_c), compute)?
            .run((lda, ldb, ldc), [a, b, c, alpha, beta], stream)
    }

    fn aclblasHgemm(
        trans_a: aclTransType, trans_b: aclTransType, trans_c: aclTransType,
        m: c_int, n: c_int, k: c_int,
        alpha: *const aclFloat16,
        a: *const aclFloat16, lda: c_int,
        b: *const aclFloat16, ldb: c_int,
        beta: *const aclFloat16,
        c: *mut aclFloat16, ldc: c_int,
        compute: aclComputeType, stream: aclrtStream,
    ) {
        let memory = [a.cast(), b.cast(), c.cast_const().cast(), alpha.cast(), beta.cast()];
        Product::gemm((trans_a, trans_b, trans_c), (m, n, k), (HALF, HALF, HALF), compute)?
            .run((lda, ldb, ldc), memory, stream)
    }

    fn aclblasS8gemm(
        trans_a: aclTransType, trans_b: aclTransType, trans_c: aclTransType,
        m: c_int, n: c_int, k: c_int,
        alpha: *const i32,
        a: *const i8, lda: c_int,
        b: *const i8, ldb: c_int,
        beta: *const i32,
        c: *mut i32, ldc: c_int,
        compute: aclComputeType, stream: aclrtStream,
    ) {
        let memory = [a.cast(), b.cast(), c.cast_const().cast(), alpha.cast(), beta.cast()];
        Product::gemm((trans_a, trans_b, trans_c), (m, n, k), (INT8, INT8, INT32), compute)?
            .run((lda, ldb, ldc), memory, stream)
    }

    fn aclblasGemvEx(
        trans: aclTransType, m: c_int, n: c_int,
        alpha: *const c_void,
        a: *const c_void, lda: c_int, type_a: aclDataType,
        x: *const c_void, incx: c_int, type_x: aclDataType,
        beta: *const c_void,
        y: *mut c_void, incy: c_int, type_y: aclDataType,
        compute: aclComputeType, stream: aclrtStream,
    ) {
        Product::gemv(trans, (m, n), (type_a, type_x, type_y), compute)?
            .run((lda, incx, incy), [a, x, y, alpha, beta], stream)
    }

    fn aclblasHgemv(
        trans: aclTransType, m: c_int, n: c_int,
        alpha: *const aclFloat16,
        a: *const aclFloat16, lda: c_int,
        x: *const aclFloat16, incx: c_int,
        beta: *const aclFloat16,
        y: *mut aclFloat16, incy: c_int,
        compute: aclComputeType, stream: aclrtStream,
    ) {
        let memory = [a.cast(), x.cast(), y.cast_const().cast(), alpha.cast(), beta.cast()];
        Product::gemv(trans, (m, n), (HALF, HALF, HALF), compute)?
            .run((lda, incx, incy), memory, stream)
    }

    fn aclblasS8gemv(
        trans: aclTransType, m: c_int, n: c_int,
        alpha: *const i32,
        a: *const i8, lda: c_int,
        x: *const i8, incx: c_int,
        beta: *const i32,
        y: *mut i32, incy: c_int,
        compute: aclComputeType, stream: aclrtStream,
    ) {
        let memory = [a.cast(), x.cast(), y.cast_const().cast(), alpha.cast(), beta.cast()];
        Product::gemv(trans, (m, n), (INT8, INT8, INT32), compute)?
            .run((lda, incx, incy), memory, stream)
    }

    fn aclblasCreateHandleForGemmEx(
        trans_a: aclTransType, trans_b: aclTransType, trans_c: aclTransType,
        m: c_int, n: c_int, k: c_int,
        type_a: aclDataType, type_b: aclDataType, type_c: aclDataType,
        compute: aclComputeType, made: *mut *mut aclopHandle,
    ) {
        let types = (type_a, type_b, type_c);
        Product::gemm((trans_a, trans_b, trans_c), (m, n, k), types, compute)?.keep(made)
    }

    fn aclblasCreateHandleForHgemm(
        trans_a: aclTransType, trans_b: aclTransType, trans_c: aclTransType,
        m: c_int, n: c_int, k: c_int,
        compute: aclComputeType, made: *mut *mut aclopHandle,
    ) {
        let types = (HALF, HALF, HALF);
        Product::gemm((trans_a, trans_b, trans_c), (m, n, k), types, compute)?.keep(made)
    }

    fn aclblasCreateHandleForS8gemm(
        trans_a: aclTransType, trans_b: aclTransType, trans_c: aclTransType,
        m: c_int, n: c_int, k: c_int,
        compute: aclComputeType, made: *mut *mut aclopHandle,
    ) {
        let types = (INT8, INT8, INT32);
        Product::gemm((trans_a, trans_b, trans_c), (m, n, k), types, compute)?.keep(made)
    }

    fn aclblasCreateHandleForGemvEx(
        trans: aclTransType, m: c_int, n: c_int,
        type_a: aclDataType, type_x: aclDataType, type_y: aclDataType,
        compute: aclComputeType, made: *mut *mut aclopHandle,
    ) {
        Product::gemv(trans, (m, n), (type_a, type_x, type_y), compute)?.keep(made)
    }

    fn aclblasCreateHandleForHgemv(
        trans: aclTransType, m: c_int, n: c_int,
        compute: aclComputeType, made: *mut *mut aclopHandle,
    ) {
        Product::gemv(trans, (m, n), (HALF, HALF, HALF), compute)?.keep(made)
    }

    fn aclblasCreateHandleForS8gemv(
        trans: aclTransType, m: c_int, n: c_int,
        compute: aclComputeType, made: *mut *mut aclopHandle,
    ) {
        Product::gemv(trans, (m, n), (INT8, INT8, INT32), compute)?.keep(made)
    }
}

/// A checked product.
struct Product(Planned);

fn size(what: &str, value: c_int) -> Result<usize> {
    match usize::try_from(value) {
        Ok(value) if value > 0 => Ok(value),
        _ => Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "{what} is {value}, wanted at least 1"
        )),
    }
}

/// Says whether a matrix is stored the other way round, and whether in blocks.
fn layout(trans: aclTransType) -> Result<(bool, bool)> {
    Ok(match trans {
        aclTransType::ACL_TRANS_N => (false, false),
        aclTransType::ACL_TRANS_T => (true, false),
        aclTransType::ACL_TRANS_NZ => (false, true),
        aclTransType::ACL_TRANS_NZ_T => (true, true),
        aclTransType(other) => {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the layout of a matrix is {other}, wanted 0 to 3 (N, T, NZ, NZ_T)"
            ));
        }
    })
}

fn stored(
    trans: aclTransType,
    (rows, columns): (usize, usize),
    dtype: aclDataType,
) -> Result<Stored> {
    let (turned, blocks) = layout(trans)?;
    Ok(Stored {
        rows,
        columns,
        turned,
        blocks,
        dtype,
    })
}

type Types = (aclDataType, aclDataType, aclDataType);

impl Product {
    fn gemm(
        trans: (aclTransType, aclTransType, aclTransType),
        (m, n, k): (c_int, c_int, c_int),
        types: Types,
        compute: aclComputeType,
    ) -> Result<Self> {
        let (m, n, k) = (size("m", m)?, size("n", n)?, size("k", k)?);
        Self::new(
            stored(trans.0, (m, k), types.0)?,
            stored(trans.1, (k, n), types.1)?,
            stored(trans.2, (m, n), types.2)?,
            compute,
        )
    }

    /// A is m x n as it is stored.
    fn gemv(
        trans: aclTransType,
        (m, n): (c_int, c_int),
        types: Types,
        compute: aclComputeType,
    ) -> Result<Self> {
        let (m, n) = (size("m", m)?, size("n", n)?);
        let (turned, _) = layout(trans)?;
        let (long, sum) = if turned { (m, n) } else { (n, m) };
        let plain = aclTransType::ACL_TRANS_N;
        Self::new(
            stored(trans, (sum, long), types.0)?,
            stored(plain, (long, 1), types.1)?,
            stored(plain, (sum, 1), types.2)?,
            compute,
        )
    }

    fn new(a: Stored, b: Stored, c: Stored, compute: aclComputeType) -> Result<Self> {
        process::require_init()?;
        if compute.0 > aclComputeType::ACL_COMPUTE_LOW_PRECISION.0 {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the precision is {}, wanted 0 (high) or 1 (low)",
                compute.0
            ));
        }
        let plan = gemm::product(a, b, c)?;
        let factor = Tensor::new(c.dtype, vec![1]);
        let inputs = vec![a.tensor(), b.tensor(), c.tensor(), factor.clone(), factor];
        let outputs = vec![c.tensor()];
        let attributes = Attributes::from([
            ("transpose_a".to_owned(), Value::Bool(a.turned)),
            ("transpose_b".to_owned(), Value::Bool(b.turned)),
        ]);
        registry::require(&Call {
            op: "GEMM",
            inputs: &inputs,
            outputs: &outputs,
            attributes: &attributes,
        })?;
        Ok(Self(Planned {
            plan,
            inputs,
            outputs,
        }))
    }

    fn keep(self, made: *mut *mut aclopHandle) -> Result<()> {
        require(made, "the handle's place")?;
        put!(made, run::create(self.0).as_ptr())
    }

    /// Runs it with A, B, C, alpha and beta.
    fn run(
        &self,
        leading: (c_int, c_int, c_int),
        memory: [*const c_void; 5],
        stream: aclrtStream,
    ) -> Result<()> {
        for (what, value) in [
            ("A", leading.0),
            ("B or x", leading.1),
            ("C or y", leading.2),
        ] {
            if value != -1 {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the leading dimension or increment of {what} is {value}, wanted -1: others are \
                     reserved"
                ));
            }
        }
        for (pointer, what) in memory
            .iter()
            .zip(["A", "B or x", "C or y", "alpha", "beta"])
        {
            require(*pointer, what)?;
        }
        let stream = process::stream(handle(stream))?;
        let tensors = self.0.inputs.iter().enumerate();
        let sources = tensors.map(|(index, tensor)| self.source(index, tensor, memory[index]));
        let sources = sources.collect::<Result<_>>()?;
        let target = run::target(0, &self.0.outputs[0], whole(&self.0.outputs[0], memory[2])?)?;
        run::queue(&stream, &self.0.plan, sources, vec![target])
    }

    fn source(&self, index: usize, tensor: &Tensor, pointer: *const c_void) -> Result<Source> {
        let is_factor = index >= 3;
        if is_factor && !memory::is_device(pointer.addr()) {
            return Ok(Source::Kept(
                host!(pointer, dtype_size(tensor.dtype)).to_vec(),
            ));
        }
        run::source(index, tensor, whole(tensor, pointer)?)
    }
}

/// The memory of a tensor whose size nobody tells.
fn whole(tensor: &Tensor, pointer: *const c_void) -> Result<DataBuffer> {
    Ok(DataBuffer {
        address: pointer.addr(),
        size: tensor.bytes()?,
    })
}
