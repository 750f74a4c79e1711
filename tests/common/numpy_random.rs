//! numpy's legacy generator (`numpy.random.RandomState`), bit for bit.
//!
//! The golden networks have weights that numpy drew; with the same generator
//! they need not be stored.
//!
//! **Source**: Matsumoto and Nishimura, "Mersenne Twister", 1998; the polar
//! method of Marsaglia and Bray, 1964, in the order numpy uses it.
#![allow(dead_code)] // each test file uses its own part

const LENGTH: usize = 624;
const MIDDLE: usize = 397;

/// A `RandomState` seeded with one integer.
pub(crate) struct RandomState {
    state: [u32; LENGTH],
    next: usize,
    spare: Option<f64>,
}

impl RandomState {
    pub(crate) fn new(seed: u32) -> RandomState {
        let mut state = [0; LENGTH];
        state[0] = seed;
        for i in 1..LENGTH {
            let before = state[i - 1] ^ (state[i - 1] >> 30);
            let index = u32::try_from(i).unwrap();
            state[i] = before.wrapping_mul(1_812_433_253).wrapping_add(index);
        }
        RandomState {
            state,
            next: LENGTH,
            spare: None,
        }
    }

    /// As `random_sample()`: 53 bits, 0 <= x < 1.
    pub(crate) fn random_sample(&mut self) -> f64 {
        let high = f64::from(self.word() >> 5);
        let low = f64::from(self.word() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// As `uniform(low, high)`.
    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random_sample()
    }

    /// As `normal(mean, deviation)`.
    pub(crate) fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        mean + deviation * self.gauss()
    }

    fn gauss(&mut self) -> f64 {
        if let Some(x) = self.spare.take() {
            return x;
        }
        loop {
            let x = 2.0 * self.random_sample() - 1.0;
            let y = 2.0 * self.random_sample() - 1.0;
            let square = x * x + y * y;
            if square < 1.0 && square != 0.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(factor * x);
                return factor * y;
            }
        }
    }

    fn word(&mut self) -> u32 {
        if self.next == LENGTH {
            for i in 0..LENGTH {
                let joined =
                    (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % LENGTH] & 0x7fff_ffff);
                let twist = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + MIDDLE) % LENGTH] ^ (joined >> 1) ^ twist;
            }
            self.next = 0;
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }
}

/// CRC-32 as zlib computes it.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| {
            if c & 1 == 1 {
                (c >> 1) ^ 0xedb8_8320
            } else {
                c >> 1
            }
        })
    })
}
