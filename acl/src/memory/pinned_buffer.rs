//! Host memory that the device can reach directly.

use std::ffi::c_void;
use std::ptr;

use bytemuck::Pod;

use super::not_empty;
use crate::{Context, Error, Result};

/// Host memory that is pinned, so that copies to and from the device need no detour and can run
/// beside other work; all zero at first.
///
/// ```
/// let runtime = acl::Runtime::init(ascendcl::api())?;
/// let context = acl::Context::new(&runtime.device(0)?)?;
/// let stream = acl::Stream::new(&context)?;
/// let mut pinned = acl::PinnedBuffer::alloc(&context, 8)?;
/// pinned.as_mut_slice::<f32>()?.copy_from_slice(&[1.5, 2.5]);
/// let device = acl::DeviceBuffer::alloc(&context, 8)?;
/// let pending = device.copy_from_pinned_async(pinned, &stream)?;
/// let (device, pinned) = pending.wait()?;
/// # let mut back = [0.0_f32; 2];
/// # device.copy_to_host(&mut back)?;
/// # assert_eq!(back, [1.5, 2.5]);
/// # assert_eq!(pinned.as_slice::<f32>()?, [1.5, 2.5]);
/// # Ok::<(), acl::Error>(())
/// ```
///
/// **Threads**: `Send` and `Sync`.
#[derive(Debug)]
pub struct PinnedBuffer {
    /// Null once freed.
    address: *mut c_void,
    len: usize,
    context: Context,
}

// SAFETY: the memory belongs to this value alone, like a box of bytes.
unsafe impl Send for PinnedBuffer {}
// SAFETY: a shared reference only allows reading, and queued work owns the value.
unsafe impl Sync for PinnedBuffer {}

impl PinnedBuffer {
    /// Allocates `bytes` of pinned host memory, and zeroes them.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`]; [`Error::InvalidArgument`] for 0 bytes.
    #[doc(alias = "aclrtMallocHost")]
    pub fn alloc(context: &Context, bytes: usize) -> Result<Self> {
        not_empty("pinned buffer", bytes)?;
        let _bound = context.bind()?;
        let address = context.raw().malloc_host(bytes)?;
        // SAFETY: the library gave `bytes` writable bytes, to us alone.
        unsafe { ptr::write_bytes(address.cast::<u8>(), 0, bytes) };
        Ok(Self {
            address,
            len: bytes,
            context: context.clone(),
        })
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

    /// Returns the bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: `len` initialised bytes, which nobody writes while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(self.address.cast::<u8>().cast_const(), self.len) }
    }

    /// Returns the bytes, to write.
    #[must_use]
    pub fn as_mut_bytes(&mut self) -> &mut [u8] {
        // SAFETY: `len` initialised bytes, which nobody else touches while `self` is borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.address.cast::<u8>(), self.len) }
    }

    /// Returns the content as elements.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the length is no multiple of the element's size.
    pub fn as_slice<T: Pod>(&self) -> Result<&[T]> {
        bytemuck::try_cast_slice(self.as_bytes()).map_err(|error| self.misfit::<T>(error))
    }

    /// Returns the content as elements, to write.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the length is no multiple of the element's size.
    pub fn as_mut_slice<T: Pod>(&mut self) -> Result<&mut [T]> {
        // The check on the shared view first: its error needs `self`.
        self.as_slice::<T>()?;
        Ok(bytemuck::cast_slice_mut(self.as_mut_bytes()))
    }

    /// Frees the memory. Dropping does the same, and logs what this returns.
    ///
    /// # Errors
    ///
    /// The buffer, and [`Error::Acl`].
    #[doc(alias = "aclrtFreeHost")]
    pub fn close(mut self) -> Result<(), (Self, Error)> {
        match self.release() {
            Ok(()) => Ok(()),
            Err(error) => Err((self, error)),
        }
    }

    #[cold]
    fn misfit<T>(&self, error: bytemuck::PodCastError) -> Error {
        Error::InvalidArgument {
            what: "pinned buffer as elements".into(),
            got: format!("{} bytes ({error:?})", self.len),
            want: format!("a multiple of {} bytes", size_of::<T>()),
        }
    }

    pub(super) fn address(&self) -> *mut c_void {
        self.address
    }

    fn release(&mut self) -> Result<()> {
        if self.address.is_null() {
            return Ok(());
        }
        let _bound = self.context.bind()?;
        // SAFETY: the address is ours, not freed before, and queued work would own the buffer.
        unsafe { self.context.raw().free_host(self.address) }?;
        self.address = ptr::null_mut();
        Ok(())
    }
}

impl Drop for PinnedBuffer {
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            log::warn!(
                "{} bytes of pinned memory were not freed: {error}",
                self.len
            );
        }
    }
}
