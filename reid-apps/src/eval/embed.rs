//! From the network's two answers per image to one direction.

use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView2, Axis, Zip};

use super::EvalError;

/// Adds the features of the plain and the mirrored image and brings each row to length one.
///
/// Both inputs and the result are `[rows, dim]`, float32. The sum is not halved, as the length is
/// divided out. The squares are added in float64, so that the length does not depend on the order
/// of addition; sum and division are float32, as in the reference. Rows are independent and done
/// in parallel.
///
/// `what` names the matrix in errors.
///
/// # Errors
/// [`EvalError::Shape`] if the two differ in shape, [`EvalError::ZeroFeature`] where the reference
/// would divide by zero, [`EvalError::NotFinite`].
pub fn embed(
    what: &'static str,
    plain: ArrayView2<'_, f32>,
    flip: ArrayView2<'_, f32>,
) -> Result<Array2<f32>, EvalError> {
    for (axis, what) in [
        (0, "rows of the mirrored features"),
        (1, "width of the mirrored features"),
    ] {
        let (found, wanted) = (flip.len_of(Axis(axis)), plain.len_of(Axis(axis)));
        if found != wanted {
            return Err(EvalError::Shape {
                what,
                found,
                wanted,
            });
        }
    }
    let mut sum = Zip::from(plain).and(flip).map_collect(|a, b| a + b);
    let lengths: Vec<f32> = sum
        .axis_iter_mut(Axis(0))
        .into_par_iter()
        .map(|mut row| {
            let squares: f64 = row
                .iter()
                .map(|&value| f64::from(value) * f64::from(value))
                .sum();
            let length = to_f32(squares.sqrt());
            row.mapv_inplace(|value| value / length);
            length
        })
        .collect();
    for (row, &length) in lengths.iter().enumerate() {
        if !length.is_finite() {
            return Err(EvalError::NotFinite { what, row });
        }
        if length == 0.0 {
            return Err(EvalError::ZeroFeature { what, row });
        }
    }
    Ok(sum)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the nearest float32 is meant"
)]
fn to_f32(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ndarray::array;

    use super::*;

    #[test]
    fn the_sum_of_both_passes_has_length_one() {
        let unit = embed("q", array![[1.0, 4.0]].view(), array![[2.0, 0.0]].view()).unwrap();
        assert_eq!(unit, array![[0.6, 0.8]]);
    }

    #[test]
    fn a_sum_of_zero_a_nan_and_other_shapes_are_refused() {
        let plain = array![[1.0, 4.0], [1.0, 2.0]];
        let zero = embed("q", plain.view(), array![[2.0, 0.0], [-1.0, -2.0]].view());
        assert_eq!(zero, Err(EvalError::ZeroFeature { what: "q", row: 1 }));
        let nan = embed(
            "q",
            plain.view(),
            array![[f32::NAN, 0.0], [1.0, 2.0]].view(),
        );
        assert_eq!(nan, Err(EvalError::NotFinite { what: "q", row: 0 }));
        assert!(matches!(
            embed("q", plain.view(), array![[1.0, 2.0]].view()),
            Err(EvalError::Shape {
                found: 1,
                wanted: 2,
                ..
            })
        ));
    }
}
