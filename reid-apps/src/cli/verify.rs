//! `reid verify`: may this model be trusted?

use std::path::{Path, PathBuf};

use acl::{Context, Runtime};
use clap::Args;

use super::exit::Failure;
use super::{DeviceArgs, out};
use crate::verify::{Options, Rows, Subject, Verdict, VerifyError, verify};

#[derive(Clone, Debug, Args)]
pub(super) struct VerifyArgs {
    /// The model: an .om, or an ONNX file, which runs on the simulator in float32
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// Another form of the same network: another batch, the ONNX it was made from; may be repeated
    #[arg(long, value_name = "MODEL")]
    against: Vec<PathBuf>,

    /// Images to ask with, instead of drawn ones
    #[arg(long, value_name = "FILE", num_args = 1..)]
    images: Vec<PathBuf>,

    /// Rows to draw
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    rows: u16,

    /// The seed of what is drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// The batch of ONNX files that leave it open
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    batch: u16,

    /// The least cosine between models and between precisions
    #[arg(long, value_name = "COSINE", default_value_t = 0.999, value_parser = cosine)]
    threshold: f64,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

fn cosine(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err(format!("{text} is no cosine; write a number from 0 to 1")),
    }
}

pub(super) fn run(arguments: &VerifyArgs) -> Result<(), Failure> {
    let subject = open(arguments, &arguments.model, false)?;
    let ports = subject.inputs();
    let rows = if arguments.images.is_empty() {
        Rows::drawn(ports, arguments.rows.into(), arguments.seed)
    } else {
        if let Some(absent) = arguments.images.iter().find(|path| !path.exists()) {
            return Err(Failure::environment(format!(
                "{}: found no such file, wanted an image",
                absent.display()
            )));
        }
        Rows::of_files(ports, &arguments.images).map_err(Failure::ran)?
    };
    let mut others = Vec::new();
    for path in &arguments.against {
        others.push((
            format!("against {}", name(path)),
            open(arguments, path, false)?,
        ));
    }
    // One ONNX is enough to see what half precision does to the network.
    let onnx = [&arguments.model]
        .into_iter()
        .chain(&arguments.against)
        .find(|path| is_onnx(path));
    if let Some(path) = onnx {
        others.push((
            format!("half precision of {}", name(path)),
            open(arguments, path, true)?,
        ));
    }
    let options = Options {
        threshold: arguments.threshold,
    };
    let verdict = verify(&subject, &others, &rows, options).map_err(failure)?;
    print(arguments, &subject, &rows, &verdict)?;
    if verdict.passed() {
        return Ok(());
    }
    let failed = verdict.checks.iter().filter(|check| !check.passed).count();
    Err(Failure::ran(format!(
        "{}: {failed} of {} checks do not hold",
        arguments.model.display(),
        verdict.checks.len()
    )))
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn is_onnx(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("onnx"))
}

fn failure(error: VerifyError) -> Failure {
    match error {
        VerifyError::Io { .. } => Failure::environment(error),
        other => Failure::ran(other),
    }
}

/// Loads a model where it belongs: an `.om` on the chosen library, an ONNX on the simulator.
fn open(arguments: &VerifyArgs, path: &Path, half: bool) -> Result<Subject, Failure> {
    if !path.is_file() {
        return Err(Failure::environment(format!(
            "{}: found no such file, wanted a model",
            path.display()
        )));
    }
    if is_onnx(path) {
        return open_onnx(path, arguments.batch.into(), half);
    }
    let api = arguments
        .device
        .backend
        .open()
        .map_err(Failure::environment)?;
    let context = context(api, arguments.device.device).map_err(Failure::environment)?;
    Subject::open(&context, path).map_err(failure)
}

fn context(api: &'static acl_sys::Api, device: i32) -> acl::Result<Context> {
    let runtime = Runtime::init(api)?;
    Context::new(&runtime.device(device)?)
}

