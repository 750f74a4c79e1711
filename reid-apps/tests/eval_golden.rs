//! Evaluation against the vectors that the reference programs made.
//!
//! The folder is `$GOLDEN_DIR`, by default `../shared/golden` beside the workspace. Cases are taken
//! from `manifest_eval.json` and `eval/results.json`: whatever re-ranking settings and sizes stand
//! there are gone through. Made with Python 3.7, numpy 1.19.2, scipy, scikit-learn 0.24.1 and torch
//! 1.8.1 from the evaluator of ReID-MGN.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2};
use ndarray_npy::{ReadableElement, read_npy};
use reid_apps::data::market1501::{Dataset, Name, Rule};
use reid_apps::data::{Label, NameRule, ReidDataset, Verdict};
use reid_apps::eval::{
    DistanceMatrix, DistanceRows, FeatureDistances, Metric, Options, RerankParameters, Reranked,
    Scores, embed, evaluate, full_matrix,
};
use reid_apps::features::read_text_dumps;
use serde_json::Value;

/// Opens the vectors, or says that there are none.
fn golden() -> Option<PathBuf> {
    let folder = std::env::var_os("GOLDEN_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/golden")),
        PathBuf::from,
    );
    if folder.join("manifest_eval.json").is_file() {
        Some(folder)
    } else {
        println!("SKIPPED: golden vectors not found at {}", folder.display());
        None
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn matrix<T: ReadableElement>(path: &Path) -> Array2<T> {
    read_npy(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn vector(path: &Path) -> Array1<f64> {
    read_npy(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The set of `eval/`: unit features and truth.
struct EvalSet {
    folder: PathBuf,
    manifest: Value,
    query: Array2<f32>,
    gallery: Array2<f32>,
    query_labels: Vec<Label>,
    gallery_labels: Vec<Label>,
}

impl EvalSet {
    fn open() -> Option<Self> {
        let root = golden()?;
        let folder = root.join("eval");
        let names = json(&folder.join("names.json"));
        let labels = |set: &str| {
            let numbers = |what: &str| {
                let list = names[format!("{set}_{what}")].as_array().unwrap().clone();
                list.into_iter()
                    .map(|one| i32::try_from(one.as_i64().unwrap()).unwrap())
            };
            numbers("ids")
                .zip(numbers("cams"))
                .map(|(id, camera)| Label::new(id, camera.try_into().unwrap()))
                .collect()
        };
        Some(Self {
            query: matrix(&folder.join("qf.npy")),
            gallery: matrix(&folder.join("gf.npy")),
            query_labels: labels("q"),
            gallery_labels: labels("g"),
            manifest: json(&root.join("manifest_eval.json")),
            folder,
        })
    }

    fn evaluate(&self, distances: &dyn DistanceRows) -> Scores {
        evaluate(
            distances,
            &self.query_labels,
            &self.gallery_labels,
            &Options::default(),
        )
        .unwrap()
    }

    fn euclidean(&self) -> FeatureDistances<'_> {
        FeatureDistances::new(Metric::Euclidean, self.query.view(), self.gallery.view()).unwrap()
    }

    fn reranked(&self, parameters: RerankParameters) -> Reranked<'_> {
        Reranked::new(self.query.view(), self.gallery.view(), parameters).unwrap()
    }

    /// Lists the re-rankings of the manifest: the name that their files share, and their settings.
    fn rerankings(&self) -> Vec<(String, RerankParameters)> {
        let cases: Vec<_> = self
            .manifest
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|entry| {
                let file = entry["file"].as_str().unwrap();
                let name = file.strip_prefix("eval/dist_")?.strip_suffix(".npy")?;
                name.starts_with("rerank")
                    .then(|| (name.to_owned(), parameters(entry["how"].as_str().unwrap())))
            })
            .collect();
        assert!(!cases.is_empty(), "the manifest lists no re-ranking");
        cases
    }
}

/// Reads `k1=20 k2=6 lambda=0.3` out of a sentence.
fn parameters(how: &str) -> RerankParameters {
    let value = |key: &str| -> f64 {
        let start = how
            .find(key)
            .unwrap_or_else(|| panic!("no {key} in {how:?}"))
            + key.len();
        let end = how[start..]
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .map_or(how.len(), |length| start + length);
        how[start..end].parse().unwrap()
    };
    let whole = |key| format!("{}", value(key)).parse().unwrap();
    RerankParameters {
        k1: whole("k1="),
        k2: whole("k2="),
        lambda: value("lambda="),
    }
}

fn assert_precisions(what: &str, scores: &Scores, wanted: &Array1<f64>) {
    assert_eq!(
        scores.queries.len(),
        wanted.len(),
        "{what}: queries that count"
    );
    for (found, wanted) in scores.queries.iter().zip(wanted) {
        let gap = (found.average_precision - wanted).abs();
        assert!(
            gap <= 1e-12,
            "{what}: query {}: {} {wanted}",
            found.query,
            found.average_precision
        );
    }
}

fn assert_curve(what: &str, scores: &Scores, wanted: &Array1<f64>) {
    assert_eq!(
        scores.cmc.len(),
        wanted.len(),
        "{what}: length of the CMC curve"
    );
    for (rank, (found, wanted)) in scores.cmc.iter().zip(wanted).enumerate() {
        assert!(
            (found - wanted).abs() <= 1e-12,
            "{what}: rank {}: {found} {wanted}",
            rank + 1
        );
    }
}

fn largest_gap(found: &Array2<f64>, wanted: &Array2<f64>) -> f64 {
    assert_eq!(found.dim(), wanted.dim());
    found
        .iter()
        .zip(wanted)
        .fold(0.0, |worst, (a, b)| worst.max((a - b).abs()))
}

#[test]
fn golden_names_give_the_persons_and_cameras_of_the_reference() {
    let Some(set) = EvalSet::open() else { return };
    let names = json(&set.folder.join("names.json"));
    let list = |key: &str| -> Vec<String> {
        serde_json::from_value(names[key].clone()).unwrap_or_else(|error| panic!("{key}: {error}"))
    };
    for (key, labels) in [
        ("query_names", &set.query_labels),
        ("gallery_names_valid", &set.gallery_labels),
    ] {
        let found: Vec<Label> = list(key)
            .iter()
            .map(|name| Name::parse(name).unwrap().label())
            .collect();
        assert_eq!(&found, labels, "{key}");
    }
    let all = list("gallery_names_all");
    let kept: Vec<String> = all
        .into_iter()
        .filter(|name| matches!(Rule.judge(name), Verdict::Keep(_)))
        .collect();
    assert_eq!(kept, list("gallery_names_valid"));
}

#[test]
fn golden_features_of_both_passes_add_up_to_unit_features() {
    let Some(set) = EvalSet::open() else { return };
    for (name, wanted) in [("q", &set.query), ("g", &set.gallery)] {
        let pass = |number: u32| matrix::<f32>(&set.folder.join(format!("{name}_f{number}.npy")));
        let found = embed("golden", pass(1).view(), pass(2).view()).unwrap();
        let gap = largest_gap(&found.mapv(f64::from), &wanted.mapv(f64::from));
        // Two float32 roundings of numbers below one, in another order.
        assert!(gap <= 2e-7, "{name}: {gap:e}");
    }
}

#[test]
fn golden_euclidean_distances_and_their_figures_are_equal() {
    let Some(set) = EvalSet::open() else { return };
    let distances = set.euclidean();
    let wanted = matrix::<f64>(&set.folder.join("dist_euclid.npy"));
    let gap = largest_gap(&full_matrix(&distances), &wanted);
    // The manifest grants 1e-6; both sides are float64, so far less is due.
    assert!(gap <= 1e-13, "{gap:e}");
    for scores in [
        set.evaluate(&distances),
        set.evaluate(&DistanceMatrix(wanted.view())),
    ] {
        assert_precisions("plain", &scores, &vector(&set.folder.join("ap_plain.npy")));
        assert_curve(
            "plain",
            &scores,
            &vector(&set.folder.join("cmc_plain_stable.npy")),
        );
    }
}

#[test]
fn golden_raw_features_reach_the_same_precisions() {
    let Some(set) = EvalSet::open() else { return };
    let unit = |name: &str| {
        let pass = |number: u32| matrix::<f32>(&set.folder.join(format!("{name}_f{number}.npy")));
        embed("golden", pass(1).view(), pass(2).view()).unwrap()
    };
    let (query, gallery) = (unit("q"), unit("g"));
    let distances = FeatureDistances::new(Metric::Euclidean, query.view(), gallery.view()).unwrap();
    let scores = set.evaluate(&distances);
    assert_precisions("raw", &scores, &vector(&set.folder.join("ap_plain.npy")));
    assert_curve(
        "raw",
        &scores,
        &vector(&set.folder.join("cmc_plain_stable.npy")),
    );
}

/// How far the reference's float32 sums may lie from ours.
const RERANK_TOLERANCE: f64 = 1e-5;

/// Counts images whose neighbours at a place where a list is cut are equally far to float32: there
/// the reference's choice is the accident of its sort.
fn undecided_cuts(set: &EvalSet, parameters: RerankParameters) -> usize {
    let all = ndarray::concatenate![ndarray::Axis(0), set.query, set.gallery];
    let RerankParameters { k1, k2, .. } = parameters;
    let half = (0..k1).find(|half| 2 * half + 1 >= k1).unwrap_or(0);
    let all =
        FeatureDistances::new(Metric::Dot, all.view(), all.view()).map(|all| full_matrix(&all));
    let undecided = |row: ndarray::ArrayView1<'_, f64>| {
        let mut sorted = row.to_vec();
        sorted.sort_by(f64::total_cmp);
        [k1 + 1, half + 1, half + 2, k2]
            .into_iter()
            .any(|cut| cut < sorted.len() && sorted[cut] - sorted[cut - 1] < 5e-7)
    };
    all.unwrap()
        .rows()
        .into_iter()
        .filter(|row| undecided(*row))
        .count()
}

#[test]
fn golden_rerankings_have_equal_distances() {
    let Some(set) = EvalSet::open() else { return };
    for (name, parameters) in set.rerankings() {
        let wanted = matrix::<f32>(&set.folder.join(format!("dist_{name}.npy"))).mapv(f64::from);
        let found = full_matrix(&set.reranked(parameters));
        let gap = largest_gap(&found, &wanted);
        let cuts = undecided_cuts(&set, parameters);
        println!("{name} {parameters:?}: largest gap {gap:e}, {cuts} images with an undecided cut");
        if gap > RERANK_TOLERANCE {
            // Only a tie at a cut may part the two, and then for few pairs.
            let apart = found.iter().zip(&wanted);
            let apart = apart
                .filter(|(a, b)| (*a - *b).abs() > RERANK_TOLERANCE)
                .count();
            println!("{name}: {apart} of {} distances apart", found.len());
            assert!(
                cuts > 0 && apart * 20 < found.len(),
                "{name}: {gap:e}, {apart} apart"
            );
        }
    }
}

/// Tells whether a right answer stands otherwise to another box in the two rows; as the rows agree
/// to the tolerance, only the last digits of float32 can have turned them.
fn is_turned(set: &EvalSet, query: usize, wanted: &Array2<f32>, found: &Array2<f64>) -> bool {
    let (wanted, found) = (wanted.row(query), found.row(query));
    let label = set.query_labels[query];
    let boxes = 0..set.gallery_labels.len();
    boxes
        .clone()
        .filter(|&right| set.gallery_labels[right].id == label.id)
        .any(|right| {
            boxes.clone().any(|other| {
                wanted[right].partial_cmp(&wanted[other]) != found[right].partial_cmp(&found[other])
            })
        })
}

#[test]
fn golden_rerankings_have_equal_figures() {
    let Some(set) = EvalSet::open() else { return };
    for (name, parameters) in set.rerankings() {
        let precisions = vector(&set.folder.join(format!("ap_{name}.npy")));
        let curve = vector(&set.folder.join(format!("cmc_{name}_stable.npy")));
        let wanted = matrix::<f32>(&set.folder.join(format!("dist_{name}.npy")));
        let given = set.evaluate(&DistanceMatrix(wanted.view()));
        assert_precisions(&format!("{name}, given distances"), &given, &precisions);
        assert_curve(&format!("{name}, given distances"), &given, &curve);

        let source = set.reranked(parameters);
        let (own, found) = (set.evaluate(&source), full_matrix(&source));
        let mut turned = 0_u32;
        for (score, wanted_precision) in own.queries.iter().zip(&precisions) {
            if is_turned(&set, score.query, &wanted, &found) {
                turned += 1;
                continue;
            }
            let gap = (score.average_precision - wanted_precision).abs();
            assert!(
                gap <= 1e-12,
                "{name}: query {}: off by {gap:e}",
                score.query
            );
        }
        println!(
            "{name}: {turned} of {} queries hang on the last digits",
            own.queries.len()
        );
        assert!(
            (turned as usize) * 2 < own.queries.len(),
            "{name}: {turned} queries not compared"
        );
        for (found, wanted) in own.cmc.iter().zip(&curve) {
            let allowed = f64::from(turned) / own.queries.len() as f64 + 1e-12;
            assert!(
                (found - wanted).abs() <= allowed,
                "{name}: {found} {wanted}"
            );
        }
    }
}

#[test]
fn golden_ties_are_one_step_of_precision() {
    let Some(set) = EvalSet::open() else { return };
    let distances = matrix::<u8>(&set.folder.join("tie_dist.npy"));
    let scores = set.evaluate(&DistanceMatrix(distances.view()));
    assert_precisions("ties", &scores, &vector(&set.folder.join("tie_ap.npy")));
}

#[test]
fn golden_summary_lines_are_printed_again() {
    let Some(set) = EvalSet::open() else { return };
    let results = json(&set.folder.join("results.json"));
    let rerankings = set.rerankings();
    let mut lines = 0;
    for (name, wanted) in results.as_object().unwrap() {
        let scores = if name == "plain" {
            set.evaluate(&set.euclidean())
        } else if name == "tie" {
            let distances = matrix::<u8>(&set.folder.join("tie_dist.npy"));
            set.evaluate(&DistanceMatrix(distances.view()))
        } else if rerankings.iter().any(|(other, _)| other == name) {
            let distances = matrix::<f32>(&set.folder.join(format!("dist_{name}.npy")));
            set.evaluate(&DistanceMatrix(distances.view()))
        } else {
            // Another evaluator's rules of counting.
            continue;
        };
        let gap = scores.mean_average_precision - wanted["mAP"].as_f64().unwrap();
        assert!(gap.abs() <= 1e-12, "{name}: mAP off by {gap:e}");
        if let Some(line) = wanted["line_stable"].as_str() {
            assert_eq!(scores.to_string(), line, "{name}");
            assert_eq!(
                scores.queries.len() as u64,
                wanted["valid_queries"].as_u64().unwrap()
            );
            lines += 1;
        }
    }
    assert!(
        lines >= 2,
        "results.json has {lines} lines that were compared"
    );
}

#[test]
fn golden_minimarket_prints_the_lines_of_the_reference() {
    let Some(root) = golden() else { return };
    let root = root.join("minimarket");
    let market = Dataset::open(root.join("Market")).unwrap();
    let unit = |set: &str| {
        let read = |suffix: &str| {
            let folder = root.join(format!("result/{set}_bin{suffix}/dumpOutput_device0"));
            read_text_dumps(folder).unwrap()
        };
        let (plain, flip) = (read(""), read("_flip"));
        assert_eq!(plain.names, flip.names);
        embed("golden", plain.features.view(), flip.features.view()).unwrap()
    };
    let (query, gallery) = (unit("q"), unit("g"));
    let (query_labels, gallery_labels) = (market.query_labels(), market.gallery_labels());
    let line = |distances: &dyn DistanceRows| {
        evaluate(
            distances,
            &query_labels,
            &gallery_labels,
            &Options::default(),
        )
        .unwrap()
    };
    let reranked =
        Reranked::new(query.view(), gallery.view(), RerankParameters::default()).unwrap();
    let plain = FeatureDistances::new(Metric::Euclidean, query.view(), gallery.view()).unwrap();
    let found = format!(
        "[With    Re-Ranking] {}\n[Without Re-Ranking] {}\n",
        line(&reranked),
        line(&plain)
    );
    let wanted = fs::read_to_string(root.join("evaluate_om.txt")).unwrap();
    assert_eq!(found.trim_end(), wanted.trim_end());
}
