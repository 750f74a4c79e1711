//! Figures over the caller's features: evaluation and FID.

use reid_apps::data::Label;
use reid_apps::eval::{self, FeatureDistances, RerankParameters, Reranked, embed, evaluate};
use reid_apps::fid::{Moments, frechet_distance};

use ndarray::{Array2, ArrayView2, CowArray, Ix2};

use super::Status;
use super::error::{Result, fail, guard};
use super::gallery::{matrix, metric};
use super::options::{self, Options, switch};
use super::pointer::{Out, slice, slice_mut};

/// Features with the truth about them.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct LabelledSet {
    /// Rows.
    pub count: usize,
    /// float32 [count, dim].
    pub features: *const f32,
    /// The person of each row, count int32.
    pub ids: *const i32,
    /// The camera of each row, count int32, not negative.
    pub cameras: *const i32,
}

/// What an evaluation can be told. Members that are zero have their defaults: the reference's
/// evaluation without re-ranking.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct EvaluateOptions {
    /// sizeof(areid_evaluate_options).
    pub struct_size: usize,
    /// One of areid_metric; not looked at with re-ranking, which has its own distance.
    pub metric: i32,
    /// One of areid_protocol.
    pub protocol: i32,
    /// 1: rank by k-reciprocal neighbours (Zhong et al., CVPR 2017).
    pub rerank: i32,
    /// 0: rows are brought to length one first. 1: they are taken as they are; not with re-ranking.
    pub skip_normalise: i32,
    /// Neighbours of re-ranking; 0 is 20.
    pub k1: u32,
    /// Neighbours that re-ranking averages over, 1 to k1 + 1; 0 is 6.
    pub k2: u32,
    /// The share of the plain distance in re-ranking, above 0 to 1; 0 is 0.3.
    pub lambda: f64,
}

// SAFETY: numbers alone, the first of them a `usize`.
unsafe impl Options for EvaluateOptions {
    const LEAST: usize = 40;
}

/// The figures of an evaluation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Scores {
    /// Mean average precision, 0 to 1.
    pub mean_average_precision: f64,
    /// Mean inverse negative penalty, 0 to 1.
    pub mean_inverse_negative_penalty: f64,
    /// Queries with a right answer in the gallery.
    pub queries: usize,
    /// Queries without; whether they count as zero or not at all is the protocol's to say.
    pub skipped: usize,
}

struct Set<'a> {
    features: ArrayView2<'a, f32>,
    labels: Vec<Label>,
}

/// # Safety
/// As [`areid_evaluate`].
unsafe fn read<'a>(what: &str, set: *const LabelledSet, dim: usize) -> Result<Set<'a>> {
    // SAFETY: handed on from the caller.
    let set = unsafe { slice(what, set, 1) }?[0];
    let member = |member: &str| format!("{what}.{member}");
    // SAFETY: handed on from the caller.
    let features = unsafe { matrix(&member("features"), set.features, set.count, dim) }?;
    // SAFETY: handed on from the caller.
    let ids = unsafe { slice(&member("ids"), set.ids, set.count) }?;
    // SAFETY: handed on from the caller.
    let cameras = unsafe { slice(&member("cameras"), set.cameras, set.count) }?;
    let labels = ids
        .iter()
        .zip(cameras)
        .enumerate()
        .map(|(row, (id, camera))| {
            u32::try_from(*camera).map_or_else(
                |_| {
                    let text = format!("{what}.cameras[{row}] is {camera}, want at least 0");
                    fail(Status::InvalidArgument, text)
                },
                |camera| Ok(Label::new(*id, camera)),
            )
        });
    let labels = labels.collect::<Result<_>>()?;
    Ok(Set { features, labels })
}

fn protocol(value: i32) -> Result<eval::Protocol> {
    match value {
        0 => Ok(eval::Protocol::Market1501),
        1 => Ok(eval::Protocol::DgNet),
        2 => Ok(eval::Protocol::Cuhk03),
        other => {
            let text =
                format!("protocol is {other}, want 0 (Market-1501), 1 (DG-Net) or 2 (CUHK03)");
            fail(Status::InvalidArgument, text)
        }
    }
}

fn parameters(options: &EvaluateOptions) -> Result<Option<RerankParameters>> {
    if !switch("options.rerank", options.rerank)? {
        return Ok(None);
    }
    let mut parameters = RerankParameters::default();
    let number = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    if options.k1 != 0 {
        parameters.k1 = number(options.k1);
    }
    if options.k2 != 0 {
        parameters.k2 = number(options.k2);
    }
    if options.lambda != 0.0 {
        parameters.lambda = options.lambda;
    }
    Ok(Some(parameters))
}

