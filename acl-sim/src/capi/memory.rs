//! `acl_rt.h`: memory.

use std::ffi::c_void;
use std::sync::Arc;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_ERROR_RT_PARAM_INVALID, aclrtMemAttr, aclrtMemMallocPolicy,
    aclrtMemcpyKind, aclrtStream,
};

use super::runtime::handle;
use super::{host, put, require, status};
use crate::machine::failure::{Result, fail};
use crate::machine::memory::{self, Copy, Fill};
use crate::machine::stream::Stream;
use crate::machine::{dvpp, process};

status! {
    fn aclrtMalloc(pointer: *mut *mut c_void, size: usize, policy: aclrtMemMallocPolicy) {
        alloc(pointer, size, policy, aclrtMemMallocPolicy::ACL_MEM_MALLOC_NORMAL_ONLY_P2P)
    }

    fn aclrtMallocCached(pointer: *mut *mut c_void, size: usize, policy: aclrtMemMallocPolicy) {
        alloc(pointer, size, policy, aclrtMemMallocPolicy::ACL_MEM_MALLOC_NORMAL_ONLY)
    }

    fn aclrtFree(pointer: *mut c_void) {
        require(pointer, "the pointer")?;
        if dvpp::owns(pointer.addr()) {
            return Err(fail!(
                ACL_ERROR_RT_PARAM_INVALID,
                "{pointer:p} was allocated by acldvppMalloc: use acldvppFree"
            ));
        }
        memory::free(pointer.addr())
    }

    fn aclrtMallocHost(pointer: *mut *mut c_void, size: usize) {
        require(pointer, "pointer")?;
        process::current()?;
        put!(pointer, memory::alloc_host(size)?.cast())
    }

    fn aclrtFreeHost(pointer: *mut c_void) {
        // Freeing nothing is no mistake here, unlike on the device.
        if pointer.is_null() {
            return Ok(());
        }
        memory::free_host(pointer.addr())
    }

    fn aclrtMemFlush(pointer: *mut c_void, size: usize) {
        cached(pointer, size)
    }

    fn aclrtMemInvalidate(pointer: *mut c_void, size: usize) {
        cached(pointer, size)
    }

    fn aclrtGetMemInfo(attribute: aclrtMemAttr, free: *mut usize, total: *mut usize) {
        require(free, "free")?;
        require(total, "total")?;
        let chip = process::current()?.chip;
        if attribute.0 > aclrtMemAttr::ACL_HBM_MEM_P2P_NORMAL.0 {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the kind of memory is {}", attribute.0));
        }
        let (left, all) = memory::info(chip);
        put!(free, left)?;
        put!(total, all)
    }

    fn aclrtMemcpy(
        to: *mut c_void,
        room: usize,
        from: *const c_void,
        count: usize,
        kind: aclrtMemcpyKind,
    ) {
        process::current()?;
        check(to, room, from, count)?;
        if count > 0 {
            let copy = Copy::new(host!(to.cast_const(), count), host!(from, count), count, kind)?;
            copy.check_written();
            copy.run();
        }
        Ok(())
    }

    fn aclrtMemcpyAsync(
        to: *mut c_void,
        room: usize,
        from: *const c_void,
        count: usize,
        kind: aclrtMemcpyKind,
        stream: aclrtStream,
    ) {
        let stream = process::stream(handle(stream))?;
        check(to, room, from, count)?;
        if count == 0 {
            return Ok(());
        }
        let (target, source) = (host!(to.cast_const(), count), host!(from, count));
        Copy::check_async(target, source, count);
        let mut copy = Copy::new(target, source, count, kind)?;
        let waits = copy.prepare_queued();
        queue(&stream, waits, move || copy.run())
    }

    fn aclrtMemset(to: *mut c_void, room: usize, value: i32, count: usize) {
        process::current()?;
        check_fill(to, room, count)?;
        if count > 0 {
            Fill::new(host!(to.cast_const(), count), count, byte(value))?.run();
        }
        Ok(())
    }

    fn aclrtMemsetAsync(
        to: *mut c_void,
        room: usize,
        value: i32,
        count: usize,
        stream: aclrtStream,
    ) {
        let stream = process::stream(handle(stream))?;
        check_fill(to, room, count)?;
        if count == 0 {
            return Ok(());
        }
        let mut fill = Fill::new(host!(to.cast_const(), count), count, byte(value))?;
        let waits = fill.prepare_queued();
        queue(&stream, waits, move || fill.run())
    }

    fn aclrtMemcpy2d(
        to: *mut c_void,
        to_pitch: usize,
        from: *const c_void,
        from_pitch: usize,
        width: usize,
        height: usize,
        kind: aclrtMemcpyKind,
    ) {
        process::current()?;
        rows(to, to_pitch, from, from_pitch, width, height, kind)?.iter().for_each(Copy::run);
        Ok(())
    }

    fn aclrtMemcpy2dAsync(
        to: *mut c_void,
        to_pitch: usize,
        from: *const c_void,
        from_pitch: usize,
        width: usize,
        height: usize,
        kind: aclrtMemcpyKind,
        stream: aclrtStream,
    ) {
        let stream = process::stream(handle(stream))?;
        if width > 5_000_000 || height > 5 * 1024 * 1024 {
            return Err(fail!(
                ACL_ERROR_RT_PARAM_INVALID,
                "{width} x {height} is too much for one queued copy: at most 5000000 x 5242880"
            ));
        }
        let mut copies = rows(to, to_pitch, from, from_pitch, width, height, kind)?;
        let mut waits = false;
        for copy in &mut copies {
            waits |= copy.prepare_queued();
        }
        queue(&stream, waits, move || copies.iter().for_each(Copy::run))
    }
}

