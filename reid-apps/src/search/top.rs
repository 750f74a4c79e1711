//! The nearest rows so far.

/// Keeps the `limit` smallest pairs of distance and row, ties by the smaller row.
#[derive(Clone, Debug)]
pub(super) struct Top {
    limit: usize,
    /// A heap with the worst pair first would save little at these sizes; sorted, the worst is last.
    best: Vec<(f64, usize)>,
}

impl Top {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            best: Vec::new(),
        }
    }

    /// Offers a pair; the order of offers does not matter. The distance must not be NaN.
    pub(super) fn offer(&mut self, distance: f64, row: usize) {
        if self.best.len() == self.limit {
            match self.best.last() {
                Some(&(worst, last)) if (distance, row) < (worst, last) => {}
                _ => return,
            }
        }
        let place = self.best.partition_point(|&one| one < (distance, row));
        self.best.insert(place, (distance, row));
        self.best.truncate(self.limit);
    }

    pub(super) fn into_sorted(self) -> Vec<(f64, usize)> {
        self.best
    }
}
