//! Single operators, each against a naive computation in the test.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[macro_use]
#[path = "common/op.rs"]
mod op;

use std::ptr::null_mut;

use acl_sys::{aclDataType, aclMemType};
use call::{start, stream};
use half::f16;
use op::*;

/// Runs an operator of one output and gives its bytes.
fn run(op: &str, inputs: &[&Tensor], output: (aclDataType, &[i64], usize), attr: &Attr) -> Vec<u8> {
    let (dtype, dims, size) = output;
    let output = Tensor::empty(dtype, ND, dims, size);
    let code = execute(By::CompileAndExecute, op, inputs, &[&output], attr.0);
    assert_eq!(code, 0, "{op}: {}", call::messages());
    output.bytes()
}

type Pair = (&'static str, fn(f32, f32) -> f32, fn(i64, i64) -> i64);

const PAIRS: &[Pair] = &[
    ("Add", |a, b| a + b, |a, b| a + b),
    ("Sub", |a, b| a - b, |a, b| a - b),
    ("Mul", |a, b| a * b, |a, b| a * b),
    ("Div", |a, b| a / b, |a, b| a / b),
    ("RealDiv", |a, b| a / b, |a, b| a / b),
    ("Maximum", f32::max, i64::max),
    ("Minimum", f32::min, i64::min),
];

#[test]
fn two_floats_are_computed_as_floats_and_halves_are_rounded_once() {
    start();
    let (x, y) = (noise(24, 1), noise(24, 2));
    let attr = Attr::new();
    for (op, float, _) in PAIRS {
        let wanted: Vec<f32> = x.iter().zip(&y).map(|(a, b)| float(*a, *b)).collect();
        let (a, b) = (Tensor::floats(&[4, 6], &x), Tensor::floats(&[4, 6], &y));
        let found = floats(&run(op, &[&a, &b], (F32, &[4, 6], 96), &attr));
        assert_eq!(found, wanted, "{op}");

        let (hx, hy) = (of_halves(&x), of_halves(&y));
        let wanted: Vec<f32> = halves(&hx)
            .iter()
            .zip(halves(&hy))
            .map(|(a, b)| f16::from_f32(float(*a, b)).to_f32())
            .collect();
        let a = Tensor::new(F16, ND, &[24], &hx);
        let b = Tensor::new(F16, ND, &[24], &hy);
        let found = halves(&run(op, &[&a, &b], (F16, &[24], 48), &attr));
        assert_eq!(found, wanted, "{op} of halves");
    }
}

#[test]
fn two_integers_are_computed_as_integers_of_their_width() {
    start();
    let x: Vec<i64> = vec![7, -7, 100, -100, 127, 1, -128, 0];
    let y: Vec<i64> = vec![2, 2, 100, 3, 1, -1, -1, 5];
    let attr = Attr::new();
    for (op, _, int) in PAIRS {
        let wide: Vec<i64> = x.iter().zip(&y).map(|(a, b)| int(*a, *b)).collect();
        let bytes = |values: &[i64]| values.iter().map(|v| *v as u8).collect::<Vec<_>>();
        let (a, b) = (
            Tensor::new(I8, ND, &[8], &bytes(&x)),
            Tensor::new(I8, ND, &[8], &bytes(&y)),
        );
        assert_eq!(
            run(op, &[&a, &b], (I8, &[8], 8), &attr),
            bytes(&wide),
            "{op} int8"
        );
        let (a, b) = (
            Tensor::new(I64, ND, &[8], &of_longs(&x)),
            Tensor::new(I64, ND, &[8], &of_longs(&y)),
        );
        assert_eq!(
            run(op, &[&a, &b], (I64, &[8], 64), &attr),
            of_longs(&wide),
            "{op} int64"
        );
        let narrow =
            |values: &[i64]| of_ints(&values.iter().map(|v| *v as i32).collect::<Vec<_>>());
        let (a, b) = (
            Tensor::new(I32, ND, &[8], &narrow(&x)),
            Tensor::new(I32, ND, &[8], &narrow(&y)),
        );
        assert_eq!(
            run(op, &[&a, &b], (I32, &[8], 32), &attr),
            narrow(&wide),
            "{op} int32"
        );
    }
    let (a, b) = (
        Tensor::new(U8, ND, &[3], &[250, 200, 9]),
        Tensor::new(U8, ND, &[3], &[10, 100, 0]),
    );
    assert_eq!(run("Add", &[&a, &b], (U8, &[3], 3), &attr), [4, 44, 9]);
    assert_eq!(
        run("Maximum", &[&a, &b], (U8, &[3], 3), &attr),
        [250, 200, 9]
    );
    assert_eq!(
        run("Div", &[&a, &b], (U8, &[3], 3), &attr),
        [25, 2, 0],
        "an integer by 0 is 0"
    );
}

#[test]
fn dims_broadcast_from_the_last() {
    start();
    let attr = Attr::new();
    for (a, b, out) in [
        (&[2, 3][..], &[3][..], &[2, 3][..]),
        (&[2, 1, 4], &[3, 1], &[2, 3, 4]),
        (&[1], &[2, 2], &[2, 2]),
        (&[], &[5], &[5]),
        (&[3, 1], &[1, 4], &[3, 4]),
    ] {
        let size = |dims: &[i64]| dims.iter().product::<i64>() as usize;
        let (x, y) = (noise(size(a), 3), noise(size(b), 4));
        // The naive way: each output's index is split into one per axis.
        let at = |dims: &[i64], index: usize| {
            let (mut rest, mut offset, mut stride) = (index as i64, 0, 1);
            for (back, dim) in out.iter().rev().enumerate() {
                let here = rest % dim;
                rest /= dim;
                if let Some(axis) = dims.len().checked_sub(back + 1) {
                    offset += if dims[axis] == 1 { 0 } else { here * stride };
                    stride *= dims[axis];
                }
            }
            offset as usize
        };
        let wanted: Vec<f32> = (0..size(out)).map(|i| x[at(a, i)] - y[at(b, i)]).collect();
        let (left, right) = (Tensor::floats(a, &x), Tensor::floats(b, &y));
        let found = run("Sub", &[&left, &right], (F32, out, 4 * size(out)), &attr);
        assert_eq!(floats(&found), wanted, "{a:?} {b:?}");
    }
}

type One = (&'static str, fn(f64) -> f64);

#[test]
fn one_float_is_computed_as_the_standard_library_does() {
    start();
    let x: Vec<f32> = noise(40, 5).iter().map(|v| v * 4.0).collect();
    let attr = Attr::new();
    let all: &[One] = &[
        ("Relu", |v| v.max(0.0)),
        ("Sigmoid", |v| 1.0 / (1.0 + (-v).exp())),
        ("Tanh", f64::tanh),
        ("Exp", f64::exp),
        ("Abs", f64::abs),
        ("Neg", |v| -v),
        ("Square", |v| v * v),
        ("Identity", |v| v),
    ];
    for (op, naive) in all {
        let a = Tensor::floats(&[5, 8], &x);
        let found = floats(&run(op, &[&a], (F32, &[5, 8], 160), &attr));
        for (found, v) in found.iter().zip(&x) {
            let wanted = naive(f64::from(*v));
            // A few units in the last place of float32.
            let near = (f64::from(*found) - wanted).abs() <= 1e-6 * wanted.abs().max(1e-3);
            assert!(near, "{op} of {v}: {found}, wanted {wanted}");
        }
    }
    let positive: Vec<f32> = x.iter().map(|v| v.abs() + 0.125).collect();
    for (op, naive) in [("Sqrt", f32::sqrt as fn(f32) -> f32), ("Log", f32::ln)] {
        let bytes = of_halves(&positive);
        let a = Tensor::new(F16, ND, &[40], &bytes);
        let found = halves(&run(op, &[&a], (F16, &[40], 80), &attr));
        let wanted = halves(&bytes)
            .into_iter()
            .map(|v| f16::from_f32(naive(v)).to_f32());
        assert_eq!(found, wanted.collect::<Vec<_>>(), "{op} of halves");
    }
    let a = Tensor::new(I32, ND, &[3], &of_ints(&[-5, 0, 7]));
    assert_eq!(ints(&run("Relu", &[&a], (I32, &[3], 12), &attr)), [0, 0, 7]);
}

#[test]
fn softmax_of_an_axis_sums_to_one() {
    start();
    let x = noise(24, 6);
    for (axis, length, inner) in [(-1, 4, 1), (1, 3, 4), (0, 2, 12)] {
        let attr = Attr::new().ints("axes", &[axis]);
        let a = Tensor::floats(&[2, 3, 4], &x);
        let found = floats(&run("SoftmaxV2", &[&a], (F32, &[2, 3, 4], 96), &attr));
        for (index, value) in found.iter().enumerate() {
            let first = index - index / inner % length * inner;
            let sum: f64 = (0..length)
                .map(|i| f64::from(x[first + i * inner]).exp())
                .sum();
            let wanted = f64::from(x[index]).exp() / sum;
            assert!(
                (f64::from(*value) - wanted).abs() < 1e-6,
                "axis {axis}: {value} {wanted}"
            );
        }
    }
}

#[test]
fn casts_round_cut_off_stop_and_wrap_as_their_types_ask() {
    start();
    let attr = Attr::new();
    let x = [0.0, 1.5, -1.5, 2.999, 300.0, -300.0, f32::NAN, 1e20];
    let a = Tensor::floats(&[8], &x);
    assert_eq!(
        ints(&run("Cast", &[&a], (I32, &[8], 32), &attr)),
        [0, 1, -1, 2, 300, -300, 0, i32::MAX]
    );
    assert_eq!(
        run("Cast", &[&a], (U8, &[8], 8), &attr),
        [0, 1, 0, 2, 255, 0, 0, 255]
    );
    let boolean = aclDataType::ACL_BOOL;
    assert_eq!(
        run("Cast", &[&a], (boolean, &[8], 8), &attr),
        [0, 1, 1, 1, 1, 1, 1, 1]
    );
    // 2049 lies between the halves 2048 and 2050, 2051 between 2050 and 2052: both go to even.
    let a = Tensor::floats(&[4], &[2049.0, 2051.0, 65519.0, 65520.0]);
    let found = halves(&run("Cast", &[&a], (F16, &[4], 8), &attr));
    assert_eq!(found, [2048.0, 2052.0, 65504.0, f32::INFINITY]);
    let a = Tensor::new(I32, ND, &[3], &of_ints(&[255, 256, -1]));
    assert_eq!(run("Cast", &[&a], (I8, &[3], 3), &attr), [255, 0, 255]);
    let with_type = Attr::new().int("dst_type", i64::from(F32.0));
    assert_eq!(
        floats(&run("Cast", &[&a], (F32, &[3], 12), &with_type)),
        [255.0, 256.0, -1.0]
    );
}

#[test]
fn a_cast_runs_by_its_own_call_and_by_a_handle() {
    start();
    let attr = Attr::new();
    let a = Tensor::floats(&[2], &[1.0, 2.5]);
    // Compiles the operator for these tensors.
    run("Cast", &[&a], (F16, &[2], 4), &attr);
    let out = Tensor::empty(F16, ND, &[2], 4);
    let stream = stream();
    ok!(aclopCast(a.desc, a.buffer, out.desc, out.buffer, 0, stream));
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(halves(&out.bytes()), [1.0, 2.5]);

    let mut handle = null_mut();
    ok!(aclopCreateHandleForCast(
        a.desc,
        out.desc,
        0,
        &raw mut handle
    ));
    for values in [[3.0, 4.0], [-1.0, 0.5]] {
        call::upload(a.memory, &of_floats(&values));
        let (x, y) = ([a.buffer.cast_const()], [out.buffer]);
        ok!(aclopExecWithHandle(
            handle,
            1,
            x.as_ptr(),
            1,
            y.as_ptr(),
            stream
        ));
        ok!(aclrtSynchronizeStream(stream));
        assert_eq!(halves(&out.bytes()), values);
    }
    call!(aclopDestroyHandle(handle));
    ok!(aclrtDestroyStream(stream));
}

/// The product of m x k and k x n matrices, given by functions of row and column.
fn product(
    (m, n, k): (usize, usize, usize),
    a: impl Fn(usize, usize) -> f32,
    b: impl Fn(usize, usize) -> f32,
) -> Vec<f64> {
    let mut out = Vec::new();
    for row in 0..m {
        for column in 0..n {
            let terms = (0..k).map(|i| f64::from(a(row, i)) * f64::from(b(i, column)));
            out.push(terms.sum());
        }
    }
    out
}

fn near(found: &[f32], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len());
    for (index, (f, w)) in found.iter().zip(wanted).enumerate() {
        assert!(
            (f64::from(*f) - w).abs() <= tolerance,
            "{index}: {f}, wanted {w}"
        );
    }
}

#[test]
fn matrices_are_multiplied_either_way_round() {
    start();
    let (m, n, k) = (3, 5, 7);
    let (x, y) = (noise(m * k, 7), noise(k * n, 8));
    for (turn_a, turn_b) in [(false, false), (true, false), (false, true), (true, true)] {
        let wanted = product(
            (m, n, k),
            |r, c| x[if turn_a { c * m + r } else { r * k + c }],
            |r, c| y[if turn_b { c * k + r } else { r * n + c }],
        );
        let attr = Attr::new()
            .bool("transpose_x1", turn_a)
            .bool("transpose_x2", turn_b);
        let a = Tensor::floats(if turn_a { &[7, 3] } else { &[3, 7] }, &x);
        let b = Tensor::floats(if turn_b { &[5, 7] } else { &[7, 5] }, &y);
        for op in ["MatMul", "MatMulV2"] {
            let found = floats(&run(op, &[&a, &b], (F32, &[3, 5], 60), &attr));
            // 7 products of numbers up to 1, each rounded to 2^-24.
            near(&found, &wanted, 1e-6);
        }
        let bias = noise(n, 9);
        let c = Tensor::floats(&[5], &bias);
        let found = floats(&run("MatMulV2", &[&a, &b, &c], (F32, &[3, 5], 60), &attr));
        let biased: Vec<f64> = wanted
            .iter()
            .enumerate()
            .map(|(i, v)| v + f64::from(bias[i % n]))
            .collect();
        near(&found, &biased, 1e-6);
    }
}

#[test]
fn halves_are_multiplied_in_floats_and_bytes_in_integers() {
    start();
    let attr = Attr::new();
    let (x, y) = (of_halves(&noise(6, 10)), of_halves(&noise(6, 11)));
    let (hx, hy) = (halves(&x), halves(&y));
    let wanted = product((2, 2, 3), |r, c| hx[r * 3 + c], |r, c| hy[r * 2 + c]);
    let a = Tensor::new(F16, ND, &[2, 3], &x);
    let b = Tensor::new(F16, ND, &[3, 2], &y);
    near(
        &floats(&run("MatMul", &[&a, &b], (F32, &[2, 2], 16), &attr)),
        &wanted,
        1e-6,
    );
    // Half of the last place of a half below 4.
    near(
        &halves(&run("MatMul", &[&a, &b], (F16, &[2, 2], 8), &attr)),
        &wanted,
        1e-3,
    );
    let a = Tensor::new(I8, ND, &[1, 2], &[127, 128]);
    let b = Tensor::new(I8, ND, &[2, 1], &[127, 128]);
    let found = ints(&run("MatMul", &[&a, &b], (I32, &[1, 1], 4), &attr));
    assert_eq!(found, [127 * 127 + 128 * 128]);
}

#[test]
fn batches_of_matrices_broadcast() {
    start();
    let (x, y) = (noise(2 * 3 * 4, 12), noise(4 * 5, 13));
    let a = Tensor::floats(&[2, 1, 3, 4], &x);
    let b = Tensor::floats(&[5, 4], &y);
    let attr = Attr::new().bool("adj_x2", true);
    let found = floats(&run(
        "BatchMatMul",
        &[&a, &b],
        (F32, &[2, 1, 3, 5], 120),
        &attr,
    ));
    let wanted: Vec<f64> = (0..2)
        .flat_map(|i| product((3, 5, 4), |r, c| x[i * 12 + r * 4 + c], |r, c| y[c * 4 + r]))
        .collect();
    near(&found, &wanted, 1e-6);
}

#[test]
fn axes_are_put_in_another_order() {
    start();
    let x = noise(24, 14);
    let a = Tensor::floats(&[2, 3, 4], &x);
    let mut wanted = Vec::new();
    for c in 0..4 {
        for i in 0..2 {
            for j in 0..3 {
                wanted.push(x[(i * 3 + j) * 4 + c]);
            }
        }
    }
    let attr = Attr::new().ints("perm", &[2, 0, 1]);
    let found = floats(&run("TransposeD", &[&a], (F32, &[4, 2, 3], 96), &attr));
    assert_eq!(found, wanted);
    // The order as an input: constant, in host memory, and on the device.
    let none = Attr::new();
    let order = [2_i32, 0, 1];
    let constant = Tensor::empty(I32, ND, &[3], 0);
    ok!(aclSetTensorConst(
        constant.desc,
        order.as_ptr().cast_mut().cast(),
        12
    ));
    let on_device = Tensor::new(I32, ND, &[3], &of_ints(&order));
    let on_host = Tensor::empty(I32, ND, &[3], 0);
    ok!(aclUpdateDataBuffer(
        on_host.buffer,
        order.as_ptr().cast_mut().cast(),
        12
    ));
    ok!(aclSetTensorPlaceMent(
        on_host.desc,
        aclMemType::ACL_MEMTYPE_HOST
    ));
    for perm in [&constant, &on_device, &on_host] {
        let found = floats(&run("Transpose", &[&a, perm], (F32, &[4, 2, 3], 96), &none));
        assert_eq!(found, wanted);
    }
}

#[test]
fn open_dims_of_an_output_are_inferred_by_the_second_version_alone() {
    start();
    let attr = Attr::new();
    let a = Tensor::floats(&[2, 3], &noise(6, 16));
    let b = Tensor::floats(&[3], &noise(3, 17));
    for open in [&[-1, -1][..], &[-2], &[2, -1]] {
        let out = Tensor::empty(F32, ND, open, 24);
        assert_eq!(
            execute(By::CompileAndExecute, "Add", &[&a, &b], &[&out], attr.0),
            148_050
        );
        assert_eq!(
            execute(By::CompileAndExecuteV2, "Add", &[&a, &b], &[&out], attr.0),
            0,
            "{}",
            call::messages()
        );
        assert_eq!(out.dims(), [2, 3]);
        let sum = floats(&a.bytes())[4] + floats(&b.bytes())[1];
        assert_eq!(floats(&out.bytes())[4], sum);
    }
    let mut out = desc(F32, ND, &[]);
    let (mut descs, mut buffers) = ([a.desc, b.desc], [a.buffer, b.buffer]);
    ok!(aclopInferShape(
        c"Mul".as_ptr(),
        2,
        descs.as_mut_ptr(),
        buffers.as_mut_ptr(),
        1,
        &raw mut out,
        null_mut()
    ));
    assert_eq!(call!(aclGetTensorDescNumDims(out)), 2);
    assert_eq!(call!(aclGetTensorDescDim(out, 1)), 3);
    call!(aclDestroyTensorDesc(out));
}

#[test]
fn the_work_is_the_streams_and_runs_in_its_order() {
    start();
    let attr = Attr::new();
    let stream = stream();
    let a = Tensor::floats(&[1], &[1.0]);
    // Each run doubles the tensor in place, so that the last result needs all before it.
    for _ in 0..20 {
        let code = execute_on(
            By::CompileAndExecute,
            "Add",
            &[&a, &a],
            &[&a],
            attr.0,
            stream,
        );
        assert_eq!(code, 0, "{}", call::messages());
    }
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(floats(&a.bytes()), [1_048_576.0]);
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn tensors_without_elements_need_no_memory() {
    start();
    let attr = Attr::new();
    let a = Tensor::floats(&[0, 3], &[]);
    let b = Tensor::floats(&[3], &noise(3, 18));
    let out = Tensor::empty(F32, ND, &[0, 3], 0);
    let code = execute(By::CompileAndExecute, "Add", &[&a, &b], &[&out], attr.0);
    assert_eq!(code, 0, "{}", call::messages());
}
