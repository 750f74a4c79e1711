//! How near the pipeline comes to what a model can do, beside a synchronous loop in the same run.
//!
//! ```text
//! cargo bench -p reid-apps --bench pipeline              # the table
//! cargo bench -p reid-apps --bench pipeline -- million   # memory over 1,000,000 inferences
//! ```
//!
//! The devices are simulated and their times modelled: a run of a model takes as long as its
//! publisher's table says (MGN 1519, DG-Net 584 images/s at batch 8 on a chip; nobody measured them
//! for this project), a copy goes at 8 GiB/s. The networks are small stand-ins of the same inputs
//! and outputs, because the CPU could not compute the real ones in that time. What is measured is
//! whether decoding, preprocessing, copies and threads keep the modelled chip busy.
//!
//! A model's time comes from the environment, so each case runs in a process of its own.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use acl::{Bindings, Context, Model, Runtime};
use ascend_om::onnx::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto,
};
use reid_apps::imaging::{BatchPreprocessor, Recipe};
use reid_apps::runner::{Clock, Done, Figures, Lane, Options, Pipeline, Stage, Work};

const BATCH: usize = 8;
const MGN_RATE: f64 = 1519.0;
const DGNET_RATE: f64 = 584.0;

const PROFILE: &str = r#"
name = "bench"
soc = "Ascend310P3"
chips = 4
memory_mib = 21504
streams = 1024
events = 1023

[[timing.model]]
name = "mgn*"
images_per_second = [[8, 1519.0]]
source = "published table of MGN on 310P, batch 8"

[[timing.model]]
name = "dgnet*"
images_per_second = [[8, 584.0]]
source = "published table of DG-Net on 310P, batch 8"

[timing.copy]
latency_us = 10.0
gib_per_second = 8.0
"#;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A stand-in: each input is cut to a few of its numbers, which are glued together and spread over
/// the output's shape.
fn stand_in(name: &str, inputs: &[(&str, Vec<i64>)], output: &[i64]) -> Result<Vec<u8>, Failure> {
    let node = |op: &str, input: &[&str], output: &str, attribute: Vec<AttributeProto>| NodeProto {
        op_type: op.into(),
        input: input.iter().map(|name| (*name).into()).collect(),
        output: vec![output.into()],
        attribute,
        ..Default::default()
    };
    let mut nodes = Vec::new();
    let mut last = String::new();
    for (index, (input, dims)) in inputs.iter().enumerate() {
        let (starts, mut ends) = (vec![0; dims.len() - 1], vec![1; dims.len() - 1]);
        ends[dims.len() - 2] = dims[dims.len() - 1];
        let axes: Vec<i64> = (1..).take(dims.len() - 1).collect();
        let cut = format!("cut{index}");
        nodes.push(node(
            "Slice",
            &[input],
            &cut,
            vec![
                AttributeProto::ints("starts", &starts),
                AttributeProto::ints("ends", &ends),
                AttributeProto::ints("axes", &axes),
            ],
        ));
        if last.is_empty() {
            last = cut;
        } else {
            let sum = format!("sum{index}");
            nodes.push(node("Add", &[&last, &cut], &sum, Vec::new()));
            last = sum;
        }
    }
    // As many copies along the axes as the output wants.
    let width = inputs[0].1[inputs[0].1.len() - 1];
    let mut count = output.iter().product::<i64>() / (output[0] * width);
    let mut copies = Vec::new();
    for size in &output[1..output.len() - 1] {
        copies.push(*size);
        count /= size;
    }
    copies.push(count.max(1));
    for (index, copies) in copies.iter().enumerate() {
        let glued = format!("glued{index}");
        let same = vec![last.as_str(); usize::try_from(*copies)?];
        let axis = i64::try_from(index + 1)?;
        nodes.push(node(
            "Concat",
            &same,
            &glued,
            vec![AttributeProto::int("axis", axis)],
        ));
        last = glued;
    }
    nodes.push(node("Identity", &[&last], "y", Vec::new()));
    let onnx = ModelProto {
        ir_version: 6,
        opset_import: vec![OperatorSetIdProto {
            version: 9,
            ..Default::default()
        }],
        graph: Some(GraphProto {
            name: name.into(),
            node: nodes,
            input: inputs
                .iter()
                .map(|(name, dims)| ValueInfoProto::tensor(name, 1, dims))
                .collect(),
            output: vec![ValueInfoProto::tensor("y", 1, output)],
            ..Default::default()
        }),
        ..Default::default()
    };
    Ok(ascendcl::atc::convert_bytes(
        &onnx.write(),
        name,
        &Default::default(),
    )?)
}

