//! Memory: allocation, freeing, copies and fills.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::c_void;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::ptr::{null, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use acl_sys::{aclrtMemAttr, aclrtMemMallocPolicy as Policy, aclrtMemcpyKind as Kind};
use call::{download, malloc, messages, start, stream, upload};

const H2H: Kind = Kind::ACL_MEMCPY_HOST_TO_HOST;
const H2D: Kind = Kind::ACL_MEMCPY_HOST_TO_DEVICE;
const D2H: Kind = Kind::ACL_MEMCPY_DEVICE_TO_HOST;
const D2D: Kind = Kind::ACL_MEMCPY_DEVICE_TO_DEVICE;

/// Begins a test: alone, because tests look at how much memory is free.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    start();
    turn
}

fn free_bytes() -> usize {
    let (mut free, mut total) = (0, 0);
    let attribute = aclrtMemAttr::ACL_HBM_MEM;
    ok!(aclrtGetMemInfo(attribute, &raw mut free, &raw mut total));
    assert!(free <= total && total > 0);
    free
}

fn try_malloc(size: usize) -> i32 {
    let mut pointer = null_mut();
    let code = call!(aclrtMalloc(
        &raw mut pointer,
        size,
        Policy::ACL_MEM_MALLOC_NORMAL_ONLY
    ));
    assert_eq!(code == 0, !pointer.is_null());
    code
}

fn pinned(size: usize) -> *mut c_void {
    let mut pointer = null_mut();
    ok!(aclrtMallocHost(&raw mut pointer, size));
    pointer
}

fn copy(to: *mut c_void, room: usize, from: *const c_void, count: usize, kind: Kind) -> i32 {
    call!(aclrtMemcpy(to, room, from, count, kind))
}

#[test]
fn allocation_refuses_nothing_null_and_too_much() {
    let _turn = alone();
    assert_eq!(try_malloc(0), 100_000);
    let policy = Policy::ACL_MEM_MALLOC_HUGE_FIRST;
    assert_eq!(call!(aclrtMalloc(null_mut(), 64, policy)), 100_000);
    let mut pointer = null_mut();
    assert_eq!(
        call!(aclrtMalloc(&raw mut pointer, 64, Policy(99))),
        100_000
    );
    let before = free_bytes();
    for size in [before + 1, usize::MAX, usize::MAX - 31, usize::MAX / 2] {
        assert_eq!(try_malloc(size), 207_001, "{size}");
    }
    assert_eq!(free_bytes(), before);
    let mut host = null_mut();
    assert_eq!(call!(aclrtMallocHost(&raw mut host, 0)), 100_000);
    assert_eq!(call!(aclrtMallocHost(null_mut(), 64)), 100_000);
    assert_eq!(call!(aclrtMallocHost(&raw mut host, usize::MAX)), 207_001);
}

#[test]
fn every_block_is_aligned_and_apart_from_the_others() {
    let _turn = alone();
    let sizes = [1, 31, 32, 33, 63, 64, 65, 511, 512, 513, 4096, 100_000];
    let blocks: Vec<_> = sizes.iter().map(|size| malloc(*size)).collect();
    for (block, size) in blocks.iter().zip(sizes) {
        assert_eq!(block.addr() % 64, 0);
        let host = pinned(size);
        assert_eq!(host.addr() % 64, 0);
        ok!(aclrtFreeHost(host));
    }
    for (i, a) in blocks.iter().enumerate() {
        for (j, b) in blocks.iter().enumerate().filter(|(j, _)| i != *j) {
            let overlaps = a.addr() < b.addr() + sizes[j] && b.addr() < a.addr() + sizes[i];
            assert!(!overlaps, "blocks {i} and {j}");
        }
    }
    for block in blocks {
        ok!(aclrtFree(block));
    }
}

#[test]
fn what_is_freed_wrongly_is_refused() {
    let _turn = alone();
    let block = malloc(256);
    let inside = block.wrapping_byte_add(64);
    let host = pinned(64);
    let mut local = [0_u8; 64];
    assert_eq!(call!(aclrtFree(null_mut())), 100_000);
    for bad in [inside, host, local.as_mut_ptr().cast()] {
        assert_eq!(call!(aclrtFree(bad)), 107_000, "{bad:?}");
    }
    assert_eq!(call!(aclrtFreeHost(block)), 107_000);
    assert_eq!(call!(aclrtFreeHost(local.as_mut_ptr().cast())), 107_000);
    assert!(messages().contains("aclrtFreeHost"));
    ok!(aclrtFree(block));
    assert_eq!(call!(aclrtFree(block)), 107_000, "a second time");
    assert!(messages().contains("freed before"));
    let next = malloc(256);
    assert_ne!(next, block, "an address is not used again at once");
    ok!(aclrtFree(next));
    ok!(aclrtFreeHost(host));
    assert_eq!(call!(aclrtFreeHost(host)), 107_000, "a second time");
    ok!(aclrtFreeHost(null_mut()));
}

