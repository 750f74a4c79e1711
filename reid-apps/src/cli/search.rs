//! `reid search`: who in an extracted gallery looks like the people on some images.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use acl::{Context, Runtime};
use clap::Args;
use serde::Serialize;

use super::exit::Failure;
use super::{DeviceArgs, out};
use crate::data::picture_folders;
use crate::eval::Metric;
use crate::features::Row;
use crate::imaging::{ImageError, decode_file};
use crate::mgn::Embedder;
use crate::search::{Gallery, Hit, Queries, SearchError, SearchOptions, embed_images, search};
use crate::view::{Answer, Caption, Picture, Ranking, Style, ranking_sheet};

/// The version of the JSON lines.
const FORMAT: u32 = 1;
/// A picture of more queries than these would be too high to look at.
const MOST_ROWS: usize = 50;

#[derive(Clone, Debug, Args)]
pub(super) struct SearchArgs {
    /// The features folder that `reid mgn extract` wrote; its gallery is searched
    #[arg(long, value_name = "DIR")]
    gallery: PathBuf,

    /// The MGN that made the gallery's features
    #[arg(long, value_name = "FILE.om", required_unless_present = "features")]
    model: Option<PathBuf>,

    /// Ready query features instead of a model: a features folder (IMAGE then names its queries;
    /// none: all), or a .npy of float32 [rows, dim], plain and mirrored pass added
    #[arg(long, value_name = "DIR|FILE.npy", conflicts_with = "model")]
    features: Option<PathBuf>,

    /// The images to search for
    #[arg(value_name = "IMAGE", required_unless_present = "features")]
    images: Vec<PathBuf>,

    /// How many answers per query
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    top: u16,

    /// The distance: euclidean, cosine or dot
    #[arg(long, value_name = "NAME", default_value_t = Metric::Euclidean)]
    metric: Metric,

    /// Draw queries and answers, too (of at most 50 queries, 50 answers each)
    #[arg(long, value_name = "FILE.png")]
    picture: Option<PathBuf>,

    /// The data set's folder, where it has moved since the extraction (for the picture)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Megabytes that the pieces of the gallery may take
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    memory: u32,

    #[command(flatten)]
    device: DeviceArgs,
}

/// One line of standard output.
#[derive(Serialize)]
struct Line<'a> {
    format: u32,
    query: &'a str,
    simulated: bool,
    model_sha256: &'a str,
    gallery_rows: usize,
    metric: Metric,
    answers: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    rank: usize,
    row: usize,
    distance: f64,
    #[serde(flatten)]
    who: &'a Row,
}

pub(super) fn run(arguments: &SearchArgs) -> Result<(), Failure> {
    let gallery = Gallery::open(&arguments.gallery).map_err(Failure::ran)?;
    let (queries, failed) = queries(arguments, &gallery)?;
    let options = SearchOptions {
        metric: arguments.metric,
        top: usize::from(arguments.top),
        memory: usize::try_from(u64::from(arguments.memory) << 20).unwrap_or(usize::MAX),
    };
    if !queries.names.is_empty() {
        let hits = search(&gallery, queries.features.view(), &options).map_err(failure)?;
        let rows: BTreeSet<usize> = hits.iter().flatten().map(|hit| hit.row).collect();
        let who = gallery.who(&rows).map_err(Failure::ran)?;
        say(arguments, &gallery, &queries, &hits, &who)?;
        if let Some(path) = &arguments.picture {
            draw(arguments, &gallery, &queries, &hits, &who, path)?;
        }
        if gallery.provenance().simulated {
            eprintln!("the gallery's features were computed by a SIMULATED device");
        }
    }
    for error in &failed {
        eprintln!("reid: no features: {error}");
    }
    if failed.is_empty() {
        return Ok(());
    }
    let (bad, all) = (failed.len(), failed.len() + queries.names.len());
    Err(Failure::ran(format!(
        "{bad} of {all} images could not be read and were not searched for"
    )))
}

