//! `reid bench`: how fast a model is, and whether it still is.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use clap::Args;

use super::exit::Failure;
use super::infer::{line, warm_up, work};
use super::runner_args::{RunnerArgs, failure};
use super::tuned::{Choice, Tried, Tuned};
use super::{Session, out};
use crate::files::write_file;
use crate::runner::bench::{BenchReport, Setup, Warm, compare, page};
use crate::runner::infer::{FailedBatch, Job, JobOptions};
use crate::runner::{Done, Figures};

/// How long a benchmark takes unless it is told.
const SECONDS: f64 = 5.0;
/// Batches that are kept for timeline and outliers.
const KEPT: usize = 4096;

#[derive(Clone, Debug, Args)]
pub(super) struct BenchArgs {
    /// The compiled model
    #[arg(short = 'm', long, visible_aliases = ["om-model", "om_model"], value_name = "FILE.om", required_unless_present_any = ["compare", "autotune", "profile"])]
    model: Option<PathBuf>,

    #[command(flatten)]
    runner: RunnerArgs,

    /// How long to run, in seconds, beyond the warm-up [default: 5, unless --loop is given]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    duration: Option<f64>,

    /// Print the report as JSON, or write it into a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    json: Option<PathBuf>,

    /// Write the figures of the stages as CSV
    #[arg(long, value_name = "FILE.csv")]
    csv: Option<PathBuf>,

    /// Write a page with the timeline of each slot and histograms
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,

    /// Fail (1) below this many samples per second of wall-clock time
    #[arg(long = "min-fps", value_name = "RATE")]
    min_fps: Option<f64>,

    /// Fail (1) if the 99th percentile of a batch's whole way is above this
    #[arg(long = "max-p99", value_name = "MS")]
    max_p99: Option<f64>,

    /// Compare two reports instead of running; fail (1) if the second is worse
    #[arg(long, value_name = "FILE.json", num_args = 2, conflicts_with_all = ["model", "autotune", "profile"])]
    compare: Vec<PathBuf>,

    /// How much worse a figure may be, in per cent
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    tolerance: f64,

    /// Find the model and the number of slots with the best rate; name a model per batch size
    #[arg(long, value_name = "FILE.om", num_args = 1.., conflicts_with_all = ["model", "profile", "slots"])]
    autotune: Vec<PathBuf>,

    /// Where --autotune writes what it found
    #[arg(long, value_name = "FILE.toml", default_value = "reid-tuned.toml")]
    tuned: PathBuf,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('s').parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds < 1e7 => Ok(seconds),
        _ => Err("write seconds above 0".to_owned()),
    }
}

pub(super) fn run(arguments: &BenchArgs, session: &Session) -> Result<(), Failure> {
    if let [before, after] = &arguments.compare[..] {
        return run_compare(before, after, arguments.tolerance);
    }
    if !arguments.autotune.is_empty() {
        return autotune(arguments, session);
    }
    let mut arguments = arguments.clone();
    let choice = arguments.runner.choose(arguments.model.as_deref())?;
    let arguments = &arguments;
    let (report, figures) = measure(arguments, &choice)?;
    write(arguments, &report, &figures)?;
    if !matches!(&arguments.json, Some(path) if path.as_os_str() == "-") {
        tell(&report)?;
    }
    verdict(arguments, &report)
}

