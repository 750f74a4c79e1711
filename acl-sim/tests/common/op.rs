//! Tensors and calls of single operators.
#![allow(dead_code)]

use std::ffi::{CString, c_int, c_void};
use std::ptr::{null, null_mut};

use acl_sys::{
    aclDataBuffer, aclDataType, aclFormat, aclTensorDesc, aclopAttr, aclopCompileType,
    aclopEngineType,
};
use half::f16;

use crate::call::{download, malloc, stream, upload};

pub(crate) const F32: aclDataType = aclDataType::ACL_FLOAT;
pub(crate) const F16: aclDataType = aclDataType::ACL_FLOAT16;
pub(crate) const I32: aclDataType = aclDataType::ACL_INT32;
pub(crate) const I64: aclDataType = aclDataType::ACL_INT64;
pub(crate) const I8: aclDataType = aclDataType::ACL_INT8;
pub(crate) const U8: aclDataType = aclDataType::ACL_UINT8;
pub(crate) const ND: aclFormat = aclFormat::ACL_FORMAT_ND;

/// A tensor on the device, with its description and its buffer.
pub(crate) struct Tensor {
    pub(crate) desc: *mut aclTensorDesc,
    pub(crate) buffer: *mut aclDataBuffer,
    pub(crate) memory: *mut c_void,
    pub(crate) size: usize,
}

pub(crate) fn desc(dtype: aclDataType, format: aclFormat, dims: &[i64]) -> *mut aclTensorDesc {
    let count = c_int::try_from(dims.len()).unwrap();
    let desc = call!(aclCreateTensorDesc(dtype, count, dims.as_ptr(), format));
    assert!(!desc.is_null());
    desc
}

impl Tensor {
    pub(crate) fn new(dtype: aclDataType, format: aclFormat, dims: &[i64], bytes: &[u8]) -> Self {
        let this = Self::empty(dtype, format, dims, bytes.len());
        if !bytes.is_empty() {
            upload(this.memory, bytes);
        }
        this
    }

    pub(crate) fn empty(dtype: aclDataType, format: aclFormat, dims: &[i64], size: usize) -> Self {
        let memory = if size == 0 { null_mut() } else { malloc(size) };
        Self {
            desc: desc(dtype, format, dims),
            buffer: call!(aclCreateDataBuffer(memory, size)),
            memory,
            size,
        }
    }

    pub(crate) fn floats(dims: &[i64], values: &[f32]) -> Self {
        Self::new(F32, ND, dims, &of_floats(values))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        download(self.memory, self.size)
    }

    pub(crate) fn dims(&self) -> Vec<i64> {
        let count = call!(aclGetTensorDescNumDims(self.desc));
        (0..count)
            .map(|index| call!(aclGetTensorDescDim(self.desc, index)))
            .collect()
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        call!(aclDestroyTensorDesc(self.desc));
        ok!(aclDestroyDataBuffer(self.buffer));
        if !self.memory.is_null() {
            ok!(aclrtFree(self.memory));
        }
    }
}

/// Which function runs an operator.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum By {
    CompileAndExecute,
    CompileAndExecuteV2,
    Execute,
    ExecuteV2,
}

/// Runs an operator and waits; gives the code of the call.
pub(crate) fn execute(
    by: By,
    op: &str,
    inputs: &[&Tensor],
    outputs: &[&Tensor],
    attr: *mut aclopAttr,
) -> i32 {
    let stream = stream();
    let code = execute_on(by, op, inputs, outputs, attr, stream);
    ok!(aclrtSynchronizeStream(stream));
    ok!(aclrtDestroyStream(stream));
    code
}