#[test]
fn the_free_memory_follows_allocations() {
    let _turn = alone();
    let before = free_bytes();
    let block = malloc(1000);
    assert_eq!(before - free_bytes(), 1024 + 32, "32 more than rounded up");
    let second = malloc(1);
    assert_eq!(before - free_bytes(), 1056 + 64);
    ok!(aclrtFree(block));
    ok!(aclrtFree(second));
    assert_eq!(free_bytes(), before);
    let mut free = 0;
    let attribute = aclrtMemAttr::ACL_HBM_MEM;
    assert_eq!(
        call!(aclrtGetMemInfo(attribute, &raw mut free, null_mut())),
        100_000
    );
    let mut total = 0;
    assert_eq!(
        call!(aclrtGetMemInfo(
            aclrtMemAttr(99),
            &raw mut free,
            &raw mut total
        )),
        100_000
    );
}

#[test]
fn copies_of_all_kinds_carry_their_contents() {
    let _turn = alone();
    let data: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let (a, b) = (malloc(1000), malloc(1000));
    let mut host = vec![0_u8; 1000];
    let mut last = vec![0_u8; 1000];
    assert_eq!(copy(a, 1000, data.as_ptr().cast(), 1000, H2D), 0);
    assert_eq!(copy(b, 1000, a, 1000, D2D), 0);
    assert_eq!(copy(host.as_mut_ptr().cast(), 1000, b, 1000, D2H), 0);
    let from = host.as_ptr().cast();
    assert_eq!(copy(last.as_mut_ptr().cast(), 1000, from, 1000, H2H), 0);
    assert_eq!(last, data);
    // In the other order of addresses, within one block, and only a part.
    upload(b, &vec![9; 1000]);
    assert_eq!(copy(a, 1000, b, 10, D2D), 0);
    assert_eq!(copy(a.wrapping_byte_add(5), 995, a, 10, D2D), 0);
    let mut expected = data.clone();
    expected[..15].fill(9);
    assert_eq!(download(a, 1000), expected);
    let middle = a.wrapping_byte_add(100);
    upload(middle, &[1, 2, 3]);
    expected[100..103].copy_from_slice(&[1, 2, 3]);
    assert_eq!(download(a, 1000), expected);
    assert_eq!(copy(a, 0, b, 0, D2D), 0, "nothing to copy");
    ok!(aclrtFree(a));
    ok!(aclrtFree(b));
}

#[test]
fn wrong_copies_are_refused_and_change_nothing() {
    let _turn = alone();
    let block = malloc(64);
    upload(block, &[5; 64]);
    let mut host = [7_u8; 200];
    let pointer: *mut c_void = host.as_mut_ptr().cast();
    let gone = malloc(64);
    ok!(aclrtFree(gone));
    let rows = [
        ("more than fits", copy(block, 63, pointer, 64, H2D), 107_000),
        (
            "no destination",
            copy(null_mut(), 64, pointer, 64, H2D),
            100_000,
        ),
        ("no source", copy(block, 64, null(), 64, H2D), 100_000),
        ("wrong kind", copy(block, 64, pointer, 64, D2H), 107_000),
        ("host to host", copy(block, 64, pointer, 64, H2H), 107_000),
        (
            "no such kind",
            copy(block, 64, pointer, 64, Kind(77)),
            100_000,
        ),
        ("over the end", copy(block, 200, pointer, 200, H2D), 107_000),
        (
            "from over the end",
            copy(pointer, 200, block, 200, D2H),
            107_000,
        ),
        ("a freed block", copy(gone, 64, pointer, 64, H2D), 107_000),
        (
            "from a freed block",
            copy(pointer, 64, gone, 64, D2H),
            107_000,
        ),
        (
            "all addresses",
            copy(block, usize::MAX, pointer, usize::MAX, H2D),
            107_000,
        ),
    ];
    for (what, code, expected) in rows {
        assert_eq!(code, expected, "{what}");
    }
    assert_eq!(download(block, 64), [5; 64]);
    assert_eq!(host, [7; 200]);
    ok!(aclrtFree(block));
}

#[test]
fn memory_is_filled_with_the_lowest_byte_of_a_value() {
    let _turn = alone();
    let block = malloc(64);
    upload(block, &[1; 64]);
    ok!(aclrtMemset(block, 64, 0x1234, 10));
    ok!(aclrtMemset(block.wrapping_byte_add(60), 4, -1, 4));
    let mut expected = [1_u8; 64];
    expected[..10].fill(0x34);
    expected[60..].fill(0xff);
    assert_eq!(download(block, 64), expected);
    let mut host = [3_u8; 8];
    ok!(aclrtMemset(host.as_mut_ptr().cast(), 8, 4, 8));
    assert_eq!(host, [4; 8]);
    assert_eq!(call!(aclrtMemset(block, 9, 0, 10)), 107_000);
    assert_eq!(call!(aclrtMemset(null_mut(), 9, 0, 9)), 100_000);
    assert_eq!(call!(aclrtMemset(block, 900, 0, 900)), 107_000);
    assert_eq!(download(block, 64), expected);
    ok!(aclrtFree(block));
}

