//! `reid infer`: files through any model.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use clap::{Args, ValueEnum};

use super::exit::Failure;
use super::infer_files::{files_info, perf_text, timestamp};
use super::runner_args::{RunnerArgs, acl_json, failure, parse_shard, switch};
use super::tuned::Choice;
use super::{Session, out};
use crate::files::write_file;
use crate::runner::infer::{
    FailedBatch, FileBatch, FileWork, InputFiles, Job, JobOptions, OutFormat, Shape, Summary,
    Writer, parse_range,
};
use crate::runner::{Done, Figures, Outcome, Quantiles, Stage};

#[derive(Clone, Debug, Args)]
pub(super) struct InferArgs {
    /// The compiled model
    #[arg(short = 'm', long, visible_aliases = ["om-model", "om_model", "om_path"], value_name = "FILE.om", required_unless_present = "profile")]
    model: Option<PathBuf>,

    #[command(flatten)]
    runner: RunnerArgs,

    /// The folder in which a folder for the outputs is made; without it nothing is written
    #[arg(short = 'o', long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// The name of the folder for the outputs [default: date and time, UTC]
    #[arg(long = "output_dirname", visible_aliases = ["output-dirname"], value_name = "NAME", requires = "output")]
    output_dirname: Option<String>,

    /// Write into the folder even if it holds something
    #[arg(long)]
    overwrite: bool,

    /// How outputs are written: raw, for numpy, or as text [default: BIN]
    #[arg(long, value_name = "BIN|NPY|TXT")]
    outfmt: Option<OutFormat>,

    /// The axis along which an output holds the samples of a batch
    #[arg(
        long = "output_batchsize_axis",
        visible_alias = "output-batchsize-axis",
        value_name = "AXIS",
        default_value_t = 0
    )]
    axis: usize,

    /// `full` and `tensor`: one batch at a time, so that no latency hides behind another one's
    #[arg(
        long = "run_mode",
        visible_alias = "run-mode",
        value_name = "MODE",
        default_value = "array"
    )]
    run_mode: RunMode,

    /// Run once for each combination: "x:1~3,3,224-448" (a~b: from a to b; a-b-c: each)
    #[arg(
        long = "dymShape_range",
        visible_alias = "dym-shape-range",
        value_name = "NAME:D,…;…",
        group = "shape"
    )]
    range: Option<String>,

    /// Let the library collect profiling data into OUTPUT/profiler
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value = "false", value_parser = switch, hide_default_value = true, requires = "output")]
    profiler: bool,

    /// Let the library dump all operators' tensors into OUTPUT/dump
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value = "false", value_parser = switch, hide_default_value = true, requires = "output")]
    dump: bool,

    /// Log every step, as -vv does
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value = "false", value_parser = switch, hide_default_value = true)]
    pub(super) debug: bool,

    /// Print the times of the copies, too
    #[arg(long = "display_all_summary", visible_alias = "display-all-summary", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value = "false", value_parser = switch, hide_default_value = true)]
    all_summary: bool,

    /// Taken for compatibility: the pipeline is always on
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value = "true", value_parser = switch, hide_default_value = true)]
    pipeline: bool,

    /// Names and files of older tools: ais_bench of 2022 (`sumary.json` in the folder), or
    /// benchmark.x86_64 (`result/dumpOutput_deviceN`, outputs counted from 1, a perf_vision file)
    #[arg(long, value_name = "TOOL")]
    compat: Option<Compat>,

    /// Do one part of the samples: part I of N, from 0; `auto` asks Slurm's or Kubernetes' environment
    #[arg(long, value_name = "I/N|auto")]
    shard: Option<String>,

    /// End at the first batch that fails
    #[arg(long)]
    strict: bool,

    /// Print the summary as JSON instead of the lines
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RunMode {
    Array,
    Files,
    Tensor,
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Compat {
    #[value(name = "2022")]
    AisBench2022,
    Benchmark,
}

pub(super) fn run(arguments: &InferArgs, session: &Session) -> Result<(), Failure> {
    if arguments.profiler && arguments.dump {
        return Err(Failure::Usage(
            "--profiler and --dump exclude each other: the library does one of both in a run; run \
             twice"
                .to_owned(),
        ));
    }
    let mut arguments = arguments.clone();
    let choice = arguments.runner.choose(arguments.model.as_deref())?;
    let arguments = &arguments;
    if let Some(range) = &arguments.range {
        return run_range(arguments, &choice, range, session);
    }
    let outcome = run_once(arguments, &choice, arguments.runner.shape()?, session)?;
    outcome.verdict()
}

/// What is left of a run.
struct Ended {
    summary: Summary,
    interrupted: bool,
}

impl Ended {
    fn verdict(self) -> Result<(), Failure> {
        let reid = &self.summary.reid;
        if self.interrupted {
            return Err(Failure::Interrupted(format!(
                "stopped after {} samples; what was done is kept",
                reid.samples
            )));
        }
        for failed in &reid.failed {
            eprintln!("reid: {}: {}", failed.files.join(", "), failed.error);
        }
        match reid.failed.len() {
            0 => Ok(()),
            count => Err(Failure::ran(format!(
                "{count} batches failed and have no outputs; the others have"
            ))),
        }
    }
}

/// Makes the folder for the outputs.
fn folder(arguments: &InferArgs) -> Result<Option<PathBuf>, Failure> {
    let benchmark = arguments.compat == Some(Compat::Benchmark);
    let root = match (&arguments.output, benchmark) {
        (Some(output), _) => output.clone(),
        (None, true) => PathBuf::from("result"),
        (None, false) => return Ok(None),
    };
    let name = match (&arguments.output_dirname, benchmark) {
        (Some(name), _) => name.clone(),
        (None, true) => format!("dumpOutput_device{}", arguments.runner.device[0]),
        (None, false) => timestamp(SystemTime::now()),
    };
    let folder = root.join(name);
    let filled = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
    if filled && !arguments.overwrite {
        return Err(Failure::Usage(format!(
            "{} exists and holds files; choose another --output_dirname, or write into it by \
             --overwrite",
            folder.display()
        )));
    }
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::ran(format!("{}: {error}", folder.display())))?;
    Ok(Some(folder))
}

