//! Kernel distance between two sets of features.
//!
//! The squared maximum mean discrepancy with the kernel `(x·y / dim + 1)³`, in its unbiased form,
//! over subsets of both sets; mean and standard error over the subsets. Unlike FID it needs no
//! covariance and is not biased by the number of images, so it serves where images are few.
//!
//! **Source**: Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, section 4 and appendix.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use ndarray::ArrayView2;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;
use serde::Serialize;

use super::FidError;

/// Rows of the kernel's matrix that are held at a time.
const BLOCK: usize = 256;

/// Says over which subsets the kernel distance is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KidOptions {
    /// Number of subsets.
    pub subsets: usize,
    /// Images of each set in a subset; fewer where a set is smaller.
    pub size: usize,
    /// Seed of the choice.
    pub seed: u64,
}

impl Default for KidOptions {
    /// 100 subsets of 1000, as is usual; seed 0.
    fn default() -> Self {
        Self {
            subsets: 100,
            size: 1000,
            seed: 0,
        }
    }
}

/// Holds a kernel distance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Kid {
    /// Mean over the subsets; below zero for equal sets as often as above.
    pub kid: f64,
    /// Standard error of that mean; `None` where there is one subset.
    pub standard_error: Option<f64>,
    /// Subsets that were taken: one where both are the whole sets.
    pub subsets: usize,
    /// Images of each set in a subset.
    pub size: usize,
    /// The seed of the choice.
    pub seed: u64,
}

/// Computes the kernel distance of two sets of features, `[images, dim]` float32 each.
///
/// Kernel and sums are float64. Subset `i` is drawn without replacement by a PCG64 of its own
/// (seeded by both `seed` and `i`), first of the first set, then of the second; subsets run in parallel and
/// are joined in their order, so the result does not depend on the number of threads.
///
/// # Errors
///
/// [`FidError::Dimensions`]; [`FidError::TooFew`] below two images; [`FidError::NotFinite`];
/// [`FidError::Setting`] for no subsets or subsets of fewer than two.
pub fn kernel_distance(
    names: [&str; 2],
    first: ArrayView2<'_, f32>,
    second: ArrayView2<'_, f32>,
    options: &KidOptions,
) -> Result<Kid, FidError> {
    check(names, first, second, options)?;
    let size = options.size.min(first.nrows()).min(second.nrows());
    // A subset that is the whole of both sets is the same each time.
    let subsets = if size == first.nrows() && size == second.nrows() {
        1
    } else {
        options.subsets
    };
    let values: Vec<f64> = (0..subsets as u64)
        .into_par_iter()
        .map(|subset| {
            let mut random =
                Pcg64::seed_from_u64(options.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ subset);
            let one = gather(first, &mut random, size);
            let two = gather(second, &mut random, size);
            discrepancy(one.as_ref(), two.as_ref())
        })
        .collect();
    let count = values.len() as f64;
    let kid = values.iter().sum::<f64>() / count;
    let standard_error = (subsets > 1).then(|| {
        let squares: f64 = values
            .iter()
            .map(|value| (value - kid) * (value - kid))
            .sum();
        (squares / (count - 1.0) / count).sqrt()
    });
    Ok(Kid {
        kid,
        standard_error,
        subsets,
        size,
        seed: options.seed,
    })
}

fn check(
    names: [&str; 2],
    first: ArrayView2<'_, f32>,
    second: ArrayView2<'_, f32>,
    options: &KidOptions,
) -> Result<(), FidError> {
    for (name, found, least) in [
        ("KID's subsets", options.subsets, 1),
        ("the size of KID's subsets", options.size, 2),
    ] {
        if found < least {
            let wanted = if least == 1 {
                "at least 1"
            } else {
                "at least 2"
            };
            return Err(FidError::Setting {
                name,
                found: found.to_string(),
                wanted,
            });
        }
    }
    if first.ncols() != second.ncols() {
        return Err(FidError::Dimensions {
            first: names[0].to_owned(),
            found: first.ncols(),
            second: names[1].to_owned(),
            wanted: second.ncols(),
        });
    }
    for (name, set) in names.into_iter().zip([first, second]) {
        if set.nrows() < 2 {
            return Err(FidError::TooFew {
                set: name.to_owned(),
                found: set.nrows() as u64,
                wanted: 2,
            });
        }
        if let Some(((row, column), &value)) =
            set.indexed_iter().find(|(_, value)| !value.is_finite())
        {
            let (set, row, value) = (name.to_owned(), row as u64, f64::from(value));
            return Err(FidError::NotFinite {
                set,
                row,
                column,
                value,
            });
        }
    }
    Ok(())
}

