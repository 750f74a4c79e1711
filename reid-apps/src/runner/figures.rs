//! Figures over many batches, in memory that does not grow.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::stage::{Stage, Trace};

/// Up to this many durations are kept as they are, and quantiles are exact.
const EXACT: usize = 1 << 14;
/// Parts of an octave in the histogram: a quantile is off by half a part at most, 0.4 per cent.
const PARTS: u32 = 7;

/// How a duration is distributed.
///
/// The first 16384 values are kept; beyond, quantiles come from a histogram of which each bin is
/// narrower than 0.8 per cent of its value, so memory does not grow.
#[derive(Clone, Debug)]
pub struct Distribution {
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
    exact: Vec<u64>,
    bins: Box<[u64]>,
}

/// The figures of a distribution, in milliseconds.
///
/// `median` and `p50` are the same number under both of its names. Quantiles are interpolated
/// linearly between neighbours, as numpy does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// How many values there were.
    pub count: u64,
    /// The smallest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: f64,
    /// The median.
    pub p50: f64,
    /// Nine tenths are below.
    pub p90: f64,
    /// 95 per cent are below.
    pub p95: f64,
    /// 99 per cent are below.
    pub p99: f64,
    /// 99.9 per cent are below.
    #[serde(rename = "p99.9")]
    pub p99_9: f64,
    /// The largest.
    pub max: f64,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            count: 0,
            sum: 0,
            min: u64::MAX,
            max: 0,
            exact: Vec::with_capacity(EXACT),
            bins: vec![0; bin(u64::MAX) + 1].into_boxed_slice(),
        }
    }
}

/// Returns the bin of a value in nanoseconds: below 128 one each, then 128 to an octave.
fn bin(value: u64) -> usize {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(PARTS + 1);
    let within = usize::try_from(value >> shift).unwrap_or(usize::MAX);
    ((shift as usize) << PARTS) + within
}

/// Returns the middle of a bin.
fn middle(bin: usize) -> f64 {
    let parts = 1_usize << PARTS;
    if bin < 2 * parts {
        return bin as f64;
    }
    let shift = bin / parts - 1;
    let low = (bin - shift * parts) as f64;
    (low + 0.5) * 2_f64.powi(i32::try_from(shift).unwrap_or(i32::MAX))
}

const MS: f64 = 1e6;

impl Distribution {
    /// Adds a value.
    pub fn add(&mut self, value: Duration) {
        let value = u64::try_from(value.as_nanos()).unwrap_or(u64::MAX);
        self.count += 1;
        self.sum += u128::from(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if self.exact.len() < EXACT {
            self.exact.push(value);
        }
        self.bins[bin(value)] += 1;
    }

    /// Returns how many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the first values in milliseconds, in the order in which they came.
    pub fn first(&self) -> impl Iterator<Item = f64> + '_ {
        self.exact.iter().map(|value| *value as f64 / MS)
    }

    /// Returns the figures; all zero without values.
    #[must_use]
    pub fn quantiles(&self) -> Quantiles {
        if self.count == 0 {
            return Quantiles::default();
        }
        let mut sorted = self.exact.clone();
        sorted.sort_unstable();
        let at = |share: f64| self.quantile(&sorted, share) / MS;
        let median = at(0.5);
        Quantiles {
            count: self.count,
            min: self.min as f64 / MS,
            mean: self.sum as f64 / self.count as f64 / MS,
            median,
            p50: median,
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p99_9: at(0.999),
            max: self.max as f64 / MS,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place among the values: 0 to their number"
    )]
    fn quantile(&self, sorted: &[u64], share: f64) -> f64 {
        let place = share * (self.count - 1) as f64;
        if self.count as usize == sorted.len() {
            let below = place.floor() as usize;
            let above = (below + 1).min(sorted.len() - 1);
            let part = place - place.floor();
            let (low, high) = (sorted[below] as f64, sorted[above] as f64);
            return low + part * (high - low);
        }
        let wanted = place.round() as u64;
        let mut seen = 0;
        for (index, count) in self.bins.iter().enumerate() {
            seen += count;
            if seen > wanted {
                return middle(index).clamp(self.min as f64, self.max as f64);
            }
        }
        self.max as f64
    }
}