#[test]
fn rectangles_are_copied_row_by_row() {
    let _turn = alone();
    let block = malloc(24);
    upload(block, &[0; 24]);
    let source: Vec<u8> = (1..=15).collect();
    let from = source.as_ptr().cast();
    // 3 rows of 4 bytes: 5 apart on the host, 8 on the device.
    ok!(aclrtMemcpy2d(block, 8, from, 5, 4, 3, H2D));
    let on_device = [
        1, 2, 3, 4, 0, 0, 0, 0, 6, 7, 8, 9, 0, 0, 0, 0, 11, 12, 13, 14, 0, 0, 0, 0,
    ];
    assert_eq!(download(block, 24), on_device);
    let mut back = [0_u8; 8];
    let stream = stream();
    let to: *mut c_void = back.as_mut_ptr().cast();
    ok!(aclrtMemcpy2dAsync(to, 3, block, 8, 2, 3, D2H, stream));
    ok!(aclrtSynchronizeStream(stream));
    assert_eq!(back, [1, 2, 0, 6, 7, 0, 11, 12]);
    let codes = [
        call!(aclrtMemcpy2d(block, 8, from, 5, 6, 3, H2D)),
        call!(aclrtMemcpy2d(block, 3, from, 5, 4, 3, H2D)),
        call!(aclrtMemcpy2d(block, 8, from, 5, 4, 3, D2D)),
        call!(aclrtMemcpy2d(null_mut(), 8, from, 5, 4, 3, H2D)),
        call!(aclrtMemcpy2d(block, 4096, from, 5, 4, 2, H2D)),
        call!(aclrtMemcpy2dAsync(
            block, 6_000_000, from, 6_000_000, 5_000_001, 1, H2D, stream
        )),
    ];
    assert_eq!(
        codes,
        [107_000, 107_000, 100_000, 100_000, 107_000, 107_000]
    );
    ok!(aclrtDestroyStream(stream));
    ok!(aclrtFree(block));
}

#[test]
fn queued_copies_and_fills_are_done_in_order() {
    let _turn = alone();
    let stream = stream();
    let (block, host) = (malloc(4096), pinned(256 * 64));
    for round in 0..256 {
        ok!(aclrtMemsetAsync(block, 4096, round, 4096, stream));
        let slot = host.wrapping_byte_add(usize::try_from(round).unwrap() * 64);
        ok!(aclrtMemcpyAsync(slot, 64, block, 64, D2H, stream));
    }
    ok!(aclrtSynchronizeStream(stream));
    // SAFETY: the block has this size, the stream has filled all of it, and nothing writes to it.
    let seen = unsafe { std::slice::from_raw_parts(host.cast::<u8>(), 256 * 64) };
    for (round, slot) in seen.chunks(64).enumerate() {
        assert!(
            slot.iter().all(|byte| usize::from(*byte) == round),
            "{round}"
        );
    }
    assert_eq!(
        call!(aclrtMemcpyAsync(block, 1, host, 64, H2D, stream)),
        107_000
    );
    assert_eq!(
        call!(aclrtMemcpyAsync(block, 64, host, 64, D2H, stream)),
        107_000
    );
    ok!(aclrtDestroyStream(stream));
    ok!(aclrtFreeHost(host));
    ok!(aclrtFree(block));
}

#[test]
fn new_memory_is_not_zero() {
    let _turn = alone();
    for _ in 0..2 {
        let block = malloc(1000);
        assert_eq!(download(block, 1000), [0xCD; 1000]);
        upload(block, &[0; 1000]);
        ok!(aclrtFree(block));
    }
}

const TOUCH: &str = "ACL_SIM_TEST_TOUCH";

/// This test starts itself again: the child reads device memory and must die of it.
#[test]
fn a_program_that_reads_a_device_address_dies() {
    if std::env::var_os(TOUCH).is_some() {
        start();
        let block = malloc(64);
        upload(block, &[1; 64]);
        // SAFETY: none; it is the mistake that must end this process. The address is reserved
        // without access, so the processor stops the read.
        let byte = unsafe { block.cast::<u8>().read_volatile() };
        println!("read {byte}");
        return;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_program_that_reads_a_device_address_dies"])
        .env(TOUCH, "1")
        .output()
        .unwrap();
    assert_eq!(child.status.signal(), Some(libc::SIGSEGV), "{child:?}");
}