/// Images through a model: one recipe per input, one or two passes.
struct Images {
    recipes: Vec<BatchPreprocessor>,
    flip: bool,
    /// Where raw outputs go.
    out: Option<PathBuf>,
}

impl Images {
    fn fill(&self, files: &[PathBuf], passes: &mut [Bindings]) -> Result<(), Failure> {
        for (input, recipe) in self.recipes.iter().enumerate() {
            let done = match passes {
                [plain] => recipe.run_files(files, plain.stage(input)?, None),
                [plain, flip] if self.flip => {
                    recipe.run_files(files, plain.stage(input)?, Some(flip.stage(input)?))
                }
                _ => return Err("one or two passes".into()),
            };
            for one in done.map_err(|problem| problem.to_string())? {
                one?;
            }
        }
        Ok(())
    }

    fn take(&self, number: usize, passes: &[Bindings]) -> Result<f32, Failure> {
        let mut sum = 0.0;
        for bindings in passes {
            let numbers: &[f32] = bindings.staged(0)?;
            sum += numbers[0];
            if let Some(out) = &self.out {
                let path = out.join(format!("{}.bin", number % 16));
                std::fs::write(path, bindings.staged_bytes(0)?)?;
            }
        }
        Ok(sum)
    }
}

impl Work for Images {
    type Batch = (usize, Vec<PathBuf>);
    type Output = f32;
    type Error = Failure;

    fn fill(
        &self,
        batch: &mut Self::Batch,
        passes: &mut [Bindings],
        clock: &mut Clock,
    ) -> Result<(), Failure> {
        clock.items(batch.1.len());
        clock.time(Stage::Preprocess, || self.fill(&batch.1, passes))
    }

    fn take(
        &self,
        batch: &mut Self::Batch,
        passes: &[Bindings],
        clock: &mut Clock,
    ) -> Result<f32, Failure> {
        clock.time(Stage::Postprocess, || self.take(batch.0, passes))
    }
}

/// Nothing to do on the host.
struct Nothing;

impl Work for Nothing {
    type Batch = ();
    type Output = ();
    type Error = Failure;

    fn fill(&self, (): &mut (), _: &mut [Bindings], _: &mut Clock) -> Result<(), Failure> {
        Ok(())
    }

    fn take(&self, (): &mut (), _: &[Bindings], _: &mut Clock) -> Result<(), Failure> {
        Ok(())
    }
}

fn staged(model: &Model) -> acl::Result<Bindings> {
    model.bindings()?.with_staging()
}

fn context(device: i32) -> Result<Context, Failure> {
    Ok(Context::new(
        &Runtime::init(ascendcl::api())?.device(device)?,
    )?)
}