/// Queues work that uses memory; where it uses pageable memory, its end is waited for.
fn queue(stream: &Arc<Stream>, waits: bool, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let (done, end) = std::sync::mpsc::channel::<()>();
    stream.queue(Box::new(move || {
        work();
        drop(done);
        Ok(())
    }))?;
    if waits {
        // Nothing is ever sent: the wait ends when the work is done, or dropped with its stream.
        let _ = end.recv();
    }
    Ok(())
}

fn alloc(
    pointer: *mut *mut c_void,
    size: usize,
    policy: aclrtMemMallocPolicy,
    last: aclrtMemMallocPolicy,
) -> Result<()> {
    require(pointer, "pointer")?;
    let context = process::current()?;
    if policy.0 > last.0 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the allocation policy is {}, wanted 0 to {}",
            policy.0,
            last.0
        ));
    }
    let address = memory::alloc(context.chip, size)?;
    put!(pointer, std::ptr::without_provenance_mut(address))
}

fn cached(pointer: *mut c_void, size: usize) -> Result<()> {
    require(pointer, "pointer")?;
    memory::resolve(pointer.addr(), size).map(drop)
}

fn check(to: *mut c_void, room: usize, from: *const c_void, count: usize) -> Result<()> {
    require(from, "the source")?;
    check_fill(to, room, count)
}

fn check_fill(to: *mut c_void, room: usize, count: usize) -> Result<()> {
    require(to, "the destination")?;
    if count > room {
        return Err(fail!(
            ACL_ERROR_RT_PARAM_INVALID,
            "{count} bytes do not fit into the {room} of the destination"
        ));
    }
    Ok(())
}

/// The byte of a value, as memset takes it.
fn byte(value: i32) -> u8 {
    value.to_le_bytes()[0]
}

/// Checks a copy of a rectangle: one copy per row.
fn rows(
    to: *mut c_void,
    to_pitch: usize,
    from: *const c_void,
    from_pitch: usize,
    width: usize,
    height: usize,
    kind: aclrtMemcpyKind,
) -> Result<Vec<Copy>> {
    require(to, "the destination")?;
    require(from, "the source")?;
    let across = [
        aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE,
        aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_HOST,
    ];
    if !across.contains(&kind) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the kind of a 2D copy is {}, wanted host to device (1) or device to host (2)",
            kind.0
        ));
    }
    if width == 0 || height == 0 || width > to_pitch || width > from_pitch {
        return Err(fail!(
            ACL_ERROR_RT_PARAM_INVALID,
            "{width} x {height} with pitches of {from_pitch} and {to_pitch}: rows must not be \
             empty, nor wider than their pitch"
        ));
    }
    let fits = |start: usize, pitch: usize| {
        let last = (height - 1).checked_mul(pitch)?;
        start.checked_add(last)?.checked_add(width)
    };
    if fits(to.addr(), to_pitch).is_none() || fits(from.addr(), from_pitch).is_none() {
        return Err(fail!(
            ACL_ERROR_RT_PARAM_INVALID,
            "{width} x {height} with pitches of {from_pitch} and {to_pitch} run over the end of all \
             addresses"
        ));
    }
    (0..height)
        .map(|row| {
            let target = to.cast::<u8>().wrapping_add(row * to_pitch).cast_const();
            let source = from.cast::<u8>().wrapping_add(row * from_pitch);
            Copy::new(host!(target, width), host!(source, width), width, kind)
        })
        .collect()
}
