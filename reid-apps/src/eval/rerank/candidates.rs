//! Who can be among the nearest of one image, and who can be the farthest.

/// Collects columns whose rough product leaves it open whether they are among the `width` largest,
/// or the smallest.
///
/// A rough product is within `slack` of the true one. So whoever lies more than twice that below
/// the `width`-th largest rough product is none of the true `width` largest.
pub(super) struct Candidates {
    width: usize,
    gap: f32,
    near: Vec<(f32, usize)>,
    /// No product below it can be among the largest.
    floor: f32,
    far: Vec<(f32, usize)>,
    /// The least product yet.
    least: f32,
}

impl Candidates {
    pub(super) fn new(width: usize, slack: f64) -> Self {
        Self {
            width,
            // A little more, for the rounding of this and of what is subtracted.
            gap: to_f32(2.0 * slack).next_up() * 1.0001,
            near: Vec::new(),
            floor: f32::NEG_INFINITY,
            far: Vec::new(),
            least: f32::INFINITY,
        }
    }

    /// Looks at the products of some columns, the first of which is `start`.
    #[inline(always)]
    pub(super) fn offer(&mut self, values: &[f32], start: usize) {
        const LANES: usize = 32;
        for (at, group) in values.chunks(LANES).enumerate() {
            let (floor, ceiling) = (self.floor, self.least + self.gap);
            // One question to a whole group: nearly always there is nobody.
            let mut asked = false;
            for &value in group {
                asked |= (value >= floor) | (value <= ceiling);
            }
            if asked {
                self.take(group, start + at * LANES);
            }
        }
    }

    #[cold]
    fn take(&mut self, values: &[f32], start: usize) {
        for (at, &value) in values.iter().enumerate() {
            if value >= self.floor {
                self.near.push((value, start + at));
            }
            if value <= self.least + self.gap {
                self.far.push((value, start + at));
                self.least = self.least.min(value);
            }
        }
        if self.near.len() >= 2 * self.width + 64 {
            self.sift();
        }
        if self.far.len() >= 64 {
            let ceiling = self.least + self.gap;
            self.far.retain(|one| one.0 <= ceiling);
        }
    }

    /// Raises the floor to what is known now, and lets go who is below it.
    fn sift(&mut self) {
        if self.near.len() > self.width {
            let (_, last, _) = self
                .near
                .select_nth_unstable_by(self.width - 1, |a, b| b.0.total_cmp(&a.0));
            self.floor = last.0 - self.gap;
            let floor = self.floor;
            self.near.retain(|one| one.0 >= floor);
        }
    }

    /// Returns the columns that may be among the largest and those that may be the smallest, each
    /// ascending.
    pub(super) fn into_rows(mut self) -> (Vec<usize>, Vec<usize>) {
        self.sift();
        let ceiling = self.least + self.gap;
        self.far.retain(|one| one.0 <= ceiling);
        let rows = |list: Vec<(f32, usize)>| {
            let mut rows: Vec<usize> = list.into_iter().map(|one| one.1).collect();
            rows.sort_unstable();
            rows
        };
        (rows(self.near), rows(self.far))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the nearest float32 is meant; the caller steps outwards"
)]
fn to_f32(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_within_the_slack_are_kept_and_no_others() {
        let mut list = Candidates::new(2, 0.05);
        let values = [0.5, 0.31, 0.9, 0.7, 0.65, -0.2, -0.15, -0.05, 0.59];
        list.offer(&values[..4], 10);
        list.offer(&values[4..], 14);
        assert_eq!(list.into_rows(), (vec![12, 13, 14], vec![15, 16]));
    }

    #[test]
    fn a_long_list_is_sifted_on_the_way() {
        let values: Vec<f32> = (0..10_000_u16)
            .map(|i| f32::from((i * 7) % 9973) / 9973.0)
            .collect();
        let mut list = Candidates::new(21, 1e-4);
        for (at, part) in values.chunks(512).enumerate() {
            list.offer(part, at * 512);
            assert!(list.near.len() < 21 * 2 + 64 + 32 && list.far.len() < 64 + 32);
        }
        let (near, far) = list.into_rows();
        let mut sorted: Vec<f32> = values.clone();
        sorted.sort_by(f32::total_cmp);
        let (low, high) = (sorted[0], sorted[values.len() - 21]);
        for (row, &value) in values.iter().enumerate() {
            if value >= high {
                assert!(near.binary_search(&row).is_ok(), "{row}");
            }
            if value <= low {
                assert!(far.binary_search(&row).is_ok(), "{row}");
            }
        }
        assert!(
            near.len() < 40 && far.len() < 10,
            "{} {}",
            near.len(),
            far.len()
        );
    }
}