/// Measures a model.
fn measure(arguments: &BenchArgs, choice: &Choice) -> Result<(BenchReport, Figures), Failure> {
    let runner = &arguments.runner;
    let runtime = runner.runtime(None)?;
    let shape = runner.shape()?;
    let pipeline = runner.options();
    let mut job = Job::open(
        &runtime,
        JobOptions {
            model: &choice.model,
            devices: &runner.device,
            pipeline,
            passes: 1,
            measure: true,
            shape: shape.clone(),
            input: &runner.input,
            output_size: &runner.output_size,
            pure: runner.pure,
            aipp: runner.aipp()?,
        },
    )
    .map_err(failure)?;
    choice.check(&job.info)?;
    let work = work(runner, &job, shape, None).map_err(failure)?;
    let samples = work.files.as_ref().map_or(0..1, |files| 0..files.len());
    let stop = super::mgn::interruption();
    warm_up(&mut job, &work, samples.clone(), runner.warmup, &stop)?;

    // Ctrl-C and the end of the time both end the source; only one of them is an interruption.
    let limit = match (arguments.duration, runner.rounds) {
        (Some(seconds), _) => Some(seconds),
        (None, Some(_)) => None,
        (None, None) => Some(SECONDS),
    };
    let end = limit.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let rounds = match (end, runner.rounds) {
        (_, Some(rounds)) => rounds as usize,
        _ => usize::MAX,
    };
    let list: Vec<_> = work.batches(samples, 1).map(cold).collect();
    let batches = (0..rounds)
        .flat_map(|_| list.iter().cloned())
        .take_while(|_| end.is_none_or(|end| Instant::now() < end));
    let mut warm = Warm::new(KEPT);
    let mut failed = Vec::new();
    let sink = |done: Done<_, (), _>| {
        match done.result {
            Ok(()) => warm.add(&done.trace),
            Err(error) => failed.push(FailedBatch {
                files: work.names(&done.batch),
                samples: done.batch.samples.clone().collect(),
                error: error.to_string(),
            }),
        }
        // Ten failures tell as much as ten thousand.
        if failed.len() < 10 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    let outcome = job
        .pipeline
        .run(&work, batches, &stop, sink)
        .map_err(Failure::environment)?;
    let (figures, dropped, settled) = warm.finish();
    let setup = Setup {
        devices: runner.device.clone(),
        slots: pipeline.slots,
        workers: pipeline.workers,
        batch: job.batch,
        files: work.files.is_some(),
    };
    let formula = runner.batchsize.map_or(job.batch, |batch| batch as usize);
    let mut report = BenchReport::new(
        job.info.clone(),
        setup,
        (&figures, dropped, settled),
        formula,
    );
    report.failed = failed;
    report.interrupted = outcome.interrupted;
    Ok((report, figures))
}

/// A batch of which nothing is written.
fn cold(batch: crate::runner::infer::FileBatch) -> crate::runner::infer::FileBatch {
    crate::runner::infer::FileBatch {
        write: false,
        ..batch
    }
}

fn write(arguments: &BenchArgs, report: &BenchReport, figures: &Figures) -> Result<(), Failure> {
    let file = |path: &Path, text: &str| {
        write_file(path, |file| file.write_all(text.as_bytes()))
            .map(drop)
            .map_err(|error| Failure::ran(format!("{}: {error}", path.display())))
    };
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(report).map_err(Failure::ran)?;
        if path.as_os_str() == "-" {
            out!("{text}")?;
        } else {
            file(path, &text)?;
        }
    }
    if let Some(path) = &arguments.csv {
        file(path, &report.csv())?;
    }
    if let Some(path) = &arguments.html {
        file(path, &page(report, figures))?;
    }
    Ok(())
}

fn tell(report: &BenchReport) -> Result<(), Failure> {
    for (name, quantiles) in report.rows() {
        out!("{}", line(name, quantiles))?;
    }
    out!(
        "throughput   {:.2} samples/s by the formula 1000 x batch / mean execute; {:.2} samples/s \
         of wall-clock time",
        report.throughput.execute,
        report.throughput.wall
    )?;
    out!(
        "batches      {} of {} samples in {:.2} s, {} left out at the start{}",
        report.batches,
        report.setup.batch,
        report.seconds,
        report.warm_up,
        if report.settled {
            ""
        } else {
            "; it did not settle, run longer"
        }
    )?;
    if let Some(worst) = report.outliers.first() {
        out!(
            "outliers     {}; the worst: {} of batch {}, {:.3} ms, at {:.3} s",
            report.outlier_count,
            worst.stage,
            worst.batch,
            worst.ms,
            worst.at
        )?;
    }
    out!("device       {}", report.run.device())?;
    Ok(())
}

