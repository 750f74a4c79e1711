//! Where a distance comes from.
//!
//! Two FIDs compare only if everything but the images was the same: the network, the resize, which
//! images were left out. So the number is never printed without that.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{FeatureRecipe, FidError, Frechet, Kid, Sampling, Statistics, frechet_distance};

/// The version of the report's layout.
pub const REPORT_FORMAT: u32 = 1;

/// Tells what a set is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetRecord {
    /// The path as it was given.
    pub path: String,
    /// `images`, `features` or `statistics`.
    pub kind: String,
    /// Images found, where that is known.
    pub found: Option<u64>,
    /// Images that counted.
    pub used: Option<u64>,
    /// SHA-256: of the images' names and contents, of the features' array; none for statistics.
    pub sha256: Option<String>,
    /// For statistics that were read: the record that lies in their file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_of: Option<serde_json::Value>,
}

impl SetRecord {
    /// Returns how many images were left out by the sampling.
    #[must_use]
    pub fn dropped(&self) -> Option<u64> {
        Some(self.found?.saturating_sub(self.used?))
    }
}

/// Tells which network made features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkRecord {
    /// The file's path.
    pub file: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// What the images were made into.
    pub recipe: FeatureRecipe,
    /// What it ran on.
    pub device: String,
    /// Whether a simulator stood in for the card.
    pub simulated: bool,
}

/// Holds the distances of two sets and where they come from.
#[derive(Clone, Debug, Serialize)]
pub struct FidReport {
    /// The layout's version, [`REPORT_FORMAT`].
    pub format: u32,
    /// FID and its parts.
    #[serde(flatten)]
    pub frechet: Frechet,
    /// The kernel distance, where it was asked for.
    pub kid: Option<Kid>,
    /// Numbers in a feature vector.
    pub dim: usize,
    /// What is to be known before the number is believed.
    pub warnings: Vec<String>,
    /// Both sets.
    pub sets: [SetRecord; 2],
    /// Which images counted.
    pub sampling: Sampling,
    /// The network, where one ran.
    pub network: Option<NetworkRecord>,
    /// The program and its version.
    pub tool: String,
}

/// Returns the program's name and version, and those of the linear algebra.
#[must_use]
pub fn tool() -> String {
    concat!("reid ", env!("CARGO_PKG_VERSION"), ", float64, faer 0.24").to_owned()
}

impl FidReport {
    /// Computes the distance of two sets and puts it beside their records.
    ///
    /// # Errors
    ///
    /// As [`frechet_distance`].
    pub fn new(
        statistics: [&Statistics; 2],
        sets: [SetRecord; 2],
        kid: Option<Kid>,
        sampling: Sampling,
        network: Option<NetworkRecord>,
    ) -> Result<Self, FidError> {
        let frechet = frechet_distance(statistics[0], statistics[1])?;
        let dim = statistics[0].dim();
        let mut warnings = Vec::new();
        for ((set, statistics), rank) in sets.iter().zip(statistics).zip(frechet.ranks) {
            match statistics.count() {
                Some(count) if count <= dim as u64 => warnings.push(format!(
                    "{}: {count} images for {dim} dimensions, so its covariance has rank {rank}: \
                     FID comes out too large; give more than {dim} images, or look at --kid",
                    set.path
                )),
                _ if rank < dim => warnings.push(format!(
                    "{}: the covariance has rank {rank} of {dim}: some features never change, or \
                     the images are too few",
                    set.path
                )),
                _ => {}
            }
        }
        if network.as_ref().is_some_and(|network| network.simulated) {
            warnings.push("the device was simulated".to_owned());
        }
        Ok(Self {
            format: REPORT_FORMAT,
            frechet,
            kid,
            dim,
            warnings,
            sets,
            sampling,
            network,
            tool: tool(),
        })
    }
}

impl fmt::Display for FidReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Frechet {
            fid,
            means,
            traces: [one, two],
            root,
            ranks,
        } = self.frechet;
        writeln!(f, "FID {fid:.6}")?;
        writeln!(
            f,
            "    means {means:.6} + traces {one:.6} + {two:.6} - 2 x root {root:.6}; ranks {} and {} \
             of {}",
            ranks[0], ranks[1], self.dim
        )?;
        if let Some(kid) = &self.kid {
            write!(f, "KID {:.6}", kid.kid)?;
            if let Some(error) = kid.standard_error {
                write!(f, " +- {error:.6} (standard error)")?;
            }
            writeln!(
                f,
                ", {} subsets of {}, seed {}",
                kid.subsets, kid.size, kid.seed
            )?;
        }
        for (what, set) in ["first ", "second"].into_iter().zip(&self.sets) {
            write!(f, "{what}  {} ({}", set.path, set.kind)?;
            if let (Some(found), Some(used), Some(dropped)) = (set.found, set.used, set.dropped()) {
                write!(f, ": {found} found, {used} used, {dropped} dropped")?;
            } else if let Some(used) = set.used {
                write!(f, " of {used} images")?;
            }
            match &set.sha256 {
                Some(sha256) => writeln!(f, ", sha256 {})", &sha256[..16.min(sha256.len())])?,
                None => writeln!(f, ")")?,
            }
        }
        writeln!(f, "images  {}", self.sampling)?;
        if let Some(network) = &self.network {
            let hash = &network.sha256[..16.min(network.sha256.len())];
            writeln!(
                f,
                "model   {}, sha256 {hash}, on {}",
                network.file, network.device
            )?;
            let steps: Vec<String> = network
                .recipe
                .resize
                .iter()
                .map(|step| format!("{} {} x {}", step.rule, step.width, step.height))
                .collect();
            writeln!(f, "resize  {} (width x height)", steps.join(", "))?;
        }
        write!(f, "by      {}", self.tool)
    }
}
