//! Rough distances with a bound.

use std::ops::Range;

/// Gives rough distances quickly, with a bound on their error, and exact ones on request.
///
/// Rough distances are *keys*: numbers that grow with the distance to one query. They may lie on
/// another scale than the distances, as the square or the negative product; [`Screen::key`] brings
/// a distance to that scale.
pub trait Screen: Sync {
    /// Makes what gives the keys of some queries.
    fn tile(&self, queries: Range<usize>) -> Box<dyn ScreenTile + '_>;

    /// Bounds the difference between a key as [`ScreenTile::keys`] gives it and as
    /// [`Screen::key`] makes it of the exact distance.
    fn slack(&self, query: usize) -> f64;

    /// Returns the key of a distance.
    fn key(&self, query: usize, distance: f64) -> f64;

    /// Calls `found` with each of `rows` and its distance: the bits of
    /// [`fill`](super::super::DistanceRows::fill).
    fn exact(&self, query: usize, rows: &[usize], found: &mut dyn FnMut(usize, f64));
}

/// Gives keys for one tile of queries.
pub trait ScreenTile {
    /// Writes the keys of all queries of the tile to some gallery rows, C order.
    fn keys(&mut self, gallery: Range<usize>, out: &mut [f32]);
}
