//! `reid mgn evaluate-om`: the figures for results of another runner.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::evaluate_args::EvaluationArgs;
use crate::cli::exit::Failure;
use crate::cli::mgn::open_data;
use crate::cli::out;
use crate::data::{DataSetChoice, Item, ReidDataset};
use crate::eval::{ReportError, report_features};
use crate::features::{
    DataInfo, DeviceInfo, Features, ModelInfo, Provenance, Row, SetFeatures, ToolInfo, new_run_id,
};
use crate::guide::{GuideError, ResultFolders, ResultFormat, ResultOptions, Results, read_results};

#[derive(Clone, Debug, Args)]
pub(crate) struct EvaluateOmArgs {
    /// The data set's folder
    #[arg(long, value_name = "ROOT")]
    data: PathBuf,

    /// Which data set it is: auto, market1501, duke, msmt17 or cuhk03-np
    #[arg(long, value_name = "NAME", default_value_t)]
    dataset: DataSetChoice,

    /// The folder with q_bin/, g_bin/, q_bin_flip/ and g_bin_flip/ [default: result]
    #[arg(long, value_name = "DIR")]
    result: Option<PathBuf>,

    /// The results of the query, instead of q_bin/
    #[arg(long, value_name = "DIR")]
    query: Option<PathBuf>,

    /// The results of the gallery, instead of g_bin/
    #[arg(long, value_name = "DIR")]
    gallery: Option<PathBuf>,

    /// The results of the mirrored query, instead of q_bin_flip/
    #[arg(long, value_name = "DIR")]
    query_flip: Option<PathBuf>,

    /// The results of the mirrored gallery, instead of g_bin_flip/
    #[arg(long, value_name = "DIR")]
    gallery_flip: Option<PathBuf>,

    /// The output that holds the features, as the files number it [default: 0 where there is one,
    /// else 1]
    #[arg(long, value_name = "K")]
    output_index: Option<u32>,

    /// The format of the results, txt, bin or npy [default: the one that is there]
    #[arg(long, value_name = "EXT")]
    format: Option<ResultFormat>,

    /// Print a JSON report (format 1) instead of the lines
    #[arg(long)]
    json: bool,

    /// Write the report as one HTML file, too
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,

    /// Keep the features in a folder, for `evaluate`, `rank` and `search`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    #[command(flatten)]
    evaluation: EvaluationArgs,
}

impl EvaluateOmArgs {
    /// Returns the four folders; one given by itself comes before that of `--result`.
    fn folders(&self) -> ResultFolders {
        let result = self.result.as_deref().unwrap_or(Path::new("result"));
        let below = ResultFolders::below(result);
        let or = |given: &Option<PathBuf>, below| given.clone().unwrap_or(below);
        ResultFolders {
            query: or(&self.query, below.query),
            gallery: or(&self.gallery, below.gallery),
            query_flip: or(&self.query_flip, below.query_flip),
            gallery_flip: or(&self.gallery_flip, below.gallery_flip),
        }
    }
}

pub(crate) fn run(arguments: &EvaluateOmArgs) -> Result<(), Failure> {
    let data = open_data(&arguments.data, arguments.dataset)?;
    let features = read(arguments, data.as_ref()).map_err(super::failure)?;
    if let Some(folder) = &arguments.out {
        features.write(folder).map_err(Failure::ran)?;
    }
    let report = arguments
        .evaluation
        .evaluate(|options| report_features(&features, options).map_err(ReportError::from))?;
    if let Some(path) = &arguments.report {
        let note = "Features of another runner: model and device are not recorded.";
        crate::cli::report::write(path, &report, &features, None, Some(note))?;
    }
    if arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(Failure::ran)?;
        return Ok(out!("{text}")?);
    }
    arguments.evaluation.print(&report)
}

fn read(arguments: &EvaluateOmArgs, data: &dyn ReidDataset) -> Result<Features, GuideError> {
    let folders = arguments.folders();
    let options = ResultOptions {
        output: arguments.output_index,
        format: arguments.format,
    };
    let set = |items: &[Item], plain: &Path, flip: &Path| {
        let (plain_results, flip_results) = (
            read_results(plain, items, options)?,
            read_results(flip, items, options)?,
        );
        same_width(&plain_results, plain, &flip_results, flip)?;
        log::info!(
            "{}: {} rows of output {}, .{}",
            plain.display(),
            items.len(),
            plain_results.output,
            plain_results.format.extension()
        );
        Ok::<_, GuideError>(SetFeatures {
            rows: items.iter().map(Row::from).collect(),
            plain: plain_results.features,
            flip: flip_results.features,
        })
    };
    let query = set(&data.query().items, &folders.query, &folders.query_flip)?;
    let gallery = set(
        &data.gallery().items,
        &folders.gallery,
        &folders.gallery_flip,
    )?;
    if query.plain.ncols() != gallery.plain.ncols() {
        return Err(GuideError::File {
            problem: widths(gallery.plain.ncols(), query.plain.ncols(), &folders.query),
            path: folders.gallery,
        });
    }
    Ok(Features {
        provenance: provenance(data, &folders, query.plain.ncols()),
        query,
        gallery,
    })
}

fn same_width(
    plain: &Results,
    plain_folder: &Path,
    flip: &Results,
    flip_folder: &Path,
) -> Result<(), GuideError> {
    let (found, wanted) = (flip.features.ncols(), plain.features.ncols());
    if found == wanted {
        return Ok(());
    }
    Err(GuideError::File {
        path: flip_folder.to_owned(),
        problem: widths(found, wanted, plain_folder),
    })
}

fn widths(found: usize, wanted: usize, other: &Path) -> String {
    format!(
        "{found} numbers a picture, wanted {wanted} as in {}; the results are of two models or outputs",
        other.display()
    )
}

/// Says what is known of features that somebody else made, which is little.
fn provenance(data: &dyn ReidDataset, folders: &ResultFolders, dim: usize) -> Provenance {
    let unknown = || "not recorded".to_owned();
    Provenance {
        run: new_run_id(),
        simulated: false,
        device: DeviceInfo {
            soc: unknown(),
            library: format!(
                "results of another runner: {}, {}",
                folders.query.display(),
                folders.gallery.display()
            ),
            version: unknown(),
        },
        model: ModelInfo {
            file: unknown(),
            sha256: unknown(),
            dim,
            batch: 1,
        },
        data: DataInfo {
            root: data.root().display().to_string(),
            protocol: data.protocol().to_owned(),
        },
        failed: Vec::new(),
        tool: ToolInfo::default(),
    }
}
