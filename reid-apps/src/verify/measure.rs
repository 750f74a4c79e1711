use serde::Serialize;

/// How near two lists of rows are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// The smallest cosine between a row and its counterpart; NaN when one has no direction or no number.
    pub least_cosine: f64,
    /// Their mean.
    pub mean_cosine: f64,
    /// The largest difference of two numbers.
    pub largest_difference: f64,
    /// The same, relative to the largest number of the second list.
    pub relative_difference: f64,
}

impl Agreement {
    /// Compares rows of `width` numbers. A NaN on either side makes a NaN here, which no threshold lets pass.
    #[must_use]
    pub fn between(found: &[f32], wanted: &[f32], width: usize) -> Self {
        let width = width.max(1);
        let cosines: Vec<f64> = found
            .chunks(width)
            .zip(wanted.chunks(width))
            .map(|(a, b)| cosine(a, b))
            .collect();
        let least =
            cosines.iter().copied().fold(
                1.0_f64,
                |least, c| if c.is_nan() { c } else { least.min(c) },
            );
        let worst = |values: &mut dyn Iterator<Item = f64>| {
            values.fold(0.0_f64, |most, v| {
                if v.is_nan() || most.is_nan() {
                    f64::NAN
                } else {
                    most.max(v)
                }
            })
        };
        let pairs = found.iter().zip(wanted);
        let largest = worst(&mut pairs.map(|(a, b)| {
            // Two equal infinities have no difference.
            if a == b {
                0.0
            } else {
                (f64::from(*a) - f64::from(*b)).abs()
            }
        }));
        let scale = worst(&mut wanted.iter().map(|v| f64::from(*v).abs()));
        let any_nan = cosines.iter().any(|c| c.is_nan());
        Self {
            least_cosine: if any_nan { f64::NAN } else { least },
            mean_cosine: cosines.iter().sum::<f64>() / cosines.len().max(1) as f64,
            largest_difference: largest,
            relative_difference: if largest == 0.0 { 0.0 } else { largest / scale },
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.largest_difference == 0.0
    }
}

/// The cosine of two vectors in double precision; 1 for two that are zero all over.
pub(super) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |x: &[f32], y: &[f32]| -> f64 {
        let pairs = x.iter().zip(y);
        pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let (aa, bb) = (product(a, a), product(b, b));
    if aa == 0.0 && bb == 0.0 {
        return 1.0;
    }
    product(a, b) / (aa.sqrt() * bb.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_row_shows_in_the_least_and_a_nan_hides_nowhere() {
        let wanted = [1.0, 0.0, 0.0, 1.0];
        let found = [1.0, 0.0, 1.0, 0.0];
        let a = Agreement::between(&found, &wanted, 2);
        assert_eq!(
            (a.least_cosine, a.mean_cosine, a.largest_difference),
            (0.0, 0.5, 1.0)
        );
        let exact = Agreement::between(&wanted, &wanted, 2);
        assert!(exact.is_exact() && exact.least_cosine == 1.0);
        for at in 0..4 {
            let mut found = wanted;
            found[at] = f32::NAN;
            let a = Agreement::between(&found, &wanted, 2);
            assert!(
                a.least_cosine.is_nan() && a.largest_difference.is_nan(),
                "{a:?}"
            );
        }
    }
}
