//! Figures from where a run has settled.

use crate::runner::{Figures, Stage, Trace};

/// Batches that are looked at to find where a run has settled.
const LOOKED_AT: usize = 1000;
/// Batches that are averaged before the search, which quietens single slow ones.
const GROUP: usize = 5;

/// Collects figures, without the batches at the start that were still warming up.
///
/// The start is cut where the standard error of the mean of what remains is smallest: the rule MSER-5
/// over the first 1000 execution times.
///
/// **Source**: K. P. White, An effective truncation heuristic for bias reduction in simulation
/// output, Simulation 69(6), 1997.
#[derive(Debug)]
pub struct Warm {
    first: Vec<Trace>,
    figures: Option<Figures>,
    dropped: usize,
    settled: bool,
    keep: usize,
}

impl Warm {
    /// Begins; `keep` batches are kept for the timeline.
    #[must_use]
    pub fn new(keep: usize) -> Self {
        Self {
            first: Vec::with_capacity(LOOKED_AT),
            figures: None,
            dropped: 0,
            settled: true,
            keep,
        }
    }

    /// Adds a batch.
    pub fn add(&mut self, trace: &Trace) {
        match &mut self.figures {
            Some(figures) => figures.add(trace),
            None => {
                self.first.push(*trace);
                if self.first.len() == LOOKED_AT {
                    self.settle();
                }
            }
        }
    }

    fn settle(&mut self) -> &mut Figures {
        let times: Vec<f64> = self.first.iter().map(time).collect();
        (self.dropped, self.settled) = cut(&times);
        let mut figures = Figures::new(self.keep);
        for trace in &self.first[self.dropped..] {
            figures.add(trace);
        }
        self.figures.insert(figures)
    }

    /// Returns the figures, the batches that were dropped before them, and whether the run settled.
    #[must_use]
    pub fn finish(mut self) -> (Figures, usize, bool) {
        if self.figures.is_none() {
            self.settle();
        }
        let figures = self.figures.unwrap_or_else(|| Figures::new(0));
        (figures, self.dropped, self.settled)
    }
}

/// Returns the time of a batch that is compared: its execution, where that was measured.
fn time(trace: &Trace) -> f64 {
    let span = trace.span(Stage::Execute).unwrap_or(trace.whole);
    span.length.as_secs_f64()
}

/// Returns how many values to cut from the start, and whether the rest is steady.
fn cut(times: &[f64]) -> (usize, bool) {
    let means: Vec<f64> = times
        .chunks_exact(GROUP)
        .map(|group| group.iter().sum::<f64>() / GROUP as f64)
        .collect();
    // Fewer say nothing.
    if means.len() < 4 {
        return (0, true);
    }
    let error = |from: usize| {
        let rest = &means[from..];
        let count = rest.len() as f64;
        let mean = rest.iter().sum::<f64>() / count;
        rest.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count * count)
    };
    let half = means.len() / 2;
    let best = (0..=half).min_by(|a, b| error(*a).total_cmp(&error(*b)));
    let best = best.unwrap_or(0);
    (best * GROUP, best < half)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wobble(index: usize) -> f64 {
        (index * 7919 % 13) as f64 / 1000.0
    }

    #[test]
    fn a_slow_start_is_cut_and_a_steady_one_is_not() {
        let steady: Vec<f64> = (0..400).map(|i| 1.0 + wobble(i)).collect();
        let (none, settled) = cut(&steady);
        assert!(none <= 20 && settled, "{none}");
        let slow = |i: usize| if i < 60 { 3.0 - i as f64 / 40.0 } else { 0.0 };
        let warming: Vec<f64> = (0..400).map(|i| 1.0 + slow(i) + wobble(i)).collect();
        let (some, settled) = cut(&warming);
        assert!((55..=80).contains(&some) && settled, "{some}");
        let climbing: Vec<f64> = (0..400).map(|i| i as f64).collect();
        assert!(!cut(&climbing).1, "it never settles");
        assert_eq!(cut(&[9.0, 1.0, 1.0]), (0, true));
    }
}
