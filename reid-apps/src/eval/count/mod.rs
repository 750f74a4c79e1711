//! Where the right answers of a query stand.
//!
//! A ranking is not needed to score it: it is enough to know, for each right answer, how many wrong
//! ones are nearer. Those numbers can be counted over the gallery in pieces, in any order, and for
//! nearly every wrong answer a rough float32 distance decides; only where that is too close to the
//! distance of a right answer is the exact one computed. The counts are those of the exact
//! distances throughout, so nothing depends on how the rough ones were rounded.

mod exact;
mod places;
mod screen;
mod screened;
mod truth;

pub(super) use exact::count_row;
pub(super) use places::Places;
pub use screen::{Screen, ScreenTile};
pub(super) use screened::Counts;
pub(super) use truth::Truth;
