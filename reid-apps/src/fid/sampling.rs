//! Which images of a set count.

use std::fmt;

use serde::Serialize;

/// The most images of a set that TTUR's fork in DG-Net looks at: Market-1501's training images.
pub const TTUR_LIMIT: usize = 12_936;
/// Images that it puts through the network at once; a remainder is dropped.
pub const TTUR_BATCH: usize = 50;
/// The seed with which it chooses, where there are more.
pub const TTUR_SEED: u32 = 7;

/// Chooses which images of a set count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Sampling {
    /// All of them.
    #[default]
    All,
    /// As `fid.py` of DG-Net's TTUR: above [`TTUR_LIMIT`] images the first so many of numpy's
    /// permutation with [`TTUR_SEED`], and of those whole batches of [`TTUR_BATCH`]; a set smaller
    /// than a batch is one batch.
    Ttur,
}

impl Sampling {
    /// Returns the places of the images that count among `count`, ascending.
    #[must_use]
    pub fn choose(self, count: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..count).collect();
        if self == Self::Ttur {
            if count > TTUR_LIMIT {
                places = NumpyRandom::new(TTUR_SEED).permutation(count);
                places.truncate(TTUR_LIMIT);
            }
            if places.len() > TTUR_BATCH {
                places.truncate(places.len() / TTUR_BATCH * TTUR_BATCH);
            }
            places.sort_unstable();
        }
        places
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => write!(f, "all images"),
            Self::Ttur => write!(
                f,
                "as TTUR: at most {TTUR_LIMIT} (numpy's permutation, seed {TTUR_SEED}), whole \
                 batches of {TTUR_BATCH}"
            ),
        }
    }
}

/// numpy's `RandomState`, as far as `permutation` needs it.
///
/// **Source**: Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998; the seeding and
/// the shuffle as numpy's stream guarantee fixes them (NEP 19).
struct NumpyRandom {
    state: [u32; Self::WORDS],
    next: usize,
}

impl NumpyRandom {
    const WORDS: usize = 624;
    const SHIFT: usize = 397;

    fn new(seed: u32) -> Self {
        let mut state = [seed; Self::WORDS];
        let mut place = 0_u32;
        for at in 1..Self::WORDS {
            place += 1;
            let last = state[at - 1];
            state[at] = (last ^ (last >> 30))
                .wrapping_mul(1_812_433_253)
                .wrapping_add(place);
        }
        Self {
            state,
            next: Self::WORDS,
        }
    }

    fn word(&mut self) -> u32 {
        if self.next == Self::WORDS {
            for at in 0..Self::WORDS {
                let joined = (self.state[at] & 0x8000_0000)
                    | (self.state[(at + 1) % Self::WORDS] & 0x7fff_ffff);
                let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[at] = self.state[(at + Self::SHIFT) % Self::WORDS] ^ (joined >> 1) ^ odd;
            }
            self.next = 0;
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// Returns a number up to `largest` by drawing bits until they are small enough.
    fn up_to(&mut self, largest: u32) -> u32 {
        let mask = u32::MAX.checked_shr(largest.leading_zeros()).unwrap_or(0);
        loop {
            let drawn = self.word() & mask;
            if drawn <= largest {
                return drawn;
            }
        }
    }

    /// Shuffles `0..count`, from the end.
    fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            let largest = u32::try_from(at).expect("a set has fewer than 2^32 images");
            let other = usize::try_from(self.up_to(largest)).expect("it is at most `at`");
            places.swap(at, other);
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permutations_are_those_of_numpy() {
        // numpy.random.seed(7); numpy.random.permutation(N), by numpy 2.4.6.
        assert_eq!(
            NumpyRandom::new(7).permutation(12),
            [7, 10, 2, 5, 0, 1, 11, 8, 3, 6, 9, 4]
        );
        let long = NumpyRandom::new(7).permutation(15_000);
        assert_eq!(long[..6], [404, 5221, 3357, 7336, 8313, 7716]);
        assert_eq!(long[12_930..12_936], [1631, 4260, 10259, 9618, 10194, 4453]);
    }

    #[test]
    fn ttur_takes_whole_batches_of_at_most_the_training_set() {
        for (count, wanted) in [
            (0, 0),
            (1, 1),
            (49, 49),
            (50, 50),
            (51, 50),
            (199, 150),
            (12_936, 12_900),
            (20_000, 12_900),
        ] {
            let chosen = Sampling::Ttur.choose(count);
            assert_eq!(chosen.len(), wanted, "of {count}");
            assert!(chosen.is_sorted() && chosen.iter().all(|place| *place < count));
            assert_eq!(Sampling::All.choose(count).len(), count);
        }
        // Below the limit the first ones stay, above it they are spread.
        assert_eq!(Sampling::Ttur.choose(12_936).last(), Some(&12_899));
        assert!(Sampling::Ttur.choose(20_000).last() > Some(&19_900));
    }
}
