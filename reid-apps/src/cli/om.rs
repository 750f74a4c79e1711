//! `reid om …`: look into `.om` files, with no device and no SDK.

use std::path::{Path, PathBuf};

use acl::{MemoryKind, Runtime};
use clap::{Args, Subcommand};

use super::exit::Failure;
use super::out;
use crate::backend::Backend;
use crate::files::write_file;
use crate::inspect::check::{Target, Weight, check};
use crate::inspect::matching::{Comparison, compare};
use crate::inspect::{InspectError, Opened, Summary, drawing, print, read_om, shown, weights};

#[derive(Debug, Subcommand)]
pub(super) enum OmCommand {
    /// Show what a file is and holds
    Show(ShowArgs),
    /// Say whether a file will load on a chip, before it is copied there
    Check(CheckArgs),
    /// Write the constants as .npy files in their logical layout
    Weights(WeightsArgs),
    /// Say whether an .om and an ONNX file are the same network
    Match(MatchArgs),
}

#[derive(Clone, Debug, Args)]
pub(super) struct ShowArgs {
    /// The files
    #[arg(value_name = "FILE.om", required = true)]
    files: Vec<PathBuf>,

    /// Print JSON: an array with one object for each file
    #[arg(long)]
    json: bool,

    /// List each constant with its smallest, mean and largest value
    #[arg(long)]
    weights: bool,

    /// Write the main graph for Graphviz
    #[arg(long, value_name = "FILE.dot")]
    dot: Option<PathBuf>,

