//! Products of matrices by `acl_cblas.h`, each against a naive computation in the test.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[macro_use]
#[path = "common/op.rs"]
mod op;

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Once;

use acl_sys::{aclComputeType, aclDataBuffer, aclTransType as Trans};
use call::{download, malloc, stream, upload};
use op::*;

const HIGH: aclComputeType = aclComputeType::ACL_COMPUTE_HIGH_PRECISION;

/// Starts, with a folder of models, which products need as all operators do.
fn start() {
    call::start();
    static FOLDER: Once = Once::new();
    FOLDER.call_once(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = std::ffi::CString::new(folder.path().to_str().unwrap()).unwrap();
        ok!(aclopSetModelDir(path.as_ptr()));
    });
}

fn device(bytes: &[u8]) -> *mut c_void {
    let memory = malloc(bytes.len());
    upload(memory, bytes);
    memory
}

/// `alpha * a * b + beta * c` with m x k and k x n matrices, row by row.
fn naive(
    (m, n, k): (usize, usize, usize),
    a: &[f64],
    b: &[f64],
    c: &[f64],
    (alpha, beta): (f64, f64),
) -> Vec<f64> {
    let mut out = Vec::new();
    for row in 0..m {
        for column in 0..n {
            let terms = (0..k).map(|i| a[row * k + i] * b[i * n + column]);
            out.push(alpha * terms.sum::<f64>() + beta * c[row * n + column]);
        }
    }
    out
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// Puts a rows x columns matrix the other way round.
fn turned<T: Copy>(values: &[T], rows: usize, columns: usize) -> Vec<T> {
    let places = (0..columns).flat_map(|c| (0..rows).map(move |r| r * columns + c));
    places.map(|place| values[place]).collect()
}

/// Puts a matrix of halves into blocks of 16 x 16.
fn blocks(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let (high, broad) = (rows.div_ceil(16), columns.div_ceil(16));
    let mut out = vec![0.0; high * broad * 256];
    for r in 0..rows {
        for c in 0..columns {
            out[((c / 16 * high + r / 16) * 16 + r % 16) * 16 + c % 16] = values[r * columns + c];
        }
    }
    out
}

fn near(found: &[f32], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len());
    for (index, (f, w)) in found.iter().zip(wanted).enumerate() {
        let near = (f64::from(*f) - w).abs() <= tolerance;
        assert!(near, "{index}: {f}, wanted {w}");
    }
}