fn queries(
    arguments: &SearchArgs,
    gallery: &Gallery,
) -> Result<(Queries, Vec<ImageError>), Failure> {
    if let Some(path) = &arguments.features {
        let names: Vec<String> = arguments
            .images
            .iter()
            .map(|image| image.to_string_lossy().into_owned())
            .collect();
        let queries = Queries::read(path, &names, gallery).map_err(failure)?;
        return Ok((queries, Vec::new()));
    }
    let model = arguments
        .model
        .as_deref()
        .ok_or_else(|| Failure::Usage("give --model FILE.om or --features".to_owned()))?;
    let api = arguments
        .device
        .backend
        .open()
        .map_err(Failure::environment)?;
    let runtime = Runtime::init(api).map_err(Failure::environment)?;
    let device = runtime
        .device(arguments.device.device)
        .map_err(Failure::environment)?;
    let context = Context::new(&device).map_err(Failure::environment)?;
    let embedder = Embedder::open(&context, model).map_err(Failure::environment)?;
    if runtime.is_simulated() {
        eprintln!("the queries' features are computed by a SIMULATED device");
    }
    embed_images(&embedder, model, &arguments.images, gallery).map_err(failure)
}

fn failure(error: SearchError) -> Failure {
    match error {
        SearchError::NoSuchQuery { .. } => Failure::Usage(error.to_string()),
        other => Failure::ran(other),
    }
}

fn say(
    arguments: &SearchArgs,
    gallery: &Gallery,
    queries: &Queries,
    hits: &[Vec<Hit>],
    who: &HashMap<usize, Row>,
) -> Result<(), Failure> {
    for (query, hits) in queries.names.iter().zip(hits) {
        let answers = hits.iter().enumerate().filter_map(|(index, hit)| {
            Some(Found {
                rank: index + 1,
                row: hit.row,
                distance: hit.distance,
                who: who.get(&hit.row)?,
            })
        });
        let line = Line {
            format: FORMAT,
            query,
            simulated: gallery.provenance().simulated,
            model_sha256: &gallery.provenance().model.sha256,
            gallery_rows: gallery.rows(),
            metric: arguments.metric,
            answers: answers.collect(),
        };
        let line = serde_json::to_string(&line).map_err(Failure::ran)?;
        out!("{line}")?;
    }
    Ok(())
}

fn draw(
    arguments: &SearchArgs,
    gallery: &Gallery,
    queries: &Queries,
    hits: &[Vec<Hit>],
    who: &HashMap<usize, Row>,
    path: &Path,
) -> Result<(), Failure> {
    let root = match &arguments.data {
        Some(root) => root.clone(),
        None => PathBuf::from(&gallery.provenance().data.root),
    };
    let [_, folder] = picture_folders(&gallery.provenance().data.protocol, &root);
    let rows = queries.names.iter().zip(&queries.pictures).zip(hits);
    let rankings: Vec<Ranking> = rows
        .take(MOST_ROWS)
        .map(|((name, image), hits)| Ranking {
            picture: image.as_deref().and_then(picture),
            name: name.clone(),
            label: String::new(),
            average_precision: None,
            answers: hits
                .iter()
                .take(MOST_ROWS)
                .filter_map(|hit| {
                    let row = who.get(&hit.row)?;
                    Some(Answer {
                        picture: picture(&folder.join(&row.name)),
                        label: format!("{} cam {}", row.id, row.camera),
                        distance: hit.distance,
                        right: false,
                    })
                })
                .collect(),
        })
        .collect();
    if queries.names.len() > MOST_ROWS {
        log::warn!("the picture shows the first {MOST_ROWS} queries");
    }
    let note = gallery.provenance().simulated;
    let caption = Caption {
        title: "Nearest people".to_owned(),
        subtitle: format!(
            "{} gallery images, {} distance",
            gallery.rows(),
            arguments.metric
        ),
        note: note.then(|| "The device was simulated.".to_owned()),
    };
    let style = Style {
        judged: false,
        ..Style::default()
    };
    let sheet = ranking_sheet(&caption, &rankings, &style);
    sheet.write_png(path).map_err(Failure::ran)?;
    eprintln!("{} was written", path.display());
    Ok(())
}

/// Reads a picture for the sheet; one that cannot be read is shown as missing there.
fn picture(path: &Path) -> Option<Picture> {
    match decode_file(path) {
        Ok(image) => {
            let (width, height) = (image.width(), image.height());
            Picture::new(width, height, image.into_bytes()).ok()
        }
        Err(error) => {
            log::warn!("{error}");
            None
        }
    }
}