/// Draws `size` rows without replacement, `[size, dim]`.
fn gather(set: ArrayView2<'_, f32>, random: &mut Pcg64, size: usize) -> Mat<f64> {
    let mut places: Vec<usize> = (0..set.nrows()).collect();
    for at in 0..size {
        let other = random.random_range(at..places.len());
        places.swap(at, other);
    }
    Mat::from_fn(size, set.ncols(), |row, column| {
        f64::from(set[(places[row], column)])
    })
}

/// Computes the unbiased squared discrepancy of two subsets of equal size.
fn discrepancy(one: MatRef<'_, f64>, two: MatRef<'_, f64>) -> f64 {
    let count = one.nrows() as f64;
    let within =
        (kernel_sum(one, one, true) + kernel_sum(two, two, true)) / (count * (count - 1.0));
    within - 2.0 * kernel_sum(one, two, false) / (count * count)
}

/// Adds the kernel over all pairs of rows; over pairs of different rows of one set if `within`.
fn kernel_sum(one: MatRef<'_, f64>, two: MatRef<'_, f64>, within: bool) -> f64 {
    let scale = 1.0 / one.ncols() as f64;
    let kernel = |product: &f64| {
        let value = product + 1.0;
        value * value * value
    };
    let mut products = Mat::<f64>::zeros(BLOCK, BLOCK);
    let mut sum = 0.0;
    for begin in (0..one.nrows()).step_by(BLOCK) {
        let rows = BLOCK.min(one.nrows() - begin);
        for other in (0..two.nrows()).step_by(BLOCK) {
            if within && other > begin {
                // The kernel is symmetric: pairs below the diagonal count twice, those above not.
                break;
            }
            let columns = BLOCK.min(two.nrows() - other);
            let mut tile = products.as_mut().submatrix_mut(0, 0, rows, columns);
            let (left, right) = (one.subrows(begin, rows), two.subrows(other, columns));
            matmul(
                tile.as_mut(),
                Accum::Replace,
                left,
                right.transpose(),
                scale,
                Par::Seq,
            );
            for (column, values) in tile.as_ref().col_iter().enumerate() {
                let first = if within && other == begin {
                    column + 1
                } else {
                    0
                };
                sum += values.iter().skip(first).map(kernel).sum::<f64>();
            }
        }
    }
    if within { 2.0 * sum } else { sum }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ndarray::{Array2, array};

    use super::*;

    fn drawn(rows: usize, shift: f32, seed: u64) -> Array2<f32> {
        let mut random = Pcg64::seed_from_u64(seed);
        Array2::from_shape_simple_fn((rows, 8), || random.random::<f32>() + shift)
    }

    /// The definition, pair by pair.
    fn slowly(one: &Array2<f32>, two: &Array2<f32>) -> f64 {
        let kernel = |x: ndarray::ArrayView1<'_, f32>, y: ndarray::ArrayView1<'_, f32>| {
            let product: f64 = x
                .iter()
                .zip(y)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum();
            (product / x.len() as f64 + 1.0).powi(3)
        };
        let mean = |one: &Array2<f32>, two: &Array2<f32>, within: bool| {
            let (mut sum, mut pairs) = (0.0, 0.0);
            for (i, x) in one.rows().into_iter().enumerate() {
                for (j, y) in two.rows().into_iter().enumerate() {
                    if !within || i != j {
                        sum += kernel(x, y);
                        pairs += 1.0;
                    }
                }
            }
            sum / pairs
        };
        mean(one, one, true) + mean(two, two, true) - 2.0 * mean(one, two, false)
    }

    #[test]
    fn whole_sets_give_the_definition_computed_pair_by_pair() {
        // More rows than a tile has, and not a multiple of it.
        let (one, two) = (drawn(300, 0.0, 1), drawn(300, 0.3, 2));
        let options = KidOptions {
            size: 300,
            ..KidOptions::default()
        };
        let found = kernel_distance(["a", "b"], one.view(), two.view(), &options).unwrap();
        let wanted = slowly(&one, &two);
        assert!((found.kid - wanted).abs() < 1e-11, "{} {wanted}", found.kid);
        assert_eq!(
            (found.subsets, found.size, found.standard_error),
            (1, 300, None)
        );
    }

    #[test]
    fn two_pairs_computed_by_hand() {
        // Kernels: within 1·(1·3+1)³ = 64 and (0+1)³ = 1; across (1+1)³, (0+1)³, (3+1)³, (0+1)³.
        let (one, two) = (array![[1.0], [3.0]], array![[1.0], [0.0]]);
        let found =
            kernel_distance(["a", "b"], one.view(), two.view(), &KidOptions::default()).unwrap();
        assert_eq!(found.kid, 64.0 + 1.0 - 2.0 * (8.0 + 1.0 + 64.0 + 1.0) / 4.0);
    }

    #[test]
    fn subsets_depend_on_the_seed_alone_and_their_mean_lies_near_the_whole() {
        let (one, two) = (drawn(200, 0.0, 1), drawn(150, 0.3, 2));
        let run = |seed| {
            let options = KidOptions {
                subsets: 40,
                size: 50,
                seed,
            };
            kernel_distance(["a", "b"], one.view(), two.view(), &options).unwrap()
        };
        let found = run(3);
        assert_eq!(found, run(3));
        assert_ne!(found.kid, run(4).kid);
        let error = found.standard_error.unwrap();
        let wanted = slowly(&one, &two);
        assert!(
            error > 0.0 && (found.kid - wanted).abs() < 5.0 * error,
            "{found:?} {wanted}"
        );
        let one_thread = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        assert_eq!(found, one_thread.install(|| run(3)));
    }

    #[test]
    fn equal_sets_lie_around_zero_and_not_above_it_alone() {
        let (one, two) = (drawn(400, 0.0, 1), drawn(400, 0.0, 2));
        let options = KidOptions {
            subsets: 30,
            size: 100,
            seed: 0,
        };
        let found = kernel_distance(["a", "b"], one.view(), two.view(), &options).unwrap();
        assert!(found.kid.abs() < 0.02, "{found:?}");
    }

    #[test]
    fn bad_sets_and_settings_are_refused() {
        let run = |one: &Array2<f32>, two: &Array2<f32>, options: KidOptions| {
            kernel_distance(["real", "made"], one.view(), two.view(), &options)
                .unwrap_err()
                .to_string()
        };
        let (good, default) = (drawn(4, 0.0, 1), KidOptions::default());
        let mut nan = good.clone();
        nan[(2, 3)] = f32::NAN;
        for (text, wanted) in [
            (
                run(&good, &array![[1.0], [2.0]], default),
                "differ in dimension",
            ),
            (run(&good, &drawn(1, 0.0, 1), default), "made: 1 rows"),
            (run(&nan, &good, default), "real: row 2, column 3 is NaN"),
            (
                run(
                    &good,
                    &good,
                    KidOptions {
                        subsets: 0,
                        ..default
                    },
                ),
                "found 0, wanted at least 1",
            ),
            (
                run(&good, &good, KidOptions { size: 1, ..default }),
                "found 1, wanted at least 2",
            ),
        ] {
            assert!(text.contains(wanted), "{text}");
        }
    }
}