/// Draws some JPEG files of people.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let options = reid_apps::synth::Options {
        identities: 12,
        cameras: 3,
        shots: 2,
        ..Default::default()
    };
    reid_apps::synth::write_market(folder, &options)?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder.join("bounding_box_test"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jpg") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Images through one chip: by the pipeline, and by a loop that does one thing after the other.
fn images(name: &str) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let files = pictures(&folder.path().join("market"))?;
    let n = i64::try_from(BATCH)?;
    let (om, recipes, flip, rate, out) = match name {
        "dgnet" => {
            let out = folder.path().join("out");
            std::fs::create_dir(&out)?;
            let inputs = [
                ("image1", vec![n, 1, 256, 128]),
                ("image2", vec![n, 3, 256, 128]),
            ];
            let recipes = [Recipe::DGNET_STRUCTURE, Recipe::DGNET_CONTENT];
            let om = stand_in("dgnet_bs8", &inputs, &[n, 3, 256, 128])?;
            (om, recipes.to_vec(), false, DGNET_RATE, Some(out))
        }
        _ => {
            let inputs = [("image", vec![n, 3, 384, 128])];
            let om = stand_in("mgn_bs8", &inputs, &[n, 1, 1, 2048])?;
            let flip = name == "mgn-flip";
            (om, vec![Recipe::MGN], flip, MGN_RATE, None)
        }
    };
    let passes = if flip { 2 } else { 1 };
    let limit = rate / f64::from(u8::try_from(passes)?);
    let work = Images {
        recipes: recipes.into_iter().map(BatchPreprocessor::new).collect(),
        flip,
        out,
    };
    let batch = |number: usize| {
        let file = |row: usize| files[(number * BATCH + row) % files.len()].clone();
        (number, (0..BATCH).map(file).collect::<Vec<_>>())
    };
    // About three seconds at the limit.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundred"
    )]
    let batches = (3.0 * limit / BATCH as f64) as usize;

    let model = Model::from_memory(&context(0)?, &om)?;
    let mut bindings = (0..passes)
        .map(|_| staged(&model))
        .collect::<acl::Result<Vec<_>>>()?;
    let few = batches / 3;
    let begin = Instant::now();
    for number in 0..few {
        work.fill(&batch(number).1, &mut bindings)?;
        for bindings in &mut bindings {
            bindings.upload()?;
            model.execute(bindings)?;
            bindings.download()?;
        }
        work.take(number, &bindings)?;
    }
    let alone = (few * BATCH) as f64 / begin.elapsed().as_secs_f64();
    drop(bindings);

    let options = Options {
        slots: 4,
        workers: 2,
    };
    let lane = Lane::new(model, passes, true);
    let mut pipeline = Pipeline::new(vec![lane], options, Box::new(staged))?;
    let mut figures = Figures::new(0);
    let (mut failed, mut ends) = (None, Vec::with_capacity(batches));
    let sink = |done: Done<_, f32, Failure>| {
        let whole = done.trace.whole;
        ends.push((whole.start + whole.length).as_secs_f64());
        match done.result {
            Ok(_) => figures.add(&done.trace),
            Err(error) => failed = Some(error.to_string()),
        }
        ControlFlow::Continue(())
    };
    let begin = Instant::now();
    pipeline.run(
        &work,
        (0..batches).map(batch),
        &AtomicBool::new(false),
        sink,
    )?;
    let whole = (batches * BATCH) as f64 / begin.elapsed().as_secs_f64();
    if let Some(failed) = failed {
        return Err(failed.into());
    }
    // Between the ends of two batches, when all slots were full already.
    let (from, to) = (batches / 10, batches - 5);
    let steady = ((to - from) * BATCH) as f64 / (ends[to] - ends[from]);
    println!(
        "{name:<10} limit {limit:7.1}/s  pipeline {steady:7.1}/s = {:5.1} % of the limit ({whole:.1}/s with its start and end)  \
         synchronous loop {alone:7.1}/s = {:5.1} %",
        100.0 * steady / limit,
        100.0 * alone / limit
    );
    let stage = |stage: Stage| figures.stage(stage).quantiles().median;
    println!(
        "           medians, ms: preprocess {:.2}  H2D {:.2}  execute {:.2}  D2H {:.2}  postprocess {:.2}",
        stage(Stage::Preprocess),
        stage(Stage::Upload),
        stage(Stage::Execute),
        stage(Stage::Download),
        stage(Stage::Postprocess)
    );
    Ok(())
}

fn zero_model() -> Result<Vec<u8>, Failure> {
    stand_in("zero", &[("x", vec![1, 1, 256])], &[1, 1, 256])
}

