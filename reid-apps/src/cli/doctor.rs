//! `reid doctor`: why it does not run.

use clap::Args;

use super::exit::Failure;
use super::{DeviceArgs, out};
use crate::doctor::{Host, Weight, examine};

#[derive(Clone, Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    device: DeviceArgs,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &DoctorArgs) -> Result<(), Failure> {
    let items = examine(
        &Host::this(),
        &arguments.device.backend,
        arguments.device.device,
    );
    let worst = items
        .iter()
        .map(|item| item.weight)
        .max()
        .unwrap_or(Weight::Good);
    if arguments.json {
        out!(
            "{}",
            serde_json::to_string_pretty(&items).map_err(Failure::ran)?
        )?;
    } else {
        for item in &items {
            let mark = match item.weight {
                Weight::Good => "ok   ",
                Weight::Doubt => "doubt",
                Weight::Blocks => "BLOCK",
            };
            out!("{mark}  {:<12} {}", item.section, item.text)?;
        }
    }
    if worst == Weight::Blocks {
        return Err(Failure::environment(
            "models will not run here: see the lines that begin with BLOCK",
        ));
    }
    Ok(())
}
