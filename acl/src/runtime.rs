//! The beginning and the end of AscendCL in a process.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acl_sys::{Api, Source};

use crate::raw::{self, ContextHandle, Raw};
use crate::{Device, Error, Result, Status};

/// AscendCL, initialised; the root that every other object holds.
///
/// Clones are handles to the same runtime. The library is initialised by the first runtime of a
/// process and finalized when the last object that came from one is gone, whatever the order of
/// drops. **If the host process had called `aclInit` itself, we never finalize**, and never reset
/// a device.
///
/// Nothing is hidden: there is no default runtime, and a runtime of the simulator and one of a card
/// can exist side by side.
///
/// ```
/// let runtime = acl::Runtime::init(ascendcl::api())?;
/// assert!(runtime.is_simulated());
/// assert!(runtime.device_count()? >= 1);
/// # Ok::<(), acl::Error>(())
/// ```
///
/// **Threads**: `Send` and `Sync`.
#[derive(Clone, Debug)]
pub struct Runtime(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    raw: Raw,
    /// Given up by a successful `close`, so that drop does not do it again.
    released: bool,
}

/// What the process shares over one library.
#[derive(Debug, Default)]
struct Life {
    /// Runtimes, not counting clones.
    runtimes: usize,
    /// Whether it was we who called `aclInit`.
    ours: bool,
    /// Each device that was set, with its default context and how long that lives.
    devices: BTreeMap<i32, (ContextHandle, Arc<()>)>,
}

/// By library, not by table: two tables over one library share its state.
static LIVES: Mutex<BTreeMap<usize, Life>> = Mutex::new(BTreeMap::new());

