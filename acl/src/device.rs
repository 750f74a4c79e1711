//! Devices, and what can be asked of them.

use std::sync::Arc;

use acl_sys::{aclrtMemAttr, aclrtRunMode};

use crate::bound::Bound;
use crate::raw::{ContextHandle, Raw};
use crate::{Error, Result, Runtime};

/// A device, by its number in this process.
///
/// Clones are handles to the same device. The device is set once per process and stays set until
/// AscendCL is finalized (see [`Runtime`]). Its default context serves the questions below; work
/// goes through a [`Context`](crate::Context) of its own, so that it never mixes with the work of a
/// host which uses the default one.
///
/// ```
/// let runtime = acl::Runtime::init(ascendcl::api())?;
/// let device = runtime.device(0)?;
/// let memory = device.memory(acl::MemoryKind::DDR)?;
/// assert!(memory.free <= memory.total);
/// # Ok::<(), acl::Error>(())
/// ```
///
/// **Threads**: `Send` and `Sync`.
#[derive(Clone, Debug)]
pub struct Device(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    default: ContextHandle,
    life: Arc<()>,
    id: i32,
    runtime: Runtime,
}

/// A kind of device memory. An unknown number is passed on as it is.
///
/// **Source**: `aclrtMemAttr` in `acl/acl_rt.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemoryKind(pub u32);

impl MemoryKind {
    /// DDR, huge and normal pages together.
    pub const DDR: Self = Self(0);
    /// High-bandwidth memory; a chip without it answers for its DDR.
    pub const HBM: Self = Self(1);
    /// Huge pages of DDR.
    pub const DDR_HUGE: Self = Self(2);
    /// Normal pages of DDR.
    pub const DDR_NORMAL: Self = Self(3);
    /// Huge pages of high-bandwidth memory.
    pub const HBM_HUGE: Self = Self(4);
    /// Normal pages of high-bandwidth memory.
    pub const HBM_NORMAL: Self = Self(5);
}

/// How much memory of one kind a device has, in bytes; both 0 where it has none of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryInfo {
    /// Bytes that can still be allocated.
    pub free: usize,
    /// Bytes that the device has.
    pub total: usize,
}

/// Says where the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunMode {
    /// On a host, with the device behind a bus: the two have separate memory.
    Host,
    /// On the device's own processor: host and device memory are one.
    Device,
    /// A mode that this crate does not know.
    Other(u32),
}

impl Device {
    /// Opens device `id`, counted from 0.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`] with 107001 if there is no such device.
    #[doc(alias = "aclrtSetDevice")]
    pub fn new(runtime: &Runtime, id: i32) -> Result<Self> {
        let (default, life) = runtime.set_device(id)?;
        Ok(Self(Arc::new(Inner {
            default,
            life,
            id,
            runtime: runtime.clone(),
        })))
    }

    /// Returns the device's number.
    #[must_use]
    #[doc(alias = "aclrtGetDevice")]
    pub fn id(&self) -> i32 {
        self.0.id
    }

    /// Returns the runtime that the device came from.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// Returns the chip's name, for example `Ascend310P3`: what atc calls `--soc_version`.
    ///
    /// With several devices the library always names the first.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the library knows no name.
    #[doc(alias = "aclrtGetSocName")]
    pub fn soc_name(&self) -> Result<String> {
        let _bound = self.bind()?;
        self.raw()
            .soc_name()?
            .ok_or_else(|| Error::InvalidArgument {
                what: "aclrtGetSocName".into(),
                got: "null".to_owned(),
                want: "the chip's name".to_owned(),
            })
    }

    /// Returns how much memory of a kind is free, and how much there is.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`].
    #[doc(alias = "aclrtGetMemInfo")]
    pub fn memory(&self, kind: MemoryKind) -> Result<MemoryInfo> {
        let _bound = self.bind()?;
        let (free, total) = self.raw().memory_info(aclrtMemAttr(kind.0))?;
        Ok(MemoryInfo { free, total })
    }

    /// Says whether the program runs on a host or on the device.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`].
    #[doc(alias = "aclrtGetRunMode")]
    pub fn run_mode(&self) -> Result<RunMode> {
        let _bound = self.bind()?;
        Ok(match self.raw().run_mode()? {
            aclrtRunMode::ACL_HOST => RunMode::Host,
            aclrtRunMode::ACL_DEVICE => RunMode::Device,
            aclrtRunMode(other) => RunMode::Other(other),
        })
    }

    /// Waits for all work of all contexts on the device.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`], also for work that failed.
    #[doc(alias = "aclrtSynchronizeDevice")]
    pub fn synchronize(&self) -> Result<()> {
        let _bound = self.bind()?;
        self.raw().synchronize_device()
    }

    /// Gives the handle up. The device itself stays set until AscendCL is finalized.
    ///
    /// # Errors
    ///
    /// The device, and [`Error::InUse`] while clones or contexts hold it.
    #[doc(alias = "aclrtResetDevice")]
    pub fn close(self) -> Result<(), (Self, Error)> {
        match Arc::try_unwrap(self.0) {
            Ok(_) => Ok(()),
            Err(shared) => {
                let holders = Arc::strong_count(&shared) - 1;
                Err((
                    Self(shared),
                    Error::InUse {
                        what: "Device",
                        holders,
                    },
                ))
            }
        }
    }

    pub(crate) fn raw(&self) -> Raw {
        self.0.runtime.raw()
    }

    fn bind(&self) -> Result<Bound<'_>> {
        Bound::enter(self.raw(), &self.0.default, &self.0.life)
    }
}
