//! Memory: on the device, pinned on the host, and under way between the two.
//!
//! With [`crate::raw`] the only module with unsafe code. What it owes to the rest of the crate:
//! a safe function here never passes C an address that is not alive, long enough and of the right
//! kind, and memory that queued work uses is owned by a [`Pending`], which cannot be opened before
//! the work is done. Forgetting a [`Pending`] leaks; it never frees.
//!
//! Device memory is not memory of this process: no reference to it is ever made. Two device
//! operations that race on it can garble data, never this process.

mod dataset;
mod device_buffer;
mod load;
mod pending;
mod pinned_buffer;
mod run;
mod slice;

pub(crate) use dataset::{Dataset, execute};
pub use device_buffer::{DeviceBuffer, MallocPolicy};
pub(crate) use load::{Origin, c_path, load};
pub use pending::{Launch, Pending};
pub use pinned_buffer::PinnedBuffer;
pub(crate) use run::Transfer;
pub use slice::{DeviceSlice, DeviceSliceMut};

use crate::{Error, Result};

fn same_length(what: &'static str, got: usize, want: usize) -> Result<()> {
    if got == want {
        return Ok(());
    }
    Err(Error::InvalidArgument {
        what: what.into(),
        got: format!("{got} bytes"),
        want: format!("{want} bytes; take a slice of the longer one"),
    })
}

fn not_empty(what: &'static str, bytes: usize) -> Result<()> {
    if bytes > 0 {
        return Ok(());
    }
    Err(Error::InvalidArgument {
        what: what.into(),
        got: "0 bytes".to_owned(),
        want: "at least 1 byte".to_owned(),
    })
}
