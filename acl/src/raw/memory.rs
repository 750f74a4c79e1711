//! Allocation and copies: addresses come in and go out, so what takes them is `unsafe`.

use std::ffi::c_void;
use std::ptr;

use acl_sys::{aclrtMemMallocPolicy, aclrtMemcpyKind};

use super::{Raw, StreamHandle, entry};
use crate::Result;

/// One copy: `count` bytes from `src` to `dst`, which has room for `room` bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copy {
    pub(crate) dst: *mut c_void,
    pub(crate) room: usize,
    pub(crate) src: *const c_void,
    pub(crate) count: usize,
    pub(crate) kind: aclrtMemcpyKind,
}

impl Copy {
    fn describe(&self) -> String {
        let kind = match self.kind {
            aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_HOST => "host to host",
            aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE => "host to device",
            aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_HOST => "device to host",
            aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_DEVICE => "device to device",
            _ => "unknown direction",
        };
        let Self {
            dst,
            room,
            src,
            count,
            ..
        } = self;
        format!("{count} bytes, {kind}, {src:p} to {dst:p} with room for {room}")
    }
}

impl Raw {
    pub(crate) fn malloc(self, bytes: usize, policy: aclrtMemMallocPolicy) -> Result<*mut c_void> {
        let function = entry!(self, aclrtMalloc);
        let mut address = ptr::null_mut();
        // SAFETY: the place is valid for the call.
        let code = unsafe { function(&raw mut address, bytes, policy) };
        self.check(code, "aclrtMalloc", || {
            format!("{bytes} bytes, policy {}", policy.0)
        })?;
        Ok(address)
    }

    /// # Safety
    ///
    /// `address` came from [`Raw::malloc`], was not freed, and no queued work uses it.
    pub(crate) unsafe fn free(self, address: *mut c_void) -> Result<()> {
        let function = entry!(self, aclrtFree);
        // SAFETY: the caller vouches for the address.
        let code = unsafe { function(address) };
        self.check(code, "aclrtFree", || format!("address {address:p}"))
    }

    pub(crate) fn malloc_host(self, bytes: usize) -> Result<*mut c_void> {
        let function = entry!(self, aclrtMallocHost);
        let mut address = ptr::null_mut();
        // SAFETY: the place is valid for the call.
        let code = unsafe { function(&raw mut address, bytes) };
        self.check(code, "aclrtMallocHost", || format!("{bytes} bytes"))?;
        Ok(address)
    }

    /// # Safety
    ///
    /// `address` came from [`Raw::malloc_host`], was not freed, and nothing uses it any more.
    pub(crate) unsafe fn free_host(self, address: *mut c_void) -> Result<()> {
        let function = entry!(self, aclrtFreeHost);
        // SAFETY: the caller vouches for the address.
        let code = unsafe { function(address) };
        self.check(code, "aclrtFreeHost", || format!("address {address:p}"))
    }

    /// # Safety
    ///
    /// Both ranges are valid, of the kind that `copy.kind` says, and do not overlap.
    pub(crate) unsafe fn copy(self, copy: &Copy) -> Result<()> {
        let function = entry!(self, aclrtMemcpy);
        // SAFETY: the caller vouches for both ranges.
        let code = unsafe { function(copy.dst, copy.room, copy.src, copy.count, copy.kind) };
        self.check(code, "aclrtMemcpy", || copy.describe())
    }

    /// # Safety
    ///
    /// As [`Raw::copy`], and both ranges stay valid and untouched until `stream` is done with it.
    pub(crate) unsafe fn copy_async(self, copy: &Copy, stream: &StreamHandle) -> Result<()> {
        let function = entry!(self, aclrtMemcpyAsync);
        let Copy {
            dst,
            room,
            src,
            count,
            kind,
        } = *copy;
        // SAFETY: the caller vouches for both ranges; the stream is alive.
        let code = unsafe { function(dst, room, src, count, kind, stream.raw()) };
        self.check(code, "aclrtMemcpyAsync", || copy.describe())
    }

    /// # Safety
    ///
    /// The `count` bytes at `address` are device memory.
    pub(crate) unsafe fn memset(self, address: *mut c_void, value: u8, count: usize) -> Result<()> {
        let function = entry!(self, aclrtMemset);
        // SAFETY: the caller vouches for the range.
        let code = unsafe { function(address, count, i32::from(value), count) };
        self.check(code, "aclrtMemset", || {
            format!("{count} bytes at {address:p}")
        })
    }

    /// # Safety
    ///
    /// As [`Raw::memset`], and the range stays valid until `stream` is done with it.
    pub(crate) unsafe fn memset_async(
        self,
        address: *mut c_void,
        value: u8,
        count: usize,
        stream: &StreamHandle,
    ) -> Result<()> {
        let function = entry!(self, aclrtMemsetAsync);
        // SAFETY: the caller vouches for the range; the stream is alive.
        let code = unsafe { function(address, count, i32::from(value), count, stream.raw()) };
        self.check(code, "aclrtMemsetAsync", || {
            format!("{count} bytes at {address:p}")
        })
    }
}
