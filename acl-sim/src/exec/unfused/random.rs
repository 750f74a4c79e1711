//! Normal numbers for operators that draw them.

/// Draws `count` normal numbers with mean 0 and deviation 1. A seed and the operator's place in the graph give the
/// same numbers in every run.
///
/// **Source**: Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958, over SplitMix64 (Steele et
/// al., "Fast Splittable Pseudorandom Number Generators", 2014).
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // rounding is the purpose
pub(super) fn normal(seed: u64, place: usize, count: usize) -> Vec<f32> {
    let mut state = seed ^ (place as u64).wrapping_mul(0xd134_2543_de82_ef95);
    let mut uniform = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // Between 0 and 1, neither of them.
        (((z ^ (z >> 31)) >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    };
    (0..count)
        .map(|_| {
            let radius = (-2.0 * uniform().ln()).sqrt();
            (radius * (std::f64::consts::TAU * uniform()).cos()) as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_normal_and_depend_on_seed_and_place() {
        let many = normal(1, 2, 100_000);
        let mean = many.iter().sum::<f32>() / 1e5;
        let variance = many.iter().map(|v| v * v).sum::<f32>() / 1e5;
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02,
            "{mean} {variance}"
        );
        assert_eq!(normal(1, 2, 3), many[..3]);
        assert_ne!(normal(2, 2, 3), many[..3]);
        assert_ne!(normal(1, 3, 3), many[..3]);
    }
}
