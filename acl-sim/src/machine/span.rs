//! Memory that a call names and that may be the program's or a device's.

use acl_sys::ACL_ERROR_INVALID_PARAM;

use super::device_memory::HostMemory;
use super::failure::{Result, fail};
use super::memory;

/// A range of memory, wherever it lies. Where that is, and whether it is live, is looked up at use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: HostMemory,
    pub(crate) len: usize,
}

impl Span {
    fn on_device(self) -> bool {
        memory::is_device(self.start.address())
    }

    /// Returns the first `len` bytes, or all if there are fewer.
    pub(crate) fn read(self, len: usize) -> Result<Vec<u8>> {
        let len = len.min(self.len);
        if self.on_device() {
            return Ok(memory::resolve(self.start.address(), len)?.read(<[u8]>::to_vec));
        }
        let mut bytes = self.start.to_vec();
        bytes.truncate(len);
        Ok(bytes)
    }

    /// Checks that `len` bytes can be written.
    pub(crate) fn check(self, len: usize) -> Result<()> {
        if self.len < len {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "there is room for {} bytes of results, wanted {len}",
                self.len
            ));
        }
        if self.on_device() {
            memory::resolve(self.start.address(), len)?;
        }
        Ok(())
    }

    /// Writes, `at` bytes in.
    pub(crate) fn write_at(self, at: usize, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.on_device() {
            let range = memory::resolve(self.start.address() + at, bytes.len())?;
            range.write(|to| to.copy_from_slice(bytes));
        } else {
            self.start.write_at(at, bytes);
        }
        Ok(())
    }
}
