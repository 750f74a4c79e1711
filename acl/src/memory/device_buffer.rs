//! Memory of a device.
#![expect(
    clippy::result_large_err,
    reason = "two buffers handed over come back by value"
)]

use std::ffi::c_void;
use std::ops::RangeBounds;

use acl_sys::{aclrtMemMallocPolicy, aclrtMemcpyKind};
use bytemuck::Pod;

use super::{DeviceSlice, DeviceSliceMut, Launch, Pending, PinnedBuffer, not_empty, same_length};
use crate::raw::memory::Copy;
use crate::{Context, Error, Result, Stream};

/// Memory of a device, aligned to 64 bytes, with undefined content at first.
///
/// Every copy is between equal lengths; [`DeviceBuffer::slice`] takes parts. Lengths are in bytes.
///
/// ```
/// let runtime = acl::Runtime::init(ascendcl::api())?;
/// let context = acl::Context::new(&runtime.device(0)?)?;
/// let mut buffer = acl::DeviceBuffer::alloc(&context, 16)?;
/// buffer.copy_from_host(&[1.0_f32, 2.0, 3.0, 4.0])?;
/// let mut half = [0.0_f32; 2];
/// buffer.slice(8..)?.copy_to_host(&mut half)?;
/// assert_eq!(half, [3.0, 4.0]);
/// # Ok::<(), acl::Error>(())
/// ```
///
/// **Threads**: `Send` and `Sync`; writing needs `&mut`, except through
/// [`Bindings`](crate::Bindings), which may share a buffer.
#[derive(Debug)]
pub struct DeviceBuffer {
    /// Null once freed.
    address: *mut c_void,
    len: usize,
    context: Context,
}

// SAFETY: the address names device memory, which no thread of this process can touch directly.
unsafe impl Send for DeviceBuffer {}
// SAFETY: as above; what a shared reference allows is queued in the library, which is thread-safe.
unsafe impl Sync for DeviceBuffer {}

/// Says from which pages device memory is taken. An unknown number is passed on as it is.
///
/// **Source**: `aclrtMemMallocPolicy` in `acl/acl_rt.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MallocPolicy(pub u32);

impl MallocPolicy {
    /// Huge pages if there are any, else normal ones.
    pub const HUGE_FIRST: Self = Self(0);
    /// Huge pages.
    pub const HUGE_ONLY: Self = Self(1);
    /// Normal pages.
    pub const NORMAL_ONLY: Self = Self(2);
}

impl DeviceBuffer {
    /// Allocates `bytes` of device memory, on huge pages if there are any.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`], with 207001 when the device is full; [`Error::InvalidArgument`] for 0 bytes.
    #[doc(alias = "aclrtMalloc")]
    pub fn alloc(context: &Context, bytes: usize) -> Result<Self> {
        Self::alloc_with(context, bytes, MallocPolicy::HUGE_FIRST)
    }

    /// Allocates `bytes` of device memory from the pages that `policy` names.
    ///
    /// # Errors
    ///
    /// As [`DeviceBuffer::alloc`].
    #[doc(alias = "aclrtMalloc")]
    pub fn alloc_with(context: &Context, bytes: usize, policy: MallocPolicy) -> Result<Self> {
        not_empty("device buffer", bytes)?;
        let _bound = context.bind()?;
        let address = context
            .raw()
            .malloc(bytes, aclrtMemMallocPolicy(policy.0))?;
        Ok(Self {
            address,
            len: bytes,
            context: context.clone(),
        })
    }

    /// Allocates as many bytes as `values` has, and copies them.
    ///
    /// # Errors
    ///
    /// As [`DeviceBuffer::alloc`].
    pub fn from_host<T: Pod>(context: &Context, values: &[T]) -> Result<Self> {
        let mut buffer = Self::alloc(context, size_of_val(values))?;
        buffer.copy_from_host(values)?;
        Ok(buffer)
    }

