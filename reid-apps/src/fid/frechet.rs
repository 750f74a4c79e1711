//! Fréchet distance between two normal distributions.
//!
//! `|mu1 - mu2|² + tr S1 + tr S2 - 2 tr (S1 S2)^½`. The root of the product is never formed: with
//! `S2 = L Lᵀ` its trace is the sum of the roots of the eigenvalues of `Lᵀ S1 L`, which is symmetric
//! and of the size of S2's rank. So a singular covariance needs no offset on its diagonal and is
//! quicker than a full one, no imaginary part arises, and no eigenvectors are computed. Of the two
//! covariances the one of lower rank is factored: noise in the null space is not rooted.
//!
//! **Source**: Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
//! Equilibrium", NeurIPS 2017, equation 6; Dowson and Landau, "The Fréchet distance between
//! multivariate normal distributions", J. Multivariate Analysis 12, 1982.

use serde::Serialize;

use super::linear::{Factor, factor, product_eigenvalues};
use super::{FidError, Statistics};

/// How far below zero rounding may bring what is never negative, relative to the largest.
const ROUNDING: f64 = 1e-6;

/// Holds a Fréchet distance and its parts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Frechet {
    /// The distance, FID: `means + traces[0] + traces[1] - 2 * root`, not below zero.
    pub fid: f64,
    /// Squared distance of the means.
    pub means: f64,
    /// Traces of both covariances.
    pub traces: [f64; 2],
    /// Trace of the root of the covariances' product.
    pub root: f64,
    /// Numerical ranks of both covariances.
    pub ranks: [usize; 2],
}

/// Computes the Fréchet distance of two sets.
///
/// # Errors
///
/// [`FidError::Dimensions`] if the sets differ in dimension, [`FidError::NotCovariance`] if a
/// covariance has a negative eigenvalue beyond rounding, [`FidError::Eigenvalues`].
pub fn frechet_distance(first: &Statistics, second: &Statistics) -> Result<Frechet, FidError> {
    if first.dim() != second.dim() {
        return Err(FidError::Dimensions {
            first: first.set().to_owned(),
            found: first.dim(),
            second: second.set().to_owned(),
            wanted: second.dim(),
        });
    }
    let (one, two) = rayon::join(|| checked_factor(first), || checked_factor(second));
    let (one, two) = (one?, two?);
    let ranks = [one.lower.ncols(), two.lower.ncols()];
    let (other, factor) = if ranks[0] < ranks[1] {
        drop(two);
        (second, one)
    } else {
        drop(one);
        (first, two)
    };
    let root = trace_of_root(other, &factor)?;
    let means: f64 = first
        .mean()
        .iter()
        .zip(second.mean())
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    let traces = [first, second].map(|set| set.sigma().diag().sum());
    Ok(Frechet {
        fid: (means + traces[0] + traces[1] - 2.0 * root).max(0.0),
        means,
        traces,
        root,
        ranks,
    })
}

fn checked_factor(statistics: &Statistics) -> Result<Factor, FidError> {
    let not = |problem| FidError::NotCovariance {
        set: statistics.set().to_owned(),
        problem,
    };
    let factor =
        factor(statistics.matrix()).ok_or_else(|| not("it has no Cholesky factor".to_owned()))?;
    let largest = statistics
        .sigma()
        .diag()
        .iter()
        .copied()
        .fold(0.0, f64::max);
    if factor.least_left < -ROUNDING * largest {
        let least = factor.least_left;
        return Err(not(format!(
            "it has an eigenvalue of {least:e} or less, wanted none below zero"
        )));
    }
    Ok(factor)
}

fn trace_of_root(sigma: &Statistics, factor: &Factor) -> Result<f64, FidError> {
    if factor.lower.ncols() == 0 {
        // All images of the set have the same features.
        return Ok(0.0);
    }
    let values =
        product_eigenvalues(sigma.matrix(), factor).ok_or(FidError::Eigenvalues(sigma.dim()))?;
    let (least, largest) = (values[0], values[values.len() - 1]);
    if least < -ROUNDING * largest.max(0.0) {
        return Err(FidError::NotCovariance {
            set: sigma.set().to_owned(),
            problem: format!(
                "with the other set it has an eigenvalue of {least:e} (the largest is \
                 {largest:e}), wanted none below zero"
            ),
        });
    }
    Ok(values.iter().map(|value| value.max(0.0).sqrt()).sum())
}