fn lives() -> MutexGuard<'static, BTreeMap<usize, Life>> {
    LIVES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Runtime {
    /// Initialises AscendCL with its defaults.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`] if `aclInit` fails. That somebody initialised before is no error.
    #[doc(alias = "aclInit")]
    pub fn init(api: &'static Api) -> Result<Self> {
        Self::start(api, None)
    }

    /// Initialises AscendCL with the JSON configuration at `config` (dump, profiling, …).
    ///
    /// # Errors
    ///
    /// [`Error::Acl`] if `aclInit` fails; [`Error::AlreadyInitialised`] if it was called before in
    /// this process, by us or by the host, because the configuration would be ignored.
    #[doc(alias = "aclInit")]
    pub fn init_with_config(api: &'static Api, config: impl AsRef<Path>) -> Result<Self> {
        Self::start(api, Some(config.as_ref()))
    }

    fn start(api: &'static Api, config: Option<&Path>) -> Result<Self> {
        let raw = Raw::new(api);
        let ignored = |path: &Path| Error::AlreadyInitialised {
            config: path.display().to_string(),
        };
        let mut lives = lives();
        let life = lives.entry(raw.identity()).or_default();
        if life.runtimes == 0 {
            let path = config
                .map(|path| raw::c_string("configuration path", path.as_os_str().as_bytes()))
                .transpose()?;
            life.ours = match raw.init(path.as_deref()) {
                Ok(()) => true,
                Err(error) if error.status() == Some(Status::REPEAT_INITIALIZE) => {
                    if let Some(path) = config {
                        return Err(ignored(path));
                    }
                    log::debug!("AscendCL was initialised by the host, which also finalizes it");
                    false
                }
                Err(error) => return Err(error),
            };
        } else if let Some(path) = config {
            return Err(ignored(path));
        }
        life.runtimes += 1;
        Ok(Self(Arc::new(Inner {
            raw,
            released: false,
        })))
    }

    /// Returns the number of devices.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`], for example when no driver is installed.
    #[doc(alias = "aclrtGetDeviceCount")]
    pub fn device_count(&self) -> Result<u32> {
        self.raw().device_count()
    }

    /// Opens device `id`, counted from 0; the same as [`Device::new`].
    ///
    /// # Errors
    ///
    /// As [`Device::new`].
    pub fn device(&self, id: i32) -> Result<Device> {
        Device::new(self, id)
    }

    /// Returns the version of the C API: major, minor, patch.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`] or [`Error::Unsupported`].
    #[doc(alias = "aclrtGetVersion")]
    pub fn version(&self) -> Result<(i32, i32, i32)> {
        self.raw().version()
    }

    /// Says where the library's functions come from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.raw().api.source
    }

    /// Tells whether the device is simulated; reports must say so.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.source().simulator.is_some()
    }

    /// Returns the table of C functions.
    #[must_use]
    pub fn api(&self) -> &'static Api {
        self.raw().api
    }

    /// Ends the runtime, and AscendCL with it if this is the last one and we initialised it.
    ///
    /// Dropping does the same, and logs what this returns.
    ///
    /// # Errors
    ///
    /// The runtime, and [`Error::InUse`] while clones or devices hold it, or [`Error::Acl`] if
    /// `aclFinalize` fails.
    #[doc(alias = "aclFinalize")]
    pub fn close(self) -> Result<(), (Self, Error)> {
        match Arc::try_unwrap(self.0) {
            Ok(mut inner) => match inner.release(false) {
                Ok(()) => Ok(()),
                Err(error) => Err((Self(Arc::new(inner)), error)),
            },
            Err(shared) => {
                let holders = Arc::strong_count(&shared) - 1;
                Err((
                    Self(shared),
                    Error::InUse {
                        what: "Runtime",
                        holders,
                    },
                ))
            }
        }
    }

    pub(crate) fn raw(&self) -> Raw {
        self.0.raw
    }

    /// Sets device `id` once, and returns its default context; the thread's context stays.
    ///
    /// A device that was set is only reset when AscendCL is finalized, because older releases
    /// reset it for the whole process at the first `aclrtResetDevice`, under the host's feet.
    pub(crate) fn set_device(&self, id: i32) -> Result<(ContextHandle, Arc<()>)> {
        let raw = self.raw();
        let mut lives = lives();
        let life = lives.entry(raw.identity()).or_default();
        if let Some((context, token)) = life.devices.get(&id) {
            return Ok((context.as_current().into_default(), Arc::clone(token)));
        }
        let token = Arc::new(());
        let context = crate::bound::around(
            raw,
            &token,
            || {
                raw.set_device(id)?;
                raw.current_context().ok_or_else(|| Error::InvalidArgument {
                    what: "device".into(),
                    got: format!("no current context after aclrtSetDevice({id})"),
                    want: "the device's default context".to_owned(),
                })
            },
            |context| *context,
        )?;
        life.devices
            .insert(id, (context.into_default(), Arc::clone(&token)));
        Ok((context.into_default(), token))
    }
}

impl Inner {
    fn release(&mut self, dropping: bool) -> Result<()> {
        if self.released {
            return Ok(());
        }
        let mut lives = lives();
        let key = self.raw.identity();
        let Some(life) = lives.get_mut(&key) else {
            return Ok(());
        };
        let ended = if life.runtimes == 1 && life.ours {
            end(self.raw, life)
        } else {
            Ok(())
        };
        if ended.is_ok() || dropping {
            self.released = true;
            life.runtimes -= 1;
            if life.runtimes == 0 {
                lives.remove(&key);
            }
        }
        ended
    }
}

fn end(raw: Raw, life: &mut Life) -> Result<()> {
    for id in std::mem::take(&mut life.devices).into_keys() {
        if let Err(error) = raw.reset_device(id) {
            log::debug!("device {id} was not reset: {error}");
        }
    }
    match raw.finalize() {
        Err(error) if error.status() == Some(Status::REPEAT_FINALIZE) => {
            log::debug!("AscendCL was finalized by the host");
            Ok(())
        }
        other => other,
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Err(error) = self.release(true) {
            log::warn!("AscendCL was not finalized: {error}");
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AscendCL, {}", self.source())
    }
}