/// The figures of a run.
#[derive(Clone, Debug)]
pub struct Figures {
    stages: [Distribution; Stage::ALL.len()],
    latency: Distribution,
    items: u64,
    end: Duration,
    begin: Option<Duration>,
    traces: Vec<Trace>,
    keep: usize,
}

impl Figures {
    /// Begins; the first `keep` batches are kept for the timeline.
    #[must_use]
    pub fn new(keep: usize) -> Self {
        Self {
            stages: std::array::from_fn(|_| Distribution::default()),
            latency: Distribution::default(),
            items: 0,
            end: Duration::ZERO,
            begin: None,
            traces: Vec::with_capacity(keep),
            keep,
        }
    }

    /// Adds a batch that went through.
    pub fn add(&mut self, trace: &Trace) {
        for (stage, distribution) in Stage::ALL.into_iter().zip(&mut self.stages) {
            if let Some(span) = trace.span(stage) {
                distribution.add(span.length);
            }
        }
        self.latency.add(trace.whole.length);
        self.items += trace.items;
        let start = trace.whole.start;
        self.begin = Some(self.begin.map_or(start, |begin| begin.min(start)));
        self.end = self.end.max(start + trace.whole.length);
        if self.traces.len() < self.keep {
            self.traces.push(*trace);
        }
    }

    /// Returns the distribution of a stage's time.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> &Distribution {
        &self.stages[stage as usize]
    }

    /// Returns the distribution of the time from a batch's first touch to its last.
    #[must_use]
    pub fn latency(&self) -> &Distribution {
        &self.latency
    }

    /// Returns how many items went through.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.items
    }

    /// Returns how many batches went through.
    #[must_use]
    pub fn batches(&self) -> u64 {
        self.latency.count()
    }

    /// Returns the time from the first batch's first touch to the last one's last.
    #[must_use]
    pub fn wall(&self) -> Duration {
        self.end.saturating_sub(self.begin.unwrap_or_default())
    }

    /// Returns items per second of wall-clock time; 0 before there are any.
    #[must_use]
    pub fn wall_rate(&self) -> f64 {
        let seconds = self.wall().as_secs_f64();
        if seconds > 0.0 {
            self.items as f64 / seconds
        } else {
            0.0
        }
    }

    /// Returns the first batches, in order.
    #[must_use]
    pub fn traces(&self) -> &[Trace] {
        &self.traces
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Distribution {
        let mut distribution = Distribution::default();
        for value in values {
            distribution.add(Duration::from_nanos(value));
        }
        distribution
    }

    #[test]
    fn quantiles_of_few_values_are_those_of_numpy() {
        // numpy.percentile([1, 2, 3, 4, 10], [50, 90, 99]) = 3, 7.6, 9.76
        let q = of([4, 1, 10, 3, 2].map(|ms| ms * 1_000_000)).quantiles();
        let found = [q.min, q.mean, q.p50, q.p90, q.p99, q.max];
        for (found, wanted) in found.into_iter().zip([1.0, 4.0, 3.0, 7.6, 9.76, 10.0]) {
            assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
        }
        assert_eq!(of([]).quantiles(), Quantiles::default());
        assert_eq!(of([7]).quantiles().p99_9, 7e-6);
    }

    #[test]
    fn quantiles_of_many_values_are_within_half_a_per_cent() {
        let many = 200_000_u64;
        let q = of((0..many).map(|i| (i * 7919 % many) * 50)).quantiles();
        for (found, share) in [(q.p50, 0.5), (q.p90, 0.9), (q.p99, 0.99), (q.p99_9, 0.999)] {
            let wanted = share * (many - 1) as f64 * 50.0 / 1e6;
            assert!((found / wanted - 1.0).abs() < 0.005, "{found} {wanted}");
        }
    }

    #[test]
    fn every_value_has_a_bin_whose_middle_is_near() {
        for value in [0, 1, 127, 128, 255, 256, 257, 1000, 123_456_789, u64::MAX] {
            let near = middle(bin(value));
            assert!(
                (near - value as f64).abs() <= value as f64 / 250.0,
                "{value} {near}"
            );
        }
        let bins: Vec<_> = (0..100_000).map(bin).collect();
        assert!(
            bins.windows(2)
                .all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1)
        );
    }
}