fn writer(arguments: &InferArgs, folder: &Path) -> Writer {
    let benchmark = arguments.compat == Some(Compat::Benchmark);
    let default = if benchmark {
        OutFormat::Txt
    } else {
        OutFormat::Bin
    };
    Writer {
        folder: folder.to_owned(),
        format: arguments.outfmt.unwrap_or(default),
        axis: arguments.axis,
        first: usize::from(benchmark),
        first_dot: !benchmark,
    }
}

/// Writes the configuration that --profiler and --dump ask for, unless there is one.
fn acl_config(
    arguments: &InferArgs,
    model: &Path,
    folder: &Path,
) -> Result<Option<PathBuf>, Failure> {
    let (profiler, dump) = (arguments.profiler, arguments.dump);
    match &arguments.runner.acl_json {
        _ if !profiler && !dump => Ok(None),
        None => acl_json(folder, model, profiler, dump).map(Some),
        Some(given) => {
            log::warn!(
                "--profiler and --dump do nothing beside --acl_json_path: what {} says counts",
                given.display()
            );
            Ok(None)
        }
    }
}

fn run_once(
    arguments: &InferArgs,
    choice: &Choice,
    shape: Shape,
    session: &Session,
) -> Result<Ended, Failure> {
    let shard = parse_shard(arguments.shard.as_deref())?;
    if shard.is_some() && arguments.runner.input.is_empty() {
        return Err(Failure::Usage(
            "--shard divides files; name them by --input".to_owned(),
        ));
    }
    let folder = folder(arguments)?;
    let config = match &folder {
        Some(folder) => acl_config(arguments, &choice.model, folder)?,
        None => None,
    };
    let runtime = arguments.runner.runtime(config.as_deref())?;
    let mut pipeline = arguments.runner.options();
    if matches!(arguments.run_mode, RunMode::Full | RunMode::Tensor) {
        pipeline.slots = 1;
    }
    let mut job = Job::open(
        &runtime,
        JobOptions {
            model: &choice.model,
            devices: &arguments.runner.device,
            pipeline,
            passes: 1,
            measure: true,
            shape: shape.clone(),
            input: &arguments.runner.input,
            output_size: &arguments.runner.output_size,
            pure: arguments.runner.pure,
            aipp: arguments.runner.aipp()?,
        },
    )
    .map_err(failure)?;
    choice.check(&job.info)?;
    let writer = folder.as_deref().map(|folder| writer(arguments, folder));
    let work = work(&arguments.runner, &job, shape, writer).map_err(failure)?;
    let (samples, info) = match (&work.files, shard) {
        (Some(files), Some(shard)) => {
            let info = shard.info(files, work.group);
            (info.start..info.end, Some(info))
        }
        (Some(files), None) => (0..files.len(), None),
        (None, _) => (0..1, None),
    };
    let mut summary = Summary {
        args: args(),
        ..Summary::default()
    };
    summary.reid.format = 1;
    summary.reid.run = job.info.clone();
    summary.reid.shard = info;
    let stop = super::mgn::interruption();
    let rounds = arguments.runner.rounds.unwrap_or(1) as usize;
    warm_up(
        &mut job,
        &work,
        samples.clone(),
        arguments.runner.warmup,
        &stop,
    )?;
    let bar = session.progress("samples", samples.len() * rounds);
    let mut figures = Figures::new(0);
    let failed = Mutex::new(Vec::new());
    let sink = |done: Done<FileBatch, (), _>| match done.result {
        Ok(()) => {
            figures.add(&done.trace);
            bar.set(usize::try_from(figures.items()).unwrap_or(usize::MAX));
            ControlFlow::Continue(())
        }
        Err(error) => {
            let mut failed = failed
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            failed.push(FailedBatch {
                files: work.names(&done.batch),
                samples: done.batch.samples.clone().collect(),
                error: error.to_string(),
            });
            if arguments.strict {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
    };
    let batches = work.batches(samples.clone(), rounds);
    log::info!("the batches begin, {} samples in each", work.group);
    let outcome = job.pipeline.run(&work, batches, &stop, sink);
    drop(bar);
    summary.reid.failed = failed.into_inner().unwrap_or_default();
    let batch = arguments
        .runner
        .batchsize
        .map_or(job.batch, |batch| batch as usize);
    summary.set_figures(&figures, batch);
    let (interrupted, fatal) = conclude(&mut summary, outcome);
    let unfinished = interrupted || fatal.is_some() || arguments.strict;
    if let (Some(writer), Some(folder)) = (&work.writer, &folder) {
        files_info(
            &mut summary,
            &work,
            writer,
            samples,
            unfinished,
            job.desc.outputs.len(),
        );
        write_summaries(arguments, &summary, folder, batch)?;
    }
    if arguments.range.is_none() {
        tell(arguments, &summary, &figures, folder.as_deref())?;
    }
    match fatal {
        Some(failure) => Err(failure),
        None => Ok(Ended {
            summary,
            interrupted,
        }),
    }
}

/// Notes how the run ended; returns whether it was stopped, and what kept it from its end.
fn conclude(
    summary: &mut Summary,
    outcome: Result<Outcome, crate::runner::PipelineError>,
) -> (bool, Option<Failure>) {
    match outcome {
        Ok(outcome) => {
            let lost = |(device, why): &(i32, String)| format!("device {device}: {why}");
            summary.reid.lost = outcome.lost.iter().map(lost).collect();
            summary.reid.interrupted = outcome.interrupted;
            (outcome.interrupted, None)
        }
        Err(error) => {
            summary.reid.interrupted = true;
            (true, Some(Failure::environment(error)))
        }
    }
}

/// Reads the inputs' lists and finds out how they make batches.
pub(super) fn work(
    runner: &RunnerArgs,
    job: &Job,
    shape: Shape,
    writer: Option<Writer>,
) -> Result<FileWork, crate::runner::infer::InferError> {
    let inputs = job.inputs();
    let names: Vec<String> = inputs.iter().map(|(_, t)| t.real_name.clone()).collect();
    let mut work = FileWork {
        files: None,
        group: 1,
        inputs,
        writer,
        shape,
        pure_items: job.batch,
    };
    if !runner.input.is_empty() {
        let files = InputFiles::read(&runner.input, &names)?;
        if !matches!(work.shape, Shape::AutoDims | Shape::AutoOpen) {
            work.group = FileWork::find_group(&files, &mut job.probe()?)?;
        }
        work.files = Some(files);
        work.check_names()?;
    }
    Ok(work)
}

/// Runs the first batch some times, and keeps nothing.
pub(super) fn warm_up(
    job: &mut Job,
    work: &FileWork,
    samples: std::ops::Range<usize>,
    count: u32,
    stop: &AtomicBool,
) -> Result<(), Failure> {
    let first = work.batches(samples, 1).next();
    let batches = first.into_iter().flat_map(|batch| {
        let cold = FileBatch {
            write: false,
            ..batch
        };
        std::iter::repeat_n(cold, count as usize)
    });
    // A failure comes again when it counts.
    let done = job
        .pipeline
        .run(work, batches, stop, |_| ControlFlow::Continue(()));
    done.map(drop).map_err(Failure::environment)
}

/// The options, as the vendor's summary has them.
fn args() -> serde_json::Value {
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    serde_json::json!({ "command": words })
}

/// Returns where the summary of a folder lies: beside it.
pub(super) fn summary_path(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!("{name}_summary.json"))
}

fn write_summaries(
    arguments: &InferArgs,
    summary: &Summary,
    folder: &Path,
    batch: usize,
) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(summary).map_err(Failure::ran)?;
    let write = |path: &Path, text: &str| {
        write_file(path, |file| file.write_all(text.as_bytes()))
            .map(drop)
            .map_err(|error| Failure::ran(format!("{}: {error}", path.display())))
    };
    write(&summary_path(folder), &json)?;
    match arguments.compat {
        None => Ok(()),
        Some(Compat::AisBench2022) => write(&folder.join("sumary.json"), &json),
        Some(Compat::Benchmark) => {
            let device = arguments.runner.device[0];
            let name = format!("perf_vision_batchsize_{batch}_device_{device}.txt");
            write(&folder.with_file_name(name), &perf_text(summary))
        }
    }
}

