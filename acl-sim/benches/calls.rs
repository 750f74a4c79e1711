//! What a call costs: `cargo bench -p ascendcl-sim --bench calls`.

#![allow(missing_docs, clippy::unwrap_used)]

#[macro_use]
#[path = "../tests/common/call.rs"]
mod call;
#[path = "../tests/common/models.rs"]
mod models;

use std::hint::black_box;

use acl_sys::aclrtMemcpyKind;
use criterion::{Criterion, criterion_group, criterion_main};

fn calls(c: &mut Criterion) {
    call::start();
    let block = call::malloc(64);
    let bytes = [1_u8; 64];
    c.bench_function("aclrtMemcpy of 64 bytes to the device", |b| {
        b.iter(|| call::upload(black_box(block), black_box(&bytes)));
    });
    let (stream, event) = (call::stream(), call::event());
    c.bench_function("aclrtRecordEvent and aclrtSynchronizeStream", |b| {
        b.iter(|| {
            ok!(aclrtRecordEvent(event, stream));
            ok!(aclrtSynchronizeStream(stream));
        });
    });
    c.bench_function("aclrtMemcpyAsync of 64 pinned bytes, synchronised", |b| {
        let mut pinned = std::ptr::null_mut();
        ok!(aclrtMallocHost(&raw mut pinned, 64));
        let kind = aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE;
        b.iter(|| {
            ok!(aclrtMemcpyAsync(block, 64, pinned, 64, kind, stream));
            ok!(aclrtSynchronizeStream(stream));
        });
        ok!(aclrtFreeHost(pinned));
    });
    c.bench_function("aclGetDataBufferAddr", |b| {
        let buffer = call!(aclCreateDataBuffer(block, 64));
        b.iter(|| black_box(call!(aclGetDataBufferAddr(black_box(buffer)))));
        ok!(aclDestroyDataBuffer(buffer));
    });
}

/// A graph with nothing in it but one Relu of four numbers.
fn execute(c: &mut Criterion) {
    call::start();
    let om = ascendcl::atc::convert_bytes(
        &models::unary("Relu", 1, &[1, 4]),
        "relu",
        &ascendcl::atc::Options::default(),
    )
    .unwrap();
    let mut id = 0;
    ok!(aclmdlLoadFromMem(om.as_ptr().cast(), om.len(), &raw mut id));
    let dataset = || {
        let set = call!(aclmdlCreateDataset());
        let buffer = call!(aclCreateDataBuffer(call::malloc(16), 16));
        ok!(aclmdlAddDatasetBuffer(set, buffer));
        set
    };
    let (inputs, outputs) = (dataset(), dataset());
    c.bench_function("aclmdlExecute of one Relu", |b| {
        b.iter(|| ok!(aclmdlExecute(id, inputs, outputs)));
    });
    let stream = call::stream();
    c.bench_function("aclmdlExecuteAsync of one Relu, synchronised", |b| {
        b.iter(|| {
            ok!(aclmdlExecuteAsync(id, inputs, outputs, stream));
            ok!(aclrtSynchronizeStream(stream));
        });
    });
}

criterion_group!(benches, calls, execute);
criterion_main!(benches);
