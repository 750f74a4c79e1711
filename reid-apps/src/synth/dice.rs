//! Random numbers that depend on what is drawn, never on when.
//!
//! Every item (a camera, an identity, one shot) owns a generator whose seed is
//! a hash of the set's seed, the kind of the item and its indices. So the
//! pictures come out the same at any thread count and in any order, and one
//! more identity leaves the others as they were.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

/// Names what a [`Dice`] is thrown for, so that two uses never share numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// A camera; one index: its number.
    Camera = 1,
    /// A person of the evaluation set; one index.
    Person = 2,
    /// Where and when a person is seen; one index.
    Sightings = 3,
    /// One picture of a person; three indices: person, camera, shot.
    Shot = 4,
    /// A distractor; one index.
    Distractor = 5,
    /// A junk detection; one index.
    Junk = 6,
    /// A person of the training set; one index.
    TrainPerson = 7,
    /// Where and when a training person is seen; one index.
    TrainSightings = 8,
    /// One picture of a training person; three indices.
    TrainShot = 9,
    /// The objects behind a figure; one index.
    Backdrop = 10,
    /// The sensor's noise; one index.
    Noise = 11,
    /// Anything a caller draws for itself.
    Custom = 12,
}

/// Gives seeded random numbers, bit for bit the same on every machine.
///
/// PCG-64 below; the normal numbers are sums of uniform ones, because a
/// logarithm of the platform's own library may differ in its last bit.
#[derive(Debug, Clone)]
pub struct Dice(Pcg64);

/// One round of SplitMix64 (Steele, Lea, Flood 2014): spreads every input bit
/// over all output bits.
fn mix(state: u64, word: u64) -> u64 {
    let mut z = (state ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Dice {
    /// Makes the generator of one item: `indices` tells items of one purpose apart.
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose, indices: &[u64]) -> Self {
        let mut low = mix(mix(0, seed), purpose as u64);
        for &index in indices {
            low = mix(low, index);
        }
        let high = mix(low, 0x5851_f42d_4c95_7f2d);
        Self(Pcg64::new(
            (u128::from(high) << 64) | u128::from(low),
            0x0a02_bdbf_7bb3_c0a7_ac28_fa16_a64a_bf96,
        ))
    }

    /// Gives 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Gives a number in `[0, 1)` with 24 random bits.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / 16_777_216.0
    }

    /// Gives a number in `[low, high)`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Gives an integer below `count`; 0 when `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        let product = u128::from(self.bits()) * (count as u128);
        usize::try_from(product >> 64).expect("a number below a usize is a usize")
    }

    /// Gives an integer in `[low, high]`.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = high.saturating_sub(low) as usize + 1;
        low + u32::try_from(self.below(span)).expect("a number below a u32 span is a u32")
    }

    /// Says yes with probability `chance`.
    pub fn chance(&mut self, chance: f32) -> bool {
        self.unit() < chance
    }

    /// Gives a number of the normal distribution of mean 0 and deviation 1
    /// (the sum of eight uniform ones: no value beyond 4.9).
    pub fn normal(&mut self) -> f32 {
        let mut sum = 0.0_f32;
        for _ in 0..2 {
            let mut bits = self.bits();
            for _ in 0..4 {
                sum += (bits & 0xffff) as f32 / 65_535.0;
                bits >>= 16;
            }
        }
        (sum - 4.0) / 0.816_496_6
    }

    /// Gives `e` to a normal number of deviation `deviation`: a factor around 1.
    pub fn factor(&mut self, deviation: f32) -> f32 {
        libm::expf(deviation * self.normal())
    }

    /// Picks one of `choices`.
    ///
    /// # Panics
    /// When `choices` is empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_item_gets_the_same_numbers_and_another_item_others() {
        let numbers = |seed, purpose, index| {
            let mut dice = Dice::new(seed, purpose, &[index]);
            [dice.bits(), dice.bits()]
        };
        let first = numbers(7, Purpose::Camera, 0);
        assert_eq!(first, numbers(7, Purpose::Camera, 0));
        assert_ne!(first, numbers(8, Purpose::Camera, 0));
        assert_ne!(first, numbers(7, Purpose::Person, 0));
        assert_ne!(first, numbers(7, Purpose::Camera, 1));
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let mut dice = Dice::new(1, Purpose::Custom, &[]);
        let numbers: Vec<f32> = (0..20_000).map(|_| dice.normal()).collect();
        let mean = numbers.iter().sum::<f32>() / 20_000.0;
        let square = numbers.iter().map(|n| n * n).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!((square - 1.0).abs() < 0.04, "mean square {square}");
    }

    #[test]
    fn integers_stay_inside_and_reach_both_ends() {
        let mut dice = Dice::new(2, Purpose::Custom, &[]);
        let numbers: Vec<u32> = (0..1000).map(|_| dice.between(3, 9)).collect();
        assert_eq!(numbers.iter().min(), Some(&3));
        assert_eq!(numbers.iter().max(), Some(&9));
        assert_eq!(dice.below(0), 0);
    }
}
