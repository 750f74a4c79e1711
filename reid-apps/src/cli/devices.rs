//! One device or several for one job.

use acl::{Context, Runtime};
use acl_sys::Api;
use clap::Args;

use super::exit::Failure;
use crate::backend::Backend;
use crate::runner::infer::no_device;

/// Where a model runs that several devices may run at once.
#[derive(Clone, Debug, Args)]
pub(super) struct DevicesArgs {
    /// The AscendCL library: `auto` (ACL_LIBRARY, else the installed toolkit), `sim` (the
    /// simulator inside this program), or a path
    #[arg(long, value_name = "auto|sim|PATH", default_value = "auto")]
    pub(super) backend: Backend,

    /// The devices, counted from 0; batches go to whichever is free, the results are those of one
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_value = "0",
        num_args = 1
    )]
    pub(super) device: Vec<i32>,
}

/// Open devices, all of one kind.
pub(super) struct Devices {
    pub(super) runtime: Runtime,
    pub(super) contexts: Vec<Context>,
    /// The chip.
    pub(super) soc: String,
    /// The chip, and whether it is simulated.
    pub(super) name: String,
}

impl DevicesArgs {
    /// Opens the library and the devices.
    pub(super) fn open(&self) -> Result<Devices, Failure> {
        let api = self.backend.open().map_err(Failure::environment)?;
        self.open_on(api)
    }

    /// Opens the devices of an opened library.
    pub(super) fn open_on(&self, api: &'static Api) -> Result<Devices, Failure> {
        let runtime = Runtime::init(api).map_err(Failure::environment)?;
        let mut contexts = Vec::with_capacity(self.device.len());
        let mut chip: Option<(i32, String)> = None;
        for id in &self.device {
            let device = runtime
                .device(*id)
                .map_err(|error| Failure::environment(no_device(&runtime, *id, &error)))?;
            let soc = device.soc_name().map_err(Failure::environment)?;
            match &chip {
                None => chip = Some((*id, soc)),
                // What two kinds of chip compute differs in the last bits.
                Some((first, other)) if *other != soc => {
                    return Err(Failure::Usage(format!(
                        "--device: {first} is an {other} and {id} is an {soc}; name devices of one \
                         kind"
                    )));
                }
                Some(_) => {}
            }
            contexts.push(Context::new(&device).map_err(Failure::environment)?);
        }
        let Some((_, soc)) = chip else {
            return Err(Failure::Usage("--device names no device".to_owned()));
        };
        let name = match runtime.source().simulator {
            Some(simulator) => format!("{soc} (simulated by {simulator})"),
            None => soc.clone(),
        };
        Ok(Devices {
            runtime,
            contexts,
            soc,
            name,
        })
    }
}

impl Devices {
    /// Says on how many of them something ran, unless it is one.
    pub(super) fn title(&self) -> String {
        match self.contexts.len() {
            0 | 1 => self.name.clone(),
            count => format!("{count} x {}", self.name),
        }
    }
}
