//! Evaluating a features folder within a bound of memory.

use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis, Slice};

use super::count::{Counts, Truth};
use super::evaluate::{gather, score_all};
use super::report::{Parts, report_units};
use super::{
    DistanceRows as _, EvalError, FeatureDistances, Options, Protocol, Report, Scores, embed,
};
use crate::data::Label;
use crate::features::{FeatureError, Row, StoredSet, StoredSets};

/// Bytes of plain and mirrored features that are read at a time.
const PIECE: usize = 16 << 20;

/// Tells why a features folder could not be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The features cannot be read.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// They cannot be evaluated.
    #[error(transparent)]
    Eval(#[from] EvalError),
}

/// Evaluates a features folder, reading it in pieces: the figures of
/// [`report_features`](super::report_features).
///
/// Features are held as one sum of both passes. Where even those of the gallery take more than
/// `options.memory`, the gallery is gone through twice, part by part, once for the right answers
/// and once for the wrong ones; the queries are always held.
///
/// # Errors
/// [`ReportError`]; [`EvalError::Memory`] where the gallery does not fit and is needed as a whole,
/// for re-ranking or for drawing.
pub fn report_folder(folder: impl AsRef<Path>, options: &Options) -> Result<Report, ReportError> {
    options.check()?;
    let sets = StoredSets::open(folder.as_ref())?;
    let (query_rows, gallery_rows) = (sets.query.rows(), sets.gallery.rows());
    let held = (query_rows.len() + gallery_rows.len()).saturating_mul(sets.query.dim * 4);
    let fits = held.saturating_add(PIECE) <= options.memory;
    let needed_for = match (options.rerank, options.protocol) {
        (Some(_), _) => Some("re-ranking"),
        (None, Protocol::Cuhk03) => Some("the protocol cuhk03"),
        _ => None,
    };
    if let (false, Some(what)) = (fits, needed_for) {
        return Err(ReportError::Eval(EvalError::Memory {
            what,
            wanted: held + PIECE,
            found: options.memory,
        }));
    }
    let query = read_unit("query features", &sets.query)?;
    if fits {
        let gallery = read_unit("gallery features", &sets.gallery)?;
        let parts = Parts {
            provenance: &sets.provenance,
            rows: query_rows,
            query_labels: &labels(query_rows),
            gallery_labels: &labels(gallery_rows),
        };
        return Ok(report_units(&parts, query.view(), gallery.view(), options)?);
    }
    let (query_labels, gallery_labels) = (labels(query_rows), labels(gallery_rows));
    let scores = evaluate_in_parts(
        query.view(),
        &sets.gallery,
        &query_labels,
        &gallery_labels,
        options,
    )?;
    let parts = Parts {
        provenance: &sets.provenance,
        rows: query_rows,
        query_labels: &query_labels,
        gallery_labels: &gallery_labels,
    };
    Ok(parts.assemble(scores, None, options)?)
}

fn labels(rows: &[Row]) -> Vec<Label> {
    rows.iter().map(Row::label).collect()
}

/// Counts the row of an error from the set's beginning.
fn from_row(error: EvalError, first: usize) -> EvalError {
    match error {
        EvalError::ZeroFeature { what, row } => EvalError::ZeroFeature {
            what,
            row: first + row,
        },
        EvalError::NotFinite { what, row } => EvalError::NotFinite {
            what,
            row: first + row,
        },
        other => other,
    }
}

fn piece_rows(dim: usize) -> usize {
    (PIECE / (8 * dim.max(1))).max(1)
}

fn read_unit(what: &'static str, set: &StoredSet) -> Result<Array2<f32>, ReportError> {
    let mut unit = Array2::zeros((set.rows().len(), set.dim));
    set.for_each(piece_rows(set.dim), |first, plain, flip| {
        let piece = embed(what, plain, flip).map_err(|error| from_row(error, first))?;
        let rows = Slice::from(first..first + piece.nrows());
        unit.slice_axis_mut(Axis(0), rows).assign(&piece);
        Ok::<_, ReportError>(())
    })?;
    Ok(unit)
}

fn evaluate_in_parts(
    query: ArrayView2<'_, f32>,
    gallery: &StoredSet,
    query_labels: &[Label],
    gallery_labels: &[Label],
    options: &Options,
) -> Result<Scores, ReportError> {
    let truth = Truth::new(gallery_labels);
    let mut counts = Counts::new(&truth, query_labels);
    for_each_part(query, gallery, options, |first, distances| {
        let screen = distances
            .screen()
            .expect("rows of length one can be screened");
        Ok(counts.collect(&*screen, first, distances.gallery())?)
    })?;
    let mut places = counts.places();
    for_each_part(query, gallery, options, |first, distances| {
        let screen = distances
            .screen()
            .expect("rows of length one can be screened");
        counts.count(&*screen, first, distances.gallery(), &mut places);
        Ok(())
    })?;
    Ok(gather(&score_all(&places, options.protocol), options)?)
}