/// Four chips and nothing to compute: what the pipeline itself costs.
fn zero() -> Result<(), Failure> {
    let om = zero_model()?;
    let models = (0..4)
        .map(|device| Ok(Model::from_memory(&context(device)?, &om)?))
        .collect::<Result<Vec<_>, Failure>>()?;
    let batches = 40_000_u32;

    let begin = Instant::now();
    let models = std::thread::scope(|scope| {
        let threads: Vec<_> = models
            .into_iter()
            .map(|model| {
                scope.spawn(move || -> Result<Model, Failure> {
                    let mut bindings = staged(&model)?;
                    for _ in 0..batches / 4 {
                        bindings.upload()?;
                        model.execute(&mut bindings)?;
                        bindings.download()?;
                    }
                    Ok(model)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a thread panicked")?)
            .collect::<Result<Vec<_>, Failure>>()
    })?;
    let alone = f64::from(batches) / begin.elapsed().as_secs_f64();

    let options = Options {
        slots: 4,
        workers: 0,
    };
    let lanes = models
        .into_iter()
        .map(|model| Lane::new(model, 1, false))
        .collect();
    let mut pipeline = Pipeline::new(lanes, options, Box::new(staged))?;
    let stop = AtomicBool::new(false);
    let begin = Instant::now();
    pipeline.run(&Nothing, (0..batches).map(|_| ()), &stop, |_| {
        ControlFlow::Continue(())
    })?;
    let rate = f64::from(batches) / begin.elapsed().as_secs_f64();
    println!(
        "zero work  four chips, 1 KB inputs: pipeline {rate:.0} batches/s, synchronous loops (a thread a chip) {alone:.0}"
    );
    Ok(())
}

/// Returns the process's resident memory in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

/// A million inferences: memory must not grow.
fn million() -> Result<(), Failure> {
    let om = zero_model()?;
    let lanes = (0..2)
        .map(|device| {
            Ok(Lane::new(
                Model::from_memory(&context(device)?, &om)?,
                1,
                true,
            ))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let options = Options {
        slots: 3,
        workers: 0,
    };
    let mut pipeline = Pipeline::new(lanes, options, Box::new(staged))?;
    let mut figures = Figures::new(4096);
    let mut seen = Vec::new();
    let sink = |done: Done<_, (), Failure>| {
        figures.add(&done.trace);
        if (done.number + 1).is_multiple_of(100_000) {
            seen.push(resident());
        }
        ControlFlow::Continue(())
    };
    let stop = AtomicBool::new(false);
    pipeline.run(&Nothing, (0..1_000_000).map(|_| ()), &stop, sink)?;
    println!("million    resident KiB after each 100,000 inferences: {seen:?}");
    let (first, last) = (seen[0], seen[seen.len() - 1]);
    if last > first + 1024 {
        return Err(format!("memory grew from {first} to {last} KiB").into());
    }
    Ok(())
}

fn child(case: &str) -> Result<(), Failure> {
    match case {
        "zero" => zero(),
        "million" => million(),
        _ => images(case),
    }
}

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = words.iter().position(|word| word == "--case") {
        return child(&words[at + 1]);
    }
    let folder = tempfile::tempdir()?;
    let profile = folder.path().join("bench.toml");
    std::fs::write(&profile, PROFILE)?;
    let wanted = |case: &str| match &words[..] {
        [] => case != "million",
        words if words.iter().all(|word| word.starts_with("--")) => case != "million",
        words => words.iter().any(|word| word == case),
    };
    let cases = ["mgn", "mgn-flip", "dgnet", "zero", "million"];
    for case in cases.into_iter().filter(|case| wanted(case)) {
        let timing = if ["zero", "million"].contains(&case) {
            "0"
        } else {
            "1"
        };
        let status = Command::new(std::env::current_exe()?)
            .args(["--case", case])
            .env("ACL_SIM_PROFILE", &profile)
            .env("ACL_SIM_TIMING", timing)
            .status()?;
        if !status.success() {
            return Err(format!("{case} failed").into());
        }
    }
    Ok(())
}
