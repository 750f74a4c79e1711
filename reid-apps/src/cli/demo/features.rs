//! FID of the demo's pictures, by the features of the demo's own MGN.

use std::fmt;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use acl::{Context, Runtime};
use serde::Serialize;

use super::super::exit::Failure;
use crate::backend::Backend;
use crate::fid::{
    FeatureNetwork, FeatureRecipe, FidError, ImageSet, Moments, Sampling, Statistics,
    frechet_distance,
};

/// The distances of generated and of drawn swaps from the set that they were made of.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Distances {
    pub(super) generated: f64,
    /// Of the drawn truth: what a perfect network would get.
    pub(super) truth: f64,
    pub(super) images: u64,
    pub(super) dimensions: usize,
    pub(super) features: &'static str,
}

impl fmt::Display for Distances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FID       {:.4} generated, {:.4} the drawn truth: by {}, {} dimensions, {} images \
             each, so both come out too large; not to be compared with an Inception FID",
            self.generated, self.truth, self.features, self.dimensions, self.images
        )
    }
}

/// What the network reads: the input of MGN.
const RECIPE: &str = "height = 384\nwidth = 128\nmean = [0.485, 0.456, 0.406]\n\
                      std = [0.229, 0.224, 0.225]\n";

/// Computes the distances of both `others` from `real`, and leaves the recipe beside the model, so
/// that `reid fid` gives the same.
pub(super) fn distances(
    model: &Path,
    real: &Path,
    others: &[&Path; 2],
) -> Result<Distances, Failure> {
    let file = FeatureRecipe::beside(model);
    crate::files::write_file(&file, |file| file.write_all(RECIPE.as_bytes()))?;
    let recipe = FeatureRecipe::read(&file).map_err(Failure::environment)?;
    let api = Backend::Simulator.open().map_err(Failure::environment)?;
    let runtime = Runtime::init(api).map_err(Failure::environment)?;
    let device = runtime.device(0).map_err(Failure::environment)?;
    let context = Context::new(&device).map_err(Failure::environment)?;
    let network = FeatureNetwork::open(&context, model, recipe).map_err(Failure::environment)?;
    let real = statistics(&network, real).map_err(Failure::ran)?;
    let distance = |folder: &Path| -> Result<f64, FidError> {
        let other = statistics(&network, folder)?;
        Ok(frechet_distance(&real, &other)?.fid)
    };
    Ok(Distances {
        generated: distance(others[0]).map_err(Failure::ran)?,
        truth: distance(others[1]).map_err(Failure::ran)?,
        images: real.count().unwrap_or_default(),
        dimensions: network.dim(),
        features: "the MGN of `reid demo`, trained on drawn people",
    })
}

fn statistics(network: &FeatureNetwork, folder: &Path) -> Result<Statistics, FidError> {
    let set = ImageSet::open(folder, Sampling::All)?;
    let mut moments = Moments::new(folder.display().to_string(), network.dim());
    network.run(&set.files, &AtomicBool::new(false), &mut |rows, _| {
        moments.push(rows)
    })?;
    moments.finish()
}
