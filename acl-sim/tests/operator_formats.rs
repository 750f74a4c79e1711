//! Formats: tensors that go into the cube unit's blocks and back, and descriptions of them.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[macro_use]
#[path = "common/op.rs"]
mod op;

use std::ptr::{null, null_mut};

use acl_sys::aclFormat;
use call::start;
use op::*;

/// Where the element n, c, h, w lies in blocks of 16 channels.
fn five(dims: [usize; 4], at: [usize; 4]) -> usize {
    let [_, channels, height, width] = dims;
    let [n, c, h, w] = at;
    let blocks = channels.div_ceil(16);
    (((n * blocks + c / 16) * height + h) * width + w) * 16 + c % 16
}

/// Where it lies in a filter's blocks.
fn filter(dims: [usize; 4], at: [usize; 4]) -> usize {
    let [count, _, height, width] = dims;
    let [n, c, h, w] = at;
    let line = (c / 16 * height + h) * width + w;
    ((line * count.div_ceil(16) + n / 16) * 16 + n % 16) * 16 + c % 16
}

#[test]
fn pictures_and_filters_go_into_blocks_and_back() {
    start();
    let attr = Attr::new();
    let dims = [19_usize, 18, 2, 5];
    let plain: Vec<i64> = dims.iter().map(|dim| *dim as i64).collect();
    let x = of_halves(&noise(19 * 18 * 2 * 5, 15));
    let nchw = aclFormat::ACL_FORMAT_NCHW;
    let a = Tensor::new(F16, nchw, &plain, &x);
    type Place = fn([usize; 4], [usize; 4]) -> usize;
    for (format, padded, place) in [
        (
            aclFormat::ACL_FORMAT_NC1HWC0,
            vec![19, 2, 2, 5, 16],
            five as Place,
        ),
        (
            aclFormat::ACL_FORMAT_FRACTAL_Z,
            vec![2 * 2 * 5, 2, 16, 16],
            filter,
        ),
    ] {
        let size = 2 * padded.iter().product::<i64>() as usize;
        let mut wanted = vec![0; size];
        for index in 0..x.len() / 2 {
            let at = [index / 180, index / 10 % 18, index / 5 % 2, index % 5];
            let to = 2 * place(dims, at);
            wanted[to..to + 2].copy_from_slice(&x[2 * index..2 * index + 2]);
        }
        let blocks = Tensor::empty(F16, format, &padded, size);
        let code = execute(
            By::CompileAndExecute,
            "TransData",
            &[&a],
            &[&blocks],
            attr.0,
        );
        assert_eq!(code, 0, "{}", call::messages());
        assert_eq!(blocks.bytes(), wanted, "format {}", format.0);
        let back = Tensor::empty(F16, nchw, &plain, x.len());
        let code = execute(
            By::CompileAndExecute,
            "TransData",
            &[&blocks],
            &[&back],
            attr.0,
        );
        assert_eq!(code, 0, "{}", call::messages());
        assert_eq!(back.bytes(), x, "format {}", format.0);
    }
}

#[test]
fn matrices_go_into_blocks_and_back() {
    start();
    let attr = Attr::new()
        .text("src_format", "ND")
        .text("dst_format", "FRACTAL_NZ");
    let none = Attr::new();
    let nz = aclFormat::ACL_FORMAT_FRACTAL_NZ;
    for (dtype, width, item) in [(F16, 16, 2), (I8, 32, 1), (F32, 16, 4)] {
        let (batch, rows, columns) = (2, 17_usize, 40_usize);
        let x: Vec<u8> = (0..batch * rows * columns * item)
            .map(|i| (i * 7 + i / 251) as u8)
            .collect();
        let a = Tensor::new(dtype, ND, &[2, 17, 40], &x);
        let (wide, high) = (columns.div_ceil(width), rows.div_ceil(16));
        let size = batch * wide * high * 16 * width * item;
        let mut wanted = vec![0; size];
        for b in 0..batch {
            for r in 0..rows {
                for c in 0..columns {
                    let block = (b * wide + c / width) * high + r / 16;
                    let to = ((block * 16 + r % 16) * width + c % width) * item;
                    let from = ((b * rows + r) * columns + c) * item;
                    wanted[to..to + item].copy_from_slice(&x[from..from + item]);
                }
            }
        }
        let dims = [2, wide as i64, high as i64, 16, width as i64];
        // The format and the shape as programs set them: on a description of the plain tensor.
        let blocks = Tensor::empty(dtype, ND, &[2, 17, 40], size);
        ok!(aclSetTensorFormat(blocks.desc, nz));
        ok!(aclSetTensorShape(blocks.desc, 5, dims.as_ptr()));
        let code = execute(
            By::CompileAndExecute,
            "TransData",
            &[&a],
            &[&blocks],
            attr.0,
        );
        assert_eq!(code, 0, "{}", call::messages());
        assert_eq!(blocks.bytes(), wanted);
        let back = Tensor::empty(dtype, ND, &[2, 17, 40], x.len());
        let code = execute(
            By::CompileAndExecute,
            "TransData",
            &[&blocks],
            &[&back],
            none.0,
        );
        assert_eq!(code, 0, "{}", call::messages());
        assert_eq!(back.bytes(), x);
    }
}

#[test]
fn descriptions_are_carried_into_other_formats() {
    start();
    let nchw = desc(F16, aclFormat::ACL_FORMAT_NCHW, &[2, 20, 5, 7]);
    for (format, wanted) in [
        (aclFormat::ACL_FORMAT_NHWC, vec![2, 5, 7, 20]),
        (aclFormat::ACL_FORMAT_NC1HWC0, vec![2, 2, 5, 7, 16]),
        (aclFormat::ACL_FORMAT_FRACTAL_Z, vec![70, 1, 16, 16]),
        (aclFormat::ACL_FORMAT_FRACTAL_NZ, vec![2, 20, 1, 1, 16, 16]),
        (aclFormat::ACL_FORMAT_NCHW, vec![2, 20, 5, 7]),
    ] {
        let mut made = null_mut();
        ok!(aclTransTensorDescFormat(nchw, format, &raw mut made));
        let dims: Vec<i64> = (0..call!(aclGetTensorDescNumDims(made)))
            .map(|index| call!(aclGetTensorDescDim(made, index)))
            .collect();
        assert_eq!(dims, wanted, "format {}", format.0);
        assert_eq!(call!(aclGetTensorDescFormat(made)), format);
        call!(aclDestroyTensorDesc(made));
    }
    assert!(call!(aclGetTensorDescAddress(nchw)).is_null());
    assert_eq!(call!(aclGetTensorDescByIndex(nchw, 0)), nchw);
    assert!(call!(aclGetTensorDescByIndex(nchw, 1)).is_null());
    assert!(call!(aclGetTensorDescAddress(null())).is_null());
    call!(aclDestroyTensorDesc(nchw));
}
