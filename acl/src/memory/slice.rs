//! Parts of device memory.

use std::ffi::c_void;
use std::ops::{Bound, RangeBounds};

use acl_sys::aclrtMemcpyKind;
use bytemuck::Pod;

use super::{DeviceBuffer, same_length};
use crate::raw::memory::Copy;
use crate::{Error, Result};

/// A part of a [`DeviceBuffer`] to read from.
#[derive(Clone, Copy, Debug)]
pub struct DeviceSlice<'a> {
    buffer: &'a DeviceBuffer,
    offset: usize,
    len: usize,
}

/// A part of a [`DeviceBuffer`] to write to.
#[derive(Debug)]
pub struct DeviceSliceMut<'a>(DeviceSlice<'a>);

impl<'a> DeviceSlice<'a> {
    pub(super) fn new(buffer: &'a DeviceBuffer, range: impl RangeBounds<usize>) -> Result<Self> {
        let start = match range.start_bound() {
            Bound::Included(&start) => Some(start),
            Bound::Excluded(&start) => start.checked_add(1),
            Bound::Unbounded => Some(0),
        };
        let end = match range.end_bound() {
            Bound::Included(&end) => end.checked_add(1),
            Bound::Excluded(&end) => Some(end),
            Bound::Unbounded => Some(buffer.len()),
        };
        match (start, end) {
            (Some(offset), Some(end)) if offset <= end && end <= buffer.len() => Ok(Self {
                buffer,
                offset,
                len: end - offset,
            }),
            _ => Err(Error::InvalidArgument {
                what: "range of a device slice".into(),
                got: format!("{:?} to {:?}", range.start_bound(), range.end_bound()),
                want: format!("a range within {} bytes", buffer.len()),
            }),
        }
    }

    /// Returns the length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Tells whether the part has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies the content to `values`, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the lengths are equal; [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn copy_to_host<T: Pod>(&self, values: &mut [T]) -> Result<()> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(values);
        same_length("target of the copy", bytes.len(), self.len)?;
        if bytes.is_empty() {
            return Ok(());
        }
        let copy = Copy {
            dst: bytes.as_mut_ptr().cast(),
            room: bytes.len(),
            src: self.address().cast_const(),
            count: self.len,
            kind: aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_HOST,
        };
        let context = self.buffer.context();
        let _bound = context.bind()?;
        // SAFETY: both ranges are `len` bytes and alive; the call returns when it is done.
        unsafe { context.raw().copy(&copy) }
    }

    fn address(&self) -> *mut c_void {
        // The offset is within the allocation; no reference is made of the result.
        self.buffer
            .as_raw()
            .cast::<u8>()
            .wrapping_add(self.offset)
            .cast()
    }

    /// Writes through a shared reference: device memory has no Rust references to conflict with.
    /// The types around decide who may.
    pub(crate) fn write<T: Pod>(&self, values: &[T]) -> Result<()> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        same_length("source of the copy", bytes.len(), self.len)?;
        if bytes.is_empty() {
            return Ok(());
        }
        let copy = Copy {
            dst: self.address(),
            room: self.len,
            src: bytes.as_ptr().cast(),
            count: bytes.len(),
            kind: aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE,
        };
        let context = self.buffer.context();
        let _bound = context.bind()?;
        // SAFETY: both ranges are `len` bytes and alive; the call returns when it is done.
        unsafe { context.raw().copy(&copy) }
    }
}

impl<'a> DeviceSliceMut<'a> {
    pub(super) fn new(
        buffer: &'a mut DeviceBuffer,
        range: impl RangeBounds<usize>,
    ) -> Result<Self> {
        DeviceSlice::new(buffer, range).map(Self)
    }

    /// Returns the length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// Tells whether the part has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Copies `values` to the device, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the lengths are equal; [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn copy_from_host<T: Pod>(&mut self, values: &[T]) -> Result<()> {
        self.0.write(values)
    }

    /// Copies from a part of another buffer of the same device, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the lengths are equal and the device is the same (copies
    /// between devices need peer access, which is not wrapped); [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn copy_from_device(&mut self, source: DeviceSlice<'_>) -> Result<()> {
        same_length("source of the copy", source.len, self.0.len)?;
        let context = self.0.buffer.context();
        let (from, to) = (source.buffer.context().device(), context.device());
        if from.id() != to.id() || from.raw().identity() != to.raw().identity() {
            return Err(Error::InvalidArgument {
                what: "source of the copy".into(),
                got: format!("memory of device {}", from.id()),
                want: format!("memory of device {}; copy through the host", to.id()),
            });
        }
        if self.is_empty() {
            return Ok(());
        }
        let copy = Copy {
            dst: self.0.address(),
            room: self.0.len,
            src: source.address().cast_const(),
            count: source.len,
            kind: aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_DEVICE,
        };
        let _bound = context.bind()?;
        // SAFETY: both ranges are `len` bytes and alive, and belong to two buffers, because this
        // one is borrowed mutably.
        unsafe { context.raw().copy(&copy) }
    }

    /// Sets every byte to `value`, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`].
    #[doc(alias = "aclrtMemset")]
    pub fn fill(&mut self, value: u8) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let context = self.0.buffer.context();
        let _bound = context.bind()?;
        // SAFETY: the range is `len` bytes of a live buffer.
        unsafe { context.raw().memset(self.0.address(), value, self.0.len) }
    }
}