/// One line of figures.
pub(super) fn line(name: &str, q: &Quantiles) -> String {
    format!(
        "{name:<12} ms  min {:.3}  mean {:.3}  median {:.3}  p90 {:.3}  p95 {:.3}  p99 {:.3}  p99.9 {:.3}  max {:.3}  count {}",
        q.min, q.mean, q.median, q.p90, q.p95, q.p99, q.p99_9, q.max, q.count
    )
}

/// Prints the summary.
fn tell(
    arguments: &InferArgs,
    summary: &Summary,
    figures: &Figures,
    folder: Option<&Path>,
) -> Result<(), Failure> {
    if arguments.json {
        let text = serde_json::to_string_pretty(summary).map_err(Failure::ran)?;
        return Ok(out!("{text}")?);
    }
    for stage in Stage::ALL {
        let shown = stage == Stage::Execute
            || (arguments.all_summary && matches!(stage, Stage::Upload | Stage::Download));
        if shown {
            out!("{}", line(stage.name(), &figures.stage(stage).quantiles()))?;
        }
    }
    let reid = &summary.reid;
    out!(
        "throughput   {:.2} samples/s by the formula 1000 x {} / mean execute; {:.2} samples/s of \
         wall-clock time",
        reid.throughput.execute,
        reid.batch,
        reid.throughput.wall
    )?;
    out!(
        "device       {} on {} device(s)",
        reid.run.device(),
        arguments.runner.device.len()
    )?;
    if let Some(folder) = folder {
        out!("outputs      {}", folder.display())?;
        out!("summary      {}", summary_path(folder).display())?;
    }
    Ok(())
}