#[cfg(feature = "sim")]
fn open_onnx(path: &Path, batch: usize, half: bool) -> Result<Subject, Failure> {
    use ascend_om::onnx::ModelProto;

    let wrong = |detail: String| {
        failure(VerifyError::Onnx {
            path: path.to_owned(),
            detail,
        })
    };
    let mut bytes = std::fs::read(path).map_err(|source| {
        failure(VerifyError::Io {
            path: path.to_owned(),
            source,
        })
    })?;
    if half {
        bytes = ascendcl::exec::onnx_in_half_precision(bytes).map_err(wrong)?;
    }
    let model = ModelProto::read(bytes.clone().into()).map_err(|error| wrong(error.to_string()))?;
    let mut options = ascendcl::atc::Options::default();
    for input in model.graph.iter().flat_map(|graph| graph.data_inputs()) {
        let mut dims = input.dims().unwrap_or_default();
        if let Some(first) = dims.first_mut().filter(|first| **first < 0) {
            *first = i64::try_from(batch).unwrap_or(1);
        }
        options.input_shape.push((input.name.clone(), dims));
    }
    drop(model);
    let om = ascendcl::atc::convert_bytes(&bytes, &name(path), &options)
        .map_err(|error| wrong(error.to_string()))?;
    drop(bytes);
    let context = context(ascendcl::api(), 0).map_err(Failure::environment)?;
    Subject::of_bytes(&context, &om, path).map_err(failure)
}

#[cfg(not(feature = "sim"))]
fn open_onnx(path: &Path, _batch: usize, _half: bool) -> Result<Subject, Failure> {
    Err(Failure::environment(format!(
        "{}: an ONNX file runs on the simulator, which this program was built without; build it with the feature sim",
        path.display()
    )))
}

/// The end of a name, which tells more than its beginning.
fn ending(name: &str, width: usize) -> String {
    let name = crate::inspect::shown(name);
    let length = name.chars().count();
    if length <= width {
        return name;
    }
    let end: String = name.chars().skip(length + 1 - width).collect();
    format!("…{end}")
}

fn print(
    arguments: &VerifyArgs,
    subject: &Subject,
    rows: &Rows,
    verdict: &Verdict,
) -> Result<(), Failure> {
    if arguments.json {
        let value = serde_json::json!({
            "format": 1,
            "model": arguments.model.display().to_string(),
            "against": arguments.against.iter().map(|p| p.display().to_string()).collect::<Vec<_>>(),
            "backend": arguments.device.backend.to_string(),
            "rows": rows.count,
            "batch": subject.batch(),
            "threshold": arguments.threshold,
            "passed": verdict.passed(),
            "checks": verdict.checks,
        });
        out!(
            "{}",
            serde_json::to_string_pretty(&value).map_err(Failure::ran)?
        )?;
        return Ok(());
    }
    let asked = if arguments.images.is_empty() {
        "drawn"
    } else {
        "given"
    };
    out!(
        "{}: batch {}, {} {asked} rows, backend {}",
        arguments.model.display(),
        subject.batch(),
        rows.count,
        arguments.device.backend
    )?;
    let wide =
        |texts: &mut dyn Iterator<Item = &str>| texts.map(|t| t.chars().count()).max().unwrap_or(0);
    let first = wide(&mut verdict.checks.iter().map(|c| c.name.as_str())).max(5);
    let second = wide(&mut verdict.checks.iter().map(|c| c.output.as_str())).clamp(6, 40);
    out!(
        "      {:<first$}  {:<second$}  {:>12}  {:>11}  {:>10}  {:>9}  wanted",
        "check",
        "output",
        "least cosine",
        "mean cosine",
        "difference",
        "relative"
    )?;
    for check in &verdict.checks {
        let a = &check.agreement;
        out!(
            "{}  {:<first$}  {:<second$}  {:>12.7}  {:>11.7}  {:>10.2e}  {:>9.1e}  {}",
            if check.passed { "ok  " } else { "FAIL" },
            check.name,
            ending(&check.output, second),
            a.least_cosine,
            a.mean_cosine,
            a.largest_difference,
            a.relative_difference,
            check.wanted
        )?;
    }
    let all = verdict.checks.len();
    if arguments.against.is_empty() && !is_onnx(&arguments.model) {
        out!(
            "no other form of the network was compared: --against with another batch, or with the \
             ONNX it was made from, shows more"
        )?;
    }
    let held = verdict.checks.iter().filter(|check| check.passed).count();
    out!(
        "{held} of {all} checks hold; threshold: cosine {}",
        arguments.threshold
    )?;
    Ok(())
}