#[test]
fn products_of_halves_go_into_halves_and_floats_in_every_layout() {
    start();
    let stream = stream();
    let (m, n, k) = (3_usize, 20_usize, 17_usize);
    let x = halves(&of_halves(&noise(m * k, 1)));
    let y = halves(&of_halves(&noise(k * n, 2)));
    let z = halves(&of_halves(&noise(m * n, 3)));
    let wanted = naive((m, n, k), &wide(&x), &wide(&y), &wide(&z), (0.5, -2.0));
    let layouts = [
        Trans::ACL_TRANS_N,
        Trans::ACL_TRANS_T,
        Trans::ACL_TRANS_NZ,
        Trans::ACL_TRANS_NZ_T,
    ];
    let lying = |layout: Trans, values: &[f32], rows: usize, columns: usize| match layout {
        Trans::ACL_TRANS_T => turned(values, rows, columns),
        Trans::ACL_TRANS_NZ => blocks(values, rows, columns),
        Trans::ACL_TRANS_NZ_T => blocks(&turned(values, rows, columns), columns, rows),
        _ => values.to_vec(),
    };
    for trans_a in layouts {
        for trans_b in layouts {
            let a = device(&of_halves(&lying(trans_a, &x, m, k)));
            let b = device(&of_halves(&lying(trans_b, &y, k, n)));
            let plain = Trans::ACL_TRANS_N;
            for (dtype, bytes) in [(F16, of_halves(&z)), (F32, of_floats(&z))] {
                let c = device(&bytes);
                // alpha in the program's memory, beta on the device.
                let factor = |v: f32| {
                    if dtype == F16 {
                        of_halves(&[v])
                    } else {
                        of_floats(&[v])
                    }
                };
                let (alpha, beta) = (factor(0.5), device(&factor(-2.0)));
                ok!(aclblasGemmEx(
                    trans_a,
                    trans_b,
                    plain,
                    m as i32,
                    n as i32,
                    k as i32,
                    alpha.as_ptr().cast(),
                    a,
                    -1,
                    F16,
                    b,
                    -1,
                    F16,
                    beta,
                    c,
                    -1,
                    dtype,
                    HIGH,
                    stream
                ));
                drop(alpha);
                ok!(aclrtSynchronizeStream(stream));
                let found = download(c, bytes.len());
                if dtype == F16 {
                    // Half of the last place of a half below 16.
                    near(&halves(&found), &wanted, 4e-3);
                } else {
                    near(&floats(&found), &wanted, 1e-5);
                }
                ok!(aclrtFree(c));
                ok!(aclrtFree(beta));
            }
            ok!(aclrtFree(a));
            ok!(aclrtFree(b));
        }
    }
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn the_result_itself_may_lie_the_other_way_round_or_in_blocks() {
    start();
    let stream = stream();
    let (x, y) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, 2.0]);
    let (a, b) = (device(&of_halves(&x)), device(&of_halves(&y)));
    let wanted = [7.0, 16.0];
    for (layout, size) in [(Trans::ACL_TRANS_T, 2), (Trans::ACL_TRANS_NZ, 256)] {
        let c = device(&of_halves(&vec![0.0; size]));
        let (one, none) = (of_halves(&[1.0]), of_halves(&[0.0]));
        let plain = Trans::ACL_TRANS_N;
        ok!(aclblasHgemm(
            plain,
            plain,
            layout,
            2,
            1,
            3,
            one.as_ptr().cast(),
            a.cast(),
            -1,
            b.cast(),
            -1,
            none.as_ptr().cast(),
            c.cast(),
            -1,
            HIGH,
            stream
        ));
        ok!(aclrtSynchronizeStream(stream));
        let found = halves(&download(c, 2 * size));
        if layout == Trans::ACL_TRANS_T {
            assert_eq!(found, wanted);
        } else {
            assert_eq!(found, blocks(&wanted, 2, 1));
        }
        ok!(aclrtFree(c));
    }
    ok!(aclrtFree(a));
    ok!(aclrtFree(b));
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn bytes_are_multiplied_in_integers() {
    start();
    let stream = stream();
    let (m, n, k) = (4_usize, 3_usize, 40_usize);
    let x: Vec<i8> = (0..m * k).map(|i| (i * 37) as i8).collect();
    let y: Vec<i8> = (0..k * n).map(|i| (i * 91 + 5) as i8).collect();
    let z: Vec<i32> = (0..m * n).map(|i| i as i32 * 1000).collect();
    let bytes = |values: &[i8]| values.iter().map(|v| *v as u8).collect::<Vec<_>>();
    let number = |values: &[i8]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let others: Vec<f64> = z.iter().map(|v| f64::from(*v)).collect();
    let sums = naive((m, n, k), &number(&x), &number(&y), &others, (3.0, -2.0));
    let wanted: Vec<i32> = sums.iter().map(|v| *v as i32).collect();
    let (a, b) = (device(&bytes(&x)), device(&bytes(&y)));
    let c = device(&of_ints(&z));
    let (alpha, beta) = (3_i32, -2_i32);
    let plain = Trans::ACL_TRANS_N;
    ok!(aclblasS8gemm(
        plain,
        plain,
        plain,
        4,
        3,
        40,
        &raw const alpha,
        a.cast(),
        -1,
        b.cast(),
        -1,
        &raw const beta,
        c.cast(),
        -1,
        HIGH,
        stream
    ));
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(ints(&download(c, 4 * m * n)), wanted);
    for memory in [a, b, c] {
        ok!(aclrtFree(memory));
    }
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn vectors_are_multiplied_by_matrices_either_way_round() {
    start();
    let stream = stream();
    let (m, n) = (5_usize, 7_usize);
    let x = halves(&of_halves(&noise(m * n, 4)));
    for trans in [Trans::ACL_TRANS_N, Trans::ACL_TRANS_T] {
        let (sum, long) = if trans == Trans::ACL_TRANS_N {
            (m, n)
        } else {
            (n, m)
        };
        let matrix = if trans == Trans::ACL_TRANS_N {
            x.clone()
        } else {
            turned(&x, m, n)
        };
        let v = halves(&of_halves(&noise(long, 5)));
        let w = halves(&of_halves(&noise(sum, 6)));
        let wanted = naive(
            (sum, 1, long),
            &wide(&matrix),
            &wide(&v),
            &wide(&w),
            (2.0, 1.0),
        );
        let (a, vector) = (device(&of_halves(&x)), device(&of_halves(&v)));
        let (y, z) = (device(&of_halves(&w)), device(&of_floats(&w)));
        let (alpha, beta) = (of_halves(&[2.0]), of_halves(&[1.0]));
        ok!(aclblasHgemv(
            trans,
            5,
            7,
            alpha.as_ptr().cast(),
            a.cast(),
            -1,
            vector.cast(),
            -1,
            beta.as_ptr().cast(),
            y.cast(),
            -1,
            HIGH,
            stream
        ));
        let (alpha, beta) = (2.0_f32, 1.0_f32);
        ok!(aclblasGemvEx(
            trans,
            5,
            7,
            (&raw const alpha).cast(),
            a,
            -1,
            F16,
            vector,
            -1,
            F16,
            (&raw const beta).cast(),
            z,
            -1,
            F32,
            HIGH,
            stream
        ));
        ok!(aclrtSynchronizeStream(stream));
        near(&halves(&download(y, 2 * sum)), &wanted, 4e-3);
        near(&floats(&download(z, 4 * sum)), &wanted, 1e-5);
        for memory in [a, vector, y, z] {
            ok!(aclrtFree(memory));
        }
    }
    let (a, v) = (device(&[1, 2, 3, 255]), device(&[10, 20]));
    let y = device(&of_ints(&[1, 1]));
    let (alpha, beta) = (1_i32, 100_i32);
    ok!(aclblasS8gemv(
        Trans::ACL_TRANS_N,
        2,
        2,
        &raw const alpha,
        a.cast(),
        -1,
        v.cast(),
        -1,
        &raw const beta,
        y.cast(),
        -1,
        HIGH,
        stream
    ));
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(ints(&download(y, 8)), [150, 110]);
    for memory in [a, v, y] {
        ok!(aclrtFree(memory));
    }
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn handles_run_with_five_inputs_as_often_as_wanted() {
    start();
    let stream = stream();
    let plain = Trans::ACL_TRANS_N;
    let mut made = [null_mut(); 6];
    let [gemm_ex, gemv_ex, hgemm, hgemv, s8gemm, s8gemv] = &mut made;
    ok!(aclblasCreateHandleForGemmEx(
        plain, plain, plain, 2, 1, 2, F16, F16, F16, HIGH, gemm_ex
    ));
    ok!(aclblasCreateHandleForHgemm(
        plain, plain, plain, 2, 1, 2, HIGH, hgemm
    ));
    ok!(aclblasCreateHandleForS8gemm(
        plain, plain, plain, 2, 1, 2, HIGH, s8gemm
    ));
    ok!(aclblasCreateHandleForGemvEx(
        plain, 2, 2, F16, F16, F16, HIGH, gemv_ex
    ));
    ok!(aclblasCreateHandleForHgemv(plain, 2, 2, HIGH, hgemv));
    ok!(aclblasCreateHandleForS8gemv(plain, 2, 2, HIGH, s8gemv));
    for (index, handle) in made.into_iter().enumerate() {
        let small = index >= 4;
        let matrix: fn(&[f32]) -> Vec<u8> = if small {
            |values| values.iter().map(|v| *v as i8 as u8).collect()
        } else {
            of_halves
        };
        let sum: fn(&[f32]) -> Vec<u8> = if small {
            |values| of_ints(&values.iter().map(|v| *v as i32).collect::<Vec<_>>())
        } else {
            of_halves
        };
        let inputs = [
            matrix(&[1.0, 2.0, 3.0, 4.0]),
            matrix(&[5.0, -6.0]),
            sum(&[10.0, 20.0]),
            sum(&[2.0]),
            sum(&[3.0]),
        ];
        let memory: Vec<_> = inputs.iter().map(|bytes| device(bytes)).collect();
        let buffers: Vec<_> = memory
            .iter()
            .zip(&inputs)
            .map(|(memory, bytes)| call!(aclCreateDataBuffer(*memory, bytes.len())))
            .collect();
        let given: Vec<*const aclDataBuffer> = buffers.iter().map(|b| b.cast_const()).collect();
        let size = inputs[2].len();
        let out = malloc(size);
        let result = call!(aclCreateDataBuffer(out, size));
        for _ in 0..2 {
            let code = call!(aclopExecWithHandle(
                handle,
                5,
                given.as_ptr(),
                1,
                &raw const result,
                stream
            ));
            assert_eq!(code, 0, "{index}: {}", call::messages());
            ok!(aclrtSynchronizeStream(stream));
            // 2 * [5 - 12, 15 - 24] + 3 * [10, 20].
            assert_eq!(download(out, size), sum(&[16.0, 42.0]), "{index}");
        }
        for buffer in buffers.into_iter().chain([result]) {
            ok!(aclDestroyDataBuffer(buffer));
        }
        for memory in memory.into_iter().chain([out]) {
            ok!(aclrtFree(memory));
        }
        call!(aclopDestroyHandle(handle));
    }
    ok!(aclrtDestroyStream(stream));
}

#[test]
fn the_operator_of_the_same_name_does_the_same() {
    start();
    let a = Tensor::new(
        F16,
        ND,
        &[2, 3],
        &of_halves(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    );
    let b = Tensor::new(
        F16,
        ND,
        &[2, 3],
        &of_halves(&[1.0, 0.0, 2.0, 0.5, 1.0, 0.0]),
    );
    let c = Tensor::new(F16, ND, &[2, 2], &of_halves(&[1.0, 2.0, 3.0, 4.0]));
    let alpha = Tensor::new(F16, ND, &[1], &of_halves(&[2.0]));
    let beta = Tensor::new(F16, ND, &[], &of_halves(&[-1.0]));
    let attr = Attr::new().bool("transpose_b", true);
    let code = execute(
        By::Execute,
        "GEMM",
        &[&a, &b, &c, &alpha, &beta],
        &[&c],
        attr.0,
    );
    assert_eq!(code, 0, "{}", call::messages());
    assert_eq!(halves(&c.bytes()), [13.0, 3.0, 29.0, 10.0]);
}
