//! What pictures are made of: histograms, tables that change them, and pictures of half the size.
//!
//! # The simulator's own choices
//!
//! A histogram has one part for grey, else three: luma and the two chroma in the order in which they
//! are stored, or the colours likewise. It adds up until it is cleared. A table has three parts and
//! begins as one that changes nothing. Half the size is made by the 5-tap binomial filter with
//! mirrored edges, of which every second sample is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use acl_sys::{ACL_ERROR_INVALID_PARAM, acldvppPixelFormat as Format};

use super::picture::{PicDesc, Plane, Roi, byte};
use crate::machine::failure::{Result, fail};

/// Values of a byte.
const VALUES: usize = 256;
/// Parts of a picture that have a table of their own.
const PARTS: usize = 3;

/// A histogram. The program reads the numbers where they are, so they are atomic.
#[derive(Debug)]
pub(crate) struct Hist {
    pub(crate) counts: Arc<[[AtomicU32; VALUES]; PARTS]>,
    pub(crate) dims: u32,
    pub(crate) ret_code: u32,
}

impl Default for Hist {
    fn default() -> Self {
        let counts = std::array::from_fn(|_| std::array::from_fn(|_| AtomicU32::new(0)));
        Self {
            counts: Arc::new(counts),
            dims: 0,
            ret_code: 0,
        }
    }
}

impl Hist {
    pub(crate) fn clear(&mut self) {
        let counts = self.counts.iter().flatten();
        counts.for_each(|count| count.store(0, Ordering::Relaxed));
        (self.dims, self.ret_code) = (0, 0);
    }

    /// Where the numbers of a part lie.
    pub(crate) fn part(&self, dim: u32) -> Result<*mut u32> {
        let part = self.counts[..self.dims as usize].get(dim as usize);
        part.map(|part| part[0].as_ptr())
            .ok_or_else(|| no_part("histogram", dim, self.dims))
    }
}

/// A table for each part of a picture. The program writes the values where they are, so they are
/// atomic.
#[derive(Debug)]
pub(crate) struct LutMap(Box<[[AtomicU8; VALUES]; PARTS]>);

impl Default for LutMap {
    #[allow(clippy::cast_possible_truncation)] // 256 values
    fn default() -> Self {
        let same = |_| std::array::from_fn(|value| AtomicU8::new(value as u8));
        Self(Box::new(std::array::from_fn(same)))
    }
}

impl LutMap {
    pub(crate) const DIMS: u32 = 3;
    pub(crate) const LEN: u32 = 256;

    /// Where the values of a part lie.
    pub(crate) fn part(&self, dim: u32) -> Result<*mut u8> {
        let part = self.0.get(dim as usize);
        part.map(|part| part[0].as_ptr())
            .ok_or_else(|| no_part("table", dim, Self::DIMS))
    }

    /// The values as they are now.
    pub(crate) fn now(&self) -> [[u8; VALUES]; PARTS] {
        let part = |i: usize| {
            let part: &[AtomicU8; VALUES] = &self.0[i];
            std::array::from_fn(|value| part[value].load(Ordering::Relaxed))
        };
        std::array::from_fn(part)
    }
}

fn no_part(what: &str, dim: u32, dims: u32) -> crate::machine::failure::Failure {
    fail!(
        ACL_ERROR_INVALID_PARAM,
        "the {what} has {dims} parts, and part {dim} was asked for"
    )
}

/// The planes of a picture whose every byte is a part's; alpha has no part.
fn parts(picture: &PicDesc) -> Result<Vec<(Plane, usize)>> {
    let planes = picture.planes()?;
    if planes[0].bytes > PARTS {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the pixel format is {}, wanted one without alpha: {} (RGB), {} (BGR), grey or semi-planar",
            picture.format,
            Format::PIXEL_FORMAT_RGB_888.0,
            Format::PIXEL_FORMAT_BGR_888.0
        ));
    }
    let mut first = 0;
    let with_parts = planes.into_iter().map(|plane| {
        let part = first;
        first += plane.bytes;
        (plane, part)
    });
    Ok(with_parts.collect())
}

/// Calls `f` with each byte's place and part.
fn each(picture: &PicDesc, mut f: impl FnMut(usize, usize)) -> Result<()> {
    for (plane, first) in parts(picture)? {
        let grid = plane.samples(Roi::all(picture));
        for y in 0..grid.height {
            for x in 0..grid.width {
                for c in 0..plane.bytes {
                    f(plane.at(x, y) + c, first + c);
                }
            }
        }
    }
    Ok(())
}

/// Counts the parts that a picture's histogram has.
pub(crate) fn dims(picture: &PicDesc) -> Result<u32> {
    let bytes: usize = parts(picture)?.iter().map(|(plane, _)| plane.bytes).sum();
    Ok(if bytes == 1 { 1 } else { LutMap::DIMS })
}

/// Adds a picture to a histogram.
pub(crate) fn count(
    picture: &PicDesc,
    source: &[u8],
    counts: &[[AtomicU32; VALUES]; PARTS],
) -> Result<()> {
    each(picture, |at, part| {
        counts[part][usize::from(source[at])].fetch_add(1, Ordering::Relaxed);
    })
}

/// Changes each value by its part's table.
pub(crate) fn map(
    (from, source): (&PicDesc, &[u8]),
    (to, target): (&PicDesc, &mut [u8]),
    table: &[[u8; VALUES]; PARTS],
) -> Result<()> {
    let (mut places, mut next) = (Vec::new(), 0);
    each(to, |at, _| places.push(at))?;
    each(from, |at, part| {
        target[places[next]] = table[part][usize::from(source[at])];
        next += 1;
    })
}

/// Makes a picture of half the size.
pub(crate) fn halve(
    (from, source): (&PicDesc, &[u8]),
    (to, target): (&PicDesc, &mut [u8]),
) -> Result<()> {
    const FILTER: [f32; 5] = [1.0, 4.0, 6.0, 4.0, 1.0];
    for (plane, goal) in from.planes()?.iter().zip(&to.planes()?) {
        let (grid, out) = (plane.samples(Roi::all(from)), goal.samples(Roi::all(to)));
        for y in 0..out.height {
            for x in 0..out.width {
                for c in 0..plane.bytes {
                    let mut sum = 0.0;
                    for (j, down) in FILTER.iter().enumerate() {
                        let row = mirrored(2 * y + j, grid.height);
                        for (i, across) in FILTER.iter().enumerate() {
                            let at = plane.at(mirrored(2 * x + i, grid.width), row) + c;
                            sum += down * across * f32::from(source[at]);
                        }
                    }
                    target[goal.at(x, y) + c] = byte(sum / 256.0);
                }
            }
        }
    }
    Ok(())
}

/// The sample at `at - 2` of `count`, mirrored at the edges.
fn mirrored(at: usize, count: usize) -> usize {
    let at = at.abs_diff(2);
    let last = count - 1;
    let inside = if at > last {
        (2 * last).saturating_sub(at)
    } else {
        at
    };
    inside.min(last)
}

/// Checks the sizes of a picture and of its half.
pub(crate) fn check_half(from: &PicDesc, to: &PicDesc) -> Result<()> {
    let half = (from.width.div_ceil(2), from.height.div_ceil(2));
    if (to.width, to.height) == half {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "the input is {}x{}, the output {}x{}, wanted {}x{}",
        from.width,
        from.height,
        to.width,
        to.height,
        half.0,
        half.1
    ))
}