/// Goes through the gallery in parts as large as memory allows.
fn for_each_part(
    query: ArrayView2<'_, f32>,
    gallery: &StoredSet,
    options: &Options,
    mut look: impl FnMut(usize, &FeatureDistances<'_>) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let row = 4 * gallery.dim.max(1);
    // Bytes, numbers, their sum and that sum once more while it is divided: of one piece.
    let fixed = query.len() * 4 + 3 * PIECE;
    let rows = (options.memory.saturating_sub(fixed) / row).max(piece_rows(gallery.dim));
    let rows = rows.min(gallery.rows().len());
    let mut part = Array2::zeros((rows, gallery.dim));
    let (mut begin, mut filled) = (0, 0);
    gallery.for_each(piece_rows(gallery.dim), |first, plain, flip| {
        let piece =
            embed("gallery features", plain, flip).map_err(|error| from_row(error, first))?;
        let mut taken = 0;
        while taken < piece.nrows() {
            let count = (piece.nrows() - taken).min(rows - filled);
            let from = piece.slice_axis(Axis(0), Slice::from(taken..taken + count));
            part.slice_axis_mut(Axis(0), Slice::from(filled..filled + count))
                .assign(&from);
            (taken, filled) = (taken + count, filled + count);
            if filled == rows || begin + filled == gallery.rows().len() {
                let part = part.slice_axis(Axis(0), Slice::from(..filled));
                look(begin, &FeatureDistances::new(options.metric, query, part)?)?;
                (begin, filled) = (begin + filled, 0);
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    use super::*;
    use crate::data::{Camera, PersonId};
    use crate::eval::report_features;
    use crate::features::{Features, ModelInfo, Provenance, SetFeatures};

    fn drawn(gallery: usize, dim: usize) -> Features {
        let mut random = Pcg64::seed_from_u64(3);
        let mut set = |prefix: &str, rows: usize| SetFeatures {
            rows: (0..rows)
                .map(|row| Row {
                    name: format!("{prefix}{row}"),
                    id: PersonId(random.random_range(0..12)),
                    camera: Camera(random.random_range(1..5)),
                })
                .collect(),
            plain: Array2::from_shape_simple_fn((rows, dim), || random.random::<f32>()),
            flip: Array2::from_shape_simple_fn((rows, dim), || random.random::<f32>()),
        };
        Features {
            query: set("q", 40),
            gallery: set("g", gallery),
            provenance: Provenance {
                model: ModelInfo {
                    dim,
                    ..ModelInfo::default()
                },
                ..serde_json::from_value(serde_json::json!({
                    "run": "0", "simulated": true,
                    "device": {"soc": "", "library": "", "version": ""},
                    "model": {"file": "", "sha256": "", "dim": 0, "batch": 1},
                    "data": {"root": "", "protocol": ""},
                    "tool": {"name": "", "version": ""},
                }))
                .unwrap()
            },
        }
    }

    #[test]
    fn a_gallery_in_parts_has_the_figures_of_the_whole() {
        // A part is at least one piece, here 1024 rows: the gallery comes in three.
        let features = drawn(2500, 2048);
        let folder = tempfile::tempdir().unwrap();
        features.write(folder.path()).unwrap();
        for protocol in [Protocol::Market1501, Protocol::DgNet] {
            let whole = Options {
                rerank: None,
                protocol,
                bootstrap: Some(50),
                ..Options::default()
            };
            let parts = Options { memory: 0, ..whole };
            let wanted = report_features(&features, &whole).unwrap();
            assert_eq!(report_folder(folder.path(), &whole).unwrap(), wanted);
            assert_eq!(report_folder(folder.path(), &parts).unwrap(), wanted);
        }
        let error = report_folder(
            folder.path(),
            &Options {
                memory: 1 << 20,
                ..Options::default()
            },
        );
        assert!(matches!(
            error,
            Err(ReportError::Eval(EvalError::Memory { found: 1048576, .. }))
        ));
    }

    #[test]
    fn a_row_whose_passes_cancel_is_counted_from_the_beginning() {
        let mut features = drawn(1500, 2048);
        let opposite = features.gallery.plain.row(1200).mapv(|value| -value);
        features.gallery.flip.row_mut(1200).assign(&opposite);
        let folder = tempfile::tempdir().unwrap();
        features.write(folder.path()).unwrap();
        let error = report_folder(folder.path(), &Options::default()).unwrap_err();
        assert!(error.to_string().contains("row 1200"), "{error}");
    }
}