pub(crate) fn execute_on(
    by: By,
    op: &str,
    inputs: &[&Tensor],
    outputs: &[&Tensor],
    attr: *mut aclopAttr,
    stream: *mut c_void,
) -> i32 {
    let op = CString::new(op).unwrap();
    let name = op.as_ptr();
    let (m, n) = (count(inputs), count(outputs));
    let mut a: Vec<_> = inputs.iter().map(|t| t.desc).collect();
    let mut x: Vec<_> = inputs.iter().map(|t| t.buffer).collect();
    let mut b: Vec<_> = outputs.iter().map(|t| t.desc).collect();
    let mut y: Vec<_> = outputs.iter().map(|t| t.buffer).collect();
    let (a, x, b, y) = (
        a.as_mut_ptr(),
        x.as_mut_ptr(),
        b.as_mut_ptr(),
        y.as_mut_ptr(),
    );
    let (engine, kind) = (
        aclopEngineType::ACL_ENGINE_SYS,
        aclopCompileType::ACL_COMPILE_SYS,
    );
    match by {
        By::CompileAndExecute => call!(aclopCompileAndExecute(
            name,
            m,
            a.cast(),
            x.cast(),
            n,
            b.cast(),
            y,
            attr,
            engine,
            kind,
            null(),
            stream
        )),
        By::CompileAndExecuteV2 => call!(aclopCompileAndExecuteV2(
            name,
            m,
            a,
            x,
            n,
            b,
            y,
            attr,
            engine,
            kind,
            null(),
            stream
        )),
        By::Execute => call!(aclopExecute(
            name,
            m,
            a.cast(),
            x.cast(),
            n,
            b.cast(),
            y,
            attr,
            stream
        )),
        By::ExecuteV2 => call!(aclopExecuteV2(name, m, a, x, n, b, y, attr, stream)),
    }
}

pub(crate) fn count<T>(all: &[T]) -> c_int {
    c_int::try_from(all.len()).unwrap()
}

/// Attributes that are destroyed at the end.
pub(crate) struct Attr(pub(crate) *mut aclopAttr);

impl Attr {
    pub(crate) fn new() -> Self {
        Self(call!(aclopCreateAttr()))
    }

    pub(crate) fn bool(self, name: &str, value: bool) -> Self {
        let name = CString::new(name).unwrap();
        ok!(aclopSetAttrBool(self.0, name.as_ptr(), u8::from(value)));
        self
    }

    pub(crate) fn int(self, name: &str, value: i64) -> Self {
        let name = CString::new(name).unwrap();
        ok!(aclopSetAttrInt(self.0, name.as_ptr(), value));
        self
    }

    pub(crate) fn ints(self, name: &str, values: &[i64]) -> Self {
        let name = CString::new(name).unwrap();
        ok!(aclopSetAttrListInt(
            self.0,
            name.as_ptr(),
            count(values),
            values.as_ptr()
        ));
        self
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        let (name, value) = (CString::new(name).unwrap(), CString::new(value).unwrap());
        ok!(aclopSetAttrString(self.0, name.as_ptr(), value.as_ptr()));
        self
    }
}

impl Drop for Attr {
    fn drop(&mut self) {
        call!(aclopDestroyAttr(self.0));
    }
}

pub(crate) fn of_floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

pub(crate) fn of_halves(values: &[f32]) -> Vec<u8> {
    let halves = values.iter().map(|v| f16::from_f32(*v));
    halves.flat_map(f16::to_le_bytes).collect()
}

pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    let chunks = bytes.chunks_exact(4);
    chunks
        .map(|c| f32::from_le_bytes(c.try_into().unwrap()))
        .collect()
}

pub(crate) fn halves(bytes: &[u8]) -> Vec<f32> {
    let chunks = bytes.chunks_exact(2);
    chunks
        .map(|c| f16::from_le_bytes(c.try_into().unwrap()).to_f32())
        .collect()
}

pub(crate) fn of_ints(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

pub(crate) fn ints(bytes: &[u8]) -> Vec<i32> {
    let chunks = bytes.chunks_exact(4);
    chunks
        .map(|c| i32::from_le_bytes(c.try_into().unwrap()))
        .collect()
}

pub(crate) fn of_longs(values: &[i64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Numbers that look random and are the same everywhere: -1 to 1 in steps of 2^-15.
pub(crate) fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(state >> 16).unwrap()) / 32768.0 - 1.0
        })
        .collect()
}