/// Runs once for each combination of shapes, and prints which of them work.
fn run_range(
    arguments: &InferArgs,
    choice: &Choice,
    range: &str,
    session: &Session,
) -> Result<(), Failure> {
    let all = parse_range(range).map_err(Failure::Usage)?;
    let stop = super::mgn::interruption();
    let (mut good, mut bad) = (0, 0);
    for shapes in all {
        if stop.load(Ordering::Relaxed) {
            return Err(Failure::Interrupted(format!(
                "stopped after {} shapes",
                good + bad
            )));
        }
        let spelled: Vec<String> = shapes
            .iter()
            .map(|(name, dims)| {
                let dims: Vec<_> = dims.iter().map(i64::to_string).collect();
                format!("{name}:{}", dims.join(","))
            })
            .collect();
        let spelled = spelled.join(";");
        let once = InferArgs {
            output: None,
            compat: None,
            ..arguments.clone()
        };
        match run_once(&once, choice, Shape::Open(shapes), session) {
            Ok(ended) if ended.summary.reid.failed.is_empty() => {
                good += 1;
                let rate = ended.summary.reid.throughput;
                out!(
                    "{spelled}  OK  {:.2} samples/s by the formula, {:.2} of wall-clock time",
                    rate.execute,
                    rate.wall
                )?;
            }
            other => {
                bad += 1;
                let why = match other {
                    Ok(ended) => ended.summary.reid.failed[0].error.clone(),
                    Err(failure) => failure.message().unwrap_or_default(),
                };
                out!("{spelled}  FAILED  {why}")?;
            }
        }
    }
    out!("{good} shapes ran, {bad} failed")?;
    if bad > 0 {
        return Err(Failure::ran(format!("{bad} shapes failed")));
    }
    Ok(())
}
