//! The places of one query's right answers.

/// Tells for each right answer of a query how many wrong ones stand before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::eval) struct Places {
    /// Distance and gallery row of the right answers, ascending.
    pub(in crate::eval) right: Vec<(f64, usize)>,
    /// Wrong answers that are nearer, or as near and of a lower row.
    pub(in crate::eval) before: Vec<usize>,
    /// Wrong answers that are not farther.
    pub(in crate::eval) within: Vec<usize>,
    /// All wrong answers.
    pub(in crate::eval) wrong: usize,
}

impl Places {
    /// Makes the places of right answers, as yet without wrong ones. There must be no NaN.
    pub(in crate::eval) fn of(mut right: Vec<(f64, usize)>) -> Self {
        right.sort_by(|a, b| a.partial_cmp(b).expect("distances were found free of NaN"));
        Self {
            before: vec![0; right.len()],
            within: vec![0; right.len()],
            right,
            wrong: 0,
        }
    }

    /// Returns the place of right answer `index` among the boxes that count, from 1.
    pub(in crate::eval) fn rank(&self, index: usize) -> usize {
        self.before[index] + index + 1
    }

    /// Returns, for each distinct distance in order, the right answers up to it and the wrong ones.
    pub(in crate::eval) fn steps(&self) -> impl Iterator<Item = (usize, usize)> {
        (1..=self.right.len())
            .filter(|&end| end == self.right.len() || self.right[end].0 != self.right[end - 1].0)
            .map(|end| (end, self.within[end - 1]))
    }
}