    /// Returns the length in bytes.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "a buffer of 0 bytes cannot be made"
    )]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns the context that the buffer was made in.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the device address, for calls that this crate does not wrap; it stays ours.
    #[must_use]
    pub fn as_raw(&self) -> *mut c_void {
        self.address
    }

    /// Takes a part, by a range of bytes, to read from.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the range reaches beyond the buffer.
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<DeviceSlice<'_>> {
        DeviceSlice::new(self, range)
    }

    /// Takes a part, by a range of bytes, to write to.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the range reaches beyond the buffer.
    pub fn slice_mut(&mut self, range: impl RangeBounds<usize>) -> Result<DeviceSliceMut<'_>> {
        DeviceSliceMut::new(self, range)
    }

    /// Copies `values` to the device, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the lengths are equal; [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn copy_from_host<T: Pod>(&mut self, values: &[T]) -> Result<()> {
        self.slice_mut(..)?.copy_from_host(values)
    }

    /// Copies the content to `values`, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the lengths are equal; [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn copy_to_host<T: Pod>(&self, values: &mut [T]) -> Result<()> {
        self.slice(..)?.copy_to_host(values)
    }

    /// Copies from a part of another buffer of the same device, and waits for it.
    ///
    /// # Errors
    ///
    /// As [`DeviceSliceMut::copy_from_device`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn copy_from_device(&mut self, source: DeviceSlice<'_>) -> Result<()> {
        self.slice_mut(..)?.copy_from_device(source)
    }

    /// Sets every byte to `value`, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`].
    #[doc(alias = "aclrtMemset")]
    pub fn fill(&mut self, value: u8) -> Result<()> {
        self.slice_mut(..)?.fill(value)
    }

    /// Queues a copy from pinned host memory.
    ///
    /// # Errors
    ///
    /// Both buffers, and [`Error::InvalidArgument`] unless the lengths are equal,
    /// [`Error::ContextMismatch`] or [`Error::Acl`].
    #[doc(alias = "aclrtMemcpyAsync")]
    pub fn copy_from_pinned_async(
        self,
        source: PinnedBuffer,
        stream: &Stream,
    ) -> Launch<(Self, PinnedBuffer)> {
        Pending::start((self, source), stream, |(to, from), stream| {
            to.context.require(stream.context(), "the stream")?;
            same_length("source of the copy", from.len(), to.len)?;
            let copy = to.copy_in(
                from.address().cast_const(),
                aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE,
            );
            // SAFETY: both ranges are `len` bytes, alive, and owned by the `Pending`.
            unsafe { to.context.raw().copy_async(&copy, stream.handle()) }
        })
    }

    /// Queues a copy to pinned host memory.
    ///
    /// # Errors
    ///
    /// As [`DeviceBuffer::copy_from_pinned_async`].
    #[doc(alias = "aclrtMemcpyAsync")]
    pub fn copy_to_pinned_async(
        self,
        target: PinnedBuffer,
        stream: &Stream,
    ) -> Launch<(Self, PinnedBuffer)> {
        Pending::start((self, target), stream, |(from, to), stream| {
            from.context.require(stream.context(), "the stream")?;
            same_length("target of the copy", to.len(), from.len)?;
            let copy = Copy {
                dst: to.address(),
                room: to.len(),
                src: from.address.cast_const(),
                count: from.len,
                kind: aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_HOST,
            };
            // SAFETY: both ranges are `len` bytes, alive, and owned by the `Pending`.
            unsafe { from.context.raw().copy_async(&copy, stream.handle()) }
        })
    }

    /// Queues a copy from another buffer of the same context.
    ///
    /// # Errors
    ///
    /// As [`DeviceBuffer::copy_from_pinned_async`].
    #[doc(alias = "aclrtMemcpyAsync")]
    pub fn copy_from_device_async(self, source: Self, stream: &Stream) -> Launch<(Self, Self)> {
        Pending::start((self, source), stream, |(to, from), stream| {
            to.context.require(stream.context(), "the stream")?;
            to.context.require(&from.context, "the source")?;
            same_length("source of the copy", from.len, to.len)?;
            let copy = to.copy_in(
                from.address.cast_const(),
                aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_DEVICE,
            );
            // SAFETY: both ranges are `len` bytes, alive, distinct, and owned by the `Pending`.
            unsafe { to.context.raw().copy_async(&copy, stream.handle()) }
        })
    }

    /// Queues setting every byte to `value`.
    ///
    /// # Errors
    ///
    /// The buffer, and [`Error::ContextMismatch`] or [`Error::Acl`].
    #[doc(alias = "aclrtMemsetAsync")]
    pub fn fill_async(self, value: u8, stream: &Stream) -> Launch<Self> {
        Pending::start(self, stream, |to, stream| {
            to.context.require(stream.context(), "the stream")?;
            let raw = to.context.raw();
            // SAFETY: the range is alive and owned by the `Pending`.
            unsafe { raw.memset_async(to.address, value, to.len, stream.handle()) }
        })
    }

    /// Frees the memory. Dropping does the same, and logs what this returns.
    ///
    /// # Errors
    ///
    /// The buffer, and [`Error::Acl`].
    #[doc(alias = "aclrtFree")]
    pub fn close(mut self) -> Result<(), (Self, Error)> {
        match self.release() {
            Ok(()) => Ok(()),
            Err(error) => Err((self, error)),
        }
    }

    fn copy_in(&self, src: *const c_void, kind: aclrtMemcpyKind) -> Copy {
        Copy {
            dst: self.address,
            room: self.len,
            src,
            count: self.len,
            kind,
        }
    }

    fn release(&mut self) -> Result<()> {
        if self.address.is_null() {
            return Ok(());
        }
        let _bound = self.context.bind()?;
        // SAFETY: the address is ours, not freed before, and queued work would own the buffer.
        unsafe { self.context.raw().free(self.address) }?;
        self.address = std::ptr::null_mut();
        Ok(())
    }
}

impl Drop for DeviceBuffer {
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            log::warn!(
                "{} bytes of device memory were not freed: {error}",
                self.len
            );
        }
    }
}