fn score(
    query: &Set<'_>,
    gallery: &Set<'_>,
    options: &EvaluateOptions,
    ranks: usize,
) -> Result<eval::Scores> {
    let (plain, rerank) = (metric(options.metric)?, parameters(options)?);
    let raw = switch("options.skip_normalise", options.skip_normalise)?;
    if raw && rerank.is_some() {
        let text = "options.skip_normalise is 1 with re-ranking, which wants rows of length one";
        return fail(Status::InvalidArgument, text);
    }
    let settings = eval::Options {
        protocol: protocol(options.protocol)?,
        metric: plain,
        rerank,
        max_rank: ranks.max(1),
        ..eval::Options::default()
    };
    let unit = |what, rows: ArrayView2<'_, f32>| -> Result<_> {
        let zeros = Array2::zeros(rows.dim());
        Ok(CowArray::<f32, Ix2>::from(embed(what, rows, zeros.view())?))
    };
    let (queries, rows) = match raw {
        true => (query.features.into(), gallery.features.into()),
        false => (
            unit("query features", query.features)?,
            unit("gallery features", gallery.features)?,
        ),
    };
    let of = |distances: &dyn eval::DistanceRows| {
        evaluate(distances, &query.labels, &gallery.labels, &settings)
    };
    Ok(match rerank {
        Some(parameters) => of(&Reranked::new(queries.view(), rows.view(), parameters)?)?,
        None => of(&FeatureDistances::new(plain, queries.view(), rows.view())?)?,
    })
}

/// Evaluates how well features of dim numbers find people: mean average precision and the CMC curve.
///
/// A gallery row is a right answer if it shows the query's person under another camera; the same
/// person under the same camera is set aside. cmc, cmc_count float64, is filled: element k is the
/// share of queries with a right answer among the first k + 1. options may be NULL.
///
/// Errors: AREID_INVALID_ARGUMENT for a set without rows, rows that are not finite or zero throughout,
/// negative cameras, no query with a right answer, too few rows for re-ranking, and other options;
/// AREID_OVERFLOW. Results are then as they were.
///
/// # Safety
/// query and gallery are readable, and their members for what they say; options is NULL or readable
/// for its struct_size; scores is writable, cmc for cmc_count numbers, and they do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_evaluate(
    query: *const LabelledSet,
    gallery: *const LabelledSet,
    dim: usize,
    options: *const EvaluateOptions,
    scores: *mut Scores,
    cmc: *mut f64,
    cmc_count: usize,
) -> Status {
    guard("areid_evaluate", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("scores", scores) }?;
        // SAFETY: handed on from the caller.
        let options = unsafe { options::read("options", options) }?;
        // SAFETY: handed on from the caller.
        let query = unsafe { read("query", query, dim) }?;
        // SAFETY: handed on from the caller.
        let gallery = unsafe { read("gallery", gallery, dim) }?;
        // SAFETY: handed on from the caller.
        let cmc = unsafe { slice_mut("cmc", cmc, cmc_count) }?;
        let found = score(&query, &gallery, &options, cmc_count)?;
        for (place, value) in cmc.iter_mut().zip(&found.cmc) {
            *place = *value;
        }
        out.set(Scores {
            mean_average_precision: found.mean_average_precision,
            mean_inverse_negative_penalty: found.mean_inverse_negative_penalty,
            queries: found.queries.len(),
            skipped: found.skipped.len(),
        });
        Ok(())
    })
}

/// Computes the Frechet distance (FID) of two sets of features, float32 [count, dim], at least two
/// rows each: of normal distributions with their means and covariances, added in float64.
///
/// Errors: AREID_INVALID_ARGUMENT for a dim of 0, fewer than two rows, or numbers that are not finite;
/// AREID_OVERFLOW.
///
/// # Safety
/// first and second are readable for their counts times dim; distance is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_fid(
    first: *const f32,
    first_count: usize,
    second: *const f32,
    second_count: usize,
    dim: usize,
    distance: *mut f64,
) -> Status {
    guard("areid_fid", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("distance", distance) }?;
        // SAFETY: handed on from the caller.
        let first = unsafe { matrix("first", first, first_count, dim) }?;
        // SAFETY: handed on from the caller.
        let second = unsafe { matrix("second", second, second_count, dim) }?;
        if dim == 0 {
            return fail(Status::InvalidArgument, "dim is 0, want at least 1");
        }
        let statistics = |name: &str, rows: ArrayView2<'_, f32>| {
            let mut moments = Moments::new(name, dim);
            moments.push(rows.as_slice().unwrap_or_default())?;
            moments.finish()
        };
        let (first, second) = (statistics("first", first)?, statistics("second", second)?);
        out.set(frechet_distance(&first, &second)?.fid);
        Ok(())
    })
}