/// Holds the report against the gates.
fn verdict(arguments: &BenchArgs, report: &BenchReport) -> Result<(), Failure> {
    for failed in &report.failed {
        eprintln!("reid: {}: {}", failed.files.join(", "), failed.error);
    }
    let mut broken = Vec::new();
    if !report.failed.is_empty() {
        broken.push(format!("{} batches failed", report.failed.len()));
    }
    let rate = report.throughput.wall;
    if let Some(wanted) = arguments.min_fps.filter(|wanted| rate < *wanted) {
        broken.push(format!("{rate:.2} samples/s, --min-fps wants {wanted}"));
    }
    let p99 = report.latency.p99;
    if let Some(wanted) = arguments.max_p99.filter(|wanted| p99 > *wanted) {
        broken.push(format!("p99 is {p99:.3} ms, --max-p99 allows {wanted}"));
    }
    if !broken.is_empty() {
        return Err(Failure::ran(broken.join("; ")));
    }
    if report.interrupted {
        return Err(Failure::Interrupted(format!(
            "stopped; the figures are those of {} batches",
            report.batches
        )));
    }
    Ok(())
}

fn read(path: &Path) -> Result<BenchReport, Failure> {
    let text = std::fs::read(path)
        .map_err(|error| Failure::ran(format!("{}: {error}", path.display())))?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::ran(format!(
            "{}: {error}; wanted a report that `reid bench --json FILE` wrote",
            path.display()
        ))
    })
}

fn run_compare(before: &Path, after: &Path, tolerance: f64) -> Result<(), Failure> {
    let comparison = compare(&read(before)?, &read(after)?, tolerance / 100.0);
    for line in &comparison.lines {
        out!("{line}")?;
    }
    if comparison.worse.is_empty() {
        return Ok(());
    }
    Err(Failure::ran(format!(
        "worse by more than {tolerance} %: {}",
        comparison.worse.join("; ")
    )))
}

/// Tries each model with 1 to 4 slots, and keeps the best; of equals the one with fewer slots.
fn autotune(arguments: &BenchArgs, session: &Session) -> Result<(), Failure> {
    let stop: &AtomicBool = &super::mgn::interruption();
    let mut quick = BenchArgs {
        duration: Some(arguments.duration.unwrap_or(1.0)),
        ..arguments.clone()
    };
    let bar = session.progress("settings", arguments.autotune.len() * 4);
    let mut tried: Vec<Tried> = Vec::new();
    let mut best: Option<(usize, BenchReport)> = None;
    for model in &arguments.autotune {
        // A profile is read from anywhere.
        let model = std::path::absolute(model)?;
        let choice = quick.runner.choose(Some(&model))?;
        for slots in 1..=4 {
            quick.runner.slots = Some(slots);
            let (report, _) = measure(&quick, &choice)?;
            verdict(&quick, &report)?;
            if stop.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(Failure::Interrupted(
                    "stopped; nothing is written".to_owned(),
                ));
            }
            let rate = report.throughput.wall;
            tried.push(Tried {
                model: model.clone(),
                batch: report.setup.batch,
                slots: usize::from(slots),
                samples_per_second: rate,
                execute_median_ms: report.stages.get("execute").map_or(0.0, |q| q.median),
            });
            // One per cent is noise: more slots must earn more than that.
            let better = best
                .as_ref()
                .is_none_or(|(_, best)| rate > best.throughput.wall * 1.01);
            if better {
                best = Some((tried.len() - 1, report));
            }
            bar.set(tried.len());
        }
    }
    drop(bar);
    for one in &tried {
        out!(
            "{}  batch {}  slots {}  {:.2} samples/s",
            one.model.display(),
            one.batch,
            one.slots,
            one.samples_per_second
        )?;
    }
    let Some((index, report)) = best else {
        return Err(Failure::Usage("--autotune names no model".to_owned()));
    };
    let tuned = Tuned {
        model: tried[index].model.clone(),
        sha256: report.run.sha256.clone(),
        batch: report.setup.batch,
        slots: report.setup.slots,
        dym_batch: arguments.runner.dym_batch,
        samples_per_second: report.throughput.wall,
        device: report.run.device(),
        simulated: report.run.simulated,
        tried,
    };
    out!(
        "best         {} with {} slots: {:.2} samples/s on {}",
        tuned.model.display(),
        tuned.slots,
        tuned.samples_per_second,
        tuned.device
    )?;
    let text = tuned.to_toml();
    write_file(&arguments.tuned, |file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::ran(format!("{}: {error}", arguments.tuned.display())))?;
    out!("profile      {}", arguments.tuned.display())?;
    Ok(())
}
