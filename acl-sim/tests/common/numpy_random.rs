//! numpy's `RandomState(seed).normal(size=…)`, so that golden inputs need not be stored.
//!
//! The reference vectors were made by a program that drew its inputs with numpy's legacy generator. That generator is
//! frozen by numpy's compatibility policy, and small: the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998),
//! seeded by Knuth's linear recurrence; doubles from 53 bits of two outputs; normals by Marsaglia's polar method, of
//! which the *second* deviate is given first and the other kept for the next call.
//!
//! Checked against numpy 2.4: see the test below (values printed by numpy).
#![allow(dead_code)]

const N: usize = 624;
const M: usize = 397;

/// Stands for `numpy.random.RandomState(seed)`.
pub(crate) struct RandomState {
    state: [u32; N],
    next: usize,
    kept: Option<f64>,
}

impl RandomState {
    /// Seeds as `RandomState(seed)` with one integer does.
    pub(crate) fn new(seed: u32) -> Self {
        let mut state = [0; N];
        state[0] = seed;
        for i in 1..N {
            let previous = state[i - 1] ^ (state[i - 1] >> 30);
            let i_32 = u32::try_from(i).expect("below 624");
            state[i] = 1_812_433_253u32.wrapping_mul(previous).wrapping_add(i_32);
        }
        Self {
            state,
            next: N,
            kept: None,
        }
    }

    fn twist(&mut self) {
        for i in 0..N {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
            let mix = if y & 1 == 0 { 0 } else { 0x9908_b0df };
            self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ mix;
        }
        self.next = 0;
    }

    fn bits(&mut self) -> u32 {
        if self.next == N {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// Draws from [0, 1), as `random_sample`.
    pub(crate) fn uniform(&mut self) -> f64 {
        let (a, b) = (self.bits() >> 5, self.bits() >> 6);
        (f64::from(a) * 67_108_864.0 + f64::from(b)) / 9_007_199_254_740_992.0
    }

    /// Draws one standard normal deviate, as `normal`.
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(kept) = self.kept.take() {
            return kept;
        }
        loop {
            let x1 = 2.0 * self.uniform() - 1.0;
            let x2 = 2.0 * self.uniform() - 1.0;
            let r2 = x1 * x1 + x2 * x2;
            if r2 < 1.0 && r2 != 0.0 {
                let f = (-2.0 * r2.ln() / r2).sqrt();
                self.kept = Some(f * x1);
                return f * x2;
            }
        }
    }

    /// Draws `n` normal deviates, rounded to 32-bit floats: `normal(size=n).astype(float32)`.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn normal_f32(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.normal() as f32).collect()
    }
}

#[test]
fn draws_are_numpys() {
    // RandomState(7).normal(size=4), and the bits of RandomState(8).normal(size=3)
    let want7 = [
        1.690_525_703_800_356_f64,
        -0.465_937_370_540_832_8,
        0.032_820_163_678_584_4,
        0.407_516_282_996_507_83,
    ];
    let mut rs = RandomState::new(7);
    for want in want7 {
        assert!((rs.normal() - want).abs() < 1e-14, "{want}");
    }
    let mut rs = RandomState::new(8);
    for bits in [
        0x3fb7_5931_3b1f_81c0u64,
        0x3ff1_75e4_e221_7dc5,
        0xbfff_26ca_56b8_8ebf,
    ] {
        let want = f64::from_bits(bits);
        assert!((rs.normal() - want).abs() <= want.abs() * 4.0 * f64::EPSILON);
    }
    // The last of RandomState(7).normal(size=(4, 3, 384, 128)), and the sum: the whole sequence is right.
    let mut rs = RandomState::new(7);
    let (mut sum, mut last) = (0.0, 0.0);
    for _ in 0..4 * 3 * 384 * 128 {
        last = rs.normal();
        sum += last;
    }
    assert!((last - f64::from_bits(0x3fe3_db5a_b2eb_63d3)).abs() < 1e-14);
    assert!((sum - -489.386_412_028_852_5_f64).abs() < 1e-6, "{sum}");
}
