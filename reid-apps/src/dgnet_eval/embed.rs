//! From the network's answers to directions, and their weights.

use ndarray::{Array2, ArrayView2};

use super::DgnetEvalError;

/// Numbers in one of the two embeddings of the published DG-Net.
pub const HALF: usize = 512;

/// Chooses how much each of the two embeddings counts in a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weighting {
    /// The first counts 1, the second alpha. The reference shows 0 and 0.5.
    Alpha(f64),
    /// The second alone.
    SecondOnly,
}

impl Weighting {
    /// The three that the reference prints; its published figures are those of alpha 0.5.
    pub const REFERENCE: [Self; 3] = [Self::Alpha(0.0), Self::Alpha(0.5), Self::SecondOnly];

    /// Returns the factors of both embeddings' products.
    ///
    /// # Errors
    ///
    /// [`DgnetEvalError::Alpha`] for NaN, infinity, or a number below zero.
    pub fn factors(self) -> Result<[f64; 2], DgnetEvalError> {
        match self {
            Self::Alpha(alpha) if alpha.is_finite() && alpha >= 0.0 => Ok([1.0, alpha]),
            Self::Alpha(alpha) => Err(DgnetEvalError::Alpha(alpha)),
            Self::SecondOnly => Ok([0.0, 1.0]),
        }
    }
}

impl std::fmt::Display for Weighting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Alpha(alpha) => write!(f, "alpha {alpha}"),
            Self::SecondOnly => write!(f, "second embedding alone"),
        }
    }
}

/// Joins the two passes: each embedding of each pass is brought to length one, the passes are
/// added, and each embedding is brought to length one again.
///
/// Inputs and result are `[rows, 2 * half]` float32, the two embeddings beside each other
/// (`half` is [`HALF`] for the published network). `what` names the matrix in errors.
///
/// # Errors
///
/// [`DgnetEvalError`]: shapes that differ, an odd width, an embedding without a direction.
pub fn embed_halves(
    what: &'static str,
    plain: ArrayView2<'_, f32>,
    flip: ArrayView2<'_, f32>,
) -> Result<Array2<f32>, DgnetEvalError> {
    for (axis, (found, wanted)) in [
        (
            "rows of the mirrored features",
            (flip.nrows(), plain.nrows()),
        ),
        (
            "width of the mirrored features",
            (flip.ncols(), plain.ncols()),
        ),
    ] {
        if found != wanted {
            return Err(DgnetEvalError::Shape {
                what: axis,
                found,
                wanted,
            });
        }
    }
    let half = half_of(what, plain.ncols())?;
    let mut joined: Vec<f32> = plain.iter().copied().collect();
    let mut mirrored: Vec<f32> = flip.iter().copied().collect();
    let pairs = joined
        .chunks_exact_mut(half)
        .zip(mirrored.chunks_exact_mut(half));
    for (at, (one, two)) in pairs.enumerate() {
        let (row, half) = (at / 2, at % 2 + 1);
        let no_direction = |found| DgnetEvalError::Row {
            what,
            row,
            half,
            found,
        };
        to_unit(one).map_err(no_direction)?;
        to_unit(two).map_err(no_direction)?;
        one.iter_mut().zip(two).for_each(|(one, two)| *one += *two);
        to_unit(one).map_err(no_direction)?;
    }
    Array2::from_shape_vec(plain.raw_dim(), joined).map_err(|_| DgnetEvalError::Shape {
        what: "numbers",
        found: flip.len(),
        wanted: plain.len(),
    })
}

pub(super) fn half_of(what: &'static str, width: usize) -> Result<usize, DgnetEvalError> {
    if width == 0 || !width.is_multiple_of(2) {
        return Err(DgnetEvalError::Halves { what, found: width });
    }
    Ok(width / 2)
}

fn to_unit(values: &mut [f32]) -> Result<(), &'static str> {
    let squares: f64 = values
        .iter()
        .map(|&value| f64::from(value) * f64::from(value))
        .sum();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to the nearest float32 is meant"
    )]
    let length = squares.sqrt() as f32;
    if !length.is_finite() {
        return Err("not finite");
    }
    if length == 0.0 {
        return Err("zero throughout");
    }
    values.iter_mut().for_each(|value| *value /= length);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ndarray::array;

    use super::*;

    #[test]
    fn each_embedding_of_each_pass_counts_alike_whatever_its_length() {
        // First: (3,4)/5 + (0,1) = (0.6, 1.8); second: (1,0) + (0,1).
        let found = embed_halves(
            "q",
            array![[30.0, 40.0, 7.0, 0.0]].view(),
            array![[0.0, 2.0, 0.0, 1.0]].view(),
        )
        .unwrap();
        let length = f32::sqrt(0.36 + 3.24);
        let root = f32::sqrt(0.5);
        for (found, wanted) in found.iter().zip([0.6 / length, 1.8 / length, root, root]) {
            assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
        }
    }

    #[test]
    fn features_without_a_direction_or_of_another_shape_are_refused() {
        let good = array![[1.0, 2.0]];
        let run = |plain: Array2<f32>, flip: &Array2<f32>| {
            embed_halves("q", plain.view(), flip.view()).unwrap_err()
        };
        assert!(matches!(
            run(array![[1.0, 0.0]], &good),
            DgnetEvalError::Row {
                row: 0,
                half: 2,
                found: "zero throughout",
                ..
            }
        ));
        assert!(matches!(
            run(array![[f32::NAN, 0.0]], &good),
            DgnetEvalError::Row {
                half: 1,
                found: "not finite",
                ..
            }
        ));
        assert!(matches!(
            run(array![[-1.0, 2.0]], &good),
            DgnetEvalError::Row {
                half: 1,
                found: "zero throughout",
                ..
            }
        ));
        assert!(matches!(
            run(array![[1.0, 2.0, 3.0]], &array![[1.0, 2.0, 3.0]]),
            DgnetEvalError::Halves { found: 3, .. }
        ));
        assert!(matches!(
            run(array![[1.0, 2.0], [1.0, 2.0]], &good),
            DgnetEvalError::Shape {
                found: 1,
                wanted: 2,
                ..
            }
        ));
        assert!(
            Weighting::Alpha(f64::NAN).factors().is_err()
                && Weighting::Alpha(-1.0).factors().is_err()
        );
    }
}