    /// Draw the main graph
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct CheckArgs {
    /// The file
    #[arg(value_name = "FILE.om")]
    file: PathBuf,

    /// The chip, as aclrtGetSocName tells it
    #[arg(long, value_name = "SOC")]
    soc: Option<String>,

    /// Free memory of the chip, in MiB
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,

    /// Release of CANN on the machine, for example 6.3
    #[arg(long, value_name = "MAJOR.MINOR", value_parser = release)]
    cann: Option<(u32, u32)>,

    /// Ask this library for chip and memory: `auto`, `sim` (ACL_SIM_PROFILE names the chip), or a path
    #[arg(long, value_name = "auto|sim|PATH")]
    backend: Option<Backend>,

    /// The device, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    device: i32,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct WeightsArgs {
    /// The file
    #[arg(value_name = "FILE.om")]
    file: PathBuf,

    /// The folder for the .npy files and weights.json
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(super) struct MatchArgs {
    /// The compiled model
    #[arg(value_name = "FILE.om")]
    om: PathBuf,

    /// The network
    #[arg(value_name = "FILE.onnx")]
    onnx: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn release(text: &str) -> Result<(u32, u32), String> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    let number = |part: &str| {
        part.parse()
            .map_err(|_| format!("{text} is no release; write for example 6.3"))
    };
    Ok((number(major)?, number(minor)?))
}

pub(super) fn run(command: OmCommand) -> Result<(), Failure> {
    match command {
        OmCommand::Show(arguments) => show(&arguments),
        OmCommand::Check(arguments) => run_check(&arguments),
        OmCommand::Weights(arguments) => write_weights(&arguments),
        OmCommand::Match(arguments) => run_match(&arguments),
    }
}

fn show(arguments: &ShowArgs) -> Result<(), Failure> {
    if arguments.files.len() > 1 && (arguments.dot.is_some() || arguments.svg.is_some()) {
        return Err(Failure::Usage("--dot and --svg take one file".into()));
    }
    let (mut all, mut failed) = (Vec::new(), Vec::new());
    for path in &arguments.files {
        // One bad file does not hide the others.
        match show_one(path, arguments) {
            Ok(Some(value)) => all.push(value),
            Ok(None) => {}
            Err(failure @ (Failure::BrokenPipe | Failure::Interrupted(_))) => return Err(failure),
            Err(failure) => failed.extend(failure.message()),
        }
    }
    if arguments.json {
        out!(
            "{}",
            serde_json::to_string_pretty(&all).map_err(Failure::ran)?
        )?;
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::ran(failed.join("\nreid: ")))
    }
}

fn show_one(path: &Path, arguments: &ShowArgs) -> Result<Option<serde_json::Value>, Failure> {
    let bytes = read_om(path).map_err(failure)?;
    let file = Opened::new(path, &bytes).map_err(Failure::ran)?;
    let summary = Summary::of(&file).map_err(Failure::ran)?;
    let listed = if arguments.weights {
        Some(weights::list(&file).map_err(Failure::ran)?)
    } else {
        None
    };
    for (to, text) in [
        (&arguments.dot, drawing::dot as fn(_) -> _),
        (&arguments.svg, drawing::svg),
    ] {
        if let Some(to) = to {
            let text: String = text(&file.model);
            write_file(to, |f| f.write_all(text.as_bytes()))
                .map_err(|e| Failure::ran(format!("{}: {e}", to.display())))?;
        }
    }
    if arguments.json {
        let mut value = serde_json::to_value(&summary).map_err(Failure::ran)?;
        if let Some(listed) = listed {
            value["weights"] = serde_json::to_value(listed).map_err(Failure::ran)?;
        }
        return Ok(Some(value));
    }
    print(&summary, &mut std::io::stdout().lock())?;
    for w in listed.into_iter().flatten() {
        let range = match (w.range, &w.refused) {
            (Some([least, mean, most]), _) => {
                format!("{least:.4} … {mean:.4} … {most:.4}, {} zero", w.zeros)
            }
            (None, Some(reason)) => reason.clone(),
            (None, None) => "no elements".into(),
        };
        out!(
            "    {} {} {} {:?} ({:?}): {range}",
            shown(&w.name),
            w.dtype,
            shown(&w.layout),
            w.dims,
            w.stored_dims
        )?;
    }
    Ok(None)
}

fn target(arguments: &CheckArgs) -> Result<Target, Failure> {
    let mut target = Target {
        soc: arguments.soc.clone().unwrap_or_default(),
        memory: arguments.memory.map(|mib| mib.saturating_mul(1 << 20)),
        cann: arguments.cann,
    };
    let Some(backend) = &arguments.backend else {
        return Ok(target);
    };
    let api = backend.open().map_err(Failure::environment)?;
    let ask = || -> acl::Result<(String, u64)> {
        let runtime = Runtime::init(api)?;
        let device = runtime.device(arguments.device)?;
        Ok((
            device.soc_name()?,
            device.memory(MemoryKind::HBM)?.free as u64,
        ))
    };
    let (soc, free) = ask().map_err(Failure::environment)?;
    if target.soc.is_empty() {
        target.soc = soc;
    }
    target.memory = target.memory.or(Some(free));
    Ok(target)
}

fn run_check(arguments: &CheckArgs) -> Result<(), Failure> {
    let bytes = read_om(&arguments.file).map_err(failure)?;
    let file = Opened::new(&arguments.file, &bytes).map_err(Failure::ran)?;
    let summary = Summary::of(&file).map_err(Failure::ran)?;
    let findings = check(&summary, &target(arguments)?);
    let worst = findings
        .iter()
        .map(|f| f.weight)
        .max()
        .unwrap_or(Weight::Good);
    if arguments.json {
        out!(
            "{}",
            serde_json::to_string_pretty(&findings).map_err(Failure::ran)?
        )?;
    } else {
        for finding in &findings {
            let mark = match finding.weight {
                Weight::Good => "ok   ",
                Weight::Doubt => "doubt",
                Weight::Blocks => "BLOCK",
            };
            out!("{mark}  {:<8} {}", finding.what, shown(&finding.text))?;
        }
    }
    match worst {
        Weight::Blocks => Err(Failure::environment(format!(
            "{} will not load there",
            arguments.file.display()
        ))),
        _ => Ok(()),
    }
}

fn write_weights(arguments: &WeightsArgs) -> Result<(), Failure> {
    let bytes = read_om(&arguments.file).map_err(failure)?;
    let file = Opened::new(&arguments.file, &bytes).map_err(Failure::ran)?;
    let all = weights::write(&file, &arguments.out).map_err(Failure::ran)?;
    let written = all.iter().filter(|w| w.file.is_some()).count();
    out!(
        "{written} of {} constants written to {}",
        all.len(),
        arguments.out.display()
    )?;
    for reason in all.iter().filter_map(|w| w.refused.as_ref()) {
        out!("left out: {}", shown(reason))?;
    }
    Ok(())
}

/// A missing file is the environment's fault, what it holds is the run's.
fn failure(error: InspectError) -> Failure {
    match error {
        InspectError::Io { .. } => Failure::environment(error),
        other => Failure::ran(other),
    }
}

fn run_match(arguments: &MatchArgs) -> Result<(), Failure> {
    let bytes = read_om(&arguments.om).map_err(failure)?;
    let file = Opened::new(&arguments.om, &bytes).map_err(Failure::ran)?;
    let found = compare(&file, &arguments.onnx).map_err(Failure::ran)?;
    if arguments.json {
        out!(
            "{}",
            serde_json::to_string_pretty(&found).map_err(Failure::ran)?
        )?;
    } else {
        print_match(&found)?;
    }
    if found.same() {
        return Ok(());
    }
    let (om, onnx) = (arguments.om.display(), arguments.onnx.display());
    Err(Failure::ran(format!(
        "{om} and {onnx} are not shown to be the same network"
    )))
}

fn print_match(found: &Comparison) -> Result<(), Failure> {
    if found.convolutions > 0 {
        out!(
            "convolutions: {} of {} have filters equal after rounding to half precision",
            found.convolutions_equal,
            found.convolutions
        )?;
    }
    out!(
        "all filters and matrices: {} of {} equal",
        found.equal,
        found.filters
    )?;
    if found.folded > 0 {
        out!(
            "  {} more once the normalisation that follows is folded in",
            found.folded
        )?;
    }
    for missing in &found.missing {
        let near = match (&missing.counterpart, missing.difference) {
            (Some(name), Some(difference)) => {
                format!("; {} differs by up to {difference:.4}", shown(name))
            }
            (Some(name), None) => format!("; {} has other dims", shown(name)),
            _ => String::new(),
        };
        out!(
            "  not in the ONNX: {} {:?}{near}",
            shown(&missing.name),
            missing.dims
        )?;
    }
    for surplus in &found.surplus {
        out!(
            "  not in the .om: {} {:?}",
            shown(&surplus.name),
            surplus.dims
        )?;
    }
    for reason in &found.unread {
        out!("  not read: {}", shown(reason))?;
    }
    if found.interface.is_empty() {
        out!("inputs and outputs: the same")?;
    }
    for difference in &found.interface {
        out!("  {}", shown(difference))?;
    }
    Ok(())
}
