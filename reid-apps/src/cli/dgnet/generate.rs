//! `reid dgnet generate`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::super::devices::DevicesArgs;
use super::super::exit::Failure;
use super::super::mgn::interruption;
use super::super::runner_args::parse_shard;
use super::super::{Session, out};
use super::{PairArgs, PictureArgs, before, failure};
use crate::dgnet::{DgnetError, Generator, Job, OutputFolder, PairName, RECORD, Task, generate};

/// The file of pairs in an output folder.
pub(super) const PAIRS: &str = "pairs.tsv";

#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct GenerateArgs {
    /// The DG-Net, converted to an .om (inputs image1 N,1,256,128 and image2 N,3,256,128)
    #[arg(long, value_name = "FILE.om")]
    model: PathBuf,

    /// The folder of people, such as Market/pytorch/train_all
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// The folder for off-gan_id, off-gan_bg and pairs.tsv
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Only the first pairs, for a look
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Empty the output folder first if it holds something else
    #[arg(long)]
    force: bool,

    /// Do one part of the pairs: part I of N, from 0; `auto` asks Slurm's or Kubernetes' environment.
    /// All parts may write to one folder
    #[arg(long, value_name = "I/N|auto", conflicts_with = "force")]
    shard: Option<String>,

    #[command(flatten)]
    pairing: PairArgs,

    #[command(flatten)]
    pictures: PictureArgs,

    #[command(flatten)]
    device: DevicesArgs,
}

#[cfg(feature = "sim")]
impl GenerateArgs {
    /// All pairs of a folder by the seed, as PNG; what an earlier run of this command with other
    /// settings left in `out` is removed, anything else there is refused.
    pub(in crate::cli) fn lossless(
        model: &Path,
        data: &Path,
        out: &Path,
        seed: u64,
        device: DevicesArgs,
    ) -> Self {
        Self {
            model: model.to_owned(),
            data: data.to_owned(),
            out: out.to_owned(),
            limit: None,
            force: out.join(RECORD).is_file(),
            shard: None,
            pairing: PairArgs {
                seed,
                structures: 1,
                pairs: None,
            },
            pictures: PictureArgs {
                names: super::NamesKind::Guide,
                format: super::FormatKind::Png,
            },
            device,
        }
    }

    /// Where the pairs of the run are.
    pub(in crate::cli) fn pairs_file(&self) -> PathBuf {
        self.out.join(PAIRS)
    }
}

pub(in crate::cli) fn run(arguments: &GenerateArgs, session: &Session) -> Result<(), Failure> {
    let shard = parse_shard(arguments.shard.as_deref())?;
    let paired = arguments.pairing.open(&arguments.data)?;
    let opened = arguments.device.open()?;
    let generators =
        Generator::open_all(&opened.contexts, &arguments.model).map_err(Failure::environment)?;
    let Some(generator) = generators.first() else {
        return Err(Failure::Usage("--device names no device".to_owned()));
    };
    let (naming, format) = (arguments.pictures.naming(), arguments.pictures.format());
    let record = json!({
        "command": "dgnet generate",
        "format": 1,
        "model": generator.sha256(),
        "device": opened.name,
        "simulated": opened.runtime.is_simulated(),
        "pairs": paired.hash,
        "names": format!("{naming:?}").to_lowercase(),
        "pictures": format.extension(),
    });
    let inputs = [arguments.data.as_path(), arguments.model.as_path()];
    let folder =
        OutputFolder::open(&arguments.out, &record, &inputs, arguments.force).map_err(failure)?;
    folder
        .write_shared(PAIRS, paired.text.as_bytes())
        .map_err(failure)?;

    let limit = arguments.limit.unwrap_or(usize::MAX);
    let (mut tasks, mut files, mut done_before) = (Vec::new(), Vec::new(), 0);
    let pairs = &paired.pairs[..paired.pairs.len().min(limit)];
    let batch = generator.shape().batch;
    let part = shard.map_or(0..pairs.len(), |shard| shard.range(pairs.len(), batch));
    for pair in &pairs[part] {
        let sample = |place: usize| &paired.people.samples[place];
        let (structure, content) = (sample(pair.structure), sample(pair.content));
        let name = PairName::of(structure, content).map_err(failure)?;
        let pictures = name.pictures(naming, format.extension());
        if pictures.iter().all(|picture| folder.has(picture)) {
            done_before += 1;
            continue;
        }
        tasks.push(Task {
            structure: &structure.path,
            content: &content.path,
        });
        files.push(pictures);
    }
    let bar = session.progress("pairs", tasks.len());
    let started = Instant::now();
    let failed = generate(
        generators,
        &tasks,
        &Job {
            take: &|task, picture| {
                let first = folder.path(&files[task][0]);
                let bytes = format
                    .encode(&picture)
                    .map_err(|source| DgnetError::Write {
                        path: first,
                        source,
                    })?;
                files[task]
                    .iter()
                    .try_for_each(|name| folder.write(name, &bytes))
            },
            progress: &|done| bar.set(done),
            interrupted: &interruption(),
        },
    )
    .map_err(failure)?;
    let seconds = started.elapsed().as_secs_f64().max(1e-9);
    drop(bar);
    let made = tasks.len() - failed.len();
    out!(
        "{made} pictures in {}{}, {:.1} pictures/s on {} at batch {}",
        arguments.out.display(),
        before(done_before),
        tasks.len() as f64 / seconds,
        opened.title(),
        batch
    )?;
    if failed.is_empty() {
        return Ok(());
    }
    for failed in &failed {
        eprintln!("reid: no picture: {}", failed.error);
    }
    Err(Failure::ran(format!(
        "{} pairs gave no picture; the others are written",
        failed.len()
    )))
}
