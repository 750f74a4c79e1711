//! A device to run on, and what to call it.

use acl::{Context, Runtime};

use super::super::DeviceArgs;
use super::super::exit::Failure;

/// An open device.
pub(in crate::cli) struct Opened {
    pub(in crate::cli) context: Context,
    /// The chip, and whether it is simulated.
    pub(in crate::cli) name: String,
    pub(super) simulated: bool,
}

impl Opened {
    pub(in crate::cli) fn new(arguments: &DeviceArgs) -> Result<Opened, Failure> {
        let api = arguments.backend.open().map_err(Failure::environment)?;
        let runtime = Runtime::init(api).map_err(Failure::environment)?;
        let device = runtime
            .device(arguments.device)
            .map_err(Failure::environment)?;
        let context = Context::new(&device).map_err(Failure::environment)?;
        let soc = device.soc_name().map_err(Failure::environment)?;
        let name = match runtime.source().simulator {
            Some(simulator) => format!("{soc} (simulated by {simulator})"),
            None => soc,
        };
        Ok(Opened {
            context,
            name,
            simulated: runtime.is_simulated(),
        })
    }

    /// What a sheet must not keep quiet about.
    pub(super) fn note(&self) -> Option<String> {
        self.simulated
            .then(|| "The device was simulated.".to_owned())
    }
}
